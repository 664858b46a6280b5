# SPDX-License-Identifier: Apache-2.0
"""A backend that somebody else runs: clients are configured, nothing on the far side is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tripleo_messaging.backends import backend_of_scheme
from tripleo_messaging.backends.protocol import Backend, Support
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import Plan, ServiceName, ServicePlan
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.topology import Service

_UNSAID = ServicePlan(service="rpc")
_OF_BROKERS: Mapping[str, str] = {
    "instance_name": "brokers",
    "limits": "brokers",
    "absent_users": "accounts",
    "absent_virtual_hosts": "virtual hosts",
    "remove_absent": "accounts and virtual hosts",
}


def _url_query(service: Service, release: Release) -> tuple[tuple[str, str], ...]:
    product = backend_of_scheme(service.scheme)
    return product.url_query(service, release) if product else ()


def _client_packages(_release: Release) -> tuple[str, ...]:
    return ()


def _check(plan: Plan, name: ServiceName) -> Iterator[Finding]:
    service = plan.service(name)
    path = f"$.{name}"
    if service.group:
        yield Finding(
            rule="external-without-hosts",
            severity="error",
            path=f"{path}.nodes",
            message="names an inventory group, and an external backend is not in the inventory",
            hint="list its hosts as {host, port}",
            origin=plan.origin(f"{path}.nodes"),
        )
    if service.tls and (service.tls.certificate_file or service.tls.key_file):
        message = "has a listener's certificate or key, and an external backend's listeners are not ours"
        yield _not_managed(plan, f"{path}.tls", message, "keep enabled, ca_file and verify only")
    for key, what in _OF_BROKERS.items():
        if getattr(service, key) != getattr(_UNSAID, key):
            message = f"is about {what}, and an external backend's are not ours to touch"
            hint = "leave it out, and ask who runs the brokers"
            yield _not_managed(plan, f"{path}.{key}", message, hint)


def _not_managed(plan: Plan, path: str, message: str, hint: str) -> Finding:
    return Finding(
        rule="external-is-not-managed",
        severity="error",
        path=path,
        message=message,
        hint=hint,
        origin=plan.origin(path),
    )


BACKEND = Backend(
    name="external",
    scheme=None,
    support={"rpc": Support(), "notify": Support()},
    stores_messages=False,
    default_ports={"rpc": 5672, "notify": 5672},
    default_instances={},
    has_virtual_hosts=True,
    client_packages=_client_packages,
    url_query=_url_query,
    check=_check,
)
