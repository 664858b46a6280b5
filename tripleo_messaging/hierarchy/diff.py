# SPDX-License-Identifier: Apache-2.0
"""What an edit changes, for the operator's eyes: secrets are masked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Optional

from tripleo_messaging.model.secret import MASK

_CONTEXT = 3
_KEY = re.compile(r"""(?P<key>[\s#-]*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'{\[#][^"'{\[#]*?)\s*:)(?=\s|$)""")
_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'[^']*'""")
# A URL with a user in it, and what hiera-eyaml has encrypted.
_OPENLY_SECRET = re.compile(r"://[^/\s]*@|ENC\[")
_NOWHERE = -1


def diff(before: bytes, after: bytes, path: str, looks_secret: Callable[[str], bool]) -> Iterator[str]:
    """Yield the lines of a unified diff, without line ends; nothing where nothing changes.

    Args:
        before: the file's content.
        after: what it is to be.
        path: its name.
        looks_secret: tells whether a name speaks of a secret; what stands behind such a name is masked.
    """
    old, new = _lines(before), _lines(after)
    shown_old, shown_new = masked(old, looks_secret), masked(new, looks_secret)
    groups = list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT))
    if groups:
        yield f"--- {path}"
        yield f"+++ {path}"
    for group in groups:
        yield _header(group)
        for kind, first, last, new_first, new_last in group:
            if kind == "equal":
                yield from (f" {line}" for line in shown_old[first:last])
                continue
            yield from (f"-{line}" for line in shown_old[first:last])
            yield from (f"+{line}" for line in shown_new[new_first:new_last])


def _lines(content: bytes) -> list[str]:
    # A line that ends otherwise is another line.
    text = content.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1]:
        return [*lines[:-1], f"{lines[-1]} (no newline at the end)"]
    return lines[:-1]


def _header(group: list[tuple[str, int, int, int, int]]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1 if length else start},{length}"


def masked(lines: Iterable[str], looks_secret: Callable[[str], bool]) -> list[str]:
    """Return lines of YAML or JSON with the values of secret names masked, those over many lines included."""
    masker = _Masker(looks_secret)
    return [masker.mask(line.rstrip("\r")) for line in lines]


class _Masker:
    """Goes through lines and knows whether it is inside a value that must not be seen."""

    def __init__(self, looks_secret: Callable[[str], bool]) -> None:
        self._looks_secret = looks_secret
        self._column = _NOWHERE
        self._depth = 0
        self._holds_items = False
        self._awaits_value = False

    def mask(self, line: str) -> str:
        """Return the next line as it may be seen."""
        if not line.strip():
            return line
        if self._is_inside(line):
            return _hidden(line[: len(line) - len(line.lstrip())], line)
        found = _KEY.match(line)
        if not self._is_secret(line, found):
            self._column, self._depth, self._holds_items, self._awaits_value = _NOWHERE, 0, False, False
            return line
        key = found.group("key") if found else line[: len(line) - len(line.lstrip())]
        self._enter(line, key)
        return _hidden(f"{key} " if found else key, line)

    def _is_secret(self, line: str, found: Optional[re.Match[str]]) -> bool:
        if _OPENLY_SECRET.search(line):
            return True
        holds_names = found is None or line[found.end() :].lstrip().startswith(("{", "["))
        return self._looks_secret(line if found is None or holds_names else found.group("key"))

    def _enter(self, line: str, key: str) -> None:
        self._column = len(key) - len(key.lstrip(" \t#-"))
        self._depth = max(0, _open_brackets(line))
        self._holds_items = self._awaits_value = not line[len(key) :].strip()

    def _is_inside(self, line: str) -> bool:
        if self._column == _NOWHERE:
            return False
        if self._depth:
            self._depth = max(0, self._depth + _open_brackets(line))
            return True
        column = len(line) - len(line.lstrip())
        is_first, self._awaits_value = self._awaits_value, False
        # JSON may have its value below the name without indentation, YAML the items of a list.
        is_item = self._holds_items and column == self._column and line.lstrip().startswith("-")
        if is_first and (column > self._column or is_item or _KEY.match(line) is None):
            self._depth = max(0, _open_brackets(line))
            return True
        return column > self._column or is_item


def _open_brackets(line: str) -> int:
    bare = _QUOTED.sub("", line)
    return bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")


def _hidden(shown: str, line: str) -> str:
    if not line[len(shown) :].strip(" {}[],"):
        return line
    return f"{shown}{MASK}{',' if line.endswith(',') else ''}"
