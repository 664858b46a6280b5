# SPDX-License-Identifier: Apache-2.0
"""Rules on brokers that somebody else runs, as far as a plan tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from tripleo_messaging.backends import find_backend
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.topology import Service, Topology
from tripleo_messaging.plan.broker_addresses import destination, meeting
from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.report import finding_at

#: Schemes of AMQP, which has a port for each kind of connection.
_AMQP_SCHEMES = ("rabbit", "kombu", "amqp")
_PLAIN_PORT, _TLS_PORT = 5672, 5671


def port_problem(scheme: str, port: Optional[int], *, has_tls: bool) -> Optional[str]:
    """Tell in a message how an AMQP port contradicts TLS, or ``None``.

    Source: IANA's registry of ports. Brokers that we run are told which port is which.
    """
    if scheme not in _AMQP_SCHEMES:
        return None
    if has_tls and port in (None, _PLAIN_PORT):
        usual = f"with TLS it is {_TLS_PORT}"
        return f"speaks TLS to port {_PLAIN_PORT}, on which brokers mostly speak none; {usual}"
    if not has_tls and port == _TLS_PORT:
        return f"speaks no TLS to port {_TLS_PORT}, on which brokers mostly speak nothing else"
    return None


def _check_ports_of_tls(plan: Plan, topology: Topology) -> Iterator[Finding]:
    seen = set()
    for service in topology.services.values():
        ports = [] if service.endpoints in seen else [endpoint.port for endpoint in service.endpoints]
        seen.add(service.endpoints)
        found = (port_problem(service.scheme, port, has_tls=service.tls.enabled) for port in ports)
        message = next((problem for problem in found if problem), None)
        if message and _is_external(service):
            hint = "ask who runs it, and correct port or tls"
            path = f"$.{service.name}.nodes"
            yield finding_at(plan, path, "unusual-tls-port", message, hint, severity="warning")


def _is_external(service: Service) -> bool:
    backend = find_backend(service.backend)
    return backend is not None and backend.is_external


def _check_same_broker(plan: Plan, topology: Topology) -> Iterator[Finding]:
    rpc, notify = topology.services.get("rpc"), topology.services.get("notify")
    if rpc is None or notify is None or with_defaults(plan).notify.share is not None:
        return
    # Two of ours that meet have one port on one host, which is found there.
    found = meeting(destination(rpc), destination(notify))
    if found and (_is_external(rpc) or _is_external(notify)):
        severity, message, hint = found
        yield finding_at(plan, "$.notify", "same-broker-unsaid", message, hint, severity=severity)


EXTERNAL_RULES = (_check_ports_of_tls, _check_same_broker)
