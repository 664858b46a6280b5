# SPDX-License-Identifier: Apache-2.0
"""What the commands ``eyaml`` have in common: keys, and texts that are read and written as bytes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from tripleo_messaging import files
from tripleo_messaging.errors import (
    FileTooLargeError,
    InvalidInputError,
    UnreadableFileError,
    UnusableKeyError,
    UsageError,
)
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.passwords.key_file import read_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from tripleo_messaging.sealing.keys import Recipient

STDIN = "standard input"

_Key = TypeVar("_Key")


def add_private_key_option(parser: argparse.ArgumentParser, text: str) -> None:
    """Add ``--private-key``."""
    parser.add_argument("--private-key", metavar="FILE", type=Path, required=True, help=text)


def add_public_key_option(parser: argparse.ArgumentParser, text: str) -> None:
    """Add ``--public-key``."""
    parser.add_argument("--public-key", metavar="FILE", type=Path, required=True, help=text)


def read_recipient(path: Path) -> Recipient:
    """Read a public key or certificate.

    Raises:
        InvalidInputError: it is no such thing, or one that cannot be used.
        UnreadableFileError: it may not be read.
    """
    from tripleo_messaging.sealing.keys import MOST_PEM_BYTES, load_recipient

    return _loaded(path, files.read_bounded(path, MOST_PEM_BYTES), load_recipient)


def read_private_key(path: Path) -> RSAPrivateKey:
    """Read a private key that nobody but its owner, who runs the command, can read.

    Raises:
        InvalidInputError: it is no such thing.
        UnreadableFileError: it is missing, may not be read, or is not safely kept.
    """
    from tripleo_messaging.sealing.keys import MOST_PEM_BYTES, load_private_key

    data = read_private(path, MOST_PEM_BYTES)
    if data is None:
        raise UnreadableFileError(str(path), "no such file")
    return _loaded(path, data, load_private_key)


def _loaded(path: Path, data: bytes, load: Callable[[bytes], _Key]) -> _Key:
    try:
        return load(data)
    except UnusableKeyError as error:
        finding = Finding(
            rule="eyaml-key", severity="error", message=error.reason, origin=Origin(file=str(path))
        )
        raise InvalidInputError((finding,)) from None


def read_input(path: Optional[Path], limit_bytes: int) -> bytes:
    """Read a file or, without one, standard input.

    Raises:
        UnreadableFileError: it is missing, may not be read, or is too large.
        UsageError: standard input is a terminal, which would show what is typed.
    """
    if path is not None:
        return files.read_bounded(path, limit_bytes)
    if sys.stdin.isatty():
        raise UsageError(
            "standard input is a terminal, which shows what is typed: name a file, or use a pipe"
        )
    data = sys.stdin.buffer.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise FileTooLargeError(STDIN, limit_bytes)
    return data


def show_bytes(output: Any, data: bytes) -> None:
    """Write bytes, in whatever encoding they are, to a text stream such as standard output."""
    output.flush()
    output.buffer.write(data)
    output.buffer.flush()
