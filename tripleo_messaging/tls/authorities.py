# SPDX-License-Identifier: Apache-2.0
"""The authorities of one cluster, and how one takes the place of another without an outage.

::

    current                     --new-authority   current, next        both are trusted
    current, next               --switch          current, previous    what was next signs, both are trusted
    current, previous           --retire          current              the new one alone is trusted
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Optional

import attrs

from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.tls.certificates import Certificate, read_key, read_pem
from tripleo_messaging.tls.check import Moment, Source, check_authorities, check_key
from tripleo_messaging.tls.create import KeyPair, create_authority

#: Below the directory that is written.
FOLDER = "authorities"

STEPS = ("new-authority", "switch", "retire")
_SUFFIXES = {"current": "", "following": "-next", "previous": "-previous"}


@attrs.frozen(kw_only=True)
class Authorities:
    """The authorities of one cluster.

    Attributes:
        cluster: its name.
        current: the one that signs.
        following: one that clients and members learn to trust before it signs.
        previous: one that is trusted until nothing that it signed is in use.
    """

    cluster: str
    current: Optional[KeyPair] = None
    following: Optional[KeyPair] = None
    previous: Optional[KeyPair] = None

    @property
    def bundle(self) -> bytes:
        """What clients and members trust, in PEM; the one that signs comes first."""
        return b"".join(pair.certificate for pair in (self.current, self.following, self.previous) if pair)

    @property
    def signer(self) -> KeyPair:
        """The one that signs; `with_first` has made sure that there is one."""
        assert self.current is not None  # noqa: S101  for the type
        return self.current

    def files(self) -> Iterator[tuple[str, KeyPair]]:
        """Yield, without ``.crt`` and ``.key``, the paths of what there is."""
        for role, suffix in _SUFFIXES.items():
            pair = getattr(self, role)
            if pair:
                yield f"{FOLDER}/{self.cluster}{suffix}", pair


def paths(cluster: str) -> tuple[str, ...]:
    """Return every path that files of a cluster's authorities may have."""
    stems = (f"{FOLDER}/{cluster}{suffix}" for suffix in _SUFFIXES.values())
    return tuple(f"{stem}.{ending}" for stem in stems for ending in ("crt", "key"))


def read_authorities(cluster: str, present: Mapping[str, bytes]) -> Authorities:
    """Return the authorities of a cluster from the contents of its `paths`."""
    pairs = {role: _pair(f"{FOLDER}/{cluster}{suffix}", present) for role, suffix in _SUFFIXES.items()}
    return Authorities(cluster=cluster, **pairs)


def _pair(stem: str, present: Mapping[str, bytes]) -> Optional[KeyPair]:
    certificate, key = present.get(f"{stem}.crt"), present.get(f"{stem}.key")
    if certificate is None and key is None:
        return None
    # Half a pair is never a reason to make another: without certificate it is an error, and without key
    # it signs nothing.
    return KeyPair(certificate=certificate or b"", key=key or b"")


def with_first(authorities: Authorities, *, now: dt.datetime, days: int) -> Authorities:
    """Return the authorities with a first one, where there is none."""
    if authorities.current is not None:
        return authorities
    return attrs.evolve(authorities, current=create_authority(authorities.cluster, now=now, days=days))


def rotate(authorities: Authorities, step: str, *, now: dt.datetime, days: int) -> Authorities:
    """Take one of `STEPS`.

    Raises:
        UsageError: it is not this step's turn.
    """
    refuse(authorities, step)
    cluster, following = authorities.cluster, authorities.following
    if step == "new-authority":
        return attrs.evolve(authorities, following=create_authority(cluster, now=now, days=days))
    if step == "switch":
        return attrs.evolve(authorities, current=following, following=None, previous=authorities.current)
    return attrs.evolve(authorities, previous=None)


def refuse(authorities: Authorities, step: str) -> None:
    """Make sure that one of `STEPS` can be taken.

    Raises:
        UsageError: it is not this step's turn.
    """
    reason = _refusal(authorities, step)
    if reason:
        raise UsageError(f"--{step} {authorities.cluster}: {reason}")


def _refusal(authorities: Authorities, step: str) -> str:
    cluster = authorities.cluster
    if authorities.current is None:
        return "there is no authority yet; run the command without it to make the first"
    under_way = {
        "new-authority": (
            (authorities.following, f"a new one waits already; go on with --switch {cluster}"),
            (authorities.previous, f"one is being retired; end that with --retire {cluster}"),
        ),
        "switch": ((not authorities.following, f"none waits; begin with --new-authority {cluster}"),),
        "retire": (
            (authorities.following, f"a new one waits; go on with --switch {cluster}"),
            (not authorities.previous, "there is one authority alone, which stays"),
        ),
    }
    return next((reason for applies, reason in under_way[step] if applies), "")


def check_signer(authorities: Authorities, directory: str, moment: Moment) -> tuple[Finding, ...]:
    """Find what keeps the authority that signs from signing, and whether it ends soon."""
    stem = f"{directory}/{FOLDER}/{authorities.cluster}"
    path, pair = f"$.{authorities.cluster}.tls", authorities.signer
    certificate = Source(path=path, origin=Origin(file=f"{stem}.crt"))
    key = Source(path=path, origin=Origin(file=f"{stem}.key"))
    findings = (
        *check_authorities(certificate, pair.certificate, moment),
        # One that is kept elsewhere is missed only when something is to be signed.
        *(check_key(key, pair.key, 0, pair.certificate) if pair.key else ()),
    )
    hint = {
        "tls-expires-soon": f"begin with another: --new-authority {authorities.cluster}",
        "tls-expired": "nobody trusts it now: run again with a directory that is empty, for a new one",
    }
    return tuple(attrs.evolve(one, hint=hint.get(one.rule, one.hint)) for one in findings)


def is_pair(certificate: Certificate, key: bytes) -> bool:
    """Tell whether a key in PEM is that of a certificate."""
    return read_key(key)[0] == certificate.public_key


def certificates_of(authorities: Authorities) -> tuple[Certificate, ...]:
    """Return the certificates of the bundle."""
    return read_pem(authorities.bundle).certificates
