# SPDX-License-Identifier: Apache-2.0
"""Rendered hieradata to a directory: only what changed, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Optional

from tripleo_messaging import files
from tripleo_messaging.errors import UnreadableFileError, UnwritableFileError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.hieradata.build import ALL, Levels
from tripleo_messaging.hieradata.keys import SEALED
from tripleo_messaging.hieradata.text import bears_checksum, decode_level, encode_level
from tripleo_messaging.hieradata.tree import (
    LEVEL_LIMIT_BYTES,
    SEALED_DIRECTORY,
    SEALED_SUFFIX,
    sealed_path,
)
from tripleo_messaging.sealing.header import read_header

#: What a tree has beside `ALL`, and how the names of the files in it end.
_DIRECTORIES = {"clusters": ".json", "nodes": ".json", SEALED_DIRECTORY: SEALED_SUFFIX}
_NOTHING: Mapping[str, bytes] = {}


def write_tree(output: Path, levels: Levels, sealed: Mapping[str, bytes] = _NOTHING) -> Change:
    """Make a directory hold the levels, and no file of a node or cluster that is no more.

    Args:
        output: made when it is not there.
        levels: all of the tree.
        sealed: sealed files by inventory name, of a tree that is sealed.

    Files with a secret, and new directories, are for their owner only.

    Raises:
        UnwritableFileError: the directory holds other files than a tree's, or may not be written, or one
            of the two trees is sealed and the other is not; nothing is changed then.
        LockedError: another command is writing there.
    """
    files.make_directory(output, files.SECRET_DIR_MODE)
    with files.locked(output):
        recover(output)
        present = tuple(_present(output))
        wanted = {
            path: File(data=encode_level(path, data), mode=_mode(path)) for path, data in levels.items()
        }
        for node, data in sealed.items():
            wanted[sealed_path(node)] = File(data=data, mode=files.SECRET_MODE)
        _refuse_foreign(output, present, wanted)
        _refuse_other_kind(output, is_to_be_sealed=SEALED in levels.get(ALL, {}))
        return replace_files(output, wanted, present=present)


def _refuse_other_kind(output: Path, *, is_to_be_sealed: bool) -> None:
    """Keep readable secrets from where they were sealed, and the only readable ones from being replaced."""
    path = output / ALL
    if path.is_symlink() or not path.is_file():
        return
    former = decode_level(ALL, files.read_bounded(path, LEVEL_LIMIT_BYTES))
    if former is not None and (SEALED in former) != is_to_be_sealed:
        kind = "with readable secrets" if is_to_be_sealed else "that is sealed"
        raise UnwritableFileError(str(output), f"holds a tree {kind}; give a directory of its own")


def _mode(path: str) -> int:
    return files.PUBLIC_MODE if path.startswith("nodes/") else files.SECRET_MODE


def _refuse_foreign(output: Path, present: Collection[str], wanted: Collection[str]) -> None:
    """Keep away from a directory that is not ours: what is not rendered is removed from it."""
    foreign = sorted(entry.name for entry in os.scandir(output) if entry.name not in (ALL, *_DIRECTORIES))
    # Where all.json is ours, a file that is written again is ours too, and need not be read.
    unsure = [path for path in present if path == ALL or path not in wanted or ALL not in present]
    foreign += [path for path in unsure if not _is_ours(output, path, is_kept=path in wanted)]
    if foreign:
        raise UnwritableFileError(
            str(output), f"holds {foreign[0]!r}, which is no rendered hieradata; give a directory of its own"
        )


def _is_ours(output: Path, path: str, *, is_kept: bool) -> bool:
    """Tell whether a file is a rendered level; one that is damaged may be written anew, not removed."""
    if (output / path).is_symlink() or not (output / path).is_file():
        # Refused with its own reason before it is written.
        return is_kept
    content = files.read_bounded(output / path, LEVEL_LIMIT_BYTES)
    is_ours = _bears_header(content) if path.endswith(SEALED_SUFFIX) else bears_checksum(path, content)
    return is_kept if is_ours is None else is_ours


def _bears_header(content: bytes) -> Optional[bool]:
    try:
        read_header(content)
    except UnreadableFileError:
        return None
    return True


def _present(output: Path) -> Iterator[str]:
    if (output / ALL).exists():
        yield ALL
    for name, suffix in _DIRECTORIES.items():
        directory = output / name
        if directory.is_dir():
            yield from (
                f"{name}/{entry.name}" for entry in os.scandir(directory) if entry.name.endswith(suffix)
            )
