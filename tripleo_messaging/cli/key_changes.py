# SPDX-License-Identifier: Apache-2.0
"""What changes between two states of hieradata, key by key, as an operator may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tripleo_messaging.cli.masking import is_secret_key, masked
from tripleo_messaging.model.secret import MASK

_CHECKSUM = "tripleo_messaging::checksum::"
_LONGEST = 100


def key_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each key that comes (``+``), goes (``-``) or gets another value (``~``), sorted.

    A secret is masked, before and after; a checksum says nothing that the other lines do not.
    """
    for key in sorted({*before, *after}):
        if key.startswith(_CHECKSUM) or (key in before and key in after and before[key] == after[key]):
            continue
        if key not in before:
            yield f"+ {key}: {_shown(key, after[key])}"
        elif key not in after:
            yield f"- {key}: {_shown(key, before[key])}"
        elif is_secret_key(key):
            yield f"~ {key}: {MASK}, another one"
        else:
            yield f"~ {key}: {_shown(key, before[key])} -> {_shown(key, after[key])}"


def _shown(key: str, value: Any) -> str:
    if is_secret_key(key):
        return MASK
    text = json.dumps(masked(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
