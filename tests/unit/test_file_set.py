# SPDX-License-Identifier: Apache-2.0
"""Several files replaced as one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.file_set import Change, File, is_interrupted, recover, replace_files

PATHS = st.sampled_from(["a", "b", "c", "d/e", "d/f", "g/h/i"])
SETS = st.dictionaries(
    PATHS, st.builds(File, data=st.binary(max_size=3), mode=st.sampled_from([0o600, 0o644]))
)


def secret(text: str) -> File:
    """Return a file for its owner only."""
    return File(data=text.encode(), mode=0o600)


def found(directory: Path) -> dict[str, File]:
    """Return every file below a directory, hidden ones too."""
    return {
        str(path.relative_to(directory)): File(data=path.read_bytes(), mode=stat.S_IMODE(path.stat().st_mode))
        for path in directory.rglob("*")
        if path.is_file()
    }


def identities(directory: Path) -> dict[str, Any]:
    """Return what changes of a file when it is written again."""
    stats = {str(path.relative_to(directory)): path.stat() for path in directory.rglob("*") if path.is_file()}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in stats.items()}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    """The files that are as they should be are not touched, and the answer tells which are which."""
    old = {name: secret(name) for name in ("kept", "changed", "d/kept", "gone", "d/gone")}
    replace_files(tmp_path, old, present=())
    before = identities(tmp_path)
    new = {
        "kept": secret("kept"),
        "changed": secret("CHANGED"),
        "d/kept": secret("d/kept"),
        "n/new": secret("n"),
    }
    change = replace_files(tmp_path, new, present=tuple(old))
    assert change == Change(
        written=("changed", "n/new"), removed=("gone", "d/gone"), unchanged=("kept", "d/kept")
    )
    assert found(tmp_path) == new
    after = identities(tmp_path)
    assert {path for path in new if before.get(path) == after[path]} == {"kept", "d/kept"}


def test_a_mode_is_a_change(tmp_path: Path) -> None:
    """A secret that somebody made readable is closed again."""
    replace_files(tmp_path, {"a": secret("x")}, present=())
    (tmp_path / "a").chmod(0o644)
    assert replace_files(tmp_path, {"a": secret("x")}, present=("a",)).written == ("a",)
    assert found(tmp_path) == {"a": secret("x")}


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    """Not even the directory is touched."""
    replace_files(tmp_path, {"a": secret("x")}, present=())
    before = tmp_path.stat().st_mtime_ns
    assert replace_files(tmp_path, {"a": secret("x")}, present=("a",)) == Change(
        written=(), removed=(), unchanged=("a",)
    )
    assert tmp_path.stat().st_mtime_ns == before


def test_other_files_are_not_touched(tmp_path: Path) -> None:
    """What is neither wanted nor present belongs to others."""
    (tmp_path / "theirs").write_bytes(b"theirs")
    before = identities(tmp_path)
    replace_files(tmp_path, {"a": secret("x")}, present=())
    replace_files(tmp_path, {}, present=("a",))
    assert identities(tmp_path) == before


@given(SETS, SETS)
def test_the_new_set_is_there_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any
) -> None:
    """From any set to any other, and a second time changes nothing."""
    directory = tmp_path_factory.mktemp("set")
    replace_files(directory, old, present=())
    replace_files(directory, new, present=tuple(old))
    assert found(directory) == new
    assert replace_files(directory, new, present=tuple(new)).unchanged == tuple(new)


IN_THE_WAY = {
    "a link": "is a symbolic link; name the file that it points to",
    "a directory": "is not a regular file",
    "a pipe": "is not a regular file",
    "a file/below": "is not a directory; a link to one is not followed",
    "a linked directory/below": "is not a directory; a link to one is not followed",
}


@pytest.fixture
def obstructed(tmp_path: Path) -> Path:
    """Make a directory with what stands in the way, and a directory outside that a link leads to."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "below").write_bytes(b"outside")
    directory = tmp_path / "set"
    directory.mkdir()
    (directory / "a link").symlink_to(tmp_path / "outside" / "below")
    (directory / "a directory").mkdir()
    os.mkfifo(directory / "a pipe")
    (directory / "a file").write_bytes(b"file")
    (directory / "a linked directory").symlink_to(tmp_path / "outside")
    (directory / "old").write_bytes(b"old")
    return directory


@pytest.mark.parametrize("path", IN_THE_WAY)
@pytest.mark.parametrize("doing", ["write", "remove"])
def test_what_stands_in_the_way_is_found_before_anything_changes(
    obstructed: Path, path: str, doing: str
) -> None:
    """Neither another file of the set nor what a link leads to is changed, and the next command can work."""
    before = found(obstructed), found(obstructed.parent / "outside")
    wanted = {"old": secret("new"), **({path: secret("x")} if doing == "write" else {})}
    with pytest.raises(UnwritableFileError) as caught:
        replace_files(obstructed, wanted, present=("old", path))
    assert caught.value.reason == IN_THE_WAY[path]
    assert (found(obstructed), found(obstructed.parent / "outside")) == before
    assert not is_interrupted(obstructed)
    recover(obstructed)
    assert replace_files(obstructed, {"old": secret("new")}, present=("old",)).written == ("old",)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", ""])
def test_no_path_leads_out(tmp_path: Path, path: str) -> None:
    """A name from an inventory cannot become a path elsewhere."""
    (tmp_path / "set").mkdir()
    with pytest.raises(UnwritableFileError, match="is not below"):
        replace_files(tmp_path / "set", {path: secret("x")}, present=())
    assert found(tmp_path) == {}


def test_what_was_not_decided_is_dropped(tmp_path: Path) -> None:
    """A staging directory of a killed command is removed, whatever is in it."""
    staging = tmp_path / ".tripleo-messaging.staging" / "new"
    staging.mkdir(parents=True)
    (staging / "a").write_bytes(b"half")
    assert not is_interrupted(tmp_path)
    recover(tmp_path)
    assert found(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_what_was_decided_is_finished(tmp_path: Path) -> None:
    """Files that are still to be moved are moved, files that are still to go go."""
    (tmp_path / "gone").write_bytes(b"old")
    (tmp_path / "moved").write_bytes(b"new")
    pending = tmp_path / ".tripleo-messaging.pending"
    (pending / "new" / "d").mkdir(parents=True)
    (pending / "new" / "d" / "unmoved").write_bytes(b"new")
    (pending / "removals.json").write_text('["gone", "gone already"]')
    assert is_interrupted(tmp_path)
    recover(tmp_path)
    assert {path: file.data for path, file in found(tmp_path).items()} == {
        "moved": b"new",
        "d/unmoved": b"new",
    }
    assert not is_interrupted(tmp_path)
