# SPDX-License-Identifier: Apache-2.0
"""The certificate files that a topology needs, looked at where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.model.plan import Tls
from tripleo_messaging.model.topology import Cluster, Member, Service, Topology
from tripleo_messaging.tls.certificates import Certificate, read_pem
from tripleo_messaging.tls.check import (
    Moment,
    Role,
    Source,
    check_authorities,
    check_certificate,
    check_key,
)

#: A bundle of all public authorities is a tenth of it.
LIMIT_BYTES = 4_000_000


@attrs.frozen(kw_only=True)
class Places:
    """Where the files of hosts are; each directory stands for the ``/`` of a host.

    Attributes:
        members: by inventory name, the members to look at.
        clients: what every client has; ``None`` where that is not to be had.
    """

    members: Mapping[str, Path]
    clients: Optional[Path] = None


@attrs.frozen(kw_only=True)
class _Found:
    source: Source
    data: bytes = b""
    mode: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_there(self) -> bool:
        return not self.findings


@attrs.frozen(kw_only=True)
class _Bundle:
    file: str = ""
    authorities: tuple[Certificate, ...] = ()
    findings: tuple[Finding, ...] = ()


def below(root: Path, path: str) -> Path:
    """Return where an absolute path of a host is, below the directory that stands for its ``/``."""
    return root / str(PurePosixPath(path)).lstrip("/")


def survey(topology: Topology, places: Places, moment: Moment) -> tuple[Finding, ...]:
    """Find what is wrong with the files that clients and members need for TLS."""
    findings: list[Finding] = []
    for service in _services(topology):
        findings += _check_clients(service, topology.clusters.get(service.cluster or ""), places, moment)
    for cluster in topology.clusters.values():
        for member in cluster.members if cluster.tls.enabled else ():
            findings += _check_member(cluster, member, places, moment)
    # One bundle may be looked at for several parties.
    return tuple(dict.fromkeys(findings))


def _services(topology: Topology) -> Iterator[Service]:
    """Yield the services with TLS; of those that share a cluster, the first."""
    seen: set[object] = set()
    for service in topology.services.values():
        brokers = service.cluster or service.endpoints
        if service.tls.enabled and brokers not in seen:
            seen.add(brokers)
            yield service


def _check_clients(
    service: Service, cluster: Optional[Cluster], places: Places, moment: Moment
) -> Iterator[Finding]:
    if places.clients is None:
        return
    path, tls = f"$.{service.cluster or service.name}.tls", service.tls
    yield from _bundle(places.clients, path, tls, moment).findings
    if tls.client_certificate_file and tls.client_key_file:
        roots = [places.members[member.name] for member in service.members if member.name in places.members]
        bundles = [_bundle(root, path, tls, moment) for root in roots or [places.clients]]
        is_verified = cluster is not None and cluster.tls.verify_clients
        role = Role(purposes=("client",), trusted_by=_trust(bundles) if is_verified else ())
        certificate = _find(places.clients, f"{path}.client_certificate_file", tls.client_certificate_file)
        key = _find(places.clients, f"{path}.client_key_file", tls.client_key_file)
        yield from _check_pair(certificate, key, role, moment)


def _check_member(cluster: Cluster, member: Member, places: Places, moment: Moment) -> Iterator[Finding]:
    root, tls, path = places.members.get(member.name), cluster.tls, f"$.{cluster.name}.tls"
    if root is None or not (tls.certificate_file and tls.key_file):
        return
    own = _bundle(root, path, tls, moment)
    yield from own.findings
    bundles = [own] if tls.inter_node or places.clients is None else []
    if places.clients is not None:
        bundles.append(_bundle(places.clients, path, tls, moment))
    role = Role(
        # A member opens connections to the others, too.
        purposes=("server", "client") if tls.inter_node else ("server",),
        hosts=(member.host_name,),
        trusted_by=_trust(bundles),
    )
    certificate = _find(root, f"{path}.certificate_file", tls.certificate_file)
    key = _find(root, f"{path}.key_file", tls.key_file)
    yield from _check_pair(certificate, key, role, moment)


def _check_pair(certificate: _Found, key: _Found, role: Role, moment: Moment) -> Iterator[Finding]:
    yield from (*certificate.findings, *key.findings)
    role = attrs.evolve(role, may_hold_key=certificate.source.origin == key.source.origin)
    if certificate.is_there:
        yield from check_certificate(certificate.source, certificate.data, role, moment)
    if key.is_there:
        yield from check_key(key.source, key.data, key.mode, certificate.data)


def _trust(bundles: list[_Bundle]) -> tuple[tuple[str, tuple[Certificate, ...]], ...]:
    """Return each file of authorities once, and its content once; what cannot be read is told elsewhere."""
    by_content = {bundle.authorities: bundle.file for bundle in bundles if bundle.authorities}
    return tuple((file, authorities) for authorities, file in by_content.items())


def _bundle(root: Path, path: str, tls: Tls, moment: Moment) -> _Bundle:
    """Read a file of authorities; what Puppet is to write into it stands for what it is now."""
    if tls.ca_file is None:
        return _Bundle()
    found = _find(root, f"{path}.ca_file", tls.ca_file)
    findings = check_authorities(found.source, found.data, moment) if found.is_there else found.findings
    if tls.ca_certificates is not None:
        # What the file is to be at the next run of Puppet counts, whatever it is now.
        there, found = found, _planned(path, tls.ca_certificates)
        findings = (*_differing(there, found), *check_authorities(found.source, found.data, moment))
    elif not found.is_there:
        return _Bundle(findings=findings)
    file = str(found.source.origin or found.source.path)
    return _Bundle(file=file, authorities=read_pem(found.data).certificates, findings=findings)


def _planned(path: str, certificates: str) -> _Found:
    return _Found(source=Source(path=f"{path}.ca_certificates"), data=certificates.encode("utf-8", "replace"))


def _differing(there: _Found, planned: _Found) -> Iterator[Finding]:
    """Find a file that is not yet what the plan says."""
    hint = "Puppet puts the plan's ca_certificates there: run it"
    yield from (attrs.evolve(one, severity="warning", hint=hint) for one in there.findings)
    if there.is_there and read_pem(there.data).certificates != read_pem(planned.data).certificates:
        message = "does not hold the plan's ca_certificates"
        yield there.source.finding("tls-other-authorities", message, hint, "warning")


def _find(root: Path, json_path: str, path: str) -> _Found:
    place = below(root, path)
    source = Source(path=json_path, origin=Origin(file=str(place)))
    try:
        data = files.read_if_there(place, LIMIT_BYTES)
    except UnreadableFileError as error:
        return _Found(source=source, findings=(source.finding("tls-unreadable-file", error.reason),))
    if data is None:
        missing = source.finding("tls-missing-file", "is not there", "put it there, or correct the plan")
        return _Found(source=source, findings=(missing,))
    return _Found(source=source, data=data, mode=place.stat().st_mode & 0o777)
