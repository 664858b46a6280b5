# SPDX-License-Identifier: Apache-2.0
"""Scalars typed by their schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.documents import Plain
from tripleo_messaging.schema.coerce import coerce

TYPES = ("string", "integer", "number", "boolean", "null")


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("05672", "integer", 5672),
        ("-1", "integer", -1),
        ("1_000", "integer", "1_000"),
        ("1:30", "integer", "1:30"),
        ("0x10", "integer", "0x10"),
        ("1.0", "integer", "1.0"),
        ("١٢", "integer", "١٢"),
        ("9" * 19, "integer", "9" * 19),
        ("1.5", "number", 1.5),
        ("1e3", "number", 1000.0),
        (".5", "number", 0.5),
        ("1e999", "number", "1e999"),
        (".inf", "number", ".inf"),
        ("nan", "number", "nan"),
        ("Yes", "boolean", True),
        ("OFF", "boolean", False),
        ("y", "boolean", "y"),
        ("1", "boolean", "1"),
        ("2024.2", "string", "2024.2"),
        ("yes", "string", "yes"),
        ("yes", ["string", "boolean"], "yes"),
        ("5", ["integer", "null"], 5),
    ],
)
@pytest.mark.parametrize("make", [Plain, str])
def test_texts(text: str, type_: Any, expected: Any, make: Any) -> None:
    """A text becomes the type of its schema, with quotes or without; one of another form stays."""
    typed = coerce(make(text), {"type": type_}, {})
    assert typed == expected
    assert type(typed) is type(expected)


@pytest.mark.parametrize("text", ["~", "null", "Null", "NULL"])
def test_null_is_only_null_without_quotes(text: str) -> None:
    """A password that reads `null` can be written, in quotes."""
    assert coerce(Plain(text), {"type": "string"}, {}) is None
    assert coerce(text, {"type": "string"}, {}) == text


@pytest.mark.parametrize(
    ("types", "expected"), [("string", ""), ("integer", None), (["string", "null"], None)]
)
def test_nothing_after_the_colon(types: Any, expected: Any) -> None:
    """It is the empty text where only a text will do, else null."""
    assert coerce(Plain(""), {"type": types}, {}) == expected


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [(5672.0, "integer", 5672), (5672.5, "integer", 5672.5), (5.0, "number", 5.0), (True, "integer", True)],
)
def test_values_of_json(value: Any, type_: str, expected: Any) -> None:
    """A whole number is an integer where one is wanted, as a port is never written 5672.0."""
    typed = coerce(value, {"type": type_}, {})
    assert typed == expected
    assert type(typed) is type(expected)


def test_references_are_followed() -> None:
    """Properties, items and additional properties are typed, also behind a reference."""
    root = {"$defs": {"port": {"type": "integer"}}}
    port = {"$ref": "#/$defs/port", "description": "kept"}
    schema = {"properties": {"a": port, "b": {"items": port}}, "additionalProperties": port}
    assert coerce({"a": "1", "b": ["2", "x"], "c": "3"}, schema, root) == {"a": 1, "b": [2, "x"], "c": 3}


@given(st.text(max_size=10), st.sampled_from(TYPES), st.booleans())
def test_no_text_is_lost(text: str, type_: str, is_plain: bool) -> None:
    """A text that becomes nothing else stays itself, and is no `Plain` any more."""
    typed = coerce(Plain(text) if is_plain else text, {"type": type_}, {})
    assert typed is None or type(typed) in (int, float, bool) or (type(typed) is str and typed == text)
