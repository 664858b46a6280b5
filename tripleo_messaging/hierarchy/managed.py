# SPDX-License-Identifier: Apache-2.0
"""Our keys in a JSON file that a hierarchy reads already, such as TripleO's ``ansible_managed.json``.

They stand directly behind the opening brace, one a line; all else stays as it was, byte for byte. The first
of them lists the others, so that they are found again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tripleo_messaging.documents import Limits
from tripleo_messaging.documents.json_text import parse_json
from tripleo_messaging.documents.problems import RejectedError, unreadable
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.json_members import Member, members, opening
from tripleo_messaging.hierarchy.shadow import Shadow, shadowed
from tripleo_messaging.model.finding import Finding, Origin, describe

__all__ = ["CREATED", "LIMITS", "MANAGED", "Shadow", "shadowed", "with_keys", "without_keys"]

#: Holds the names of our keys.
MANAGED = "tripleo_messaging::managed"
#: Is there where there was no file before.
CREATED = "tripleo_messaging::managed::created"

LIMITS = Limits(size_bytes=64_000_000, values=5_000_000)

_BOM = b"\xef\xbb\xbf"
_INDENT = re.compile(r"(\r?\n)?([ \t]*)")


def with_keys(content: bytes, path: str, data: Mapping[str, Any], *, is_there: bool = False) -> bytes:
    """Put our keys into a file; those that are there already are replaced.

    Args:
        content: of the file; empty where there is none.
        path: its name as the operator gave it.
        data: our keys with their values as the file shall hold them: escaped, as in an installed level.
        is_there: whether there is a file, which tells one that is empty from none.

    Raises:
        InvalidInputError: it is no JSON mapping, or says one of the keys itself.
    """
    _refuse_blank(content, path, is_there=is_there)
    bare = without_keys(content, path)
    bom, text = _decoded(bare, path)
    created = {} if text.strip() else {CREATED: True}
    text = text if text.strip() else "{}\n"
    _check(text, path)
    there = members(text)
    _refuse_taken(text, path, there, data)
    new = text[: opening(text)] + _lines(text, there, {MANAGED: sorted(data), **created, **data})
    edited = bom + (new + text[opening(text) :]).encode()
    if without_keys(edited, path) != bare:
        message = "has a form that is not edited safely"
        raise InvalidInputError((_finding("exotic-form", path, message, "format it as JSON tools do"),))
    return edited


def without_keys(content: bytes, path: str) -> bytes:
    """Take out what `with_keys` put in; empty where the file would not be there without it.

    Raises:
        InvalidInputError: it is no JSON mapping.
    """
    bom, text = _decoded(content, path)
    if not text.strip():
        return content
    _check(text, path)
    there = members(text)
    names = _listed(there)
    if not names:
        return content
    theirs = [member for member in there if member.key not in names]
    if not theirs and any(member.key == CREATED for member in there):
        return b""
    return bom + _without(text, there, names).encode()


def _listed(there: Sequence[Member]) -> set[str]:
    """Return the names of what is ours."""
    lists = [member.value for member in there if member.key == MANAGED and isinstance(member.value, list)]
    names = {name for listed in lists for name in listed if isinstance(name, str)}
    return {MANAGED, CREATED, *names} if lists else set()


def _without(text: str, there: Sequence[Member], names: set[str]) -> str:
    count = next((at for at, member in enumerate(there) if member.key not in names), len(there))
    if count:
        # What follows our last comma was theirs, its spaces included.
        text = text[: opening(text)] + text[there[count - 1].comma :]
    return _without_scattered(text, names)


def _without_scattered(text: str, names: set[str]) -> str:
    """Take out what another program has put elsewhere while it wrote the file anew."""
    there = members(text)
    for at in reversed(range(len(there))):
        if there[at].key in names:
            last = at + 1 == len(there)
            start = there[at - 1].end if last and at else there[at].start
            text = text[:start] + text[there[at].end if last else there[at + 1].start :]
            there = members(text)
    return text


def _decoded(content: bytes, path: str) -> tuple[bytes, str]:
    bom = _BOM if content.startswith(_BOM) else b""
    try:
        return bom, content[len(bom) :].decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError((unreadable(path, line, "is not UTF-8 text"),)) from None


def _refuse_blank(content: bytes, path: str, *, is_there: bool) -> None:
    """Refuse what Hiera may take, but what no edit could give back."""
    if (content or is_there) and not _decoded(content, path)[1].strip():
        raise InvalidInputError((unreadable(path, None, "is empty", "write {} into it, or remove it"),))


def _check(text: str, path: str) -> None:
    try:
        data, findings = parse_json(text, path, LIMITS)
    except RejectedError as rejected:
        raise InvalidInputError((rejected.finding,)) from None
    if findings:
        raise InvalidInputError(findings)
    if not isinstance(data, dict):
        raise InvalidInputError((unreadable(path, None, "is no JSON mapping"),))


def _refuse_taken(text: str, path: str, there: Sequence[Member], data: Mapping[str, Any]) -> None:
    taken = [
        _finding(
            "key-taken",
            path,
            f"has the key {describe(member.key)} already, which is one of ours",
            "take it out there, or install into a level of its own with --hiera-config",
            text.count("\n", 0, member.start) + 1,
        )
        for member in there
        if member.key in data
    ]
    if taken:
        raise InvalidInputError(taken)


def _finding(rule: str, path: str, message: str, hint: str = "", line: int | None = None) -> Finding:
    origin = Origin(file=path, line=line)
    return Finding(rule=rule, severity="error", message=message, hint=hint, origin=origin)


def _lines(text: str, there: Sequence[Member], data: Mapping[str, Any]) -> str:
    """Return members with the spaces of the first one that is there."""
    newline, indent = "\n", "  "
    found = _INDENT.match(text, opening(text))
    if there and found and found.group(1):
        newline, indent = found.groups()
    pieces = [f"{newline}{indent}{piece}" for piece in _members(data)]
    return "".join(f"{piece}," for piece in pieces) if there else ",".join(pieces)


def _members(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        yield f"{json.dumps(key)}: {json.dumps(value)}"
