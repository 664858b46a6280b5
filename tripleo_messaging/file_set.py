# SPDX-License-Identifier: Apache-2.0
"""Replace several files of a directory as if they were one.

The new files are first written into a directory of their own. One rename of that directory is the
moment of change: before it the old set holds, after it the new one, and whoever comes next moves
what an interrupted command left unmoved.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError

_STAGING = ".tripleo-messaging.staging"
_PENDING = ".tripleo-messaging.pending"
_REMOVALS = "removals.json"
_NEW = "new"
_LIMIT_BYTES = 64_000_000


@attrs.frozen(kw_only=True)
class File:
    """What one file shall hold, and its mode."""

    data: bytes
    mode: int


@attrs.frozen(kw_only=True)
class Change:
    """What a replacement did, as paths below the directory.

    Attributes:
        written: new files, and those whose bytes or mode changed.
        removed: files that belong to the set no more.
        unchanged: files that already were as they should be.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


def replace_files(directory: Path, wanted: Mapping[str, File], present: Iterable[str]) -> Change:
    """Make the wanted files, and of the present ones only those.

    The caller holds the directory's lock and has called `recover`. No link is followed: neither a
    file nor a directory below `directory` may be one.

    Args:
        directory: is there.
        wanted: by path below the directory.
        present: paths of the set's files that are there now; what is not wanted is removed.

    Raises:
        UnwritableFileError: nothing of the set is changed then, but for an error of the disk after
            the moment of change, which the next `recover` repairs.
    """
    change = compare_files(directory, wanted, present)
    if change.written or change.removed:
        for path in (*change.written, *change.removed):
            _refuse_in_the_way(directory, path)
        with _told_as_unwritable(directory):
            _replace(directory, {path: wanted[path] for path in change.written}, change.removed)
    return change


def compare_files(directory: Path, wanted: Mapping[str, File], present: Iterable[str]) -> Change:
    """Say what `replace_files` would do; nothing is changed, and no lock is needed.

    Raises:
        UnwritableFileError: a path leads out of the directory.
    """
    for path in wanted:
        _refuse_outside(directory, path)
    states = {path: _is_so(directory / path, file) for path, file in wanted.items()}
    return Change(
        written=tuple(path for path, is_so in states.items() if not is_so),
        removed=tuple(path for path in present if path not in wanted),
        unchanged=tuple(path for path, is_so in states.items() if is_so),
    )


def is_interrupted(directory: Path) -> bool:
    """Tell whether a replacement has been decided but not finished; then the files are a mixture."""
    return (directory / _PENDING).is_dir()


def recover(directory: Path) -> None:
    """Finish what an interrupted command had decided, and drop what it had not.

    The caller holds the directory's lock.

    Raises:
        UnwritableFileError: the disk refuses; the next call tries again.
    """
    shutil.rmtree(directory / _STAGING, ignore_errors=True)
    if is_interrupted(directory):
        with _told_as_unwritable(directory):
            _apply(directory)


@contextlib.contextmanager
def _told_as_unwritable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise UnwritableFileError(str(error.filename or directory), reason) from error


def _is_so(path: Path, file: File) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if status.st_size != len(file.data) or status.st_mode & 0o777 != file.mode:
        return False
    return files.read_bounded(path, _LIMIT_BYTES) == file.data


def _refuse_outside(directory: Path, path: str) -> None:
    pure = PurePath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UnwritableFileError(str(directory / path), f"is not below {directory}")


def _refuse_in_the_way(directory: Path, path: str) -> None:
    """Find before the moment of change what would stop the moves after it."""
    for parent in list(PurePath(path).parents)[:-1]:
        where = directory / parent
        if where.is_symlink() or (where.exists() and not where.is_dir()):
            raise UnwritableFileError(str(where), "is not a directory; a link to one is not followed")
    files.refuse_irregular(directory / path)


def _replace(directory: Path, written: Mapping[str, File], removed: tuple[str, ...]) -> None:
    try:
        _stage(directory, written, removed)
        os.rename(directory / _STAGING, directory / _PENDING)
    except BaseException:
        shutil.rmtree(directory / _STAGING, ignore_errors=True)
        raise
    files.fsync_directory(directory)
    _apply(directory)


def _stage(directory: Path, written: Mapping[str, File], removed: tuple[str, ...]) -> None:
    staging = directory / _STAGING
    # One by one: of a path that is made at once only the last directory gets the mode.
    for made in (staging, staging / _NEW):
        files.make_directory(made, files.SECRET_DIR_MODE)
    for path, file in written.items():
        # The place it will move to is made now, while a full disk still changes nothing.
        files.make_directory((directory / path).parent, files.SECRET_DIR_MODE)
        files.make_directory((staging / _NEW / path).parent, files.SECRET_DIR_MODE)
        files.write_atomic(staging / _NEW / path, file.data, file.mode)
    files.write_atomic(staging / _REMOVALS, json.dumps(removed).encode(), files.SECRET_MODE)
    files.fsync_directory(staging / _NEW)
    files.fsync_directory(staging)


def _apply(directory: Path) -> None:
    pending = directory / _PENDING
    touched = {directory}
    # What is moved already is no longer here, so a second run moves the rest.
    for source in sorted(path for path in (pending / _NEW).rglob("*") if not path.is_dir()):
        target = directory / source.relative_to(pending / _NEW)
        files.make_directory(target.parent, files.SECRET_DIR_MODE)
        os.replace(source, target)
        touched.add(target.parent)
    for path in json.loads(files.read_bounded(pending / _REMOVALS, _LIMIT_BYTES)):
        files.remove(directory / path)
        touched.add((directory / path).parent)
    for parent in sorted(touched):
        files.fsync_directory(parent)
    # Renamed first: a half removed directory must not be taken for one that is still to be applied.
    os.rename(pending, directory / _STAGING)
    # The set is whole; what cannot be removed now is left to the next command.
    shutil.rmtree(directory / _STAGING, ignore_errors=True)
