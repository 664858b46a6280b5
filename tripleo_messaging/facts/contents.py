# SPDX-License-Identifier: Apache-2.0
"""What is surprising in the facts of a file, or in its lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from tripleo_messaging.facts.external import lowered
from tripleo_messaging.facts.normalize import normalized
from tripleo_messaging.facts.outcome import Pairs, SpoiledError, problem
from tripleo_messaging.facts.ruby_text import OtherKey
from tripleo_messaging.model.finding import Finding, describe

_BOM = "\ufeff"


def content_remarks(file: str, pairs: Pairs) -> Iterator[Finding]:
    """Yield what Facter does to names and values of a file: small letters, values that it drops."""
    seen: dict[str, str] = {}
    for key, value in pairs:
        written = key.text if isinstance(key, OtherKey) else key
        yield from _about_name(file, written, seen)
        yield from _about_value(file, lowered(written), value)


def _about_name(file: str, written: str, seen: dict[str, str]) -> Iterator[Finding]:
    name = lowered(written)
    if name in seen:
        message = f"{describe(written)} and {describe(seen[name])} are one fact; the first counts"
        yield problem("same-name", "warning", message, file, name=name, hint="keep one of the two")
    elif name != written:
        message = f"{describe(written)} becomes {describe(name)}: names of facts are in small letters"
        yield problem("upper-case-name", "warning", message, file, name=name, hint="write it so")
    elif not name:
        yield problem("nameless", "warning", "a fact without a name", file, hint="give it a name")
    seen.setdefault(name, written)
    if "." in name:
        message = "a dot in the name: a flat fact, unless Facter runs with --force-dot-resolution"
        yield problem("dotted-name", "note", message, file, name=name, hint="write a mapping in YAML or JSON")


def _about_value(file: str, name: str, value: Any) -> Iterator[Finding]:
    try:
        plain = normalized(value)
    except SpoiledError as error:
        yield error.finding(file, name)
        return
    if plain is None:
        message = "without a value: the next file's value counts, or the core fact's"
        yield problem("null-value", "note", message, file, name=name, hint="leave it out")
    if _has(plain, _is_nul):
        message = "a NUL character in a string: Facter before 4.11 keeps it, 4.11 drops the fact"
        yield problem("nul-character", "warning", message, file, name=name, hint="leave it out")
    if _has(plain, _is_unwritable):
        message = "infinity, or no number: `facter --json` ends with an error"
        yield problem("not-finite", "warning", message, file, name=name, hint="write it as a text, in quotes")


def _has(value: Any, test: Callable[[Any], bool]) -> bool:
    if isinstance(value, dict):
        return any(_has(item, test) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(_has(item, test) for item in value)
    return test(value)


def _is_nul(value: Any) -> bool:
    return isinstance(value, str) and "\0" in value


def _is_unwritable(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def line_remarks(file: str, content: bytes) -> Iterator[Finding]:
    """Yield what Facter takes otherwise than it looks in the lines of a ``.txt`` file."""
    text = content.decode(errors="replace")
    if text.startswith(_BOM):
        message = "a byte order mark: it is part of the first name"
        yield problem("byte-order-mark", "warning", message, file, line=1, hint="save it without")
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield from _about_line(file, number, line.removesuffix("\r"))
            yield from _repeated(file, number, line, lines)


def _repeated(file: str, number: int, line: str, lines: dict[str, int]) -> Iterator[Finding]:
    name, is_pair, _ = line.partition("=")
    if is_pair and name in lines:
        message = f"the name of line {lines[name]} again; the last line counts"
        yield problem("repeated-name", "warning", message, file, line=number, hint="keep one of the two")
    lines[name] = number


def _about_line(file: str, number: int, line: str) -> Iterator[Finding]:
    name, _, value = line.partition("=")
    if not name or not value:
        message = "no `name=value`; Facter passes over the line"
        yield problem("no-pair", "note", message, file, line=number)
    elif line.lstrip().startswith("#"):
        message = "Facter knows no comments in .txt: this is a fact whose name begins with #"
        yield problem("comment", "warning", message, file, line=number, hint="remove the line")
    elif name != name.strip() or value != value.strip():
        message = "white space around name or value is part of it"
        yield problem("white-space", "warning", message, file, line=number, hint="write name=value")
    elif value[0] == value[-1] and value[0] in "'\"" and len(value) > 1:
        message = "the quotes around the value are part of it"
        yield problem("quotes", "warning", message, file, line=number, hint="leave them out")
