# SPDX-License-Identifier: Apache-2.0
"""Apache Qpid Dispatch Router: direct AMQP 1.0 messaging, for RPC.

Source: oslo.messaging's amqp1 driver up to 14.9.3, removed in 15.0.0; TripleO's port 31459.
"""

from __future__ import annotations

from tripleo_messaging.backends.protocol import Backend, Support, no_findings, options_query, tls_files_query
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.topology import Service


def _url_query(service: Service, _release: Release) -> tuple[tuple[str, str], ...]:
    files = tls_files_query(service.tls, "ssl_ca_file", "ssl_cert_file", "ssl_key_file")
    return (*options_query(service), *files, ("ssl", "1" if service.tls.enabled else "0"))


def _client_packages(_release: Release) -> tuple[str, ...]:
    return ("python3-pyngus", "python3-qpid-proton")


BACKEND = Backend(
    name="qdrouterd",
    scheme="amqp",
    support={
        "rpc": Support(
            until=(15, 0, 0),
            reason="oslo.messaging 15.0.0 (2025.1) removed the amqp driver",
            way_out="use rabbitmq, or a release up to 2024.2",
        ),
        "notify": Support(
            possible=False,
            reason="a router stores nothing: a notification without a listener blocks, then is lost",
            way_out="use rabbitmq or kafka for notify",
        ),
    },
    stores_messages=False,
    default_ports={"rpc": 31459, "notify": 31459},
    default_instances={"rpc": "qdrouterd", "notify": "qdrouterd_notify"},
    has_virtual_hosts=True,
    client_packages=_client_packages,
    url_query=_url_query,
    check=no_findings,
)
