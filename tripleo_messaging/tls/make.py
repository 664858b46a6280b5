# SPDX-License-Identifier: Apache-2.0
"""Every certificate file of a topology, made below one directory, and kept while it is good."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError, UsageError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.model.finding import Finding, has_errors
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.tls import authorities as ca
from tripleo_messaging.tls.certificates import Certificate, is_signed_by, read_pem
from tripleo_messaging.tls.check import DEFAULT_WARNING_DAYS, Moment, Source
from tripleo_messaging.tls.create import KeyPair, create_certificate
from tripleo_messaging.tls.kept import (
    check_can_sign,
    check_kept,
    check_roots,
    leftovers,
    read,
    read_pair,
)
from tripleo_messaging.tls.layout import (
    CLIENTS,
    HOSTS,
    Identity,
    below,
    encrypted_clusters,
    identities,
    trees,
)

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


@attrs.frozen(kw_only=True)
class _Leaf:
    """What there is of an identity, and why to make it anew: empty for the first, ``None`` to keep it."""

    identity: Identity
    pair: KeyPair
    reason: Optional[str]

    @property
    def place(self) -> str:
        return below(self.identity.tree, self.identity.certificate_file)


@attrs.frozen(kw_only=True)
class _Work:
    """What is to be done for one cluster."""

    cluster: Cluster
    authorities: ca.Authorities
    present: tuple[str, ...] = ()
    leaves: tuple[_Leaf, ...] = ()
    findings: tuple[Finding, ...] = ()


def _make(output: Path, clusters: tuple[Cluster, ...], order: Order, now: dt.datetime) -> Made:
    works = [_work(output, cluster, order, now) for cluster in clusters]
    findings = tuple(finding for work in works for finding in work.findings)
    if has_errors(findings):
        return Made(findings=findings)
    wanted = {path: file for work in works for path, file in _files_of(work, order, now)}
    _make_directories(output, wanted)
    change = replace_files(output, wanted, [path for work in works for path in work.present])
    return Made(
        findings=(*findings, *leftovers(output, wanted)),
        change=change,
        authorities={work.cluster.name: work.authorities for work in works},
        renewed={
            leaf.place: leaf.reason for work in works for leaf in work.leaves if leaf.reason is not None
        },
    )


def _work(output: Path, cluster: Cluster, order: Order, now: dt.datetime) -> _Work:
    there = read(output, ca.paths(cluster.name))
    found = ca.read_authorities(cluster.name, there)
    lost = check_kept(output, cluster, found)
    if lost:
        return _Work(cluster=cluster, authorities=found, findings=lost)
    known = _rotated(found, order, now)
    findings: tuple[Finding, ...] = (
        *ca.check_signer(known, str(output), Moment(now=now)),
        *_unknown_to_plan(cluster, known, order),
        *check_roots(output, cluster, known, given_up=_given_up(found, order)),
    )
    leaves: tuple[_Leaf, ...] = ()
    if not has_errors(findings):
        leaves = tuple(_leaf(output, one, known.signer, order, now) for one in identities(cluster))
        due = [leaf.place for leaf in leaves if leaf.reason is not None]
        findings = (*findings, *check_can_sign(output, found, known, due))
    return _Work(cluster=cluster, authorities=known, present=tuple(there), leaves=leaves, findings=findings)


def _given_up(found: ca.Authorities, order: Order) -> Optional[KeyPair]:
    return found.previous if found.cluster in order.steps.get("retire", ()) else None


def _make_directories(output: Path, paths: Iterable[str]) -> None:
    # One by one: of a path that is made at once only the last directory gets the mode.
    for parent in sorted({parent for path in paths for parent in PurePath(path).parents}):
        # What is below a link is refused later, when nothing is written yet.
        if not any((output / one).is_symlink() for one in (parent, *parent.parents)):
            files.make_directory(output / parent, files.SECRET_DIR_MODE)


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


def _files_of(work: _Work, order: Order, now: dt.datetime) -> Iterator[tuple[str, File]]:
    for stem, pair in work.authorities.files():
        yield f"{stem}.crt", File(data=pair.certificate, mode=files.PUBLIC_MODE)
        # The key of one that signs nothing now may be kept elsewhere.
        yield from ((f"{stem}.key", File(data=pair.key, mode=files.SECRET_MODE)),) if pair.key else ()
    ca_file = work.cluster.tls.ca_file
    for tree in trees(work.cluster, "ca_file") if ca_file else ():
        yield below(tree, ca_file or ""), File(data=work.authorities.bundle, mode=files.PUBLIC_MODE)
    for leaf in work.leaves:
        pair = (
            leaf.pair if leaf.reason is None else _signed(leaf.identity, work.authorities.signer, order, now)
        )
        yield leaf.place, File(data=pair.certificate, mode=files.PUBLIC_MODE)
        key = below(leaf.identity.tree, leaf.identity.key_file)
        yield key, File(data=pair.key, mode=files.SECRET_MODE)


def _leaf(output: Path, identity: Identity, signer: KeyPair, order: Order, now: dt.datetime) -> _Leaf:
    pair = read_pair(output, identity)
    is_there = pair.certificate or pair.key
    reason = _fault(pair, identity, signer, order, now) if is_there else ""
    return _Leaf(identity=identity, pair=pair, reason=reason)


def _signed(identity: Identity, signer: KeyPair, order: Order, now: dt.datetime) -> KeyPair:
    return create_certificate(
        signer,
        identity.common_name,
        identity.hosts,
        now=now,
        days=order.days,
        usages=identity.purposes,
    )


def _fault(
    pair: KeyPair, identity: Identity, signer: KeyPair, order: Order, now: dt.datetime
) -> Optional[str]:
    """Return why a certificate is to be made anew; ``None`` for a good one."""
    found, roots = read_pem(pair.certificate).certificates, read_pem(signer.certificate).certificates
    if not found or not ca.is_pair(found[0], pair.key):
        return "certificate or key was missing"
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
