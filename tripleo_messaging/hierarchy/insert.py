# SPDX-License-Identifier: Apache-2.0
"""Our levels into the text of a hiera.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from tripleo_messaging.hierarchy.checks import check_by_hand
from tripleo_messaging.hierarchy.config import Config, UnprovenError
from tripleo_messaging.hierarchy.markers import (
    above_comments,
    framed,
    line_start,
    newline_at,
    next_line,
    put_lines,
)
from tripleo_messaging.hierarchy.nodes import Node, dashes
from tripleo_messaging.hierarchy.ours import LIST, OurLevels, Version, block_lines, default_lines, flow_text
from tripleo_messaging.hierarchy.remove import COMMA, take_out

_STEP = "  "
_KEYS: dict[Version, str] = {3: ":hierarchy:", 5: "hierarchy:"}


def put_in(config: Config, version: Version, ours: OurLevels, index: int, offset: Optional[int]) -> str:
    """Return the text with our levels above the level of an index.

    Args:
        config: without levels of ours.
        version: of its hierarchy.
        ours: what to put in.
        index: of one of its levels, or their number for the end.
        offset: where in a list with dashes our lines were before, to be there again.

    Raises:
        UnprovenError: the list has a form that is not known here.
    """
    node = config.hierarchy
    if node is None:
        return _with_hierarchy(config, version, ours, index)
    lines = block_lines(ours, version)
    if node.is_null:
        return _below_key(config, _with_defaults(version, lines, index))
    if node.kind == "scalar":
        return _made_a_list(config, node, lines, index)
    if node.flow:
        return _in_brackets(config.text, node, flow_text(ours, version), index)
    return _among_dashes(config.text, node, lines, index, offset)


def prove(bare: Config, edited: Config, ours: OurLevels, version: Version, index: int) -> None:
    """See that a text has ours at a place, all else as it was, and gives the former text back.

    Raises:
        UnprovenError: it is not so.
    """
    before, after = bare.levels(), edited.levels()
    count = len(after) - len(before)
    found = after[index : index + count]
    theirs = [level.shape for level in (*after[:index], *after[index + count :])]
    is_good = (
        all(level.is_ours for level in found)
        and not any(check_by_hand(edited, ours, found, version))
        and theirs == [level.shape for level in before]
        and edited.others() == bare.others()
        and edited.version == bare.version
        and take_out(edited).text == bare.text
    )
    if not is_good:
        raise UnprovenError


def _in_brackets(text: str, node: Node, piece: str, index: int) -> str:
    if index < len(node.children):
        offset, piece = node.children[index].start, piece + COMMA
    elif node.children:
        offset, piece = node.children[-1].end, COMMA + piece
    else:
        offset = text.index("[", node.start) + 1
    return text[:offset] + piece + text[offset:]


def _among_dashes(text: str, node: Node, lines: Sequence[str], index: int, offset: Optional[int]) -> str:
    places = dashes(text, node)
    indent = _indent(text, places[0])
    if offset is None and index == len(places):
        offset = next_line(text, node.end)
    elif offset is None:
        offset = above_comments(text, line_start(text, places[index]), _indent(text, places[index]))
    return put_lines(text, offset, framed(indent, lines))


def _indent(text: str, offset: int) -> str:
    """Return what stands before an offset on its line."""
    indent = text[line_start(text, offset) : offset]
    if indent.strip(" "):
        raise UnprovenError
    return indent


def _with_hierarchy(config: Config, version: Version, ours: OurLevels, index: int) -> str:
    root = config.root
    if root.flow or not root.children:
        raise UnprovenError
    items = _with_defaults(version, block_lines(ours, version), index)
    lines = (_KEYS[version], *(_STEP + line for line in items))
    return put_lines(
        config.text, next_line(config.text, root.end), framed(_indent(config.text, root.start), lines)
    )


def _with_defaults(version: Version, lines: Sequence[str], index: int) -> tuple[str, ...]:
    items = default_lines(version)
    above = (line for item in items[:index] for line in item)
    below = (line for item in items[index:] for line in item)
    return (*above, *lines, *below)


def _key(config: Config) -> Node:
    key: Node = config.values("hierarchy")[-1][0]
    if config.root.flow:
        raise UnprovenError
    return key


def _below_key(config: Config, lines: Sequence[str]) -> str:
    key = _key(config)
    indent = _indent(config.text, key.start) + _STEP
    return put_lines(config.text, next_line(config.text, key.end), framed(indent, lines))


def _made_a_list(config: Config, node: Node, lines: Sequence[str], index: int) -> str:
    text = config.text
    indent = _indent(text, _key(config).start) + _STEP
    newline = newline_at(text, node.start)
    ours = framed(indent, lines)
    if index:
        text = put_lines(text, next_line(text, node.end), ours)
        ours = []
    head = "".join(line + newline for line in (LIST, *ours))
    return f"{text[: node.start]}{head}{indent}- {text[node.start :]}"
