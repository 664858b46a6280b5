# SPDX-License-Identifier: Apache-2.0
r"""What a scalar of YAML is to Ruby: ``1:30`` is 5400, ``1,000`` a number, ``tRUE`` a Boolean.

Patterns and their order are Psych's. Source: psych 4.0.3, ``lib/psych/scalar_scanner.rb``. Ruby's ``^`` and
``$`` are begin and end of any line, its ``\d`` is ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tripleo_messaging.facts.psych_times import read_date, read_time
from tripleo_messaging.facts.ruby_text import Symbol

_TEXT = re.compile(r"^[^0-9.:-]?(?:[^\W\d_]|[_\s!@#$%\^&*(){}<>|/\\~;=])+|\n", re.MULTILINE)
_MAX_WORD = 5
_WORDS: dict[str, Any] = {
    "~": None,
    "null": None,
    **dict.fromkeys(("yes", "true", "on"), True),
    **dict.fromkeys(("no", "false", "off"), False),
}
_INFINITY = float("inf")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?")

Reading = Callable[[str, bool], Any]


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE | re.ASCII)


def _symbol(text: str, _: bool) -> Symbol:
    quoted = re.match(r""":(["'])(.*)\1""", text)
    return Symbol(re.sub(r"^:", "", quoted[2] if quoted else text))


def _base_60(text: str, _: bool) -> int:
    # As Psych has it: 1:30 is an hour and a half, as 1:30:00 is.
    return sum(int(_leading(part)) * 60 ** abs(place - 2) for place, part in enumerate(text.split(":")))


def _base_60_float(text: str, _: bool) -> float:
    parts = enumerate(text.split(":"))
    return sum((float(_leading(part)) * 60 ** abs(place - 2) for place, part in parts), 0.0)


def _leading(text: str) -> str:
    # Ruby's to_i and to_f read as far as they can.
    match = _NUMBER.match(text)
    return match[0].replace("_", "") if match else "0"


def _float(text: str, _: bool) -> Any:
    if text.lstrip("+-") == ".":
        return text
    # Fails on `.e+3`, as Ruby does.
    return float(re.sub(r"[,_]|\.([Ee]|$)", lambda match: match[1] or "", text))


def _int(text: str, _: bool) -> int:
    digits = re.sub("[,_]", "", text)
    number = digits.lstrip("+-")
    sign = -1 if digits.startswith("-") else 1
    bases = {"0b": 2, "0x": 16}
    base = bases.get(number[:2], 8 if number.startswith("0") and len(number) > 1 else 10)
    return sign * int(number[2:] if number[:2] in bases else number, base)


#: What is tried in turn on what has no look of a text; each is told whether symbols and times are allowed.
_READINGS: tuple[tuple[re.Pattern[str], Reading], ...] = (
    (
        _pattern(
            r"^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$"
        ),
        read_time,
    ),
    (_pattern(r"^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$"), read_date),
    (_pattern(r"^\+?\.[iI][nN][fF]$"), lambda *_: _INFINITY),
    (_pattern(r"^-\.[iI][nN][fF]$"), lambda *_: -_INFINITY),
    (_pattern(r"^\.[nN][aA][nN]$"), lambda *_: float("nan")),
    (_pattern(r"^:."), _symbol),
    (_pattern(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}$"), _base_60),
    (_pattern(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*$"), _base_60_float),
    (_pattern(r"^(?:[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?)$"), _float),
    (
        _pattern(
            r"^(?:[-+]?0b[0-1_,]+|[-+]?0[0-7_,]+|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+)$"
        ),
        _int,
    ),
)


def scan(text: str, *, is_output: bool) -> Any:
    """Return the value of a plain scalar.

    Args:
        text: as written.
        is_output: whether it stands in what an executable printed, where symbols and times are allowed
            and dates are not; in a file it is the other way round.

    Raises:
        SpoiledError: it is of a kind that is not allowed.
        ValueError: Ruby's conversion fails on it.
    """
    if not text:
        return None
    if _TEXT.search(text):
        return _word(text)
    for pattern, read in _READINGS:
        if pattern.search(text):
            return read(text, is_output)
    return text


def _word(text: str) -> Any:
    if len(text) > _MAX_WORD:
        return text
    return _WORDS.get(text.rstrip("\n").lower(), text)
