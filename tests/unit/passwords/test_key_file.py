# SPDX-License-Identifier: Apache-2.0
"""The key file of a store."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tripleo_messaging.errors import UnreadableFileError, UnusableStoreError, UnwritableFileError
from tripleo_messaging.passwords.key_file import (
    is_canonical,
    make_key_file,
    new_key,
    read_keys,
    read_private,
)

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER = "_-_-MzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a file that is not there."""
    return tmp_path / "store.key"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file as an operator does."""
    path.write_text(text)
    path.chmod(mode)
    return path


def foreign_file(path: Path) -> Path:
    """Return a file that belongs to somebody else, whoever runs the tests."""
    if os.geteuid() != 0:
        return Path("/etc/passwd")
    os.chown(written(path, KEY), 65534, -1)
    return path


def test_keys_are_read_as_they_were_made(path: Path) -> None:
    """Keys are read in their order, from a file for its owner only."""
    keys = (new_key(), new_key(), new_key())
    make_key_file(path, keys)
    assert read_keys(path) == keys
    assert len({key.reveal() for key in keys}) == 3
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "".join(f"{key.reveal()}\n" for key in keys)


def test_the_end_of_the_last_line_may_be_missing(path: Path) -> None:
    """A key file that an editor or a copy by hand made is one."""
    assert [key.reveal() for key in read_keys(written(path, f"{KEY}\n{OTHER}"))] == [KEY, OTHER]


def test_keys_are_shown_nowhere(path: Path) -> None:
    """What is read can be logged."""
    assert KEY not in repr(read_keys(written(path, KEY)))


_NO_KEY = "is no key, expected the base64 of 32 bytes; bring the key file back from a copy"
#: By name, what stands in the file, and the reason why it is refused.
NO_KEYS = {
    "empty": ("", "holds no key; bring the key file back from a copy"),
    "empty line": (f"{KEY}\n\n", f"line 2 {_NO_KEY}"),
    "a key and a blank": (f"{KEY} \n", f"line 1 {_NO_KEY}"),
    "a key cut off": (f"{KEY}\n{KEY[:-5]}\n", f"line 2 {_NO_KEY}"),
    "a key cut off between bytes": (KEY[:-4], f"line 1 {_NO_KEY}"),
    "two keys in a line": (KEY + KEY, f"line 1 {_NO_KEY}"),
    "a key whose last bits are others": (KEY.replace("E=", "F="), f"line 1 {_NO_KEY}"),
    "the other alphabet": (OTHER.replace("_", "/"), f"line 1 {_NO_KEY}"),
    "a store": ("tripleo-messaging secrets store, format 1\n", f"line 1 {_NO_KEY}"),
    "not ASCII": ("é" * 22, f"line 1 {_NO_KEY}"),
    "large": (f"{KEY}\n" * 2000, "is larger than the 65,536 bytes that are read at the most; bring it back"),
}


@pytest.mark.parametrize("name", NO_KEYS)
def test_no_keys(path: Path, name: str) -> None:
    """A file with anything but keys is refused, and the line is named, not shown."""
    text, reason = NO_KEYS[name]
    with pytest.raises(UnusableStoreError) as raised:
        read_keys(written(path, text))
    assert str(raised.value).startswith(f"{path}: {reason}")
    assert KEY[:8] not in str(raised.value)


def test_no_file(path: Path) -> None:
    """A missing key is no reason to make another: nothing could be read with that."""
    with pytest.raises(UnusableStoreError) as raised:
        read_keys(path)
    assert str(raised.value) == (
        f"{path}: no such key file; name the one that the store was made with, or bring it back from a copy"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o666, 0o777])
def test_open_to_others(path: Path, mode: int) -> None:
    """A file that any other may read or change is refused, and the way out is said."""
    with pytest.raises(UnusableStoreError) as raised:
        read_private(written(path, KEY, mode), 100)
    assert str(raised.value) == (
        f"{path}: has mode {mode:04o}, so that others than its owner may read or change it;"
        " chmod 0600 store.key and, if others could read it, change what is in it"
    )


@pytest.mark.parametrize("mode", [0o600, 0o700])
def test_for_its_owner_only(path: Path, mode: int) -> None:
    """A file that nobody else may touch is read."""
    assert read_private(written(path, KEY, mode), 100) == KEY.encode()


def test_of_another_owner(path: Path) -> None:
    """A file of another user is refused: who wrote it can write it again."""
    foreign = foreign_file(path)
    owner = foreign.stat().st_uid
    assert owner != os.geteuid()
    reason = f"belongs to the user of id {owner}, expected {os.geteuid()}; run as that user, or see who wrote"
    with pytest.raises(UnusableStoreError, match=re.escape(f"{foreign}: {reason}")):
        read_private(foreign, 100)


def test_no_regular_file(path: Path) -> None:
    """A link, a directory or a pipe is refused, and a pipe is not waited for."""
    written(path.with_name("target"), KEY)
    path.symlink_to("target")
    with pytest.raises(UnusableStoreError, match="is a symbolic link; name the file that it points to"):
        read_private(path, 100)
    with pytest.raises(UnusableStoreError, match="is not a regular file"):
        read_private(path.parent, 100)
    os.mkfifo(path.with_name("pipe"), 0o600)
    with pytest.raises(UnusableStoreError, match="is not a regular file"):
        read_private(path.with_name("pipe"), 100)


def test_a_link_to_nothing(path: Path) -> None:
    """A link that points nowhere is refused, and not taken for no file."""
    path.symlink_to("nowhere")
    with pytest.raises(UnusableStoreError, match="is a symbolic link"):
        read_private(path, 100)
    with pytest.raises(UnwritableFileError, match="is a symbolic link"):
        make_key_file(path, (new_key(),))


def test_no_usable_path(path: Path) -> None:
    """A path that cannot be is an error, and not the absence of a file."""
    written(path, KEY)
    with pytest.raises(UnreadableFileError, match="not a directory"):
        read_private(path / "below", 100)
    with pytest.raises(UnreadableFileError):
        read_private(Path("a\0b"), 100)


@given(st.binary(max_size=80))
@example(b"QQ==")
@example(b"QR==")
@example(b"Q-_Q")
@example(b"Q+/Q")
@example(b"QQ=")
@example(b"Q\nQ==")
def test_canonical_texts_are_one_for_each_value(text: bytes) -> None:
    """No two texts that are taken stand for the same bytes."""
    alphabet = rb"[A-Za-z0-9_-]"
    shape = rb"(%b{4})*(%b%b{2}=|%b[AQgw]==)?" % (alphabet, alphabet, alphabet, alphabet)
    match = re.fullmatch(shape, text)
    last = text[-2:-1] if text.endswith(b"=") and not text.endswith(b"==") else b""
    assert is_canonical(text) == bool(match and last in b"AEIMQUYcgkosw048")
