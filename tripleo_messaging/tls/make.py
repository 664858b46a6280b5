# SPDX-License-Identifier: Apache-2.0
"""Every certificate file of a topology, made below one directory, and kept while it is good.

::

    authorities/CLUSTER.crt, .key    the CA of each cluster
    hosts/NAME/PATH                  what the member NAME has at the absolute PATH
    clients/PATH                     what every host that runs clients has there
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError, UsageError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.model.finding import Finding, has_errors
from tripleo_messaging.model.topology import Cluster, Member, Topology
from tripleo_messaging.tls import authorities as ca
from tripleo_messaging.tls.certificates import Certificate, is_signed_by, read_pem
from tripleo_messaging.tls.check import DEFAULT_WARNING_DAYS, Moment, Source
from tripleo_messaging.tls.create import KeyPair, create_certificate
from tripleo_messaging.tls.survey import LIMIT_BYTES

HOSTS, CLIENTS = "hosts", "clients"
_FOLDERS = (ca.FOLDER, HOSTS, CLIENTS)


@attrs.frozen(kw_only=True)
class Order:
    """What is to be made.

    Attributes:
        days: how long a certificate is valid.
        authority_days: how long a new authority is.
        steps: by step of `authorities.STEPS`, the clusters whose authority takes it.
    """

    days: int
    authority_days: int
    steps: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    @property
    def renewal(self) -> dt.timedelta:
        """How long before its end a certificate is made anew."""
        return min(dt.timedelta(days=DEFAULT_WARNING_DAYS), dt.timedelta(days=self.days) / 3)


@attrs.frozen(kw_only=True)
class Identity:
    """A certificate and a key that somebody has.

    Attributes:
        cluster: whose authority signs it.
        tree: directory below the one that is written, ``hosts/NAME`` or ``clients``.
        certificate_file: absolute path on the host.
        key_file: absolute path on the host.
        common_name: whose it is.
        hosts: names and addresses that it stands for.
        purposes: of ``server`` and ``client``.
    """

    cluster: str
    tree: str
    certificate_file: str
    key_file: str
    common_name: str
    hosts: tuple[str, ...]
    purposes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Made:
    """What was done.

    Attributes:
        findings: of the directory; with an error nothing was written.
        change: of the files; ``None`` when nothing was written.
        authorities: by cluster, as they are now.
        renewed: by path of a certificate below the directory, why it was made; empty for the first.
    """

    findings: tuple[Finding, ...]
    change: Optional[Change] = None
    authorities: Mapping[str, ca.Authorities] = attrs.field(factory=dict)
    renewed: Mapping[str, str] = attrs.field(factory=dict)


def encrypted_clusters(topology: Topology) -> tuple[Cluster, ...]:
    """Return the clusters of ours that speak TLS."""
    return tuple(cluster for cluster in topology.clusters.values() if cluster.tls.enabled)


def identities(cluster: Cluster) -> Iterator[Identity]:
    """Yield the certificates that members and clients of a cluster have."""
    tls = cluster.tls
    # A client that compares names may compare each member's with the name of the first: kombu 5.7 does.
    others = [member.host_name for member in cluster.members]
    if tls.certificate_file and tls.key_file:
        for member in cluster.members:
            yield Identity(
                cluster=cluster.name,
                tree=f"{HOSTS}/{member.name}",
                certificate_file=tls.certificate_file,
                key_file=tls.key_file,
                common_name=member.host_name,
                hosts=tuple(dict.fromkeys((*_names(member), *others))),
                purposes=("server", "client"),
            )
    if tls.client_certificate_file and tls.client_key_file:
        yield Identity(
            cluster=cluster.name,
            tree=CLIENTS,
            certificate_file=tls.client_certificate_file,
            key_file=tls.client_key_file,
            common_name=f"{cluster.name} client",
            hosts=(),
            purposes=("client",),
        )


def _names(member: Member) -> Iterator[str]:
    yield member.host_name
    try:
        ipaddress.ip_address(member.host_name)
    except ValueError:
        short = member.host_name.partition(".")[0]
        yield from (short,) if short != member.host_name else ()
    yield from (member.address,) if member.address != member.host_name else ()


def below(tree: str, path: str) -> str:
    """Return where a file of a host stands, below the directory that is written."""
    return f"{tree}/{str(PurePosixPath(path)).lstrip('/')}"


def check_paths(topology: Topology) -> tuple[Finding, ...]:
    """Find paths at which one host would have two things: each cluster has an authority of its own."""
    users: dict[str, str] = {}
    findings = []
    for cluster in encrypted_clusters(topology):
        for place, name in _named(cluster):
            other = users.setdefault(place, f"$.{cluster.name}.tls.{name}")
            path = f"$.{cluster.name}.tls.{name}"
            if other != path:
                message = f"is the path of {other} too, and the two have different content"
                hint = "give each its own path: each cluster has an authority and certificates of its own"
                findings.append(Source(path=path).finding("tls-shared-path", message, hint))
    return tuple(dict.fromkeys(findings))


def _named(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield each place that is written for a cluster, and the plan's key that names it."""
    for name in ("certificate_file", "key_file", "client_certificate_file", "client_key_file", "ca_file"):
        path = getattr(cluster.tls, name)
        for tree in _trees(cluster, name) if path else ():
            yield below(tree, path), name


def _trees(cluster: Cluster, name: str) -> Iterator[str]:
    if not name.startswith("client_"):
        yield from (f"{HOSTS}/{member.name}" for member in cluster.members)
    if name.startswith("client_") or name == "ca_file":
        yield CLIENTS


def make(output: Path, topology: Topology, order: Order, now: dt.datetime) -> Made:
    """Make what is missing or ends soon, and keep the rest; with an error finding, nothing.

    Args:
        output: made when it is not there.
        topology: of a plan that `check_paths` finds nothing in.
        order: what to make.
        now: an aware instant.

    Raises:
        UsageError: a step of a rotation that is not possible now.
        UnreadableFileError, UnwritableFileError, LockedError: of the directory.
    """
    clusters = encrypted_clusters(topology)
    _refuse_steps(order, clusters, is_new=not output.is_dir())
    files.make_directory(output, files.SECRET_DIR_MODE)
    with files.locked(output):
        recover(output)
        _refuse_foreign(output)
        return _make(output, clusters, order, now)


def _refuse_steps(order: Order, clusters: Iterable[Cluster], *, is_new: bool) -> None:
    names = [cluster.name for cluster in clusters]
    taken: set[str] = set()
    for step, chosen in order.steps.items():
        for name in chosen:
            if name not in names:
                raise UsageError(f"--{step}: no cluster {name!r} has TLS; expected one of {', '.join(names)}")
            if name in taken:
                raise UsageError(f"--{step} {name}: take one step at a time, and let every host follow")
            taken.add(name)
            if is_new:
                ca.refuse(ca.Authorities(cluster=name), step)


def _refuse_foreign(output: Path) -> None:
    foreign = sorted(entry.name for entry in output.iterdir() if entry.name not in _FOLDERS)
    if foreign:
        reason = f"holds {foreign[0]!r}, which is no certificate of ours; give a directory of its own"
        raise UnwritableFileError(str(output), reason)


def _make(output: Path, clusters: tuple[Cluster, ...], order: Order, now: dt.datetime) -> Made:
    moment = Moment(now=now)
    wanted: dict[str, File] = {}
    present: list[str] = []
    findings: list[Finding] = []
    renewed: dict[str, str] = {}
    authorities = {}
    for cluster in clusters:
        there = _read(output, ca.paths(cluster.name))
        present += there
        known = _rotated(ca.read_authorities(cluster.name, there), order, now)
        authorities[cluster.name] = known
        findings += (*ca.check_signer(known, str(output), moment), *_unknown_to_plan(cluster, known, order))
        if not has_errors(findings):
            wanted.update(_files_of(cluster, known))
            for identity in identities(cluster):
                pair, reason = _kept_or_made(output, identity, known.signer, order, now)
                stem = below(identity.tree, identity.certificate_file)
                wanted[stem] = File(data=pair.certificate, mode=files.PUBLIC_MODE)
                wanted[below(identity.tree, identity.key_file)] = File(data=pair.key, mode=files.SECRET_MODE)
                renewed.update({stem: reason} if reason is not None else {})
    if has_errors(findings):
        return Made(findings=tuple(findings))
    change = replace_files(output, wanted, present)
    return Made(findings=tuple(findings), change=change, authorities=authorities, renewed=renewed)


def _rotated(authorities: ca.Authorities, order: Order, now: dt.datetime) -> ca.Authorities:
    for step in ca.STEPS:
        if authorities.cluster in order.steps.get(step, ()):
            authorities = ca.rotate(authorities, step, now=now, days=order.authority_days)
    return ca.with_first(authorities, now=now, days=order.authority_days)


def _unknown_to_plan(cluster: Cluster, authorities: ca.Authorities, order: Order) -> Iterator[Finding]:
    """Find authorities that Puppet does not put into the clients' file."""
    text = cluster.tls.ca_certificates
    if text is None:
        return
    trusted = {one.der for one in read_pem(text.encode("utf-8", "replace")).certificates}
    missing = [one for one in ca.certificates_of(authorities) if one.der not in trusted]
    if missing:
        is_cut_off = cluster.name in order.steps.get("switch", ())
        names = ", ".join(repr(one.subject) for one in missing)
        message = f"lacks {names}, so that Puppet has clients distrust what it signs"
        hint = "write the new bundle there and run Puppet on every host, before certificates change"
        source = Source(path=f"$.{cluster.name}.tls.ca_certificates")
        yield source.finding("tls-authority-not-in-plan", message, hint, "error" if is_cut_off else "warning")


def _files_of(cluster: Cluster, authorities: ca.Authorities) -> Iterator[tuple[str, File]]:
    for stem, pair in authorities.files():
        yield f"{stem}.crt", File(data=pair.certificate, mode=files.PUBLIC_MODE)
        yield f"{stem}.key", File(data=pair.key, mode=files.SECRET_MODE)
    if cluster.tls.ca_file:
        bundle = File(data=authorities.bundle, mode=files.PUBLIC_MODE)
        yield from ((below(tree, cluster.tls.ca_file), bundle) for tree in _trees(cluster, "ca_file"))


def _kept_or_made(
    output: Path, identity: Identity, signer: KeyPair, order: Order, now: dt.datetime
) -> tuple[KeyPair, Optional[str]]:
    """Return what is there and is good, or a new one and why it was made: nothing where there was none."""
    places = [below(identity.tree, path) for path in (identity.certificate_file, identity.key_file)]
    there = _read(output, places)
    pair = KeyPair(certificate=there.get(places[0], b""), key=there.get(places[1], b""))
    reason = _fault(pair, identity, signer, order, now) if there else ""
    if reason is None:
        return pair, None
    made = create_certificate(
        signer,
        identity.common_name,
        identity.hosts,
        now=now,
        days=order.days,
        usages=identity.purposes,
    )
    return made, reason


def _fault(
    pair: KeyPair, identity: Identity, signer: KeyPair, order: Order, now: dt.datetime
) -> Optional[str]:
    """Return why a certificate is to be made anew; ``None`` for a good one."""
    found, roots = read_pem(pair.certificate).certificates, read_pem(signer.certificate).certificates
    if not found or not ca.is_pair(found[0], pair.key):
        return "could not be read, or the key was another's"
    certificate, root = found[0], roots[0]
    faults = {
        "was of another authority": not is_signed_by(certificate, root),
        "names or addresses were others": not _has_names(certificate, identity.hosts),
        "was for another use": certificate.purposes != set(identity.purposes),
        # One that ends with its authority would not live longer when made anew.
        "ended soon": certificate.not_after < min(now + order.renewal, root.not_after),
    }
    return next((reason for reason, applies in faults.items() if applies), None)


def _has_names(certificate: Certificate, hosts: tuple[str, ...]) -> bool:
    wanted = {str(_plain(host)) for host in hosts}
    return wanted == {*certificate.names, *certificate.addresses}


def _plain(host: str) -> object:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return host


def _read(output: Path, names: Iterable[str]) -> dict[str, bytes]:
    found = ((name, files.read_if_there(output / name, LIMIT_BYTES)) for name in names)
    return {name: data for name, data in found if data is not None}
