# SPDX-License-Identifier: Apache-2.0
"""What is wrong with certificates, keys and authorities: pure, on what files hold.

No finding shows a piece of a key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

import attrs

from tripleo_messaging.model.finding import Finding, Origin, Severity
from tripleo_messaging.tls.certificates import Certificate, Pem, is_trusted, is_valid, read_key, read_pem
from tripleo_messaging.tls.names import stands_for

#: How long before its end a certificate is told of, in days.
DEFAULT_WARNING_DAYS = 30

_OTHERS = 0o007
_PURPOSES = {"server": "serverAuth", "client": "clientAuth"}


@attrs.frozen(kw_only=True)
class Source:
    """Where something stands.

    Attributes:
        path: JSON path of the plan's value that names the file, or holds the text.
        origin: the file; ``None`` where the text stands in the plan and nobody knows where.
    """

    path: str
    origin: Optional[Origin] = None

    def finding(self, rule: str, message: str, hint: str = "", severity: Severity = "error") -> Finding:
        """Return a finding about what stands here."""
        return Finding(
            rule=rule, severity=severity, message=message, hint=hint, path=self.path, origin=self.origin
        )


@attrs.frozen(kw_only=True)
class Moment:
    """When it is checked.

    Attributes:
        now: an aware instant.
        warning_days: how long before its end a certificate is told of.
    """

    now: dt.datetime
    warning_days: int = DEFAULT_WARNING_DAYS


@attrs.frozen(kw_only=True)
class Role:
    """What a certificate is for.

    Attributes:
        purposes: of ``server`` and ``client``.
        hosts: names and addresses that clients reach it by; empty for a client's.
        trusted_by: the authorities of each party that verifies it, and the name of their file.
        may_hold_key: whether the file is the key's, too.
    """

    purposes: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    trusted_by: Sequence[tuple[str, tuple[Certificate, ...]]] = ()
    may_hold_key: bool = False


def authority_problems(text: str, path: str = "$", origin: Optional[Origin] = None) -> tuple[Finding, ...]:
    """Find what is wrong with a text of CA certificates, whatever the time is.

    Args:
        text: of a plan's ``ca_certificates``.
        path: JSON path of the value.
        origin: where it was written.
    """
    source = Source(path=path, origin=origin)
    return tuple(_authority_problems(source, text.encode("utf-8", "replace")))


def check_authorities(source: Source, data: bytes, moment: Moment) -> tuple[Finding, ...]:
    """Find what is wrong with a file of CA certificates; one valid authority keeps a bundle alive."""
    authorities = [one for one in read_pem(data).certificates if one.is_ca]
    has_valid = any(is_valid(one, moment.now) for one in authorities)
    times = (finding for one in authorities for finding in _times(source, one, moment))
    return (
        *_authority_problems(source, data),
        *(_softened(finding) if has_valid else finding for finding in times),
    )


def check_certificate(source: Source, data: bytes, role: Role, moment: Moment) -> tuple[Finding, ...]:
    """Find what is wrong with a certificate file: a certificate, and the intermediate ones behind it."""
    pem = read_pem(data)
    problems = tuple(_contents(source, data, pem, may_hold_key=role.may_hold_key))
    if not pem.certificates:
        return problems
    leaf, *between = pem.certificates
    chain = (finding for one in between for finding in _times(source, one, moment))
    return (
        *problems,
        *_times(source, leaf, moment),
        *chain,
        *_purpose_problems(source, leaf, role.purposes),
        *_name_problems(source, leaf, role.hosts),
        *_trust_problems(source, leaf, between, role, moment),
        *(finding for one in pem.certificates for finding in _weak(source, one)),
    )


def check_key(source: Source, data: bytes, mode: int, certificate_data: bytes) -> tuple[Finding, ...]:
    """Find what is wrong with a key file.

    Args:
        source: of the key.
        data: what the file holds.
        mode: permission bits of the file.
        certificate_data: what the certificate's file holds, or nothing where that is not to be had.
    """
    return (*_mode_problems(source, mode), *_key_problems(source, data, certificate_data))


def _authority_problems(source: Source, data: bytes) -> Iterator[Finding]:
    pem = read_pem(data)
    yield from _contents(source, data, pem, may_hold_key=False)
    has_authority = any(one.is_ca for one in pem.certificates)
    for one in pem.certificates:
        if not one.is_ca:
            yield _no_authority(source, one, is_needed=not has_authority)
        else:
            yield from _weak(source, one)
    if has_authority and not any(one.is_ca and one.is_self_issued for one in pem.certificates):
        hint = "put the root beside it: OpenSSL trusts nothing without"
        yield source.finding("tls-no-root", "holds intermediate authorities, and no root", hint)


def _no_authority(source: Source, certificate: Certificate, *, is_needed: bool) -> Finding:
    kind = "signed by itself" if certificate.is_self_issued else "of a host or client"
    message = f"{certificate.subject!r} is a certificate {kind}, and no authority (CA:TRUE)"
    hint = "put the certificate of the CA that signed the brokers' here"
    return source.finding("tls-not-an-authority", message, hint, "error" if is_needed else "warning")


def _contents(source: Source, data: bytes, pem: Pem, *, may_hold_key: bool) -> Iterator[Finding]:
    if pem.private_keys and not may_hold_key:
        message = "holds a private key, where everybody may read"
        yield source.finding("tls-key-in-certificate-file", message, "take it out, and replace the key")
    if pem.broken:
        message = f"{pem.broken} of its certificates cannot be read"
        yield source.finding("tls-broken-certificate", message, "copy the file anew")
    elif not pem.certificates:
        hint = "convert it: openssl x509 -inform DER -outform PEM" if data[:1] == b"\x30" else ""
        yield source.finding("tls-no-certificate", "holds no certificate in PEM", hint)


def _times(source: Source, certificate: Certificate, moment: Moment) -> Iterator[Finding]:
    subject, now = certificate.subject, moment.now
    if now < certificate.not_before:
        message = f"{subject!r} is valid from {_day(certificate.not_before)} on, and not yet"
        yield source.finding("tls-not-yet-valid", message, "set the clock of the host, or wait")
    elif now > certificate.not_after:
        message = f"{subject!r} is valid no more since {_day(certificate.not_after)}"
        yield source.finding("tls-expired", message, "renew it")
    elif now + dt.timedelta(days=moment.warning_days) > certificate.not_after:
        days = (certificate.not_after - now).days
        message = f"{subject!r} is valid until {_day(certificate.not_after)}, for {days} days more"
        yield source.finding("tls-expires-soon", message, "renew it", "warning")


def _softened(finding: Finding) -> Finding:
    return attrs.evolve(finding, severity="warning")


def _day(instant: dt.datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC")


def _purpose_problems(source: Source, certificate: Certificate, purposes: Iterable[str]) -> Iterator[Finding]:
    for purpose in purposes:
        if purpose not in certificate.purposes:
            message = (
                f"{certificate.subject!r} is not for a {purpose}: expected {_PURPOSES[purpose]} in its usage"
            )
            yield source.finding("tls-wrong-usage", message, "have it made with that extended key usage")


def _name_problems(source: Source, certificate: Certificate, hosts: Iterable[str]) -> Iterator[Finding]:
    missing = [host for host in hosts if not stands_for(certificate, host)]
    if missing:
        found = ", ".join((*certificate.names, *certificate.addresses)[:5]) or "none at all"
        message = f"does not stand for {', '.join(missing)}, which clients connect to; its names are {found}"
        hint = "have it made with that subject alternative name; a common name does not count"
        yield source.finding("tls-wrong-host", _printable(message), hint)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _trust_problems(
    source: Source, leaf: Certificate, between: Sequence[Certificate], role: Role, moment: Moment
) -> Iterator[Finding]:
    for file, authorities in role.trusted_by:
        if authorities and not is_trusted(leaf, between, authorities, moment.now):
            message = f"{leaf.subject!r} is signed by no valid authority of {file}"
            hint = "put its CA there, beside the one in use, and intermediate certificates behind this one"
            yield source.finding("tls-untrusted", message, hint)


def _weak(source: Source, certificate: Certificate) -> Iterator[Finding]:
    for weakness in certificate.weaknesses:
        message = f"{certificate.subject!r} has {weakness}"
        yield source.finding("tls-weak", message, "OpenSSL refuses it by default; have it made anew")


def _mode_problems(source: Source, mode: int) -> Iterator[Finding]:
    if mode & _OTHERS:
        message = f"everybody on the host may use the key: mode {mode & 0o777:04o}, expected 0640 or less"
        yield source.finding("tls-open-key", message, "chmod o= the file, and replace the key")


def _key_problems(source: Source, data: bytes, certificate_data: bytes) -> Iterator[Finding]:
    public, reason = read_key(data)
    certificates = read_pem(certificate_data).certificates
    if public is None:
        yield source.finding("tls-no-key", reason, "brokers and services open a key in PEM, not encrypted")
    elif certificates and certificates[0].public_key != public:
        message = f"is not the key of {certificates[0].subject!r}, the first certificate of its file"
        yield source.finding("tls-key-mismatch", message, "copy certificate and key of one making")
