# SPDX-License-Identifier: Apache-2.0
"""A diff shows what changes, and nothing that is not known to be no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hierarchy_cases import FILE, SUITE, cases
from tripleo_messaging.hierarchy.diff import diff
from tripleo_messaging.hierarchy.ours import BEGIN, END
from tripleo_messaging.model.secret import MASK

CANARY = "canaryCANARY42"
SHOWN = sorted(path.parent for path in SUITE.glob("*/diff.txt"))


def shown(text: str) -> list[str]:
    """Return all lines of a text as they may be seen."""
    return [line[1:] for line in diff(b"", text.encode(), FILE)][3:]


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case.name)
def test_a_shape_is_shown(case: Path):
    """What is put in, levels and data directories can be read, and nothing else."""
    before, after = ((case / name).read_bytes() for name in ("before.yaml", "after.yaml"))
    expected = (case / "diff.txt").read_text(encoding="utf-8")
    assert "\n".join(diff(before, after, FILE)) + "\n" == expected


def test_there_are_enough_shapes():
    """An empty suite would prove nothing."""
    assert len(SHOWN) > 10


@pytest.mark.parametrize("case", cases(edited=True), ids=lambda case: case.name)
def test_what_is_put_in_is_shown(case: Path):
    """Of every shape, whole; a comment of others that follows on the line is not."""
    before, after = ((case / name).read_bytes() for name in ("before.yaml", "after.yaml"))
    added = [line[1:] for line in diff(before, after, FILE) if line.startswith("+")][1:]
    ours = [line.partition("# ")[0] for line in added if "messaging" in line or "hieradata" in line]
    assert MASK not in "".join(ours)
    assert (before == after) or ours


def test_nothing_changes_nothing_is_shown():
    """Equal contents have no diff."""
    assert list(diff(b"a: 1\n", b"a: 1\n", FILE)) == []


def test_a_changed_secret_is_seen_to_change():
    """Both values are masked, and the line is there twice."""
    before, after = b"a_password: one\n", b"a_password: two\n"
    assert list(diff(before, after, FILE))[3:] == [f"-{MASK}", f"+{MASK}"]


def test_a_missing_end_of_line_is_told():
    """The last line differs from one with its end."""
    lines = list(diff(b"version: 5", b"version: 5\n", FILE))
    assert lines[3:] == ["-version: 5 (no newline at the end)", "+version: 5"]


@pytest.mark.parametrize("broken", [b"a: [\n b\n", b"- a\n- b\n", b"\x00: 1\na: 1\n"])
def test_of_what_is_no_hierarchy_only_the_change_is_told(broken: bytes):
    """There is no context, and no line can be read."""
    assert list(diff(broken + b"\xff", broken, FILE))[3:] == [f"-{MASK} (no newline at the end)"]
    found = list(diff(broken, broken + b"version: 5\n", FILE))
    assert found[3:] == [f"+{MASK}"]
    assert [line.strip(" ") for line in shown(broken.decode("latin-1"))] == [MASK, MASK]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"  - name: x # {CANARY}", f"  - name: x # {MASK}"),
        (f"  - name: x\n    options: {CANARY}", f"  - name: x\n    options: {MASK}"),
        (f"  - name: x\n    options:\n      {CANARY}: 1", f"  - name: x\n    options:\n      {MASK}"),
        (f"  - {{name: x, options: {{pass: {CANARY}}}}}", f"  - {{name: x, options: {{{MASK}"),
        (f'  - {{"name": "x",\n  "mount": "kv", "password": "{CANARY}"}}', None),
        (f"  - name: x\n    ? password\n    : {CANARY}", f"  - name: x\n    ? {MASK}\n    : {MASK}"),
        (f"  - name: x\n    uri: http://bob:{CANARY}/tre@x", f"  - name: x\n    {MASK}"),
        (f"  - name: x\n    path: http://bob:{CANARY}/tre@x", f"  - name: x\n    path: {MASK}"),
        (f"  - name: ENC[PKCS7,{CANARY}]", f"  - name: {MASK}"),
        (f"  - name: x\n    lookup_key: {CANARY}", f"  - name: x\n    lookup_key: {MASK}"),
        (f"  - name: x\n    path: &{CANARY} y", f"  - name: x\n    path: {MASK}"),
        (f"  - name: x\n    path: !{CANARY} y", f"  - name: x\n    path: {MASK}"),
        (f"  - name: x\n    path: {{{CANARY}: {CANARY}}}", f"  - name: x\n    path: {{{MASK}"),
        (f"  - &a {{name: x, k: &b [{CANARY}]}}\n  - {{paths: *b}}", None),
        ('  - name: "a\\u0041"', f"  - name: {MASK}"),
        ("  - name: a\u202eb", f"  - name: {MASK}"),
        ("  - name: a\x85        b", f"  - name: {MASK}"),
        (f"  - name: x\n    api_key: |\n      -----BEGIN\n      {CANARY}\n      -----\n  - name: y", None),
        (f"  - name: x\n...\n{CANARY}: - :", f"  - name: x\n{MASK}\n{MASK}"),
        (f"  {BEGIN}\n  - name: x\n    password: {CANARY}\n  {END}", None),
        (f"  {BEGIN} {CANARY}", f"  # {MASK}"),
        (f"  # {END}", f"  # {MASK}"),
        (f"  - name: tripleo-messaging, sealed\n    options: {{file: {CANARY}}}", None),
        ("  - name: tripleo-messaging, sealed\n    options: {file: /f}", ...),
        ("  - name: x\n    options: {file: /f}", f"  - name: x\n    options: {{{MASK}"),
    ],
)
def test_what_is_not_known_is_masked(text: str, expected: Any):
    """Wherever it stands; the line is shown up to there."""
    found = "\n".join(shown(f"version: 5\nhierarchy:\n{text}\n")[2:])
    assert CANARY not in found
    if expected is not None:
        assert found == (text if expected is ... else expected)


def test_sections_of_backends_are_masked():
    """Of version 3: but for data directories and endings of files."""
    text = (
        f":backends: [json, {CANARY}]\n:json:\n  :datadir: /d\n  :extension: :json\n  :x: {CANARY}\n"
        f":http:\n  :pass: {CANARY}\n  :datadir: {CANARY}\n:logger: console\n:merge_behavior: {CANARY}\n"
        f":hierarchy: [a, {{b: {CANARY}}}, [{CANARY}]]\n"
    )
    assert shown(text) == [
        f":backends: [json, {MASK}",
        *(":json:", "  :datadir: /d", "  :extension: :json", f"  {MASK}"),
        *(MASK, f"  {MASK}", f"  {MASK}", ":logger: console", f":merge_behavior: {MASK}"),
        f":hierarchy: [a, {{{MASK}",
    ]


# A canary of two lines, of punctuation, in a URL, like one of our words: each with the canary in it.
_CANARIES = st.sampled_from(
    [
        CANARY,
        f"{CANARY}\n{CANARY}\n",
        f"http://a:{CANARY}@b",
        f"- {CANARY}: #",
        f"# {CANARY}",
        f"\x85{CANARY}\U0001f600",
    ]
)
_VALUES = st.recursive(
    _CANARIES | st.sampled_from(["common", 5, None]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_CANARIES | st.just("file"), inner, max_size=3)
    ),
    max_leaves=5,
)
_ENTRIES = st.fixed_dictionaries(
    {"name": st.sampled_from(["common", "tripleo-messaging", "é\U0001f600"])},
    optional={
        "path": st.just("nodes/%{x}.yaml"),
        "data_hash": _VALUES,
        "lookup_key": _VALUES,
        "options": _VALUES,
        "uri": _VALUES,
        CANARY: _VALUES,
        "version": _VALUES,
    },
)
_FILES_5 = st.fixed_dictionaries(
    {"version": st.just(5), "hierarchy": st.lists(_ENTRIES, max_size=3)},
    optional={
        "defaults": st.fixed_dictionaries({"options": _VALUES, "name": _VALUES, "path": _VALUES}),
        CANARY: _VALUES,
        "json": st.fixed_dictionaries({"extension": _VALUES, "password": _VALUES}),
        "backends": _VALUES,
        "logger": _VALUES,
    },
)
_FILES_3 = st.fixed_dictionaries(
    {":hierarchy": st.lists(st.just("common") | st.dictionaries(_CANARIES, _VALUES, max_size=2), max_size=4)},
    optional={
        ":json": st.dictionaries(_CANARIES | st.just(":extension"), _VALUES),
        ":http": _VALUES,
        ":logger": _VALUES,
    },
)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Write a file in any style, with comments of others at the ends of lines and between them."""
    data = draw(_FILES_5 | _FILES_3)
    if draw(st.booleans()):
        return json.dumps(data, indent=draw(st.sampled_from([None, 0, 2])), ensure_ascii=draw(st.booleans()))
    text: str = yaml.safe_dump(
        data,
        sort_keys=False,
        default_flow_style=draw(st.sampled_from([None, True, False])),
        default_style=draw(st.sampled_from([None, '"', "'", "|"])),
        width=draw(st.sampled_from([10, 1000])),
        allow_unicode=draw(st.booleans()),
        explicit_end=draw(st.booleans()),
    )
    comment = draw(st.sampled_from(["", f" # {CANARY}", f"\n# {CANARY}", f"\n    # {END} {CANARY}"]))
    return text.replace("\n", f"{comment}\n") if draw(st.booleans()) else text + comment.lstrip("\n")


@given(_texts(), st.integers(0, 200), st.sampled_from(["", "[", "\t", "\r", f"\n{CANARY}: 1\n", "&a "]))
def test_a_secret_is_never_shown(text: str, at: int, put_in: str):
    """Wherever a value, a comment, a key of options or a line of a text may stand; in damaged files, too."""
    for one, other in (
        (text, ""),
        ("", text),
        (text, f"version: 5\n{text}"),
        (text, text[:at] + put_in + text[at:]),
    ):
        found = list(diff(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"), FILE))
        assert CANARY not in "\n".join(found)
