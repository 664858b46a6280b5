# SPDX-License-Identifier: Apache-2.0
"""What a plan means on the hosts of an inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Optional

import attrs

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.queue_profiles import broker_version
from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.model.driver_options import coerce_option, driver_options
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.inventory import Inventory
from tripleo_messaging.model.plan import SERVICES, Option, Plan, ServiceName, ServicePlan, Tls
from tripleo_messaging.model.release import RELEASES, Release
from tripleo_messaging.model.topology import Cluster, Endpoint, Login, Member, Service, Topology
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST
from tripleo_messaging.model.url_checks import normal_host
from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.members import find_members
from tripleo_messaging.plan.topology_rules import check_topology

_PASSWORDS: Mapping[ServiceName, str] = {"rpc": "RpcPassword", "notify": "NotifyPassword"}
_URLS: Mapping[ServiceName, str] = {"rpc": "RpcTransportUrl", "notify": "NotifyTransportUrl"}


def resolve(plan: Plan, inventory: Inventory) -> tuple[Optional[Topology], tuple[Finding, ...]]:
    """Turn a plan into a topology; pure.

    Args:
        plan: as the operator wrote it; defaults are filled in here. It may have error findings of
            `check_plan`: a service that they leave undefined is left out.
        inventory: the hosts.

    Returns:
        The topology and findings. It is ``None`` when the release is unknown, and for work only
        when neither this nor `check_plan` found an error.
    """
    filled = with_defaults(plan)
    release = RELEASES.get(filled.release)
    if release is None:
        return None, ()
    found = {name: find_members(plan, filled.service(name), inventory) for name in _with_members(filled)}
    findings = tuple(finding for _, problems in found.values() for finding in problems)
    members = {name: hosts for name, (hosts, _) in found.items()}
    topology = _topology(filled, release, members)
    return topology, (*findings, *check_topology(plan, topology))


def _with_members(filled: Plan) -> Iterable[ServiceName]:
    """Name the services that have a cluster of their own whose brokers we run."""
    for name in SERVICES:
        service = filled.service(name)
        backend = find_backend(service.backend or "")
        if backend is not None and backend.server is not None and service.share is None:
            yield name


def _topology(filled: Plan, release: Release, members: Mapping[ServiceName, tuple[Member, ...]]) -> Topology:
    services: dict[ServiceName, Service] = {}
    for name in SERVICES:
        service = filled.service(name)
        if service.backend is not None and find_backend(service.backend) is not None:
            services[name] = _service(filled, service, members)
    clusters: dict[str, Cluster] = {
        name: _cluster(filled.service(name), hosts, services) for name, hosts in members.items() if hosts
    }
    return Topology(
        release=release,
        consumers=filled.consumers,
        cell=filled.cell,
        services={name: _with_cluster(service, clusters) for name, service in services.items()},
        clusters=clusters,
        override_stock=filled.override_stock,
    )


def _with_cluster(service: Service, clusters: Mapping[str, Cluster]) -> Service:
    return service if service.cluster in clusters else attrs.evolve(service, cluster=None)


def _home(service: ServicePlan) -> ServiceName:
    """Name the service whose cluster this one lives on."""
    return "rpc" if service.share is not None else service.service


def _service(
    filled: Plan, service: ServicePlan, members: Mapping[ServiceName, tuple[Member, ...]]
) -> Service:
    home = _home(service)
    hosts = members.get(home, ())
    port = service.port or 0
    endpoints = _external_endpoints(service) if service.nodes and not hosts else _endpoints(hosts, port)
    backend = find_backend(service.backend or "")
    has_whole_url = backend is not None and backend.is_external and not endpoints
    return Service(
        name=service.service,
        backend=service.backend or "",
        scheme=service.scheme or "",
        cluster=home if home in members else None,
        members=hosts,
        bootstrap=_bootstrap(hosts),
        endpoints=endpoints,
        network=service.network or "",
        port=endpoints[0].port if endpoints else port,
        virtual_host=service.virtual_host or DEFAULT_VIRTUAL_HOST,
        user_name=service.user_name or "",
        secret=_PASSWORDS[_login_owner(filled, service)],
        url_secret=_URLS[home] if has_whole_url else None,
        tls=service.tls or Tls(),
        options=_typed_options(service),
        driver=service.driver,
        topics=service.topics,
        services=service.services,
        health_check=service.health_check,
        broker_version=broker_version(service.broker_version),
        queue_profile=service.queue_profile or "",
    )


def _typed_options(service: ServicePlan) -> dict[str, Option]:
    """Type the options; one that `check_plan` has an error for stays as it was written."""
    specs = driver_options(service.scheme or "")
    typed: dict[str, Option] = {}
    for name, value in service.options.items():
        spec = specs.get(name)
        try:
            coerced = coerce_option(spec, value) if spec else value
        except ValueError:
            coerced = value
        typed[name] = ",".join(coerced) if isinstance(coerced, tuple) else coerced
    return typed


def _login_owner(filled: Plan, service: ServicePlan) -> ServiceName:
    """Name the service whose password is meant: a shared cluster has RPC's user unless another is named."""
    if service.share is not None and service.user_name == filled.rpc.user_name:
        return "rpc"
    return service.service


def _bootstrap(members: tuple[Member, ...]) -> Optional[str]:
    # In string order, as upstream has it: ctl-10 comes before ctl-2.
    return min((member.name for member in members), default=None)


def _endpoints(members: tuple[Member, ...], port: int) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(host=member.host_name, port=port) for member in members)


def _external_endpoints(service: ServicePlan) -> tuple[Endpoint, ...]:
    nodes = service.nodes
    return tuple(Endpoint(host=_host(node.host), port=node.port or service.port or 0) for node in nodes)


def _host(text: str) -> str:
    try:
        return normal_host(text)
    except InvalidTransportUrlError:
        return text


def _cluster(
    service: ServicePlan, members: tuple[Member, ...], services: Mapping[ServiceName, Service]
) -> Cluster:
    name = service.service
    backend = find_backend(service.backend or "")
    server = backend.server if backend else None
    on_it = [served for served in services.values() if served.cluster == name]
    return Cluster(
        name=name,
        backend=service.backend or "",
        instance=service.instance_name or "",
        members=members,
        bootstrap=_bootstrap(members) or "",
        network=service.network or "",
        port=service.port or 0,
        tls=service.tls or Tls(),
        logins=_logins(on_it),
        cluster_secret=server.cluster_secrets[name] if server else "",
        broker_version=broker_version(service.broker_version),
        queue_profiles={served.virtual_host: served.queue_profile for served in on_it},
        limits=service.limits,
        absent_users=service.absent_users if service.remove_absent else (),
        absent_virtual_hosts=service.absent_virtual_hosts if service.remove_absent else (),
        removes_absent=service.remove_absent,
    )


def _logins(services: Iterable[Service]) -> tuple[Login, ...]:
    """Gather the accounts of the services on one cluster; one user may have several virtual hosts."""
    logins: dict[str, Login] = {}
    for service in services:
        known = logins.get(service.user_name)
        hosts = (*(known.virtual_hosts if known else ()), service.virtual_host)
        logins[service.user_name] = Login(
            user_name=service.user_name,
            secret=known.secret if known else service.secret,
            virtual_hosts=tuple(dict.fromkeys(hosts)),
        )
    return tuple(logins.values())
