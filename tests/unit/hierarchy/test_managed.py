# SPDX-License-Identifier: Apache-2.0
"""Our keys go into a JSON file that is there already, and out again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.managed import CREATED, MANAGED, with_keys, without_keys

FILE = "ansible_managed.json"
DATA: dict[str, Any] = {
    "messaging_rpc_port": 5672,
    "messaging_rpc_password": "é%%{}{x}",
    "lookup_options": {"messaging_rpc_password": {"convert_to": "Sensitive"}},
}
KEYS = st.text('abc:_é"\\ ', min_size=1, max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
SPACES = st.sampled_from(["", " ", "\n", "\r\n", "\n  ", "\t", "\n\n    "])


@st.composite
def mappings(draw: st.DrawFn) -> bytes:
    """Write a JSON mapping with any spaces."""
    data = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    gap = draw(SPACES)
    members = f"{draw(SPACES)},{gap}".join(
        f"{json.dumps(key, ensure_ascii=draw(st.booleans()))}{draw(SPACES)}:{draw(SPACES)}{json.dumps(value)}"
        for key, value in data.items()
    )
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return f"{bom}{draw(SPACES)}{{{gap}{members}{draw(SPACES)}}}{draw(SPACES)}".encode()


_MEMBERS = (f'"{MANAGED}": ["a", "b"],', '"b": 1,', '"a": {"c": "\\u00e9"}')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", "{\n  " + "\n  ".join(_MEMBERS) + "}"),
        ('{\r\n\t"x": 1\r\n}\r\n', "{\r\n\t" + "\r\n\t".join(_MEMBERS) + ',\r\n\t"x": 1\r\n}\r\n'),
        ('{"x": 1}', "{\n  " + "\n  ".join(_MEMBERS) + ',"x": 1}'),
        ("", "{\n  " + "\n  ".join((_MEMBERS[0], f'"{CREATED}": true,', *_MEMBERS[1:])) + "}\n"),
    ],
    ids=["empty mapping", "Windows lines and tabs", "one line", "no file"],
)
def test_keys_stand_behind_the_brace(before: str, after: str):
    """One a line with the indentation of the others, the list of them first."""
    assert with_keys(before.encode(), FILE, {"b": 1, "a": {"c": "é"}}).decode() == after


@given(mappings(), st.dictionaries(KEYS.map("messaging_{}".format), VALUES, max_size=4))
def test_any_mapping_comes_back(content: bytes, data: dict[str, Any]):
    """In and out is nothing; a second time nothing changes; other keys replace the former."""
    edited = with_keys(content, FILE, data)
    assert without_keys(edited, FILE) == content
    assert with_keys(edited, FILE, data) == edited
    assert without_keys(with_keys(edited, FILE, DATA), FILE) == content
    theirs = json.loads(content.decode("utf-8-sig"))
    ours = {MANAGED: sorted(data), **data}
    assert json.loads(edited.decode("utf-8-sig")) == {**ours, **theirs}


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from([None, 1, 4]), st.booleans())
def test_what_another_program_wrote_anew_comes_out(theirs: dict[str, Any], indent: Any, sort: bool):
    """Keys that were put elsewhere are taken out, and nothing else."""
    written = json.loads(with_keys(json.dumps(theirs).encode(), FILE, DATA))
    anew = json.dumps(written, indent=indent, sort_keys=sort).encode()
    assert json.loads(without_keys(anew, FILE)) == theirs
    scattered = {**dict(list(written.items())[2:]), **dict(list(written.items())[:2])}
    assert json.loads(without_keys(json.dumps(scattered, indent=indent).encode(), FILE)) == theirs


def test_a_file_that_was_not_there_goes():
    """Empty means that there is no file; what others have put in meanwhile stays."""
    made = with_keys(b"", FILE, DATA)
    assert json.loads(made) == {MANAGED: sorted(DATA), CREATED: True, **DATA}
    assert without_keys(made, FILE) == b""
    assert with_keys(made, FILE, DATA) == made
    grown = json.dumps({**json.loads(made), "site": 1}).encode()
    assert json.loads(without_keys(grown, FILE)) == {"site": 1}


@pytest.mark.parametrize("content", [b"", b" ", b"\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_that_is_empty_is_refused(content: bytes):
    """It could not be told from one that was not there, and would be removed."""
    with pytest.raises(InvalidInputError) as caught:
        with_keys(content, FILE, DATA, is_there=True)
    (finding,) = caught.value.findings
    assert str(finding).startswith(f"{FILE}: error: $: is empty (write {{}} into it, or remove it)")
    if content:
        with pytest.raises(InvalidInputError, match="is empty"):
            with_keys(content, FILE, DATA)
    made = with_keys(b"", FILE, DATA)
    assert with_keys(made, FILE, DATA, is_there=True) == made


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"messaging_rpc_port": 1}\n', b'{"a": {"%s": []}}' % MANAGED.encode()]
)
def test_what_is_not_ours_stays(content: bytes):
    """A file without our list is given back, though a key is named like one of ours."""
    assert without_keys(content, FILE) == content


def test_keys_of_others_are_not_replaced():
    """Every key that is there already is told with its line, without its value."""
    content = b'{\n  "messaging_rpc_port": "canary5672",\n\n  "lookup_options": {"a": {"merge": "deep"}}\n}\n'
    with pytest.raises(InvalidInputError) as caught:
        with_keys(content, FILE, DATA)
    assert str(caught.value).splitlines() == [
        f"{FILE}:{line}: error: $: has the key {key!r} already, which is one of ours (take it out there, or"
        " install into a level of its own with --hiera-config) [key-taken]"
        for line, key in ((2, "messaging_rpc_port"), (4, "lookup_options"))
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[]", "is no JSON mapping"),
        (b'{"a": canary}', "is not JSON: expecting value"),
        (b'{"a": 1, "a": 2}', "the key 'a' is written twice in one mapping"),
        (b"\xff{}", "is not UTF-8 text"),
        (b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}", "is nested deeper than 32 levels"),
    ],
)
def test_what_is_no_mapping_is_refused(content: bytes, reason: str):
    """The finding has the file and nothing of its content."""
    with pytest.raises(InvalidInputError) as caught:
        with_keys(content, FILE, DATA)
    (finding,) = caught.value.findings
    assert reason in str(finding)
    assert FILE in str(finding)
    assert "canary" not in str(finding)


def test_a_list_that_is_none_is_nobodys():
    """A member of that name which lists nothing is not ours."""
    content = json.dumps({MANAGED: "a", "a": 1}).encode()
    assert without_keys(content, FILE) == content
