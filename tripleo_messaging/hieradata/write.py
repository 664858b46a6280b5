# SPDX-License-Identifier: Apache-2.0
"""Rendered hieradata to a directory: only what changed, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.hieradata.build import ALL, Levels
from tripleo_messaging.hieradata.text import encode_level

_DIRECTORIES = ("clusters", "nodes")


def write_tree(output: Path, levels: Levels) -> Change:
    """Make a directory hold the levels, and no file of a node or cluster that is no more.

    Files with a secret, and new directories, are for their owner only.

    Raises:
        UnwritableFileError: the directory holds other files than a tree's, or may not be written.
        LockedError: another command is writing there.
    """
    files.make_directory(output, files.SECRET_DIR_MODE)
    with files.locked(output):
        recover(output)
        _refuse_foreign(output)
        wanted = {
            path: File(data=encode_level(path, data), mode=_mode(path)) for path, data in levels.items()
        }
        return replace_files(output, wanted, present=tuple(_present(output)))


def _mode(path: str) -> int:
    return files.PUBLIC_MODE if path.startswith("nodes/") else files.SECRET_MODE


def _refuse_foreign(output: Path) -> None:
    """Keep away from a directory that is not ours: what is not rendered is removed from it."""
    foreign = sorted(entry.name for entry in os.scandir(output) if entry.name not in (ALL, *_DIRECTORIES))
    if foreign:
        raise UnwritableFileError(
            str(output), f"holds {foreign[0]!r}, which is no rendered hieradata; give a directory of its own"
        )


def _present(output: Path) -> Iterator[str]:
    if (output / ALL).exists():
        yield ALL
    for name in _DIRECTORIES:
        directory = output / name
        if directory.is_dir():
            yield from (
                f"{name}/{entry.name}" for entry in os.scandir(directory) if entry.name.endswith(".json")
            )
