# SPDX-License-Identifier: Apache-2.0
"""Kinds of queues: who has them, what they have clients declare, and what changes between two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.backends.queue_profiles import (
    QUEUE_PROFILES,
    best_profile,
    broker_version,
    client_options,
    declared_properties,
    declares_transient_queues,
    default_profile,
    moved_properties,
    profile_of,
    version_text,
)
from tripleo_messaging.model.driver_options import check_options
from tripleo_messaging.model.release import RELEASES

#: By release: the kinds that its services know, written down by hand.
KNOWN = {
    "mitaka": {"classic"},
    "wallaby": {"classic"},
    "xena": {"classic"},
    "yoga": {"classic", "quorum"},
    "zed": {"classic", "quorum"},
    "2023.2": {"classic", "quorum"},
    "2024.1": {"classic", "quorum", "stream"},
    "2026.1": {"classic", "quorum", "stream"},
}
#: By RabbitMQ: the kinds that it has.
SERVED = {
    (3, 7): {"classic"},
    (3, 8): {"classic", "quorum"},
    (3, 9): {"classic", "quorum", "stream"},
    (4, 3): {"classic", "quorum", "stream"},
    None: {"classic", "quorum", "stream"},
}

PROFILES = st.sampled_from(sorted(QUEUE_PROFILES))
VERSIONS = st.sampled_from([release.oslo_messaging for release in RELEASES.values()])
BROKERS = st.sampled_from([None, (3, 7), (3, 8), (3, 10), (3, 13), (4,), (4, 2), (4, 3)])
OPTIONS = st.dictionaries(
    st.sampled_from(
        [
            *("rabbit_quorum_queue", "rabbit_transient_quorum_queue", "rabbit_stream_fanout"),
            *("amqp_durable_queues", "amqp_auto_delete", "use_queue_manager", "rabbit_transient_queues_ttl"),
            *("rabbit_quorum_delivery_limit", "heartbeat_rate"),
        ]
    ),
    st.sampled_from([True, False, "true", "0", "1", 0, 1, 60, "60", "nonsense"]),
)


@pytest.mark.parametrize("release", KNOWN)
def test_releases_know_their_kinds(release: str) -> None:
    """By the version of oslo.messaging that came with the option."""
    version = RELEASES[release].oslo_messaging
    assert {name for name, kind in QUEUE_PROFILES.items() if kind.is_known_to(version)} == KNOWN[release]


@pytest.mark.parametrize("broker", SERVED)
def test_brokers_have_their_kinds(broker: tuple[int, ...] | None) -> None:
    """One of unknown version may have all."""
    assert {name for name, kind in QUEUE_PROFILES.items() if kind.is_served_by(broker)} == SERVED[broker]


@pytest.mark.parametrize(
    ("release", "broker", "expected"),
    [
        ("2026.1", None, "classic"),
        ("2026.1", (3, 13), "classic"),
        ("2026.1", (4,), "stream"),
        ("2023.2", (4, 1), "quorum"),
        ("wallaby", (4, 1), "classic"),
    ],
)
def test_defaults(release: str, broker: tuple[int, ...] | None, expected: str) -> None:
    """What there has always been, until the brokers no longer replicate it."""
    assert default_profile(RELEASES[release].oslo_messaging, broker) == expected


def test_classic_adds_nothing() -> None:
    """So that the URLs of a cloud stay as they are."""
    assert client_options("classic", {}, RELEASES["2026.1"].oslo_messaging) == {}
    assert client_options("", {"heartbeat_rate": 3}, RELEASES["2026.1"].oslo_messaging) == {
        "heartbeat_rate": 3
    }


def test_the_plans_own_options_win() -> None:
    """Over those of the kind; and of these a release has what it knows."""
    made = client_options("stream", {"use_queue_manager": False}, RELEASES["2024.1"].oslo_messaging)
    assert made == {
        "rabbit_quorum_queue": True,
        "rabbit_transient_quorum_queue": True,
        "rabbit_stream_fanout": True,
        "rabbit_qos_prefetch_count": 250,
        "use_queue_manager": False,
    }
    assert client_options("quorum", {}, RELEASES["2023.2"].oslo_messaging) == {"rabbit_quorum_queue": True}


@given(profile=PROFILES, version=VERSIONS, broker=BROKERS)
def test_every_kind_is_a_set_of_options_that_the_driver_takes(profile, version, broker) -> None:
    """Where a release knows it; and no default is one that release or RabbitMQ have not."""
    kind = QUEUE_PROFILES[profile]
    if kind.is_known_to(version):
        assert not list(check_options("rabbit", kind.options_for(version), version))
        assert profile_of(kind.options_for(version)) == profile
    for chosen in (default_profile(version, broker), best_profile(version, broker)):
        assert QUEUE_PROFILES[chosen].is_known_to(version)
        assert QUEUE_PROFILES[chosen].is_served_by(broker)


@given(one=OPTIONS, other=OPTIONS)
def test_moves(one, other) -> None:
    """Nothing moves to itself; a move back is one over the same options; another option is none."""
    first, second = declared_properties(one), declared_properties(other)
    assert moved_properties(first, first) == ()
    assert set(moved_properties(first, second)) == set(moved_properties(second, first))
    assert declared_properties({**one, "heartbeat_rate": 7}) == first


@pytest.mark.parametrize(
    ("former", "now", "moved"),
    [
        ({}, {"rabbit_quorum_queue": False}, ()),
        ({}, {"rabbit_quorum_queue": "true"}, ("rabbit_quorum_queue",)),
        ({}, {"amqp_durable_queues": True}, ("amqp_durable_queues",)),
        ({"rabbit_quorum_queue": True}, {"rabbit_quorum_queue": 1, "amqp_durable_queues": True}, ()),
        (
            {"rabbit_quorum_queue": True},
            {"rabbit_quorum_queue": True, "rabbit_transient_quorum_queue": True},
            ("rabbit_transient_quorum_queue",),
        ),
        (
            {"rabbit_quorum_queue": True},
            {"rabbit_quorum_queue": True, "rabbit_quorum_delivery_limit": 5},
            ("rabbit_quorum_delivery_limit",),
        ),
        ({}, {"rabbit_quorum_delivery_limit": 5}, ()),
        ({}, {"rabbit_transient_queues_ttl": 60}, ()),
        (
            {"use_queue_manager": True},
            {"use_queue_manager": True, "rabbit_transient_queues_ttl": 60},
            ("rabbit_transient_queues_ttl",),
        ),
        (
            {"rabbit_stream_fanout": True},
            {"rabbit_stream_fanout": True, "rabbit_transient_queues_ttl": 1800},
            (),
        ),
        (
            {"rabbit_stream_fanout": True},
            {"rabbit_stream_fanout": True, "rabbit_transient_queues_ttl": 0},
            ("rabbit_transient_queues_ttl",),
        ),
        ({}, {"use_queue_manager": True}, ()),
    ],
)
def test_what_a_broker_would_refuse(former, now, moved) -> None:
    """Options that change what is declared under a name that stays, and no others."""
    assert moved_properties(declared_properties(former), declared_properties(now)) == moved


@pytest.mark.parametrize(
    ("options", "of_rpc", "of_notify"),
    [
        ({}, True, True),
        ({"amqp_durable_queues": True}, True, False),
        ({"rabbit_quorum_queue": True}, True, False),
        ({"rabbit_quorum_queue": True, "rabbit_transient_quorum_queue": True}, False, False),
        ({"rabbit_transient_quorum_queue": True}, True, True),
    ],
)
def test_transient_queues(options, of_rpc: bool, of_notify: bool) -> None:
    """Those of topics, and of replies and fanouts, which only RPC has."""
    assert declares_transient_queues(options, has_replies=True) is of_rpc
    assert declares_transient_queues(options, has_replies=False) is of_notify


def test_versions() -> None:
    """As a plan has them, and back."""
    assert broker_version("3.13") == (3, 13)
    assert version_text((3, 13)) == "3.13"
    assert broker_version(None) is None
