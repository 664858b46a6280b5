# SPDX-License-Identifier: Apache-2.0
"""The keys of a store, one a line and the newest first, in a file for its owner only."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from tripleo_messaging import files
from tripleo_messaging.errors import FileTooLargeError, UnreadableFileError, UnusableStoreError
from tripleo_messaging.model.secret import Secret

_MOST_BYTES = 64 * 1024
_KEY_BYTES = 32


def read_keys(path: Path) -> tuple[Secret, ...]:
    """Read the keys of a store, the newest first.

    Raises:
        UnusableStoreError: there is no such file, it holds anything but keys, or it is not safely kept.
        UnreadableFileError: it may not be read.
    """
    data = read_private(path, _MOST_BYTES)
    if data is None:
        reason = "no such key file; name the one that the store was made with, or bring it back from a copy"
        raise UnusableStoreError(str(path), reason)
    keys = tuple(_key(line, number, path) for number, line in enumerate(data.splitlines(), start=1))
    if not keys:
        raise UnusableStoreError(str(path), f"holds no key; {_COPY}")
    return keys


_COPY = "bring the key file back from a copy"


def _key(line: bytes, number: int, path: Path) -> Secret:
    if not is_canonical(line) or len(base64.urlsafe_b64decode(line)) != _KEY_BYTES:
        reason = f"line {number} is no key, expected the base64 of {_KEY_BYTES} bytes; {_COPY}"
        raise UnusableStoreError(str(path), reason)
    return Secret(line.decode("ascii"))


def is_canonical(text: bytes) -> bool:
    """Tell whether a text is what base64 makes, in its alphabet for URLs.

    The decoder alone passes by what is not of its alphabet, and by the last bits of a text.
    """
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(text)) == text
    except (binascii.Error, ValueError):
        return False


def new_key() -> Secret:
    """Return a new key, drawn by the system."""
    # Here, as it takes a while, and most commands need none.
    from cryptography.fernet import Fernet

    return Secret(Fernet.generate_key().decode("ascii"))


def make_key_file(path: Path, keys: Sequence[Secret]) -> None:
    """Replace a key file by one that holds the keys, for its owner only.

    Args:
        path: of the file; its directory is there.
        keys: the newest first.

    Raises:
        UnwritableFileError: it cannot be written; the former one is still there.
    """
    data = "".join(f"{key.reveal()}\n" for key in keys).encode("ascii")
    files.write_atomic(path, data, files.SECRET_MODE)


def read_private(path: Path, limit_bytes: int) -> Optional[bytes]:
    """Read a file that must be the caller's own, and nobody else's to read or change; ``None`` without one.

    Raises:
        UnusableStoreError: it is a symbolic link, not a file, of another owner, open to others, or too large.
        UnreadableFileError: it may not be read.
    """
    found = _status(path)
    if found is None:
        return None
    for reason in _reasons(found, path):
        raise UnusableStoreError(str(path), reason)
    try:
        return files.read_bounded(path, limit_bytes)
    except FileTooLargeError as error:
        raise UnusableStoreError(str(path), f"is {error.reason}; bring it back from a copy") from None


def _status(path: Path) -> Optional[os.stat_result]:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        strerror = error.strerror if isinstance(error, OSError) else None
        raise UnreadableFileError(str(path), (strerror or "not a usable path").lower()) from error


def _reasons(found: os.stat_result, path: Path) -> tuple[str, ...]:
    mode = stat.S_IMODE(found.st_mode)
    owner = os.geteuid()
    foreign = (
        f"belongs to the user of id {found.st_uid}, expected {owner}; run as that user, or see who wrote it,"
        f" and then: chown {owner} {path.name}"
    )
    exposed = (
        f"has mode {mode:04o}, so that others than its owner may read or change it; chmod 0600 {path.name}"
        " and, if others could read it, change what is in it"
    )
    reasons = (
        (stat.S_ISLNK(found.st_mode), "is a symbolic link; name the file that it points to"),
        (not stat.S_ISREG(found.st_mode), "is not a regular file"),
        (found.st_uid != owner, foreign),
        (bool(mode & 0o077), exposed),
    )
    return tuple(reason for applies, reason in reasons if applies)
