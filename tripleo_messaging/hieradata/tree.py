# SPDX-License-Identifier: Apache-2.0
"""Read a rendered tree: the levels of one node, and the value of one key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tripleo_messaging import files
from tripleo_messaging.errors import UnknownKeyError, UnreadableFileError, UsageError
from tripleo_messaging.file_set import is_interrupted
from tripleo_messaging.hieradata.build import ALL, LOOKUP_OPTIONS
from tripleo_messaging.hieradata.keys import LOCAL_CLUSTERS
from tripleo_messaging.hieradata.text import decode_level

LEVEL_LIMIT_BYTES = 64_000_000

_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_CLUSTER_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def read_levels(tree: Path, node: str | None) -> dict[str, dict[str, Any]]:
    """Read the levels that a node sees, the most specific first.

    Args:
        tree: a directory that was rendered.
        node: its inventory name; ``None``, or a node of clients, sees ``all.json`` alone.

    Returns:
        Level data by path below the tree, e.g. ``nodes/ctl-0.json``.

    Raises:
        UnreadableFileError: a level is missing, damaged, changed by hand, or half written.
        UsageError: the name is no inventory name.
    """
    if is_interrupted(tree):
        raise UnreadableFileError(str(tree), "a rendering was interrupted here; render again to finish it")
    own = _read_node(tree, node) if node is not None else {}
    clusters = [name for data in own.values() for name in data.get(LOCAL_CLUSTERS, ())]
    if not all(_CLUSTER_NAME.fullmatch(name) for name in clusters):
        raise UnreadableFileError(str(tree), "a node's file names a cluster that cannot be one")
    paths = [f"clusters/{name}.json" for name in clusters] + [ALL]
    return {**own, **{path: read_level(tree, path) for path in paths}}


def _read_node(tree: Path, node: str) -> dict[str, dict[str, Any]]:
    if not _NODE_NAME.fullmatch(node):
        raise UsageError(f"--node: {node!r} is not an inventory name: letters, digits, '.', '_' and '-'")
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
    return data


def lookup(tree: Path, key: str, node: str | None = None) -> Any:
    """Find the value of a key as Puppet finds it on a node.

    Raises:
        UnknownKeyError: no level of the node has the key.
        UnreadableFileError, UsageError: as `read_levels`.
    """
    levels = list(read_levels(tree, node).values())
    found = [level[key] for level in levels if key in level and key != LOOKUP_OPTIONS]
    if not found:
        raise UnknownKeyError(key, str(tree))
    options: Mapping[str, Any] = next(
        (level[LOOKUP_OPTIONS][key] for level in levels if key in level.get(LOOKUP_OPTIONS, {})), {}
    )
    return _deep_merge(found) if options.get("merge") == "deep" else found[0]


def _deep_merge(values: list[Any]) -> Any:
    """Merge values, the most specific first; only mappings merge, as no list of ours is in two levels."""
    merged, *lower = values
    for value in lower:
        merged = _merge(merged, value)
    return merged


def _merge(higher: Any, lower: Any) -> Any:
    if not isinstance(higher, Mapping) or not isinstance(lower, Mapping):
        return higher
    merged = {key: _merge(higher[key], value) if key in higher else value for key, value in lower.items()}
    return {**merged, **{key: value for key, value in higher.items() if key not in lower}}
