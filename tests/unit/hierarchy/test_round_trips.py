# SPDX-License-Identifier: Apache-2.0
"""Random hierarchies come back byte for byte, and random texts break nothing."""

from __future__ import annotations

import json
from typing import Any, Optional

from hypothesis import given
from hypothesis import strategies as st

from tests.support.hierarchy_cases import FILE, our_levels
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy import Edit, with_levels, without_levels
from tripleo_messaging.hierarchy.config import read
from tripleo_messaging.model.finding import Finding

NEWLINES = ("\n", "\r\n", "\r")
_HEAD_3 = (":backends: [json]", ":json:", "  :datadir: /etc/puppet/hieradata")
_HEAD_5 = ("version: 5", "defaults:", "  datadir: data", "  data_hash: yaml_data")
_COMMENTS = st.sampled_from(["", "", "# one", "  # é 𝄞", "#", "      # deep", "# tripleo: x"])

PIECES = st.sampled_from(["", "#", "- ", ": ", "\n", "\t", "[", "]", "'", "&a ", "*a"])
NAMES = st.one_of(
    st.sampled_from(
        ["common", "all_nodes", "service_configs", "%{::uuid}", '"%{::uuid}"', "heat_%{::x}", "é"]
    ),
    st.text("abc_%{}:#[],'\" é\\", min_size=1, max_size=8).filter(lambda name: name.strip() == name),
)


@st.composite
def scalars(draw: st.DrawFn) -> str:
    """Write a name with one of YAML's quotes."""
    name = draw(NAMES)
    single = "'" + name.replace("'", "''") + "'"
    is_plain = name.replace("_", "").isalnum()
    return draw(
        st.sampled_from([single, json.dumps(name, ensure_ascii=False), *([name] if is_plain else [])])
    )


@st.composite
def items(draw: st.DrawFn, version: int) -> list[str]:
    """Write a level as the lines of a list's item, without indentation."""
    gap = " " * draw(st.integers(1, 3))
    name = draw(scalars())
    tail = draw(st.sampled_from(["", "", "  # why", " "]))
    if version == 3:
        return [f"-{gap}{name}{tail}"]
    if draw(st.booleans()):
        return [f"-{gap}{{name: {name}, path: {draw(scalars())}}}{tail}"]
    inner = " " * (1 + len(gap))
    kind = draw(st.sampled_from(["path", "glob", "uri"]))
    return [
        f"-{gap}name: {name}",
        *draw(st.lists(_COMMENTS, max_size=1)),
        f"{inner}{kind}: {draw(scalars())}{tail}",
    ]


@st.composite
def flow_lists(draw: st.DrawFn, version: int) -> str:
    """Write levels in brackets."""
    pair = st.builds("{{name: {}, path: {}}}".format, scalars(), scalars())
    written = draw(st.lists(scalars() if version == 3 else pair, max_size=5))
    comma = draw(st.sampled_from([",", ", ", " , ", ",  "]))
    space = draw(st.sampled_from(["", " "]))
    end = draw(st.sampled_from(["", ","])) if written else ""
    return f"[{space}{comma.join(written)}{space}{end}]"


@st.composite
def hierarchies(draw: st.DrawFn) -> bytes:
    """Write a hiera.yaml of version 3 or 5."""
    version = draw(st.sampled_from([3, 5]))
    key = ":hierarchy:" if version == 3 else "hierarchy:"
    head = list(_HEAD_3 if version == 3 else _HEAD_5)
    lines = draw(block_lists(version)) if draw(st.booleans()) else None
    body = [f"{key} {draw(flow_lists(version))}"] if lines is None else [key, *lines]
    if draw(st.integers(0, 9)) == 0:
        body = []
    parts = [head, body] if draw(st.booleans()) else [body, head]
    start = draw(st.sampled_from([[], ["---"], ["# top", "---"]]))
    end = draw(st.sampled_from([[], ["# end"], ["..."], ["", ""], ["---", "a: 1"]]))
    newline = draw(st.sampled_from(NEWLINES))
    text = newline.join([*start, *parts[0], *draw(st.lists(_COMMENTS, max_size=2)), *parts[1], *end])
    bom = draw(st.sampled_from(["", "", "\ufeff"]))
    return (bom + text + draw(st.sampled_from(["", newline, newline * 2]))).encode()


@st.composite
def block_lists(draw: st.DrawFn, version: int) -> list[str]:
    """Write levels with dashes."""
    indent = " " * draw(st.integers(0, 5))
    lines = []
    for _ in range(draw(st.integers(1, 5))):
        lines += draw(st.lists(_COMMENTS, max_size=2))
        lines += [line if line.lstrip().startswith("#") else indent + line for line in draw(items(version))]
    return lines


@given(hierarchies(), st.booleans())
def test_a_random_hierarchy_comes_back(content: bytes, sealed: bool):
    """In and out is nothing, twice in is once in, and a change of the levels keeps the place."""
    ours = our_levels(sealed=sealed)
    done = with_levels(content, FILE, ours)
    assert done.content != content
    assert without_levels(done.content, FILE) == content
    assert with_levels(done.content, FILE, ours).content == done.content
    other = with_levels(done.content, FILE, our_levels(sealed=not sealed))
    assert other.place == done.place
    assert with_levels(other.content, FILE, ours).content == done.content


@given(hierarchies(), st.data())
def test_a_place_that_is_named_comes_back(content: bytes, data: st.DataObject):
    """Above any level that can be named, the rest stays."""
    config = read(content.decode("utf-8-sig"), FILE)
    assert config is not None
    names = sorted({level.name for level in config.levels() if level.name})
    if not names:
        return
    above = data.draw(st.sampled_from(names))
    done, findings = attempt(content, above=above)
    assert {finding.rule for finding in findings} <= {"unknown-level"}
    if done is not None:
        assert without_levels(done.content, FILE) == content
        assert with_levels(done.content, FILE, our_levels()).content == done.content


@given(hierarchies(), st.integers(0, 400), PIECES)
def test_a_damaged_hierarchy_is_edited_whole_or_not_at_all(content: bytes, at: int, piece: str):
    """Whatever a slip makes of the file, it is refused with a finding, or comes back byte for byte."""
    text = content.decode()
    assert_whole_or_refused((text[:at] + piece + text[at + 1 :]).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_come_back(content: bytes):
    """No bytes raise anything but findings."""
    assert_whole_or_refused(content)


def assert_whole_or_refused(content: bytes):
    """See that a content comes back byte for byte if it is edited, and else is refused with its name."""
    done, findings = attempt(content, trust_datadir=True)
    if done is None:
        assert {finding.origin.file for finding in findings if finding.origin} == {FILE}
    else:
        assert without_levels(done.content, FILE) == content


def attempt(content: bytes, **options: Any) -> tuple[Optional[Edit], tuple[Finding, ...]]:
    """Return the edit, or why there is none."""
    try:
        return with_levels(content, FILE, our_levels(), **options), ()
    except InvalidInputError as error:
        return None, error.findings
