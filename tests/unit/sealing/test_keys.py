# SPDX-License-Identifier: Apache-2.0
"""RSA keys from PEM, and new ones."""

from __future__ import annotations

import base64
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.eyaml import CASES, CASES_WITH_PUBLIC_KEY, SUITE, private_key_of, recipient_of
from tripleo_messaging.errors import UnusableKeyError
from tripleo_messaging.sealing.keys import (
    KeyPair,
    create_key_pair,
    fingerprint,
    load_private_key,
    load_public_key,
    load_recipient,
)

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
OPEN = serialization.NoEncryption()


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    """Make a pair of keys."""
    return create_key_pair()


@pytest.mark.parametrize("case", CASES_WITH_PUBLIC_KEY)
def test_a_public_key_belongs_to_its_private_key(case):
    """Whatever the PEM is, the fingerprints of both halves are one, and no warning is given on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fingerprint(recipient_of(case).key) == fingerprint(private_key_of(case).public_key())


def test_fingerprints_tell_keys_apart():
    """No two keys of the suite have one."""
    assert len({fingerprint(private_key_of(case).public_key()) for case in CASES}) == len(CASES)


def test_a_fingerprint_is_the_hash_of_the_spki():
    """It is what ``openssl pkey -pubin -outform DER | sha256sum`` says of the key."""
    expected = "26bf38af68b9db17353adce0c835ef711c56e2380b619aad897abf29dacc8ada"
    assert fingerprint(recipient_of("bare-public-key").key) == expected


SERIALS = {
    "hiera-eyaml-3.3": 1,
    "hiera-eyaml-5.0": 0,
    "ours": 1,
    "bare-public-key": 0,
    "rsa-public-key": 0,
}


@pytest.mark.parametrize("case", SERIALS)
def test_a_recipient_is_named_as_hiera_eyaml_does(case):
    """The serial number is the certificate's, the issuer's name is empty; both of a bare key are, too."""
    recipient = recipient_of(case)
    assert (recipient.serial, recipient.issuer) == (SERIALS[case], b"\x30\x00")


def test_a_new_private_key_is_pkcs1(pair):
    """The private half is in the PEM that every eyaml reads, and it does not show itself."""
    text = pair.private_pem.reveal()
    assert text.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert load_private_key(text.encode()).key_size == 2048
    assert text not in repr(pair)


def test_a_new_certificate_is_one_that_strict_readers_take(pair):
    """It is X.509 v3 with a positive serial number, signed by its own key."""
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem)
    assert certificate.version == x509.Version.v3
    assert certificate.serial_number == 1
    assert certificate.subject == certificate.issuer == x509.Name([])
    key = load_private_key(pair.private_pem.reveal().encode())
    assert fingerprint(load_public_key(pair.certificate_pem)) == fingerprint(key.public_key())


def test_new_keys_differ(pair):
    """Each call makes another pair."""
    assert create_key_pair().private_pem != pair.private_pem


@pytest.mark.parametrize("bits", [0, 1024, 2047, 8193])
def test_keys_of_other_lengths_are_not_made(bits):
    """A key is neither short enough to be broken nor long enough to stall a node."""
    with pytest.raises(UnusableKeyError, match=f"a key of {bits} bits is not made, expected 2048 to 8192"):
        create_key_pair(bits)


def test_a_short_key_opens_and_is_not_sealed_for():
    """What was encrypted for a short key is not lost, and nothing more is."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  that is what is tested
    assert load_private_key(short.private_bytes(PEM, PKCS1, OPEN)).key_size == 1024
    with pytest.raises(UnusableKeyError, match="is a key of 1024 bits, expected 2048 to 8192"):
        load_public_key(short.public_key().public_bytes(PEM, SPKI))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_text_around_a_certificate_does_not_count(line_end, pair):
    """A comment before it, a line end of another system and a second block are passed by."""
    content = b"# for eyaml\n" + pair.certificate_pem + (SUITE / "ours/public_key.pem").read_bytes()
    found, expected = load_recipient(content.replace(b"\n", line_end)), load_recipient(pair.certificate_pem)
    assert fingerprint(found.key) == fingerprint(expected.key)
    assert (found.serial, found.issuer) == (1, expected.issuer)


CURVE = ec.generate_private_key(ec.SECP256R1())
PASSPHRASE = serialization.BestAvailableEncryption(b"passphrase")


def _private_of_ours() -> bytes:
    return (SUITE / "ours/private_key.pem").read_bytes()


NO_PRIVATE_KEYS = {
    "empty": (b"", "holds no PEM block, expected a private key"),
    "text": (b"hello", "holds no PEM block"),
    "cut": (_private_of_ours()[:900], "holds no PEM block"),
    "certificate": (
        (SUITE / "ours/public_key.pem").read_bytes(),
        "holds a PEM block 'CERTIFICATE', expected a private key: RSA PRIVATE KEY, PRIVATE KEY",
    ),
    "elliptic": (CURVE.private_bytes(PEM, PKCS8, OPEN), "holds a private key that is not RSA"),
    "passphrase": (
        private_key_of("ours").private_bytes(PEM, PKCS8, PASSPHRASE),
        "holds a PEM block 'ENCRYPTED PRIVATE KEY'",
    ),
    "old passphrase": (
        private_key_of("ours").private_bytes(PEM, PKCS1, PASSPHRASE),
        "wants a passphrase, expected a private key without one",
    ),
    "damaged": (_private_of_ours().replace(b"MII", b"MIJ", 1), "holds a private key that is damaged"),
}


@pytest.mark.parametrize("case", NO_PRIVATE_KEYS)
def test_what_is_no_private_key_is_said(case):
    """The reason names what was found, and quotes nothing of it."""
    content, reason = NO_PRIVATE_KEYS[case]
    with pytest.raises(UnusableKeyError) as caught:
        load_private_key(content)
    assert reason in str(caught.value)
    assert "MII" not in str(caught.value)


def _damaged_certificate() -> bytes:
    text = (SUITE / "ours/public_key.pem").read_text().splitlines()
    der = base64.b64decode("".join(text[2:-1]))
    broken = base64.b64encode(der[:60] + b"\xff" * 20 + der[80:])
    return b"-----BEGIN CERTIFICATE-----\n" + broken + b"\n-----END CERTIFICATE-----\n"


def _pem(label: bytes, body: bytes) -> bytes:
    return b"-----BEGIN " + label + b"-----\n" + body + b"\n-----END " + label + b"-----\n"


NO_PUBLIC_KEYS = {
    "empty": (b"", "holds no PEM block, expected a public key or certificate"),
    "private": (_private_of_ours(), "holds a PEM block 'RSA PRIVATE KEY', expected a public key"),
    "elliptic": (CURVE.public_key().public_bytes(PEM, SPKI), "holds a public key that is not RSA"),
    "no certificate": (_pem(b"CERTIFICATE", b"aGVsbG8="), "holds a certificate that is damaged"),
    "other characters": (_pem(b"CERTIFICATE", b"a*b="), "holds a certificate whose base64 is damaged"),
    "damaged certificate": (_damaged_certificate(), "holds a certificate that is damaged"),
    "deep certificate": (_pem(b"CERTIFICATE", base64.b64encode(b"\x30\x80" * 9000)), "is damaged"),
    "no key": (_pem(b"PUBLIC KEY", b"aGVsbG8="), "holds a public key that is damaged"),
}


@pytest.mark.parametrize("case", NO_PUBLIC_KEYS)
def test_what_is_no_public_key_is_said(case):
    """The reason names what was found."""
    content, reason = NO_PUBLIC_KEYS[case]
    with pytest.raises(UnusableKeyError) as caught:
        load_public_key(content)
    assert reason in str(caught.value)
