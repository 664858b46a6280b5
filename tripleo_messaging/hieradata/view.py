# SPDX-License-Identifier: Apache-2.0
"""What the client keys of one messaging service are made from."""

from __future__ import annotations

from typing import Any, Optional

import attrs

from tripleo_messaging.backends import find_backend, spoken_backend
from tripleo_messaging.errors import MissingSecretError
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.topology import Endpoint, Service, Topology
from tripleo_messaging.model.transport_url import TransportUrl, UrlHost


class _Missing:
    """The value of a key that is left out; ``None`` is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


@attrs.frozen(kw_only=True)
class ServiceView:
    """One service with its secrets at hand.

    Attributes:
        topology: the whole.
        service: how clients reach the service; of a whole URL from the secrets, what the URL says.
        password: of its user; ``None`` where nobody logs in.
        url: its transport URL.
    """

    topology: Topology
    service: Service
    password: Optional[Secret]
    url: TransportUrl


def view_service(topology: Topology, service: Service, secrets: Secrets) -> ServiceView:
    """Look at a service with its secrets.

    Raises:
        MissingSecretError: its password or URL is not among the secrets.
        InvalidTransportUrlError: its URL is no transport URL.
    """
    if service.url_secret is None:
        password = secrets.require(service.secret) if service.user_name else None
        url = transport_url(topology, service, password)
        return ServiceView(topology=topology, service=service, password=password, url=url)
    url = TransportUrl.parse(secrets.require(service.url_secret).reveal())
    told = _told_by_url(service, url)
    password = url.hosts[0].password if url.hosts else None
    return ServiceView(topology=topology, service=told, password=password, url=url)


def transport_url(topology: Topology, service: Service, password: Optional[Secret]) -> TransportUrl:
    """Build the URL of a service: every endpoint with the same login, and the query of its backend."""
    backend = find_backend(service.backend)
    if backend is None:
        raise MissingSecretError(service.secret)
    spoken = spoken_backend(backend, service.scheme)
    user_name = service.user_name or None
    hosts = (
        UrlHost(host=endpoint.host, port=endpoint.port, user_name=user_name, password=password)
        for endpoint in service.endpoints
    )
    return TransportUrl(
        scheme=service.scheme,
        hosts=tuple(hosts),
        virtual_host=service.virtual_host if spoken.has_virtual_hosts else None,
        query=spoken.url_query(service, topology.release),
    )


def _told_by_url(service: Service, url: TransportUrl) -> Service:
    endpoints = tuple(Endpoint(host=host.host, port=host.port or service.port) for host in url.hosts)
    return attrs.evolve(
        service,
        scheme=url.scheme,
        endpoints=endpoints,
        port=endpoints[0].port if endpoints else service.port,
        virtual_host=url.virtual_host or "/",
        user_name=(url.hosts[0].user_name or "") if url.hosts else "",
        tls=attrs.evolve(service.tls, enabled=is_encrypted(url)),
    )


def is_encrypted(url: TransportUrl) -> bool:
    """Tell whether clients of a URL speak TLS.

    Drivers say it by a boolean ``ssl`` or by a ``security_protocol`` of parts, of which one is ``SSL``;
    none knows both names, and a name that a driver does not know is an error of the URL.
    """
    query = {name: str(value) for name, value in url.query}
    is_on = query.get("ssl", "").lower() in ("1", "true", "yes", "on")
    return is_on or "SSL" in query.get("security_protocol", "").upper().split("_")
