# SPDX-License-Identifier: Apache-2.0
"""A store that keeps its content in memory: what every store promises, and no more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import attrs

from tripleo_messaging.errors import LockedError, StaleStoreError
from tripleo_messaging.passwords.content_text import read_content, write_content
from tripleo_messaging.passwords.store import Content, Snapshot, Store


@attrs.define
class MemoryPlace:
    """What several `MemoryStore` share, as commands share a file.

    Attributes:
        data: what was written last; ``None`` before.
        holder: of the lease.
    """

    data: bytes | None = None
    holder: MemoryStore | None = None


class MemoryStore:
    """A `Store` as one command sees it."""

    def __init__(self, shared: MemoryPlace) -> None:
        self._shared = shared

    @property
    def place(self) -> str:
        """Where the store is."""
        return "memory"

    def read(self) -> Snapshot:
        """Return what is there."""
        return Snapshot.empty() if self._shared.data is None else read_content(self._shared.data)

    def replace(self, content: Content, *, expected_revision: int) -> int:
        """Replace all of it."""
        if self._shared.holder not in (None, self):
            raise LockedError(self.place, "is held by another command")
        if self.read().revision != expected_revision:
            raise StaleStoreError(self.place)
        self._shared.data = write_content(content, expected_revision + 1)
        return expected_revision + 1

    @contextlib.contextmanager
    def lease(self) -> Iterator[None]:
        """Keep others from writing."""
        if self._shared.holder is not None:
            raise LockedError(self.place, "is held by another command")
        self._shared.holder = self
        try:
            yield
        finally:
            self._shared.holder = None


def memory_store(shared: MemoryPlace) -> Store:
    """Return the store as another command sees it; mypy compares it with the protocol here."""
    return MemoryStore(shared)
