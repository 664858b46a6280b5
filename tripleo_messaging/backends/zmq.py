# SPDX-License-Identifier: Apache-2.0
"""ZeroMQ: peers that find one another through a Redis matchmaker, for RPC.

Source: oslo.messaging's zmq driver up to 8.1.4, removed in 9.0.0.
"""

from __future__ import annotations

from tripleo_messaging.backends.protocol import Backend, Support, no_findings, options_query
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.topology import Service


def _url_query(service: Service, _release: Release) -> tuple[tuple[str, str], ...]:
    return options_query(service)


def _client_packages(_release: Release) -> tuple[str, ...]:
    return ("python-zmq", "python-redis")


BACKEND = Backend(
    name="zmq",
    scheme="zmq",
    support={
        "rpc": Support(
            until=(9, 0, 0),
            reason="oslo.messaging 9.0.0 (stein) removed the zmq driver",
            way_out="use rabbitmq, or a release up to rocky",
        ),
        "notify": Support(
            possible=False,
            reason="zmq stores nothing: a notification reaches connected listeners only",
            way_out="use rabbitmq or kafka for notify",
        ),
    },
    stores_messages=False,
    default_ports={"rpc": 6379, "notify": 6379},
    default_instances={"rpc": "zmq", "notify": "zmq_notify"},
    has_virtual_hosts=False,
    client_packages=_client_packages,
    url_query=_url_query,
    check=no_findings,
)
