# SPDX-License-Identifier: Apache-2.0
"""What the operator wrote, for one stack or cell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, Optional, Union

import attrs

from tripleo_messaging.model.finding import Origin
from tripleo_messaging.model.release import DEFAULT_RELEASE

ServiceName = Literal["rpc", "notify"]
SERVICES: tuple[ServiceName, ...] = ("rpc", "notify")

Option = Union[str, int, float, bool]

DEFAULT_NETWORK = "internal_api"
NO_MAPPING: Mapping[str, Any] = MappingProxyType({})


def _frozen_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class Node:
    """A host named in the plan.

    Attributes:
        host: inventory name; for an external backend a host name or address, IPv6 without brackets.
        port: TCP port of this host, for an external backend; ``None`` is the service's port.
    """

    host: str
    port: Optional[int] = None


@attrs.frozen(kw_only=True)
class Tls:
    """How a service's connections are encrypted and verified.

    Attributes:
        enabled: whether clients and listeners speak TLS.
        ca_file: absolute path of the CA certificates, on clients and members; ``None`` verifies nothing.
        certificate_file: absolute path of the listener's certificate, on the members.
        key_file: absolute path of its key, on the members.
        verify: whether clients verify the broker.
        ca_certificates: PEM text that Puppet puts into `ca_file`; ``None`` where something else does.
        client_certificate_file: absolute path of the clients' certificate, on clients.
        client_key_file: absolute path of its key, on clients.
        verify_clients: whether the broker takes only clients with a certificate that it can verify.
        versions: TLS versions that the listeners speak, e.g. ``1.3``; empty is RabbitMQ's default.
        inter_node: whether the members of a cluster speak TLS among themselves.
    """

    enabled: bool = False
    ca_file: Optional[str] = None
    certificate_file: Optional[str] = None
    key_file: Optional[str] = None
    verify: bool = True
    ca_certificates: Optional[str] = None
    client_certificate_file: Optional[str] = None
    client_key_file: Optional[str] = None
    verify_clients: bool = False
    versions: tuple[str, ...] = ()
    inter_node: bool = False


@attrs.frozen(kw_only=True)
class HealthCheck:
    """How often a service is probed, and for how long a probe may take."""

    interval_s: int = 30
    timeout_s: int = 10


@attrs.frozen(kw_only=True)
class Limits:
    """What an instance may use of its host.

    Attributes:
        open_files: file descriptors.
        memory_share: part of the host's memory at which it stops taking messages, from 0 to 1;
            ``None`` is the default of the instance.
    """

    open_files: int = 65536
    memory_share: Optional[float] = None


@attrs.frozen(kw_only=True)
class ServicePlan:
    """One messaging service as the operator wrote it; ``None`` and empty stand for the default.

    Attributes:
        service: ``rpc`` or ``notify``.
        backend: product name, e.g. ``rabbitmq``.
        share: ``rpc`` on notify: the service lives on RPC's cluster.
        scheme: oslo.messaging transport specifier; only an external backend states it.
        group: inventory group that holds the members.
        nodes: hosts named one by one, instead of a group.
        network: network of listeners and clients; the default is ``internal_api``.
        port: TCP port of the listeners.
        virtual_host: AMQP virtual host.
        user_name: whom the services log in as.
        tls: encryption and verification.
        options: oslo.messaging driver options by name.
        health_check: interval and timeout.
        services: OpenStack services that use this one, e.g. ``nova``.
        instance_name: name of the broker process on each member.
        broker_version: version of the brokers' product, e.g. ``3.13``.
        queue_profile: kinds of queues that the clients declare, e.g. ``quorum``.
        limits: what an instance may use of its host.
        absent_users: accounts that the cluster had once.
        absent_virtual_hosts: virtual hosts that the cluster had once.
        remove_absent: whether these are deleted, with the queues and messages of the virtual hosts, and
            users of the plan lose the permissions that it does not give them.
        driver: notification driver, ``messagingv2`` or ``noop`` (notify only).
        topics: notification topics (notify only).
        consumed_by: who reads the notifications (notify only).
    """

    service: ServiceName
    backend: Optional[str] = None
    share: Optional[str] = None
    scheme: Optional[str] = None
    group: Optional[str] = None
    nodes: tuple[Node, ...] = ()
    network: Optional[str] = None
    port: Optional[int] = None
    virtual_host: Optional[str] = None
    user_name: Optional[str] = None
    tls: Optional[Tls] = None
    options: Mapping[str, Option] = attrs.field(default=NO_MAPPING, converter=_frozen_mapping)
    health_check: HealthCheck = HealthCheck()
    services: tuple[str, ...] = ()
    instance_name: Optional[str] = None
    broker_version: Optional[str] = None
    queue_profile: Optional[str] = None
    limits: Limits = Limits()
    absent_users: tuple[str, ...] = ()
    absent_virtual_hosts: tuple[str, ...] = ()
    remove_absent: bool = False
    driver: str = "messagingv2"
    topics: tuple[str, ...] = ("notifications",)
    consumed_by: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Plan:
    """The messaging plan of one stack or cell.

    Attributes:
        release: OpenStack release of the services, e.g. ``wallaby`` or ``2024.2``.
        consumers: who builds the clients' configuration; empty is the release's default.
        override_stock: whether our Puppet classes set the URLs of services that a stock consumer configured.
        cell: name of a nova cell, whose node-name keys differ; ``None`` for a whole cloud.
        rpc: the RPC service.
        notify: the Notification service.
        read_from_heat: whether it came from Heat environment files, whose defaults are upstream's.
        origins: where each value was written, by JSON path (``$.rpc.port``).
    """

    release: str = DEFAULT_RELEASE
    consumers: tuple[str, ...] = ()
    override_stock: bool = False
    cell: Optional[str] = None
    rpc: ServicePlan = ServicePlan(service="rpc")
    notify: ServicePlan = ServicePlan(service="notify")
    read_from_heat: bool = False
    origins: Mapping[str, Origin] = attrs.field(
        default=NO_MAPPING, converter=_frozen_mapping, eq=False, repr=False
    )

    def service(self, name: ServiceName) -> ServicePlan:
        """Return the plan of one service."""
        return self.rpc if name == "rpc" else self.notify

    def origin(self, path: str) -> Optional[Origin]:
        """Return where a value, or the nearest written parent of it, stands; ``None`` for a default."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None
