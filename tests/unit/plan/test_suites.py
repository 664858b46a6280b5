# SPDX-License-Identifier: Apache-2.0
"""Every plan of ``tests/suites/plans``; adding a case is adding a folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.plan_cases import SUITE, case_directories, expected, outcome

PACKAGE = SUITE.parents[2] / "tripleo_messaging"

# Rules on how Heat files and inventories are read have suites of their own; one on public keys its test.
_RULE_HOMES = ("plan", "schema", "backends", "hieradata", "documents")
_ELSEWHERE = ("heat", "seal")
# What only the API, or another file than a plan, can show.
_NOT_BY_A_PLAN = {"too-large"}


def _cases(kind: str) -> list[object]:
    return [pytest.param(case, id=case.name) for case in case_directories(kind)]


@pytest.mark.parametrize("case", _cases("valid"))
def test_valid_plan_resolves_to_what_its_author_expected(case: Path) -> None:
    """A valid plan has no error, the warnings written down, and that topology."""
    found = outcome(case)

    assert expected(case) == found
    assert not [finding for finding in found["findings"] if ": error: " in finding]


@pytest.mark.parametrize("case", _cases("invalid"))
def test_invalid_plan_gets_all_its_findings_at_once(case: Path) -> None:
    """An invalid plan has the findings written down, in their order and to the letter."""
    findings = outcome(case)["findings"]

    assert expected(case)["findings"] == findings
    assert any(": error: " in finding or ": warning: " in finding for finding in findings)


@pytest.mark.parametrize("case", _cases("invalid") + _cases("valid"))
def test_no_finding_shows_a_secret(case: Path) -> None:
    """Whatever stands for a secret in a case is in none of its findings."""
    assert "s3cret" not in "\n".join(outcome(case)["findings"])


def _rule_names(path: Path) -> set[str]:
    """Return the rule names that a module writes: third of finding_at, ``rule=`` of the rest."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        values = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
        if getattr(node.func, "id", "") == "finding_at":
            values.append(node.args[2])
        names |= {value.value for value in values if isinstance(value, ast.Constant)}
    return names


def test_every_rule_has_a_case() -> None:
    """A rule that no plan of the suite breaks would be a rule that nobody has seen work."""
    homes = [PACKAGE / home for home in _RULE_HOMES]
    modules = [path for home in homes for path in (home.rglob("*.py") if home.is_dir() else [home])]
    written = set().union(*(_rule_names(path) for path in modules if not path.name.startswith(_ELSEWHERE)))
    shown = "\n".join(path.read_text(encoding="utf-8") for path in SUITE.glob("*/*/expected.yaml"))

    assert {rule for rule in written if f"[{rule}]" not in shown} == _NOT_BY_A_PLAN
