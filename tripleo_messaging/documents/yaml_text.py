# SPDX-License-Identifier: Apache-2.0
"""YAML text to values, from libyaml's event stream."""

from __future__ import annotations

import re
from typing import Any, Optional

import attrs
import yaml

from tripleo_messaging.documents.problems import RejectedError, too_deep, too_many_values, unreadable
from tripleo_messaging.documents.values import Data, Document, Limits, Plain
from tripleo_messaging.model.finding import Finding, Origin, Path, json_path

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SAFE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
) | {"!"}
_MERGE_KEY = "<<"
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")


def parse_yaml(
    text: str, file: str, limits: Limits, *, with_lines: bool
) -> tuple[Document, tuple[Finding, ...]]:
    """Read YAML text; an empty one is ``None``.

    Raises:
        RejectedError: it is not YAML, holds a second document, or goes beyond the limits.
    """
    builder = _Builder(file=file, limits=limits, with_lines=with_lines)
    data = builder.build(text)
    return Document(file=file, data=data, lines=builder.lines), tuple(builder.findings)


@attrs.define(kw_only=True)
class _Merge:
    """What stands behind a ``<<``."""

    value: Any
    line: int


@attrs.define(kw_only=True)
class _Open:
    """A collection whose end has not been seen yet."""

    value: Any
    path: Path
    anchor: Optional[str]
    count_before: int
    key: str = ""
    awaits_value: bool = False
    is_merge: bool = False
    merge: Optional[_Merge] = None


@attrs.define(kw_only=True)
class _Anchored:
    value: Any
    count: int


class _Builder:
    """Turns the events of one YAML document into a value."""

    def __init__(self, *, file: str, limits: Limits, with_lines: bool) -> None:
        self.lines: dict[Path, int] = {}
        self.findings: list[Finding] = []
        self._file = file
        self._limits = limits
        self._with_lines = with_lines
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._count = 0
        self._documents = 0
        self._root: Any = None

    def build(self, text: str) -> Data:
        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        try:
            parser = _PARSER(text)
            while parser.check_event():
                event = parser.get_event()
                handler = handlers.get(type(event))
                if handler:
                    handler(event)
        except yaml.reader.ReaderError as error:
            line = len(_LINE_BREAK.findall(text.encode()[: error.position])) + 1
            message = "holds a character that YAML does not allow"
            raise RejectedError(unreadable(self._file, line, message)) from None
        except yaml.MarkedYAMLError as error:
            raise RejectedError(self._syntax_finding(error)) from None
        return self._root  # type: ignore[no-any-return]

    def _syntax_finding(self, error: yaml.MarkedYAMLError) -> Finding:
        # Only the problem and its line: the mark's snippet would quote the document.
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return unreadable(self._file, line, f"is not YAML: {error.problem or error.context}")

    def _reject(self, event: Any, message: str, hint: str = "") -> RejectedError:
        return RejectedError(unreadable(self._file, _line(event), message, hint))

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._reject(event, "holds a second document", "keep one document a file")

    def _count_values(self, number: int, event: Any) -> None:
        self._count += number
        if self._count > self._limits.values:
            raise RejectedError(too_many_values(self._file, _line(event), self._limits))

    def _check_tag(self, event: Any, path: Path) -> None:
        if event.tag is not None and event.tag not in _SAFE_TAGS:
            message = "has a YAML tag, and tags are not read here"
            self._add("unsafe-tag", path, _line(event), message, "remove the tag")

    def _add(self, rule: str, path: Path, line: int, message: str, hint: str) -> None:
        origin = Origin(file=self._file, line=line)
        self.findings.append(
            Finding(
                rule=rule, severity="error", path=json_path(path), message=message, hint=hint, origin=origin
            )
        )

    def _next_path(self) -> Path:
        if not self._stack:
            return ()
        top = self._stack[-1]
        return (*top.path, len(top.value) if isinstance(top.value, list) else top.key)

    def _key_is_next(self) -> bool:
        return (
            bool(self._stack) and isinstance(self._stack[-1].value, dict) and not self._stack[-1].awaits_value
        )

    def _scalar(self, event: Any) -> None:
        is_plain = event.implicit[0] and not event.style
        if self._key_is_next():
            self._key(self._stack[-1], event.value, event, is_merge=is_plain and event.value == _MERGE_KEY)
            value = event.value
        else:
            self._count_values(1, event)
            value = Plain(event.value) if is_plain else event.value
            if event.tag is not None:
                self._check_tag(event, self._next_path())
            self._place(value, event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value=value, count=1)

    def _key(self, top: _Open, key: str, event: Any, *, is_merge: bool = False) -> None:
        path = (*top.path, key)
        top.key, top.awaits_value, top.is_merge = key, True, is_merge
        if top.merge is not None if is_merge else key in top.value:
            first = self.lines.get(path)
            where = f", first on line {first}" if first else ""
            self._add("duplicate-key", path, _line(event), f"is written twice{where}", "keep one of them")
        if isinstance(event, yaml.ScalarEvent) and event.tag is not None:
            self._check_tag(event, path)
        if self._with_lines:
            self.lines[path] = _line(event)

    def _place(self, value: Any, event: Any) -> None:
        if not self._stack:
            self._root = value
            self._note_line((), event)
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            self._note_line((*top.path, len(top.value)), event)
            top.value.append(value)
        elif not top.awaits_value:
            raise self._reject(event, "has a key that is not a text")
        else:
            self._put(top, value, event)

    def _put(self, top: _Open, value: Any, event: Any) -> None:
        top.awaits_value = False
        if top.is_merge:
            top.merge = _Merge(value=value, line=_line(event))
        else:
            top.value[top.key] = value

    def _note_line(self, path: Path, event: Any) -> None:
        if self._with_lines:
            self.lines[path] = _line(event)

    def _start_mapping(self, event: Any) -> None:
        self._start({}, event)

    def _start_sequence(self, event: Any) -> None:
        self._start([], event)

    def _start(self, value: Any, event: Any) -> None:
        if len(self._stack) >= self._limits.depth:
            raise RejectedError(too_deep(self._file, _line(event), self._limits))
        self._count_values(1, event)
        path = self._next_path()
        if event.tag is not None:
            self._check_tag(event, path)
        self._place(value, event)
        # From here the name means this collection, which is not complete.
        self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(value=value, path=path, anchor=event.anchor, count_before=self._count - 1))

    def _end(self, _event: Any) -> None:
        done = self._stack.pop()
        if done.merge is not None:
            self._merge(done, done.merge)
        if done.anchor:
            # Entered only now, so that a collection cannot hold itself.
            self._anchors[done.anchor] = _Anchored(value=done.value, count=self._count - done.count_before)

    def _merge(self, done: _Open, merge: _Merge) -> None:
        for source in merge.value if isinstance(merge.value, list) else [merge.value]:
            if not isinstance(source, dict):
                message = "merges what is not a mapping"
                self._add("bad-merge", (*done.path, _MERGE_KEY), merge.line, message, "write '<<: *name'")
                return
            for key, value in source.items():
                done.value.setdefault(key, value)

    def _alias(self, event: Any) -> None:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            is_inside = any(collection.anchor == event.anchor for collection in self._stack)
            reason = "inside the collection it stands for" if is_inside else "without an anchor before it"
            raise self._reject(event, f"has an alias {reason}")
        self._count_values(anchored.count, event)
        if self._key_is_next() and isinstance(anchored.value, str):
            self._key(self._stack[-1], str(anchored.value), event)
        else:
            self._place(anchored.value, event)


def _line(event: Any) -> int:
    return event.start_mark.line + 1  # type: ignore[no-any-return]
