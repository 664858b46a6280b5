# SPDX-License-Identifier: Apache-2.0
"""What holds where the plan says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional, Union

import attrs

from tripleo_messaging.backends import Backend, find_backend, spoken_backend
from tripleo_messaging.backends.queue_profiles import CLASSIC, broker_version, default_profile
from tripleo_messaging.model.plan import DEFAULT_NETWORK, SERVICES, Plan, ServicePlan, Tls
from tripleo_messaging.model.release import RELEASES
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST
from tripleo_messaging.model.url_checks import RABBIT_SCHEMES

DEFAULT_BACKEND = "rabbitmq"
_LAST_RELEASE_OF_TRIPLEO = "zed"
_STOCK_CONSUMER = "puppet-tripleo"


def with_defaults(plan: Plan) -> Plan:
    """Return the plan with every unset value filled in.

    A value that cannot be known, such as the port of an unknown backend, stays unset; the rules
    say why. What notify takes from RPC when it shares RPC's cluster is filled in, too.
    """
    plan = attrs.evolve(plan, consumers=plan.consumers or _consumers(plan.release))
    rpc = _fill(attrs.evolve(plan.rpc, backend=plan.rpc.backend or DEFAULT_BACKEND), plan)
    return attrs.evolve(plan, rpc=rpc, notify=_fill_notify(plan.notify, rpc, plan))


def _consumers(release: str) -> tuple[str, ...]:
    known = RELEASES.get(release)
    after_tripleo = known is not None and known > RELEASES[_LAST_RELEASE_OF_TRIPLEO]
    return ("puppet-openstack",) if after_tripleo else ("puppet-tripleo",)


def _fill_notify(notify: ServicePlan, rpc: ServicePlan, plan: Plan) -> ServicePlan:
    if notify.backend is not None:
        return _fill(notify, plan)
    if notify.share is None and notify.driver != "noop" and can_store(rpc):
        notify = attrs.evolve(notify, share="rpc")
    if notify.share is None:
        return notify
    return attrs.evolve(
        notify,
        backend=rpc.backend,
        scheme=rpc.scheme,
        group=rpc.group,
        nodes=rpc.nodes,
        network=rpc.network,
        port=rpc.port,
        tls=rpc.tls,
        instance_name=rpc.instance_name,
        broker_version=rpc.broker_version,
        queue_profile=notify.queue_profile or rpc.queue_profile,
        virtual_host=rpc.virtual_host if notify.virtual_host is None else notify.virtual_host,
        user_name=rpc.user_name if notify.user_name is None else notify.user_name,
        services=notify.services or rpc.services,
    )


def can_store(service: ServicePlan) -> bool:
    """Tell whether what a service's clients speak to keeps messages until they are read."""
    backend = find_backend(service.backend or "")
    return backend is not None and spoken_backend(backend, service.scheme).stores_messages


def _fill(service: ServicePlan, plan: Plan) -> ServicePlan:
    backend = find_backend(service.backend or "")
    if backend is None:
        return service
    name = service.service
    has_nodes = bool(service.nodes or service.group)
    scheme = backend.scheme or service.scheme or "rabbit"
    by_whole_url = backend.is_external and not has_nodes
    return attrs.evolve(
        service,
        scheme=scheme,
        group=service.group if has_nodes or backend.scheme is None else f"oslo_messaging_{name}",
        network=service.network or DEFAULT_NETWORK,
        port=service.port or spoken_backend(backend, scheme).default_ports[name],
        virtual_host=_virtual_host(service, backend),
        user_name=name if service.user_name is None else service.user_name,
        tls=service.tls or Tls(),
        instance_name=service.instance_name or backend.default_instances.get(name),
        queue_profile=service.queue_profile
        or (None if by_whole_url else _queue_profile(scheme, service.broker_version, plan)),
    )


def _queue_profile(scheme: str, broker: Optional[str], plan: Plan) -> Optional[str]:
    release = RELEASES.get(plan.release)
    if release is None or scheme not in RABBIT_SCHEMES:
        return None
    if not carries_options(plan):
        return CLASSIC
    return default_profile(release.oslo_messaging, broker_version(broker))


def carries_options(filled: Union[Plan, Topology]) -> bool:
    """Tell whether who configures the clients passes driver options on to them."""
    return _STOCK_CONSUMER not in filled.consumers or filled.override_stock


def _virtual_host(service: ServicePlan, backend: Backend) -> Optional[str]:
    if service.virtual_host is not None:
        return service.virtual_host
    return DEFAULT_VIRTUAL_HOST if backend.has_virtual_hosts else None


def deployed_services(filled: Plan) -> Iterator[tuple[ServicePlan, Backend]]:
    """Yield the services that have a backend of their own that is known, with that backend."""
    for name in SERVICES:
        service = filled.service(name)
        backend = find_backend(service.backend or "")
        if service.share is None and backend is not None:
            yield service, backend
