# SPDX-License-Identifier: Apache-2.0
"""Disk access: what is read is bounded, what is written is whole."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tripleo_messaging.errors import (
    FileTooLargeError,
    LockedError,
    UnreadableFileError,
    UnwritableFileError,
)
from tripleo_messaging.files import (
    locked,
    make_directory,
    read_bounded,
    read_if_there,
    refuse_irregular,
    remove,
    remove_leftovers,
    rewrite,
    write_atomic,
)

IRREGULAR = {
    "a link": "is a symbolic link; name the file that it points to",
    "a dangling link": "is a symbolic link; name the file that it points to",
    "a directory": "is not a regular file",
    "a pipe": "is not a regular file",
}


@pytest.fixture
def irregular(tmp_path: Path) -> Path:
    """Make a directory with what is no file, and one file that a link points to."""
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "a link").symlink_to("file")
    (tmp_path / "a dangling link").symlink_to("nowhere")
    (tmp_path / "a directory").mkdir()
    os.mkfifo(tmp_path / "a pipe")
    return tmp_path


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def run(code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Fail when the block waits for what never comes."""

    def fail(*_: object) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def open_files() -> set[str]:
    """Return this process's open file descriptors."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_file_up_to_its_bound_is_read_whole(tmp_path: Path, size: int) -> None:
    """The bound itself is within it."""
    (tmp_path / "file").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "file", 10) == b"x" * size


def test_a_file_over_its_bound_is_refused(tmp_path: Path) -> None:
    """One byte more is too much, and the error tells the bound."""
    (tmp_path / "file").write_bytes(b"x" * 11)
    with pytest.raises(FileTooLargeError) as caught:
        read_bounded(tmp_path / "file", 10)
    assert str(caught.value) == f"{tmp_path}/file: larger than the 10 bytes that are read at the most"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "no such file or directory"),
        ("file/below", "not a directory"),
        ("a directory", "not a regular file"),
        ("a pipe", "not a regular file"),
        ("a dangling link", "no such file or directory"),
        ("nul\0", "not a usable path"),
    ],
)
def test_what_is_no_file_is_not_read(irregular: Path, name: str, reason: str) -> None:
    """It is told at once, also of a pipe that nobody writes, and no descriptor stays open."""
    before = open_files()
    with at_once(), pytest.raises(UnreadableFileError) as caught:
        read_bounded(irregular / name, 10)
    assert (caught.value.path, caught.value.reason) == (f"{irregular}/{name}", reason)
    assert open_files() == before


def test_devices_are_not_read() -> None:
    """A device may have no end."""
    with pytest.raises(UnreadableFileError, match="/dev/zero: not a regular file"):
        read_bounded("/dev/zero", 10)


def test_a_link_may_be_read(irregular: Path) -> None:
    """An operator may keep a file elsewhere."""
    assert read_bounded(irregular / "a link", 10) == b"old"


def test_read_if_there(irregular: Path) -> None:
    """Only a file that is not there is None; a link to nowhere is an error."""
    assert read_if_there(irregular / "missing", 10) is None
    assert read_if_there(irregular / "file", 10) == b"old"
    with pytest.raises(UnreadableFileError):
        read_if_there(irregular / "a dangling link", 10)


@pytest.mark.parametrize("wanted", [0o600, 0o644])
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_the_mode_is_what_was_asked_for(tmp_path: Path, wanted: int, umask: int) -> None:
    """Neither the umask nor the mode of the old file changes it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    before = os.umask(umask)
    try:
        write_atomic(path, b"new", wanted)
    finally:
        os.umask(before)
    assert (path.read_bytes(), mode(path)) == (b"new", wanted)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_an_open_file_keeps_its_content(tmp_path: Path) -> None:
    """A reader that has begun reads the old file to its end."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as file:
        write_atomic(path, b"new", 0o600)
        assert file.read() == b"old"


@pytest.mark.parametrize("wanted", [0o600, 0o640, 0o644, 0o4755])
def test_a_rewritten_file_stays_whose_it_was(tmp_path: Path, wanted: int) -> None:
    """Only the content is another; root gives the new file the owner and group of the old one."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    own = (12345, 54321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *own)
    path.chmod(wanted)
    rewrite(path, b"new")
    status = path.stat()
    assert (path.read_bytes(), mode(path), (status.st_uid, status.st_gid)) == (b"new", wanted, own)


def test_what_is_not_there_is_not_rewritten(tmp_path: Path) -> None:
    """A file that has no owner yet is written by name, with a mode."""
    with pytest.raises(UnwritableFileError, match="no such file or directory"):
        rewrite(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", IRREGULAR)
def test_only_a_file_is_replaced(irregular: Path, name: str) -> None:
    """What is no file stays what it is, and nothing is written through a link."""
    before = os.lstat(irregular / name)
    for refused in (
        lambda path: write_atomic(path, b"new", 0o600),
        lambda path: rewrite(path, b"new"),
        refuse_irregular,
    ):
        with pytest.raises(UnwritableFileError) as caught:
            refused(irregular / name)
        assert (caught.value.path, caught.value.reason) == (f"{irregular}/{name}", IRREGULAR[name])
    assert os.lstat(irregular / name).st_ino == before.st_ino
    assert (irregular / "file").read_bytes() == b"old"
    assert not (irregular / "nowhere").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/file", "no such file or directory"),
        ("file/file", "not a directory"),
        ("nul\0", "not a usable path"),
        ("x" * 256, "file name too long"),
    ],
)
def test_where_nothing_can_be_written(irregular: Path, name: str, reason: str) -> None:
    """The error tells the path and why."""
    with pytest.raises(UnwritableFileError) as caught:
        write_atomic(irregular / name, b"", 0o600)
    assert (caught.value.path, caught.value.reason) == (f"{irregular}/{name}", reason)


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    """The temporary file's name needs no more room than a file's name has."""
    write_atomic(tmp_path / ("x" * 255), b"new", 0o600)
    assert [len(entry.name) for entry in tmp_path.iterdir()] == [255]


WRITE_MUCH = """
import resource, signal, sys
from pathlib import Path
from tripleo_messaging.files import write_atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(Path(sys.argv[1]), b"n" * 100_000, 0o600)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def test_a_write_that_ends_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """The system refuses after the first 1000 bytes; these are gone again."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    done = run(WRITE_MUCH, path)
    assert (done.returncode, done.stderr) == (1, f"UnwritableFileError: {path}: file too large\n")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_leftovers_of_one_path_are_removed(tmp_path: Path) -> None:
    """What a killed write of that path left goes; what belongs to another path, or to others, stays."""
    ours = ".passwords.yaml.tripleo-messaging.abc12345"
    others = {
        "passwords.yaml",
        "passwords.yaml.bak",
        ".passwords.yaml.swp",
        ".other.yaml.tripleo-messaging.abc12345",
    }
    for name in {ours, *others}:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "passwords.yaml")
    assert {entry.name for entry in tmp_path.iterdir()} == others


def test_directories_are_made_and_kept(tmp_path: Path) -> None:
    """A new one has the mode, also with a umask of 0; one that is there stays as it is."""
    before = os.umask(0)
    try:
        make_directory(tmp_path / "a" / "b", 0o700)
    finally:
        os.umask(before)
    assert mode(tmp_path / "a" / "b") == 0o700
    (tmp_path / "a" / "b").chmod(0o755)
    make_directory(tmp_path / "a" / "b", 0o700)
    assert mode(tmp_path / "a" / "b") == 0o755


@pytest.mark.parametrize(("name", "reason"), [("file", "file exists"), ("file/x", "not a directory")])
def test_a_directory_that_cannot_be_made(irregular: Path, name: str, reason: str) -> None:
    """The error tells the path and why."""
    with pytest.raises(UnwritableFileError) as caught:
        make_directory(irregular / name, 0o700)
    assert caught.value.reason == reason


def test_remove(irregular: Path) -> None:
    """A file goes, of a link only the link; nothing there is fine, a directory is not removed."""
    remove(irregular / "a link")
    remove(irregular / "missing")
    assert (irregular / "file").exists()
    remove(irregular / "file")
    assert not (irregular / "file").exists()
    with pytest.raises(UnwritableFileError):
        remove(irregular / "a directory")


HOLD_LOCK = """
import sys
from tripleo_messaging.files import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_at_once(tmp_path: Path) -> None:
    """It does not wait; when the first one is killed, the lock is free, and nothing is left behind."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError) as caught, locked(tmp_path):
            pytest.fail("two hold the lock")
        holder.send_signal(signal.SIGKILL)
    assert str(caught.value) == (
        f"{tmp_path}: another tripleo-messaging command is writing here; run this one when it has ended"
    )
    with locked(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_the_lock_ends_with_an_error_in_the_block(tmp_path: Path) -> None:
    """Whatever is raised passes through, and the next one gets the lock."""
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), locked(tmp_path):
            raise ZeroDivisionError


@pytest.mark.parametrize("name", ["missing", "file"])
def test_only_a_directory_is_locked(irregular: Path, name: str) -> None:
    """There is no lock on what is not there."""
    with pytest.raises(UnwritableFileError), locked(irregular / name):
        pytest.fail("locked what is no directory")


def test_no_limit_of_the_tests_holds_here() -> None:
    """The limit that a test sets is its child's alone."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
