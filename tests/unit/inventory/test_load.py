# SPDX-License-Identifier: Apache-2.0
"""Reading an inventory file that is absent, too large, or of the largest kind that is foreseen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from tripleo_messaging.documents import INVENTORY_LIMITS
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.inventory import load_inventory


def test_missing(tmp_path: Path):
    """A file that is not there is an exception that names it."""
    with pytest.raises(UnreadableFileError, match=r"nowhere\.yaml: no such file or directory"):
        load_inventory(tmp_path / "nowhere.yaml")


def test_too_large(tmp_path: Path):
    """A file over the bound is a finding, told without reading it whole."""
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, INVENTORY_LIMITS.size_bytes + 1)
    inventory, findings = load_inventory(path)
    assert inventory is None
    assert [finding.rule for finding in findings] == ["too-large"]


def test_errors_of_form_leave_no_inventory(tmp_path: Path):
    """A host written twice is not silently the second one."""
    path = tmp_path / "twice.yaml"
    path.write_text("a:\n  hosts:\n    h: {internal_api_ip: 10.0.0.1}\n    h: {internal_api_ip: 10.0.0.2}\n")
    inventory, findings = load_inventory(path)
    assert inventory is None
    assert [(finding.rule, finding.origin and finding.origin.line) for finding in findings] == [
        ("duplicate-key", 4)
    ]


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_ten_thousand_hosts(tmp_path: Path, suffix: str):
    """A large fleet is read whole, in order, from either format, line numbers or not."""
    hosts = {
        f"cmp-{number}": {"internal_api_ip": f"10.0.{number // 250}.{number % 250}"}
        for number in range(10_000)
    }
    groups = {f"service_{number}": {"children": {"Compute": {}}} for number in range(40)}
    path = tmp_path / f"fleet.{suffix}"
    write = {"json": json.dumps, "yaml": lambda data: yaml.dump(data, sort_keys=False)}[suffix]
    path.write_text(write({**groups, "Compute": {"hosts": hosts}}))
    inventory, findings = load_inventory(path)
    assert findings == ()
    assert inventory is not None
    assert inventory.groups["service_39"] == tuple(hosts) == tuple(inventory.hosts)
    assert inventory.hosts["cmp-9999"].addresses == {"internal_api": "10.0.39.249"}


def test_many_findings_are_summed_up(tmp_path: Path):
    """Ten thousand hosts with one mistake make a list that can be read, and its end says how many."""
    path = tmp_path / "mistake.json"
    path.write_text(json.dumps({"a": {"hosts": {f"h{number}": {"x_ip": "1.2"} for number in range(10_000)}}}))
    inventory, findings = load_inventory(path)
    assert inventory is None
    assert len(findings) == 51
    assert findings[-1].message == "has 9,950 more findings of this kind"
    assert {finding.severity for finding in findings} == {"error"}
