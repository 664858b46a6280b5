# SPDX-License-Identifier: Apache-2.0
"""A document against its schema: every problem a finding, the rest of the data left to use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tripleo_messaging.documents import PLAN_LIMITS, Data, parse_document
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.plan.mapping import plan_from_document
from tripleo_messaging.schema.validate import validate

SUITE = Path(__file__).parents[2] / "suites" / "schema_findings.yaml"
CASES = [
    pytest.param(file, text, expected, id=f"{file}: {text}")
    for file, cases in yaml.safe_load(SUITE.read_text()).items()
    for text, expected in cases.items()
]
TEXTS = [pytest.param(*case.values[:2], id=case.id) for case in CASES]


def check(text: str, file: str = "plan.yaml") -> tuple[Data, tuple[Finding, ...]]:
    """Parse a text that is right in form, and validate it."""
    document, findings = parse_document(text.encode(), file=file, limits=PLAN_LIMITS)
    assert findings == ()
    assert document is not None
    return validate(document, file.partition(".")[0])


@pytest.mark.parametrize(("file", "text", "expected"), CASES)
def test_findings(file: str, text: str, expected: list[str]) -> None:
    """Each problem has its rule, its line, what was found, what was expected and the way out."""
    _, findings = check(text, file)
    joint = ":" if file.endswith(".yaml") else ": "
    assert sorted(str(finding) for finding in findings) == sorted(f"{file}{joint}{text}" for text in expected)


@pytest.mark.parametrize(("file", "text"), TEXTS)
def test_no_secret_is_shown(file: str, text: str) -> None:
    """Neither a secret's value nor a text where none belongs is in a finding."""
    _, findings = check(text, file)
    assert "CANARY" not in repr(findings)
    assert "31337" not in repr(findings)
    assert "CAN ARY" not in repr(findings)


@pytest.mark.parametrize(("file", "text"), [case for case in TEXTS if str(case.values[0]).startswith("plan")])
def test_the_rest_can_still_be_used(file: str, text: str) -> None:
    """A plan is built from what remains, and nothing of it is wrong any more."""
    document, _ = parse_document(text.encode(), file=file, limits=PLAN_LIMITS)
    assert document is not None
    plan, _ = plan_from_document(document)
    data, _ = validate(document, "plan")
    assert (plan is None) == (data is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rpc: {prot: 1, port: 2}", {"rpc": {"port": 2}}),
        ("rpc: {'a b': 1, port: 2}", {"rpc": {"port": 2}}),
        ("rpc: {port: x, network: storage}", {"rpc": {"network": "storage"}}),
        ("rpc: {nodes: [a, 'null', null, b]}", {"rpc": {"nodes": ["a", "null", "b"]}}),
        ("rpc: {tls: {enabled: maybe, verify: no}}", {"rpc": {"tls": {"verify": False}}}),
        ("[]", None),
    ],
)
def test_only_what_is_wrong_is_left_out(text: str, expected: Any) -> None:
    """The value that is wrong goes, its neighbours stay."""
    assert check(text)[0] == expected


def test_a_whole_plan() -> None:
    """Every key of the format, typed as its schema says."""
    data, findings = check(
        """
version: 1
release: 2024.2
consumers: [puppet-openstack]
cell: ~
rpc:
  backend: rabbitmq
  nodes: oslo_messaging_rpc
  network: internal_api
  port: 05672
  virtual_host: 1:30
  user_name: no
  tls: {enabled: Yes, ca_file: /a/..b/c, certificate_file: /c, key_file: /k, verify: on}
  options: {heartbeat_rate: 3, ssl: yes}
  health_check: {interval_s: +30, timeout_s: 10}
  services: [nova, "neutron::agents"]
  instance_name: rabbit
notify:
  share: rpc
  driver: noop
  topics: [notifications, 010]
  consumed_by: [ceilometer]
  nodes: [ctl-0, {host: ctl-1, port: 5673}]
"""
    )
    assert findings == ()
    assert data == {
        "version": 1,
        "release": "2024.2",
        "consumers": ["puppet-openstack"],
        "cell": None,
        "rpc": {
            "backend": "rabbitmq",
            "nodes": "oslo_messaging_rpc",
            "network": "internal_api",
            "port": 5672,
            "virtual_host": "1:30",
            "user_name": "no",
            "tls": {
                "enabled": True,
                "ca_file": "/a/..b/c",
                "certificate_file": "/c",
                "key_file": "/k",
                "verify": True,
            },
            "options": {"heartbeat_rate": "3", "ssl": "yes"},
            "health_check": {"interval_s": 30, "timeout_s": 10},
            "services": ["nova", "neutron::agents"],
            "instance_name": "rabbit",
        },
        "notify": {
            "share": "rpc",
            "driver": "noop",
            "topics": ["notifications", "010"],
            "consumed_by": ["ceilometer"],
            "nodes": ["ctl-0", {"host": "ctl-1", "port": 5673}],
        },
    }


def test_other_services_passwords_pass_by() -> None:
    """A file of a whole cloud's passwords holds more than ours, of any type."""
    data, findings = check("parameter_defaults: {NovaPassword: 010, AdminToken: [x]}", "secrets.yaml")
    assert findings == ()
    assert data == {"parameter_defaults": {"NovaPassword": "010", "AdminToken": ["x"]}}
