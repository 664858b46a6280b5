# SPDX-License-Identifier: Apache-2.0
"""How Ruby writes a value as text: what a key that is no string becomes as the name of a fact."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from tripleo_messaging.facts.outcome import SpoiledError

#: How many values a list or mapping may hold that is the name of a fact, or a key.
MAX_KEY_VALUES = 200

_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\x0b": "\\v",
    "\x0c": "\\f",
    "\x08": "\\b",
    "\x07": "\\a",
    "\x1b": "\\e",
}
_WORDS = {None: "nil", True: "true", False: "false"}
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]|#(?=[{$@])')


class OtherKey(NamedTuple):
    """A key of a mapping that is no string in Ruby, where 1, 1.0 and true are three keys.

    Attributes:
        kind: Ruby's class.
        text: its text, as a fact's name.
        inner: its text within a fact's value, which differs for times.
    """

    kind: str
    text: str
    inner: str


class Symbol(str):
    """A text that is a symbol in Ruby."""

    __slots__ = ()


class Date(str):
    """A text that is a date in Ruby, and is written like one."""

    __slots__ = ()


class Time(str):  # noqa: SLOT000  a str has no room for slots of its own
    """A text in ISO 8601 that is a point in time in Ruby.

    Attributes:
        plain: what ``to_s`` writes.
    """

    plain: str

    @classmethod
    def of(cls, iso: str, plain: str) -> Time:
        """Make one from both of its texts."""
        made = cls(iso)
        made.plain = plain
        return made


def text_of(value: Any) -> str:
    """Return what ``to_s`` gives.

    Raises:
        SpoiledError: it is of more than `MAX_KEY_VALUES`, as with aliases of aliases or in itself.
    """
    _refuse_large(value)
    if isinstance(value, Time):
        return value.plain
    return str(value) if isinstance(value, str) else "" if value is None else inspected(value)


def _refuse_large(value: Any) -> None:
    left = [value]
    for _ in range(MAX_KEY_VALUES):
        if not left:
            return
        item = left.pop()
        if isinstance(item, (list, dict)):
            left.extend(item if isinstance(item, list) else item.values())
    if left:
        raise SpoiledError("too-large", f"a key of more than {MAX_KEY_VALUES} values")


def inspected(value: Any) -> str:
    """Return what ``inspect`` gives, in Ruby before 3.4."""
    if isinstance(value, OtherKey):
        return value.text if value.kind != "NilClass" else "nil"
    if isinstance(value, str):
        return '"' + _ESCAPED.sub(lambda match: _escape(match[0]), value) + '"'
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(inspected(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{inspected(key)}=>{inspected(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    return _WORDS[value] if value is None or isinstance(value, bool) else str(value)


def _escape(character: str) -> str:
    if character == "#":
        return "\\#"
    return _ESCAPES.get(character) or f"\\x{ord(character):02X}"


def _float_text(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    digits, exponent, power = repr(value).partition("e")
    return f"{digits}.0{exponent}{power}" if exponent and "." not in digits else repr(value)


_KINDS: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    type(None): "NilClass",
    Symbol: "Symbol",
    Date: "Date",
    Time: "Time",
    list: "Array",
    dict: "Hash",
}


def key_of(value: Any) -> Any:
    """Return what stands for a value as a key of a Python mapping: a string for a string only."""
    if type(value) is str or isinstance(value, OtherKey):
        return value
    text = text_of(value)
    return OtherKey(_KINDS[type(value)], text, str(value) if isinstance(value, Time) else text)
