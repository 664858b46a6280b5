# SPDX-License-Identifier: Apache-2.0
"""``eyaml encrypt``."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.eyaml_options import add_public_key_option, read_input, read_recipient, show_bytes
from tripleo_messaging.cli.statuses import Status

LOG = logging.getLogger("tripleo_messaging.cli")

_FORMS = ("string", "block", "examples")
_LABEL = re.compile(r"[A-Za-z_]\w*(?:(?:::|[.-])\w+)*", re.ASCII)


@attrs.frozen(kw_only=True)
class EncryptOptions:
    """What to encrypt, and how to write it.

    Attributes:
        public_key: the file of the public key or certificate.
        file: what to encrypt; ``None`` is standard input.
        form: ``string``, ``block`` or ``examples``.
        label: a key of hieradata that the token is written behind; may be empty.
    """

    public_key: Path
    file: Optional[Path] = None
    form: str = "string"
    label: str = ""


@attrs.frozen(kw_only=True)
class Encrypted:
    """The token, and what is worth knowing about what is inside.

    Attributes:
        text: as it is to be shown.
        warnings: about the payload.
    """

    text: bytes
    warnings: tuple[str, ...]


def encrypt_secret(options: EncryptOptions) -> Encrypted:
    """Encrypt all bytes of a file or of standard input.

    Raises:
        UsageError: standard input is a terminal.
        UnreadableFileError, InvalidInputError: of the input or the key.
    """
    from tripleo_messaging.sealing import eyaml_text, eyaml_tokens

    recipient = read_recipient(options.public_key)
    payload = read_input(options.file, eyaml_tokens.MOST_PAYLOAD_BYTES)
    text = eyaml_text.FORMS[options.form](eyaml_tokens.encrypt(payload, recipient), options.label)
    return Encrypted(text=text, warnings=tuple(_warnings(payload)))


def _warnings(payload: bytes) -> Iterator[str]:
    if not payload:
        yield "there is nothing to encrypt: the token holds an empty text"
    if payload.endswith((b"\n", b"\r")):
        yield (
            "the secret ends with a line break, which is encrypted with it: Puppet takes one off, the eyaml"
            " command does not; where none is meant, write the file, or the pipe's start, by printf '%s'"
        )
    if b"%{" in payload:
        yield "the secret holds %{, which Puppet interpolates after decrypting: write %%{}{ for it"


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise argparse.ArgumentTypeError("expected a key of hieradata, such as profile::password")
    return text


class EyamlEncrypt(MessagingCommand):
    """Encrypt a secret for eyaml."""

    _description = "Encrypt a secret as a token that hiera-eyaml, or its Puppet function, decrypts"
    _epilog: Any = """\
The secret is read from a file or from standard input, to the last byte. It
cannot be given on the command line: others on the host see that, and shells
keep it.

Examples::

    tripleo-messaging eyaml encrypt --public-key public_key.pkcs7.pem --file password
    tripleo-messaging eyaml encrypt --public-key public_key.pkcs7.pem \\
        --output block --label profile::password < password
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_public_key_option(parser, "public key or certificate that the secret is encrypted for")
        parser.add_argument(
            "--file", metavar="FILE", type=Path, help="what to encrypt; standard input otherwise"
        )
        parser.add_argument(
            "--output",
            choices=_FORMS,
            default="string",
            help="one line, a block of lines of 60 characters, or both to choose from; string otherwise",
        )
        parser.add_argument(
            "--label", metavar="KEY", type=_label, help="write it behind this key of hieradata"
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Encrypt it, and show the token."""
        encrypted = encrypt_secret(
            EncryptOptions(
                public_key=parsed_args.public_key,
                file=parsed_args.file,
                form=parsed_args.output,
                label=parsed_args.label or "",
            )
        )
        for warning in encrypted.warnings:
            LOG.warning("warning: %s", warning)
        show_bytes(self.app.stdout, encrypted.text)
        return Status.FINE
