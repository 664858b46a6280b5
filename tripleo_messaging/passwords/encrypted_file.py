# SPDX-License-Identifier: Apache-2.0
"""A store of secrets in one encrypted file.

The first line names the format and its version, the second is a Fernet token over what `content_text` writes.

Source: the Fernet specification, https://github.com/fernet/spec/blob/master/Spec.md
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from tripleo_messaging import files
from tripleo_messaging.errors import (
    StaleStoreError,
    UnreadableFileError,
    UnusableStoreError,
    UnwritableFileError,
    UsageError,
)
from tripleo_messaging.passwords.content_text import FORMAT, read_content, write_content
from tripleo_messaging.passwords.key_file import (
    is_canonical,
    make_key_file,
    new_key,
    read_keys,
    read_private,
)
from tripleo_messaging.passwords.store import Content, Snapshot

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from tripleo_messaging.model.secret import Secret

MOST_BYTES = 16 * 1024 * 1024

_HEADER = f"tripleo-messaging secrets store, format {FORMAT}\n".encode()
_ANY_HEADER = re.compile(rb"tripleo-messaging secrets store, format ([0-9]{1,9})\n")
# A rekey changes the key file twice and the store once while somebody reads without a lock.
_MOST_READS = 5


class EncryptedFileStore:
    """A `Store` in one file, with its keys in another; both for their owner only.

    Attributes:
        path: of the store; neither it nor its directory need be there.
        key_file: of the keys. Stores may share one, until one of them gets a new key by `rekey`.
        backup: of what the store held before its last change.
    """

    def __init__(self, path: Path, key_file: Path) -> None:
        self.path = path
        self.key_file = key_file
        self.backup = path.with_name(f"{path.name}.bak")
        self._leased = False
        if key_file.absolute() in (path.absolute(), self.backup.absolute()):
            raise UsageError(f"{key_file}: is the store or its backup, expected another file for the key")

    @property
    def place(self) -> str:
        """Where the store is, for messages."""
        return str(self.path)

    def read(self) -> Snapshot:
        """Return what is there, as `Store.read` says.

        Raises:
            UnusableStoreError: the store or its key is damaged, of another owner, open to others, or missing
                while the other, or the backup, is there.
            UnreadableFileError: one of them may not be read.
        """
        data = self._data(self.path)
        if data is None:
            self._refuse_lost()
            return Snapshot.empty()
        return self._snapshot(self._plain(self.path))

    def replace(self, content: Content, *, expected_revision: int) -> int:
        """Replace all of it, as `Store.replace` says; the key must be there.

        Raises:
            StaleStoreError: it has another revision; nothing is written.
            LockedError: somebody else holds the lease, or writes in that directory.
            UnusableStoreError: as for `read`.
            UnwritableFileError: the disk refuses it, or it is too large; nothing is written.
            UsageError: the content could not be read back.
        """
        with self._writing():
            found = self.read()
            if found.revision != expected_revision:
                raise StaleStoreError(self.place)
            revision = expected_revision + 1
            data = _sealed(write_content(content, revision), read_keys(self.key_file))
            self._refuse_too_large(data)
            self._write(data)
        return revision

    @contextlib.contextmanager
    def lease(self) -> Iterator[None]:
        """Keep others from writing, as `Store.lease` says: by a lock on the directory, which is made.

        Raises:
            LockedError: somebody else holds it.
            UnwritableFileError: the directory cannot be made or opened.
        """
        files.make_directory(self.path.parent, files.SECRET_DIR_MODE)
        with files.locked(self.path.parent):
            self._leased = True
            try:
                yield
            finally:
                self._leased = False

    def create_key(self) -> None:
        """Make a key file where there is none.

        Raises:
            UnusableStoreError: there is one that cannot be used, or a store that needs another.
            UnwritableFileError: it cannot be written.
            LockedError: somebody else holds the lease, or writes beside the key.
        """
        files.make_directory(self.key_file.parent, files.SECRET_DIR_MODE)
        with self._writing(), self._writing_keys():
            there = (self.key_file, self.path, self.backup)
            if any(os.path.lexists(path) for path in there):
                read_keys(self.key_file)
                return
            make_key_file(self.key_file, (new_key(),))

    def rekey(self) -> None:
        """Encrypt the store and its backup by a new key, and forget the former ones.

        Killed at any point, the keys that are needed are there; the next call goes on.

        Raises:
            UnreadableFileError: there is no store.
            UnusableStoreError: as for `read`, of the backup too; nothing is written.
            UnwritableFileError: the disk refuses it; what is there can be read.
            LockedError: somebody else holds the lease, or writes beside the key.
        """
        with self._writing(), self._writing_keys():
            if self.read().revision == 0:
                raise UnreadableFileError(self.place, "no such store")
            keys = (new_key(), *read_keys(self.key_file))
            paths = [path for path in (self.path, self.backup) if self._data(path) is not None]
            sealed = {path: _sealed(self._plain(path), keys) for path in paths}
            make_key_file(self.key_file, keys)
            for path, data in sealed.items():
                files.remove_leftovers(path)
                files.write_atomic(path, data, files.SECRET_MODE)
            make_key_file(self.key_file, keys[:1])

    def _writing(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext() if self._leased else self.lease()

    @contextlib.contextmanager
    def _writing_keys(self) -> Iterator[None]:
        """Keep others from the key file; the caller keeps them from the store."""
        directory = self.key_file.parent
        is_ours = directory.samefile(self.path.parent)
        with contextlib.nullcontext() if is_ours else files.locked(directory):
            files.remove_leftovers(self.key_file)
            yield

    def _write(self, data: bytes) -> None:
        for path in (self.path, self.backup):
            files.remove_leftovers(path)
        former = self._data(self.path)
        if former is not None:
            files.write_atomic(self.backup, former, files.SECRET_MODE)
        files.write_atomic(self.path, data, files.SECRET_MODE)

    def _refuse_lost(self) -> None:
        if os.path.lexists(self.backup):
            former = self.backup.name
            reason = (
                f"no such store, and its backup is there; restore it: cp -p {former} {self.path.name}"
                f", or remove {former} if the secrets in it are not wanted any more"
            )
            raise UnusableStoreError(self.place, reason)

    def _refuse_too_large(self, data: bytes) -> None:
        if len(data) > MOST_BYTES:
            reason = f"would be larger than the {MOST_BYTES:,} bytes that are read at the most"
            raise UnwritableFileError(self.place, reason)

    def _data(self, path: Path) -> Optional[bytes]:
        return read_private(path, MOST_BYTES)

    def _plain(self, path: Path) -> bytes:
        """Return what is encrypted in a store or backup; read again when a rekey came between."""
        seen: Optional[tuple[bytes, tuple[Secret, ...]]] = None
        for _ in range(_MOST_READS):
            found = (self._data(path) or b"", read_keys(self.key_file))
            plain = None if found == seen else _opened(self._token(path, found[0]), found[1])
            if plain is not None:
                return plain
            if found == seen:
                break
            seen = found
        reason = (
            f"cannot be opened with {self.key_file}: is damaged, or has another key; {self._way_out(path)}"
        )
        raise UnusableStoreError(str(path), reason)

    def _token(self, path: Path, data: bytes) -> bytes:
        match = _ANY_HEADER.match(data)
        if match and int(match.group(1)) > FORMAT:
            reason = f"has the format {int(match.group(1))}, this version knows {FORMAT}; use a newer version"
            raise UnusableStoreError(str(path), reason)
        if not data.startswith(_HEADER):
            reason = f"is not a store of secrets, or is damaged; {self._way_out(path)}"
            raise UnusableStoreError(str(path), reason)
        token = data[len(_HEADER) :]
        if not token.endswith(b"\n") or not is_canonical(token[:-1]):
            raise UnusableStoreError(str(path), f"is cut off or damaged; {self._way_out(path)}")
        return token[:-1]

    def _way_out(self, path: Path) -> str:
        if path == self.backup:
            return "remove it if the store itself is well"
        return f"name its key with --key-file, or restore {self.backup.name} or a copy"

    def _snapshot(self, plain: bytes) -> Snapshot:
        try:
            return read_content(plain)
        except ValueError:
            reason = f"holds what no version of ours has written; {self._way_out(self.path)}"
            raise UnusableStoreError(self.place, reason) from None


def _fernet(keys: Sequence[Secret]) -> MultiFernet:
    # Here, as it takes a while, and most commands need none.
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key.reveal()) for key in keys])


def _sealed(plain: bytes, keys: Sequence[Secret]) -> bytes:
    return _HEADER + _fernet(keys).encrypt(plain) + b"\n"


def _opened(token: bytes, keys: Sequence[Secret]) -> Optional[bytes]:
    from cryptography.fernet import InvalidToken

    try:
        return _fernet(keys).decrypt(token)
    except InvalidToken:
        return None
