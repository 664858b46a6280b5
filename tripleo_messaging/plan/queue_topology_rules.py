# SPDX-License-Identifier: Apache-2.0
"""Rules on the kinds of queues that clients declare, where it matters on which brokers: what is lost when."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tripleo_messaging.backends.queue_profiles import (
    CLASSIC,
    PERMIT_TRANSIENT,
    STREAM,
    WITHOUT_MIRRORED,
    WITHOUT_TRANSIENT,
    best_profile,
    client_options,
    declared_properties,
    declares_transient_queues,
    version_text,
)
from tripleo_messaging.model.driver_options import driver_options
from tripleo_messaging.model.finding import Finding, Severity, describe
from tripleo_messaging.model.plan import SERVICES, Option, Plan, ServiceName
from tripleo_messaging.model.release import Release, Version
from tripleo_messaging.model.topology import Service, Topology
from tripleo_messaging.plan.defaults import carries_options
from tripleo_messaging.plan.report import finding_at

_IPV6 = 6
# Source: osiris 1.8.6, its pull request 177.
_STREAMS_OVER_IPV6: Version = (4, 1)


def _profile_path(plan: Plan, name: ServiceName) -> str:
    """Return where the kind of a service's queues was written, which for a shared notify may be RPC's."""
    is_rpcs = name == "notify" and plan.notify.queue_profile is None and plan.notify.backend is None
    return "$.rpc.queue_profile" if is_rpcs else f"$.{name}.queue_profile"


def _declaring(topology: Topology) -> Iterator[tuple[Service, dict[str, Option]]]:
    for service in topology.services.values():
        if service.queue_profile:
            version = topology.release.oslo_messaging
            yield service, client_options(service.queue_profile, service.options, version)


def _check_one_kind(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """Both services use the exchange of the service they are in, so it is declared by both."""
    declaring = list(_declaring(topology))
    if len(declaring) < len(SERVICES):
        return
    (rpc, rpcs), (notify, notifys) = declaring
    if rpc.virtual_host != notify.virtual_host or not set(rpc.endpoints) & set(notify.endpoints):
        return
    differing = _differing(topology.release, rpcs, notifys)
    if rpc.queue_profile != notify.queue_profile or differing:
        what = " and ".join(differing) or "queue_profile"
        why = "where their exchanges would collide" if differing else "which has one kind of queues"
        message = (
            f"rpc and notify differ in {what} and share the virtual host {describe(rpc.virtual_host)}, {why}"
        )
        hint = "give notify the same, or a virtual_host of its own"
        path = "$.notify.queue_profile" if plan.notify.queue_profile else "$.notify.options"
        yield finding_at(plan, path, "queue-profiles-differ", message, hint)


def _differing(release: Release, rpc: dict[str, Option], notify: dict[str, Option]) -> list[str]:
    one, other = declared_properties(rpc), declared_properties(notify)
    specs = driver_options("rabbit")
    names = ("rabbit_quorum_queue", "amqp_durable_queues", "amqp_auto_delete")
    known = (name for name in names if specs[name].is_known_to(release.oslo_messaging))
    return [name for name in known if one[name] != other[name]]


def _check_not_replicated(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for service, options in _declaring_once(plan, topology):
        broker = service.broker_version
        is_classic = not declared_properties(options)["rabbit_quorum_queue"]
        if is_classic and broker and broker >= WITHOUT_MIRRORED and len(service.endpoints) > 1:
            message = (
                f"RabbitMQ {version_text(broker)} does not replicate classic queues: with a member"
                " the queues on it are gone until it is back"
            )
            path, hint = _profile_path(plan, service.name), _way_to_replicas(topology, broker)
            yield finding_at(plan, path, "queues-not-replicated", message, hint, severity="warning")


def _declaring_once(plan: Plan, topology: Topology) -> Iterator[tuple[Service, dict[str, Option]]]:
    """Yield the services that declare queues; of two whose kind is written at one place, the first."""
    seen = set()
    for service, options in _declaring(topology):
        path = _profile_path(plan, service.name)
        if path not in seen:
            seen.add(path)
            yield service, options


def _way_to_replicas(topology: Topology, broker: Version) -> str:
    best = best_profile(topology.release.oslo_messaging, broker)
    if best == CLASSIC:
        return "use a release from yoga on, whose services know other queues"
    needed = f"'queue_profile: {best}'"
    return f"write {needed}" if carries_options(topology) else f"write 'override_stock: true' and {needed}"


def _check_transient(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for service, options in _declaring_once(plan, topology):
        broker = service.broker_version
        if not broker or broker < WITHOUT_TRANSIENT or not _is_transient(service, options):
            continue
        path = _profile_path(plan, service.name)
        severity: Severity = "warning"
        way_out = _way_to_durable(topology, broker)
        what = "the transient queues that these services declare"
        if service.cluster is not None:
            message = f"RabbitMQ {version_text(broker)} is told to permit {what}"
            hint = f"{way_out}; a later RabbitMQ has no such permission"
        else:
            message = (
                f"RabbitMQ {version_text(broker)} refuses {what},"
                f" unless {PERMIT_TRANSIENT} = true stands in rabbitmq.conf of every broker there"
            )
            hint = f"{way_out}; or have that set, and leave broker_version out"
            is_chosen = plan.service(service.name).queue_profile is not None and carries_options(topology)
            severity = "error" if is_chosen else "warning"
        yield finding_at(plan, path, "transient-queues-refused", message, hint, severity=severity)


def _is_transient(service: Service, options: dict[str, Option]) -> bool:
    return declares_transient_queues(options, has_replies=service.name == "rpc")


def _way_to_durable(topology: Topology, broker: Version) -> str:
    spec = driver_options("rabbit")["rabbit_transient_quorum_queue"]
    if not spec.is_known_to(topology.release.oslo_messaging):
        return "use a release from 2024.1 on, whose services can do without"
    return _way_to_replicas(topology, broker)


def _check_majority(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """Quorum queues, and what brokers know of them, need more than half of the members."""
    for cluster in topology.clusters.values():
        count = len(cluster.members)
        of_it = [
            service
            for service, options in _declaring(topology)
            if _is_quorum_of(service, cluster.name, options)
        ]
        if count % 2 == 0 and of_it:
            message = (
                f"{count} members outlive the loss of {(count - 1) // 2}, no more than {count - 1} would"
            )
            hint = "take an odd number of members, at least 3"
            path = f"$.{cluster.name}.nodes"
            yield finding_at(plan, path, "even-members", message, hint, severity="warning")


def _is_quorum_of(service: Service, cluster: str, options: dict[str, Option]) -> bool:
    return service.cluster == cluster and bool(declared_properties(options)["rabbit_quorum_queue"])


def _check_addresses_of_streams(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for cluster in topology.clusters.values():
        broker = cluster.broker_version
        is_older = broker is None or broker < _STREAMS_OVER_IPV6
        addresses = [ipaddress.ip_address(member.address) for member in cluster.members]
        has_streams = STREAM in cluster.queue_profiles.values() and len(addresses) > 1
        if is_older and has_streams and any(address.version == _IPV6 for address in addresses):
            since = version_text(_STREAMS_OVER_IPV6)
            message = f"replicas of streams do not listen on IPv6 before RabbitMQ {since}"
            hint = "write broker_version where it is later, or 'queue_profile: quorum'"
            path = f"$.{cluster.name}.queue_profile"
            yield finding_at(plan, path, "streams-without-ipv6", message, hint, severity="warning")


def _check_streams_among_members(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """What replicates streams looks for ``inet_tls`` alone, and is not told by the one for IPv6.

    Source: rabbitmq/osiris 1.3.1 ``osiris_util:inet_tls_enabled/1``.
    """
    for cluster in topology.clusters.values():
        addresses = [ipaddress.ip_address(member.address) for member in cluster.members]
        has_streams = STREAM in cluster.queue_profiles.values() and len(addresses) > 1
        is_ipv6 = any(address.version == _IPV6 for address in addresses)
        if has_streams and is_ipv6 and cluster.tls.enabled and cluster.tls.inter_node:
            message = "inter_node does not reach the replicas of streams over IPv6, which would go in clear"
            hint = "write 'queue_profile: quorum', or put the members on an IPv4 network"
            path = f"$.{cluster.name}.tls.inter_node"
            yield finding_at(plan, path, "streams-in-clear", message, hint)


QUEUE_TOPOLOGY_RULES = (
    _check_one_kind,
    _check_not_replicated,
    _check_transient,
    _check_majority,
    _check_addresses_of_streams,
    _check_streams_among_members,
)
