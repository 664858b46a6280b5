# SPDX-License-Identifier: Apache-2.0
"""Tokens of eyaml, one at a time."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.der import decoder
from pyasn1_modules import rfc5652

from tests.support.eyaml import (
    CASES,
    CASES_WITH_PUBLIC_KEY,
    PAYLOADS,
    private_key_of,
    recipient_of,
    tokens_of,
)
from tripleo_messaging.sealing.eyaml_tokens import (
    MOST_PAYLOAD_BYTES,
    UnopenedTokenError,
    decrypt,
    encrypt,
    open_,
    seal,
)

KEY = private_key_of("ours")
RECIPIENT = recipient_of("ours")
TOKENS = tokens_of("ours")


def der_of(token: bytes) -> bytes:
    """Return what is inside a token."""
    return base64.b64decode(token[len(b"ENC[PKCS7,") : -1])


def token_of(der: bytes) -> bytes:
    """Write a token by hand."""
    return b"ENC[PKCS7," + base64.b64encode(der) + b"]"


@pytest.mark.parametrize("case", CASES)
def test_tokens_of_every_program_open(case):
    """With the private key alone, every payload comes out to the byte."""
    tokens, key = tokens_of(case), private_key_of(case)
    assert {name: decrypt(token, key) for name, token in tokens.items()} == PAYLOADS


@pytest.mark.parametrize("case", CASES_WITH_PUBLIC_KEY)
def test_a_token_names_the_certificate(case):
    """Issuer and serial number are the recipient's: hiera-eyaml 3.3 finds its part by them."""
    recipient = recipient_of(case)
    content, _ = decoder.decode(seal(b"secret", recipient), asn1Spec=rfc5652.ContentInfo())
    data, _ = decoder.decode(bytes(content["content"]), asn1Spec=rfc5652.EnvelopedData())
    rid = data["recipientInfos"][0]["ktri"]["rid"]["issuerAndSerialNumber"]
    assert int(rid["serialNumber"]) == recipient.serial
    assert len(rid["issuer"][0]) == 0


def test_a_token_is_as_long_as_hiera_eyaml_makes_it():
    """The structure is the same: only random bytes differ."""
    assert len(seal(b"a", RECIPIENT)) == len(der_of(tokens_of("hiera-eyaml-3.3")["one"])) == 381


def test_a_token_differs_each_time():
    """Key and vector are new: equal secrets are not seen to be equal."""
    first, second = seal(b"secret", RECIPIENT), seal(b"secret", RECIPIENT)
    assert first[-34:-18] != second[-34:-18]
    assert first[-16:] != second[-16:]


@given(payload=st.binary(max_size=2000))
def test_a_payload_comes_back(payload):
    """Whatever the bytes are."""
    assert decrypt(encrypt(payload, RECIPIENT), KEY) == payload


@given(data=st.data())
def test_whitespace_does_not_count(data):
    """Wherever a line is broken between scheme and bracket, the payload is the same."""
    token = TOKENS["one"]
    start = len(b"ENC[PKCS7,")
    position = data.draw(st.integers(start, len(token) - 1))
    space = data.draw(st.sampled_from([b" ", b"\n", b"\r\n   ", b"\t"]))
    assert decrypt(token[:position] + space + token[position:], KEY) == b"a"


@pytest.mark.parametrize("form", [b"ENC[", b"ENC[pkcs7,"])
def test_the_scheme_is_pkcs7_where_none_is_named(form):
    """As eyaml has it by default, and in small letters."""
    assert decrypt(TOKENS["one"].replace(b"ENC[PKCS7,", form), KEY) == b"a"


@pytest.mark.parametrize("flip", [1, 0x80, 0xFF])
def test_no_changed_byte_goes_unseen_where_the_format_can_tell(flip):
    """A changed byte is refused, but for two places that no reader checks: serial number and vector.

    Of 16 bytes of text all are in the first of two blocks, so that the padding tells nothing of the vector.
    """
    key, der = private_key_of("hiera-eyaml-3.3"), der_of(tokens_of("hiera-eyaml-3.3")["sixteen"])
    serial, vector = der.index(bytes.fromhex("020101")) + 2, der.index(bytes.fromhex("0410"), 300) + 2
    unseen = [position for position in range(len(der)) if not _is_refused(der, position, flip, key)]
    assert unseen == [serial, *range(vector, vector + 16)]


def _is_refused(der: bytes, position: int, flip: int, key: object) -> bool:
    changed = bytearray(der)
    changed[position] ^= flip
    try:
        open_(bytes(changed), key)
    except UnopenedTokenError:
        return True
    return False


@pytest.mark.parametrize("length", [0, 1, 40, 300, 380])
def test_a_cut_token_is_refused(length):
    """None of its beginnings opens."""
    with pytest.raises(UnopenedTokenError, match="is no CMS EnvelopedData"):
        decrypt(token_of(der_of(TOKENS["one"])[:length]) if length else b"ENC[PKCS7,AA==]", KEY)


def test_bytes_behind_a_token_are_refused():
    """What follows the structure is nobody's."""
    with pytest.raises(UnopenedTokenError, match="is no CMS EnvelopedData"):
        decrypt(token_of(der_of(TOKENS["one"]) + b"\x00"), KEY)


@given(der=st.binary(max_size=400))
def test_other_bytes_are_refused(der):
    """Nothing but our error comes out of any bytes."""
    with pytest.raises(UnopenedTokenError):
        open_(der, KEY)


@given(der=st.binary(max_size=60), cut=st.integers(0, 380))
def test_bytes_inside_a_token_are_refused_or_open(der, cut):
    """Nothing but our error comes out of a token with other bytes in its middle."""
    whole = der_of(TOKENS["one"])
    with contextlib.suppress(UnopenedTokenError):
        assert isinstance(open_(whole[:cut] + der + whole[cut + len(der) :], KEY), bytes)


def test_a_wrong_key_says_no_more_than_damage():
    """Which step failed is not told, and nothing of the token is."""
    damaged = bytearray(der_of(TOKENS["one"]))
    damaged[-1] ^= 1
    texts = set()
    for der, key in ((der_of(TOKENS["one"]), private_key_of("hiera-eyaml-3.3")), (bytes(damaged), KEY)):
        with pytest.raises(UnopenedTokenError) as caught:
            open_(der, key)
        texts.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert texts == {"the token does not open: it is damaged, or encrypted for another key"}


def test_a_key_of_another_length_is_refused():
    """A key of 256 bits in an envelope that states 192 does not open it."""
    aes_256, aes_192 = bytes.fromhex("60864801650304012a"), bytes.fromhex("608648016503040116")
    der = der_of(TOKENS["one"])
    assert der.count(aes_256) == 1
    with pytest.raises(UnopenedTokenError, match="does not open"):
        open_(der.replace(aes_256, aes_192), KEY)


NO_TOKENS = {
    b"": "is not of the form",
    b"ENC[PKCS7,]": "is not of the form",
    b"ENC[PKCS7,aGVsbG8=": "is not of the form",
    b"ENC[PKCS7,aGVsb*8=]": "is not of the form",
    b"ENC[PKCS7,aGVsbG8]": "holds damaged base64",
    b"ENC[PKCS7,aGVsbG9=]": "holds damaged base64",
    b"ENC[PKCS7,=]": "holds damaged base64",
    b"ENC[PKCS7,aGVsbG8=]": "is no CMS EnvelopedData",
    b"ENC[GPG,aGVsbG8=]": "is of the scheme GPG, and only PKCS7 is opened here",
}


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_token_is_said(token):
    """The reason names what was found, and quotes nothing of it."""
    with pytest.raises(UnopenedTokenError) as caught:
        decrypt(token, KEY)
    assert NO_TOKENS[token] in str(caught.value)
    assert "aGVs" not in str(caught.value)


def test_sizes_have_bounds():
    """What is made can be opened again, and neither is without end."""
    largest = bytes(MOST_PAYLOAD_BYTES)
    assert decrypt(encrypt(largest, RECIPIENT), KEY) == largest
    with pytest.raises(UnopenedTokenError, match="would hold more than the 1,048,576 bytes"):
        encrypt(largest + b"x", RECIPIENT)
    with pytest.raises(UnopenedTokenError, match="larger than the 2,097,152 bytes"):
        decrypt(b"ENC[" + b"A" * (2 * MOST_PAYLOAD_BYTES + 4) + b"]", KEY)
