# SPDX-License-Identifier: Apache-2.0
"""What the fact is made from: a node's installed levels, certificates, and the last verdicts of checks."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging import files
from tripleo_messaging.errors import MessagingError, UnreadableFileError
from tripleo_messaging.hieradata.merge import merge
from tripleo_messaging.hieradata.text import decode_level
from tripleo_messaging.report.certificates import Ends, ends

#: Where health checks leave their last verdicts.
HEALTH_FILE = Path("/var/lib/tripleo-messaging/health.json")

# Our levels as they are installed, the most specific first, and as they are named in a rendered tree.
_LEVELS = {
    "messaging_node.json": "nodes/.json",
    "messaging_cluster_rpc.json": "clusters/rpc.json",
    "messaging_cluster_notify.json": "clusters/notify.json",
    "messaging_all.json": "all.json",
}
_ALL = "messaging_all.json"
_LEVEL_LIMIT_BYTES = 64_000_000
_CERTIFICATES_LIMIT_BYTES = 4_000_000
_HEALTH_LIMIT_BYTES = 65_536
_NOTHING_INSTALLED = "no hieradata of messaging is installed there; `tripleo-messaging hieradata install`"
_CLOSED = "may be read by root only"


def read_installed(target: Path) -> dict[str, Any]:
    """Read the keys of a node's levels, merged as Puppet merges them.

    Args:
        target: the data directory, e.g. ``/etc/puppet/hieradata``.

    Raises:
        UnreadableFileError: nothing of ours is installed there, this user may not read it, or a level is
            damaged or was changed by hand.
    """
    levels = {name: _read_level(target, name) for name in _LEVELS}
    if levels[_ALL] is None:
        raise UnreadableFileError(str(target), _CLOSED if _is_closed(target) else _NOTHING_INSTALLED)
    return merged([level for level in levels.values() if level is not None])


def _is_closed(target: Path) -> bool:
    """Tell whether no level is seen because this user may not look into the directory."""
    try:
        files.read_bounded(target / _ALL, _LEVEL_LIMIT_BYTES)
    except UnreadableFileError as error:
        return isinstance(error.__cause__, PermissionError)
    return False


def _content(path: Path) -> Optional[bytes]:
    try:
        return files.read_if_there(path, _LEVEL_LIMIT_BYTES)
    except UnreadableFileError as error:
        if isinstance(error.__cause__, PermissionError):
            raise UnreadableFileError(str(path), _CLOSED) from error
        raise


def _read_level(target: Path, name: str) -> Optional[dict[str, Any]]:
    content = _content(target / name)
    if content is None:
        return None
    level = decode_level(_LEVELS[name], content)
    if level is None:
        raise UnreadableFileError(
            str(target / name),
            "is damaged or was changed by hand; install it again with `tripleo-messaging hieradata install`",
        )
    return level


def merged(levels: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge levels, the most specific first: mappings deep, of anything else the first."""
    return functools.reduce(merge, levels, {})


def expires(file: str) -> Optional[Ends]:
    """Tell when the certificates in a file end; ``None`` where there is none to read."""
    try:
        return ends(files.read_bounded(file, _CERTIFICATES_LIMIT_BYTES))
    except MessagingError:
        return None


def read_verdicts(file: Path) -> Mapping[str, Any]:
    """Read the last verdicts; nothing where no check has left any, or not in a form of ours."""
    try:
        data = json.loads(files.read_bounded(file, _HEALTH_LIMIT_BYTES))
    except (MessagingError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
