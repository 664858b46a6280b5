# SPDX-License-Identifier: Apache-2.0
"""Level data to the bytes of a JSON level, and back.

Hiera interpolates ``%{...}`` in every text of a JSON level, so ``%{`` is written with an empty interpolation
in its middle, which Hiera 3 and 5 both read as nothing. Each level carries a checksum of its other content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Optional

_CHECKSUM = "tripleo_messaging::checksum::"
# Not "%{literal('%')}{": Hiera 3 takes a second one in the same text for a recursion.
# Source: hiera 3.10, lib/hiera/interpolate.rb, do_interpolation.
_ESCAPED = "%%{}{"


def encode_level(path: str, data: Mapping[str, Any]) -> bytes:
    """Write a level.

    Args:
        path: below the tree, e.g. ``nodes/ctl-0.json``; names the checksum's key.
        data: its keys; the same data gives the same bytes.
    """
    own = checksum_key(path)
    written = escaped({key: value for key, value in data.items() if key != own})
    complete = {own: _checksum(written), **written}
    # ASCII, because Hiera 3 reads a file in the locale of whoever calls it.
    return (json.dumps(complete, indent=2) + "\n").encode()


def decode_level(path: str, content: bytes) -> Optional[dict[str, Any]]:
    """Read a level as Hiera would; ``None`` when it is damaged or was changed by hand."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    stated = data.pop(checksum_key(path), None)
    if stated != _checksum(data):
        return None
    plain: dict[str, Any] = _map_texts(data, lambda text: text.replace(_ESCAPED, "%{"))
    return plain


def level_checksum(data: Mapping[str, Any]) -> str:
    """Return the checksum that a level with this data carries."""
    return _checksum(escaped(data))


def escaped(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data as a JSON level has to say it, so that Hiera finds what was meant."""
    written: dict[str, Any] = _map_texts(data, lambda text: text.replace("%{", _ESCAPED))
    return written


def bears_checksum(path: str, content: bytes) -> Optional[bool]:
    """Tell whether a file was written by `encode_level`, though it may have been changed since.

    ``None`` when it cannot be told, as the file is no JSON mapping.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return checksum_key(path) in data if isinstance(data, dict) else None


def checksum_key(path: str) -> str:
    """Return the key of a level's checksum; levels must not hide one another's.

    A node's file has one name wherever it is installed, so all of them have one key.
    """
    kind, _, name = path.removesuffix(".json").rpartition("/")
    level = {"": name, "clusters": f"cluster_{name}", "nodes": "node"}[kind]
    return f"{_CHECKSUM}{level}"


def _checksum(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_texts(item, change) for item in value]
    return value
