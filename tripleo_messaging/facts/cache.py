# SPDX-License-Identifier: Apache-2.0
"""Facter's cache of the facts of a file, for names that ``facter.conf`` gives a time to live.

Source: facter 4.3.0, ``cache_manager.rb`` (``read_fact``, ``check_ttls?``), and ``fact_groups.rb``
(``ttls_to_seconds``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Optional, Union

import attrs

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.facts.json_text import read_json
from tripleo_messaging.facts.outcome import Pairs, SpoiledError
from tripleo_messaging.files import read_bounded

_MAX_BYTES = 16 * 1024 * 1024
_VERSION = "cache_format_version"

_UNITS_S: Mapping[str, float] = {
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-9),
    **dict.fromkeys(("us", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("", "ms", "milis", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "seconds"), 1),
    **dict.fromkeys(("m", "minutes"), 60),
    **dict.fromkeys(("h", "hours"), 3600),
    **dict.fromkeys(("d", "days"), 86400),
}
_SHORT = 2
_DIGITS = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")


def ttl_s(text: str) -> Optional[int]:
    """Return whole seconds of a time to live as ``facter.conf`` has it: ``30 days``, ``1 hour``, ``500``.

    Without a unit it is milliseconds. ``None`` where Facter knows no such unit (``min`` and ``30 sec`` are
    none), and keeps nothing.
    """
    duration, unit = (*text.split(None, 1), "", "")[:2]
    plural = f"{unit}s" if len(unit) > _SHORT and not unit.endswith("s") else unit
    digits = _DIGITS.match(duration)
    count = int(digits[0]) if digits else 0
    return int(count * _UNITS_S[plural]) if plural in _UNITS_S else None


@attrs.frozen(kw_only=True)
class FactCache:
    """Where Facter keeps facts of files, and for how long they are good. It is read, and never written.

    Attributes:
        directory: ``/opt/puppetlabs/facter/cache/cached_facts``, on Debian ``/var/cache/facter/facts``.
        ttls_s: seconds by name of a file of facts; `ttl_s` makes them of what ``facter.conf`` has.
    """

    directory: Union[str, os.PathLike[str]]
    ttls_s: Mapping[str, float]

    def pairs(self, name: str, now: float) -> Optional[Pairs]:
        """Return what is kept of a file, ``None`` where it must be read: nothing is, or it is too old.

        Args:
            name: of the file of facts.
            now: seconds since the epoch.
        """
        path = Path(self.directory) / name
        try:
            is_good = name in self.ttls_s and path.stat().st_mtime + self.ttls_s[name] > now
            kept = read_json(read_bounded(path, _MAX_BYTES)) if is_good else None
        except (OSError, UnreadableFileError, SpoiledError):
            return None
        if not isinstance(kept, dict):
            return None
        return [(key, value) for key, value in kept.items() if key != _VERSION]
