# SPDX-License-Identifier: Apache-2.0
"""RSA keys that secrets are sealed for: read from PEM, told apart by fingerprint, and made.

A certificate is only a public key in a wrapping here: who signed it, and until when, is not looked at.
So its fields are taken by pyasn1 and not by an X.509 library, which may refuse serial number 0, the one
that hiera-eyaml gives since 4.1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TypeVar

import attrs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tripleo_messaging.errors import UnusableKeyError
from tripleo_messaging.model.secret import Secret

LEAST_BITS = 2048
MOST_BITS = 8192
_EXPECTED_BITS = f"expected {LEAST_BITS} to {MOST_BITS}"
MOST_PEM_BYTES = 64 * 1024
"""More than any file with one key holds."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# The DER of a Name without any part, as in every certificate that hiera-eyaml makes.
_EMPTY_NAME = b"\x30\x00"
# eyaml never looks at the dates. The last one says that there is no end: RFC 5280, 4.1.2.5.
_FROM = datetime(2000, 1, 1, tzinfo=timezone.utc)
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)

_Key = TypeVar("_Key")


@attrs.frozen(kw_only=True)
class Recipient:
    """Whom a token is for, and how it names that one.

    Attributes:
        key: the public key.
        issuer: the DER of the issuer's name in the certificate; of an empty name for a bare key.
        serial: the certificate's serial number; 0 for a bare key.
    """

    key: rsa.RSAPublicKey
    issuer: bytes = _EMPTY_NAME
    serial: int = 0


@attrs.frozen(kw_only=True)
class KeyPair:
    """A new private key, and its public half as a self-signed certificate.

    Attributes:
        private_pem: PKCS#1, without a passphrase.
        certificate_pem: for anybody to see.
    """

    private_pem: Secret
    certificate_pem: bytes


def load_public_key(pem: bytes) -> rsa.RSAPublicKey:
    """Read an RSA public key: ``PUBLIC KEY``, ``RSA PUBLIC KEY`` or ``CERTIFICATE``.

    Raises:
        UnusableKeyError: there is none of these, it is not RSA, or too short to seal anything for.
    """
    return load_recipient(pem).key


def load_recipient(pem: bytes) -> Recipient:
    """Read like `load_public_key`, and how a certificate names its issuer and itself.

    Raises:
        UnusableKeyError: as there.
    """
    recipient = _loaded(pem, _PUBLIC_KINDS, "a public key or certificate")
    bits = recipient.key.key_size
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise UnusableKeyError(f"is a key of {bits} bits, {_EXPECTED_BITS}; make a new pair of keys")
    return recipient


def load_private_key(pem: bytes) -> rsa.RSAPrivateKey:
    """Read an RSA private key, PKCS#1 or PKCS#8, without a passphrase.

    One that is too short to seal for still opens what was sealed for it.

    Raises:
        UnusableKeyError: there is none, it is not RSA, or wants a passphrase.
    """
    return _loaded(pem, _PRIVATE_KINDS, "a private key")


def fingerprint(key: rsa.RSAPublicKey) -> str:
    """Return what tells keys apart: the SHA-256 of the SubjectPublicKeyInfo's DER, in hexadecimal."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, spki)).hexdigest()


def create_key_pair(bits: int = LEAST_BITS) -> KeyPair:
    """Make a pair of keys that hiera-eyaml, and everything here, can use.

    Source: hiera-eyaml 3.3 wants a certificate, whose serial number is not 0 for strict readers.

    Raises:
        UnusableKeyError: `bits` is below 2048 or above 8192.
    """
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise UnusableKeyError(f"a key of {bits} bits is not made, {_EXPECTED_BITS}")
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return KeyPair(private_pem=Secret(private.decode("ascii")), certificate_pem=_certificate(key))


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    # Here, as it takes a while, and only this needs it.
    from cryptography import x509

    nobody = x509.Name([])
    builder = x509.CertificateBuilder(
        issuer_name=nobody,
        subject_name=nobody,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=_FROM,
        not_valid_after=_UNTIL,
    ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _loaded(pem: bytes, kinds: Mapping[bytes, Callable[[bytes], _Key]], expected: str) -> _Key:
    found = _BLOCK.search(pem[:MOST_PEM_BYTES])
    if found is None:
        raise UnusableKeyError(f"holds no PEM block, expected {expected}")
    label = found.group(1)
    if label not in kinds:
        names = ", ".join(kind.decode("ascii") for kind in kinds)
        raise UnusableKeyError(f"holds a PEM block {label.decode('ascii')!r}, expected {expected}: {names}")
    return kinds[label](found.group(0) + b"\n")


def _from_public(pem: bytes) -> Recipient:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError("holds a public key that is damaged, or of an unknown kind") from None
    return Recipient(key=_rsa_public(key))


def _from_certificate(pem: bytes) -> Recipient:
    from pyasn1.codec.der import decoder, encoder
    from pyasn1.error import PyAsn1Error
    from pyasn1_modules import rfc5280

    try:
        parsed, _ = decoder.decode(_der(pem), asn1Spec=rfc5280.Certificate())
        body = parsed["tbsCertificate"]
        key = serialization.load_der_public_key(encoder.encode(body["subjectPublicKeyInfo"]))
        return Recipient(
            key=_rsa_public(key), issuer=encoder.encode(body["issuer"]), serial=int(body["serialNumber"])
        )
    except (PyAsn1Error, ValueError, RecursionError, UnsupportedAlgorithm):
        raise UnusableKeyError(
            "holds a certificate that is damaged, or with a key of an unknown kind"
        ) from None


def _der(pem: bytes) -> bytes:
    text = b"".join(pem.strip().split(b"\n")[1:-1]).translate(None, b"\r \t")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnusableKeyError("holds a certificate whose base64 is damaged") from None


def _rsa_public(key: object) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKeyError("holds a public key that is not RSA, expected an RSA key")
    return key


def _private(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise UnusableKeyError("wants a passphrase, expected a private key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError("holds a private key that is damaged, or of an unknown kind") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnusableKeyError("holds a private key that is not RSA, expected an RSA key")
    return key


_PUBLIC_KINDS: Mapping[bytes, Callable[[bytes], Recipient]] = {
    b"CERTIFICATE": _from_certificate,
    b"PUBLIC KEY": _from_public,
    b"RSA PUBLIC KEY": _from_public,
}
_PRIVATE_KINDS: Mapping[bytes, Callable[[bytes], rsa.RSAPrivateKey]] = {
    b"RSA PRIVATE KEY": _private,
    b"PRIVATE KEY": _private,
}
