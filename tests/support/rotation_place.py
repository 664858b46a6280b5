# SPDX-License-Identifier: Apache-2.0
"""A place with a store, its key and a tree, and copies of the states that it was in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from tripleo_messaging.file_set import is_interrupted
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.key_file import read_keys

_OURS = "tripleo-messaging."


@attrs.frozen(kw_only=True)
class Kept:
    """What a store keeps, without the times.

    Attributes:
        secrets: values by name.
        rotations: state by name of the secret.
        actions: the audited commands, with the names of their secrets.
    """

    secrets: Mapping[str, str]
    rotations: Mapping[str, Mapping[str, Any]]
    actions: tuple[tuple[str, tuple[str, ...]], ...]

    def without(self, *names: str) -> Kept:
        """Return this but for the values of some secrets."""
        return attrs.evolve(
            self, secrets={name: "" if name in names else text for name, text in self.secrets.items()}
        )


@attrs.frozen(kw_only=True)
class Place:
    """The place.

    Attributes:
        directory: what the commands write is in ``now`` below it, copies in ``states``; plan and inventory
            lie beside these.
        known_as: the same for the commands, which may see other files at its path.
        tree_name: of the rendered tree in it.
    """

    directory: Path
    known_as: Path
    tree_name: str = "hieradata"

    @property
    def now(self) -> Path:
        """Everything that commands change."""
        return self.directory / "now"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.now / "secrets.store"

    @property
    def key(self) -> Path:
        """The key's file, in a directory of its own."""
        return self.now / "keys" / "store.key"

    @property
    def tree(self) -> Path:
        """The rendered tree."""
        return self.now / self.tree_name

    @property
    def store_words(self) -> tuple[str, ...]:
        """The options that name the store."""
        return ("--store", self.word(self.store), "--key-file", self.word(self.key))

    @property
    def tree_words(self) -> tuple[str, ...]:
        """The options that name the plan, the inventory, the store and the tree."""
        plan, inventory = self.directory / "plan.yaml", self.directory / "inventory.json"
        inputs = ("--plan", self.word(plan), "-i", self.word(inventory), *self.store_words)
        return (*inputs, "--output", self.word(self.tree))

    def word(self, path: Path) -> str:
        """Return a path of here as the commands know it."""
        return str(self.known_as / path.relative_to(self.directory))

    def save(self, state: str) -> None:
        """Keep a copy."""
        shutil.copytree(self.now, self.directory / "states" / state)

    def restore(self, state: str) -> None:
        """Go back to a copy."""
        shutil.rmtree(self.now, ignore_errors=True)
        shutil.copytree(self.directory / "states" / state, self.now)

    def kept(self) -> Kept:
        """Open the store; nothing is kept where none is."""
        content = EncryptedFileStore(self.store, self.key).read().content
        rotations = {name: dict(state) for name, state in content.rotations.items()}
        for state in rotations.values():
            del state["since"]
        return Kept(
            secrets={name: stored.secret.reveal() for name, stored in content.secrets.items()},
            rotations=rotations,
            actions=tuple((entry.action, entry.names) for entry in content.audit),
        )

    def open_backup(self) -> None:
        """Open what was kept before the last change, where there is any, by the same key."""
        backup = self.store.with_name(f"{self.store.name}.bak")
        if backup.exists():
            EncryptedFileStore(backup, self.key).read()

    def number_of_keys(self) -> int:
        """Return how many keys the key file holds."""
        return len(read_keys(self.key))

    def levels(self) -> dict[str, bytes]:
        """Return the files of the tree, without what a killed command may leave behind."""
        paths = (path for path in self.tree.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.tree)): path.read_bytes()
            for path in paths
            if not path.relative_to(self.tree).parts[0].startswith(f".{_OURS}")
        }

    def is_between(self) -> bool:
        """Tell whether the tree is decided but not finished, which no reader takes for whole."""
        return is_interrupted(self.tree)

    def leftovers(self) -> list[str]:
        """Return what a command may leave behind only when it is killed."""
        return [str(path) for path in self.now.rglob("*") if _OURS in path.name]

    def open_to_others(self) -> list[str]:
        """Return the files that others may read, but for those of nodes, which hold no secret."""
        paths = (path for path in self.now.rglob("*") if path.is_file() and "nodes" not in path.parts)
        return [str(path) for path in paths if path.stat().st_mode & 0o077]
