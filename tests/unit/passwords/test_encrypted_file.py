# SPDX-License-Identifier: Apache-2.0
"""The store in one encrypted file: what it refuses, and what it keeps when it is changed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tests.support.store_contents import CANARY, content_of, contents
from tripleo_messaging import files
from tripleo_messaging.errors import (
    LockedError,
    MessagingError,
    StaleStoreError,
    UnreadableFileError,
    UnusableStoreError,
    UnwritableFileError,
    UsageError,
)
from tripleo_messaging.passwords.encrypted_file import MOST_BYTES, EncryptedFileStore
from tripleo_messaging.passwords.key_file import make_key_file, new_key, read_keys
from tripleo_messaging.passwords.store import Content, Snapshot

HEADER = b"tripleo-messaging secrets store, format 1\n"


def made(directory: Path, *texts: str) -> EncryptedFileStore:
    """Make a store with a content after the other."""
    store = EncryptedFileStore(directory / "secrets.store", directory / "keys" / "store.key")
    store.create_key()
    for revision, text in enumerate(texts):
        store.replace(content_of(text), expected_revision=revision)
    return store


@pytest.fixture
def store(tmp_path: Path) -> EncryptedFileStore:
    """Make a store of revision 2."""
    return made(tmp_path, "one", "two")


def written(path: Path, data: bytes) -> None:
    """Write a file as an operator does."""
    path.write_bytes(data)
    path.chmod(0o600)


def sealed(store: EncryptedFileStore, plain: bytes) -> bytes:
    """Return a file of such a text, made by other means than the store's."""
    key = store.key_file.read_text().split()[0]
    return HEADER + Fernet(key).encrypt(plain) + b"\n"


@contextmanager
def refused(store: EncryptedFileStore, reason: str, path: Path | None = None) -> Iterator[None]:
    """Make sure that the block is refused in these words, and that all files are as before."""
    before = all_files(store)
    with pytest.raises(UnusableStoreError) as raised:
        yield
    assert str(raised.value) == f"{path or store.path}: {reason}"
    shown = "".join(traceback.format_exception(raised.type, raised.value, raised.tb))
    assert CANARY not in shown
    assert all_files(store) == before


def all_files(store: EncryptedFileStore) -> dict[str, bytes]:
    """Return every file beside the store and below."""
    return {
        str(path): path.read_bytes()
        for path in store.path.parent.rglob("*")
        if path.is_file() and os.access(path, os.R_OK)
    }


#: Whatever works on a store that is there; none may do anything where `read` is refused.
USES: dict[str, Callable[[EncryptedFileStore], object]] = {
    "read": EncryptedFileStore.read,
    "replace": lambda store: store.replace(content_of("new"), expected_revision=2),
    "rekey": EncryptedFileStore.rekey,
}


@pytest.fixture(params=USES)
def use(request: pytest.FixtureRequest) -> Callable[[EncryptedFileStore], object]:
    """Use a store in one of the ways."""
    return USES[request.param]


def test_the_file_is_as_its_format_says(store: EncryptedFileStore) -> None:
    """A line names the format, the next is a Fernet token; all files are their owner's only."""
    header, token, end = store.path.read_bytes().split(b"\n")
    assert (header + b"\n", end) == (HEADER, b"")
    plain = Fernet(store.key_file.read_text().strip()).decrypt(token)
    assert CANARY.encode() in plain
    assert CANARY.encode() not in b"".join(all_files(store).values())
    for path in (store.path, store.backup, store.key_file):
        assert path.stat().st_mode & 0o777 == 0o600


def test_directories_are_made_for_their_owner(tmp_path: Path) -> None:
    """A store and a key in directories that are not there make them."""
    store = EncryptedFileStore(tmp_path / "a" / "store", tmp_path / "b" / "key")
    store.create_key()
    store.replace(content_of("x"), expected_revision=0)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "b")} == {0o700}


def test_store_and_key_in_one_directory(tmp_path: Path) -> None:
    """The key may be beside the store; everything goes, also within a lease."""
    store = EncryptedFileStore(tmp_path / "store", tmp_path / "key")
    with store.lease():
        store.create_key()
        store.replace(content_of("x"), expected_revision=0)
        store.rekey()
    assert store.read().content == content_of("x")


def test_reading_nothing_makes_nothing(tmp_path: Path) -> None:
    """Where no store is, reading asks for no key, and leaves no directory."""
    store = EncryptedFileStore(tmp_path / "a" / "store", tmp_path / "b" / "key")
    assert store.read() == Snapshot.empty()
    assert list(tmp_path.iterdir()) == []


def test_the_former_content_is_backed_up(store: EncryptedFileStore) -> None:
    """The backup is the store of before the change, and can be put into its place."""
    assert EncryptedFileStore(store.backup, store.key_file).read() == Snapshot(
        content=content_of("one"), revision=1
    )
    former = store.path.read_bytes()
    store.replace(content_of("three"), expected_revision=2)
    assert store.backup.read_bytes() == former


def test_a_refused_write_leaves_the_backup(store: EncryptedFileStore) -> None:
    """A backup is made when something is written, and not before."""
    before = all_files(store)
    with pytest.raises(StaleStoreError):
        store.replace(content_of("new"), expected_revision=1)
    with pytest.raises(UsageError):
        store.replace(content_of("\ud800"), expected_revision=2)
    assert all_files(store) == before


def test_leftovers_of_killed_writes_go(store: EncryptedFileStore) -> None:
    """The next write removes what a killed one left, and nothing of others."""
    leftover = [
        path.with_name(f".{path.name}.tripleo-messaging.abc")
        for path in (store.path, store.backup, store.key_file)
    ]
    foreign = store.path.with_name(".other.tripleo-messaging.abc")
    for path in (*leftover, foreign):
        written(path, b"x")
    store.replace(content_of("new"), expected_revision=2)
    store.rekey()
    assert not any(path.exists() for path in leftover)
    assert foreign.exists()


@given(content=contents)
def test_round_trip(content: Content) -> None:
    """Whatever a store is given is read again from the file."""
    with tempfile.TemporaryDirectory() as directory:
        store = made(Path(directory))
        store.replace(content, expected_revision=0)
        assert EncryptedFileStore(store.path, store.key_file).read() == Snapshot(content=content, revision=1)


@given(data=st.data())
def test_damage_is_refused(data: st.DataObject) -> None:
    """A byte that is another, missing or more is never read as a store, and never written over."""
    with tempfile.TemporaryDirectory() as directory:
        store = made(Path(directory), "one")
        whole = store.path.read_bytes()
        place = data.draw(st.integers(0, len(whole) - 1))
        some = data.draw(st.binary(min_size=1, max_size=3))
        damaged = data.draw(
            st.sampled_from(
                [
                    whole[:place],
                    whole[:place] + whole[place + 1 :],
                    whole[:place] + some + whole[place:],
                    whole[:place] + bytes([whole[place] ^ (some[0] or 1)]) + whole[place + 1 :],
                    whole + some,
                ]
            ).filter(lambda found: found != whole)
        )
        written(store.path, damaged)
        for use in (store.read, lambda: store.replace(Content(), expected_revision=1), store.rekey):
            with pytest.raises(UnusableStoreError):
                use()
        assert store.path.read_bytes() == damaged


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    """Also one that base64 would decode to the same bytes."""
    store = made(tmp_path, "one")
    whole = store.path.read_bytes()
    read = 0
    for place in range(len(whole)):
        written(store.path, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(UnusableStoreError):
            read += bool(store.read())
    for length in range(len(whole)):
        written(store.path, whole[:length])
        with pytest.raises(UnusableStoreError):
            read += bool(store.read())
    written(store.path, whole)
    assert store.read().revision == 1
    assert read == 0


_COPY = "name its key with --key-file, or restore secrets.store.bak or a copy"


def test_no_store(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A file that is none of ours is left alone."""
    written(store.path, b"parameter_defaults: {}\n")
    with refused(store, f"is not a store of secrets, or is damaged; {_COPY}"):
        use(store)


def test_cut_off(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A file that was copied in part is told as such."""
    written(store.path, store.path.read_bytes()[:-3])
    with refused(store, f"is cut off or damaged; {_COPY}"):
        use(store)


def test_empty(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """An empty file is no empty store."""
    written(store.path, b"")
    with refused(store, f"is not a store of secrets, or is damaged; {_COPY}"):
        use(store)


def test_newer_format(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A store of a later version is not touched by an earlier one."""
    written(store.path, store.path.read_bytes().replace(b"format 1", b"format 12"))
    with refused(store, "has the format 12, this version knows 1; use a newer version"):
        use(store)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"{}",
        CANARY.encode(),
        b'{"format":2,"revision":2,"secrets":{},"rotations":{},"audit":[]}',
        b'{"format":1,"revision":0,"secrets":{},"rotations":{},"audit":[]}',
    ],
)
def test_another_content(
    store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object], plain: bytes
) -> None:
    """What has the key's signature, and is nothing of ours, is refused too."""
    written(store.path, sealed(store, b'{"format":1,"revision":2,"secrets":{},"rotations":{},"audit":[]}'))
    assert store.read() == Snapshot(content=Content(), revision=2)
    written(store.path, sealed(store, plain))
    with refused(store, f"holds what no version of ours has written; {_COPY}"):
        use(store)


def test_another_key(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A store and a key that do not belong together are told, and neither is changed."""
    make_key_file(store.key_file, (new_key(),))
    reason = f"cannot be opened with {store.key_file}: is damaged, or has another key; {_COPY}"
    with refused(store, reason):
        use(store)


def test_no_key(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A store without its key is refused, and no other key is made."""
    store.key_file.unlink()
    reason = "no such key file; name the one that the store was made with, or bring it back from a copy"
    with refused(store, reason, store.key_file):
        use(store)
    with refused(store, reason, store.key_file):
        store.create_key()
    store.path.unlink()
    with refused(store, reason, store.key_file):
        store.create_key()


def test_a_first_write_needs_a_key(tmp_path: Path) -> None:
    """Without `create_key`, nothing is written."""
    store = EncryptedFileStore(tmp_path / "store", tmp_path / "key")
    with pytest.raises(UnusableStoreError, match="no such key file"):
        store.replace(content_of("x"), expected_revision=0)
    assert list(tmp_path.iterdir()) == []


def test_a_lost_store_is_no_empty_one(store: EncryptedFileStore) -> None:
    """With the backup there, new secrets in the place of lost ones would cut off everybody."""
    store.path.unlink()
    reason = (
        "no such store, and its backup is there; restore it: cp -p secrets.store.bak secrets.store"
        ", or remove secrets.store.bak if the secrets in it are not wanted any more"
    )
    for use in (store.read, lambda: store.replace(content_of("x"), expected_revision=0), store.rekey):
        with refused(store, reason):
            use()
    store.backup.unlink()
    assert store.read() == Snapshot.empty()


@pytest.mark.parametrize("which", ["path", "key_file"])
def test_not_safely_kept(
    store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object], which: str
) -> None:
    """A store or key that others may read, or that is a link, is refused before anything is read of it."""
    path: Path = getattr(store, which)
    path.chmod(0o640)
    reason = (
        "has mode 0640, so that others than its owner may read or change it;"
        f" chmod 0600 {path.name} and, if others could read it, change what is in it"
    )
    with refused(store, reason, path):
        use(store)
    path.chmod(0o600)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    with refused(store, "is a symbolic link; name the file that it points to", path):
        use(store)
    path.unlink()
    path.mkdir()
    with refused(store, "is not a regular file", path):
        use(store)


def test_too_large(store: EncryptedFileStore, use: Callable[[EncryptedFileStore], object]) -> None:
    """A file beyond all measure is not read to its end."""
    os.truncate(store.path, MOST_BYTES + 1)
    with pytest.raises(UnusableStoreError, match=r"is larger than the 16,777,216 bytes that are read at the"):
        use(store)


def test_too_large_to_be_read_back(store: EncryptedFileStore) -> None:
    """What could not be read is not written."""
    before = all_files(store)
    with pytest.raises(UnwritableFileError, match=r"would be larger than the 16,777,216 bytes"):
        store.replace(content_of("x" * MOST_BYTES), expected_revision=2)
    assert all_files(store) == before


def test_the_backup_is_written_over_nothing_else(store: EncryptedFileStore) -> None:
    """A backup that is a link is refused, with the store as it was."""
    store.backup.unlink()
    store.backup.symlink_to("secrets.store")
    before = store.path.read_bytes()
    with pytest.raises(UnwritableFileError, match="is a symbolic link"):
        store.replace(content_of("new"), expected_revision=2)
    assert store.path.read_bytes() == before
    assert store.read().content == content_of("two")


@pytest.mark.parametrize("name", ["secrets.store", "secrets.store.bak"])
def test_the_key_is_apart(tmp_path: Path, name: str) -> None:
    """A key file that the store, or its backup, would be written over is refused."""
    with pytest.raises(UsageError, match="is the store or its backup, expected another file for the key"):
        EncryptedFileStore(tmp_path / "secrets.store", tmp_path / name)


def test_a_key_that_is_there_is_kept(store: EncryptedFileStore) -> None:
    """Making a key twice makes one; one that cannot be used is refused and not replaced."""
    former = store.key_file.read_bytes()
    store.create_key()
    EncryptedFileStore(store.path.with_name("another"), store.key_file).create_key()
    assert store.key_file.read_bytes() == former
    written(store.key_file, b"")
    with refused(store, "holds no key; bring the key file back from a copy", store.key_file):
        store.create_key()


def test_two_stores_may_have_one_key(store: EncryptedFileStore) -> None:
    """A key is made once for all the stores of an operator."""
    another = EncryptedFileStore(store.path.with_name("another"), store.key_file)
    another.create_key()
    another.replace(content_of("another"), expected_revision=0)
    assert store.read().content == content_of("two")
    assert another.read().content == content_of("another")


def test_rekey(store: EncryptedFileStore) -> None:
    """The content and its revision stay; the former key opens neither the store nor the backup."""
    (former,) = read_keys(store.key_file)
    before = store.read()
    store.rekey()
    assert store.read() == before
    assert EncryptedFileStore(store.backup, store.key_file).read().content == content_of("one")
    (new,) = read_keys(store.key_file)
    assert new != former
    make_key_file(store.key_file, (former,))
    for path in (store.path, store.backup):
        with pytest.raises(UnusableStoreError, match="cannot be opened with"):
            EncryptedFileStore(path, store.key_file).read()


def test_rekey_without_a_backup(tmp_path: Path) -> None:
    """A store that was written once has none, and needs none."""
    store = made(tmp_path, "one")
    store.rekey()
    assert store.read().content == content_of("one")
    assert not store.backup.exists()


def test_rekey_of_nothing(tmp_path: Path) -> None:
    """There must be a store; the key, which another may have, stays."""
    store = made(tmp_path)
    before = all_files(store)
    with pytest.raises(UnreadableFileError, match="no such store"):
        store.rekey()
    assert all_files(store) == before


def test_rekey_refuses_what_it_would_lose(store: EncryptedFileStore) -> None:
    """A backup that cannot be opened could not be with the new key either."""
    written(store.backup, store.backup.read_bytes()[:-3])
    with refused(store, "is cut off or damaged; remove it if the store itself is well", store.backup):
        store.rekey()


def test_former_keys_open(store: EncryptedFileStore) -> None:
    """With several keys, as an interrupted rekey leaves them, any opens, and the first encrypts."""
    (former,) = read_keys(store.key_file)
    new = new_key()
    make_key_file(store.key_file, (new, former))
    assert store.read().content == content_of("two")
    store.replace(content_of("three"), expected_revision=2)
    make_key_file(store.key_file, (new,))
    assert store.read().content == content_of("three")


def test_locked(store: EncryptedFileStore, tmp_path: Path) -> None:
    """Whoever holds one of the two directories keeps writers out, and no reader."""
    with files.locked(tmp_path):
        for use in (store.rekey, store.create_key, lambda: store.replace(Content(), expected_revision=2)):
            with pytest.raises(LockedError, match="run this one when it has ended"):
                use()
        assert store.read().revision == 2
    with files.locked(store.key_file.parent):
        for use in (store.rekey, store.create_key):
            with pytest.raises(LockedError):
                use()
        assert store.replace(Content(), expected_revision=2) == 3


def test_unusual_paths_are_errors(tmp_path: Path) -> None:
    """A store below a file, or of an impossible name, is told and not a traceback."""
    written(tmp_path / "file", b"")
    for path in (tmp_path / "file" / "store", tmp_path / "\0", tmp_path / ("x" * 300)):
        store = EncryptedFileStore(path, tmp_path / "key")
        for use in (store.read, lambda store=store: store.replace(Content(), expected_revision=0)):
            with pytest.raises(MessagingError):
                use()


def test_nothing_is_imported_before_it_is_needed() -> None:
    """The module costs a command nothing of cryptography, which takes a while."""
    module = "tripleo_messaging.passwords.encrypted_file"
    code = f"import sys, {module}; print([name for name in sys.modules if name.startswith('cryptography')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
