# SPDX-License-Identifier: Apache-2.0
"""Find the hosts that a service's nodes name, and their names and addresses on its network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from tripleo_messaging.model.finding import Finding, describe, did_you_mean
from tripleo_messaging.model.inventory import Host, Inventory
from tripleo_messaging.model.plan import DEFAULT_NETWORK, Plan, ServicePlan
from tripleo_messaging.model.topology import Member
from tripleo_messaging.model.url_checks import host_problem
from tripleo_messaging.plan.report import finding_at, url_finding

Members = tuple[tuple[Member, ...], tuple[Finding, ...]]


def find_members(plan: Plan, service: ServicePlan, inventory: Inventory) -> Members:
    """Return the members of a service's cluster in the inventory's order, and what keeps others out.

    Args:
        plan: as written, for the lines of findings.
        service: with its defaults.
        inventory: the hosts.
    """
    findings: list[Finding] = []
    names = dict.fromkeys(_names(plan, service, inventory, findings))
    members = (_member(plan, service, inventory.hosts[name], findings) for name in names)
    return tuple(member for member in members if member), tuple(findings)


def _names(plan: Plan, service: ServicePlan, inventory: Inventory, findings: list[Finding]) -> Iterator[str]:
    path = f"$.{service.service}.nodes"
    if service.group is not None:
        yield from _names_of_group(plan, path, service.group, inventory, findings)
        return
    for index, node in enumerate(service.nodes):
        if node.host in inventory.hosts:
            yield node.host
        else:
            where = f"in {inventory.file}" if inventory.file else "in the embedded inventory of this host"
            message = f"there is no host {describe(node.host)} {where}"
            hint = did_you_mean(node.host, inventory.hosts) or "write an inventory name"
            findings.append(finding_at(plan, f"{path}[{index}]", "unknown-host", message, hint))


def _names_of_group(
    plan: Plan, path: str, group: str, inventory: Inventory, findings: list[Finding]
) -> tuple[str, ...]:
    names = inventory.groups.get(group)
    where = f"in {inventory.file}" if inventory.file else "in the embedded inventory of this host"
    if names is None:
        message = f"there is no group {describe(group)} {where}"
        hint = (
            did_you_mean(group, inventory.groups)
            or "name another group with nodes, or add it to the inventory"
        )
        findings.append(finding_at(plan, path, "unknown-group", message, hint))
    elif not names:
        message = f"the group {describe(group)} {where} has no hosts"
        findings.append(finding_at(plan, path, "empty-group", message, "add a host to the group"))
    return names or ()


def _member(plan: Plan, service: ServicePlan, host: Host, findings: list[Finding]) -> Optional[Member]:
    network = service.network or DEFAULT_NETWORK
    path = f"$.{service.service}.network"
    address = host.addresses.get(network)
    host_name = host.host_names.get(network)
    variables = {f"{network}_ip": address, f"{network}_hostname": host_name}
    missing = " and no ".join(name for name, value in variables.items() if value is None)
    if missing:
        message = f"the host {describe(host.name)} has no {missing}"
        hint = _network_hint(host, network)
        findings.append(finding_at(plan, path, "host-without-address", message, hint))
    if address is None or host_name is None:
        return None
    problem = host_problem(host_name)
    if problem:
        findings.append(url_finding(plan, path, problem))
    return Member(name=host.name, host_name=host_name, address=address)


def _network_hint(host: Host, network: str) -> str:
    known = sorted(set(host.addresses) & set(host.host_names))
    return did_you_mean(network, known) or (
        f"its networks are {', '.join(known)}" if known else "the inventory gives it no network at all"
    )
