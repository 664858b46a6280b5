# SPDX-License-Identifier: Apache-2.0
"""Which ports of an instance a firewall has to leave open, and for whom."""

from __future__ import annotations

from typing import Union

from tripleo_messaging.backends.protocol import PortUse
from tripleo_messaging.backends.rabbitmq.ports import ports_of
from tripleo_messaging.model.topology import Cluster

FIREWALL_PORTS = "tripleo_messaging::rabbitmq::firewall_ports"


def firewall_ports(cluster: Cluster) -> dict[str, list[Union[int, str]]]:
    """Return the TCP ports, by who connects to them: ``clients``, or ``members`` of the cluster alone.

    Each list is in order; a range is a text such as ``25673-25683``. What listens on loopback alone is in
    none.
    """
    uses = sorted(ports_of(cluster), key=lambda use: use.first)
    return {reach: [_ports(use) for use in uses if use.reach == reach] for reach in ("clients", "members")}


def _ports(use: PortUse) -> Union[int, str]:
    return use.first if use.first == use.last else f"{use.first}-{use.last}"
