# SPDX-License-Identifier: Apache-2.0
"""Secret values as a YAML file of tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.eyaml import private_key_of, recipient_of
from tests.support.strategies import PIECES
from tripleo_messaging.hieradata.text import escaped
from tripleo_messaging.sealing.eyaml_tokens import decrypt
from tripleo_messaging.sealing.eyaml_yaml import encrypted_yaml, guarded

KEY, RECIPIENT = private_key_of("ours"), recipient_of("ours")


def found_by_hiera(text: str) -> str:
    """Do what Hiera does to what it decrypted: one line end off, as Ruby's chomp, and interpolation."""
    chomped = re.sub(r"(\r\n|\n|\r)\Z", "", text)
    return re.sub(r"%\{([^}]*)\}", lambda found: "" if not found.group(1).strip() else "WRONG", chomped)


@given(text=st.lists(st.sampled_from([*PIECES, "\n", "\r"]), max_size=8).map("".join))
def test_hiera_finds_the_text(text):
    """Line ends and what looks like an interpolation come through."""
    (written,) = escaped({"key": text}).values()
    assert found_by_hiera(guarded(written)) == text


def plain_of(value: Any) -> Any:
    """Decrypt the tokens of a loaded file."""
    if isinstance(value, dict):
        return {key: plain_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_of(item) for item in value]
    return decrypt(value.encode(), KEY).decode() if isinstance(value, str) else value


SECRETS = {
    "messaging_rpc_password": "s3cret",
    "empty": "",
    "none": None,
    "some::hash": {"rabbit": {"cookie": "C", "port": 5672, "on": True, "list": ["a", 1.5]}},
}


def test_every_text_is_a_token():
    """Also inside mappings and lists; numbers, booleans and keys stay what they are."""
    content = encrypted_yaml(SECRETS, {}, RECIPIENT)
    assert plain_of(yaml.safe_load(content)) == SECRETS
    assert b"s3cret" not in content
    assert content.count(b"ENC[PKCS7,") == 4


def test_other_keys_are_plain():
    """Hiera is told what kind of values these are."""
    options = {"lookup_options": {"some::hash": {"merge": "deep", "convert_to": "Sensitive"}}}
    content = encrypted_yaml({}, options, RECIPIENT)
    expected = b"lookup_options:\n  some::hash:\n    merge: deep\n    convert_to: Sensitive\n"
    assert content == expected


def test_one_value_twice_has_no_anchor():
    """Each is written out, encrypted on its own."""
    shared = {"password": "s3cret"}
    content = encrypted_yaml({"a": shared, "b": shared}, {"c": shared, "d": shared}, RECIPIENT)
    assert b"&" not in content
    loaded = yaml.safe_load(content)
    assert loaded["a"] != loaded["b"]


@pytest.mark.parametrize(
    "key", ["1,000", ":sym", "yes", "2001-01-01", "1:30", "a b", "null", "~", "é", "x: y"]
)
def test_keys_stay_texts(key):
    """What Ruby's YAML would take for something else is quoted."""
    content = encrypted_yaml({"h": {key: 1}}, {}, RECIPIENT)
    assert yaml.safe_load(content) == {"h": {key: 1}}
    assert re.search(rb"^  [\"']", content, re.MULTILINE)
