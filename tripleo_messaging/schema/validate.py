# SPDX-License-Identifier: Apache-2.0
"""Check a document against its JSON Schema, and report every problem as a finding."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

import attrs

from tripleo_messaging.documents import Data, Document
from tripleo_messaging.model.finding import Finding, Path, describe, did_you_mean, json_path
from tripleo_messaging.schema.coerce import Schema, coerce, resolve_reference

_SECRET_WORD = re.compile(r"pas+w|pwd|secret|cookie|credential|token|url", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@functools.cache
def load_schema(name: str) -> Schema:
    """Return the JSON Schema of a document kind, e.g. ``plan``."""
    text = resources.files("tripleo_messaging.schemas").joinpath(f"{name}.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


def validate(document: Document, name: str) -> tuple[Data, tuple[Finding, ...]]:
    """Type a document's scalars and check its shape.

    Args:
        document: what was parsed.
        name: the document kind, which names the schema.

    Returns:
        The typed data without the values that are wrong, so that the remaining rules can still
        look at the rest; and an error finding for each wrong value.
    """
    schema = load_schema(name)
    data = coerce(document.data, schema, schema)
    # One value may break two rules of its schema, and both say the same.
    problems: dict[tuple[Path, str], _Problem] = {}
    for problem in _problems(data, schema):
        problems.setdefault((problem.path, problem.message), problem)
    findings = tuple(_finding(problem, document) for problem in problems.values())
    return _without(data, [path for path, _ in problems]), findings


@attrs.frozen(kw_only=True)
class _Problem:
    rule: str
    path: Path
    message: str
    hint: str = ""


def _finding(problem: _Problem, document: Document) -> Finding:
    return Finding(
        rule=problem.rule,
        severity="error",
        path=json_path(tuple(_shown_step(step) for step in problem.path)),
        message=problem.message,
        hint=problem.hint,
        origin=document.origin(problem.path),
    )


def _problems(data: Data, schema: Schema) -> Iterator[_Problem]:
    for error in _validator()(schema).iter_errors(data):
        report = _REPORTS.get(str(error.validator), _bad_value)
        yield from report(error, tuple(error.absolute_path), schema)


@functools.cache
def _validator() -> Any:
    # Imported here: it takes a third of the time of a command that needs no schema.
    from jsonschema import Draft202012Validator, validators

    return validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Schema) -> Iterator[Any]:
    from jsonschema import ValidationError

    # In JSON Schema a final $ is the end of the text; in Python a line break may follow it.
    python_pattern = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(value, str) and not re.search(python_pattern, value):
        yield ValidationError("")


def _expected(schema: Schema) -> str:
    return str(schema.get("title", "what the schema asks for"))


def _shown(error: Any) -> str:
    if error.instance is not None and error.schema.get("writeOnly"):
        return "what stands here (not shown)"
    if isinstance(error.instance, str) and _types(error.schema) <= {"object", "null"}:
        # Nothing like a text belongs here, so this one may be anything, a password too.
        return "a text (not shown, as it may hold a secret)"
    return describe(error.instance)


def _types(schema: Schema) -> set[str]:
    types = schema.get("type", "string")
    return {types} if isinstance(types, str) else set(types)


def _bad_value(error: Any, path: Path, _root: Schema) -> Iterable[_Problem]:
    rule = _RULES.get(str(error.validator), "bad-value")
    message = f"{_shown(error)} is not {_expected(error.schema)}"
    return (_Problem(rule=rule, path=path, message=message, hint=_hint(error)),)


def _hint(error: Any) -> str:
    is_item = bool(error.path) and isinstance(error.path[-1], int)
    if error.instance is None:
        return "remove the item" if is_item else "remove the key for the default"
    if isinstance(error.instance, str) and "enum" in error.schema:
        return did_you_mean(error.instance, error.schema["enum"])
    is_scalar = isinstance(error.instance, (bool, int, float))
    return "write it in quotes" if is_scalar and "string" in _types(error.schema) else ""


def _unknown_keys(error: Any, path: Path, root: Schema) -> Iterable[_Problem]:
    known = resolve_reference(error.schema, root).get("properties", {})
    for key in error.instance:
        if key not in known:
            yield _Problem(
                rule="unknown-key",
                path=(*path, key),
                message="is not a key that is known here",
                hint=_unknown_key_hint(key, known),
            )


def _shown_step(step: str | int) -> str | int:
    """Return a key as it may be shown: a stray password can stand where a key was expected."""
    return "?" if isinstance(step, str) and not _KEY.fullmatch(step) else step


def _unknown_key_hint(key: str, known: Mapping[str, Any]) -> str:
    if _SECRET_WORD.search(key):
        return "secrets do not stand here: put them into the file given with --secrets"
    return did_you_mean(key, known) or f"known are {', '.join(known)}"


def _missing_key(error: Any, path: Path, _root: Schema) -> Iterable[_Problem]:
    missing = [key for key in error.validator_value if key not in error.instance]
    return tuple(_Problem(rule="missing-key", path=path, message=f"lacks the key {key!r}") for key in missing)


def _repeated_item(_error: Any, path: Path, _root: Schema) -> Iterable[_Problem]:
    return (
        _Problem(rule="repeated-item", path=path, message="holds an item twice", hint="keep one of them"),
    )


def _empty_list(error: Any, path: Path, _root: Schema) -> Iterable[_Problem]:
    message = f"is empty, expected {_expected(error.schema)}"
    return (_Problem(rule="empty-list", path=path, message=message, hint="remove the key for the default"),)


_RULES = {
    "type": "wrong-type",
    "enum": "not-one-of",
    "const": "not-one-of",
    "minimum": "out-of-range",
    "maximum": "out-of-range",
}

_REPORTS: Mapping[str, Callable[[Any, Path, Schema], Iterable[_Problem]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "uniqueItems": _repeated_item,
    "minItems": _empty_list,
}


def _without(data: Data, paths: Iterable[Path]) -> Data:
    """Return data without the values at `paths`; without everything when the root is wrong."""
    wrong = set(paths)
    if () in wrong:
        return None
    return _prune(data, (), wrong)


def _prune(value: Data, path: Path, wrong: set[Path]) -> Data:
    if isinstance(value, dict):
        kept = ((key, item) for key, item in value.items() if (*path, key) not in wrong)
        return {key: _prune(item, (*path, key), wrong) for key, item in kept}
    if isinstance(value, list):
        kept_items = ((i, item) for i, item in enumerate(value) if (*path, i) not in wrong)
        return [_prune(item, (*path, index), wrong) for index, item in kept_items]
    return value
