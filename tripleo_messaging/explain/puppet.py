# SPDX-License-Identifier: Apache-2.0
"""What ``puppet lookup --explain --render-as json`` says.

Puppet is asked twice. As it is, it says which value the key has; told to merge deep, it visits every level
instead of stopping at the first, and so names all that define the key. A deep merge takes whatever values
there are, also numbers, texts beside hashes, nil and Sensitive ones.
Source: puppet 7.23, ``lib/puppet/pops/lookup/explainer.rb``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

import attrs

from tripleo_messaging.errors import UnansweredError
from tripleo_messaging.explain.values import FIRST, Definer, Explanation, is_our_level

PROGRAM = "puppet lookup"

#: How Puppet shows a value that it keeps from being seen.
REDACTED = "Sensitive [value redacted]"

_ENTRY_PREFIX = "Hierarchy entry "
_LAYERS = ("global", "environment", "module")
# Nodes that lead to levels; what is below an interpolation or a search in a value is another key's story.
_WALKED = ("data_provider", "global", "merge", "module", "path", "scope", "uri")
_OBJECT = re.compile(r"^\{", re.MULTILINE)
_LOOKUP_OPTIONS = "lookup_options"
_MAX_DEPTH = 60

Node = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class _Place:
    layer: str = ""
    entry: str = ""


def explain(key: str, as_it_is: str, merged: Optional[str]) -> Explanation:
    """Read Puppet's two answers.

    Args:
        key: that was asked for; what stands behind a dot leads into its value.
        as_it_is: the JSON of the lookup as it is.
        merged: that of the lookup told to merge deep; ``None`` where that failed, as a level that decides
            nothing may be unreadable.

    Raises:
        UnansweredError: an answer is not what Puppet writes; the text holds nothing of it.
    """
    tree = _search(as_it_is, key)
    deciding = tuple(_found(tree, _Place()))
    merged_node = next(_merges(tree), None)
    merged_tree = tree if merged is None else _search(merged, key)
    every = tuple(_found(merged_tree, _Place()))
    is_found, value = _value(tree, merged_node, deciding)
    return Explanation(
        key=key,
        program=PROGRAM,
        merge=str(merged_node.get("merge")) if merged_node else FIRST,
        definers=tuple(_with_winners(every or deciding, deciding)),
        is_found=is_found,
        value=value,
        is_complete=merged is not None,
        is_interpolated=_is_interpolated(tree) or _is_interpolated(merged_tree),
    )


def _search(text: str, key: str) -> Node:
    """Return the part of an answer that is about the key."""
    try:
        answer = json.loads(text[_start(text) :])
        if answer.get("type") == "invalid_key":
            return {}
        branches = answer["branches"]
        return next(branch for branch in reversed(branches) if _is_about(branch, key))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration):
        raise UnansweredError(PROGRAM, "answered with no explanation in JSON, as Puppet 6 and 7 do") from None


def _start(text: str) -> int:
    """Return where the JSON begins: notices, e.g. of a directory that Puppet made, come before it."""
    found = _OBJECT.search(text)
    return found.start() if found else 0


def _is_about(branch: Node, key: str) -> bool:
    return branch.get("type") == "root" and branch.get("key") == key


def _branches(node: Node, depth: int = 0) -> Iterator[Node]:
    if depth > _MAX_DEPTH:
        raise UnansweredError(PROGRAM, "answered with an explanation nested deeper than any hierarchy")
    yield from (branch for branch in node.get("branches", ()) if branch.get("type") in _WALKED)


def _found(node: Node, place: _Place, depth: int = 0) -> Iterator[Definer]:
    """Yield a definer for each level with a value, in the order of the hierarchy; `wins` is not yet known."""
    for branch in _branches(node, depth):
        here = _place_in(branch, place)
        if _is_value(branch):
            yield _definer(branch, here)
        else:
            yield from _found(branch, here, depth + 1)


def _is_value(node: Node) -> bool:
    return (
        node.get("event") == "found"
        and node.get("type") in ("data_provider", "path", "uri")
        and node.get("key") != _LOOKUP_OPTIONS
    )


def _place_in(node: Node, place: _Place) -> _Place:
    name = str(node.get("name", ""))
    if node.get("type") != "data_provider":
        return place
    if name.startswith(_ENTRY_PREFIX):
        return attrs.evolve(place, entry=name.removeprefix(_ENTRY_PREFIX).strip('"'))
    layer = name.partition(" ")[0].lower()
    return attrs.evolve(place, layer=layer if layer in _LAYERS else name)


def _definer(node: Node, place: _Place) -> Definer:
    level = str(node.get("original_path") or node.get("original_uri") or place.entry)
    file = str(node.get("path", ""))
    return Definer(
        layer=place.layer,
        level=level,
        file=file,
        value=node.get("value"),
        is_ours=is_our_level(level, file, place.entry),
        wins=False,
    )


def _merges(node: Node, depth: int = 0) -> Iterator[Node]:
    """Yield the merges that gave something, that of the whole first; a merge of one thing has no node."""
    for branch in _branches(node, depth):
        if branch.get("type") == "merge" and branch.get("event") == "result":
            yield branch
        yield from _merges(branch, depth + 1)


def _is_interpolated(node: Node, depth: int = 0) -> bool:
    return any(
        branch.get("type") == "interpolate" or _is_interpolated(branch, depth + 1)
        for branch in (*_branches(node, depth), *_of_type(node, "interpolate"))
    )


def _of_type(node: Node, kind: str) -> Iterator[Node]:
    yield from (branch for branch in node.get("branches", ()) if branch.get("type") == kind)


def _value(tree: Node, merged: Optional[Node], deciding: tuple[Definer, ...]) -> tuple[bool, Any]:
    """Return whether there is a value, and it."""
    digs = [branch for branch in tree.get("branches", ()) if branch.get("type") == "sub_key"]
    if digs:
        last = (digs[-1].get("branches") or [{}])[-1]
        return last.get("event") == "found", last.get("value")
    if merged is not None:
        return True, merged.get("value")
    return bool(deciding), deciding[0].value if deciding else None


def _with_winners(every: tuple[Definer, ...], deciding: tuple[Definer, ...]) -> Iterator[Definer]:
    """Mark each definer that is among the deciding ones; a level that is visited twice, once for each."""
    left = [_identity(definer) for definer in deciding]
    for definer in every:
        wins = _identity(definer) in left
        if wins:
            left.remove(_identity(definer))
        yield attrs.evolve(definer, wins=wins)


def _identity(definer: Definer) -> tuple[str, str, str]:
    return definer.layer, definer.level, definer.file
