# SPDX-License-Identifier: Apache-2.0
"""Who still has an account that is to go, and which members are not as they must be."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.backends.protocol import Connection
from tripleo_messaging.rotation.readiness import Answer, Straggler, duration, refusals, stragglers

HOSTS = {"172.17.0.10": "ctl-0", "fd00:fd00::64": "compute-0"}


def connection(
    address: str, process: str = "nova-conductor:7", age_s: Optional[float] = 60.0, user_name: str = "rpc"
) -> Connection:
    """Return a client that is connected."""
    return Connection(
        user_name=user_name, address=address, process=process, age_s=age_s, virtual_host="openstack"
    )


def test_stragglers_are_those_of_one_account():
    """Whoever has the new one, or one with a name that merely begins alike, is none."""
    connected = [connection("10.0.0.1", user_name=name) for name in ("rpc-2", "rpc", "notify", "rpc-")]
    assert [one.user_name for one in stragglers(connected, "rpc", {})] == ["rpc"]


def test_stragglers_are_in_order_of_host_process_and_age():
    """So that whoever restarts them goes from host to host; a connection without an age is one, too."""
    connected = [
        connection("192.0.2.9", "b:1", 5.0),
        connection("fd00:fd00::64", "nova-compute:2", 9.0),
        connection("172.17.0.10", "nova-conductor:7", 90000.0),
        connection("172.17.0.10", "nova-conductor:7", None),
        connection("172.17.0.10", "", 3.0),
    ]
    assert [str(one) for one in stragglers(connected, "rpc", HOSTS)] == [
        "192.0.2.9: b:1, connected 5 s ago, as rpc",
        "compute-0: nova-compute:2, connected 9 s ago, as rpc",
        "ctl-0: a process without a name, connected 3 s ago, as rpc",
        "ctl-0: nova-conductor:7, of unknown age, as rpc",
        "ctl-0: nova-conductor:7, connected 1 d ago, as rpc",
    ]


CONNECTIONS = st.builds(
    connection,
    st.sampled_from(["172.17.0.10", "fd00:fd00::64", "192.0.2.9", ""]),
    st.text(max_size=5),
    st.none() | st.floats(min_value=0, max_value=1e9),
    st.sampled_from(["rpc", "rpc-2", "notify"]),
)


@given(st.lists(CONNECTIONS, max_size=8), st.randoms())
def test_no_connection_gets_lost(connected: list[Connection], rng):
    """Every one of the account is told, two of one process both, whatever order they come in."""
    found = stragglers(connected, "rpc", HOSTS)
    assert len(found) == sum(one.user_name == "rpc" for one in connected)
    shuffled = list(connected)
    rng.shuffle(shuffled)
    key = lambda one: (one.host, one.process, one.age_s or 0)  # noqa: E731
    assert [key(one) for one in stragglers(shuffled, "rpc", HOSTS)] == [key(one) for one in found]


def test_only_those_that_are_not_as_they_must_be_are_refusals():
    """In the order in which they were asked."""
    answers = [
        Answer(where="ctl-2", refusal="refused rpc-2: 403 AccessRefused"),
        Answer(where="ctl-10"),
        Answer(where="ctl-0", refusal="no answer in time"),
    ]
    assert list(refusals(answers)) == ["ctl-2: refused rpc-2: 403 AccessRefused", "ctl-0: no answer in time"]
    assert list(refusals([Answer(where="ctl-0")])) == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 d"),
        (1e8, "1157 d"),
    ],
)
def test_duration_is_in_the_largest_whole_unit(seconds: float, expected: str):
    """At its borders."""
    assert duration(seconds) == expected


def test_straggler_is_a_line():
    """Host, process, age and account."""
    one = Straggler(host="compute-41", process="nova-compute:4711", age_s=1036800.0, user_name="rpc")
    assert str(one) == "compute-41: nova-compute:4711, connected 12 d ago, as rpc"
