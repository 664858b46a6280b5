# SPDX-License-Identifier: Apache-2.0
"""What a store of secrets keeps, and what it promises, wherever it keeps it.

One command at a time holds the `Store.lease`; whoever writes says which revision it has read, so that nothing
that another wrote meanwhile is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol

import attrs

from tripleo_messaging.model.secret import Secret, Secrets

#: Where a secret came from: made by us, read from a file, or given by the operator for brokers of others.
Source = Literal["generated", "imported", "supplied"]

SECRET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
MOST_AUDIT_ENTRIES = 1000

_OTHER = ".other"


def other_name(name: str) -> str:
    """Name the secret that stands beside another while a rotation is under way."""
    return f"{name}{_OTHER}"


@attrs.frozen(kw_only=True)
class StoredSecret:
    """A secret and its history.

    Attributes:
        secret: the value.
        changed: when it got that value, in UTC.
        source: how.
    """

    secret: Secret
    changed: datetime
    source: Source


@attrs.frozen(kw_only=True)
class AuditEntry:
    """Who changed what and when; never a secret.

    Attributes:
        time: in UTC.
        actor: who ran the command, e.g. ``root``.
        action: the command, e.g. ``passwords rotate begin``.
        names: of the secrets it was about.
    """

    time: datetime
    actor: str
    action: str
    names: tuple[str, ...] = ()


def _frozen_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class Content:
    """What a store keeps.

    Attributes:
        secrets: by name.
        rotations: by the name of the secret that rotates, its state as `tripleo_messaging.rotation.state`
            writes one: a JSON object without a secret.
        audit: oldest entry first; the last `MOST_AUDIT_ENTRIES`.
    """

    secrets: Mapping[str, StoredSecret] = attrs.field(factory=dict, converter=_frozen_mapping)
    rotations: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, converter=_frozen_mapping)
    audit: tuple[AuditEntry, ...] = ()

    def plain_secrets(self) -> Secrets:
        """Return the secrets without their history."""
        return Secrets({name: stored.secret for name, stored in self.secrets.items()})

    def with_secrets(self, secrets: Mapping[str, StoredSecret]) -> Content:
        """Return this content with some secrets laid over its own."""
        return attrs.evolve(self, secrets={**self.secrets, **secrets})

    def without_secrets(self, *names: str) -> Content:
        """Return this content but for some secrets."""
        kept = {name: stored for name, stored in self.secrets.items() if name not in names}
        return attrs.evolve(self, secrets=kept)

    def recorded(self, entry: AuditEntry) -> Content:
        """Return this content with an entry more, of which the oldest are dropped."""
        return attrs.evolve(self, audit=(*self.audit, entry)[-MOST_AUDIT_ENTRIES:])


@attrs.frozen(kw_only=True)
class Snapshot:
    """What was read, and of which revision.

    Attributes:
        content: what the store held.
        revision: counts the changes; 0 of a store that is not there yet.
    """

    content: Content
    revision: int

    @classmethod
    def empty(cls) -> Snapshot:
        """Return that of a store that is not there yet."""
        return cls(content=Content(), revision=0)


class Store(Protocol):
    """Where secrets are kept."""

    @property
    def place(self) -> str:
        """Where that is, for messages."""

    def read(self) -> Snapshot:
        """Return what is there; empty, of revision 0, where nothing is.

        Raises:
            UnusableStoreError: it, or its key, is damaged, foreign or not safely kept.
            UnreadableFileError: it may not be read.
        """

    def replace(self, content: Content, *, expected_revision: int) -> int:
        """Replace all of it, and return the new revision.

        The former content is backed up. Old or new is there, whole, whatever happens.

        Args:
            content: what it shall hold.
            expected_revision: of the `Snapshot` that it was made from.

        Raises:
            StaleStoreError: it has another revision; nothing is written.
            LockedError: somebody else holds the lease.
            UnwritableFileError: nothing is written.
        """

    def lease(self) -> AbstractContextManager[None]:
        """Keep others from writing while the block runs; a command that is killed leaves no lease.

        Raises:
            LockedError: somebody else holds it.
        """
