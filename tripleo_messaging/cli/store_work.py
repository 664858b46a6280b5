# SPDX-License-Identifier: Apache-2.0
"""What the commands on a store of secrets have in common."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import attrs

from tripleo_messaging.cli.store_options import actor, default_key_file, open_store
from tripleo_messaging.errors import UnreadableFileError, UsageError
from tripleo_messaging.model.finding import describe, did_you_mean

if TYPE_CHECKING:
    from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
    from tripleo_messaging.passwords.store import AuditEntry, Snapshot, Store

FORMATS = ("text", "json")


@attrs.frozen(kw_only=True)
class StorePlace:
    """Where a store is.

    Attributes:
        store: its file.
        key_file: its key; ``None`` is the default one.
    """

    store: Path
    key_file: Optional[Path] = None

    @property
    def key(self) -> Path:
        """Its key, for messages."""
        return self.key_file or default_key_file()

    def opened(self) -> EncryptedFileStore:
        """Return the store, there or not."""
        return open_store(self.store, self.key_file)


def store_place(parsed_args: argparse.Namespace) -> StorePlace:
    """Return what was given for ``--store`` and ``--key-file``."""
    return StorePlace(store=parsed_args.store, key_file=parsed_args.key_file)


def read_existing(store: Store) -> Snapshot:
    """Read a store that must be there.

    Raises:
        UnreadableFileError: it is not, or cannot be used.
    """
    snapshot = store.read()
    if snapshot.revision == 0:
        reason = "no such store; 'passwords generate' and 'passwords import' make one"
        raise UnreadableFileError(store.place, reason)
    return snapshot


def audit_entry(action: str, names: Iterable[str], time: datetime) -> AuditEntry:
    """Return what the store keeps of a command."""
    from tripleo_messaging.passwords.store import AuditEntry

    return AuditEntry(time=time, actor=actor(), action=action, names=tuple(names))


def written(place: StorePlace, *, is_new: bool) -> Iterator[str]:
    """Yield the lines that say where a store was written, and of a new one what its key is worth."""
    yield f"Store {place.store}, key {place.key} (both mode 0600)"
    if is_new:
        yield "Nobody reads the store without its key: keep a copy of the key, apart from copies of the store"


def check_names(names: Iterable[str], known: Collection[str], what: str, option: str = "--name") -> None:
    """Make sure that every name that an option gives is one of those known.

    Raises:
        UsageError: one is not; `what` says what they are, as in ``one of the secrets that are made``.
    """
    for name in names:
        if name not in known:
            meant = did_you_mean(name, known) or f"expected {what}: {', '.join(known) or 'there is none'}"
            raise UsageError(f"{option}: {describe(name)} is not {what}; {meant}")


def add_names_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--name``, which can be repeated."""
    parser.add_argument(
        "--name",
        metavar="NAME",
        action="append",
        default=[],
        dest="names",
        help=f"{what}, e.g. RpcPassword; repeat it for more; all otherwise",
    )


def add_format_option(parser: argparse.ArgumentParser) -> None:
    """Add ``-f``."""
    parser.add_argument(
        "-f", "--format", choices=FORMATS, default="text", dest="format", help="how to write it"
    )
