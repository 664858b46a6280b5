# SPDX-License-Identifier: Apache-2.0
"""Stores of secrets as tests make and read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import attrs

from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name
from tripleo_messaging.rotation.state import Account, Rotation, write_rotation

#: When what tests store was made.
LONG_AGO = datetime(2020, 2, 29, 12, 0, tzinfo=timezone.utc)


@attrs.frozen(kw_only=True)
class StoreFiles:
    """A store in a directory, and its key in another.

    Attributes:
        path: of the store.
        key_file: of its key.
    """

    path: Path
    key_file: Path

    @property
    def words(self) -> tuple[str, ...]:
        """The options that name it."""
        return ("--store", str(self.path), "--key-file", str(self.key_file))

    @property
    def content(self) -> Content:
        """What it holds."""
        return EncryptedFileStore(self.path, self.key_file).read().content

    @property
    def texts(self) -> dict[str, str]:
        """The secrets by name."""
        return {name: stored.secret.reveal() for name, stored in self.content.secrets.items()}

    @property
    def actions(self) -> list[tuple[str, tuple[str, ...]]]:
        """What its audit says was done, and to which secrets."""
        return [(entry.action, entry.names) for entry in self.content.audit]

    def put(self, texts: Mapping[str, str], rotations: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Make it hold some secrets, since `LONG_AGO`, and nothing else."""
        store = EncryptedFileStore(self.path, self.key_file)
        store.create_key()
        secrets = {
            name: StoredSecret(secret=Secret(text), changed=LONG_AGO, source="generated")
            for name, text in texts.items()
        }
        content = Content(secrets=secrets, rotations=rotations or {})
        store.replace(content, expected_revision=store.read().revision)


def store_files(directory: Path) -> StoreFiles:
    """Name a store that is not there."""
    return StoreFiles(path=directory / "kept" / "secrets.store", key_file=directory / "key" / "store.key")


def switched(name: str = "RpcPassword", base: str = "rpc") -> dict[str, dict[str, Any]]:
    """Return the state of a rotation whose clients have the second account."""
    rotation = Rotation(
        phase="switched", base=base, active=Account(number=2), other=Account(), last_number=2, since=LONG_AGO
    )
    return {name: write_rotation(rotation)}


__all__ = ["LONG_AGO", "StoreFiles", "other_name", "store_files", "switched"]
