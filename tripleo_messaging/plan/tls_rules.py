# SPDX-License-Identifier: Apache-2.0
"""Rules on encryption: who verifies whom, with which files, and whether both ends agree."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import attrs

from tripleo_messaging.backends import Backend
from tripleo_messaging.model.driver_options import check_options, driver_options
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import SERVICES, Plan, ServicePlan, Tls
from tripleo_messaging.model.release import RELEASES, Version
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.model.url_checks import RABBIT_SCHEMES
from tripleo_messaging.plan.defaults import deployed_services
from tripleo_messaging.plan.report import finding_at

_FILES = ("ca_file", "certificate_file", "key_file", "client_certificate_file", "client_key_file")
_OF_BROKERS = ("versions", "verify_clients", "inter_node")

# What oslo.messaging's ssl_version pins the clients to; SSLv23 is whatever both ends know.
_PINNED: Mapping[str, str] = {"TLSv1": "1.0", "TLSv1_1": "1.1", "TLSv1_2": "1.2"}

# The first oslo.messaging whose rabbit driver compares host names unless told otherwise.
_COMPARES_NAMES: Version = (18, 1)


def options_of_tls(service: ServicePlan, scheme: str) -> Mapping[str, object]:
    """Return the options that the tls section and the login stand for, by the names that a driver has."""
    tls = service.tls or Tls()
    ca_file = tls.ca_file if tls.enabled and tls.verify else None
    certificate = tls.client_certificate_file if tls.enabled else None
    key = tls.client_key_file if tls.enabled else None
    protocol = ("SASL_" if service.user_name else "") + ("SSL" if tls.enabled else "PLAINTEXT")
    by_name = {
        "ssl": tls.enabled or None,
        "ssl_ca_file": ca_file,
        "ssl_cafile": ca_file,
        "ssl_cert_file": certificate,
        "ssl_key_file": key,
        "ssl_client_cert_file": certificate,
        "ssl_client_key_file": key,
        "security_protocol": protocol,
    }
    known = driver_options(scheme)
    return {name: value for name, value in by_name.items() if name in known and value is not None}


def _check_each(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for service, backend in deployed_services(filled):
        for check in _OF_A_SERVICE:
            yield from check(plan, service, backend)


def _tls(service: ServicePlan) -> Tls:
    return service.tls or Tls()


def _path(service: ServicePlan, key: str = "") -> str:
    return f"$.{service.service}.tls" + (f".{key}" if key else "")


def _not_enabled(plan: Plan, service: ServicePlan, backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    # A whole URL from the secrets says itself whether it is encrypted.
    has_whole_url = backend.is_external and not service.nodes and not service.group
    if tls.enabled or has_whole_url or attrs.evolve(tls, verify=True) == Tls():
        return
    what = "files" if any(getattr(tls, key) for key in _FILES) else "settings"
    message = f"has {what} but is not enabled, so that nothing is encrypted"
    yield finding_at(
        plan, _path(service), "tls-not-enabled", message, "write 'enabled: true'", severity="warning"
    )


def _unverified(plan: Plan, service: ServicePlan, _backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    if tls.enabled and not (tls.verify and tls.ca_file):
        message = "encrypts without verifying the broker: who is between reads along"
        hint = "leave verify at true" if tls.ca_file else "write ca_file, and leave verify at true"
        yield finding_at(plan, _path(service), "tls-without-verification", message, hint, severity="warning")


def _without_certificate(plan: Plan, service: ServicePlan, backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    if tls.enabled and backend.server and not (tls.certificate_file and tls.key_file):
        message = "is enabled without certificate_file and key_file, so that no listener can start"
        hint = "write both; they are paths on the members"
        yield finding_at(plan, _path(service), "tls-without-certificate", message, hint)


def _half_a_client_certificate(plan: Plan, service: ServicePlan, _backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    for one, other in itertools.permutations(("client_certificate_file", "client_key_file")):
        if getattr(tls, one) and not getattr(tls, other):
            message = f"stands without {other}, and a certificate is of no use without its key"
            hint = "write both; they are paths on the hosts of clients"
            yield finding_at(plan, _path(service, one), "half-a-client-certificate", message, hint)


def _clients_refused(plan: Plan, service: ServicePlan, backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    if not (tls.enabled and tls.verify_clients and backend.server):
        return
    missing = {
        "client_certificate_file": "no client could connect: the broker wants a certificate, which none has",
        "ca_file": "no client could connect: the broker could not verify its certificate",
    }
    for key, message in missing.items():
        if not getattr(tls, key):
            hint = f"write {key}, or leave verify_clients out"
            yield finding_at(plan, _path(service, "verify_clients"), "clients-refused", message, hint)


def _not_ours(plan: Plan, service: ServicePlan, backend: Backend) -> Iterator[Finding]:
    for key in _OF_BROKERS if backend.is_external else ():
        if getattr(_tls(service), key):
            message = f"{key} is a setting of brokers, and an external backend's are not ours"
            yield finding_at(
                plan, _path(service, key), "external-is-not-managed", message, "leave it out here"
            )


def _members_unverified(plan: Plan, service: ServicePlan, backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    if tls.enabled and tls.inter_node and backend.server and not tls.ca_file:
        message = "members verify one another, and there is no ca_file to do it with"
        hint = "write ca_file; the certificates of all members are verified by it"
        yield finding_at(plan, _path(service, "inter_node"), "inter-node-without-authority", message, hint)


def _bad_authorities(plan: Plan, service: ServicePlan, _backend: Backend) -> Iterator[Finding]:
    tls = _tls(service)
    if tls.ca_certificates is None:
        return
    # Reading certificates takes a library that most plans need not load.
    from tripleo_messaging.tls.check import authority_problems

    path = _path(service, "ca_certificates")
    if tls.ca_file is None:
        message = "there is no ca_file to put them into"
        yield finding_at(plan, path, "authorities-without-file", message, "write ca_file")
    yield from authority_problems(tls.ca_certificates, path, plan.origin(path))


def _unknown_to_release(plan: Plan, service: ServicePlan, _backend: Backend) -> Iterator[Finding]:
    release = RELEASES.get(plan.release)
    if release is None or service.scheme is None or not _tls(service).enabled:
        return
    ours = options_of_tls(service, service.scheme)
    for problem in check_options(service.scheme, ours, release.oslo_messaging):
        if problem.rule == "option-not-in-release":
            message = f"cannot be told to the clients: {problem.message}"
            yield finding_at(plan, _path(service), problem.rule, message, "choose the release that has it")


_OF_A_SERVICE: tuple[Callable[[Plan, ServicePlan, Backend], Iterable[Finding]], ...] = (
    _not_enabled,
    _unverified,
    _without_certificate,
    _half_a_client_certificate,
    _clients_refused,
    _not_ours,
    _members_unverified,
    _bad_authorities,
    _unknown_to_release,
)


def _check_versions_agree(plan: Plan, filled: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        service = filled.service(name)
        tls = _tls(service)
        pinned = _PINNED.get(str(service.options.get("ssl_version", "")))
        if tls.enabled and pinned and tls.versions and pinned not in tls.versions:
            message = f"clients would speak TLS {pinned} alone, and listeners {' and '.join(tls.versions)}"
            hint = "leave ssl_version out: both ends then take the newest that they share"
            path = f"$.{name}.options.ssl_version"
            yield finding_at(plan, path, "tls-versions-disagree", message, hint)


def _check_placed_files(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Puppet writes `ca_certificates` over whatever the file holds."""
    services = [service for service, _ in deployed_services(filled)]
    placing = [service for service in services if _tls(service).ca_certificates and _tls(service).ca_file]
    for service in placing:
        path = _path(service, "ca_file")
        used = [what for what in _other_uses(services) if what[1] == _normal(_tls(service).ca_file)]
        for what, _ in used[:1]:
            message = f"ca_certificates would be written over {what}, which is the same file"
            yield finding_at(plan, path, "authorities-over-another-file", message, "write another ca_file")
    for one, other in itertools.combinations(placing, 2):
        has_one_file = _normal(_tls(one).ca_file) == _normal(_tls(other).ca_file)
        if has_one_file and _text(_tls(one)) != _text(_tls(other)):
            message = f"differs from that of {one.service}, and both go into one file"
            hint = "write another ca_file for one of them, or the same certificates for both"
            path = _path(other, "ca_certificates")
            yield finding_at(plan, path, "contradicting-authorities", message, hint)


def _other_uses(services: Iterable[ServicePlan]) -> Iterator[tuple[str, PurePosixPath]]:
    for service in services:
        for key in _FILES:
            path = getattr(_tls(service), key)
            if path and key != "ca_file":
                yield f"$.{service.service}.tls.{key}", _normal(path)


def _normal(path: object) -> PurePosixPath:
    return PurePosixPath(str(path))


def _text(tls: Tls) -> str:
    return (tls.ca_certificates or "").strip()


def _check_members_in_clear(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for cluster in topology.clusters.values():
        path = f"$.{cluster.name}.tls"
        has_several = len(cluster.members) > 1
        if not cluster.tls.enabled:
            continue
        if has_several and not cluster.tls.inter_node:
            message = "clients speak TLS, and the members among themselves do not: messages cross in clear"
            hint = "write 'inter_node: true'; all members of a running cluster change together"
            yield finding_at(plan, path, "members-in-clear", message, hint, severity="warning")
        if cluster.tls.inter_node and not has_several:
            message = "there is one member, which speaks TLS to its command line tools alone"
            yield finding_at(plan, f"{path}.inter_node", "inter-node-alone", message, "", severity="note")


def _check_shared_certificates(plan: Plan, topology: Topology) -> Iterator[Finding]:
    for one, other in itertools.combinations(topology.clusters.values(), 2):
        shared = [key for key in ("certificate_file", "key_file") if _is_shared(one, other, key)]
        if shared and one.tls.ca_file and other.tls.ca_file and one.tls.ca_file != other.tls.ca_file:
            message = f"is that of {one.name} on the same hosts, and the two have different ca_files"
            hint = "give each a certificate of its own, or both the same ca_file"
            path = f"$.{other.name}.tls.{shared[0]}"
            yield finding_at(plan, path, "two-authorities", message, hint, severity="warning")


def _is_shared(one: Cluster, other: Cluster, key: str) -> bool:
    hosts = {member.name for member in one.members} & {member.name for member in other.members}
    path, others = getattr(one.tls, key), getattr(other.tls, key)
    return bool(hosts) and one.tls.enabled and other.tls.enabled and path is not None and path == others


def _check_names_of_all(plan: Plan, topology: Topology) -> Iterator[Finding]:
    """Kombu compares the certificate of every host of a URL with the name of the first that it tried.

    Source: kombu up to 5.7.0, ``pyamqp.Transport.establish_connection``, which keeps ``server_hostname``.
    """
    for service in topology.services.values():
        has_names = topology.release.oslo_messaging >= _COMPARES_NAMES
        compares = service.options.get("ssl_enforce_hostname_verification", has_names) is True
        is_verified = service.tls.enabled and service.tls.verify and service.tls.ca_file is not None
        if compares and is_verified and service.scheme in RABBIT_SCHEMES and len(service.endpoints) > 1:
            message = "clients compare the certificate of every host they go on to with the name of the first"
            hint = "see that the certificate of each host has the names of all hosts"
            path = f"$.{service.name}.tls"
            yield finding_at(plan, path, "names-of-all-hosts", message, hint, severity="note")


TLS_RULES = (_check_each, _check_versions_agree, _check_placed_files)

#: What takes an inventory to tell.
TLS_TOPOLOGY_RULES = (_check_members_in_clear, _check_shared_certificates, _check_names_of_all)
