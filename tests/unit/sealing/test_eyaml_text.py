# SPDX-License-Identifier: Apache-2.0
"""Whole texts with tokens of eyaml in them."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.eyaml import CASES, PAYLOADS, SUITE, private_key_of, recipient_of, tokens_of
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.sealing.eyaml_text import FORMS, decrypt_text, recrypt_text
from tripleo_messaging.sealing.eyaml_tokens import TOKEN, decrypt, encrypt

OLD_KEY, OLD = private_key_of("ours"), recipient_of("ours")
NEW_KEY, NEW = private_key_of("hiera-eyaml-5.0"), recipient_of("hiera-eyaml-5.0")
LONGER_KEY, LONGER = private_key_of("rsa-public-key"), recipient_of("rsa-public-key")

ONE = tokens_of("ours")["one"]
SEVENTEEN = tokens_of("ours")["seventeen"]


def block(token: bytes, separator: bytes = b"\n  ", columns: int = 60) -> bytes:
    """Break a token into lines."""
    return separator.join(token[start : start + columns] for start in range(0, len(token), columns))


TEXT = b"\n".join(
    [
        b"---",
        b"# no token: ENC[PKCS7,...]",
        b"plain: 1",
        b"string: " + ONE,
        b"mixed: 'amqp://" + ONE + b":" + SEVENTEEN + b"@host'",
        b"block: >",
        b"    " + block(SEVENTEEN, b"\n    "),
        b"umlaut: \xc3\xa4 \xff",
        b"",
    ]
)
PLAIN = b"\n".join(
    [
        b"---",
        b"# no token: ENC[PKCS7,...]",
        b"plain: 1",
        b"string: a",
        b"mixed: 'amqp://a:seventeen bytes..@host'",
        b"block: >",
        b"    seventeen bytes..",
        b"umlaut: \xc3\xa4 \xff",
        b"",
    ]
)


def test_tokens_are_replaced_by_what_they_hold():
    """In one line, several in a line, in a block; all else is the same to the byte."""
    decrypted = decrypt_text(TEXT, OLD_KEY, "a.eyaml")
    assert (decrypted.content, decrypted.tokens) == (PLAIN, 4)
    assert "seventeen" not in repr(decrypted)


@pytest.mark.parametrize("case", CASES)
def test_files_of_every_program_are_decrypted(case):
    """Each file of the suite is decrypted as a whole."""
    decrypted = decrypt_text((SUITE / case / "tokens.eyaml").read_bytes(), private_key_of(case), case)
    assert (decrypted.tokens, decrypted.findings) == (len(PAYLOADS), ())
    for payload in PAYLOADS.values():
        assert payload in decrypted.content


def test_what_only_begins_like_a_token_is_told():
    """A damaged token would else pass for text; a text without one has no finding."""
    finding = "a.eyaml:2: warning: $: begins like a token and is none: it is left as it is"
    (found,) = decrypt_text(TEXT, OLD_KEY, "a.eyaml").findings
    assert str(found).startswith(finding)
    assert decrypt_text(b"ENC[] SILENCE[...] ENC", OLD_KEY, "a.eyaml").findings == ()


def test_every_token_that_does_not_open_is_told():
    """All are reported at once, with their lines; nothing comes out, nor is anything quoted."""
    content = b"a: " + ONE + b"\nb: " + ONE.replace(b"PKCS7", b"GPG") + b"\n\nc: ENC[PKCS7,aGVsbG8=]\n"
    with pytest.raises(InvalidInputError) as caught:
        decrypt_text(content, NEW_KEY, "a.eyaml")
    places = [(f.origin.line, f.rule) for f in caught.value.findings]
    assert places == [(1, "eyaml-token"), (2, "eyaml-token"), (4, "eyaml-token")]
    assert "aGVs" not in str(caught.value)
    assert ONE[10:40].decode() not in str(caught.value)


def test_a_text_is_encrypted_for_another_key():
    """What the new key opens is what the old one opened, and the old one opens none of it."""
    recrypted = recrypt_text(TEXT, OLD_KEY, NEW, "a.eyaml")
    assert recrypted.tokens == 4
    assert decrypt_text(recrypted.content, NEW_KEY, "a.eyaml").content == PLAIN
    with pytest.raises(InvalidInputError):
        decrypt_text(recrypted.content, OLD_KEY, "a.eyaml")


def _shape(content: bytes) -> bytes:
    """Replace each character of base64 in a token by one and the same."""
    return TOKEN.sub(lambda found: re.sub(rb"[A-Za-z0-9+/=]", b"x", found.group()), content)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_lines_stay_as_they_are(line_end):
    """With a key of the same length not even a line break moves."""
    content = TEXT.replace(b"\n", line_end)
    assert _shape(recrypt_text(content, OLD_KEY, NEW, "a.eyaml").content) == _shape(content)


def test_a_longer_token_has_more_lines_of_the_same_length():
    """A block keeps indentation, line end and columns; a string stays on its line."""
    content = b"a: >\r\n    " + block(ONE, b"\r\n    ", 50) + b"\r\nb: " + ONE + b"\r\n"
    lines = recrypt_text(content, OLD_KEY, LONGER, "a.eyaml").content.split(b"\r\n")
    assert [len(line) for line in lines[1:-3]] == [54] * (len(lines) - 4)
    assert lines[0] == b"a: >"
    assert lines[-2].startswith(b"b: ENC[PKCS7,")
    assert len(lines) > content.count(b"\r\n")
    assert decrypt_text(b"\r\n".join(lines), LONGER_KEY, "a").content == b"a: >\r\n    a\r\nb: a\r\n"


def test_a_token_that_does_not_open_stops_it():
    """One of many is enough."""
    content = TEXT + b"last: " + encrypt(b"other", NEW) + b"\n"
    with pytest.raises(InvalidInputError) as caught:
        recrypt_text(content, OLD_KEY, LONGER, "a.eyaml")
    assert [f.origin.line for f in caught.value.findings if f.severity == "error"] == [content.count(b"\n")]


PIECES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            ONE,
            SEVENTEEN,
            b"ENC[",
            b"]",
            b"ENC[PKCS7,",
            b"key: >\n  ",
            b"\r\n",
            block(ONE),
            block(ONE, b"\r\n\t"),
        ]
    ),
)


@given(pieces=st.lists(PIECES, max_size=8))
def test_all_but_tokens_is_kept(pieces):
    """Whatever stands between tokens is there after recrypting, and each token holds what it held."""
    content = b"".join(pieces)
    try:
        recrypted = recrypt_text(content, OLD_KEY, NEW, "a")
    except InvalidInputError:
        return
    assert TOKEN.split(recrypted.content)[::3] == TOKEN.split(content)[::3]
    former = [decrypt(found.group(), OLD_KEY) for found in TOKEN.finditer(content)]
    assert [decrypt(found.group(), NEW_KEY) for found in TOKEN.finditer(recrypted.content)] == former


@pytest.mark.parametrize("payload", PAYLOADS)
def test_forms_are_yaml(payload):
    """A label makes each form a document of YAML whose value is the token."""
    token = encrypt(PAYLOADS[payload], OLD)
    for name in ("string", "block"):
        value = yaml.safe_load(FORMS[name](token, "some::key"))["some::key"]
        assert decrypt(value.encode(), OLD_KEY) == PAYLOADS[payload]


def test_forms_are_those_of_eyaml():
    """Indentation, columns and words are what its users know."""
    token = b"ENC[PKCS7," + b"x" * 61 + b"]"
    first, second = b"ENC[PKCS7," + b"x" * 50, b"x" * 11 + b"]"
    assert FORMS["string"](token, "") == token + b"\n"
    assert FORMS["block"](token, "") == b"  " + first + b"\n  " + second + b"\n"
    both = b"string: " + token + b"\n\nOR\n\nblock: >\n  " + first + b"\n  " + second + b"\n"
    assert FORMS["examples"](token, "") == both
