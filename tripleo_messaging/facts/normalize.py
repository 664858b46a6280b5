# SPDX-License-Identifier: Apache-2.0
"""Plain values of what the parsers return: what Facter hands out of a fact.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/normalization.rb`` and ``Utils.deep_stringify_keys``.
"""

from __future__ import annotations

from typing import Any

from tripleo_messaging.facts.outcome import SpoiledError
from tripleo_messaging.facts.ruby_text import OtherKey

#: How deep mappings and lists may stand in each other, the mapping of all facts counted: ``facter --json``
#: writes no more.
MAX_DEPTH = 100

#: How many values one fact may hold, shared parts counted wherever they stand.
MAX_VALUES = 200_000


def normalized(value: Any) -> Any:
    """Return a fact's value as strings, numbers, Booleans, ``None``, lists and dicts with keys of strings.

    Raises:
        SpoiledError: a string in it is not UTF-8, or it is too deep or too large, as with aliases of aliases.
    """
    if type(value) is str and value.isascii():
        return value
    return _Normalizer().plain(value, MAX_DEPTH - 1)


class _Normalizer:
    def __init__(self) -> None:
        self._left = MAX_VALUES

    def plain(self, value: Any, levels: int) -> Any:
        self._left -= 1
        if self._left < 0 or (levels == 0 and isinstance(value, (list, dict))):
            raise SpoiledError(
                "too-large", f"more than {MAX_DEPTH} levels deep, or of more than {MAX_VALUES:,} values"
            )
        if isinstance(value, str):
            return _utf_8(value)
        if isinstance(value, list):
            return [self.plain(item, levels - 1) for item in value]
        if isinstance(value, dict):
            return {_key(key): self.plain(item, levels - 1) for key, item in value.items()}
        return value


def _key(key: Any) -> str:
    return _utf_8(key.inner if isinstance(key, OtherKey) else key)


def _utf_8(text: str) -> str:
    plain = str(text)
    if not plain.isascii() and any("\ud800" <= character <= "\udfff" for character in plain):
        raise SpoiledError("invalid-value", "a string that is not UTF-8")
    return plain
