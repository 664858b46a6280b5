# SPDX-License-Identifier: Apache-2.0
"""Contents of a store: one by hand, and whatever one can be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.store import AuditEntry, Content, StoredSecret

#: What must be seen nowhere.
CANARY = "CANARY-of-a-store"
NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=timezone.utc)


def stored(text: str) -> StoredSecret:
    """Return a secret of that text."""
    return StoredSecret(secret=Secret(text), changed=NOW, source="generated")


def content_of(text: str) -> Content:
    """Return a content with a secret of that text, a rotation and an audit entry."""
    return Content(
        secrets={"RpcPassword": stored(text), "RpcPassword.other": stored(CANARY)},
        rotations={"RpcPassword": {"phase": "begun", "last_number": 2, "other": None, "retired": ["rpc"]}},
        audit=(AuditEntry(time=NOW, actor="root", action="passwords generate", names=("RpcPassword",)),),
    )


_texts = st.text(st.characters(blacklist_categories=("Cs",)))
_names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_.-]{0,12}\Z").filter(lambda name: not name.endswith("\n"))
_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_times = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=_zones)  # noqa: DTZ001
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_secrets = st.builds(
    StoredSecret,
    secret=_texts.map(Secret),
    changed=_times,
    source=st.sampled_from(["generated", "imported", "supplied"]),
)
_entries = st.builds(
    AuditEntry,
    time=_times,
    actor=_texts,
    action=_texts,
    names=st.lists(_names, max_size=3).map(tuple),
)
#: Whatever a store may be given.
contents = st.builds(
    Content,
    secrets=st.dictionaries(_names, _secrets, max_size=4),
    rotations=st.dictionaries(_names, st.dictionaries(_texts, _json, max_size=3), max_size=3),
    audit=st.lists(_entries, max_size=3).map(tuple),
)
