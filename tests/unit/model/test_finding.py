# SPDX-License-Identifier: Apache-2.0
"""Findings: how they read, and what they never show."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.model.finding import Finding, Origin, describe, did_you_mean, has_errors, json_path

HIDDEN = "a text (not shown, as it may hold a secret)"


@pytest.mark.parametrize(
    ("origin", "path", "hint", "expected"),
    [
        (Origin(file="p.yaml", line=3), "$.rpc", "do", "p.yaml:3: warning: $.rpc: is odd (do) [a-rule]"),
        (Origin(file="p.json"), "$", "", "p.json: warning: $: is odd [a-rule]"),
        (None, "$.rpc", "", "warning: $.rpc: is odd [a-rule]"),
    ],
)
def test_text(origin: Origin | None, path: str, hint: str, expected: str) -> None:
    """Where, how bad, which value, what, the way out, the rule."""
    finding = Finding(
        rule="a-rule", severity="warning", message="is odd", hint=hint, path=path, origin=origin
    )
    assert str(finding) == expected


def test_has_errors() -> None:
    """Warnings and notes are none."""
    finding = Finding(rule="r", severity="error", message="m")
    mild = [attrs.evolve(finding, severity=severity) for severity in ("warning", "note")]
    assert has_errors([*mild, finding])
    assert not has_errors(mild)
    assert not has_errors([])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "$"),
        (("rpc", "nodes", 0, "port"), "$.rpc.nodes[0].port"),
        (("all", "hosts", "ctl-0.example.org"), "$.all.hosts.ctl-0.example.org"),
        (("resource_registry", "OS::TripleO::Services::OsloMessagingRpc"),
         "$.resource_registry.OS::TripleO::Services::OsloMessagingRpc"),
        (("rabbit://u:p@h",), "$.?"),
        (("a\nb", "c"), "$.?.c"),
        (("Zx9kQm2LpT4v",), "$.?"),
        (("x" * 81,), "$.?"),
    ],
)  # fmt: skip
def test_json_path(path: Any, expected: str) -> None:
    """A key that may be a secret, or that spoils a terminal, is not shown."""
    assert json_path(path) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": "CANARY"}, "a mapping"),
        (["CANARY"], "a list"),
        (("CANARY",), "a list"),
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (70000, "70000"),
        (1.5, "1.5"),
        ("5672x", "'5672x'"),
        ("", "''"),
        ("it's", '"it\'s"'),
        ("rabbit://u:CANARY@h", HIDDEN),
        ("u:CANARY@h", HIDDEN),
        ("CANARY\n", HIDDEN),
        ("Zx9kQm2LpT4v", HIDDEN),
        ("is Zx9kQm2LpT4v here", HIDDEN),
        ("zx9kqm2lpt4vzx9kqm2lpt4v", "'zx9kqm2lpt4vzx9kqm2lpt4v'"),
        ("ctl-0.internalapi.localdomain", "'ctl-0.internalapi.localdomain'"),
        ("OS::TripleO::Services::Rpc2", "'OS::TripleO::Services::Rpc2'"),
        ("\x1b[2JCANARY", HIDDEN),
        ("x" * 80, repr("x" * 80)),
        ("x" * 81, "a text of 81 characters"),
        (10**100, "a text of 101 characters"),
    ],
)
def test_describe(value: object, expected: str) -> None:
    """A value is named as its file writes it, where that is safe."""
    assert describe(value) == expected


@given(st.text(), st.text())
def test_no_url_is_described(before: str, after: str) -> None:
    """Whatever stands around it."""
    for text in (f"{before}://{after}", f"{before}@{after}"):
        assert describe(text) in (HIDDEN, f"a text of {len(text)} characters")


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.text()), st.none()))
def test_a_description_is_one_short_line(value: object) -> None:
    """It fits into a table's cell."""
    assert describe(value).isprintable()
    assert len(describe(value)) <= 400


@pytest.mark.parametrize(
    ("word", "expected"),
    [("prot", "did you mean 'port'?"), ("port", "did you mean 'port'?"), ("frobnicate", ""), ("", "")],
)
def test_did_you_mean(word: str, expected: str) -> None:
    """Only a near word is offered."""
    assert did_you_mean(word, ["port", "virtual_host"]) == expected
