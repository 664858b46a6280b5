# SPDX-License-Identifier: Apache-2.0
"""The plans of ``tests/suites/plans``, and what this package makes of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import attrs
import yaml

from tripleo_messaging.hieradata.build import Levels, build, required_secrets
from tripleo_messaging.hieradata.check import check_secrets
from tripleo_messaging.hieradata.former import check_former
from tripleo_messaging.inventory.load import load_inventory
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.model.inventory import Inventory
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.passwords.stack_file import read_secrets
from tripleo_messaging.plan.load import read_plan
from tripleo_messaging.plan.resolve import resolve
from tripleo_messaging.plan.rules import check_plan

SUITE = Path(__file__).parents[1] / "suites" / "plans"


def case_directories(kind: str) -> list[Path]:
    """Return the folders of ``valid`` or ``invalid``."""
    return sorted(path.parent for path in (SUITE / kind).glob("*/plan.yaml"))


def outcome(case: Path) -> dict[str, Any]:
    """Read, check and resolve a case, and tell all of it in plain values."""
    reading = read_plan(case / "plan.yaml")
    findings = list(reading.findings)
    topology = None
    if reading.plan is not None:
        findings += check_plan(reading.plan)
        inventory, problems = _inventory(case)
        findings += problems
        if inventory is not None:
            topology, problems = resolve(reading.plan, inventory)
            findings += [*problems, *_secret_findings(case, topology)]
            findings += _former_findings(case, inventory, reading.plan, topology)
    return {
        "findings": [str(_relative(finding)) for finding in findings],
        "topology": _summary(topology),
    }


def expected(case: Path) -> dict[str, Any]:
    """Return what the case's author wrote down."""
    content: dict[str, Any] = yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))
    return content


def _inventory(case: Path) -> tuple[Optional[Inventory], tuple[Finding, ...]]:
    own = case / "inventory.yaml"
    inventory, findings = load_inventory(own if own.exists() else SUITE / "inventory.yaml")
    return attrs.evolve(inventory, file="inventory.yaml") if inventory else None, findings


def _secret_findings(case: Path, topology: Optional[Topology]) -> list[Finding]:
    path = case / "secrets.yaml"
    if not path.exists() or topology is None:
        return []
    secrets, findings = read_secrets(path)
    # A checkout has no modes to keep, so how exposed the file is depends on whose it is.
    kept = [finding for finding in findings if finding.rule != "exposed-secrets"]
    return [*kept, *check_secrets(topology, secrets, "secrets.yaml")]


def _former_findings(
    case: Path, inventory: Inventory, plan: Plan, topology: Optional[Topology]
) -> tuple[Finding, ...]:
    """Compare with the rendering of the plan that stood there before, where the case has one."""
    former = case / "former.yaml"
    if not former.exists() or topology is None:
        return ()
    former_plan = read_plan(former).plan
    assert former_plan is not None, former
    before, _ = resolve(former_plan, inventory)
    assert before is not None, former
    return check_former(_levels(before), _levels(topology), plan)


def _levels(topology: Topology) -> Levels:
    return build(topology, Secrets({name: f"s3cret{name}" for name in required_secrets(topology)}))


def _relative(finding: Finding) -> Finding:
    if finding.origin is None:
        return finding
    return attrs.evolve(finding, origin=Origin(file=Path(finding.origin.file).name, line=finding.origin.line))


def _summary(topology: Optional[Topology]) -> Any:
    if topology is None:
        return None
    return {
        "consumers": list(topology.consumers),
        "secrets": list(required_secrets(topology)),
        "services": {
            name: {
                "cluster": service.cluster,
                "scheme": service.scheme,
                "endpoints": [f"{endpoint.host} {endpoint.port}" for endpoint in service.endpoints],
                "bootstrap": service.bootstrap,
                "login": f"{service.user_name} by {service.url_secret or service.secret}",
                "virtual_host": service.virtual_host,
                "options": dict(service.options),
            }
            for name, service in topology.services.items()
        },
        "clusters": {
            name: {
                "instance": cluster.instance,
                "members": [member.name for member in cluster.members],
                "port": cluster.port,
                "secret": cluster.cluster_secret,
                "logins": {login.user_name: list(login.virtual_hosts) for login in cluster.logins},
            }
            for name, cluster in topology.clusters.items()
        },
    }
