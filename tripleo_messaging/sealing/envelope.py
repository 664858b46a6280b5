# SPDX-License-Identifier: Apache-2.0
"""The sealed file: every secret of one node, for the one private key that the node has.

Two lines. The first is a header in JSON, for everybody to read; the second is the base64 of a nonce, the
ciphertext and its tag. The header holds the data key, wrapped for the node, and the tag vouches for it, too.
The Puppet function ``tripleo_messaging::data`` is the reader on the node; docs/adr/0011 has the reasons.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from typing import Any

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.sealing.header import Header, compact, parse_header, split_lines
from tripleo_messaging.sealing.keys import fingerprint

_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BITS = 256
# Ruby 2.7's openssl, which packages of Puppet 7 have, offers no other hash for OAEP; that SHA-1's collisions
# can be found is of no use to anybody here, as it only hashes an empty label and makes a mask.
_SHA_1 = hashes.SHA1()  # noqa: S303
_OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=_SHA_1), algorithm=_SHA_1, label=None)


@attrs.frozen(kw_only=True)
class Contents:
    """Hieradata keys and their values, as JSON has them.

    Attributes:
        sensitive: Puppet gets each wrapped as ``Sensitive``.
        plain: Puppet gets each as it is, because stock functions refuse a ``Sensitive``.
    """

    sensitive: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    plain: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class Opened:
    """What a sealed file holds."""

    header: Header
    contents: Contents


def seal(node: str, stamp: str, contents: Contents, public_key: rsa.RSAPublicKey) -> bytes:
    """Seal the secrets of a node; the same ones make other bytes every time.

    Args:
        node: inventory name.
        stamp: of this run, the same in the levels.
        contents: no key is in both parts.
        public_key: of the node.
    """
    data_key = AESGCM.generate_key(_KEY_BITS)
    header = Header(
        node=node,
        stamp=stamp,
        key=fingerprint(public_key),
        names=tuple(sorted({*contents.sensitive, *contents.plain})),
        wrapped=base64.b64encode(public_key.encrypt(data_key, _OAEP)).decode(),
    ).encode()
    nonce = os.urandom(_NONCE_BYTES)
    text = compact({"sensitive": dict(contents.sensitive), "plain": dict(contents.plain)})
    body = nonce + AESGCM(data_key).encrypt(nonce, text, header)
    return b"%s\n%s\n" % (header, base64.b64encode(body))


def open_(data: bytes, private_key: rsa.RSAPrivateKey, path: str = "sealed file") -> Opened:
    """Open a sealed file.

    Raises:
        UnreadableFileError: as `read_header`; it was sealed for another key, or changed since.
    """
    line, body = split_lines(data, path)
    header = parse_header(line, path)
    own = fingerprint(private_key.public_key())
    if header.key != own:
        raise UnreadableFileError(
            path, f"was sealed for the key {header.key[:16]} of node {header.node!r}, this key is {own[:16]}"
        )
    try:
        raw = base64.b64decode(body, validate=True)
        data_key = private_key.decrypt(base64.b64decode(header.wrapped, validate=True), _OAEP)
        text = AESGCM(data_key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], line)
    except (binascii.Error, ValueError, InvalidTag):
        raise UnreadableFileError(path, "was changed after it was sealed; seal the hieradata again") from None
    if base64.b64encode(raw) != body:
        # Base64 has several texts for some bytes; only the one that was written is taken.
        raise UnreadableFileError(path, "was changed after it was sealed; seal the hieradata again")
    return Opened(header=header, contents=Contents(**json.loads(text)))
