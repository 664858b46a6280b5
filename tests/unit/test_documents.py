# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain values: bounded, safe, with line numbers, and nothing typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tripleo_messaging.documents import (
    INVENTORY_LIMITS,
    PLAN_LIMITS,
    Document,
    Limits,
    Plain,
    parse_document,
    read_document,
)
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.model.finding import Origin, json_path

SUITE = Path(__file__).parents[1] / "suites" / "documents"
CANARY = "CANARY"
KEYS = {"description", "file", "text", "hex", "limits", "data", "plain", "lines", "findings"}

TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
TREES = st.recursive(
    TEXTS, lambda tree: st.lists(tree, max_size=4) | st.dictionaries(TEXTS, tree, max_size=4), max_leaves=12
)
JSON_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda tree: st.lists(tree, max_size=4) | st.dictionaries(TEXTS, tree, max_size=4),
    max_leaves=12,
)
KEY_NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
LETTERS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
PIECES = st.sampled_from(
    [
        *"{}[],'\"#@`\t\n\\\x00\ufeff\u2028a",
        "b: ",
        "- ",
        "  ",
        "&x ",
        "*x",
        "<<: ",
        "? ",
        ": ",
        "|\n",
        "---\n",
        "...\n",
        "!!python/name:os ",
        "%YAML 1.1\n",
        "\\ud800",
    ]
)


def load_case(path: Path) -> dict[str, Any]:
    """Read a case; its text as bytes under ``text``, its limits as `Limits`."""
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= KEYS
    content = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
    limits = attrs.evolve(PLAN_LIMITS, **case.get("limits", {}))
    return {
        "file": "plan.yaml",
        "findings": [],
        "plain": [],
        "lines": {},
        **case,
        "text": content,
        "limits": limits,
    }


CASES = {path.stem: load_case(path) for path in sorted(SUITE.glob("*.yaml"))}


def parse_case(case: dict[str, Any]) -> tuple[Document | None, list[str]]:
    """Parse a case; its findings as texts."""
    document, findings = parse_document(case["text"], file=case["file"], limits=case["limits"])
    return document, [str(finding) for finding in findings]


def scalars(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its JSON path."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from scalars(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from scalars(value, (*path, index))
    else:
        yield json_path(path), data


@pytest.mark.parametrize("name", CASES)
def test_findings(name: str) -> None:
    """Each problem of form is found, with its line, and worded whole."""
    assert parse_case(CASES[name])[1] == CASES[name]["findings"]


@pytest.mark.parametrize("name", CASES)
def test_data(name: str) -> None:
    """The values are those written; a text that cannot be read as a whole has none."""
    document, _ = parse_case(CASES[name])
    assert (document is not None) == ("data" in CASES[name])
    if document is not None:
        assert document.data == CASES[name]["data"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "data" in case])
def test_plain_scalars(name: str) -> None:
    """What stood without quotes is told from what stood in quotes."""
    document, _ = parse_case(CASES[name])
    assert document is not None
    plain = [path for path, value in scalars(document.data) if isinstance(value, Plain)]
    assert sorted(plain) == sorted(CASES[name]["plain"])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["lines"]])
def test_lines(name: str) -> None:
    """A value has the line that it was written on."""
    document, _ = parse_case(CASES[name])
    assert document is not None
    lines = {json_path(path): line for path, line in document.lines.items()}
    assert {path: lines.get(path) for path in CASES[name]["lines"]} == CASES[name]["lines"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if CANARY.encode() in case["text"]])
def test_no_text_of_the_document_is_shown(name: str) -> None:
    """A secret that stands where the problem is does not stand in the finding."""
    case = CASES[name]
    _, findings = parse_document(case["text"], file=case["file"], limits=case["limits"])
    assert findings
    assert CANARY not in repr(findings)
    assert CANARY not in " ".join(str(finding) for finding in findings)


def test_the_suite_is_there() -> None:
    """The folder of cases is found, and the canary is in some of them."""
    assert len(CASES) > 50
    assert sum(CANARY.encode() in case["text"] for case in CASES.values()) >= 10


def bomb(levels: int, width: int) -> bytes:
    """Write a billion laughs: every level holds the one before `width` times."""
    lines = ["a0: &a0 [lol]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines).encode()


HUGE = {
    "laughing aliases": ("p.yaml", bomb(30, 10), "too-many-values"),
    "laughing merges": (
        "p.yaml",
        b"a: &a {k: [" + b"x," * 3000 + b"]}\n" + b"\n".join(b"b%d: {<<: *a}" % n for n in range(3000)),
        "too-many-values",
    ),
    "deep flow YAML": ("p.yaml", b"[" * 100_000, "too-deep"),
    "deep flow mappings": ("p.yaml", b"{a: " * 100_000, "too-deep"),
    "deep block YAML": ("p.yaml", b"- " * 100_000, "too-deep"),
    "deep keys": ("p.yaml", b"? " * 100_000, "unreadable-document"),
    "deep JSON": ("p.json", b"[" * 100_000, "too-deep"),
    "deep JSON mappings": ("p.json", b'{"a":' * 100_000, "too-deep"),
    "closed deep JSON": ("p.json", b"[" * 900 + b"]" * 900, "too-deep"),
    "many empty lists": ("p.json", b"[" + b"[]," * 10_000_000 + b"[]]", "too-many-values"),
    "long integer": ("p.json", b"[" + b"1" * 5_000_000 + b"]", "unreadable-document"),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_texts_are_refused_at_once(name: str) -> None:
    """What is made to exhaust the reader is refused before it does; the size limit is passed by here."""
    file, text, rule = HUGE[name]
    started = time.monotonic()
    document, findings = parse_document(text, file=file, limits=INVENTORY_LIMITS)
    # A comparison that fails would print the document, and that is what must not be tried.
    is_refused = document is None
    assert ([finding.rule for finding in findings], is_refused) == ([rule], True)
    assert time.monotonic() - started < 10


MEMORY_PROBE = """
import resource, sys
from tripleo_messaging.documents import INVENTORY_LIMITS, parse_document, read_document
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kind, argument = sys.argv[1:]
if kind == "read":
    document, findings = read_document(argument, INVENTORY_LIMITS)
else:
    document, findings = parse_document(open(argument, "rb").read(), file=argument, limits=INVENTORY_LIMITS)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, document, *[f.rule for f in findings])
"""


def memory_of(kind: str, path: Path) -> tuple[int, str]:
    """Return by how many KiB a process grew that reads a file, and what it said."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_PROBE, kind, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    grown, _, said = done.stdout.strip().partition(" ")
    return int(grown), said


def test_an_alias_bomb_takes_little_memory(tmp_path: Path) -> None:
    """Aliases are shared while they are counted, so that a bomb costs what its text does."""
    path = tmp_path / "bomb.yaml"
    path.write_bytes(bomb(30, 10))
    grown, said = memory_of("parse", path)
    assert said == "None too-many-values"
    assert grown < 20_000


def test_a_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    """No more is read than the bound and one byte."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    document, findings = read_document(path, PLAN_LIMITS)
    assert document is None
    assert [str(finding) for finding in findings] == [
        f"{path}: error: $: is larger than the 1,000,000 bytes that are read at the most [too-large]"
    ]
    grown, said = memory_of("read", path)
    assert said == "None too-large"
    assert grown < 80_000


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "no such file or directory"),
        ("directory", "not a regular file"),
        ("pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("a\0b", "not a usable path"),
        ("loop", "too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_told_as_such(tmp_path: Path, name: str, reason: str) -> None:
    """A file that cannot be looked at is an error of another kind than one whose text is wrong."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UnreadableFileError) as caught:
        read_document(f"{tmp_path}/{name}" if name[0] != "/" else name, PLAN_LIMITS)
    assert caught.value.reason == reason


def test_a_document_without_lines() -> None:
    """Line numbers are left out where they are not asked for, and a duplicate is found all the same."""
    document, findings = parse_document(b"a: 1\na: 2\n", file="p.yaml", limits=PLAN_LIMITS, with_lines=False)
    assert document == Document(file="p.yaml", data={"a": "2"}, lines={})
    assert [str(finding) for finding in findings] == [
        "p.yaml:2: error: $.a: is written twice (keep one of them) [duplicate-key]"
    ]


def test_origin_of_what_was_not_written() -> None:
    """A value without a line of its own has that of the nearest parent that was written."""
    document, _ = parse_document(b"\na:\n  b: 1\n", file="p.yaml", limits=PLAN_LIMITS)
    assert document is not None
    assert document.origin(("a", "b")) == Origin(file="p.yaml", line=3)
    assert document.origin(("a", "c", 0, "d")) == Origin(file="p.yaml", line=2)
    assert document.origin(("x",)) == Origin(file="p.yaml", line=2)


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_nulls(text: str) -> None:
    """These five texts are null to YAML, and only without quotes."""
    assert Plain(text).is_null
    assert not Plain(f"{text}x").is_null
    document, _ = parse_document(f"[{text or '~'}, '{text}']".encode(), file="p.yaml", limits=PLAN_LIMITS)
    assert document is not None
    assert isinstance(document.data, list)
    assert [type(item) for item in document.data] == [Plain, str]


@given(st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=20).map("".join).map(str.encode)))
@example(b"a: &a [*a]")
@example(b"? ? ? a")
@example(b"!%FF x")
@example(b"%YAML 9.9\n--- a")
@example(b"- \xef\xbb\xbf")
def test_any_bytes_give_a_document_or_findings(text: bytes) -> None:
    """Nothing that can stand in a file makes the reader raise."""
    for file in ("p.yaml", "p.json"):
        document, findings = parse_document(
            text, file=file, limits=Limits(size_bytes=1000, depth=5, values=20)
        )
        assert document is not None or findings
        for finding in findings:
            assert str(finding).isprintable()
        if document is not None:
            json.dumps(document.data, ensure_ascii=False).encode()


@given(TREES, st.booleans(), st.booleans())
def test_structure_is_that_of_another_reader(tree: Any, flow: bool, unicode: bool) -> None:
    """Documents of texts come out as PyYAML's own loader reads them."""
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=unicode, sort_keys=False)
    loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it builds texts, lists and mappings only
    document, findings = parse_document(text.encode(), file="p.yaml", limits=PLAN_LIMITS)
    assert findings == ()
    assert document is not None
    assert document.data == loaded


@given(st.dictionaries(KEY_NAMES, LETTERS, min_size=1, max_size=8), st.integers(0, 3))
def test_lines_are_those_of_the_text(mapping: dict[str, str], blank_lines: int) -> None:
    """A key's line is where an editor finds it."""
    keys = list(mapping)
    text = "\n" * blank_lines + "".join(f"{key}: {json.dumps(mapping[key])}\n# a comment\n" for key in keys)
    document, _ = parse_document(text.encode(), file="p.yaml", limits=PLAN_LIMITS)
    assert document is not None
    expected = {(key,): blank_lines + 1 + 2 * number for number, key in enumerate(keys)}
    assert {path: line for path, line in document.lines.items() if path} == expected


@given(JSON_TREES)
def test_json_is_read_as_it_was_written(tree: Any) -> None:
    """What `json` writes comes back the same."""
    document, findings = parse_document(json.dumps(tree).encode(), file="p.json", limits=PLAN_LIMITS)
    assert findings == ()
    assert document is not None
    assert document.data == tree
