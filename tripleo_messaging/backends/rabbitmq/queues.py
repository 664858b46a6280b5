# SPDX-License-Identifier: Apache-2.0
"""What brokers are told about the kinds of queues that clients declare on them: policies and settings.

Of a queue's matching policies only the one of highest priority holds. They apply to ``queues``, as what
names a kind of queues is unknown before RabbitMQ 3.12.
Source: RabbitMQ's guides to policies, quorum queues and streams; ``rabbit_policies.erl`` of 3.8 to 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tripleo_messaging.backends.queue_profiles import (
    PERMIT_TRANSIENT,
    QUORUM,
    STREAM,
    WITHOUT_TRANSIENT,
    client_options,
    declares_transient_queues,
)
from tripleo_messaging.model.release import Version
from tripleo_messaging.model.topology import Cluster, Topology

# A stream keeps at least one segment, of 500 MB unless told so, and there is a stream for each topic.
_SEGMENT_BYTES = 10_000_000

_BALANCED_SINCE: Version = (3, 10)
_LIMITED_SINCE: Version = (4,)


def policies(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the policies of all virtual hosts of a cluster as its definitions file has them."""
    return [
        {"vhost": virtual_host, "apply-to": "queues", **policy}
        for virtual_host, profile in cluster.queue_profiles.items()
        for policy in _policies_of(profile, cluster.broker_version or ())
    ]


def _policies_of(profile: str, broker: Version) -> Iterator[dict[str, Any]]:
    placed = {"queue-leader-locator": "balanced"} if broker >= _BALANCED_SINCE else {}
    # From 4.0 on a message that its reader hands back for the 20th time is dropped, unless told so.
    kept = {"delivery-limit": -1} if broker >= _LIMITED_SINCE else {}
    if profile in (QUORUM, STREAM) and (placed or kept):
        yield {"name": "oslo-quorum", "pattern": ".*", "priority": 0, "definition": {**placed, **kept}}
    if profile == STREAM:
        size = {"stream-max-segment-size-bytes": _SEGMENT_BYTES}
        yield {"name": "oslo-fanout", "pattern": "_fanout$", "priority": 1, "definition": {**size, **placed}}


def queue_settings(cluster: Cluster, topology: Topology) -> dict[str, Any]:
    """Return the settings that a cluster needs for the queues of the services on it."""
    broker = cluster.broker_version
    if broker is None or broker < WITHOUT_TRANSIENT or not _is_transient(cluster, topology):
        return {}
    return {PERMIT_TRANSIENT: True}


def _is_transient(cluster: Cluster, topology: Topology) -> bool:
    version = topology.release.oslo_messaging
    on_it = (service for service in topology.services.values() if service.cluster == cluster.name)
    return any(
        declares_transient_queues(
            client_options(service.queue_profile, service.options, version), has_replies=service.name == "rpc"
        )
        for service in on_it
    )
