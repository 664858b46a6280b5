# SPDX-License-Identifier: Apache-2.0
"""Rules on what the brokers of a host may use of it together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tripleo_messaging.backends import find_backend
from tripleo_messaging.model.finding import Finding, Severity
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.plan.report import finding_at

#: What is left for everything else, for the moments in which a broker collects its garbage above all.
_MOST = 0.8
_WHOLE = 1.0


def _check_memory(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """Each broker reckons with the whole host, so only a rule on all of them can keep them apart."""
    found: dict[tuple[str, ...], Finding] = {}
    for host, clusters in _clusters_by_host(topology).items():
        names = tuple(cluster.name for cluster in clusters)
        total = sum(_memory_share(cluster) for cluster in clusters)
        # 0.7 + 0.1 is a bit less than 0.8, and 0.1 + 0.7 may be a bit more.
        if names not in found and round(total, 6) > _MOST:
            found[names] = _overcommitted(plan, host, clusters, round(total, 6))
    yield from found.values()


def _clusters_by_host(topology: Topology) -> Mapping[str, list[Cluster]]:
    clusters: dict[str, list[Cluster]] = {}
    for cluster in topology.clusters.values():
        for member in cluster.members:
            clusters.setdefault(member.name, []).append(cluster)
    return clusters


def _memory_share(cluster: Cluster) -> float:
    backend = find_backend(cluster.backend)
    return backend.server.memory_share(cluster) if backend and backend.server else 0.0


def _overcommitted(plan: Plan, host: str, clusters: list[Cluster], total: float) -> Finding:
    shares = " and ".join(f"{_memory_share(cluster):g} by {cluster.name}'s broker" for cluster in clusters)
    severity: Severity = "error" if total > _WHOLE else "warning"
    message = f"of the memory of {host} {shares} may be taken, {total:g} in all, where {_MOST:g} is the most"
    hint = "lower memory_share: a broker takes more for moments, and the host needs the rest"
    path = f"$.{clusters[-1].name}.limits.memory_share"
    return finding_at(plan, path, "memory-overcommitted", message, hint, severity=severity)


LIMIT_RULES = (_check_memory,)
