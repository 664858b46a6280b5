# SPDX-License-Identifier: Apache-2.0
"""What every store promises, wherever it keeps the secrets.

A new implementation has its line in `PLACES`; one that is reached over a network starts its server there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.memory_store import MemoryPlace, memory_store
from tests.support.store_contents import CANARY, content_of, contents, stored
from tripleo_messaging.errors import LockedError, StaleStoreError, UsageError
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content, Snapshot, Store

#: Returns the store as one more command sees it.
Opener = Callable[[], Store]


@contextmanager
def in_a_file() -> Iterator[Opener]:
    """Open stores in one file, which has a key and is not there yet."""
    with tempfile.TemporaryDirectory() as directory:
        path, key_file = Path(directory) / "secrets.store", Path(directory) / "keys" / "store.key"
        EncryptedFileStore(path, key_file).create_key()
        yield lambda: EncryptedFileStore(path, key_file)


@contextmanager
def in_memory() -> Iterator[Opener]:
    """Open stores that share a piece of memory."""
    shared = MemoryPlace()
    yield lambda: memory_store(shared)


PLACES = {"file": in_a_file, "memory": in_memory}


@pytest.fixture(params=PLACES)
def open_store(request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Open stores of one place, empty at first."""
    with PLACES[request.param]() as opener:
        yield opener


def test_nothing_is_there_at_first(open_store: Opener) -> None:
    """A store that was never written is empty, of revision 0."""
    assert open_store().read() == Snapshot(content=Content(), revision=0)


def test_what_was_written_is_read_by_others(open_store: Opener) -> None:
    """Whoever reads next gets all of the last content, of the revision that the writer was told."""
    store = open_store()
    assert store.replace(content_of("one"), expected_revision=0) == 1
    assert open_store().read() == Snapshot(content=content_of("one"), revision=1)
    assert open_store().replace(Content(), expected_revision=1) == 2
    assert store.read() == Snapshot(content=Content(), revision=2)


@pytest.mark.parametrize("expected_revision", [0, 1, 3, -1])
def test_what_another_wrote_is_not_lost(open_store: Opener, expected_revision: int) -> None:
    """A content that was made from another revision is refused, and nothing changes."""
    for revision in range(2):
        open_store().replace(content_of(f"{revision}"), expected_revision=revision)
    with pytest.raises(StaleStoreError, match="was changed by another command; run this one again"):
        open_store().replace(content_of("lost"), expected_revision=expected_revision)
    assert open_store().read() == Snapshot(content=content_of("1"), revision=2)


def test_a_first_content_of_no_such_store_is_refused(open_store: Opener) -> None:
    """Where nothing is, nothing but revision 0 can have been read."""
    with pytest.raises(StaleStoreError):
        open_store().replace(content_of("a"), expected_revision=1)
    assert open_store().read().revision == 0


def test_only_the_holder_of_the_lease_writes(open_store: Opener) -> None:
    """Others may neither write nor have the lease; they may read, and the holder may do everything."""
    holder, other = open_store(), open_store()
    with holder.lease():
        with pytest.raises(LockedError):
            other.replace(content_of("other"), expected_revision=0)
        with pytest.raises(LockedError), other.lease():
            pytest.fail("two have the lease")
        assert holder.replace(content_of("a"), expected_revision=0) == 1
        assert holder.replace(content_of("b"), expected_revision=1) == 2
        assert other.read() == holder.read() == Snapshot(content=content_of("b"), revision=2)
        with pytest.raises(LockedError):
            other.replace(content_of("other"), expected_revision=2)
    assert other.replace(content_of("c"), expected_revision=2) == 3


def test_a_lease_ends_with_an_error(open_store: Opener) -> None:
    """Whatever ends the block, others may write then, and the former holder has to ask again."""
    former, other = open_store(), open_store()
    with pytest.raises(ZeroDivisionError), former.lease():
        raise ZeroDivisionError
    with other.lease():
        other.replace(content_of("a"), expected_revision=0)
        with pytest.raises(LockedError):
            former.replace(content_of("b"), expected_revision=1)


def test_what_could_not_be_read_back_is_refused(open_store: Opener) -> None:
    """Half of a character is no password that a file or a URL could hold; the message does not show it."""
    open_store().replace(content_of("a"), expected_revision=0)
    broken = Content(secrets={"Rpc": stored(f"{CANARY}\ud800")})
    with pytest.raises(UsageError, match="cannot keep the secret Rpc") as raised:
        open_store().replace(broken, expected_revision=1)
    assert CANARY not in repr(raised.getrepr(chain=True))
    assert open_store().read() == Snapshot(content=content_of("a"), revision=1)


def test_nothing_shows_a_secret(open_store: Opener) -> None:
    """A store and what is read from it can be logged."""
    store = open_store()
    store.replace(content_of(CANARY), expected_revision=0)
    assert CANARY not in f"{store!r} {store.place} {store.read()!r} {store.read()}"


@pytest.mark.parametrize("place", PLACES)
@given(writes=st.lists(st.tuples(st.integers(0, 2), contents, st.booleans()), max_size=6))
def test_any_order_of_writes(place: str, writes: list[tuple[int, Content, bool]]) -> None:
    """Of commands that read and write in any order, each write is of what was there, or refused."""
    with PLACES[place]() as opener:
        stores = [opener() for _ in range(3)]
        known = [store.read() for store in stores]
        there = known[0]
        for who, content, reads_first in writes:
            if reads_first:
                known[who] = stores[who].read()
                assert known[who] == there
            if known[who].revision != there.revision:
                with pytest.raises(StaleStoreError):
                    stores[who].replace(content, expected_revision=known[who].revision)
                continue
            revision = stores[who].replace(content, expected_revision=known[who].revision)
            assert revision == there.revision + 1
            there = known[who] = Snapshot(content=content, revision=revision)
        assert opener().read() == there
