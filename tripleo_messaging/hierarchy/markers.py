# SPDX-License-Identifier: Apache-2.0
"""Our lines in a text: between two comments, each on a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Optional

import attrs

from tripleo_messaging.hierarchy.config import Config
from tripleo_messaging.hierarchy.ours import BEGIN, END, LIST

# What YAML 1.1 takes for the end of a line.
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NEWLINE = re.compile("\r\n|[\n\r]")
_MARKER = re.compile(r"[ \t]*# tripleo-messaging: (begin|end)\b")
_LIST = re.compile(f"{re.escape(LIST)}(?:{_BREAK.pattern}) *- ")


@attrs.frozen(kw_only=True)
class Region:
    """Our lines.

    Attributes:
        start: offset of what was put in.
        end: offset behind it.
        line: of its first comment, from 1.
    """

    start: int
    end: int
    line: int


def line_start(text: str, offset: int) -> int:
    """Return where the line of an offset begins."""
    last = 0
    for found in _BREAK.finditer(text, 0, offset):
        last = found.end()
    return last


def next_line(text: str, offset: int) -> int:
    """Return where the next line begins; the offset itself where one begins there."""
    if offset and line_start(text, offset) == offset:
        return offset
    found = _BREAK.search(text, offset)
    return found.end() if found else len(text)


def newline_at(text: str, offset: int) -> str:
    """Return how the line before an offset ends, or the file's first one."""
    before = [found.group() for found in _NEWLINE.finditer(text, 0, offset)]
    first = _NEWLINE.search(text)
    return before[-1] if before else first.group() if first else "\n"


def above_comments(text: str, offset: int, indent: str) -> int:
    """Go up from the beginning of a line over the comments that stand directly above it."""
    starts = [0, *(found.end() for found in _BREAK.finditer(text, 0, offset))]
    for start in reversed(starts[:-1]):
        if not text.startswith(f"{indent}#", start):
            break
        offset = start
    return offset


def put_lines(text: str, offset: int, lines: Sequence[str]) -> str:
    """Put whole lines in at the beginning of a line, or behind a last one that has no end."""
    newline = newline_at(text, offset)
    if offset == len(text) and line_start(text, offset) != offset:
        return text + newline + newline.join(lines)
    return text[:offset] + "".join(line + newline for line in lines) + text[offset:]


def framed(indent: str, lines: Sequence[str]) -> list[str]:
    """Return lines between our comments, indented."""
    return [indent + line for line in (BEGIN, *lines, END)]


def find_region(config: Config) -> Optional[Region]:
    """Find our lines.

    Raises:
        InvalidInputError: a comment of the pair is missing, there are more pairs, or lines of others between.
    """
    found = list(_markers(config.text[: config.end]))
    if not found:
        return None
    kinds = [kind for kind, *_ in found]
    if kinds != ["begin", "end"]:
        raise config.refuse("damaged-markers", found[-1][1], *_damage(kinds))
    (_, line, start, first_end), (_, _, last_start, end) = found
    _refuse_foreign(config, line, config.text[first_end:last_start])
    return Region(start=_widened(config.text, start, end), end=end, line=line)


def _markers(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield kind, line, start and end of the lines that are our comments."""
    start = 0
    ends = [found.end() for found in _BREAK.finditer(text)]
    for line, end in enumerate([*ends, len(text)], 1):
        found = _MARKER.match(text, start, end)
        if found:
            yield found.group(1), line, start, end
        start = end


def _damage(kinds: Sequence[str]) -> tuple[str, str]:
    shown = ", ".join(kinds)
    message = f"the comments '# tripleo-messaging: begin …' and '{END}' are not one pair (found: {shown})"
    return message, "take our levels and these comments out by hand, and install again"


def _refuse_foreign(config: Config, line: int, between: str) -> None:
    for number, text in enumerate(_BREAK.split(between)[:-1], line + 1):
        if not text.strip() or text.lstrip().startswith("#"):
            message = "a line was added between our comments, and would be lost"
            raise config.refuse("lines-between-markers", number, message, "put it above or below them")


def _widened(text: str, start: int, end: int) -> int:
    """Take the break before our lines in where they end the file without one: it came with them."""
    if end == len(text) and line_start(text, end) != end and start:
        return [found.start() for found in _BREAK.finditer(text, 0, start)][-1]
    return start


def take_list_marker(text: str, offset: int) -> str:
    """Make the list behind a key a single level again, if we made it one."""
    found = _LIST.match(text, _without_spaces(text, offset))
    return text[: found.start()] + text[found.end() :] if found else text


def _without_spaces(text: str, offset: int) -> int:
    rest = text[offset:]
    return offset + len(rest) - len(rest.lstrip(": \t"))
