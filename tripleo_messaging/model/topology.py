# SPDX-License-Identifier: Apache-2.0
"""What a plan means on the hosts of an inventory: clusters, members, endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import attrs

from tripleo_messaging.model.plan import HealthCheck, Limits, Option, ServiceName, Tls
from tripleo_messaging.model.release import Release, Version


@attrs.frozen(kw_only=True)
class Member:
    """A host that runs an instance of a cluster.

    Attributes:
        name: inventory name.
        host_name: FQDN on the cluster's network; what clients put into the URL.
        address: IP address on the cluster's network, IPv6 without brackets.
    """

    name: str
    host_name: str
    address: str


@attrs.frozen(kw_only=True)
class Login:
    """An account of a cluster.

    Attributes:
        user_name: whom clients log in as.
        secret: name of the secret that is its password, e.g. ``RpcPassword``.
        virtual_hosts: where it has all permissions.
    """

    user_name: str
    secret: str
    virtual_hosts: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Cluster:
    """Brokers that we run, and what is the same on all of them.

    Attributes:
        name: the service it was made for, ``rpc`` or ``notify``; names its hieradata file.
        backend: product name.
        instance: name of the broker process on each member.
        members: in the inventory's order.
        bootstrap: inventory name of the member that starts first: the first in string order.
        network: name of the network of the listeners.
        port: TCP port of the client listeners.
        tls: of the client listeners.
        logins: every account, without repetition.
        cluster_secret: name of the secret that members know one another by; empty where there is none.
        broker_version: of the product, as far as it is known; ``None`` is not known.
        queue_profiles: by virtual host, the kinds of queues that clients declare there.
        limits: what an instance may use of its host.
        absent_users: accounts to delete.
        absent_virtual_hosts: virtual hosts to delete.
        removes_absent: whether its accounts lose the permissions that `logins` does not give them.
    """

    name: str
    backend: str
    instance: str
    members: tuple[Member, ...]
    bootstrap: str
    network: str
    port: int
    tls: Tls
    logins: tuple[Login, ...]
    cluster_secret: str
    broker_version: Optional[Version] = None
    queue_profiles: Mapping[str, str] = attrs.field(factory=dict)
    limits: Limits = attrs.field(factory=Limits)
    absent_users: tuple[str, ...] = ()
    absent_virtual_hosts: tuple[str, ...] = ()
    removes_absent: bool = False

    @property
    def virtual_hosts(self) -> tuple[str, ...]:
        """Every virtual host that an account may use, in order and without repetition."""
        return tuple(dict.fromkeys(name for login in self.logins for name in login.virtual_hosts))


@attrs.frozen(kw_only=True)
class Endpoint:
    """One broker address in a transport URL; IPv6 without brackets."""

    host: str
    port: int


@attrs.frozen(kw_only=True)
class Service:
    """How clients reach one messaging service.

    Attributes:
        name: ``rpc`` or ``notify``.
        backend: product name.
        scheme: oslo.messaging transport specifier.
        cluster: name of the cluster of ours that serves it; ``None`` for an external backend.
        members: hosts that serve it, in the inventory's order; empty for an external backend.
        bootstrap: inventory name of the member that starts first; ``None`` for an external backend.
        endpoints: what stands in the URL, in order.
        network: the network its clients reach it on.
        port: TCP port that the ``_port`` key states (the first endpoint's).
        virtual_host: AMQP virtual host.
        user_name: whom clients log in as; empty logs nobody in.
        secret: name of the secret that holds the password.
        url_secret: name of the secret that holds a whole URL; ``None`` where the URL is built.
        tls: encryption and verification.
        options: oslo.messaging driver options, checked and typed.
        driver: notification driver.
        topics: notification topics.
        services: OpenStack services that use it.
        health_check: interval and timeout.
        broker_version: of the product, as far as it is known; ``None`` is not known.
        queue_profile: kinds of queues that the clients declare; empty where the product has but one.
    """

    name: ServiceName
    backend: str
    scheme: str
    cluster: Optional[str]
    members: tuple[Member, ...]
    bootstrap: Optional[str]
    endpoints: tuple[Endpoint, ...]
    network: str
    port: int
    virtual_host: str
    user_name: str
    secret: str
    url_secret: Optional[str]
    tls: Tls
    options: Mapping[str, Option]
    driver: str
    topics: tuple[str, ...]
    services: tuple[str, ...]
    health_check: HealthCheck
    broker_version: Optional[Version] = None
    queue_profile: str = ""


@attrs.frozen(kw_only=True)
class Topology:
    """The whole of it; every emitter reads this and nothing else but secrets.

    Attributes:
        release: of the services.
        consumers: who builds the clients' configuration.
        cell: name of the nova cell, or ``None``.
        override_stock: whether our classes set the URLs of services that a stock consumer configured.
        services: ``rpc`` and, unless the notify driver is ``noop`` without a backend, ``notify``.
        clusters: by name.
        generation: hash of what the plan means, where it is not that of these values: accounts that take
            turns change nothing of it. Empty where it is.
    """

    release: Release
    consumers: tuple[str, ...]
    cell: Optional[str]
    services: Mapping[str, Service]
    clusters: Mapping[str, Cluster]
    override_stock: bool = False
    generation: str = ""

    def clusters_of(self, host: str) -> tuple[Cluster, ...]:
        """Return the clusters that a host, by its inventory name, is a member of."""
        return tuple(
            cluster
            for cluster in self.clusters.values()
            if any(member.name == host for member in cluster.members)
        )
