# SPDX-License-Identifier: Apache-2.0
"""Disk access: bounded reads, locks, and writes that are whole or not there.

Every room that touches the disk does it through here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tripleo_messaging.errors import (
    FileTooLargeError,
    LockedError,
    UnreadableFileError,
    UnwritableFileError,
)

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644
SECRET_DIR_MODE = 0o700


def read_bounded(path: str | os.PathLike[str], limit_bytes: int) -> bytes:
    """Read a regular file of at most `limit_bytes`.

    Raises:
        UnreadableFileError: it is missing, may not be read, or is a directory, device or pipe.
        FileTooLargeError: it holds more than `limit_bytes`.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(os.fspath(path), _reason(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFileError(os.fspath(path), "not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        data = _read(file, path, limit_bytes)
    if len(data) > limit_bytes:
        raise FileTooLargeError(os.fspath(path), limit_bytes)
    return data


def _read(file: object, path: str | os.PathLike[str], limit_bytes: int) -> bytes:
    try:
        return file.read(limit_bytes + 1)  # type: ignore[attr-defined,no-any-return]
    except OSError as error:
        raise UnreadableFileError(os.fspath(path), _reason(error)) from error


def read_if_there(path: str | os.PathLike[str], limit_bytes: int) -> bytes | None:
    """Read like `read_bounded`; ``None`` when there is no such file."""
    if not os.path.lexists(path):
        return None
    return read_bounded(path, limit_bytes)


def write_atomic(path: str | os.PathLike[str], data: bytes, mode: int) -> None:
    """Replace a file by one that holds `data`, with `mode` from the first byte.

    The old file, or none, is there until the new one is complete and on the disk. A symbolic link
    is refused: a write through it could hit any file, and putting a file into its place would leave
    the old content where it pointed.

    Raises:
        UnwritableFileError: the directory is missing, full, or may not be written, or `path` is a
            symbolic link or a directory.
    """
    _replace(Path(path), data, mode, owner=None)


def rewrite(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace the content of a file as `write_atomic` does; mode, owner and group stay what they are.

    Raises:
        UnwritableFileError: there is no such file, or as `write_atomic`.
    """
    target = Path(path)
    try:
        status = os.lstat(target)
    except OSError as error:
        raise UnwritableFileError(str(target), _reason(error)) from error
    _replace(target, data, stat.S_IMODE(status.st_mode), owner=(status.st_uid, status.st_gid))


def _replace(target: Path, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    refuse_irregular(target)
    try:
        descriptor, name = tempfile.mkstemp(prefix=_temporary_prefix(target), dir=target.parent)
    except (OSError, ValueError) as error:
        raise UnwritableFileError(str(target), _reason(error)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            if owner is not None:
                # Before the mode, as a change of owner may take bits of it away.
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(name, target)
        fsync_directory(target.parent)
    except OSError as error:
        raise UnwritableFileError(str(target), _reason(error)) from error
    finally:
        # Gone when all went well; when not, the first error is the one to tell.
        with contextlib.suppress(OSError):
            os.unlink(name)


def _temporary_prefix(target: Path) -> str:
    # Cut, because the name of the file may be as long as a name can be.
    return f".{target.name[:100]}.tripleo-messaging."


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove what a killed `write_atomic` of that path left behind.

    The caller holds the directory's lock, so that no such write is under way.

    Raises:
        UnwritableFileError: one may not be removed.
    """
    target = Path(path)
    with os.scandir(target.parent) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(_temporary_prefix(target))]
    for name in names:
        remove(target.parent / name)


def refuse_irregular(path: str | os.PathLike[str]) -> None:
    """Make sure that a file can be put here without taking the place of anything but a file.

    Raises:
        UnwritableFileError: a symbolic link, directory, pipe or device has that name.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise UnwritableFileError(os.fspath(path), _reason(error)) from error
    if stat.S_ISLNK(mode):
        raise UnwritableFileError(os.fspath(path), "is a symbolic link; name the file that it points to")
    if not stat.S_ISREG(mode):
        raise UnwritableFileError(os.fspath(path), "is not a regular file")


def make_directory(path: str | os.PathLike[str], mode: int) -> None:
    """Make a directory and its parents; one that is there stays as it is.

    Raises:
        UnwritableFileError: something else has that name, or it may not be made.
    """
    try:
        os.makedirs(path, mode=mode, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UnwritableFileError(os.fspath(path), _reason(error)) from error


def remove(path: str | os.PathLike[str]) -> None:
    """Remove a file; one that is not there is fine.

    Raises:
        UnwritableFileError: it may not be removed.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnwritableFileError(os.fspath(path), _reason(error)) from error


def fsync_directory(path: str | os.PathLike[str]) -> None:
    """Bring a directory's entries, renames and removals among them, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(directory: str | os.PathLike[str]) -> Iterator[None]:
    """Hold an exclusive lock on a directory while the block runs.

    The lock ends with the process, however that ends, and leaves no file behind.

    Raises:
        LockedError: another process holds it.
        UnwritableFileError: the directory cannot be opened.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnwritableFileError(os.fspath(directory), _reason(error)) from error
    try:
        _take_lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _take_lock(descriptor: int, directory: str | os.PathLike[str]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise UnwritableFileError(os.fspath(directory), _reason(error)) from error
        raise LockedError(
            os.fspath(directory),
            "another tripleo-messaging command is writing here; run this one when it has ended",
        ) from None


def _reason(error: OSError | ValueError) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return (strerror or "not a usable path").lower()
