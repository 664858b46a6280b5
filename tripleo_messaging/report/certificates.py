# SPDX-License-Identifier: Apache-2.0
"""When the certificates of a PEM text end, without a library for certificates.

Loading one takes longer than all else that the fact needs, and asking a program would start one for each
file. Nothing is verified here: two times are taken out of a structure whose lengths say where they are.
Source: RFC 5280, section 4.1, and X.690 for the lengths.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Optional

_PEM = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.*?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----",
    re.DOTALL,
)
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
# serialNumber, signature and issuer stand before the validity.
_BEFORE_VALIDITY = 3
_NUMBER_OF_TIMES = 2
_LONG_FORM = 0x80
_MAX_LENGTH_OCTETS = 4
_TIME = re.compile(rb"(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)Z")
# UTCTime has two digits of the year: from 50 on they are of the last century.
_PIVOT = b"50"


#: When the first and the last of some certificates end, as ``2031-05-04T12:00:00Z``.
Ends = tuple[str, str]


def ends(pem: bytes) -> Optional[Ends]:
    """Return when the first and the last of the certificates end.

    ``None`` where the text holds no certificate, or one that cannot be read.
    """
    try:
        each = [_end(base64.b64decode(body)) for body in _PEM.findall(pem)]
    except ValueError:
        return None
    return (min(each), max(each)) if each else None


def _end(certificate: bytes) -> str:
    """Return the notAfter of a certificate in DER.

    Raises:
        ValueError: it is none.
    """
    signed = _inner(_values(certificate), _SEQUENCE)
    fields = list(_values(_inner(_values(signed), _SEQUENCE)))
    if fields and fields[0][0] == _VERSION:
        fields = fields[1:]
    times = list(_values(_inner(iter(fields[_BEFORE_VALIDITY:]), _SEQUENCE)))
    if len(times) != _NUMBER_OF_TIMES:
        raise ValueError("a validity has two times")
    return _iso(*times[1])


def _inner(values: Iterator[tuple[int, bytes]], tag: int) -> bytes:
    """Return the content of the first of some values, which has to be of a kind."""
    found, content = next(values, (0, b""))
    if found != tag:
        raise ValueError("another kind of value was expected")
    return content


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of the values that stand one after the other."""
    position = 0
    while position < len(data):
        start, length = _length(data, position + 1)
        end = start + length
        if end > len(data):
            raise ValueError("a value is longer than what holds it")
        yield data[position], data[start:end]
        position = end


def _length(data: bytes, position: int) -> tuple[int, int]:
    """Return where a content starts, and how long it is."""
    first, *_ = data[position : position + 1] or b"\xff"
    if first < _LONG_FORM:
        return position + 1, first
    octets = first - _LONG_FORM
    if not 1 <= octets <= _MAX_LENGTH_OCTETS or position + octets >= len(data):
        raise ValueError("a length that no certificate has")
    start = position + 1 + octets
    return start, int.from_bytes(data[position + 1 : start], "big")


def _iso(tag: int, text: bytes) -> str:
    if tag == _UTC_TIME:
        text = (b"19" if text[:2] >= _PIVOT else b"20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time")
    matched = _TIME.fullmatch(text)
    if matched is None:
        raise ValueError("no time of a certificate")
    year, month, day, hour, minute, second = (part.decode() for part in matched.groups())
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
