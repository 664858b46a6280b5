# SPDX-License-Identifier: Apache-2.0
"""Which hieradata keys hold secrets: what is masked, and what is sealed."""

from __future__ import annotations

import re
from typing import Optional

from tripleo_messaging.hieradata.keys import KEYS
from tripleo_messaging.model.hiera_key import HieraKey, Level

_SECRET_WORD = re.compile(
    r"pas+w|pwd|passphrase|secret|cookie|credential|token|url|definitions", re.IGNORECASE
)

_PLACEHOLDERS = {
    "consumer": r"[a-z][a-z0-9_]*(?:::[a-z][a-z0-9_]*)*",
    "level": r"[a-z0-9_]+",
}


def looks_secret(name: str) -> bool:
    """Tell whether a name speaks of a secret, or of a URL, which may hold one."""
    return bool(_SECRET_WORD.search(name))


def is_secret_key(name: str) -> bool:
    """Tell whether the value of a hieradata key must not be seen; another key is judged by its name."""
    known = [key for key in KEYS if _pattern(key).fullmatch(name)]
    return any(key.is_secret for key in known) if known else looks_secret(name)


def is_sensitive_key(name: str) -> bool:
    """Tell whether Puppet sees the value as ``Sensitive``; of a key that is not ours it does not."""
    return any(key.is_sensitive for key in KEYS if _pattern(key).fullmatch(name))


def level_of(name: str) -> Optional[Level]:
    """Return the level that holds a key of the contract; ``None`` for another."""
    return next((key.level for key in KEYS if _pattern(key).fullmatch(name)), None)


def _pattern(key: HieraKey) -> re.Pattern[str]:
    names = {"service": f"(?:{'|'.join(key.services)})", **_PLACEHOLDERS}
    parts = re.split(r"\{(\w+)\}", key.name)
    # The odd parts are the names of placeholders.
    return re.compile(
        "".join(names[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))
    )
