# SPDX-License-Identifier: Apache-2.0
"""The schemas themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.support.checkout import ROOT
from tripleo_messaging.schema.coerce import resolve_reference
from tripleo_messaging.schema.validate import load_schema

NAMES = sorted(path.stem for path in (ROOT / "schemas").glob("*.json"))
OPEN = {
    "secrets": {"$", "$.properties.parameter_defaults"},  # other services' passwords pass by
}


def subschemas(schema: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema within a schema, by where it stands."""
    yield path, schema
    for keyword in ("properties", "$defs"):
        for name, inner in schema.get(keyword, {}).items():
            yield from subschemas(inner, f"{path}.{keyword}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from subschemas(schema[keyword], f"{path}.{keyword}")


ALL = [
    pytest.param(name, schema, id=f"{name} {path}")
    for name in NAMES
    for path, schema in subschemas(load_schema(name))
]

SCHEMAS = [pytest.param(case.values[1], id=case.id) for case in ALL]


def test_all_are_found() -> None:
    """The folder holds the documents' kinds."""
    assert {"plan", "secrets"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema(name: str) -> None:
    """It is valid by the specification that it names."""
    schema = load_schema(name)
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_keyword_is_one_that_is_known(schema: dict[str, Any]) -> None:
    """A mistyped keyword would be passed by in silence."""
    known = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "const", "properties",
             "additionalProperties", "required", "items", "minItems", "uniqueItems", "pattern", "minLength",
             "maxLength", "minimum", "maximum", "writeOnly"}  # fmt: skip
    assert set(schema) <= known


@pytest.mark.parametrize(("name", "schema"), ALL)
def test_every_reference_resolves(name: str, schema: dict[str, Any]) -> None:
    """A reference leads to a definition of the same file, and that is no reference again."""
    if "$ref" in schema:
        prefix, _, definition = schema["$ref"].rpartition("/")
        assert prefix == "#/$defs"
        assert "$ref" not in load_schema(name)["$defs"][definition]


@pytest.mark.parametrize(("name", "schema"), ALL)
def test_every_property_is_described(name: str, schema: dict[str, Any]) -> None:
    """Each property and item has a sentence on what it is, and a name for messages."""
    inner = [*schema.get("properties", {}).values()]
    inner += [
        schema[keyword]
        for keyword in ("items", "additionalProperties")
        if isinstance(schema.get(keyword), dict)
    ]
    for one in inner:
        complete = resolve_reference(one, load_schema(name))
        assert complete["description"].endswith(".")
        assert complete["title"]
        assert not complete["title"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_unknown_keys_are_refused(name: str) -> None:
    """Each mapping says which keys it has, but for those named above."""
    is_open = {
        path
        for path, schema in subschemas(load_schema(name))
        if ("properties" in schema or "object" in schema.get("type", ()))
        and "additionalProperties" not in schema
    }
    assert is_open == OPEN.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_is_used(name: str) -> None:
    """What nothing refers to is not kept."""
    schema = load_schema(name)
    used = {inner["$ref"].rpartition("/")[2] for _, inner in subschemas(schema) if "$ref" in inner}
    assert used == set(schema.get("$defs", {}))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_patterns_hold_from_end_to_end(schema: dict[str, Any]) -> None:
    """A pattern without anchors would find a good piece in a bad text."""
    pattern = schema.get("pattern", "^$")
    assert (pattern[0], pattern[-1]) == ("^", "$")
