# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain values, bounded, safe, and with line numbers.

YAML is read from libyaml's event stream. No tag builds an object, no scalar is typed here: the
schema of the document says what ``05672``, ``2024.2``, ``1:30`` or ``yes`` is, so that each stays
what was written. A scalar without quotes comes out as `Plain`, one with quotes as ``str``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Optional, Union

import attrs
import yaml

from tripleo_messaging import files
from tripleo_messaging.errors import FileTooLargeError
from tripleo_messaging.model.finding import Finding, Origin, Path, json_path

Data = Union[dict[str, Any], list[Any], str, int, float, bool, None]

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SAFE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge")
) | {"!"}


class Plain(str):
    """The text of a YAML scalar written without quotes; its type is the schema's to decide."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        """Whether YAML reads this text as null."""
        return self in _NULLS


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds on a document.

    Attributes:
        size_bytes: of the file.
        depth: of nesting.
        values: scalars and collections, those behind an alias counted at every use.
    """

    size_bytes: int
    depth: int = 32
    values: int = 100_000


PLAN_LIMITS = Limits(size_bytes=1_000_000)
ENVIRONMENT_LIMITS = Limits(size_bytes=8_000_000, values=500_000)
INVENTORY_LIMITS = Limits(size_bytes=64_000_000, values=5_000_000)


@attrs.frozen(kw_only=True)
class Document:
    """One parsed document.

    Attributes:
        file: the file as the operator named it; used in findings.
        data: mappings with text keys, lists, and scalars (`Plain` or ``str`` from YAML).
        lines: line number of each value by its path; empty for JSON.
    """

    file: str
    data: Data
    lines: Mapping[Path, int] = MappingProxyType({})

    def origin(self, path: Path) -> Origin:
        """Return where the value of `path`, or its nearest written parent, stands."""
        while path and path not in self.lines:
            path = path[:-1]
        return Origin(file=self.file, line=self.lines.get(path))


class _RejectedError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


def read_document(
    path: str | os.PathLike[str], limits: Limits, *, with_lines: bool = True
) -> tuple[Optional[Document], tuple[Finding, ...]]:
    """Read and parse a file; as `parse_document`, and a file over its bound is a finding.

    Raises:
        UnreadableFileError: it is missing, is not a regular file, or may not be read.
    """
    file = os.fspath(path)
    try:
        text = files.read_bounded(file, limits.size_bytes)
    except FileTooLargeError as error:
        origin = Origin(file=file)
        return None, (Finding(rule="too-large", severity="error", message=f"is {error.reason}", origin=origin),)
    return parse_document(text, file=file, limits=limits, with_lines=with_lines)


def parse_document(
    text: bytes, *, file: str, limits: Limits, with_lines: bool = True
) -> tuple[Optional[Document], tuple[Finding, ...]]:
    """Parse JSON (``.json``) or YAML text.

    Args:
        text: the file's content.
        file: its name as the operator gave it; the ending decides the format.
        limits: bounds on depth and number of values.
        with_lines: collect line numbers (YAML only).

    Returns:
        The document and findings about its form. The document is ``None`` when the text as a
        whole cannot be read; a duplicate key or an unsafe tag leaves a document behind.
    """
    try:
        decoded = text.decode("utf-8-sig")
        if file.endswith(".json"):
            return Document(file=file, data=_parse_json(decoded, file, limits)), ()
        builder = _Builder(file=file, limits=limits, with_lines=with_lines)
        data = builder.build(decoded)
    except UnicodeDecodeError as error:
        return None, (_unreadable(file, None, f"is not UTF-8 text (byte {error.start})"),)
    except _RejectedError as rejected:
        return None, (rejected.finding,)
    return Document(file=file, data=data, lines=builder.lines), tuple(builder.findings)


def _unreadable(file: str, line: Optional[int], message: str, hint: str = "") -> Finding:
    return Finding(
        rule="unreadable-document",
        severity="error",
        message=message,
        hint=hint,
        origin=Origin(file=file, line=line),
    )


def _parse_json(text: str, file: str, limits: Limits) -> Data:
    try:
        data: Data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        # The decoder's own text has no piece of the document, but its `doc` has all of it.
        raise _RejectedError(_unreadable(file, error.lineno, f"is not JSON: {error.msg.lower()}")) from None
    except (RecursionError, ValueError):
        raise _RejectedError(_too_deep(file, None, limits)) from None
    if _depth(data) > limits.depth:
        raise _RejectedError(_too_deep(file, None, limits))
    return data


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is not a JSON value", "", 0)


def _depth(data: Data) -> int:
    """Return the depth of nesting, counted without recursion."""
    level: list[Any] = [data]
    depth = 0
    while level:
        level = [child for value in level for child in _children(value)]
        depth += 1
    return depth


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(file: str, line: Optional[int], limits: Limits) -> Finding:
    return Finding(
        rule="too-deep",
        severity="error",
        message=f"is nested deeper than {limits.depth} levels",
        origin=Origin(file=file, line=line),
    )


@attrs.define(kw_only=True)
class _Open:
    """A collection whose end has not been seen yet."""

    value: Any
    path: Path
    anchor: Optional[str]
    line: int
    count_before: int
    key: Optional[str] = None
    awaits_value: bool = False
    merged: list[Any] = attrs.field(factory=list)


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
        """Return the first document's value; ``None`` for an empty text."""
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
            message = f"holds a character that YAML does not allow (position {error.position})"
            raise _RejectedError(_unreadable(self._file, None, message)) from None
        except yaml.MarkedYAMLError as error:
            raise _RejectedError(self._syntax_finding(error)) from None
        return self._root  # type: ignore[no-any-return]

    def _syntax_finding(self, error: yaml.MarkedYAMLError) -> Finding:
        # Only the problem and its line: the mark's snippet would quote the document.
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return _unreadable(self._file, line, f"is not YAML: {error.problem or error.context}")

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            line = event.start_mark.line + 1
            raise _RejectedError(
                _unreadable(self._file, line, "holds a second document", "keep one document a file")
            )

    def _count_values(self, number: int, event: Any) -> None:
        self._count += number
        if self._count > self._limits.values:
            raise _RejectedError(
                Finding(
                    rule="too-many-values",
                    severity="error",
                    message=f"holds more than {self._limits.values:,} values, those behind aliases counted at each use",
                    origin=Origin(file=self._file, line=event.start_mark.line + 1),
                )
            )

    def _check_tag(self, event: Any, path: Path) -> None:
        if event.tag is not None and event.tag not in _SAFE_TAGS:
            self._add("unsafe-tag", path, event, "has a YAML tag, and tags are not read here", "remove the tag")

    def _add(self, rule: str, path: Path, event: Any, message: str, hint: str) -> None:
        origin = Origin(file=self._file, line=event.start_mark.line + 1)
        self.findings.append(
            Finding(rule=rule, severity="error", path=json_path(path), message=message, hint=hint, origin=origin)
        )

    def _next_path(self) -> Path:
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return (*top.path, top.key) if top.awaits_value and top.key is not None else top.path

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and not top.awaits_value:
            self._key(top, event)
            return
        self._count_values(1, event)
        if event.tag is not None:
            self._check_tag(event, self._next_path())
        value = Plain(event.value) if event.implicit[0] else event.value
        self._place(value, event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value=value, count=1)

    def _key(self, top: _Open, event: Any) -> None:
        top.key = event.value
        top.awaits_value = True
        if top.key in top.value and top.key != "<<":
            path = (*top.path, top.key)
            first = self.lines.get(path)
            where = f", first on line {first}" if first else ""
            self._add("duplicate-key", path, event, f"is written twice{where}", "keep one of them")
        if self._with_lines:
            self.lines[(*top.path, event.value)] = event.start_mark.line + 1

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
            raise _RejectedError(
                _unreadable(self._file, event.start_mark.line + 1, "has a key that is not a text")
            )
        else:
            self._put(top, value)

    def _put(self, top: _Open, value: Any) -> None:
        top.awaits_value = False
        if top.key == "<<" and isinstance(value, (dict, list)):
            top.merged.extend(value if isinstance(value, list) else [value])
        else:
            top.value[top.key] = value

    def _note_line(self, path: Path, event: Any) -> None:
        if self._with_lines:
            self.lines[path] = event.start_mark.line + 1

    def _start_mapping(self, event: Any) -> None:
        self._start({}, event)

    def _start_sequence(self, event: Any) -> None:
        self._start([], event)

    def _start(self, value: Any, event: Any) -> None:
        if len(self._stack) >= self._limits.depth:
            raise _RejectedError(_too_deep(self._file, event.start_mark.line + 1, self._limits))
        self._count_values(1, event)
        path = self._next_path()
        if event.tag is not None:
            self._check_tag(event, path)
        self._place(value, event)
        self._stack.append(
            _Open(
                value=value,
                path=path,
                anchor=event.anchor,
                line=event.start_mark.line + 1,
                count_before=self._count - 1,
            )
        )

    def _end(self, event: Any) -> None:
        done = self._stack.pop()
        for merged in done.merged:
            if isinstance(merged, dict):
                for key, value in merged.items():
                    done.value.setdefault(key, value)
        if done.anchor:
            # Entered only now, so that a collection cannot hold itself.
            self._anchors[done.anchor] = _Anchored(value=done.value, count=self._count - done.count_before)

    def _alias(self, event: Any) -> None:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise _RejectedError(
                _unreadable(self._file, event.start_mark.line + 1, "is not YAML: an alias without an anchor before it")
            )
        self._count_values(anchored.count, event)
        self._place(anchored.value, event)
