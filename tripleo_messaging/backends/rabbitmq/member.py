# SPDX-License-Identifier: Apache-2.0
"""What is one member's own of its instances: names, addresses, the way of the distribution."""

from __future__ import annotations

import ipaddress
from typing import Any

from tripleo_messaging.backends.protocol import HieraData
from tripleo_messaging.backends.rabbitmq.instance import node_name
from tripleo_messaging.backends.rabbitmq.ports import config_dir
from tripleo_messaging.backends.rabbitmq.tls import distribution_file
from tripleo_messaging.model.topology import Cluster, Member

INSTANCES = "tripleo_messaging::rabbitmq::instances"


def member_data(clusters: tuple[Cluster, ...], host: str) -> HieraData:
    """Return the hieradata of one member's own.

    Args:
        clusters: those on the host.
        host: its inventory name.
    """
    members = {cluster.instance: _member(cluster, host) for cluster in clusters}
    addresses = tuple(dict.fromkeys(member.address for member in members.values()))
    own = {
        cluster.instance: {
            "node_name": node_name(cluster, members[cluster.instance]),
            "settings": _own_settings(cluster, members[cluster.instance]),
            "environment": _own_environment(cluster, members[cluster.instance], addresses),
            **_own_protocol(members[cluster.instance]),
        }
        for cluster in clusters
    }
    return {INSTANCES: own}


def _member(cluster: Cluster, host: str) -> Member:
    return next(member for member in cluster.members if member.name == host)


def _own_settings(cluster: Cluster, member: Member) -> dict[str, Any]:
    listener = "listeners.ssl.1" if cluster.tls.enabled else "listeners.tcp.1"
    return {listener: f"{member.address}:{cluster.port}"}


def _own_environment(cluster: Cluster, member: Member, addresses: tuple[str, ...]) -> dict[str, str]:
    return {
        "NODE_IP_ADDRESS": member.address,
        # One epmd serves all instances of a host, so it listens on the networks of all.
        "ERL_EPMD_ADDRESS": ",".join(addresses),
        **_distribution(cluster, member),
    }


def _own_protocol(member: Member) -> dict[str, bool]:
    return {"ipv6": True} if _is_ipv6(member) else {}


def _is_ipv6(member: Member) -> bool:
    return isinstance(ipaddress.ip_address(member.address), ipaddress.IPv6Address)


def _distribution(cluster: Cluster, member: Member) -> dict[str, str]:
    interface = f"-kernel inet_dist_use_interface {_address_term(member)}"
    protocol = _protocol(cluster, member)
    if not protocol:
        return {"SERVER_ADDITIONAL_ERL_ARGS": interface}
    return {"SERVER_ADDITIONAL_ERL_ARGS": f"{protocol} {interface}", "CTL_ERL_ARGS": protocol}


def _protocol(cluster: Cluster, member: Member) -> str:
    """Return what nodes and tools must both be told; an empty text for Erlang's default, plain IPv4."""
    tls_file = distribution_file(cluster)
    family, carrier = "inet6" if _is_ipv6(member) else "inet", "tls" if tls_file else "tcp"
    arguments = [f"-proto_dist {family}_{carrier}"]
    if tls_file:
        arguments.append(f"-ssl_dist_optfile {tls_file}")
    if _is_ipv6(member):
        # Without the file Erlang looks for IPv4 addresses of host names alone. The shell splits at blanks and
        # leaves the quotes to Erlang, which reads an atom.
        arguments.append(f"-kernel inetrc '{config_dir(cluster)}/erl_inetrc'")
    return "" if (family, carrier) == ("inet", "tcp") else " ".join(arguments)


def _address_term(member: Member) -> str:
    parsed = ipaddress.ip_address(member.address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return "{" + ",".join(str(octet) for octet in parsed.packed) + "}"
    return "{" + ",".join(str(int(group, 16)) for group in parsed.exploded.split(":")) + "}"
