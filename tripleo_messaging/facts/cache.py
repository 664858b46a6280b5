# SPDX-License-Identifier: Apache-2.0
"""Facter's cache of the facts of a file, for names that ``facter.conf`` gives a time to live.

Source: facter 4.3.0, ``cache_manager.rb`` (``read_fact``, ``check_ttls?``).
"""

from __future__ import annotations

import os
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


@attrs.frozen(kw_only=True)
class FactCache:
    """Where Facter keeps facts of files, and for how long they are good. It is read, and never written.

    Attributes:
        directory: ``/opt/puppetlabs/facter/cache/cached_facts``, on Debian ``/var/cache/facter/facts``.
        ttls_s: seconds by name of a file of facts.
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
