# SPDX-License-Identifier: Apache-2.0
"""External facts are read as the real Facter reads them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.facts import (
    CASES,
    TTLS,
    FacterServer,
    ask_facter,
    environ_of,
    failed_files,
    lay_out,
    lay_out_cache,
    read_case,
)
from tripleo_messaging.facts import default_directories, read_external_facts
from tripleo_messaging.facts.lint import FATAL_RULES

#: Findings of which Facter says "Failed to handle".
FAILING = {"bad-json", "bad-yaml", "not-utf-8", "symbol", "unreadable"}

#: What `facter:` of a case says where the program is not asked.
NOT_ASKED = {"waits for five minutes", "4.3 does not say so"}

#: Where Debian's Facter keeps facts of files.
CACHE = Path("/var/cache/facter/facts")

GROUP = "tripleo_messaging_case"

ENVIRON = environ_of({}, Path("/"))


@pytest.fixture(scope="module")
def core() -> dict[str, Any]:
    """What Facter prints without external facts."""
    with tempfile.TemporaryDirectory() as directory:
        facts, _ = ask_facter([Path(directory)], ENVIRON)
    assert facts is not None
    return facts


@pytest.mark.parametrize("name", CASES)
def test_facter_agrees_with_a_case(name: str, tmp_path: Path, core: dict[str, Any]) -> None:
    """What a case of the suite expects is what `facter --json` prints."""
    case = read_case(name)
    if case.get("facter") in NOT_ASKED:
        return
    directories = lay_out(case["directories"], tmp_path)
    given = directories[: case.get("given", len(directories))]
    with configured(case, tmp_path) as words:
        facts, errors = ask_facter(given, environ_of(case, tmp_path), *words)
    if case.get("facter") == "dies":
        assert facts is None
        return
    assert facts is not None, errors
    values = case["values"]
    ours = {key: value for key, value in facts.items() if key in values or key not in core}
    assert ours == values
    expected = {file for rule, file in case.get("problems", []) if rule in FAILING}
    assert failed_files(errors) == expected
    warned = {file for rule, file in case.get("problems", []) if rule == "wrote-to-stderr"}
    assert all(file in errors for file in warned)


@pytest.mark.parametrize("name", [name for name in CASES if "blocked" in read_case(name)])
def test_facter_agrees_on_a_group_of_names(name: str, tmp_path: Path, core: dict[str, Any]) -> None:
    """A group of names that is blocked is what its names are, each for itself."""
    case = read_case(name)
    directories = lay_out(case["directories"], tmp_path)
    with configured(case, tmp_path, as_group=True) as words:
        facts, errors = ask_facter(directories, environ_of(case, tmp_path), *words)
    assert facts is not None, errors
    assert {name: value for name, value in facts.items() if name not in core} == case["values"]


def test_facter_agrees_on_units() -> None:
    """Facter's own conversion gives the seconds of every time to live, and nil where ours is none."""
    program = (
        "require 'facter'; require 'json'; STDOUT.sync = true; out = STDOUT.dup; STDOUT.reopen(File::NULL)\n"
        "groups = Facter::FactGroups.new\n"
        "out.puts JSON.generate(ARGV.map { |text| groups.send(:ttls_to_seconds, text) })"
    )
    done = subprocess.run(
        ["ruby", "-e", program, *TTLS], env=ENVIRON, capture_output=True, check=True, timeout=60
    )
    assert dict(zip(TTLS, json.loads(done.stdout))) == TTLS


def test_own_directories() -> None:
    """Debian's Facter reads one of the directories that root's Facter reads by default."""
    program = "require 'facter'; print LegacyFacter::Util::Config.external_facts_dirs.join(' ')"
    done = subprocess.run(
        ["ruby", "-e", program], env=ENVIRON, capture_output=True, check=True, timeout=60, text=True
    )
    assert [path.rstrip("/") for path in done.stdout.split()] == ["/etc/facter/facts.d"]
    assert "/etc/facter/facts.d" in default_directories(ENVIRON, is_root=True)


@contextlib.contextmanager
def configured(case: dict[str, Any], tmp_path: Path, *, as_group: bool = False) -> Iterator[list[str]]:
    """Write what a case blocks, as a group or by names, and caches where Facter looks for it; remove it."""
    if not {"blocked", "cache"} & set(case):
        yield []
        return
    ttls = [{name: text} for name, text in case.get("cache", {"ttls": {}})["ttls"].items()]
    path = tmp_path / "facter.conf"
    blocked = case.get("blocked", [])
    groups = {GROUP: blocked} if as_group else {}
    facts = {"blocklist": [GROUP] if as_group else blocked, "ttls": ttls}
    path.write_text(json.dumps({"facts": facts, "fact-groups": groups}))
    CACHE.mkdir(parents=True, exist_ok=True)
    made = lay_out_cache(case, CACHE) if "cache" in case else []
    try:
        yield ["--config", str(path)]
    finally:
        for file in made:
            file.unlink(missing_ok=True)


NAMES = st.sampled_from(
    [
        *("a", "A", "b", "c.d", "é", "ΑΣ", "1", "1.0", "true", "~", "x y", "#c", "<<"),
        *("2001-1-1", "'q'", '"1"', "1:30", "-", "[l, 2]", "{m: 1.5}"),
    ]
)
SCALARS = st.sampled_from(
    [
        *("1", "1:30", "12:30:45", "1,000", "1,000.5", "tRUE", "yes", "n", "Off", "~", "nULL", "", "''"),
        *("2001-1-1", "2001-02-30", "2001-01-01 10:00:00", "2001-01-01T10:00:00Z", "1582-10-10", "010"),
        *("0o10", "08", "1e3", "1.0e+3", ".5", "1.", "0x_1F", "0b1", "1__0", "1_", "-1:30", "190:20:30.15"),
        *("'yes'", '"a\\tb"', "é", "a b", "a=b", "=", "!x 12", "!!str 12", "!!binary YWI=", ":s", "text"),
        *("! 7", "!!float 3", "0", "-0", "+12", "&n 5", "*n", "0_7", "%x", "[a, [b, 1:30], {c: ~}]"),
        *("{k: v, 1: w, 1.0: x}", "&m {q: 1}", "{<<: *m, z: 1}", "{z: 1, q: 2, <<: *m}", "[*m, *m]"),
    ]
)
YAML = st.lists(st.tuples(NAMES, SCALARS), max_size=5).map(
    lambda pairs: "".join(f"{name}: {value}\n" for name, value in pairs)
)
TEXT = st.text(alphabet="ab=# \r\n.AÉ\0'\"", max_size=20)
LINES = st.lists(st.tuples(NAMES, SCALARS), max_size=4).map(
    lambda pairs: "\n".join(f"{name}={value}" for name, value in pairs)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
JSON = st.one_of(
    st.dictionaries(st.sampled_from(["a", "A", "b", "c.d", "é", ""]), VALUES, max_size=4).map(json.dumps),
    st.sampled_from(
        [
            '{"a": NaN}',
            '/* c */ {"b": 1}',
            '{"a": "\\q"}',
            "{} x",
            '{"a":1,"a":2}',
            "null",
            '{"a": 1 // x\n}',
            "[",
        ]
    ),
)
BODIES = st.one_of(YAML, LINES, TEXT, JSON)
FILE_NAMES = st.tuples(
    st.sampled_from(["a", "b", "z", "B", ".h", "é", "a.b"]),
    st.sampled_from(["", ".yaml", ".YAML", ".yml", ".txt", ".Txt", ".json", ".sh", ".exe", ".d"]),
).map("".join)
FILES = st.dictionaries(
    FILE_NAMES,
    st.fixed_dictionaries({"text": BODIES, "mode": st.sampled_from(["644", "755", "600"])}),
    max_size=4,
)
VARIABLES = st.dictionaries(
    st.sampled_from(["FACTER_a", "facter_B", "FACTERLIKE", "FACTER__x", "Facter_é", "NOFACTER_a", "FACTER_"]),
    st.sampled_from(["", "1", "é", "yes"]),
    max_size=3,
)


def _printing(files: dict[str, Any]) -> dict[str, Any]:
    # Programs: what a case has as text is what they print.
    return {name: _program(what) if _is_run(name, what) else what for name, what in files.items()}


def _is_run(name: str, what: dict[str, Any]) -> bool:
    return what["mode"] == "755" and not name.lower().endswith((".yaml", ".txt", ".json"))


def _program(what: dict[str, Any]) -> dict[str, Any]:
    text = what["text"].replace("\0", "")
    return {**what, "text": f"#!/bin/sh\ncat <<'END OF FACTS'\n{text}\nEND OF FACTS\nexit 3\n"}


@pytest.fixture(scope="module")
def server() -> Iterator[FacterServer]:
    """Facter's classes in one process."""
    running = FacterServer(ENVIRON)
    yield running
    running.close()


@settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
@given(trees=st.lists(FILES, min_size=1, max_size=3), variables=VARIABLES)
def test_facter_agrees_on_random_directories(
    server: FacterServer, trees: list[dict[str, Any]], variables: dict[str, str]
) -> None:
    """Random directories and environments give the same facts, or Facter dies where we say so."""
    with tempfile.TemporaryDirectory() as root:
        laid = {f"facts{number}": _printing(files) for number, files in enumerate(trees)}
        directories = lay_out(laid, Path(root))
        theirs = server.read(directories, variables)
        ours = read_external_facts(directories, {**ENVIRON, **variables}, timeout_s=20)
    if "died" in theirs:
        assert {finding.rule for finding in ours.problems} & FATAL_RULES, theirs
    else:
        assert ours.values == theirs["values"]
