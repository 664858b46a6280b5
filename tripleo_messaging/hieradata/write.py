# SPDX-License-Identifier: Apache-2.0
"""Rendered hieradata to a directory: only what changed, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.hieradata.build import ALL, Levels
from tripleo_messaging.hieradata.text import bears_checksum, encode_level
from tripleo_messaging.hieradata.tree import LEVEL_LIMIT_BYTES

_DIRECTORIES = ("clusters", "nodes")


def write_tree(output: Path, levels: Levels) -> Change:
    """Make a directory hold the levels, and no file of a node or cluster that is no more.

    Files with a secret, and new directories, are for their owner only.

    Raises:
        UnwritableFileError: the directory holds other files than a tree's, or may not be written;
            nothing is changed then.
        LockedError: another command is writing there.
    """
    files.make_directory(output, files.SECRET_DIR_MODE)
    with files.locked(output):
        recover(output)
        present = tuple(_present(output))
        _refuse_foreign(output, present, levels)
        wanted = {
            path: File(data=encode_level(path, data), mode=_mode(path)) for path, data in levels.items()
        }
        return replace_files(output, wanted, present=present)


def _mode(path: str) -> int:
    return files.PUBLIC_MODE if path.startswith("nodes/") else files.SECRET_MODE


def _refuse_foreign(output: Path, present: Collection[str], levels: Levels) -> None:
    """Keep away from a directory that is not ours: what is not rendered is removed from it."""
    foreign = sorted(entry.name for entry in os.scandir(output) if entry.name not in (ALL, *_DIRECTORIES))
    # Where all.json is ours, a file that is written again is ours too, and need not be read.
    unsure = [path for path in present if path == ALL or path not in levels or ALL not in present]
    foreign += [path for path in unsure if not _is_ours(output, path, is_kept=path in levels)]
    if foreign:
        raise UnwritableFileError(
            str(output), f"holds {foreign[0]!r}, which is no rendered hieradata; give a directory of its own"
        )


def _is_ours(output: Path, path: str, *, is_kept: bool) -> bool:
    """Tell whether a file is a rendered level; one that is damaged may be written anew, not removed."""
    if (output / path).is_symlink() or not (output / path).is_file():
        # Refused with its own reason before it is written.
        return is_kept
    is_level = bears_checksum(path, files.read_bounded(output / path, LEVEL_LIMIT_BYTES))
    return is_kept if is_level is None else is_level


def _present(output: Path) -> Iterator[str]:
    if (output / ALL).exists():
        yield ALL
    for name in _DIRECTORIES:
        directory = output / name
        if directory.is_dir():
            yield from (
                f"{name}/{entry.name}" for entry in os.scandir(directory) if entry.name.endswith(".json")
            )
