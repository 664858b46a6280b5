# SPDX-License-Identifier: Apache-2.0
"""Recorded answers of the real programs are read for what they say.

The hierarchies are TripleO's in short, and one of version 5 with a sealed entry of ours; the recordings are
of Puppet 7.23 and Hiera 3.10.
"""

from __future__ import annotations

import pytest

from tests.support.explain_cases import cases, expected, explained, shown
from tripleo_messaging.explain.words import verdict

CASES = tuple(cases())


def test_there_are_cases():
    """The folder of cases is found, with those of both programs."""
    assert {case.name.startswith("hiera_") for case in CASES} == {True, False}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_answer_is_read(case):
    """Who defines the key, who decides, how values are merged, and what the value is."""
    said = expected(case)
    explanation = explained(case, said["key"])
    words = verdict(explanation) if explanation.is_found else None
    assert {"key": said["key"], **shown(explanation), "verdict": words} == said
