# SPDX-License-Identifier: Apache-2.0
"""Give the scalars of a YAML document the types that its schema asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Union

from tripleo_messaging.documents import Data, Plain

Schema = Mapping[str, Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def resolve_reference(schema: Schema, root: Schema) -> Schema:
    """Follow a ``$ref`` into the ``$defs`` of the root; the referrer's description stays."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Schema = root["$defs"][reference.rpartition("/")[2]]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def coerce(value: Data, schema: Schema, root: Schema) -> Data:
    """Return `value` with every scalar typed as its schema says.

    A text is kept where the schema takes a text. ``05672`` is the integer 5672: no octal, no
    sexagesimal. A text that does not have the form of the type is left for the validator.
    """
    schema = resolve_reference(schema, root)
    if isinstance(value, dict):
        return {key: coerce(item, _property(schema, key), root) for key, item in value.items()}
    if isinstance(value, list):
        return [coerce(item, schema.get("items", {}), root) for item in value]
    return _coerce_scalar(value, schema) if isinstance(value, str) else _whole(value, schema)


def _property(schema: Schema, key: str) -> Schema:
    extra = schema.get("additionalProperties")
    found: Schema = schema.get("properties", {}).get(key, extra if isinstance(extra, dict) else {})
    return found


def _whole(value: Data, schema: Schema) -> Data:
    # JSON Schema takes 5672.0 for an integer, and a port is never written like that.
    is_whole = isinstance(value, float) and value.is_integer() and schema.get("type") == "integer"
    return int(value) if is_whole and isinstance(value, float) else value


def _coerce_scalar(text: str, schema: Schema) -> Data:
    types = schema.get("type", "string")
    types = [types] if isinstance(types, str) else types
    if isinstance(text, Plain) and text.is_null and (text != "" or "string" not in types or "null" in types):
        return None
    if "string" in types:
        return str(text)
    read = (reader(text) for name, reader in _READERS.items() if name in types)
    return next((value for value in read if value is not None), str(text))


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


_READERS: Mapping[str, Callable[[str], Union[int, float, bool, None]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": lambda text: _BOOLEANS.get(text.lower()),
}
