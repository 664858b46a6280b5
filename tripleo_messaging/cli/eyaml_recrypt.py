# SPDX-License-Identifier: Apache-2.0
"""``eyaml recrypt``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tripleo_messaging import files
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.eyaml_options import (
    add_private_key_option,
    add_public_key_option,
    read_private_key,
    read_recipient,
)
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.words import counted
from tripleo_messaging.errors import FileTooLargeError, UnwritableFileError

if TYPE_CHECKING:
    from tripleo_messaging.sealing.eyaml_text import Rewritten


@attrs.frozen(kw_only=True)
class RecryptOptions:
    """What to encrypt anew.

    Attributes:
        file: a text with tokens.
        private_key: the file of the private key of what is there.
        public_key: the file of the public key or certificate that it is encrypted for.
    """

    file: Path
    private_key: Path
    public_key: Path

    @property
    def backup(self) -> Path:
        """Where the former file is kept."""
        return self.file.with_name(f"{self.file.name}.bak")


def recrypt_file(options: RecryptOptions) -> Rewritten:
    """Encrypt all tokens of a file for another key; when one of them does not open, nothing is written.

    The former file is kept beside the new one. Mode, owner and group stay.

    Raises:
        UnreadableFileError, InvalidInputError: of the file or a key.
        UnwritableFileError: it cannot be written, or was changed meanwhile; or the backup's name is taken.
        LockedError: another command is writing there.
    """
    from tripleo_messaging.sealing.eyaml_text import MOST_TEXT_BYTES, recrypt_text

    key, recipient = read_private_key(options.private_key), read_recipient(options.public_key)
    with files.locked(options.file.parent):
        files.refuse_irregular(options.file)
        content = files.read_bounded(options.file, MOST_TEXT_BYTES)
        recrypted = recrypt_text(content, key, recipient, str(options.file))
        for path in (options.file, options.backup):
            files.remove_leftovers(path)
        if recrypted.tokens:
            _refuse_other_backup(options, content)
            files.write_atomic(options.backup, content, files.SECRET_MODE)
            if files.read_bounded(options.file, MOST_TEXT_BYTES) != content:
                raise UnwritableFileError(str(options.file), "was changed meanwhile; run the command again")
            files.rewrite(options.file, recrypted.content)
    return recrypted


def _refuse_other_backup(options: RecryptOptions, content: bytes) -> None:
    """Keep what is there, unless a run that was killed before it replaced the file has left it."""
    files.refuse_irregular(options.backup)
    try:
        there = files.read_if_there(options.backup, len(content))
    except FileTooLargeError:
        there = b""
    if there not in (None, content):
        reason = f"is there already and holds something else than {options.file.name} does now; move it away"
        raise UnwritableFileError(str(options.backup), reason)


def report(options: RecryptOptions, recrypted: Rewritten) -> Iterator[str]:
    """Yield the lines that say what was done."""
    if not recrypted.tokens:
        yield f"{options.file}: holds no token, nothing was written"
        return
    yield f"{options.file}: {counted(recrypted.tokens, 'token')} encrypted for {options.public_key}"
    yield f"  what it held before, for the former key, is in {options.backup}"


class EyamlRecrypt(MessagingCommand):
    """Encrypt eyaml's tokens for another key."""

    _description = "Encrypt all ENC[PKCS7,...] tokens of a file for another key, and leave all else as it is"
    _epilog: Any = """\
The whole file is decrypted before anything is written. The former file is
kept beside it, as FILE.bak: remove it when the new one is in use. A FILE.bak
that is there already, with other content, is not written over.

Examples::

    tripleo-messaging eyaml recrypt secrets.eyaml --private-key old/private_key.pkcs7.pem \\
        --public-key new/public_key.pkcs7.pem
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="the file, replaced as a whole")
        add_private_key_option(parser, "the former private key, which opens what is there")
        add_public_key_option(parser, "the new public key or certificate")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Do it, and show what was done."""
        options = RecryptOptions(
            file=parsed_args.file, private_key=parsed_args.private_key, public_key=parsed_args.public_key
        )
        recrypted = recrypt_file(options)
        log_findings(recrypted.findings)
        for line in report(options, recrypted):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
