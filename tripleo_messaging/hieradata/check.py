# SPDX-License-Identifier: Apache-2.0
"""What must hold of the secrets that a topology needs; no finding shows any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Optional

import attrs

from tripleo_messaging.backends import backend_of_scheme
from tripleo_messaging.capability import capability
from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.hieradata.build import required_secrets, secrets_of_our_brokers
from tripleo_messaging.hieradata.view import is_encrypted
from tripleo_messaging.model.driver_options import SEVERITIES as OPTION_SEVERITIES
from tripleo_messaging.model.driver_options import check_options
from tripleo_messaging.model.finding import Finding, Origin, Severity, json_path
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.topology import Service, Topology
from tripleo_messaging.model.transport_url import TransportUrl
from tripleo_messaging.model.url_checks import (
    GUEST,
    SEVERITIES,
    UrlProblem,
    is_loopback,
    password_problems,
    url_problems,
)
from tripleo_messaging.plan.broker_addresses import Destination, destination, destination_of_url, meeting
from tripleo_messaging.plan.external_rules import port_problem

# What the Puppet module takes, and Erlang reads from its file.
_COOKIE = re.compile(r"[!-~]{1,255}")

_HINTS: Mapping[str, str] = {
    "RpcTransportUrl": "list the hosts under $.rpc.nodes, or put the whole URL into the secrets",
    "NotifyTransportUrl": "list the hosts under $.notify.nodes, or put the whole URL into the secrets",
}


def check_secrets(topology: Topology, secrets: Secrets, file: Optional[str] = None) -> tuple[Finding, ...]:
    """Find every secret that is missing, would break a URL, or is a URL that does not fit the plan.

    Args:
        topology: what they are for.
        secrets: those at hand.
        file: where one would stand that is missing, or of which nobody knows where it was written.
    """
    checks = (_missing, _bad_passwords, _bad_urls, _same_broker, _bad_cookies, _equal_cookies)
    written = {_path(name): origin for name, origin in secrets.origins.items()}
    elsewhere = Origin(file=file) if file else None
    # Two services may have one URL, and what is wrong with it is told once.
    found = dict.fromkeys(finding for check in checks for finding in check(topology, secrets))
    return tuple(attrs.evolve(finding, origin=written.get(finding.path, elsewhere)) for finding in found)


def _path(name: str) -> str:
    return json_path(("parameter_defaults", name))


def _finding(name: str, rule: str, message: str, hint: str, severity: Severity = "error") -> Finding:
    return Finding(rule=rule, severity=severity, path=_path(name), message=message, hint=hint)


def _missing(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    for name in required_secrets(topology):
        if name not in secrets:
            hint = _HINTS.get(name, "put it into the file given with --secrets")
            hint = f"{hint}, or make it with --generate" if name in secrets_of_our_brokers(topology) else hint
            yield _finding(name, "missing-secret", "is needed and not among the secrets", hint)


def _bad_passwords(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    seen = set()
    for service in topology.services.values():
        is_used = service.user_name and service.url_secret is None and service.secret in secrets
        if is_used and service.secret not in seen:
            seen.add(service.secret)
            for problem in password_problems(secrets[service.secret], service.scheme):
                yield _of_url(service.secret, problem)


def _of_url(name: str, problem: UrlProblem) -> Finding:
    return _finding(name, problem.rule, problem.message, problem.hint, SEVERITIES[problem.rule])


def _bad_urls(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    for service in topology.services.values():
        if service.url_secret is None or service.url_secret not in secrets:
            continue
        try:
            url = TransportUrl.parse(secrets[service.url_secret].reveal())
        except InvalidTransportUrlError as error:
            hint = "write scheme://user:password@host:port/virtual_host, with special characters as %nn"
            yield _finding(service.url_secret, "bad-url", f"is no transport URL: {error.reason}", hint)
            continue
        for problem in url_problems(url):
            yield _of_url(service.url_secret, problem)
        yield from _unfit_url(topology, service, url)


def _unfit_url(topology: Topology, service: Service, url: TransportUrl) -> Iterator[Finding]:
    name = service.url_secret or ""
    spoken = backend_of_scheme(url.scheme)
    if spoken is None:
        message = f"has the scheme {url.scheme!r}, which is not a transport specifier of oslo.messaging"
        yield _finding(name, "unknown-scheme", message, "use rabbit, amqp, kafka or zmq")
        return
    cell = capability(spoken, service.name, topology.release)
    if not cell.allowed:
        message = f"{spoken.name} cannot serve {service.name} in {topology.release.name}: {cell.reason}"
        yield _finding(name, "backend-cannot-serve", message, cell.way_out)
    else:
        yield from _bad_options(name, topology, url)
    yield from _guests(name, url)
    yield from _unusual_ports(name, url)
    if "puppet-tripleo" in topology.consumers and not topology.override_stock:
        yield from _not_carried(name, service, url)


def _bad_options(name: str, topology: Topology, url: TransportUrl) -> Iterator[Finding]:
    # A URL stands among the secrets, so no value of it is shown.
    options = {
        option: value if isinstance(value, Secret) else Secret(str(value)) for option, value in url.query
    }
    for problem in check_options(url.scheme, options, topology.release.oslo_messaging):
        severity = OPTION_SEVERITIES[problem.rule]
        yield _finding(name, problem.rule, problem.message, problem.hint, severity)


def _guests(name: str, url: TransportUrl) -> Iterator[Finding]:
    if any(host.user_name == GUEST and not is_loopback(host.host) for host in url.hosts):
        message = "the user guest, whom everybody knows, would log in from other hosts"
        yield _finding(name, "guest-beyond-loopback", message, "name another user")


def _unusual_ports(name: str, url: TransportUrl) -> Iterator[Finding]:
    found = (port_problem(url.scheme, host.port, has_tls=is_encrypted(url)) for host in url.hosts)
    message = next((problem for problem in found if problem), None)
    if message:
        hint = "ask who runs it, and correct the ports or ssl in the URL"
        yield _finding(name, "unusual-tls-port", message, hint, "warning")


def _same_broker(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    """Find services that meet by a whole URL; those that share have one URL, or none."""
    rpc, notify = topology.services.get("rpc"), topology.services.get("notify")
    if rpc is None or notify is None or rpc.url_secret == notify.url_secret:
        return
    one, other = _destination(rpc, secrets), _destination(notify, secrets)
    found = meeting(one, other) if one and other else None
    if found:
        severity, message, hint = found
        name = notify.url_secret or rpc.url_secret or ""
        told = message if notify.url_secret else f"is why notify {message}"
        yield _finding(name, "same-broker-unsaid", told, hint, severity)


def _destination(service: Service, secrets: Secrets) -> Optional[Destination]:
    if service.url_secret is None:
        return destination(service)
    try:
        url = TransportUrl.parse(secrets[service.url_secret].reveal())
    except (InvalidTransportUrlError, KeyError):
        return None  # Told by the rules above.
    return destination_of_url(url)


def _not_carried(name: str, service: Service, url: TransportUrl) -> Iterator[Finding]:
    """Find what stock puppet-tripleo loses of a URL, which it builds anew from its parts."""
    carried = {
        "has a virtual host or options": url.virtual_host in (None, "/")
        and {key for key, _ in url.query} <= {"ssl"},
        "is of the kafka driver, which refuses a URL with ?ssl=": url.scheme != "kafka",
        "has hosts with different ports": len({host.port or service.port for host in url.hosts}) <= 1,
    }
    for what, is_carried in carried.items():
        if not is_carried:
            message = f"{what}, and stock puppet-tripleo builds a URL of hosts, one port, login and ?ssl="
            hint = (
                "write 'override_stock: true' and name the services, or use 'consumers: [puppet-openstack]' "
                "or [none], which take the whole URL"
            )
            yield _finding(name, "consumer-cannot-carry", message, hint)


def _bad_cookies(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    for name in dict.fromkeys(cluster.cluster_secret for cluster in topology.clusters.values()):
        if name in secrets and not _COOKIE.fullmatch(secrets[name].reveal()):
            message = "is no secret that members can share: it holds a space or another than ASCII characters"
            yield _finding(
                name, "bad-cookie", message, "choose 25 letters and digits, or let --generate make it"
            )


def _equal_cookies(topology: Topology, secrets: Secrets) -> Iterator[Finding]:
    names = [
        cluster.cluster_secret for cluster in topology.clusters.values() if cluster.cluster_secret in secrets
    ]
    if len({secrets[name] for name in names}) < len(set(names)):
        message = "is the same as another cluster's: a member of one could run code on the other"
        yield _finding(names[-1], "equal-cookies", message, "give each cluster a cookie of its own")
