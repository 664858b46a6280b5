# SPDX-License-Identifier: Apache-2.0
"""What is made is what the programs that read it ask for."""

from __future__ import annotations

import datetime as dt

from tests.support.certificates import authority, certificate, now, place, refusal
from tripleo_messaging.tls.certificates import is_signed_by, read_key, read_pem
from tripleo_messaging.tls.create import create_authority, create_certificate

HOUR = dt.timedelta(hours=1)


def only(pair):
    """Return the one certificate of a pair."""
    (found,) = read_pem(pair.certificate).certificates
    return found


def test_a_certificate_says_what_it_was_asked_to():
    """Names, addresses, purposes and times are those that were given, and the clock may be an hour off."""
    start = now()
    pair = create_certificate(
        authority("rpc"), "a", ["a.example.org", "a", "172.17.0.10", "fd00::0010"], now=start, days=5
    )
    made = only(pair)
    assert made.names == ("a.example.org", "a")
    assert made.addresses == ("172.17.0.10", "fd00::10")
    assert made.purposes == {"server", "client"}
    assert (made.not_before, made.not_after) == (start - HOUR, start + dt.timedelta(days=5))
    assert not made.is_ca
    assert not made.weaknesses
    assert read_key(pair.key) == (made.public_key, "")
    assert is_signed_by(made, only(authority("rpc")))
    assert not is_signed_by(made, only(authority("notify")))


def test_a_client_certificate_has_no_names():
    """It is for clients alone, and stands for no host."""
    made = only(certificate(authority("rpc"), usages=("client",)))
    assert (made.names, made.addresses, made.purposes) == ((), (), {"client"})


def test_no_certificate_outlives_its_authority():
    """The end of the authority is the end of what it signed."""
    start = now()
    ca = create_authority("short", now=start, days=2)
    made = create_certificate(ca, "a", ["a"], now=start, days=300)
    assert only(made).not_after == only(ca).not_after == start + dt.timedelta(days=2)


def test_two_authorities_of_one_name_are_told_apart():
    """While one takes the other's place both are in one file, so their subjects differ."""
    first, second = (only(create_authority("rpc", now=now(), days=2)) for _ in range(2))
    assert first.is_ca
    assert first.is_self_issued
    assert first.subject.startswith("rpc ")
    assert first.subject != second.subject


def test_long_names_are_cut():
    """A common name has 64 characters at most; what counts are the other names, which are whole."""
    long = f"{'a' * 60}.{'b' * 60}.example.org"
    pair = create_certificate(create_authority(long, now=now(), days=2), long, [long], now=now(), days=1)
    assert only(pair).names == (long,)
    assert len(only(pair).subject) == 64


def test_a_key_pair_does_not_show_its_key():
    """Its repr has the certificate and no key."""
    pair = authority("rpc")
    assert "PRIVATE" not in repr(pair)
    assert "CERTIFICATE" in repr(pair)


def test_python_takes_it_with_every_check_on(tmp_path):
    """Strict verification, on by default from Python 3.13, finds every extension that it asks for."""
    ca = authority("rpc")
    server = place(tmp_path, "a", certificate(ca, "a.example.org", "172.17.0.10"), ca)
    client = place(tmp_path, "client", certificate(ca, usages=("client",)), ca)
    assert refusal(server, server.ca_file, "a.example.org", client) == ""
    assert refusal(server, server.ca_file, "172.17.0.10", client) == ""
    assert "match" in refusal(server, server.ca_file, "b.example.org", client)
    assert "certificate purpose" in refusal(client, server.ca_file, "a.example.org")
