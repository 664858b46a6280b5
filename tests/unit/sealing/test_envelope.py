# SPDX-License-Identifier: Apache-2.0
"""What is sealed comes out again for one key only, and only as it was sealed."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import canary
from tests.support.sealed import NODE, STAMP, private_key
from tests.support.strategies import awkward_texts, json_values
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.sealing.envelope import Contents, open_, seal
from tripleo_messaging.sealing.header import FORMAT, Header, read_header
from tripleo_messaging.sealing.keys import fingerprint

KEY = private_key(NODE)
CONTENTS = Contents(sensitive={"b": canary.TRICKY, "a": {"c": [None, 1.5]}}, plain={"oslo": canary.PLAIN})
SEALED = seal(NODE, STAMP, CONTENTS, KEY.public_key())


@given(st.dictionaries(awkward_texts, json_values, max_size=4), st.dictionaries(awkward_texts, json_values))
@settings(max_examples=60, deadline=None)
def test_any_values_come_out_again(sensitive, plain):
    """Whatever JSON can say, of both parts."""
    contents = Contents(sensitive=sensitive, plain=plain)
    opened = open_(seal(NODE, STAMP, contents, KEY.public_key()), KEY)
    assert opened.contents == contents
    assert opened.header.names == tuple(sorted({*sensitive, *plain}))


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_any_changed_byte_is_refused(position, change):
    """Of the header, of the body, and of the ends of their lines."""
    changed = bytearray(SEALED)
    changed[position] ^= change
    with pytest.raises(UnreadableFileError):
        open_(bytes(changed), KEY)


@given(st.integers(0, len(SEALED) - 1))
@settings(max_examples=60, deadline=None)
def test_any_cut_is_refused(length):
    """However much is missing at the end."""
    with pytest.raises(UnreadableFileError):
        open_(SEALED[:length], KEY)


def _other_spelling(text: bytes) -> bytes:
    """Change bits of a padded base64 that stand for nothing."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = len(text.rstrip(b"=")) - 1
    return text[:last] + alphabet[alphabet.index(text[last]) + 1 :][:1] + text[last + 1 :]


@pytest.mark.parametrize("length", [0, 1])
def test_another_spelling_of_the_body_is_refused(length):
    """Base64 has several texts for the same bytes, and a sealed file has one."""
    sealed = seal(NODE, STAMP, Contents(plain={"a": "x" * length}), KEY.public_key())
    line, body, _ = sealed.split(b"\n")
    assert body.endswith(b"=")
    other = _other_spelling(body)
    assert other != body
    assert base64.b64decode(other, validate=True) == base64.b64decode(body)
    with pytest.raises(UnreadableFileError, match="was changed after it was sealed"):
        open_(line + b"\n" + other + b"\n", KEY)


def test_header_is_this_text():
    """Keys are sorted and nothing is spaced: the reader on the node takes the line as it is."""
    header = Header(node=NODE, stamp=STAMP, key="f" * 64, names=("a", "b"), wrapped="AAAA")
    assert header.encode().decode() == (
        '{"format":"tripleo-messaging sealed 1","key":"' + "f" * 64 + '","names":["a","b"],"node":"ctl-0",'
        '"stamp":"0123456789abcdef0123456789abcdef","wrapped":"AAAA"}'
    )


def test_header_says_for_whom():
    """Who may read it sees the node, its key, the stamp and the names; and no value."""
    header = read_header(SEALED)
    assert (header.node, header.stamp, header.names) == (NODE, STAMP, ("a", "b", "oslo"))
    assert header.key == fingerprint(KEY.public_key())
    assert json.loads(SEALED.split(b"\n")[0])["format"] == FORMAT
    assert not canary.betrays(SEALED)


def test_lines_and_lengths():
    """Two lines of ASCII; the body is nonce, ciphertext of the same length as its text, and tag."""
    line, body, rest = SEALED.split(b"\n")
    assert rest == b""
    assert line.isascii()
    text = json.dumps(
        {"plain": CONTENTS.plain, "sensitive": CONTENTS.sensitive}, sort_keys=True, separators=(",", ":")
    )
    assert len(base64.b64decode(body, validate=True)) == 12 + len(text) + 16


def test_the_same_is_sealed_otherwise_each_time():
    """No key, no nonce is used twice."""
    again = seal(NODE, STAMP, CONTENTS, KEY.public_key())
    assert read_header(again).wrapped != read_header(SEALED).wrapped
    assert again.split(b"\n")[1][:16] != SEALED.split(b"\n")[1][:16]


def test_another_key_does_not_open_it():
    """Both keys are named by what tells them apart."""
    other = private_key("another")
    with pytest.raises(UnreadableFileError) as caught:
        open_(SEALED, other, "x.sealed")
    assert str(caught.value) == (
        f"x.sealed: was sealed for the key {fingerprint(KEY.public_key())[:16]} of node 'ctl-0',"
        f" this key is {fingerprint(other.public_key())[:16]}"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not the two lines"),
        (b"{}\n", "is not the two lines"),
        (b"{}\nAAAA\nmore\n", "is not the two lines"),
        (b"nonsense\nAAAA\n", "does not begin with the header"),
        (b"[]\nAAAA\n", "does not begin with the header"),
        (b"\xff\nAAAA\n", "does not begin with the header"),
        (b'{"format": "tripleo-messaging sealed 2"}\nAAAA\n', f"is not of the format '{FORMAT}'"),
        (b'{"format": "tripleo-messaging sealed 1"}\nAAAA\n', "has a header that was changed"),
    ],
)
def test_what_is_no_sealed_file_is_said(data, message):
    """Each with its file and its reason."""
    with pytest.raises(UnreadableFileError, match=f"^x.sealed: {message}"):
        read_header(data, "x.sealed")


def test_no_secret_is_shown():
    """Contents and what was opened hide their values."""
    assert not canary.betrays(repr((CONTENTS, open_(SEALED, KEY))).encode())
