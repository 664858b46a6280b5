# SPDX-License-Identifier: Apache-2.0
"""What stands below the directory of certificates and must not be lost by writing there."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Optional

from tripleo_messaging import files
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.model.topology import Cluster
from tripleo_messaging.tls import authorities as ca
from tripleo_messaging.tls.certificates import Certificate, is_signed_by, read_pem
from tripleo_messaging.tls.check import Source
from tripleo_messaging.tls.create import KeyPair
from tripleo_messaging.tls.layout import CLIENTS, HOSTS, Identity, below, identities, trees
from tripleo_messaging.tls.survey import LIMIT_BYTES


def read(output: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return, by its path below the directory, what is in each of the files that are there.

    Raises:
        UnreadableFileError: of one that is there.
    """
    found = ((name, files.read_if_there(output / name, LIMIT_BYTES)) for name in names)
    return {name: data for name, data in found if data is not None}


def read_pair(output: Path, identity: Identity) -> KeyPair:
    """Return what there is of an identity; nothing, for a file that is not there.

    Raises:
        UnreadableFileError: of one that is there.
    """
    certificate, key = _places(identity)
    there = read(output, (certificate, key))
    return KeyPair(certificate=there.get(certificate, b""), key=there.get(key, b""))


def _places(identity: Identity) -> tuple[str, str]:
    return below(identity.tree, identity.certificate_file), below(identity.tree, identity.key_file)


def check_kept(output: Path, cluster: Cluster, found: ca.Authorities) -> tuple[Finding, ...]:
    """Find a cluster's authorities that are missing, and what somebody else made in the place of ours.

    Args:
        output: is there.
        cluster: has TLS.
        found: its authorities that are there, before any step.
    """
    missing = (*_without_certificate(output, found), *_without_authority(output, cluster, found))
    return missing or tuple(_not_ours(output, cluster, found))


def _without_certificate(output: Path, found: ca.Authorities) -> Iterator[Finding]:
    for stem, pair in found.files():
        if not read_pem(pair.certificate).certificates:
            message = "is not there, or holds no certificate in PEM that can be read"
            hint = f"put {stem}.crt back, or begin with a directory that is empty"
            yield _source(found, f"{output / stem}.crt").finding("tls-authority-missing", message, hint)


def _without_authority(output: Path, cluster: Cluster, found: ca.Authorities) -> Iterator[Finding]:
    """Find what an authority was for that is not there: a new one would cut all of it off."""
    if found.current is not None:
        return
    left = [*(stem for stem, _ in found.files()), *_in_use(output, cluster)]
    if left:
        message = f"{output / left[0]} is there, and the authority that it goes with is not"
        hint = (
            f"put {ca.FOLDER}/{cluster.name}.crt and .key back; for a new authority that nobody trusts yet,"
            " give a directory that is empty"
        )
        yield _source(found).finding("tls-authority-missing", message, hint)


def _in_use(output: Path, cluster: Cluster) -> list[str]:
    """Return files that a cluster's authority was for; any, where there is no authority at all."""
    pairs = [place for identity in identities(cluster) for place in _places(identity)]
    here = list(read(output, (*pairs, *_bundles(cluster))))
    return here or ([] if any(_files_below(output, ca.FOLDER)) else _leaves(output))


def _bundles(cluster: Cluster) -> list[str]:
    path = cluster.tls.ca_file
    return [below(tree, path) for tree in trees(cluster, "ca_file")] if path else []


def _leaves(output: Path) -> list[str]:
    return [name for tree in (HOSTS, CLIENTS) for name in _files_below(output, tree)]


def _files_below(output: Path, tree: str) -> Iterator[str]:
    for directory, inner, names in os.walk(output / tree):
        inner.sort()
        yield from (str((Path(directory) / name).relative_to(output)) for name in sorted(names))


def _not_ours(output: Path, cluster: Cluster, found: ca.Authorities) -> Iterator[Finding]:
    """Find certificates that no authority of ours has signed, and keys that belong to none of ours."""
    roots = ca.certificates_of(found)
    for identity in identities(cluster):
        pair = read_pair(output, identity)
        leaf = next(iter(read_pem(pair.certificate).certificates), None)
        place, key_place = (str(output / place) for place in _places(identity))
        hint = "remove certificate and key to have new ones made, or give another directory"
        if pair.certificate.strip() and not _is_ours(leaf, roots):
            what = repr(leaf.subject) if leaf else "what it holds"
            message = f"{what} was not made here, and would be lost with its key"
            yield _source(found, place).finding("tls-not-made-here", message, hint)
        elif pair.key.strip() and not (leaf and ca.is_pair(leaf, pair.key)):
            message = "was not made here as far as the certificate beside it tells, and would be lost"
            yield _source(found, key_place).finding("tls-not-made-here", message, hint)


def _is_ours(leaf: Optional[Certificate], roots: Iterable[Certificate]) -> bool:
    return leaf is not None and any(is_signed_by(leaf, root) for root in roots)


def check_roots(
    output: Path, cluster: Cluster, known: ca.Authorities, *, given_up: Optional[KeyPair]
) -> Iterator[Finding]:
    """Find what hosts trust and would trust no more.

    Args:
        output: is there.
        cluster: whose bundles are looked at.
        known: its authorities, which the bundles will hold.
        given_up: the authority that is to be trusted no more.
    """
    kept = {one.der for one in ca.certificates_of(known)}
    kept |= {one.der for one in read_pem(given_up.certificate).certificates} if given_up else set()
    lost: dict[str, list[str]] = {}
    for place, data in read(output, _bundles(cluster)).items():
        for one in read_pem(data).certificates:
            if one.der not in kept:
                lost.setdefault(one.subject, []).append(place)
    for subject, places in lost.items():
        more = f" (and in {len(places) - 1:,} files more)" if places[1:] else ""
        message = f"holds {subject!r}, which no file of {ca.FOLDER} does: it would be trusted no more{more}"
        hint = f"put it back into {ca.FOLDER}, or take it out here when nothing that it signed is in use"
        yield _source(known, str(output / places[0])).finding("tls-root-missing", message, hint)


def check_can_sign(
    output: Path, found: ca.Authorities, known: ca.Authorities, due: Collection[str]
) -> Iterator[Finding]:
    """Find the key missing that is to sign.

    Args:
        output: is there.
        found: the authorities before any step.
        known: after it.
        due: what it is to sign.
    """
    if due and not known.signer.key:
        stem = next(stem for stem, pair in found.files() if pair == known.signer)
        message = f"is not there, and is to sign {min(due)}"
        hint = f"put {stem}.key back, or begin with a directory that is empty"
        yield _source(found, f"{output / stem}.key").finding("tls-authority-missing", message, hint)


def leftovers(output: Path, wanted: Collection[str]) -> Iterator[Finding]:
    """Name the files of hosts and clients that are written no more: of former members and former paths."""
    trees_in_use = {_tree(name) for name in wanted}
    left = (name for name in _leaves(output) if name not in wanted)
    for place in dict.fromkeys(name if _tree(name) in trees_in_use else _tree(name) for name in left):
        message = "is of no member and no path of this plan now, and may hold private keys"
        source = Source(path="$", origin=Origin(file=str(output / place)))
        yield source.finding("tls-leftover", message, "remove it when no host uses it", "warning")


def _tree(name: str) -> str:
    parts = name.split("/")
    return "/".join(parts[: 2 if parts[0] == HOSTS else 1])


def _source(authorities: ca.Authorities, file: Optional[str] = None) -> Source:
    return Source(path=f"$.{authorities.cluster}.tls", origin=Origin(file=file) if file else None)
