# SPDX-License-Identifier: Apache-2.0
"""What must hold of a plan on the hosts of an inventory: one function a rule."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from tripleo_messaging.backends import find_backend, spoken_backend
from tripleo_messaging.backends.protocol import PortUse
from tripleo_messaging.model.finding import Finding, Severity
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.topology import Cluster, Member, Service, Topology
from tripleo_messaging.model.url_checks import GUEST, is_loopback
from tripleo_messaging.plan.external_rules import EXTERNAL_RULES
from tripleo_messaging.plan.limit_rules import LIMIT_RULES
from tripleo_messaging.plan.queue_topology_rules import QUEUE_TOPOLOGY_RULES
from tripleo_messaging.plan.report import finding_at
from tripleo_messaging.plan.stock_rules import STOCK_CONSUMER
from tripleo_messaging.plan.tls_rules import TLS_TOPOLOGY_RULES


def check_topology(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """Yield every problem of a topology.

    Args:
        plan: as written, for the lines of findings.
        topology: what it means.
    """
    for rule in TOPOLOGY_RULES:
        yield from rule(plan, topology)


def _check_guest(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for service in _logging_in(topology):
        if service.user_name == GUEST and not _is_local(service):
            severity: Severity = "warning" if plan.read_from_heat else "error"
            yield finding_at(
                plan,
                f"$.{service.name}.user_name",
                "guest-beyond-loopback",
                "the user guest, whom everybody knows, would log in from other hosts",
                "name another user",
                severity=severity,
            )


def _logging_in(topology: Topology) -> Iterator[Service]:
    """Yield the services that have a login of their own: a shared one is reported once, for RPC."""
    seen = set()
    for service in topology.services.values():
        login = (service.cluster, service.secret, service.user_name)
        if login not in seen:
            seen.add(login)
            yield service


def _check_plain(plan: Plan, topology: Topology) -> Iterator[Finding]:
    seen = set()
    for service in topology.services.values():
        is_reported = not service.endpoints or service.endpoints in seen
        seen.add(service.endpoints)
        if not service.tls.enabled and not is_reported and not _is_local(service):
            message = "messages, and the password at every login, cross the network unencrypted"
            hint = _hint_of_tls(service, topology)
            yield finding_at(plan, f"$.{service.name}.tls", "tls-off", message, hint, severity="warning")


def _hint_of_tls(service: Service, topology: Topology) -> str:
    files = (
        "ca_file: ..." if service.cluster is None else "ca_file: ..., certificate_file: ..., key_file: ..."
    )
    # A stock consumer passes no CA.
    is_stock = STOCK_CONSUMER in topology.consumers and not topology.override_stock
    beside = ", and 'override_stock: true' beside it for the CA" if is_stock else ""
    return f"write tls: {{enabled: true, {files}}}{beside}"


def _is_local(service: Service) -> bool:
    addresses = [member.address for member in service.members]
    return all(map(is_loopback, addresses or [endpoint.host for endpoint in service.endpoints]))


def _check_members(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for cluster in topology.clusters.values():
        path = f"$.{cluster.name}.nodes"
        for what, values in _own_to_each(cluster.members).items():
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                message = f"two members have the {what} {twice}"
                yield finding_at(plan, path, "same-address", message, "mend the inventory")
        for member in cluster.members:
            address = ipaddress.ip_address(member.address)
            if address.is_unspecified or address.is_multicast or address.is_link_local:
                message = f"{member.name} has the address {address}, at which other hosts cannot reach it"
                yield finding_at(plan, path, "unusable-address", message, "mend the inventory")
        for what, kinds in _alike(cluster.members).items():
            if len(set(kinds)) > 1:
                message = f"some members have {what}, and members that differ in it cannot join"
                yield finding_at(plan, path, "unlike-members", message, "give all members the same kind")


def _own_to_each(members: tuple[Member, ...]) -> Mapping[str, list[str]]:
    return {
        "address": [member.address for member in members],
        "host name": [member.host_name for member in members],
    }


def _alike(members: tuple[Member, ...]) -> Mapping[str, list[object]]:
    return {
        "IPv6 addresses and others IPv4": [
            ipaddress.ip_address(member.address).version for member in members
        ],
        "host names with a domain and others without": ["." in member.host_name for member in members],
    }


def _check_instances(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for one, other, host in _on_one_host(topology):
        if one.instance == other.instance:
            path = f"$.{other.name}.instance_name"
            message = f"{host} would run two brokers named {one.instance}"
            hint = "leave instance_name out for the defaults, which differ"
            yield finding_at(plan, path, "same-instance", message, hint)


def _on_one_host(topology: Topology) -> Iterator[tuple[Cluster, Cluster, str]]:
    """Yield each pair of clusters that meet, with the first host on which they do."""
    for one, other in itertools.combinations(topology.clusters.values(), 2):
        hosts = {member.name for member in one.members}
        shared = [member.name for member in other.members if member.name in hosts]
        if shared:
            yield one, other, shared[0]


def _check_ports(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for cluster in topology.clusters.values():
        for one, other in itertools.combinations(_ports(cluster), 2):
            if _overlap(one, other):
                yield _collision(plan, topology, cluster, f"its {one.purpose}", (one, other))
    for one_cluster, other_cluster, host in _on_one_host(topology):
        if one_cluster.instance == other_cluster.instance:
            continue
        for one, other in itertools.product(_ports(one_cluster), _ports(other_cluster)):
            if _overlap(one, other) and not (one.is_shared and other.is_shared):
                what = f"the {one.purpose} of {one_cluster.name} on {host}"
                yield _collision(plan, topology, other_cluster, what, (one, other))


def _collision(
    plan: Plan, topology: Topology, cluster: Cluster, what: str, uses: tuple[PortUse, PortUse]
) -> Finding:
    first = max(use.first for use in uses)
    message = f"port {first} is used twice: by {what} and by {cluster.name}'s {uses[1].purpose}"
    hint = f"write e.g. 'port: {_free_port(topology, cluster.port)}' for {cluster.name}"
    return finding_at(plan, f"$.{cluster.name}.port", "colliding-ports", message, hint)


def _free_port(topology: Topology, near: int) -> int:
    uses = [use for cluster in topology.clusters.values() for use in _ports(cluster)]
    candidates = itertools.chain(range(near + 1, 65536), range(1024, near))
    return next(port for port in candidates if not any(use.first <= port <= use.last for use in uses))


def _ports(cluster: Cluster) -> tuple[PortUse, ...]:
    backend = find_backend(cluster.backend)
    return backend.server.ports(cluster) if backend and backend.server else ()


def _overlap(one: PortUse, other: PortUse) -> bool:
    return one.first <= other.last and other.first <= one.last


def _check_reserved_options(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for service in topology.services.values():
        backend = find_backend(service.backend)
        if backend is None or not service.options:
            continue
        bare = attrs.evolve(service, options={}, queue_profile="")
        reserved = dict(spoken_backend(backend, service.scheme).url_query(bare, topology.release))
        for name in service.options:
            if name in reserved:
                path = f"$.{service.name}.options.{name}"
                message = f"{name} is set from the tls section"
                yield finding_at(plan, path, "reserved-option", message, "write it under tls")


Rule = Callable[[Plan, Topology], Iterable[Finding]]

TOPOLOGY_RULES: tuple[Rule, ...] = (
    _check_guest,
    _check_plain,
    _check_members,
    _check_instances,
    _check_ports,
    _check_reserved_options,
    *QUEUE_TOPOLOGY_RULES,
    *EXTERNAL_RULES,
    *LIMIT_RULES,
    *TLS_TOPOLOGY_RULES,
)
