# SPDX-License-Identifier: Apache-2.0
"""Which values are shown only when asked with ``--reveal``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tripleo_messaging.hieradata.secret_keys import is_secret_key, level_of, looks_secret
from tripleo_messaging.model.secret import MASK

__all__ = ["is_secret_key", "level_of", "looks_secret", "masked"]

# A login in a URL, or a value that is encrypted.
_SECRET_TEXT = re.compile(r"://[^\s]*@|ENC\[")


def masked(value: Any, name: str = "") -> Any:
    """Give a value with `MASK` for what a name in it, or its own calls secret, and for URLs with logins."""
    if looks_secret(name) or (isinstance(value, str) and _SECRET_TEXT.search(value)):
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(item, str(key)) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value
