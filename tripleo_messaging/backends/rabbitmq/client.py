# SPDX-License-Identifier: Apache-2.0
"""What clients of RabbitMQ are told, and what is found in a plan for it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tripleo_messaging.backends.protocol import options_query, tls_files_query
from tripleo_messaging.backends.queue_profiles import client_options
from tripleo_messaging.backends.rabbitmq.ports import ALLOTMENTS
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import Plan, ServiceName
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.topology import Service


def url_query(service: Service, release: Release) -> tuple[tuple[str, str], ...]:
    """Return the query of a service's URL: driver options, those of its kind of queues included, then TLS."""
    # puppet-openstacklib's os_transport_url writes ssl last, always, as 0 or 1.
    tls = service.tls
    options = client_options(service.queue_profile, service.options, release.oslo_messaging)
    declaring = attrs.evolve(service, options=options)
    return (
        *options_query(declaring),
        *tls_files_query(tls, "ssl_ca_file", "ssl_cert_file", "ssl_key_file"),
        ("ssl", "1" if tls.enabled else "0"),
    )


def client_packages(_release: Release) -> tuple[str, ...]:
    """Name no package: oslo.messaging brings the driver."""
    return ()


def check(plan: Plan, name: ServiceName) -> Iterator[Finding]:
    """Yield what is wrong with a service of a plan on RabbitMQ."""
    instance = plan.service(name).instance_name
    if instance is not None and instance not in ALLOTMENTS:
        path = f"$.{name}.instance_name"
        yield Finding(
            rule="unknown-instance-name",
            severity="error",
            path=path,
            message=f"{instance!r} has no ports of its own; expected one of {', '.join(ALLOTMENTS)}",
            hint="leave instance_name out for the default",
            origin=plan.origin(path),
        )
