# SPDX-License-Identifier: Apache-2.0
"""Tokens of hiera-eyaml: ``ENC[PKCS7,<base64>]`` to bytes, and back.

Inside is a CMS EnvelopedData for one recipient. Nothing in it is authenticated: a changed initialisation
vector changes the first 16 bytes of what comes out, and nobody can tell.
Source: RFC 5652, chapter 6; hiera-eyaml 3.3 and 5.0, ``encryptors/pkcs7.rb``.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Any

import attrs
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pyasn1.codec.der import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pyasn1_modules import rfc5280, rfc5652

from tripleo_messaging.errors import MessagingError
from tripleo_messaging.sealing.keys import Recipient

MOST_PAYLOAD_BYTES = 1024 * 1024
TOKEN = re.compile(rb"ENC\[(?:(\w+),)?([A-Za-z0-9+/=\s]+)\]")
"""Finds tokens in a text: the scheme, which may be missing, and base64 with whitespace."""

_SCHEME = b"PKCS7"
_MOST_BASE64_BYTES = 2 * MOST_PAYLOAD_BYTES

_RSA = univ.ObjectIdentifier("1.2.840.113549.1.1.1")
_NULL = encoder.encode(univ.Null(""))
_AES_256_CBC = univ.ObjectIdentifier("2.16.840.1.101.3.4.1.42")
#: The lengths of keys in bytes. eyaml writes the longest, and opens what other tools wrote with the others.
_KEY_BYTES = {
    univ.ObjectIdentifier("2.16.840.1.101.3.4.1.2"): 16,
    univ.ObjectIdentifier("2.16.840.1.101.3.4.1.22"): 24,
    _AES_256_CBC: 32,
}
_BLOCK_BYTES = 16
_PADDING = padding.PKCS7(8 * _BLOCK_BYTES)

# One text for all that fails after the key came into it: which step failed is nobody's business.
_CLOSED = "does not open: it is damaged, or encrypted for another key"
_DAMAGED = "is no CMS EnvelopedData as hiera-eyaml writes it: it is damaged, or cut off"


class UnopenedTokenError(MessagingError):
    """A token cannot be opened.

    Attributes:
        reason: what was found; never a piece of the token.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the token {self.reason}"


@attrs.frozen(kw_only=True)
class _Envelope:
    wrapped_key: bytes
    key_bytes: int
    vector: bytes
    body: bytes


def encrypt(payload: bytes, recipient: Recipient) -> bytes:
    """Return the token of a payload, on one line.

    Raises:
        UnopenedTokenError: the payload is larger than is ever opened again.
    """
    if len(payload) > MOST_PAYLOAD_BYTES:
        raise UnopenedTokenError(
            f"would hold more than the {MOST_PAYLOAD_BYTES:,} bytes that are opened again"
        )
    return b"ENC[%b,%b]" % (_SCHEME, base64.b64encode(seal(payload, recipient)))


def decrypt(token: bytes, key: RSAPrivateKey) -> bytes:
    """Return the payload of a token; whitespace inside it does not count.

    With a wrong key, or a damaged token, there is one chance in many thousands that something else
    comes out, because the format holds no checksum.

    Raises:
        UnopenedTokenError: it is no token, of another scheme, too large, damaged, or for another key.
    """
    found = TOKEN.fullmatch(token.strip())
    if found is None:
        raise UnopenedTokenError("is not of the form ENC[PKCS7,<base64>]")
    scheme = (found.group(1) or _SCHEME).upper()
    if scheme != _SCHEME:
        raise UnopenedTokenError(_other_scheme(scheme))
    return open_(_decoded(b"".join(found.group(2).split())), key)


def _other_scheme(scheme: bytes) -> str:
    name = scheme.decode("ascii", "replace")[:20]
    return f"is of the scheme {name}, and only PKCS7 is opened here; use eyaml with its plugin for {name}"


def _decoded(text: bytes) -> bytes:
    if len(text) > _MOST_BASE64_BYTES:
        raise UnopenedTokenError(f"is larger than the {_MOST_BASE64_BYTES:,} bytes that are read at the most")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        data = b""
    # The decoder takes several texts for the same bytes.
    if base64.b64encode(data) != text:
        raise UnopenedTokenError("holds damaged base64")
    return data


def seal(payload: bytes, recipient: Recipient) -> bytes:
    """Return a payload as the DER of a ContentInfo with an EnvelopedData, by a new AES key."""
    key, vector = os.urandom(_KEY_BYTES[_AES_256_CBC]), os.urandom(_BLOCK_BYTES)
    padder = _PADDING.padder()
    padded = padder.update(payload) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    envelope = _Envelope(
        wrapped_key=recipient.key.encrypt(key, PKCS1v15()),
        key_bytes=len(key),
        vector=vector,
        body=encryptor.update(padded) + encryptor.finalize(),
    )
    return _encoded(envelope, recipient)


def _encoded(envelope: _Envelope, recipient: Recipient) -> bytes:
    data = rfc5652.EnvelopedData()
    data["version"] = 0
    info = data["recipientInfos"][0]["ktri"]
    info["version"] = 0
    issuer, _ = decoder.decode(recipient.issuer, asn1Spec=rfc5280.Name())
    info["rid"]["issuerAndSerialNumber"]["issuer"] = issuer
    info["rid"]["issuerAndSerialNumber"]["serialNumber"] = recipient.serial
    _set_algorithm(info["keyEncryptionAlgorithm"], _RSA, _NULL)
    info["encryptedKey"] = envelope.wrapped_key
    content = data["encryptedContentInfo"]
    content["contentType"] = rfc5652.id_data
    vector = encoder.encode(univ.OctetString(envelope.vector))
    _set_algorithm(content["contentEncryptionAlgorithm"], _AES_256_CBC, vector)
    content["encryptedContent"] = envelope.body
    outer = rfc5652.ContentInfo()
    outer["contentType"] = rfc5652.id_envelopedData
    outer["content"] = encoder.encode(data)
    der: bytes = encoder.encode(outer)
    return der


def _set_algorithm(identifier: Any, name: univ.ObjectIdentifier, parameters: bytes) -> None:
    identifier["algorithm"] = name
    identifier["parameters"] = parameters


def open_(der: bytes, key: RSAPrivateKey) -> bytes:
    """Return the payload of what `seal`, or hiera-eyaml, made; the private key alone is enough.

    Raises:
        UnopenedTokenError: it is something else, damaged, or for another key.
    """
    try:
        envelope = _parsed(der)
    except (PyAsn1Error, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        raise UnopenedTokenError(_DAMAGED) from None
    try:
        return _opened(envelope, key)
    except ValueError:
        raise UnopenedTokenError(_CLOSED) from None


def _parsed(der: bytes) -> _Envelope:
    outer = _decode(der, rfc5652.ContentInfo())
    data = _decode(bytes(outer["content"]), rfc5652.EnvelopedData())
    infos, content = data["recipientInfos"], data["encryptedContentInfo"]
    info = infos[0]["ktri"]
    algorithm = content["contentEncryptionAlgorithm"]
    vector = _decode(bytes(algorithm["parameters"]), univ.OctetString())
    wrapping = info["keyEncryptionAlgorithm"]
    stated = (outer["contentType"], content["contentType"], wrapping["algorithm"], wrapping["parameters"])
    expected = (rfc5652.id_envelopedData, rfc5652.id_data, _RSA, _NULL)
    numbers = (int(data["version"]), int(info["version"]), len(infos), len(vector))
    if stated != expected or numbers != (0, 0, 1, _BLOCK_BYTES):
        raise ValueError("of another kind")
    return _Envelope(
        wrapped_key=bytes(info["encryptedKey"]),
        key_bytes=_KEY_BYTES[algorithm["algorithm"]],
        vector=bytes(vector),
        body=bytes(content["encryptedContent"]),
    )


def _decode(der: bytes, kind: Any) -> Any:
    value, rest = decoder.decode(der, asn1Spec=kind)
    # The decoder takes several encodings of the same value.
    if rest or encoder.encode(value) != der:
        raise ValueError("not the encoding of one value")
    return value


def _opened(envelope: _Envelope, key: RSAPrivateKey) -> bytes:
    # A cryptography whose OpenSSL hides bad padding makes up a key here, mostly of another length.
    content_key = key.decrypt(envelope.wrapped_key, PKCS1v15())
    if len(content_key) != envelope.key_bytes:
        raise ValueError("a key of another length")
    decryptor = Cipher(algorithms.AES(content_key), modes.CBC(envelope.vector)).decryptor()
    unpadder = _PADDING.unpadder()
    padded = decryptor.update(envelope.body) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()
