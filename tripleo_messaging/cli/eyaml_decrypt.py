# SPDX-License-Identifier: Apache-2.0
"""``eyaml decrypt``."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.eyaml_options import (
    STDIN,
    add_private_key_option,
    read_input,
    read_private_key,
    show_bytes,
)
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.statuses import Status

if TYPE_CHECKING:
    from tripleo_messaging.sealing.eyaml_text import Rewritten

LOG = logging.getLogger("tripleo_messaging.cli")


@attrs.frozen(kw_only=True)
class DecryptOptions:
    """What to decrypt.

    Attributes:
        private_key: the file of the private key.
        file: a text with tokens; ``None`` is standard input.
    """

    private_key: Path
    file: Optional[Path] = None


def decrypt_file(options: DecryptOptions) -> Rewritten:
    """Return a text with plain text in the place of its tokens; nothing when one of them does not open.

    Raises:
        UsageError: standard input is a terminal.
        UnreadableFileError, InvalidInputError: of the text or the key.
    """
    from tripleo_messaging.sealing.eyaml_text import MOST_TEXT_BYTES, decrypt_text

    key = read_private_key(options.private_key)
    content = read_input(options.file, MOST_TEXT_BYTES)
    return decrypt_text(content, key, str(options.file or STDIN))


class EyamlDecrypt(MessagingCommand):
    """Show what eyaml's tokens hold."""

    _description = "Show a text with the plain secrets in the place of its ENC[PKCS7,...] tokens"
    _epilog: Any = """\
The secrets are shown, as that is what the command is for; nothing is, when one
of them does not open. They are put in as they are: Puppet would take one line
break off each, and interpolate %{...} in it.

Examples::

    tripleo-messaging eyaml decrypt --private-key private_key.pkcs7.pem secrets.eyaml
    tripleo-messaging eyaml decrypt --private-key private_key.pkcs7.pem < secrets.eyaml
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "file", metavar="FILE", type=Path, nargs="?", help="the text; standard input otherwise"
        )
        add_private_key_option(parser, "the private key, which only its owner may read")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Decrypt the text, and show it."""
        options = DecryptOptions(private_key=parsed_args.private_key, file=parsed_args.file)
        decrypted = decrypt_file(options)
        log_findings(decrypted.findings)
        if not decrypted.tokens:
            LOG.warning("warning: %s: holds no token", options.file or STDIN)
        show_bytes(self.app.stdout, decrypted.content)
        return Status.FINE
