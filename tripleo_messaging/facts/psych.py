# SPDX-License-Identifier: Apache-2.0
"""YAML as Ruby's Psych loads it, on the event stream of PyYAML's C parser, which is libyaml as Psych's is.

Where Psych and PyYAML differ, Psych's way is taken: the types of scalars (`psych_scalars`), ``<<`` that
overrides keys written before it, tags that are not known and do nothing, and nothing read beyond the first
document. Source: psych 4.0.3, ``lib/psych/visitors/to_ruby.rb``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Optional

import yaml

from tripleo_messaging.facts.outcome import SpoiledError
from tripleo_messaging.facts.psych_scalars import scan
from tripleo_messaging.facts.ruby_text import Symbol, key_of

#: How deep mappings and sequences may stand in each other; Facter's own output in JSON takes no more.
MAX_DEPTH = 100

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR = "tag:yaml.org,2002:str"
_BOM = "\ufeff"

# Tags that ask for a Ruby object.
_OBJECT_SCALAR = re.compile(
    r"!ruby/(?:object:(?:BigDecimal|DateTime|Complex|Rational)$|class$|module$|regexp$|range$|encoding$)"
    r"|!(?:str|ruby/string):."
)
_OBJECT_SEQUENCE = re.compile(r"!(?:seq|ruby/array):")
_OBJECT_MAPPING = re.compile(
    r"!ruby/(?:struct|object(?!:Hash$)|array:|range$|exception|hash|marshalable:|string)"
    r"|!(?:map:|set$|omap$|str$|str:)|tag:yaml\.org,2002:(?:set|omap|str)$"
)
_SYMBOL = re.compile(r"!ruby/sym(?:bol)?:?")
_STRING = re.compile(r"!(?:str|ruby/string):?$")
_OMAP = frozenset({"!omap", "tag:yaml.org,2002:omap"})
_BINARY = frozenset({"!binary", "tag:yaml.org,2002:binary"})
_FLOAT = frozenset({"!float", "tag:yaml.org,2002:float"})

# PyYAML's own parser, where there is no libyaml, quotes what it met.
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)

_MERGED = (yaml.MappingStartEvent, yaml.AliasEvent)


def load(text: str, *, is_output: bool = False) -> Any:
    """Return the value of the first document of a text; ``None`` where there is none.

    Strings may be the `Symbol`, `Date` and `Time` of `ruby_text`, keys of mappings its `OtherKey`;
    `normalize.normalized` makes plain values of them. Values may share parts, and hold themselves.

    Args:
        text: YAML.
        is_output: whether an executable printed it: symbols and times are allowed, aliases and dates
            are not. In a file it is the other way round.

    Raises:
        SpoiledError: Psych fails on the text.
    """
    try:
        return _Document(text, is_output=is_output).value()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 1
        what = _QUOTED.sub("a text", str(error.problem))
        raise SpoiledError("bad-yaml", f"not YAML: {what}", line=line) from None
    except yaml.YAMLError:
        raise SpoiledError("bad-yaml", "not YAML: a character that YAML does not allow") from None


class _Document:
    """One pass over the events of a document."""

    def __init__(self, text: str, *, is_output: bool) -> None:
        # The parser passes over one byte order mark; Psych's meets it, as the first column of the first line.
        self._parser = _PARSER(_BOM + text if text.startswith(_BOM) else text)
        self._is_output = is_output
        self._anchors: dict[str, Any] = {}
        self._depth = 0
        self._next: Callable[[], Any] = self._parser.get_event

    def value(self) -> Any:
        """Read up to the end of the first document; Psych, too, looks at all of it before it converts any."""
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        events = iter(self._until_end())
        self._next = lambda: next(events)
        return self._node(self._next())

    def _until_end(self) -> list[Any]:
        events = []
        while not isinstance(event := self._parser.get_event(), yaml.DocumentEndEvent):
            events.append(event)
        return events

    def _node(self, event: Any) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._registered(event, self._scalar(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SpoiledError("too-deep", f"nested more than {MAX_DEPTH} deep", line=_line(event))
        value = self._sequence(event) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(event)
        self._depth -= 1
        return value

    def _registered(self, event: Any, value: Any) -> Any:
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _alias(self, event: Any) -> Any:
        if self._is_output:
            raise SpoiledError("bad-yaml", "an alias, which Facter does not take from an executable", "note")
        if event.anchor not in self._anchors:
            raise SpoiledError("bad-yaml", "an alias of no anchor", line=_line(event))
        return self._anchors[event.anchor]

    def _scalar(self, event: Any) -> Any:
        if event.implicit[1]:
            return event.value
        try:
            value = _tagged(event.tag, event.value, self._scan) if event.tag else self._scan(event.value)
        except SpoiledError as error:
            error.line = _line(event)
            raise
        except (ValueError, OverflowError):
            message = "a number that Ruby cannot convert, and fails on"
            raise SpoiledError("bad-yaml", message, line=_line(event)) from None
        if isinstance(value, Symbol) and not self._is_output:
            message = "a symbol (a word that begins with a colon): Facter reads nothing of the file"
            raise SpoiledError("symbol", message, line=_line(event))
        return value

    def _scan(self, text: str) -> Any:
        return scan(text, is_output=self._is_output)

    def _sequence(self, start: Any) -> Any:
        if start.tag in _OMAP:
            return self._ordered(start)
        _refuse_object(_OBJECT_SEQUENCE, start)
        items: list[Any] = self._registered(start, [])
        items.extend(self._node(event) for event in self._children())
        return items

    def _children(self) -> Iterator[Any]:
        while not isinstance(event := self._next(), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            yield event

    def _ordered(self, start: Any) -> dict[Any, Any]:
        mapping: dict[Any, Any] = self._registered(start, {})
        for event in self._children():
            if not isinstance(event, yaml.MappingStartEvent):
                raise SpoiledError("bad-yaml", "an !!omap with an item that is no pair", line=_line(event))
            nodes = [self._node(child) for child in self._children()]
            mapping[key_of(nodes[0] if nodes else None)] = nodes[-1] if nodes else None
        return mapping

    def _mapping(self, start: Any) -> dict[Any, Any]:
        _refuse_object(_OBJECT_MAPPING, start)
        mapping: dict[Any, Any] = self._registered(start, {})
        for event in self._children():
            key = self._node(event)
            value_event = self._next()
            value = self._node(value_event)
            if key == "<<" and getattr(event, "tag", None) != _STR:
                _merge(mapping, value, value_event)
            else:
                mapping[key if type(key) is str else key_of(key)] = value
        return mapping


def _tagged(tag: str, text: str, scanned: Callable[[str], Any]) -> Any:
    if tag == _STR or _STRING.match(tag):
        return text
    if tag in _BINARY:
        return _decoded(text)
    if tag in _FLOAT:
        return _as_float(scanned(text))
    if _SYMBOL.match(tag):
        return Symbol(text)
    if _OBJECT_SCALAR.match(tag):
        _refuse(None)
    return scanned(text)


def _decoded(text: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0])
    try:
        data = base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + "===")
    except binascii.Error:
        data = b""
    # Ruby 4.3's Facter takes no byte above 127; as a surrogate it is refused like one outside of UTF-8.
    return data.decode("ascii", "surrogateescape")


def _as_float(value: Any) -> float:
    if value is None or isinstance(value, bool):
        raise ValueError(value)
    return float(value)


def _refuse_object(pattern: re.Pattern[str], event: Any) -> None:
    if event.tag and pattern.match(event.tag):
        _refuse(event)


def _refuse(event: Any) -> NoReturn:
    # Not which: a password that begins with ! is a tag.
    message = "a tag (a word that begins with !) asks for a Ruby object, and Facter makes none"
    raise SpoiledError("bad-yaml", message, line=_line(event))


def _merge(mapping: dict[Any, Any], value: Any, event: Any) -> None:
    if isinstance(event, _MERGED) and isinstance(value, dict):
        mapping.update(value)
    elif isinstance(event, yaml.SequenceStartEvent) and all(isinstance(item, dict) for item in value):
        # Of several, the first wins.
        for item in reversed(value):
            mapping.update(item)
    else:
        mapping["<<"] = value


def _line(event: Any) -> Optional[int]:
    return event.start_mark.line + 1 if event is not None else None
