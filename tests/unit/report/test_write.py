# SPDX-License-Identifier: Apache-2.0
"""A fact is written so that it is the same in JSON and in YAML."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.report.write import encode

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


# A key that is written with more than 1024 characters is none in YAML; the fact's keys are names of ours.
_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=1024 // len(r"\u0000") - 1)


@given(st.dictionaries(_KEYS, _TEXTS | st.integers() | st.booleans() | st.none() | st.lists(_TEXTS)))
def test_any_document_is_both(document):
    """Facter reads the file as JSON, and what the executable prints as YAML."""
    written = encode({"fact": document})
    assert json.loads(written) == {"fact": document}
    # The C parser of YAML is the one that Facter's language has, too.
    assert yaml.load(written, Loader=yaml.CSafeLoader) == {"fact": document}


ODD = {
    "\\ud834\\udd1e": "\\ud834\\udd1e",
    "\\\U0001d11e": "\\\U0001d11e",
    "\ud834 alone": "\ufffd alone",
    "\udd1e\ud834": "\ufffd\ufffd",
}


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_halves_of_characters_do_not_go_out(text):
    """A backslash before what looks like one stays; half a character, which is no text, is replaced."""
    written = encode({"fact": text})
    assert json.loads(written) == yaml.safe_load(written) == {"fact": ODD[text]}
