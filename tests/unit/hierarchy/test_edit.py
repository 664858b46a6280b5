# SPDX-License-Identifier: Apache-2.0
"""What an edit is asked for, and what is said of a file."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.hierarchy_cases import DATADIR, FILE, SUITE, cases, our_levels, outcome
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hieradata.install import LEVEL_NAMES
from tripleo_messaging.hierarchy import OurLevels, data_directory, with_levels, without_levels

V3 = ":backends: [json]\n:json:\n  :datadir: {}\n:hierarchy: [common]\n"


@pytest.mark.parametrize(
    "wrong",
    [
        {"datadir": "hieradata"},
        {"datadir": "/etc/%{::x}"},
        {"datadir": "/etc/\n"},
        {"names": ()},
        {"names": ("common",)},
        {"sealed_file": "/a"},
        {"private_key": "/a"},
        {"sealed_file": "a", "private_key": "/a"},
    ],
    ids=str,
)
def test_levels_that_would_lie_cannot_be_made(wrong: dict[str, Any]):
    """Paths are absolute and depend on no fact, the names are ours, and sealed secrets have their key."""
    with pytest.raises(ValueError, match=r"path|names|together"):
        OurLevels(**{"datadir": DATADIR, "names": LEVEL_NAMES, **wrong})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (V3.format("/srv/x/"), "/srv/x/"),
        (V3.format("'/srv/%{::x}'"), None),
        (":hierarchy: [common]\n", None),
        ("", None),
        ("version: 5\n", None),
        ("version: 4\nhierarchy: []\n", None),
    ],
)
def test_the_data_directory_of_a_file(content: str, expected: str | None):
    """It is what the JSON backend of version 3 reads, if that does not depend on facts."""
    assert data_directory(content.encode(), FILE) == expected


def test_the_data_directory_of_our_entry():
    """In version 5 it is what was written at the last installation."""
    done = with_levels(b"version: 5\n", FILE, our_levels(datadir="/srv/hiera", sealed=True))
    assert data_directory(done.content, FILE) == "/srv/hiera"


def test_directories_that_are_written_otherwise_are_the_same():
    """Slashes and dots do not matter, another directory does."""
    for written in (f"{DATADIR}/", "/etc/./puppet//hieradata"):
        with_levels(V3.format(written).encode(), FILE, our_levels())
    with pytest.raises(
        InvalidInputError, match=r"install with --target '/etc/puppet/data'\) \[other-datadir\]"
    ):
        with_levels(V3.format("/etc/puppet/data").encode(), FILE, our_levels())


def test_a_path_with_any_letter_is_written_so_that_it_is_read():
    """Quotes, backslashes and letters beyond ASCII in a path come through."""
    ours = our_levels(datadir="/srv/a\"b\\c 'é𝄞: #[x]")
    for content in (b"version: 5\n", b"version: 5\nhierarchy: []\n"):
        done = with_levels(content, FILE, ours)
        assert data_directory(done.content, FILE) == ours.datadir
        assert without_levels(done.content, FILE) == content


@pytest.mark.parametrize("above", ["TripleO", "service_configs.json", "all_nodes"])
def test_above_may_be_a_name_a_path_or_a_stem(above: str):
    """Any of them finds the entry."""
    content = (SUITE / "v5-paths-globs-mapped-paths" / "before.yaml").read_bytes()
    assert with_levels(content, FILE, our_levels(), above).place == "above 'TripleO'"


def test_above_must_be_one_level():
    """A name that two levels have is refused."""
    content = V3.replace("[common]", "[a/x, b/x]").format(DATADIR).encode()
    with pytest.raises(InvalidInputError, match="the hierarchy has more than one level 'x'"):
        with_levels(content, FILE, our_levels(), "x")
    assert with_levels(content, FILE, our_levels(), "b/x").place == "above 'b/x'"


def test_levels_by_hand_are_where_above_says_or_refused():
    """What was written by hand is not moved."""
    content = (SUITE / "v3-by-hand" / "before.yaml").read_bytes()
    assert with_levels(content, FILE, our_levels(), "service_configs").content == content
    with pytest.raises(InvalidInputError, match="take those that were written by hand out"):
        with_levels(content, FILE, our_levels(), "extraconfig")


def test_no_finding_quotes_what_may_be_secret():
    """Of a file's content only names of levels and keys are told."""
    secret = "canaryPassphrase1"
    for case in cases(edited=False):
        before = (case / "before.yaml").read_bytes()
        content = before + b"\nencrypted: " + secret.encode() + b"\n"
        try:
            findings = with_levels(content, FILE, our_levels()).findings
        except InvalidInputError as error:
            findings = error.findings
        assert secret not in "".join(map(str, findings)), case.name
    assert outcome(SUITE / "v4")[0] is None


def test_a_finding_of_a_broken_text_quotes_nothing():
    """The parser's own snippet of the file is left out."""
    for content in (
        b"a: canaryPassphrase1: b\n",
        b"a: 'canaryPassphrase1\n",
        b'a: "\\q canaryPassphrase1"\n',
    ):
        with pytest.raises(InvalidInputError) as caught:
            with_levels(content, FILE, our_levels())
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a: " + "[" * 5000 + "]" * 5000, "is nested deeper than 32 levels"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 10)}]\n" for m, n in zip("abcdefg", "bcdefgh")),
            "holds more than 100,000 values, those behind aliases counted at each use",
        ),
        ("#" * 1_000_001, "is larger than 1,000,000 characters"),
        ("a: &a [*a]", "has an alias without a finished anchor before it"),
    ],
    ids=["deep", "aliases", "long", "endless"],
)
def test_what_has_no_end_is_refused_soon(content: str, reason: str):
    """Size, depth and aliases are bounded."""
    start = time.monotonic()
    with pytest.raises(InvalidInputError, match=reason):
        with_levels(content.encode(), FILE, our_levels())
    assert time.monotonic() - start < 10


def test_a_thousand_levels():
    """A long list is edited as a short one."""
    names = "".join(f"  - level_{number}\n" for number in range(1000))
    content = V3.format(DATADIR).replace(" [common]\n", f"\n{names}").encode()
    done = with_levels(content, FILE, our_levels(), "level_500")
    assert without_levels(done.content, FILE) == content
    lines = done.content.decode().splitlines()
    assert lines[lines.index("  - level_500") - 2] == "  - messaging_all"
