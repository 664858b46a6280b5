# SPDX-License-Identifier: Apache-2.0
"""Hosts, groups and networks, as Ansible's inventory states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import attrs


@attrs.frozen(kw_only=True)
class Host:
    """One host of the inventory.

    Attributes:
        name: inventory name, which is TripleO's short host name.
        addresses: IP address by network, e.g. ``{"internal_api": "172.17.0.10"}``; IPv6 without brackets.
        host_names: FQDN by network, e.g. ``{"internal_api": "ctl-0.internalapi.localdomain"}``.
    """

    name: str
    addresses: Mapping[str, str]
    host_names: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Inventory:
    """Every host and group.

    Attributes:
        file: the file as the operator named it; ``None`` for the embedded one.
        hosts: by name, in the inventory's order.
        groups: host names of each group, members of its child groups included, in the
            inventory's order and without repetition.
    """

    hosts: Mapping[str, Host]
    groups: Mapping[str, tuple[str, ...]]
    file: Optional[str] = None


def inventory_of_this_host() -> Inventory:
    """Return the embedded inventory: this host alone, on the loopback address.

    It is what the commands use where none is given, so that the embedded default plan makes
    one broker that nobody else can reach.
    """
    host = Host(
        name="localhost",
        addresses={"internal_api": "127.0.0.1", "ctlplane": "127.0.0.1"},
        host_names={"internal_api": "localhost", "ctlplane": "localhost"},
    )
    groups = ("all", "oslo_messaging_rpc", "oslo_messaging_notify")
    return Inventory(hosts={host.name: host}, groups=dict.fromkeys(groups, (host.name,)))
