# SPDX-License-Identifier: Apache-2.0
"""The members of a JSON mapping and where they stand in its text."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@attrs.frozen(kw_only=True)
class Member:
    """One member of a mapping.

    Attributes:
        key: its name.
        value: what it holds.
        start: offset of its name's first character.
        end: offset behind its value.
        comma: offset behind the comma that follows it; `end` where none does.
    """

    key: str
    value: Any
    start: int
    end: int
    comma: int


def opening(text: str) -> int:
    """Return the offset behind the brace that opens a mapping."""
    return text.index("{") + 1


def members(text: str) -> list[Member]:
    """Return the members of a text that is known to be a JSON mapping, in order."""
    found: list[Member] = []
    at = _space(text, opening(text))
    while text[at] != "}":
        member = _member(text, at)
        found.append(member)
        at = _space(text, member.comma)
    return found


def _member(text: str, start: int) -> Member:
    key, at = _DECODER.raw_decode(text, start)
    at = _space(text, at) + 1
    value, end = _DECODER.raw_decode(text, _space(text, at))
    behind = _space(text, end)
    comma = behind + 1 if text[behind] == "," else end
    return Member(key=key, value=value, start=start, end=end, comma=comma)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
