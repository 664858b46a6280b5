# SPDX-License-Identifier: Apache-2.0
"""The end of a certificate is what a library for certificates reads, or it is not known."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import Optional

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import authority, certificate
from tripleo_messaging.report.certificates import ends
from tripleo_messaging.tls.create import not_after

KEY = ec.generate_private_key(ec.SECP256R1())
UTC = dt.timezone.utc
SEEN = certificate(authority("fact"), "ctl-0.internalapi.localdomain", "172.17.0.10").certificate


def ending(end: dt.datetime, *, serial: int = 1, names: int = 1) -> bytes:
    """Return a certificate of its own that ends then."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60) for _ in range(names)]
    name = x509.Name(attributes)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial)
    made = builder.not_valid_before(dt.datetime(1950, 1, 1, tzinfo=UTC)).not_valid_after(end)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def first_end(text: bytes) -> Optional[str]:
    """Return the first of the ends."""
    found = ends(text)
    return found[0] if found else None


def iso(end: dt.datetime) -> str:
    """Write a time as the fact does."""
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


@given(
    end=st.datetimes(dt.datetime(1951, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001  made aware
    serial=st.integers(1, 2**150),
    names=st.integers(1, 12),
)
def test_any_end_is_read(end, serial, names):
    """Both kinds of time are read, before and after 2050, with short and long names before them."""
    end = end.replace(microsecond=0, tzinfo=UTC)
    assert first_end(ending(end, serial=serial, names=names)) == f"{end.year:04}{iso(end)[4:]}"


@pytest.mark.parametrize("year", [1951, 1999, 2000, 2049, 2050])
def test_two_digits_of_a_year_are_of_the_right_century(year):
    """UTCTime goes from 1950 to 2049, and the other kind from there on."""
    assert first_end(ending(dt.datetime(year, 1, 2, tzinfo=UTC))) == f"{year}-01-02T00:00:00Z"


def test_ours_and_the_library_agree():
    """A certificate as `tls create` makes it, with all of its extensions."""
    assert first_end(SEEN) == iso(not_after(x509.load_pem_x509_certificate(SEEN)))


def test_the_first_and_the_last_of_several():
    """Of a chain, or of authorities in one file, both are told, wherever they stand."""
    soon, late = (
        ending(dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ending(dt.datetime(2051, 1, 1, tzinfo=UTC)),
    )
    bundle = late + b"# comment\r\n" + soon.replace(b"\n", b"\r\n") + late
    assert ends(bundle) == ("2030-01-02T03:04:05Z", "2051-01-01T00:00:00Z")
    assert ends(soon) == ("2030-01-02T03:04:05Z", "2030-01-02T03:04:05Z")


def test_a_trusted_certificate_is_one():
    """OpenSSL writes another label where it adds its own uses."""
    assert first_end(SEEN.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE")) == first_end(SEEN)


BODY = base64.b64decode(re.sub(rb"-----.*?-----", b"", SEEN))


def pem(body: bytes) -> bytes:
    """Wrap bytes as a certificate."""
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(body) + b"-----END CERTIFICATE-----\n"


ODD = {
    "nothing": b"",
    "a key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "no base64": b"-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----\n",
    "empty": pem(b""),
    "no end": SEEN[:-30],
    "cut off": pem(BODY[:60]),
    "cut off behind the time": pem(BODY[:-10]),
    "one good, one bad": SEEN + pem(b"\x30\x00"),
    "length without an end": pem(b"\x30\x80" + BODY),
    "length of many octets": pem(b"\x30\x88" + b"\xff" * 8),
    "no time": pem(BODY.replace(b"\x17\x0d", b"\x16\x0d")),
    "thirteenth month": pem(re.sub(rb"(\x17\x0d\d\d)\d\d", rb"\g<1>13", BODY)),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_no_certificate_has_no_end(case):
    """Whatever stands there, it is not known, and no error."""
    assert first_end(ODD[case]) is None


@given(st.integers(0, len(BODY) - 1), st.binary(min_size=1, max_size=6))
def test_damage_is_no_error(position, bytes_there):
    """Any bytes in any place give a time or nothing."""
    damaged = BODY[:position] + bytes_there + BODY[position + len(bytes_there) :]
    end = first_end(pem(damaged))
    assert end is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", end)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_error(body):
    """What is no certificate at all has no end."""
    assert first_end(pem(body)) is None
