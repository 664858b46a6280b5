# SPDX-License-Identifier: Apache-2.0
"""What brokers are told of the kinds of queues: policies and settings, by RabbitMQ's version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.topologies import INVENTORY, secrets
from tripleo_messaging.backends.queue_profiles import PERMIT_TRANSIENT
from tripleo_messaging.backends.rabbitmq.definitions import accounts_in
from tripleo_messaging.backends.rabbitmq.instance import instance_data
from tripleo_messaging.backends.rabbitmq.queues import policies
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.plan.mapping import plan_from_mapping
from tripleo_messaging.plan.resolve import resolve

BALANCED = {"queue-leader-locator": "balanced"}
UNLIMITED = {"delivery-limit": -1}
PRIORITIES = {"oslo-quorum": 0, "oslo-fanout": 1}
SMALL = {"stream-max-segment-size-bytes": 10_000_000}


def resolved(release: str, **rpc: Any) -> tuple[Cluster, Topology]:
    """Resolve a plan of one cluster for both services."""
    plan = plan_from_mapping({"release": release, "consumers": ["none"], "rpc": rpc})
    topology, _ = resolve(plan, INVENTORY)
    assert topology is not None
    return topology.clusters["rpc"], topology


@pytest.mark.parametrize(
    ("profile", "broker", "expected"),
    [
        ("classic", "3.13", {}),
        ("classic", "4.3", {}),
        ("quorum", None, {}),
        ("quorum", "3.9", {}),
        ("quorum", "3.10", {"oslo-quorum": BALANCED}),
        ("quorum", "4.0", {"oslo-quorum": {**BALANCED, **UNLIMITED}}),
        ("stream", None, {"oslo-fanout": SMALL}),
        ("stream", "3.9", {"oslo-fanout": SMALL}),
        ("stream", "3.13", {"oslo-quorum": BALANCED, "oslo-fanout": {**SMALL, **BALANCED}}),
        ("stream", "4.3", {"oslo-quorum": {**BALANCED, **UNLIMITED}, "oslo-fanout": {**SMALL, **BALANCED}}),
    ],
)
def test_policies(profile: str, broker: str | None, expected: Mapping[str, Any]) -> None:
    """Each version gets what it knows, and streams their policy of the higher priority."""
    stated = {"broker_version": broker} if broker else {}
    cluster, _ = resolved("2024.2", queue_profile=profile, **stated)
    made = policies(cluster)
    assert {policy["name"]: policy["definition"] for policy in made} == expected
    assert all((policy["vhost"], policy["apply-to"]) == ("/", "queues") for policy in made)
    assert all(policy["priority"] == PRIORITIES[policy["name"]] for policy in made)


@pytest.mark.parametrize(
    ("release", "profile", "broker", "is_permitted", "handling"),
    [
        ("2024.2", "classic", "3.13", None, "pause_minority"),
        ("2024.2", "classic", "4.2", None, "pause_minority"),
        ("2024.2", "classic", "4.3", True, None),
        ("2023.2", "quorum", "4.3", True, None),
        ("2024.2", "quorum", "4.3", None, None),
        ("2024.2", "stream", "4.3", None, None),
        ("2024.2", "stream", "5.0", None, None),
    ],
)
def test_settings(
    release: str, profile: str, broker: str, is_permitted: bool | None, handling: str | None
) -> None:
    """From 4.3 on transient queues are permitted where clients declare some, and partitions not handled."""
    cluster, topology = resolved(release, queue_profile=profile, broker_version=broker)
    settings = instance_data(cluster, topology)["settings"]
    assert (settings.get(PERMIT_TRANSIENT), settings.get("cluster_partition_handling")) == (
        is_permitted,
        handling,
    )


OWN = {"heartbeat_rate": 3, "use_queue_manager": False}
OWN_QUERY = "heartbeat_rate=3&use_queue_manager=false"
STREAM_QUERY = "rabbit_quorum_queue=true&rabbit_stream_fanout=true&rabbit_transient_quorum_queue=true"
QUORUM_QUERY = "rabbit_quorum_queue=true&rabbit_transient_quorum_queue=true"


@pytest.mark.parametrize(
    ("stated", "query"),
    [
        ({}, "ssl=0"),
        ({"queue_profile": "classic", "options": OWN}, f"{OWN_QUERY}&ssl=0"),
        ({"queue_profile": "quorum"}, f"{QUORUM_QUERY}&ssl=0"),
        (
            {"queue_profile": "stream", "options": OWN},
            f"heartbeat_rate=3&rabbit_qos_prefetch_count=250&{STREAM_QUERY}&use_queue_manager=false&ssl=0",
        ),
    ],
)
@pytest.mark.parametrize("where", [{}, {"backend": "external", "nodes": [{"host": "mq.example.org"}]}])
def test_urls(stated: Mapping[str, Any], query: str, where: Mapping[str, Any]) -> None:
    """The options of the profile and the plan's own, whoever runs the brokers; classic adds nothing."""
    notify = {"backend": "rabbitmq", "port": 5673}
    plan = plan_from_mapping(
        {"release": "2024.2", "consumers": ["none"], "rpc": {**where, **stated}, "notify": notify}
    )
    topology, _ = resolve(plan, INVENTORY)
    assert topology is not None
    url = build(topology, secrets())["all.json"]["messaging_rpc_transport_url"]
    assert url.partition("?")[2] == query


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"users": 1, "vhosts": 1}', '{"users": [{}], "vhosts": []}']
)
def test_damaged_definitions_hold_no_accounts(text: str) -> None:
    """What cannot be read is nobody's."""
    assert (accounts_in(text).users, accounts_in(text).virtual_hosts) == (frozenset(), frozenset())
