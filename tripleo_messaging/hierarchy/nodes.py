# SPDX-License-Identifier: Apache-2.0
"""The first document of a YAML text as nodes that know where they stand."""

from __future__ import annotations

import bisect
from typing import Any, Literal, Optional, Union

import attrs
import yaml

from tripleo_messaging.documents import Limits
from tripleo_messaging.documents.problems import RejectedError, too_deep, too_many_values, unreadable

#: A hiera.yaml is a page long.
HIERA_LIMITS = Limits(size_bytes=1_000_000)

# libyaml's own parser, where there is one, allows tabs where Ruby's Psych does.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Shape = Union[str, tuple[Any, ...]]


@attrs.frozen(kw_only=True)
class Node:
    """A value of the document.

    Attributes:
        kind: what it is; an alias is what it stands for.
        start: where it is written, an anchor or tag included, as an offset in characters.
        end: behind its last character; of a block collection, behind that of its last child.
        line: of its start, from 1.
        flow: whether it is a collection in brackets.
        text: of a scalar, as YAML reads it.
        style: of a scalar, e.g. ``"``; empty for a plain one.
        tag: as it is written, or empty.
        children: items, or keys and values by turns.
        alias: whether an alias stands here.
    """

    kind: Literal["scalar", "sequence", "mapping"]
    start: int
    end: int
    line: int
    flow: bool = False
    text: str = ""
    style: str = ""
    tag: str = ""
    children: tuple[Node, ...] = ()
    alias: bool = False

    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """Return keys and values of a mapping; nothing for anything else."""
        return tuple(zip(self.children[::2], self.children[1::2])) if self.kind == "mapping" else ()

    @property
    def shape(self) -> Shape:
        """What it says, wherever it stands: equal shapes are read as equal values."""
        if self.kind == "scalar":
            return (self.tag, "plain" if not self.style else "quoted", self.text)
        return (self.kind, self.tag, *(child.shape for child in self.children))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written where it stands."""
        return self.kind == "scalar" and self.start == self.end and not self.style

    @property
    def is_null(self) -> bool:
        """Whether YAML reads it as null."""
        is_plain = self.kind == "scalar" and not self.style and not self.tag
        return is_plain and self.text in ("", "~", "null", "Null", "NULL")


@attrs.define(kw_only=True)
class _Open:
    event: Any
    count_before: int
    children: list[Node] = attrs.Factory(list)


class _Reader:
    """Builds the nodes of the first document from libyaml's events."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._root: Optional[Node] = None
        self._handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceEndEvent: self._end,
            yaml.MappingEndEvent: self._end,
        }

    def read(self, text: str) -> tuple[Optional[Node], int]:
        """Read no further than Hiera does, which knows the first document only."""
        parser = _PARSER(text)
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, yaml.DocumentEndEvent):
                return self._root, _offset(event)
            handler = self._handlers.get(type(event))
            if handler:
                handler(event)
        return self._root, len(text)

    def _counted(self, number: int, event: Any) -> None:
        self._count += number
        if self._count > HIERA_LIMITS.values:
            raise RejectedError(too_many_values(self._file, _line(event), HIERA_LIMITS))

    def _place(self, node: Node, anchor: Optional[str], count: int) -> None:
        if anchor:
            self._anchors[anchor] = (node, count)
        if self._stack:
            self._stack[-1].children.append(node)
        else:
            self._root = node

    def _scalar(self, event: Any) -> None:
        self._counted(1, event)
        node = Node(
            kind="scalar",
            start=event.start_mark.index,
            end=event.end_mark.index,
            line=_line(event),
            text=event.value,
            style=event.style or "",
            tag=event.tag or "",
        )
        self._place(node, event.anchor, 1)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            message = "has an alias without a finished anchor before it"
            raise RejectedError(unreadable(self._file, _line(event), message))
        target, count = self._anchors[event.anchor]
        self._counted(count, event)
        start, end = event.start_mark.index, event.end_mark.index
        node = attrs.evolve(target, start=start, end=end, line=_line(event), alias=True)
        self._place(node, None, count)

    def _start(self, event: Any) -> None:
        if len(self._stack) >= HIERA_LIMITS.depth:
            raise RejectedError(too_deep(self._file, _line(event), HIERA_LIMITS))
        self._counted(1, event)
        # From here the name means this collection, which is not complete.
        self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(event=event, count_before=self._count - 1))

    def _end(self, event: Any) -> None:
        done = self._stack.pop()
        begin = done.event
        flow = bool(begin.flow_style)
        # A block collection's own end mark stands behind the comments that follow.
        end = event.end_mark.index if flow or not done.children else done.children[-1].end
        node = Node(
            kind="sequence" if isinstance(begin, yaml.SequenceStartEvent) else "mapping",
            start=begin.start_mark.index,
            end=end,
            line=_line(begin),
            flow=flow,
            tag=begin.tag or "",
            children=tuple(done.children),
        )
        self._place(node, begin.anchor, self._count - done.count_before)


def read_nodes(text: str, file: str) -> tuple[Optional[Node], int]:
    """Read the first document of a text without a byte order mark.

    Returns:
        Its root, ``None`` when there is none, and the offset where the document ends.

    Raises:
        RejectedError: it is not YAML, or goes beyond the limits; the finding quotes nothing.
    """
    if len(text) > HIERA_LIMITS.size_bytes:
        message = f"is larger than {HIERA_LIMITS.size_bytes:,} characters"
        raise RejectedError(unreadable(file, None, message))
    try:
        return _Reader(file).read(text)
    except yaml.reader.ReaderError:
        raise RejectedError(unreadable(file, None, "holds a character that YAML does not allow")) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise RejectedError(
            unreadable(file, line, f"is not YAML: {error.problem or error.context}")
        ) from None


def dashes(text: str, sequence: Node) -> tuple[int, ...]:
    """Return where the dash of each item of a block sequence stands.

    Args:
        text: that the sequence was read from.
        sequence: in block style.
    """
    found = _all_dashes(text, sequence.end)
    return tuple(found[bisect.bisect_left(found, item.start) - 1] for item in sequence.children)


def _all_dashes(text: str, end: int) -> list[int]:
    parser = _PARSER(text)
    found = []
    while parser.check_token():
        token = parser.get_token()
        if token.start_mark.index > end:
            break
        if isinstance(token, yaml.BlockEntryToken):
            found.append(token.start_mark.index)
    return found


def _line(event: Any) -> int:
    return event.start_mark.line + 1  # type: ignore[no-any-return]


def _offset(event: Any) -> int:
    return event.start_mark.index  # type: ignore[no-any-return]
