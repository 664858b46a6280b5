# SPDX-License-Identifier: Apache-2.0
"""The ports and directories of an instance: fixed by its name, so that nothing moves when a second comes."""

from __future__ import annotations

import attrs

from tripleo_messaging.backends.protocol import PortUse
from tripleo_messaging.model.topology import Cluster

_EPMD_PORT = 4369


@attrs.frozen(kw_only=True)
class Allotment:
    """What is an instance's own on every host, beside the client listener's port.

    Attributes:
        distribution: Erlang distribution.
        cli: first and last port that the command line tools listen on.
        management: HTTP API, loopback only.
        prometheus: metrics, loopback only.
        streams: first and last port that replicas of streams listen on.
        memory_share: part of the host's memory at which the instance stops taking messages.
    """

    distribution: int
    cli: tuple[int, int]
    management: int
    prometheus: int
    streams: tuple[int, int]
    memory_share: float


DEFAULT_INSTANCE = "rabbit"
# The memory shares stay below 0.8 together: RabbitMQ counts the whole host for each instance.
ALLOTMENTS = {
    DEFAULT_INSTANCE: Allotment(
        distribution=25672,
        cli=(25673, 25683),
        management=15672,
        prometheus=15692,
        streams=(6000, 6249),
        memory_share=0.4,
    ),
    "rabbit_notify": Allotment(
        distribution=25692,
        cli=(25693, 25703),
        management=15682,
        prometheus=15702,
        streams=(6250, 6499),
        memory_share=0.3,
    ),
}


def ports_of(cluster: Cluster) -> tuple[PortUse, ...]:
    """Return what an instance of the cluster listens on; nothing for an instance that is not known."""
    ports = ALLOTMENTS.get(cluster.instance)
    if ports is None:
        return ()
    return (
        PortUse(purpose="client listener", first=cluster.port, last=cluster.port, reach="clients"),
        PortUse(
            purpose="Erlang distribution", first=ports.distribution, last=ports.distribution, reach="members"
        ),
        PortUse(
            purpose="replicas of streams", first=ports.streams[0], last=ports.streams[1], reach="members"
        ),
        PortUse(purpose="command line tools", first=ports.cli[0], last=ports.cli[1], reach="members"),
        PortUse(purpose="management", first=ports.management, last=ports.management),
        PortUse(purpose="metrics", first=ports.prometheus, last=ports.prometheus),
        PortUse(purpose="epmd", first=_EPMD_PORT, last=_EPMD_PORT, is_shared=True, reach="members"),
    )


def memory_share(cluster: Cluster) -> float:
    """Return the part of a host's memory at which an instance of the cluster stops taking messages."""
    stated = cluster.limits.memory_share
    if stated is not None:
        return stated
    allotment = ALLOTMENTS.get(cluster.instance)
    return allotment.memory_share if allotment else 0.0


def directory(cluster: Cluster) -> str:
    """Name the directory of an instance in ``/etc``, ``/var/lib``, ``/var/log`` and ``/run``."""
    return "rabbitmq" if cluster.instance == DEFAULT_INSTANCE else cluster.instance


def config_dir(cluster: Cluster) -> str:
    """Return the directory of an instance's configuration."""
    return f"/etc/{directory(cluster)}"
