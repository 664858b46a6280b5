# SPDX-License-Identifier: Apache-2.0
"""The first line of a sealed file: for everybody to read, and without cryptography."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from tripleo_messaging.errors import UnreadableFileError

FORMAT = "tripleo-messaging sealed 1"

_TEXTS = ("node", "stamp", "key", "wrapped")


@attrs.frozen(kw_only=True)
class Header:
    """What anybody may read of a sealed file; nothing vouches for it until the body was opened with it.

    Attributes:
        node: inventory name.
        stamp: of the run that sealed; the levels that belong to it have the same.
        key: fingerprint of the public key that it was sealed for, 64 hexadecimal digits.
        names: the hieradata keys inside, sorted.
        wrapped: base64 of the data key, encrypted for that public key.
    """

    node: str
    stamp: str
    key: str
    names: tuple[str, ...]
    wrapped: str = attrs.field(repr=False)

    def encode(self) -> bytes:
        """Return the first line, without its end."""
        return compact({"format": FORMAT, **attrs.asdict(self)})


def read_header(data: bytes, path: str = "sealed file") -> Header:
    """Read what a sealed file says of itself.

    Args:
        data: the whole file.
        path: names it in errors.

    Raises:
        UnreadableFileError: it is of another format or version, or not whole.
    """
    return parse_header(split_lines(data, path)[0], path)


def split_lines(data: bytes, path: str) -> tuple[bytes, bytes]:
    """Return the header's line and the body's, without their ends.

    Raises:
        UnreadableFileError: the file is not whole.
    """
    header, _, rest = data.partition(b"\n")
    body, end, more = rest.partition(b"\n")
    if not (body and end) or more:
        raise UnreadableFileError(path, "is not the two lines of a sealed file, or ends too early")
    return header, body


def parse_header(line: bytes, path: str) -> Header:
    """Read the header's line.

    Raises:
        UnreadableFileError: it is of another format or version, or was changed.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "format" not in found:
        raise UnreadableFileError(path, "does not begin with the header of a sealed file")
    if found["format"] != FORMAT:
        raise UnreadableFileError(path, f"is not of the format {FORMAT!r}, the only one that is known here")
    if not _is_whole(found):
        raise UnreadableFileError(path, "has a header that was changed; seal the hieradata again")
    return Header(names=tuple(found["names"]), **{name: found[name] for name in _TEXTS})


def _is_whole(found: Mapping[str, Any]) -> bool:
    names = found.get("names")
    texts = [found.get(name) for name in _TEXTS]
    return isinstance(names, list) and all(isinstance(text, str) for text in (*texts, *names))


def compact(value: Mapping[str, Any]) -> bytes:
    """Return the one text that both sides take for a JSON mapping."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
