# SPDX-License-Identifier: Apache-2.0
"""Which hosts a certificate stands for: as Python's ssl says in a real handshake."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.certificates import authority, certificate, place, refusal
from tripleo_messaging.tls.certificates import Certificate, read_pem
from tripleo_messaging.tls.names import stands_for

NEVER = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)

CASES = {
    "same name": ("a.example.org", "a.example.org", True),
    "capitals": ("A.Example.org", "a.example.ORG", True),
    "other name": ("a.example.org", "b.example.org", False),
    "name below": ("example.org", "a.example.org", False),
    "wildcard": ("*.example.org", "a.example.org", True),
    "wildcard for two labels": ("*.example.org", "a.b.example.org", False),
    "wildcard for none": ("*.example.org", "example.org", False),
    "wildcard for an underscore": ("*.example.org", "a_b.example.org", False),
    "part of a label": ("a*.example.org", "ab.example.org", False),
    "not the leftmost": ("a.*.org", "a.example.org", False),
    "a whole domain": ("*.org", "example.org", False),
    "dot at the end": ("a.example.org", "a.example.org.", False),
    "address": ("172.17.0.10", "172.17.0.10", True),
    "other address": ("172.17.0.10", "172.17.0.11", False),
    "IPv6 written otherwise": ("fd00:0::0010", "fd00::10", True),
    "name for an address": ("a.example.org", "172.17.0.10", False),
    "wildcard for an address": ("*.17.0.10", "172.17.0.10", False),
}


def saying(*names):
    """Return a certificate that stands for some names, signed by nobody."""
    return Certificate(
        subject="unused.example.org",
        names=names,
        addresses=(),
        not_before=NEVER,
        not_after=NEVER,
        is_ca=False,
        is_self_issued=False,
        purposes=frozenset(),
        weaknesses=(),
        public_key=b"",
        der=b"",
    )


@pytest.mark.parametrize("case", CASES)
def test_names_and_addresses(case, tmp_path):
    """Wildcards are the leftmost label and stand for one, and addresses are no names; Python agrees."""
    name, host, expected = CASES[case]
    pair = certificate(authority("names"), "nobody.invalid", name)
    (found,) = read_pem(pair.certificate).certificates
    assert stands_for(found, host) is expected
    placed = place(tmp_path, "a", pair, authority("names"))
    assert (refusal(placed, placed.ca_file, host) == "") is expected


def test_the_common_name_does_not_count():
    """A certificate without alternative names stands for no host."""
    assert not stands_for(saying(), "unused.example.org")


def test_an_address_among_the_names_does_not_count():
    """An address has to be an address: Python compares nothing else."""
    assert not stands_for(saying("172.17.0.10"), "172.17.0.10")


LABELS = ("a", "*", "b*", "B", "example", "org", "x--y", "xn--bcher-kva", "a_b", "10", "-a", "a-")
NAMES = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4).map(".".join)
ADDRESSES = st.sampled_from(["172.17.0.10", "fd00::10"])


@st.composite
def names_and_hosts(draw):
    """Draw what a certificate is for and a host: mostly one that is nearly the same."""
    name = draw(st.one_of(NAMES, ADDRESSES))
    filled = name.replace("*", draw(st.sampled_from(["a", "B", "a_b", "xn--bcher-kva", "a.b", ""])))
    cut = filled.partition(".")[2] or filled
    return name, draw(st.sampled_from([filled, filled.upper(), cut, f"a.{filled}", draw(ADDRESSES)]))


@settings(max_examples=200)
@given(case=names_and_hosts())
def test_python_agrees(case, tmp_path_factory):
    """Whatever the name and the host, a handshake in memory ends as we say."""
    name, host = case
    pair = certificate(authority("names"), "nobody.invalid", name)
    placed = place(tmp_path_factory.mktemp("names"), "a", pair, authority("names"))
    (found,) = read_pem(pair.certificate).certificates
    try:
        reason = refusal(placed, placed.ca_file, host)
    except ValueError:
        # Python has no such host name at all, and so connects to none.
        return
    assert "match" in reason or not reason
    assert stands_for(found, host) is (not reason)
