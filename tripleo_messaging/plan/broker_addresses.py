# SPDX-License-Identifier: Apache-2.0
"""Where the clients of a service go, so that two services can be found to go to one broker.

Names are compared as they are written: two names of one host, or a name and its address, are taken for two
hosts unless both are known of a member of ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Optional

import attrs

from tripleo_messaging.model.finding import Severity, describe
from tripleo_messaging.model.topology import Service
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST, TransportUrl

Address = tuple[str, Optional[int]]

# What oslo.messaging's drivers take where a URL names no port, with TLS too; kafka's and zmq's take none.
_DRIVER_PORTS = {"rabbit": 5672, "kombu": 5672, "amqp": 5672}


@attrs.frozen(kw_only=True)
class Destination:
    """What a service's clients reach.

    Attributes:
        addresses: host, as `comparable_host` writes it, and TCP port of each broker; ``None`` is no port.
        virtual_host: where its queues are.
    """

    addresses: frozenset[Address]
    virtual_host: str


def comparable_host(host: str) -> str:
    """Write a host name or address in the one form that all spellings of it have."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.lower()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def destination(service: Service) -> Destination:
    """Return where a service's clients go by the plan; members of ours by each name that they have."""
    endpoints = ((endpoint.host, endpoint.port) for endpoint in service.endpoints)
    return Destination(
        addresses=_comparable([*endpoints, *_of_members(service)]), virtual_host=service.virtual_host
    )


def _of_members(service: Service) -> Iterator[Address]:
    for member in service.members:
        for host in (member.name, member.host_name, member.address):
            yield host, service.port


def destination_of_url(url: TransportUrl) -> Destination:
    """Return where clients go by a whole URL."""
    default = _DRIVER_PORTS.get(url.scheme)
    return Destination(
        addresses=_comparable((host.host, host.port or default) for host in url.hosts),
        virtual_host=url.virtual_host or DEFAULT_VIRTUAL_HOST,
    )


def _comparable(addresses: Iterable[Address]) -> frozenset[Address]:
    return frozenset((comparable_host(host), port) for host, port in addresses)


def meeting(one: Destination, other: Destination) -> Optional[tuple[Severity, str, str]]:
    """Return severity, message and hint where two services go to one broker, else ``None``.

    In one virtual host they also have their exchanges and queues in common, which nobody means by giving
    two backends; in two they have the broker alone.
    """
    common = one.addresses & other.addresses
    if not common:
        return None
    host, port = min(common, key=str)
    where = f"{host} port {port}" if port else host
    hint = "list the hosts under $.rpc.nodes, and write 'share: rpc' for notify and what differs beside it"
    if one.virtual_host == other.virtual_host:
        where = f"{where}, virtual host {describe(one.virtual_host)}"
        return "error", f"goes to the same broker as RPC without saying so: {where}", hint
    return "warning", f"goes to the same broker as RPC without saying so: {where}", hint
