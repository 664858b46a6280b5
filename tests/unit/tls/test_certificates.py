# SPDX-License-Identifier: Apache-2.0
"""Certificates as values: whatever is read comes out, and signatures are what counts."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.certificates import authority, certificate, named, now, place, refusal, signed
from tripleo_messaging.tls.certificates import is_signed_by, is_trusted, read_key, read_pem
from tripleo_messaging.tls.create import KeyPair, create_authority

CA = x509.BasicConstraints(ca=True, path_length=None)
KEYS = {
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "EC": lambda: ec.generate_private_key(ec.SECP384R1()),
}
PAIR = certificate(authority("rpc"), "a.example.org")
DER = base64.b64decode(b"".join(PAIR.certificate.splitlines()[1:-1]))


def pem(der, label="CERTIFICATE"):
    """Wrap bytes as PEM."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


@pytest.mark.parametrize("kind", KEYS)
def test_signatures_by_each_kind_of_key(kind):
    """A signature is verified, not taken from the issuer's name."""
    key, other = KEYS[kind](), KEYS[kind]()
    root, twin = (read_pem(signed("root", one, "root", one, CA)).certificates[0] for one in (key, other))
    (leaf,) = read_pem(signed("leaf", other, "root", key)).certificates
    assert is_signed_by(leaf, root)
    assert not is_signed_by(leaf, twin)
    assert not is_signed_by(root, leaf)


def test_an_edwards_key_signs_as_well():
    """It has no hash of its own to be weak."""
    key = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(named("root")).issuer_name(named("root"))
    builder = builder.public_key(key.public_key()).serial_number(1).add_extension(CA, critical=True)
    builder = builder.not_valid_before(now()).not_valid_after(now() + dt.timedelta(days=1))
    made = builder.sign(key, None).public_bytes(serialization.Encoding.PEM)
    (root,) = read_pem(made).certificates
    assert (root.is_ca, root.weaknesses, is_signed_by(root, root)) == (True, (), True)


def test_intermediate_authorities_lead_to_the_root():
    """Those behind the certificate in its file count, in any order, and only while they are valid CAs."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(4)]
    texts = [
        signed("root", keys[0], "root", keys[0], CA),
        signed("first", keys[1], "root", keys[0], CA),
        signed("second", keys[2], "first", keys[1], CA),
        signed("leaf", keys[3], "second", keys[2]),
        signed("second", keys[2], "first", keys[1]),
    ]
    root, first, second, leaf, powerless = read_pem(b"".join(texts)).certificates
    assert is_trusted(leaf, [first, second], [root], now())
    assert is_trusted(leaf, [second, first], [root], now())
    assert not is_trusted(leaf, [first], [root], now())
    assert not is_trusted(leaf, [first, powerless], [root], now())
    assert not is_trusted(leaf, [second, first], [root], now() + dt.timedelta(days=365))
    assert is_trusted(leaf, [], [second, first, root], now())
    assert not is_trusted(leaf, [], [second, first], now())


def test_python_wants_a_root_as_well(tmp_path):
    """An intermediate authority alone is not enough for it either, unless it is told so."""
    root, between, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    texts = [signed("root", root, "root", root, CA), signed("between", between, "root", root, CA)]
    server = signed("leaf", leaf, "between", between, x509.SubjectAlternativeName([x509.DNSName("a")]))
    key = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for trusted, behind, expected in (
        (texts, [], ""),
        (texts[:1], texts[1:], ""),
        (texts[1:], [], "unable to get issuer certificate"),
        (texts[:1], [], "unable to get local issuer certificate"),
    ):
        pair = KeyPair(certificate=server + b"".join(behind), key=key)
        files = place(tmp_path, "a", pair, *(KeyPair(certificate=text, key=b"") for text in trusted))
        assert refusal(files, files.ca_file, "a", is_strict=False) == expected
        found = read_pem(pair.certificate).certificates
        authorities = read_pem(files.ca_file.read_bytes()).certificates
        assert is_trusted(found[0], found[1:], authorities, now()) is (not expected)


def test_authorities_are_told_by_their_extensions():
    """CA:TRUE with the right to sign; of those without extensions only roots of version 1 are old enough."""
    key = ec.generate_private_key(ec.SECP256R1())
    no_usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False)
    no_usage.update(dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False))
    signs_nothing = x509.KeyUsage(digital_signature=True, key_cert_sign=False, **no_usage)
    cases = {(CA,): True, (CA, signs_nothing): False, (): False}
    for extensions, expected in cases.items():
        (found,) = read_pem(signed("a", key, "a", key, *extensions)).certificates
        assert found.is_ca is expected, extensions


def test_text_around_blocks_is_passed_over():
    """As OpenSSL writes it in front of each; line ends may be those of DOS."""
    text = b"Certificate:\n  Data\n" + PAIR.certificate + b"\n# next\n" + authority("rpc").certificate
    assert len(read_pem(text).certificates) == 2
    assert read_pem(text.replace(b"\n", b"\r\n")) == read_pem(text)


def test_keys_are_counted_and_not_kept():
    """A file with both has a certificate and a key; nothing of the key is in the value."""
    found = read_pem(PAIR.certificate + PAIR.key)
    assert (len(found.certificates), found.broken, found.private_keys) == (1, 0, 1)
    assert PAIR.key.splitlines()[1].decode() not in repr(found)


def test_a_key_that_cannot_be_used_says_why():
    """None, encrypted, or broken; the EC parameters that openssl writes before a key do not matter."""
    loaded = serialization.load_pem_private_key(PAIR.key, password=None)
    form = serialization.PrivateFormat
    locked = serialization.BestAvailableEncryption(b"x")
    expected = {
        b"": "holds no private key in PEM",
        PAIR.certificate: "holds no private key in PEM",
        pem(b"0\x03\x02\x01\x01", "PRIVATE KEY"): "holds a private key that cannot be read",
        **{
            loaded.private_bytes(
                serialization.Encoding.PEM, one, locked
            ): "holds a private key that only a passphrase opens"
            for one in (form.PKCS8, form.TraditionalOpenSSL)
        },
    }
    assert {text: read_key(text) for text in expected} == {
        text: (None, why) for text, why in expected.items()
    }
    plain = loaded.private_bytes(
        serialization.Encoding.PEM, form.TraditionalOpenSSL, serialization.NoEncryption()
    )
    parameters = pem(bytes.fromhex("06082a8648ce3d030107"), "EC PARAMETERS")
    assert read_key(parameters + plain) == read_key(PAIR.key)


def test_a_million_beginnings_are_read_at_once():
    """A file of nothing but first lines costs no more than its length."""
    found = read_pem(b"-----BEGIN X-----\n" * 200_000)
    assert (found.certificates, found.broken) == ((), 0)


@pytest.mark.parametrize("kind", ["CERTIFICATE", "PRIVATE KEY"])
def test_an_unended_block_is_broken(kind):
    """A file cut short is told of, and what follows the next beginning is read."""
    cut = (PAIR.certificate if kind == "CERTIFICATE" else PAIR.key)[:-30]
    found = read_pem(cut + b"\n" + PAIR.certificate)
    assert len(found.certificates) == 1
    assert (found.broken, found.private_keys) == ((1, 0) if kind == "CERTIFICATE" else (0, 1))


def signed_content(der):
    """Return what is signed and the signature: how these are wrapped, DER leaves a bit of choice to."""
    loaded = x509.load_der_x509_certificate(der)
    return loaded.tbs_certificate_bytes, loaded.signature


@settings(max_examples=400)
@given(data=st.data())
def test_broken_der_is_never_an_exception(data):
    """Whatever byte is another, it is a certificate or it is broken; signed is what was signed alone."""
    changed = bytearray(DER)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(changed)), st.integers(0, len(changed))))
    found = read_pem(pem(bytes(changed[:end])))
    assert len(found.certificates) + found.broken == 1
    (root,) = read_pem(authority("rpc").certificate).certificates
    for one in found.certificates:
        assert one.subject.isprintable()
        if is_signed_by(one, root):
            assert signed_content(one.der) == signed_content(DER)


@given(data=st.binary(max_size=300))
def test_anything_is_read(data):
    """Bytes that are no PEM hold nothing."""
    assert not read_pem(data).certificates
    assert read_key(data)[0] is None


def test_names_cannot_write_to_the_terminal():
    """Control characters of a subject are shown as question marks, and long ones cut."""
    key = ec.generate_private_key(ec.SECP256R1())
    (found,) = read_pem(signed("a\x1b[31m\nb", key, "a", key)).certificates
    assert found.subject == "a?[31m?b"
    (root,) = read_pem(create_authority("x" * 300, now=now(), days=1).certificate).certificates
    assert len(root.subject) == 64
