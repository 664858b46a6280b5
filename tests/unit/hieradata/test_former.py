# SPDX-License-Identifier: Apache-2.0
"""What a rendering would do to what an earlier one has set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.topologies import INVENTORY, PLANS, secrets
from tripleo_messaging.hieradata.build import ALL, Levels, build
from tripleo_messaging.hieradata.former import check_former, check_moves
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.plan.mapping import plan_from_mapping
from tripleo_messaging.plan.resolve import resolve

STREAM = {"queue_profile": "stream"}
QUORUM = {"queue_profile": "quorum"}
# The same host as one of notify's own cluster.
KAFKA_NODES = [{"host": "msg-0.internalapi.localdomain", "port": 9092}]
OF_QUORUM = {"rabbit_quorum_queue": True, "rabbit_transient_quorum_queue": True}
TWICE = {"backend": "rabbitmq", "port": 5673}
EXTERNAL = {"backend": "external", "nodes": [{"host": "mq-0.example.org"}, {"host": "mq-1.example.org"}]}
TLS = {
    "enabled": True,
    "ca_file": "/etc/ca.crt",
    "certificate_file": "/etc/mq.crt",
    "key_file": "/etc/mq.key",
}


def rendered(release: str = "2024.2", **services: Mapping[str, Any]) -> tuple[Levels, Plan]:
    """Render a plan for consumers that carry everything."""
    plan = plan_from_mapping({"release": release, "consumers": ["none"], **services})
    topology, _ = resolve(plan, INVENTORY)
    assert topology is not None
    return build(topology, secrets()), plan


def found(former: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return rule and path of each finding."""
    (before, _), (after, plan) = rendered(**former), rendered(**now)
    return [(finding.rule, finding.path) for finding in check_former(before, after, plan)]


INTER_NODE = {**TLS, "inter_node": True}
STOPPED = ("all-members-stop", "$.rpc.tls.inter_node")
MOVED_RPC = ("queue-profile-moved", "$.rpc.queue_profile")
MOVED_NOTIFY = ("queue-profile-moved", "$.notify.queue_profile")
LEFT_HOST = ("left-behind", "$.rpc.absent_virtual_hosts")

CASES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], list[tuple[str, str]]]] = {
    "nothing": ({}, {}, []),
    "a permission that is no longer given": (
        {"notify": {"user_name": "notify"}},
        {"notify": {"user_name": "notify", "virtual_host": "notify"}},
        [("left-behind", "$.rpc.remove_absent")],
    ),
    "a permission that is taken back": (
        {"notify": {"user_name": "notify"}},
        {"rpc": {"remove_absent": True}, "notify": {"user_name": "notify", "virtual_host": "notify"}},
        [],
    ),
    "TLS among members": ({"rpc": {"tls": TLS}}, {"rpc": {"tls": INTER_NODE}}, [STOPPED]),
    "TLS among members no more": ({"rpc": {"tls": INTER_NODE}}, {"rpc": {"tls": TLS}}, [STOPPED]),
    "TLS among members as before": ({"rpc": {"tls": INTER_NODE}}, {"rpc": {"tls": INTER_NODE}}, []),
    "TLS among one member": (
        {"rpc": {"nodes": ["msg-0"], "tls": TLS}},
        {"rpc": {"nodes": ["msg-0"], "tls": INTER_NODE}},
        [],
    ),
    "another profile, shared": ({}, {"rpc": QUORUM}, [MOVED_RPC, MOVED_NOTIFY]),
    "back": ({"rpc": STREAM}, {}, [MOVED_RPC, MOVED_NOTIFY]),
    "from one new kind to the other": ({"rpc": QUORUM}, {"rpc": STREAM}, [MOVED_RPC, MOVED_NOTIFY]),
    "in a new virtual host": (
        {},
        {"rpc": {**QUORUM, "virtual_host": "openstack-quorum", "absent_virtual_hosts": ["/"]}},
        [],
    ),
    "in a new virtual host, the old one forgotten": (
        {},
        {"rpc": {**QUORUM, "virtual_host": "openstack-quorum"}},
        [LEFT_HOST],
    ),
    "by options alone": ({}, {"rpc": {"options": {"amqp_durable_queues": True}}}, [MOVED_RPC]),
    "the options of before, said as a profile": (
        {"rpc": {"options": OF_QUORUM}, "notify": {"options": OF_QUORUM}},
        {"rpc": QUORUM},
        [],
    ),
    "a release that knows transient quorum queues": (
        {"release": "2023.2", "rpc": QUORUM},
        {"release": "2024.1", "rpc": QUORUM},
        [MOVED_RPC, MOVED_NOTIFY],
    ),
    "a broker of which the default is another": (
        {},
        {"rpc": {"broker_version": "4.1"}},
        [MOVED_RPC, MOVED_NOTIFY],
    ),
    "a broker, and what was": ({}, {"rpc": {"broker_version": "4.1", "queue_profile": "classic"}}, []),
    "notify alone": ({"notify": TWICE}, {"notify": {**TWICE, **QUORUM}}, [MOVED_NOTIFY]),
    "notify to brokers of its own": ({}, {"notify": {**TWICE, **QUORUM}}, []),
    "notify to rpc's, of another kind": (
        {"notify": {**TWICE, **QUORUM}},
        {"rpc": {}},
        [],
    ),
    "notify from rpc's virtual host to one of its own": (
        {},
        {"notify": {"virtual_host": "notify", **QUORUM}},
        [],
    ),
    "tls at the same time, which has another port": (
        {"rpc": {"port": 5672}},
        {"rpc": {**QUORUM, "port": 5671, "tls": TLS}},
        [MOVED_RPC, MOVED_NOTIFY],
    ),
    "external": (
        {"rpc": EXTERNAL, "notify": TWICE},
        {"rpc": {**EXTERNAL, **QUORUM}, "notify": TWICE},
        [MOVED_RPC],
    ),
    "other hosts": (
        {"rpc": {"nodes": ["msg-0"]}},
        {"rpc": {**QUORUM, "nodes": ["msg-1"]}},
        [],
    ),
    "a member more": (
        {"rpc": {"nodes": ["msg-0"]}},
        {"rpc": {**QUORUM, "nodes": ["msg-0", "msg-1", "ctl-0"]}},
        [MOVED_RPC, MOVED_NOTIFY],
    ),
    "another user": ({}, {"rpc": {"user_name": "nova"}}, [("left-behind", "$.rpc.absent_users")]),
    "another user, and the old one listed": ({}, {"rpc": {"user_name": "nova", "absent_users": ["rpc"]}}, []),
    "a user of notify": (
        {"notify": {**TWICE, "user_name": "old"}},
        {"notify": TWICE},
        [("left-behind", "$.notify.absent_users")],
    ),
    "a user of a shared notify": (
        {"notify": {"user_name": "notify", "virtual_host": "notify"}},
        {},
        [("left-behind", "$.rpc.absent_users"), LEFT_HOST],
    ),
    "a cluster less": ({"notify": TWICE}, {}, []),
    "from kafka": (
        {"notify": {"backend": "external", "scheme": "kafka", "nodes": KAFKA_NODES}},
        {"notify": {**TWICE, **QUORUM}},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_findings(case: str) -> None:
    """What would be refused by the brokers is an error, what would stay on them a warning."""
    former, now, expected = CASES[case]
    assert found(former, now) == expected


def test_what_is_said_of_a_move() -> None:
    """The kinds, the virtual host, the options, and both ways out."""
    (before, _), (after, plan) = rendered(), rendered(rpc=STREAM)
    first = check_former(before, after, plan)[0]
    assert str(first) == (
        "error: $.rpc.queue_profile: would go from classic to stream queues in the virtual host '/', which"
        " the last rendering has too: queues there keep their properties, and clients would be refused"
        " (rabbit_quorum_queue, rabbit_transient_quorum_queue, rabbit_stream_fanout) (write a new"
        " virtual_host, e.g. 'openstack-stream', and list the old one under absent_virtual_hosts when nobody"
        " uses it any more; or keep what was, 'queue_profile: classic' with its options)"
        " [queue-profile-moved]"
    )


def test_what_is_said_of_the_same_kind_with_another_argument() -> None:
    """It is named."""
    (before, _), (after, plan) = (
        rendered(rpc=QUORUM),
        rendered(rpc={**QUORUM, "options": {"rabbit_quorum_delivery_limit": 5}}),
    )
    assert "quorum queues with another rabbit_quorum_delivery_limit in" in str(
        check_former(before, after, plan)[0]
    )


def test_what_is_said_of_what_stays() -> None:
    """Its name, and what deletes it."""
    (before, _), (after, plan) = rendered(), rendered(rpc={"user_name": "nova"})
    (only,) = check_former(before, after, plan)
    assert str(only) == (
        "warning: $.rpc.absent_users: the user 'rpc' of the last rendering is in this no more (it stays on"
        " the brokers; list it under absent_users: with 'remove_absent: true' it is deleted) [left-behind]"
    )


def test_trees_of_before_count_by_their_urls() -> None:
    """A rendering that did not yet name the kinds is compared, too."""
    (before, _), (after, plan) = rendered(), rendered(rpc=QUORUM)
    old = {key: value for key, value in before[ALL].items() if not key.endswith("_queue_profile")}
    assert [finding.rule for finding in check_former({ALL: old}, after, plan)] == ["queue-profile-moved"] * 2


@pytest.mark.parametrize("former", [{}, {ALL: {}}, {ALL: {"messaging_rpc_transport_url": "no URL"}}])
def test_nothing_earlier_is_nothing_to_compare_with(former: Levels) -> None:
    """Neither an empty tree, nor one without URLs, is a finding."""
    after, plan = rendered(rpc=QUORUM)
    assert check_former(former, after, plan) == ()


def test_no_secret_is_shown() -> None:
    """The URLs that are compared have passwords."""
    (before, _), (after, plan) = rendered(), rendered(rpc={**QUORUM, "user_name": "nova"})
    text = "".join(map(str, check_former(before, after, plan)))
    assert not [secret for secret in secrets().values() if secret.reveal() in text]


@given(case=st.sampled_from(sorted(PLANS)))
def test_a_rendering_is_no_move_from_itself(case: str) -> None:
    """Whatever the plan is."""
    plan = plan_from_mapping(PLANS[case])
    topology, _ = resolve(plan, INVENTORY)
    assert topology is not None
    levels = build(topology, secrets())
    assert check_former(levels, levels, plan) == ()
    assert check_moves(levels[ALL], levels[ALL]) == ()
