# SPDX-License-Identifier: Apache-2.0
"""JSON text to values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from tripleo_messaging.documents.problems import RejectedError, too_deep, too_many_values, unreadable
from tripleo_messaging.documents.values import Data, Limits
from tripleo_messaging.model.finding import Finding, Origin, describe

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
# Reading an integer takes the square of its length, and Python 3.9 sets no bound itself.
_MAX_DIGITS = 100


def parse_json(text: str, file: str, limits: Limits) -> tuple[Data, tuple[Finding, ...]]:
    """Read JSON text; an empty one is ``None``, as in YAML.

    Raises:
        RejectedError: it is not JSON, or goes beyond the limits.
    """
    if not text.strip():
        return None, ()
    if _may_hold_more_than(text, limits.values):
        raise RejectedError(too_many_values(file, None, limits))
    reader = _Reader(file)
    try:
        data = reader.read(text)
    except json.JSONDecodeError as error:
        # The decoder's own words have no piece of the document, but its `doc` has all of it.
        reason = error.msg.partition(":")[0].removesuffix(" at").removesuffix(" starting").lower()
        raise RejectedError(unreadable(file, error.lineno, f"is not JSON: {reason}")) from None
    except RecursionError:
        raise RejectedError(too_deep(file, None, limits)) from None
    if _depth(data) > limits.depth:
        raise RejectedError(too_deep(file, None, limits))
    if _SURROGATE_ESCAPE.search(text) and not _is_unicode(data):
        message = r"holds half of a surrogate pair (\ud800 to \udfff), which is no character"
        raise RejectedError(unreadable(file, None, message))
    return data, tuple(reader.findings.values())


def _may_hold_more_than(text: str, values: int) -> bool:
    """Count before anything is built: a value follows an opening bracket or a comma."""
    if _separators(text) < values:
        return False
    return _separators(_STRING.sub("", text)) >= values


def _separators(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")


class _Reader:
    def __init__(self, file: str) -> None:
        self.findings: dict[str, Finding] = {}
        self._file = file

    def read(self, text: str) -> Data:
        data: Data = json.loads(
            text,
            object_pairs_hook=self._mapping,
            parse_int=self._integer,
            parse_float=self._number,
            parse_constant=self._refuse,
        )
        return data

    def _mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            self._note_duplicates([key for key, _ in pairs])
        return mapping

    def _note_duplicates(self, keys: list[str]) -> None:
        seen: set[str] = set()
        for key in keys:
            if key in seen:
                self.findings[key] = Finding(
                    rule="duplicate-key",
                    severity="error",
                    message=f"the key {describe(key)} is written twice in one mapping",
                    hint="keep one of them",
                    origin=Origin(file=self._file),
                )
            seen.add(key)

    def _integer(self, digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            raise RejectedError(
                unreadable(self._file, None, f"holds a number of more than {_MAX_DIGITS} digits")
            )
        return int(digits)

    def _number(self, digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise RejectedError(unreadable(self._file, None, "holds a number that is too large"))
        return number

    def _refuse(self, name: str) -> None:
        raise RejectedError(unreadable(self._file, None, f"is not JSON: {name} is no value there"))


def _depth(data: Data) -> int:
    """Return the depth of nesting, counted without recursion."""
    level = _collections((data,))
    depth = 0
    while level:
        level = _collections(child for value in level for child in _children(value))
        depth += 1
    return depth


def _collections(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (dict, list))]


def _children(collection: Any) -> Iterable[Any]:
    return collection.values() if isinstance(collection, dict) else collection


def _is_unicode(data: Data) -> bool:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
