# SPDX-License-Identifier: Apache-2.0
"""What a store keeps, as a text; reading takes nothing but what writing makes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Optional, get_args

from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.store import SECRET_NAME, AuditEntry, Content, Snapshot, Source, StoredSecret

FORMAT = 1

_KEYS = {"format", "revision", "secrets", "rotations", "audit"}


def write_content(content: Content, revision: int) -> bytes:
    """Return JSON in UTF-8 that `read_content` reads.

    Args:
        content: what the store shall hold; its times know their zone.
        revision: of it, 1 or more.

    Raises:
        UsageError: it could not be read back: a name that is none, half of a surrogate pair, or a value that
            is not JSON's.
    """
    try:
        data = _text(content, revision).encode()
        kept = read_content(data).content == content
    except (ValueError, TypeError, RecursionError):
        # Told below: the encoder's own error holds all of the text.
        kept = False
    if not kept:
        raise UsageError(f"the store cannot keep {_culprit(content)}: expected what JSON and UTF-8 can say")
    return data


def _text(content: Content, revision: int) -> str:
    data = {
        "format": FORMAT,
        "revision": revision,
        "secrets": {name: _secret_data(stored) for name, stored in content.secrets.items()},
        "rotations": {name: dict(state) for name, state in content.rotations.items()},
        "audit": [_entry_data(entry) for entry in content.audit],
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _secret_data(stored: StoredSecret) -> dict[str, str]:
    return {
        "value": stored.secret.reveal(),
        "changed": _time_text(stored.changed),
        "source": stored.source,
    }


def _entry_data(entry: AuditEntry) -> dict[str, Any]:
    return {
        "time": _time_text(entry.time),
        "actor": entry.actor,
        "action": entry.action,
        "names": list(entry.names),
    }


def _time_text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(timezone.utc).isoformat()


def _culprit(content: Content) -> str:
    """Name what cannot be kept, as far as it can be named."""
    for name, stored in content.secrets.items():
        alone = Content(secrets={name: stored})
        if not SECRET_NAME.fullmatch(name):
            return "a secret of such a name"
        if not _can_keep(alone):
            return f"the secret {name}"
    return "a state or an audit entry"


def _can_keep(content: Content) -> bool:
    try:
        return read_content(_text(content, 1).encode()).content == content
    except (ValueError, TypeError):
        return False


def read_content(data: bytes) -> Snapshot:
    """Read what `write_content` wrote.

    Raises:
        ValueError: it is anything else; the error shows nothing of it.
    """
    found = _snapshot(data)
    if found is None:
        raise ValueError("not what a store writes")
    return found


def _snapshot(data: bytes) -> Optional[Snapshot]:
    try:
        tree = json.loads(data.decode(), object_pairs_hook=_mapping, parse_constant=_refuse)
        return _read(_shaped(tree, _KEYS))
    except (ValueError, TypeError, RecursionError):
        # Not raised again from here: the decoder's own error holds all of the text.
        return None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key that is written twice")
    return mapping


def _refuse(_: str) -> None:
    raise ValueError("a number that is none")


def _read(tree: Mapping[str, Any]) -> Snapshot:
    revision = _of(int, tree["revision"])
    if isinstance(tree["format"], bool) or tree["format"] != FORMAT or revision < 1:
        raise ValueError("format or revision")
    content = Content(
        secrets={_name(name): _secret(data) for name, data in _of(dict, tree["secrets"]).items()},
        rotations={_name(name): _of(dict, data) for name, data in _of(dict, tree["rotations"]).items()},
        audit=tuple(_entry(data) for data in _of(list, tree["audit"])),
    )
    return Snapshot(content=content, revision=revision)


def _secret(data: Any) -> StoredSecret:
    shaped = _shaped(data, {"value", "changed", "source"})
    if shaped["source"] not in get_args(Source):
        raise ValueError("source")
    return StoredSecret(
        secret=Secret(_of(str, shaped["value"])), changed=_time(shaped["changed"]), source=shaped["source"]
    )


def _entry(data: Any) -> AuditEntry:
    shaped = _shaped(data, {"time", "actor", "action", "names"})
    return AuditEntry(
        time=_time(shaped["time"]),
        actor=_of(str, shaped["actor"]),
        action=_of(str, shaped["action"]),
        names=tuple(_name(name) for name in _of(list, shaped["names"])),
    )


def _time(data: Any) -> datetime:
    moment = datetime.fromisoformat(_of(str, data))
    if moment.utcoffset() != timedelta(0) or moment.isoformat() != data:
        raise ValueError("time")
    return moment


def _name(data: Any) -> str:
    if not SECRET_NAME.fullmatch(_of(str, data)):
        raise ValueError("name")
    return str(data)


def _shaped(data: Any, keys: set[str]) -> dict[str, Any]:
    if _of(dict, data).keys() != keys:
        raise ValueError("keys")
    return dict(data)


def _of(kind: type, data: Any) -> Any:
    # A bool is an int to Python, and to nobody else.
    if not isinstance(data, kind) or isinstance(data, bool):
        raise TypeError(kind.__name__)
    return data
