# SPDX-License-Identifier: Apache-2.0
"""The topology as a value."""

from __future__ import annotations

import attrs
import pytest

from tests.support.topologies import BOTH, CLIENT, NOTIFY_ONLY, RPC_ONLY, topology
from tripleo_messaging.model.topology import Login


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (BOTH, ["rpc", "notify"]),
        (RPC_ONLY, ["rpc"]),
        (NOTIFY_ONLY, ["notify"]),
        (CLIENT, []),
        ("unknown", []),
    ],
)
def test_clusters_of(host: str, expected: list[str]) -> None:
    """A host is on the clusters it is a member of, by its inventory name."""
    assert [cluster.name for cluster in topology("twice").clusters_of(host)] == expected


def test_virtual_hosts() -> None:
    """Each that a login may use, once, in the order of the logins."""
    cluster = topology("twice").clusters["rpc"]
    logins = (
        Login(user_name="a", secret="A", virtual_hosts=("z", "/")),
        Login(user_name="b", secret="B", virtual_hosts=("/", "y")),
    )
    assert attrs.evolve(cluster, logins=logins).virtual_hosts == ("z", "/", "y")


def test_services_that_share_name_the_same_cluster() -> None:
    """That is all that sharing means."""
    shared = topology("shared")
    assert shared.services["rpc"].cluster == shared.services["notify"].cluster == "rpc"
    assert list(shared.clusters) == ["rpc"]
