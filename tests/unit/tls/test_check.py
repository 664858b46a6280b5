# SPDX-License-Identifier: Apache-2.0
"""Findings about certificates, keys and authorities: rule, severity and text."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.certificates import authority, certificate, now, signed
from tripleo_messaging.model.finding import Origin
from tripleo_messaging.tls.certificates import read_pem
from tripleo_messaging.tls.check import (
    Moment,
    Role,
    Source,
    authority_problems,
    check_authorities,
    check_certificate,
    check_key,
)
from tripleo_messaging.tls.create import create_authority

SHA1 = Path(__file__).parents[2] / "suites" / "tls" / "sha1.pem"
CA, OTHER = authority("rpc"), authority("notify")
TRUSTED = (("/etc/ca.crt", read_pem(CA.certificate).certificates),)
SOURCE = Source(path="$.rpc.tls.certificate_file", origin=Origin(file="/etc/rpc.crt"))
SERVER = Role(purposes=("server",), hosts=("a.example.org",), trusted_by=TRUSTED)
PAIR = certificate(CA, "a.example.org")
(LEAF,) = read_pem(PAIR.certificate).certificates
KEY = ec.generate_private_key(ec.SECP256R1())
ROOT = x509.BasicConstraints(ca=True, path_length=None)


def at(days=0.0, warning_days=1):
    """Return a moment some days from now."""
    return Moment(now=now() + dt.timedelta(days=days), warning_days=warning_days)


def der(pair):
    """Return a certificate as DER."""
    return base64.b64decode(b"".join(pair.certificate.splitlines()[1:-1]))


def told(findings):
    """Return findings as severity, rule and message."""
    return [f"{one.severity}: {one.message} [{one.rule}]" for one in findings]


def day(instant):
    """Return an instant as messages have it."""
    return instant.strftime("%Y-%m-%d %H:%M UTC")


def weak_key():
    """Return a certificate whose key is too short."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505  what is looked for
    return signed("a.example.org", key, "a.example.org", key)


CERTIFICATES = {
    "good": (PAIR.certificate, SERVER, at(), []),
    "nothing": (b"", SERVER, at(), ["error: holds no certificate in PEM [tls-no-certificate]"]),
    "DER": (der(PAIR), SERVER, at(), ["error: holds no certificate in PEM [tls-no-certificate]"]),
    "broken": (
        PAIR.certificate.replace(b"MII", b"MIJ", 1),
        SERVER,
        at(),
        ["error: 1 of its certificates cannot be read [tls-broken-certificate]"],
    ),
    "a key": (
        PAIR.key,
        SERVER,
        at(),
        [
            "error: holds a private key, where everybody may read [tls-key-in-certificate-file]",
            "error: holds no certificate in PEM [tls-no-certificate]",
        ],
    ),
    "the file of both": (
        PAIR.certificate + PAIR.key,
        Role(purposes=("server",), hosts=("a.example.org",), trusted_by=TRUSTED, may_hold_key=True),
        at(),
        [],
    ),
    "other host": (
        PAIR.certificate,
        Role(purposes=("server",), hosts=("a.example.org", "b.example.org", "172.17.0.10")),
        at(),
        [
            (
                "error: does not stand for b.example.org, 172.17.0.10, which clients connect to; its names "
                "are a.example.org [tls-wrong-host]"
            )
        ],
    ),
    "no names": (
        signed("a.example.org", KEY, "a.example.org", KEY),
        Role(purposes=("server",), hosts=("a.example.org",)),
        at(),
        [
            (
                "error: does not stand for a.example.org, which clients connect to; its names are none "
                "at all [tls-wrong-host]"
            )
        ],
    ),
    "other authority": (
        certificate(OTHER, "a.example.org").certificate,
        SERVER,
        at(),
        ["error: 'a.example.org' is signed by no valid authority of /etc/ca.crt [tls-untrusted]"],
    ),
    "ends soon": (
        PAIR.certificate,
        SERVER,
        at(0.5, warning_days=6),
        [
            (
                f"warning: 'a.example.org' is valid until {day(LEAF.not_after)}, for 4 days more "
                "[tls-expires-soon]"
            )
        ],
    ),
    "expired": (
        PAIR.certificate,
        SERVER,
        at(6),
        [f"error: 'a.example.org' is valid no more since {day(LEAF.not_after)} [tls-expired]"],
    ),
    "not yet": (
        PAIR.certificate,
        Role(purposes=("server",)),
        at(-1),
        [f"error: 'a.example.org' is valid from {day(LEAF.not_before)} on, and not yet [tls-not-yet-valid]"],
    ),
    "not for servers": (
        certificate(CA, "a.example.org", usages=("client",)).certificate,
        SERVER,
        at(),
        ["error: 'a.example.org' is not for a server: expected serverAuth in its usage [tls-wrong-usage]"],
    ),
    "not for clients": (
        certificate(CA, "a.example.org", usages=("server",)).certificate,
        Role(purposes=("client",), trusted_by=TRUSTED),
        at(),
        ["error: 'a.example.org' is not for a client: expected clientAuth in its usage [tls-wrong-usage]"],
    ),
    "short key": (
        weak_key(),
        Role(purposes=("server",)),
        at(),
        ["error: 'a.example.org' has an RSA key of 1024 bits (at least 2048) [tls-weak]"],
    ),
    "old hash": (
        SHA1.read_bytes(),
        Role(purposes=("server",), hosts=("old.example.org",)),
        at(),
        ["error: 'old.example.org' has a signature with SHA1 (at least SHA256) [tls-weak]"],
    ),
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificates(case):
    """Each fault is one finding, and a good certificate has none."""
    data, role, moment, expected = CERTIFICATES[case]
    assert told(check_certificate(SOURCE, data, role, moment)) == expected


def test_a_finding_says_where():
    """Path of the plan's value, and the file on the disk; the way out is a hint."""
    (finding,) = check_certificate(SOURCE, der(PAIR), SERVER, at())
    assert str(finding) == (
        "/etc/rpc.crt: error: $.rpc.tls.certificate_file: holds no certificate in PEM "
        "(convert it: openssl x509 -inform DER -outform PEM) [tls-no-certificate]"
    )


def test_an_intermediate_certificate_that_ended_is_told_of():
    """It ends the trust, and both are said."""
    root, between, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    trusted = read_pem(signed("root", root, "root", root, ROOT)).certificates
    file = signed("a", leaf, "between", between) + signed("between", between, "root", root, ROOT)
    role = Role(purposes=("server",), trusted_by=(("/etc/ca.crt", trusted),))
    assert told(check_certificate(SOURCE, file, role, at())) == []
    found = {one.rule for one in check_certificate(SOURCE, file, role, at(200))}
    assert found == {"tls-expired", "tls-untrusted"}


def key_case(data, mode=0o640, certificate_data=PAIR.certificate):
    """Return what is found of a key."""
    return told(check_key(SOURCE, data, mode, certificate_data))


def test_keys():
    """The certificate's own, for nobody but root and a group."""
    assert key_case(PAIR.key) == []
    assert key_case(PAIR.key, certificate_data=b"") == []
    assert key_case(PAIR.key, 0o644) == [
        "error: everybody on the host may use the key: mode 0644, expected 0640 or less [tls-open-key]"
    ]
    assert key_case(PAIR.certificate) == ["error: holds no private key in PEM [tls-no-key]"]
    assert key_case(CA.key) == [
        "error: is not the key of 'a.example.org', the first certificate of its file [tls-key-mismatch]"
    ]


def test_no_finding_shows_a_key():
    """Wherever a key turns up, not a line of it is said."""
    findings = (
        *check_certificate(SOURCE, PAIR.key, SERVER, at()),
        *check_key(SOURCE, CA.key, 0o777, PAIR.certificate),
        *check_key(SOURCE, CA.key[:-40], 0o777, PAIR.certificate),
        *check_authorities(SOURCE, PAIR.key, at()),
        *authority_problems((PAIR.key + CA.certificate).decode()),
    )
    said = "\n".join(map(repr, findings))
    assert len(findings) >= 7
    assert not any(line.decode() in said for line in (*PAIR.key.split(), *CA.key.split()) if len(line) > 8)


def test_a_text_of_authorities_is_judged_without_a_clock():
    """Authorities in PEM and nothing else, whenever that is; the finding has the path that was given."""
    origin = Origin(file="plan.yaml", line=7)

    def problems(data):
        return authority_problems(data.decode("latin-1"), "$.rpc.tls.ca_certificates", origin)

    assert problems(CA.certificate + OTHER.certificate) == ()
    assert told(problems(b"nonsense \xff")) == ["error: holds no certificate in PEM [tls-no-certificate]"]
    assert [one.rule for one in problems(CA.certificate + CA.key)] == ["tls-key-in-certificate-file"]
    leaf = "'a.example.org' is a certificate of a host or client, and no authority (CA:TRUE)"
    assert told(problems(PAIR.certificate)) == [f"error: {leaf} [tls-not-an-authority]"]
    assert told(problems(PAIR.certificate + CA.certificate)) == [f"warning: {leaf} [tls-not-an-authority]"]
    (own,) = problems(signed("own", KEY, "own", KEY))
    assert own.message == "'own' is a certificate signed by itself, and no authority (CA:TRUE)"
    no_root = signed("between", KEY, "root", KEY, ROOT)
    assert told(problems(no_root)) == [
        "error: holds intermediate authorities, and no root [tls-no-root]",
    ]
    assert (own.path, own.origin) == ("$.rpc.tls.ca_certificates", origin)


def test_one_valid_authority_keeps_a_bundle_alive():
    """An authority that ended is an error alone, and a warning beside one that is valid."""
    old = create_authority("old", now=now() - dt.timedelta(days=9), days=3).certificate
    (alone,) = check_authorities(SOURCE, old, at())
    assert (alone.rule, alone.severity) == ("tls-expired", "error")
    (beside,) = check_authorities(SOURCE, old + CA.certificate, at())
    assert (beside.rule, beside.severity) == ("tls-expired", "warning")
