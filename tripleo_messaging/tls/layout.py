# SPDX-License-Identifier: Apache-2.0
"""Which certificate files a topology has, and where each stands below the directory of them all.

::

    authorities/CLUSTER.crt, .key    the CA of each cluster
    hosts/NAME/PATH                  what the member NAME has at the absolute PATH
    clients/PATH                     what every host that runs clients has there
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import PurePosixPath

import attrs

from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.topology import Cluster, Member, Topology
from tripleo_messaging.tls.check import Source

HOSTS, CLIENTS = "hosts", "clients"


@attrs.frozen(kw_only=True)
class Identity:
    """A certificate and a key that somebody has.

    Attributes:
        cluster: whose authority signs it.
        tree: directory below the one that is written, ``hosts/NAME`` or ``clients``.
        certificate_file: absolute path on the host.
        key_file: absolute path on the host.
        common_name: whose it is.
        hosts: names and addresses that it stands for.
        purposes: of ``server`` and ``client``.
    """

    cluster: str
    tree: str
    certificate_file: str
    key_file: str
    common_name: str
    hosts: tuple[str, ...]
    purposes: tuple[str, ...]


def encrypted_clusters(topology: Topology) -> tuple[Cluster, ...]:
    """Return the clusters of ours that speak TLS."""
    return tuple(cluster for cluster in topology.clusters.values() if cluster.tls.enabled)


def identities(cluster: Cluster) -> Iterator[Identity]:
    """Yield the certificates that members and clients of a cluster have."""
    tls = cluster.tls
    # A client that compares names may compare each member's with the name of the first: kombu 5.7 does.
    others = [member.host_name for member in cluster.members]
    if tls.certificate_file and tls.key_file:
        for member in cluster.members:
            yield Identity(
                cluster=cluster.name,
                tree=f"{HOSTS}/{member.name}",
                certificate_file=tls.certificate_file,
                key_file=tls.key_file,
                common_name=member.host_name,
                hosts=tuple(dict.fromkeys((*_names(member), *others))),
                purposes=("server", "client"),
            )
    if tls.client_certificate_file and tls.client_key_file:
        yield Identity(
            cluster=cluster.name,
            tree=CLIENTS,
            certificate_file=tls.client_certificate_file,
            key_file=tls.client_key_file,
            common_name=f"{cluster.name} client",
            hosts=(),
            purposes=("client",),
        )


def _names(member: Member) -> Iterator[str]:
    yield member.host_name
    try:
        ipaddress.ip_address(member.host_name)
    except ValueError:
        short = member.host_name.partition(".")[0]
        yield from (short,) if short != member.host_name else ()
    yield from (member.address,) if member.address != member.host_name else ()


def below(tree: str, path: str) -> str:
    """Return where a file of a host stands, below the directory that is written."""
    return f"{tree}/{str(PurePosixPath(path)).lstrip('/')}"


def check_paths(topology: Topology) -> tuple[Finding, ...]:
    """Find paths at which one host would have two things: each cluster has an authority of its own."""
    users: dict[str, str] = {}
    findings = []
    for cluster in encrypted_clusters(topology):
        for place, name in _named(cluster):
            other = users.setdefault(place, f"$.{cluster.name}.tls.{name}")
            path = f"$.{cluster.name}.tls.{name}"
            if other != path:
                message = f"is the path of {other} too, and the two have different content"
                hint = "give each its own path: each cluster has an authority and certificates of its own"
                findings.append(Source(path=path).finding("tls-shared-path", message, hint))
    return tuple(dict.fromkeys(findings))


def _named(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield each place that is written for a cluster, and the plan's key that names it."""
    for name in ("certificate_file", "key_file", "client_certificate_file", "client_key_file", "ca_file"):
        path = getattr(cluster.tls, name)
        for tree in trees(cluster, name) if path else ():
            yield below(tree, path), name


def trees(cluster: Cluster, name: str) -> Iterator[str]:
    """Yield the directories below which the file of a plan's key stands."""
    if not name.startswith("client_"):
        yield from (f"{HOSTS}/{member.name}" for member in cluster.members)
    if name.startswith("client_") or name == "ca_file":
        yield CLIENTS
