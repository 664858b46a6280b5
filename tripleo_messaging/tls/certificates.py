# SPDX-License-Identifier: Apache-2.0
"""PEM text to values, and which certificate was signed by which.

What is read may be broken in any way: it comes out as something that cannot be read, never as an exception.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Optional, TypeVar

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tripleo_messaging.tls.create import not_after, not_before

_CERTIFICATE_LABELS = {"CERTIFICATE", "X509 CERTIFICATE"}
_MAX_SHOWN_CHARACTERS = 100
_MAX_CHAIN = 8

# What OpenSSL refuses at security level 2, the default of distributions.
_WEAK_HASHES = {"md5", "sha1"}
_LEAST_BITS = {"RSA": 2048, "EC": 224}

_PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}

_Value = TypeVar("_Value")


@attrs.frozen(kw_only=True)
class Certificate:
    """What a certificate says.

    Attributes:
        subject: whose it is, for messages.
        names: DNS names of the subject alternative name.
        addresses: IP addresses of it, in their shortest form.
        not_before: aware UTC.
        not_after: aware UTC.
        is_ca: whether it may sign certificates.
        is_self_issued: whether subject and issuer are the same.
        purposes: of ``server`` and ``client``, those that OpenSSL takes it for.
        weaknesses: what makes OpenSSL refuse it by default, for messages.
        public_key: DER, to compare with a key's.
        der: the whole of it.
    """

    subject: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    is_ca: bool
    is_self_issued: bool
    purposes: frozenset[str]
    weaknesses: tuple[str, ...]
    public_key: bytes = attrs.field(repr=False)
    der: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Pem:
    """What a file in PEM holds.

    Attributes:
        certificates: those that can be read, in their order.
        broken: how many cannot.
        private_keys: how many blocks are private keys; what they hold is not kept.
    """

    certificates: tuple[Certificate, ...] = ()
    broken: int = 0
    private_keys: int = 0


def read_pem(data: bytes) -> Pem:
    """Read the certificates of a file, and count what else matters in it."""
    found = list(_blocks(data))
    read = [read_certificate(text) for label, text in found if label in _CERTIFICATE_LABELS]
    certificates = tuple(one for one in read if one is not None)
    return Pem(
        certificates=certificates,
        broken=len(read) - len(certificates),
        private_keys=sum(label.endswith("PRIVATE KEY") for label, _ in found),
    )


def read_certificate(pem: bytes) -> Optional[Certificate]:
    """Read one certificate; ``None`` when it cannot be read."""
    return _none_if_broken(lambda: _certificate(x509.load_pem_x509_certificate(pem)))


def read_key(data: bytes) -> tuple[Optional[bytes], str]:
    """Read the first private key of a file.

    Returns:
        Its public part in DER, or ``None`` and why there is none.
    """
    keys = [(label, text) for label, text in _blocks(data) if label.endswith("PRIVATE KEY")]
    if not keys:
        return None, "holds no private key in PEM"
    label, text = keys[0]
    if label.startswith("ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in text:
        return None, "holds a private key that only a passphrase opens"
    public = _none_if_broken(
        lambda: _encoded(serialization.load_pem_private_key(text, password=None).public_key())
    )
    return public, "" if public else "holds a private key that cannot be read"


def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether a certificate names that issuer and bears a signature by its key."""
    return bool(_none_if_broken(lambda: _verified(certificate.der, issuer.der)))


def is_trusted(
    certificate: Certificate,
    between: Iterable[Certificate],
    authorities: Iterable[Certificate],
    now: dt.datetime,
) -> bool:
    """Tell whether signatures lead from a certificate to a trusted root, all of them valid now.

    OpenSSL, and with it Python, goes up to an authority that nobody else signed; an intermediate one
    that is trusted without its root ends in an error.

    Args:
        certificate: whose own times are not looked at.
        between: intermediate authorities, as they stand behind the certificate in its file.
        authorities: those that are trusted.
        now: an aware instant.
    """
    trusted = [one for one in authorities if one.is_ca and is_valid(one, now)]
    roots = [one for one in trusted if one.is_self_issued]
    known = [one for one in (*between, *trusted) if one.is_ca and is_valid(one, now) and one not in roots]
    reached = [certificate]
    for _ in range(_MAX_CHAIN):
        if any(is_signed_by(one, root) for one in reached for root in roots):
            return True
        reached = [one for one in known if any(is_signed_by(signed, one) for signed in reached)]
        known = [one for one in known if one not in reached]
    return False


def is_valid(certificate: Certificate, now: dt.datetime) -> bool:
    """Tell whether an instant is within a certificate's times."""
    return certificate.not_before <= now <= certificate.not_after


def _blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield label and text of each block of PEM; one that is not ended goes up to the next or to the end."""
    label = ""
    lines: list[bytes] = []
    for line in data.splitlines(keepends=True):
        begun = _label(line, b"-----BEGIN ")
        if begun and lines:
            yield label, b"".join(lines)
        if begun:
            label, lines = begun, []
        if begun or lines:
            lines.append(line)
        if lines and _label(line, b"-----END "):
            yield label, b"".join(lines)
            lines = []
    if lines:
        yield label, b"".join(lines)


def _label(line: bytes, start: bytes) -> str:
    line = line.strip()
    is_one = line.startswith(start) and line.endswith(b"-----")
    return line[len(start) : -len(b"-----")].decode("ascii", "replace") if is_one else ""


def _none_if_broken(read: Callable[[], _Value]) -> Optional[_Value]:
    with warnings.catch_warnings():
        # It warns of oddities that OpenSSL takes, like a serial number of zero.
        warnings.simplefilter("ignore")
        try:
            return read()
        except Exception:  # noqa: BLE001  what it raises on broken input differs from version to version
            return None


def _certificate(parsed: x509.Certificate) -> Certificate:
    alternatives = _extension(parsed, x509.SubjectAlternativeName)
    is_self_issued = parsed.issuer == parsed.subject
    return Certificate(
        subject=_shown(parsed.subject),
        names=tuple(alternatives.get_values_for_type(x509.DNSName)) if alternatives else (),
        addresses=tuple(map(str, alternatives.get_values_for_type(x509.IPAddress))) if alternatives else (),
        not_before=not_before(parsed),
        not_after=not_after(parsed),
        is_ca=_is_ca(parsed, is_self_issued=is_self_issued),
        is_self_issued=is_self_issued,
        purposes=frozenset(_purposes(parsed)),
        weaknesses=tuple(_weaknesses(parsed, is_self_issued=is_self_issued)),
        public_key=_encoded(parsed.public_key()),
        der=parsed.public_bytes(serialization.Encoding.DER),
    )


def _extension(parsed: x509.Certificate, kind: Any) -> Any:
    try:
        return parsed.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _is_ca(parsed: x509.Certificate, *, is_self_issued: bool) -> bool:
    usage = _extension(parsed, x509.KeyUsage)
    constraints = _extension(parsed, x509.BasicConstraints)
    if constraints is None:
        # OpenSSL takes roots from before there were extensions.
        return is_self_issued and parsed.version is x509.Version.v1
    return constraints.ca and (usage is None or usage.key_cert_sign)


def _purposes(parsed: x509.Certificate) -> Iterator[str]:
    usage = _extension(parsed, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.key_encipherment or usage.key_agreement):
        return
    extended = _extension(parsed, x509.ExtendedKeyUsage)
    yield from (name for name, oid in _PURPOSES.items() if extended is None or oid in extended)


def _weaknesses(parsed: x509.Certificate, *, is_self_issued: bool) -> Iterator[str]:
    key = parsed.public_key()
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
    bits = key.key_size if isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) else None
    if bits is not None and bits < _LEAST_BITS[kind]:
        yield f"an {kind} key of {bits} bits (at least {_LEAST_BITS[kind]})"
    algorithm = parsed.signature_hash_algorithm
    # Nobody looks at the signature of a root.
    if algorithm is not None and algorithm.name in _WEAK_HASHES and not is_self_issued:
        yield f"a signature with {algorithm.name.upper()} (at least SHA256)"


def _shown(name: x509.Name) -> str:
    """Return the common name, or all of the name where it has none, fit for a terminal."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return "".join(c if c.isprintable() else "?" for c in text[:_MAX_SHOWN_CHARACTERS]) or "(no name)"


def _encoded(public_key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = public_key.public_bytes(serialization.Encoding.DER, form)
    return encoded


def _verified(signed_der: bytes, signer_der: bytes) -> bool:
    """Return whether the issuer is meant; raise when the signature does not hold."""
    signed, signer = map(x509.load_der_x509_certificate, (signed_der, signer_der))
    if signed.issuer != signer.subject:
        return False
    # From 40 on; it knows RSA-PSS as well.
    check = getattr(signed, "verify_directly_issued_by", None)
    if check is not None:
        check(signer)
        return True
    key: Any = signer.public_key()
    algorithm: Any = signed.signature_hash_algorithm
    how: tuple[Any, ...] = ()
    if isinstance(key, rsa.RSAPublicKey):
        how = (padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        how = (ec.ECDSA(algorithm),)
    key.verify(signed.signature, signed.tbs_certificate_bytes, *how)
    return True
