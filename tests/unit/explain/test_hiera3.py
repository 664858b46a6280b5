# SPDX-License-Identifier: Apache-2.0
"""Where Hiera 3 has its levels is told by the hiera.yaml, or not at all."""

from __future__ import annotations

import pytest

from tripleo_messaging.errors import UnansweredError
from tripleo_messaging.explain.hiera3 import directories, refuse_other_backends

SCOPE = {"role": "Compute"}

CONFIGS = {
    "one": ({":backends": ["json"], ":json": {":datadir": "/d"}}, {"json": "/d"}),
    "one that is no list": ({":backends": "json", ":json": {":datadir": "/d"}}, {"json": "/d"}),
    "two, in their order": (
        {":backends": ["yaml", "json"], ":json": {":datadir": "/j"}, ":yaml": {":datadir": "/y"}},
        {"yaml": "/y", "json": "/j"},
    ),
    "variables": (
        {":backends": ["json"], ":json": {":datadir": "/d/%{role}/%{::role}/%{none}x"}},
        {"json": "/d/Compute/Compute/x"},
    ),
    "a function": ({":backends": ["json"], ":json": {":datadir": "/d/%{hiera('k')}"}}, {"json": None}),
    "a part of a fact": ({":backends": ["json"], ":json": {":datadir": "/%{os.family}"}}, {"json": None}),
    "nothing said": ({}, {"yaml": "/etc/puppet/environments//hieradata"}),
    "no options": ({":backends": ["json"], ":json": None}, {"json": "/etc/puppet/environments//hieradata"}),
    "version 5": ({"version": 5, "hierarchy": []}, {"yaml": "/etc/puppet/environments//hieradata"}),
    "none": (None, {}),
    "a list": ([1], {}),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_the_directories_are_those_of_the_file(case):
    """Variables are what Hiera is told of them; what it would have to work out is not known."""
    config, expected = CONFIGS[case]
    found = directories(config, SCOPE)
    assert list(found.items()) == list(expected.items())


def test_a_backend_of_others_is_refused():
    """It is named, and so is who can tell its levels."""
    with pytest.raises(UnansweredError, match=r"^hiera: .* the backend eyaml, .*--program puppet$"):
        refuse_other_backends({"json": "/d", "eyaml": "/e"})
    refuse_other_backends({"json": "/d", "yaml": None})
