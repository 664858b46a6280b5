# SPDX-License-Identifier: Apache-2.0
"""``eyaml create-keys``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from tripleo_messaging import files
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.eyaml_options import add_private_key_option, add_public_key_option
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.words import command_line
from tripleo_messaging.errors import UnusableKeyError, UnwritableFileError, UsageError

DEFAULT_BITS = 2048


@attrs.frozen(kw_only=True)
class CreateKeysOptions:
    """What to make and where.

    Attributes:
        private_key: the file of the private key.
        public_key: the file of the certificate.
        bits: how long the key is.
    """

    private_key: Path
    public_key: Path
    bits: int = DEFAULT_BITS


def create_keys(options: CreateKeysOptions) -> None:
    """Make a pair of keys: both files, or none.

    Raises:
        UsageError: both files are one, or the length is out of bounds.
        UnwritableFileError: one of them is there, or cannot be written.
        LockedError: another command is writing there.
    """
    from tripleo_messaging.sealing.keys import create_key_pair

    if os.path.realpath(options.private_key) == os.path.realpath(options.public_key):
        raise UsageError("--private-key and --public-key name the same file")
    with files.locked(options.private_key.parent):
        _refuse_former(options)
        files.remove_leftovers(options.private_key)
        try:
            pair = create_key_pair(options.bits)
        except UnusableKeyError as error:
            raise UsageError(f"--bits: {error.reason}") from None
        files.write_atomic(options.private_key, pair.private_pem.reveal().encode("ascii"), files.SECRET_MODE)
        try:
            files.write_atomic(options.public_key, pair.certificate_pem, files.PUBLIC_MODE)
        except BaseException:
            # What was encrypted for it could be nothing yet.
            files.remove(options.private_key)
            raise


def _refuse_former(options: CreateKeysOptions) -> None:
    if os.path.lexists(options.public_key):
        raise UnwritableFileError(str(options.public_key), "is there already; name another file")
    if os.path.lexists(options.private_key):
        raise UnwritableFileError(
            str(options.private_key),
            "is there already; name another file, as without it nothing that was encrypted for it opens"
            " (remove it only where a run of this command was killed and made no public key)",
        )


def report(options: CreateKeysOptions) -> Iterator[str]:
    """Yield the lines that say what was made, and what to do next."""
    yield f"Private key {options.private_key} (mode 0600): keep a copy in a safe place"
    yield f"Public key {options.public_key}, for everybody who encrypts"
    yield "To run next"
    words = ("eyaml", "encrypt", "--public-key", str(options.public_key))
    yield f"  {command_line('tripleo-messaging', *words)}"


class EyamlCreateKeys(MessagingCommand):
    """Make keys for eyaml."""

    _description = "Make a private key and a certificate, which hiera-eyaml takes as well"
    _epilog: Any = """\
A file that is there is never written over.

Examples::

    tripleo-messaging eyaml create-keys --private-key private_key.pkcs7.pem \\
        --public-key public_key.pkcs7.pem
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_private_key_option(parser, "where the private key goes; a new file")
        add_public_key_option(parser, "where the certificate goes; a new file")
        parser.add_argument(
            "--bits",
            metavar="N",
            type=int,
            default=DEFAULT_BITS,
            help=f"how long the RSA key is, 2048 to 8192; {DEFAULT_BITS} otherwise",
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Make them, and show where they are."""
        options = CreateKeysOptions(
            private_key=parsed_args.private_key, public_key=parsed_args.public_key, bits=parsed_args.bits
        )
        create_keys(options)
        for line in report(options):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
