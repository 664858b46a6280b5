# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka: a log of notifications.

Source: oslo.messaging's kafka driver, whose RPC methods raise NotImplementedError, and whose URL
query takes the options of ``[oslo_messaging_kafka]``: an ``ssl`` there fails at start.
"""

from __future__ import annotations

from tripleo_messaging.backends.protocol import Backend, Support, no_findings, options_query, tls_files_query
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.topology import Service


def _url_query(service: Service, _release: Release) -> tuple[tuple[str, str], ...]:
    protocol = ("SASL_" if service.user_name else "") + ("SSL" if service.tls.enabled else "PLAINTEXT")
    files = tls_files_query(service.tls, "ssl_cafile", "ssl_client_cert_file", "ssl_client_key_file")
    return (*options_query(service), ("security_protocol", protocol), *files)


def _client_packages(_release: Release) -> tuple[str, ...]:
    return ("python3-confluent-kafka",)


BACKEND = Backend(
    name="kafka",
    scheme="kafka",
    support={
        "rpc": Support(
            possible=False,
            reason="oslo.messaging's kafka driver implements notifications only",
            way_out="use rabbitmq for rpc and kafka for notify",
        ),
        "notify": Support(),
    },
    stores_messages=True,
    default_ports={"rpc": 9092, "notify": 9092},
    default_instances={"rpc": "kafka", "notify": "kafka"},
    # The driver's producer adds the virtual host to the topic and its consumer does not.
    has_virtual_hosts=False,
    client_packages=_client_packages,
    url_query=_url_query,
    check=no_findings,
)
