# SPDX-License-Identifier: Apache-2.0
"""Read a rendered tree: the levels of one node, and the value of one key."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnknownKeyError, UnreadableFileError, UsageError
from tripleo_messaging.file_set import is_interrupted, recover
from tripleo_messaging.hieradata.build import ALL, LOOKUP_OPTIONS, Levels
from tripleo_messaging.hieradata.keys import LOCAL_CLUSTERS, SEALED
from tripleo_messaging.hieradata.merge import merge
from tripleo_messaging.hieradata.text import checksum_key, decode_level, encode_level, level_checksum

LEVEL_LIMIT_BYTES = 64_000_000
SEALED_LIMIT_BYTES = 16_000_000
SEALED_DIRECTORY = "sealed"
SEALED_SUFFIX = ".sealed"

_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_CLUSTER_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ATTEMPTS = 5

Identities = dict[str, Optional[tuple[int, int]]]


@attrs.frozen(kw_only=True)
class NodePart:
    """What a tree has for one node, all of one rendering.

    Attributes:
        levels: level data by path below the tree, the most specific first.
        sealed: the node's sealed file; ``None`` where the levels hold the secrets themselves.
    """

    levels: dict[str, dict[str, Any]] = attrs.field(repr=False)
    sealed: Optional[bytes] = attrs.field(default=None, repr=False)


def read_levels(tree: Path, node: str | None) -> dict[str, dict[str, Any]]:
    """Read the levels that a node sees, the most specific first.

    Args:
        tree: a directory that was rendered.
        node: its inventory name; ``None``, or a node of clients, sees ``all.json`` alone.

    Returns:
        Level data by path below the tree, e.g. ``nodes/ctl-0.json``.

    Raises:
        UnreadableFileError: a level is missing, damaged or changed by hand, or the tree is half
            written: never are levels of two renderings returned.
        UsageError: the name is no inventory name.
    """
    return read_part(tree, node).levels


def read_part(tree: Path, node: str | None) -> NodePart:
    """Read the levels that a node sees, and its sealed file where the tree is sealed.

    A sealed tree may have none for the node, which had no public key then.

    Raises:
        UnreadableFileError, UsageError: as `read_levels`.
    """
    if node is not None and not is_node_name(node):
        raise UsageError(f"--node: {node!r} is not an inventory name: letters, digits, '.', '_' and '-'")
    for _ in range(_ATTEMPTS):
        before = _identities(tree, node)
        part = _read_or_none(tree, node, before)
        if part is not None:
            return part
    raise UnreadableFileError(str(tree), "is rendered anew time and again just now; try again later")


def read_sealed(tree: Path, node: str) -> Optional[bytes]:
    """Read a node's sealed file; ``None`` where the tree has none for it.

    Raises:
        UnreadableFileError, UsageError: as `read_levels`.
    """
    return read_part(tree, node).sealed


def is_node_name(name: str) -> bool:
    """Tell whether a text may be an inventory name, and so a part of a path."""
    return bool(_NODE_NAME.fullmatch(name))


def sealed_path(node: str) -> str:
    """Return where a tree has a node's sealed file."""
    return f"{SEALED_DIRECTORY}/{node}{SEALED_SUFFIX}"


def is_sealed(levels: Levels) -> bool:
    """Tell whether the levels, ``all.json`` among them, are of a sealed tree."""
    return SEALED in levels[ALL]


def _read_or_none(tree: Path, node: str | None, before: Identities) -> NodePart | None:
    """Read the node's part; ``None`` when the tree became another one meanwhile."""
    if is_interrupted(tree):
        raise UnreadableFileError(
            str(tree), "a rendering is under way, or was interrupted here; if none is, render again"
        )
    try:
        part = _read_part(tree, node)
    except UnreadableFileError:
        if _identities(tree, node) == before and not is_interrupted(tree):
            raise
        return None
    return part if _identities(tree, node) == before and not is_interrupted(tree) else None


def _identities(tree: Path, node: str | None) -> Identities:
    """Tell which files a node's levels are at this moment: a replaced file is another one."""
    own = [tree / "nodes" / f"{node}.json", tree / sealed_path(node)] if node else []
    return {str(path): _identity(path) for path in (tree / ALL, *(tree / "clusters").glob("*.json"), *own)}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _read_part(tree: Path, node: str | None) -> NodePart:
    levels = _read_levels(tree, node)
    if node is None or not is_sealed(levels):
        return NodePart(levels=levels)
    return NodePart(levels=levels, sealed=files.read_if_there(tree / sealed_path(node), SEALED_LIMIT_BYTES))


def _read_levels(tree: Path, node: str | None) -> dict[str, dict[str, Any]]:
    own = _read_node(tree, node) if node is not None else {}
    clusters = [name for data in own.values() for name in data.get(LOCAL_CLUSTERS, ())]
    if not all(_CLUSTER_NAME.fullmatch(name) for name in clusters):
        raise UnreadableFileError(str(tree), "a node's file names a cluster that cannot be one")
    paths = [f"clusters/{name}.json" for name in clusters] + [ALL]
    return {**own, **{path: read_level(tree, path) for path in paths}}


def _read_node(tree: Path, node: str) -> dict[str, dict[str, Any]]:
    path = f"nodes/{node}.json"
    return {path: read_level(tree, path)} if (tree / path).exists() else {}


def read_level(tree: Path, path: str) -> dict[str, Any]:
    """Read one level.

    Raises:
        UnreadableFileError: it is missing, damaged or was changed by hand.
    """
    data = decode_level(path, files.read_bounded(tree / path, LEVEL_LIMIT_BYTES))
    if data is None:
        raise UnreadableFileError(
            str(tree / path), "is damaged or was changed by hand; render the hieradata again"
        )
    return {**data, checksum_key(path): level_checksum(data)}


def read_tree(tree: Path) -> dict[str, dict[str, Any]]:
    """Read every level of a tree, while no other command writes there.

    Raises:
        UnreadableFileError: there is no tree, one of its files is damaged or was changed by hand, or a
            rendering was interrupted there.
        LockedError: another command is writing there.
        UnwritableFileError: the tree cannot be locked.
    """
    if not tree.is_dir():
        raise UnreadableFileError(str(tree), "is no directory; render the hieradata to it first")
    with files.locked(tree):
        if is_interrupted(tree):
            raise UnreadableFileError(str(tree), "a rendering was interrupted here; render again")
        return {path: read_level(tree, path) for path in (*_everybodys(tree), *_of_members(tree))}


def _everybodys(tree: Path) -> tuple[str, ...]:
    return (ALL, *(f"clusters/{path.name}" for path in sorted((tree / "clusters").glob("*.json"))))


def _of_members(tree: Path) -> tuple[str, ...]:
    return tuple(f"nodes/{name}.json" for name in member_names(tree))


def read_former(tree: Path) -> dict[str, dict[str, Any]]:
    """Read what a tree has for every node and for the members of clusters, before it is rendered anew.

    What an interrupted rendering had decided is finished first.

    Returns:
        Level data by path below the tree; nothing where no tree is, or not one of ours that is whole.

    Raises:
        LockedError: another command is writing there.
        UnwritableFileError: the tree cannot be locked, or an interrupted rendering not be finished.
    """
    if not tree.is_dir():
        return {}
    with files.locked(tree):
        recover(tree)
        try:
            return {path: read_level(tree, path) for path in _everybodys(tree)}
        except UnreadableFileError:
            return {}


def holds(tree: Path, levels: Levels) -> bool:
    """Tell whether a tree is just what a rendering of the levels makes; one that was interrupted is not.

    Raises:
        UnreadableFileError: a file of it may not be read.
    """
    if is_interrupted(tree):
        return False
    return all(
        files.read_if_there(tree / path, LEVEL_LIMIT_BYTES) == encode_level(path, level)
        for path, level in levels.items()
    )


def is_member(levels: Mapping[str, Any], node: str) -> bool:
    """Tell whether the node whose levels these are is a member of a cluster; else they are the clients'."""
    return f"nodes/{node}.json" in levels


def member_names(tree: Path) -> tuple[str, ...]:
    """Return the inventory names of the members of clusters in a tree, sorted."""
    return tuple(sorted(path.name.removesuffix(".json") for path in (tree / "nodes").glob("*.json")))


def lookup(tree: Path, key: str, node: str | None = None) -> Any:
    """Find the value of a key as Puppet finds it on a node.

    Raises:
        UnknownKeyError: no level of the node has the key.
        UnreadableFileError, UsageError: as `read_levels`.
    """
    return lookup_in(read_levels(tree, node), key, tree)


def lookup_in(levels: Mapping[str, Mapping[str, Any]], key: str, tree: Path) -> Any:
    """Find the value of a key in the levels that a node sees, the most specific first.

    Raises:
        UnknownKeyError: no level has the key; the error names the tree.
    """
    found = [level[key] for level in levels.values() if key in level and key != LOOKUP_OPTIONS]
    if not found:
        raise UnknownKeyError(key, str(tree))
    merges = (level.get(LOOKUP_OPTIONS, {}) for level in levels.values())
    options: Mapping[str, Any] = next((merge[key] for merge in merges if key in merge), {})
    return functools.reduce(merge, found) if options.get("merge") == "deep" else found[0]
