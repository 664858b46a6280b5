# SPDX-License-Identifier: Apache-2.0
"""Inventories in folders, and what they must come to: a new case is a new folder.

The order of hosts and the variables of the valid cases were compared with those of ansible-core 2.15.13.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tripleo_messaging.inventory import load_inventory

CASES = sorted((Path(__file__).parents[2] / "suites" / "inventories").iterdir())


def test_cases_are_found():
    """The walk finds the cases."""
    assert len(CASES) > 15


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inventory(case: Path, monkeypatch: pytest.MonkeyPatch):
    """An inventory gives the hosts, groups and findings, in order and text, that stand beside it."""
    (file,) = (path.name for path in case.iterdir() if path.name != "expected.yaml")
    monkeypatch.chdir(case)
    assert read(file) == yaml.safe_load(Path("expected.yaml").read_text(encoding="utf-8"))


def read(file: str) -> dict[str, Any]:
    """Read an inventory in the shape of the ``expected.yaml`` files; lists keep the order of mappings."""
    inventory, findings = load_inventory(file)
    outcome: dict[str, Any] = {"findings": [str(finding) for finding in findings]}
    if inventory is not None:
        assert tuple(inventory.hosts) == inventory.groups["all"]
        outcome["hosts"] = {
            name: {"addresses": dict(host.addresses), "host_names": dict(host.host_names)}
            for name, host in inventory.hosts.items()
        }
        outcome["groups"] = {name: list(hosts) for name, hosts in inventory.groups.items()}
    return outcome


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch):
    """No finding of any case shows the password that stands in its inventory."""
    planted = [case for case in CASES if any("hunter2" in path.read_text("utf-8") for path in case.iterdir())]
    assert len(planted) > 4
    for case in planted:
        monkeypatch.chdir(case)
        (file,) = (path.name for path in case.iterdir() if path.name != "expected.yaml")
        assert "hunter2" not in repr(load_inventory(file))
