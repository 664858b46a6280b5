# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for test beds and small clouds.

Keys are on the curve P-256 and signatures use SHA-256: every OpenSSL, Python and Erlang that runs a
service or a broker here takes them, also in FIPS mode, and making them and signing with them costs a
fraction of what RSA does. The extensions are those that strict verification asks for, the default from
Python 3.13 on.
Source: RFC 5280, sections 4.2.1 and 4.1.2.5.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Iterable
from typing import Union, cast

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: How long a certificate is valid before it is made: clocks of hosts differ.
BACKDATED = dt.timedelta(hours=1)

# RFC 5280, appendix A: ub-common-name and ub-organization-name.
_MAX_NAME_CHARACTERS = 64

_ORGANIZATION = "tripleo-messaging"
_USAGES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
_NO_KEY_USAGE = dict.fromkeys(
    (
        *(
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
        ),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


@attrs.frozen(kw_only=True)
class KeyPair:
    """A certificate and its key.

    Attributes:
        certificate: PEM.
        key: PEM, PKCS #8, not encrypted; never shown.
    """

    certificate: bytes
    key: bytes = attrs.field(repr=False)


def create_authority(name: str, *, now: dt.datetime, days: int) -> KeyPair:
    """Make a CA that signs certificates of hosts and clients, and no other CA.

    Args:
        name: what it is for; its subject has a part of the key's hash beside it, so that two
            authorities of one name are told apart while they overlap.
        now: an aware instant; the certificate is valid from an hour before on.
        days: how long it is valid.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    mark = hashlib.sha256(identifier.digest).hexdigest()[:8]
    subject = _subject(f"{name[: _MAX_NAME_CHARACTERS - len(mark) - 1]} {mark}")
    builder = (
        _builder(subject, subject, key, now, now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    )
    return _signed(builder, key, key)


def create_certificate(
    authority: KeyPair,
    common_name: str,
    hosts: Iterable[str],
    *,
    now: dt.datetime,
    days: int,
    usages: Iterable[str] = ("server", "client"),
) -> KeyPair:
    """Make a certificate, signed by an authority, and a key of its own.

    Args:
        authority: as `create_authority` returns it.
        common_name: says whose it is; nobody compares it with the name of a host.
        hosts: DNS names and IP addresses (IPv6 without brackets) that it stands for; a client needs none.
        now: an aware instant; the certificate is valid from an hour before on.
        days: how long it is valid, but never longer than the authority.
        usages: of ``server`` and ``client``; a member of a cluster is both towards the others.
    """
    signer = x509.load_pem_x509_certificate(authority.certificate)
    signing_key = serialization.load_pem_private_key(authority.key, password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + dt.timedelta(days=days), not_after(signer))
    identifier = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_subject(common_name), signer.subject, key, now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_USAGES[usage] for usage in usages]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    )
    names = [_general_name(host) for host in dict.fromkeys(hosts)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _signed(builder, key, cast("ec.EllipticCurvePrivateKey", signing_key))


def not_before(certificate: x509.Certificate) -> dt.datetime:
    """Return from when on a certificate is valid, aware UTC."""
    return _instant(certificate, "not_valid_before")


def not_after(certificate: x509.Certificate) -> dt.datetime:
    """Return until when a certificate is valid, aware UTC."""
    return _instant(certificate, "not_valid_after")


def _instant(certificate: x509.Certificate, name: str) -> dt.datetime:
    # cryptography has aware instants from 42 on, and warns of the naive ones since.
    aware = getattr(certificate, f"{name}_utc", None)
    naive_or_aware = aware if aware is not None else getattr(certificate, name)
    return cast("dt.datetime", naive_or_aware).replace(tzinfo=dt.timezone.utc)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(end)
        .add_extension(identifier, critical=False)
    )


def _signed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> KeyPair:
    return KeyPair(
        certificate=builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_MAX_NAME_CHARACTERS]),
        ]
    )


def _key_usage(**usages: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**{**_NO_KEY_USAGE, **usages})


def _general_name(host: str) -> Union[x509.DNSName, x509.IPAddress]:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
