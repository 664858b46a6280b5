# SPDX-License-Identifier: Apache-2.0
"""When two services go to one broker."""

from __future__ import annotations

import pytest

from tests.support.topologies import topology
from tripleo_messaging.model.transport_url import TransportUrl
from tripleo_messaging.plan.broker_addresses import (
    Destination,
    comparable_host,
    destination,
    destination_of_url,
    meeting,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MQ.Example.com", "mq.example.com"),
        ("FD00:0::5", "fd00::0:5"),
        ("[fd00::5]", "fd00::5"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_spellings_of_one_host_are_the_same(one: str, other: str) -> None:
    """Neither case, brackets, zeros nor an IPv4 address in an IPv6 one make a difference."""
    assert comparable_host(one) == comparable_host(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("mq-0.example.com", "mq-1.example.com"), ("fd00::5", "fd00::6"), ("mq", "mq.example.com")],
)
def test_other_hosts_are_others(one: str, other: str) -> None:
    """A short name may be another host's than the long one."""
    assert comparable_host(one) != comparable_host(other)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("rabbit://u:p@MQ/", ("mq", 5672)),
        ("kombu://u:p@mq/?ssl=1", ("mq", 5672)),
        ("amqp://u:p@mq/", ("mq", 5672)),
        ("rabbit://u:p@[FD00::5]:5671/", ("fd00::5", 5671)),
        ("kafka://u:p@mq", ("mq", None)),
    ],
)
def test_urls_without_a_port_mean_the_drivers(text: str, address: tuple[str, int | None]) -> None:
    """The rabbit and amqp drivers take 5672, with TLS too."""
    assert destination_of_url(TransportUrl.parse(text)) == Destination(
        addresses=frozenset({address}), virtual_host="/"
    )


def test_members_of_ours_are_known_by_all_their_names() -> None:
    """Somebody may write the address of a member where we write its host name."""
    found = destination(topology("shared").services["rpc"]).addresses
    assert {("ctl-0", 5672), ("ctl-0.internalapi.localdomain", 5672), ("172.17.0.10", 5672)} <= found


@pytest.mark.parametrize(
    ("addresses", "virtual_host", "severity"),
    [
        ({("a", 5672), ("b", 5672)}, "/", "error"),
        ({("b", 5672)}, "events", "warning"),
        ({("b", 5673)}, "/", None),
        ({("c", 5672)}, "/", None),
    ],
)
def test_what_meets(addresses: set[tuple[str, int]], virtual_host: str, severity: str | None) -> None:
    """One common host and port is enough; the virtual host decides how bad it is."""
    one = Destination(addresses=frozenset({("a", 5672), ("b", 5672)}), virtual_host="/")
    found = meeting(one, Destination(addresses=frozenset(addresses), virtual_host=virtual_host))
    assert (found[0] if found else None) == severity
