# SPDX-License-Identifier: Apache-2.0
"""What the tests that kill at system calls rely on: `tests.support.syscalls` counts and kills exactly."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.syscalls import ANY, CREATE, FORK, Ended, Moment, run_forked, run_traced

WRITES = 6


@pytest.fixture(name="file")
def new_file(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "file"


def writing(file: Path) -> Callable[[], int]:
    """Return a deed that makes a file of one byte for each write."""

    def write() -> int:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        for _ in range(WRITES):
            os.write(descriptor, b"x")
        return 7

    return write


def test_killed_before_the_call(file: Path):
    """Killed at the k-th write, exactly k - 1 were done; there is none after the last."""
    for number in range(1, WRITES + 1):
        ended = run_traced(writing(file), Moment("write", number))
        assert (ended.status, file.stat().st_size) == (-9, number - 1)
        assert ended.calls["write"] == number
        file.unlink()
    assert run_traced(writing(file), Moment("write", WRITES + 1)).status == 7


def test_killed_before_a_file_is_made(file: Path):
    """An open that would make a file counts as a call of its own."""
    assert run_traced(writing(file), Moment(CREATE, 1)).status == -9
    assert not file.exists()


def test_every_call_of_any_kind(file: Path):
    """Counted over all calls, the file is not there, then grows byte by byte, and never shrinks."""
    whole = run_traced(writing(file)).calls[ANY]
    sizes = []
    for number in range(1, whole + 1):
        file.unlink()
        assert run_traced(writing(file), Moment(ANY, number)).status == -9
        sizes.append(file.stat().st_size if file.exists() else -1)
        file.touch()
    assert sizes == sorted(sizes)
    assert set(sizes) == set(range(-1, WRITES + 1))


def test_held(file: Path):
    """What is done while the child is held sees what it did so far; then the child goes on to its end."""
    seen: list[int] = []
    ended = run_traced(writing(file), Moment("write", 4), lambda: seen.append(file.stat().st_size))
    assert (seen, ended.status, file.stat().st_size) == ([3], 7, WRITES)


def test_another_runs_while_one_is_held(file: Path, tmp_path: Path):
    """Both are followed, each by its own calls."""
    inner: list[Ended] = []
    outer = run_traced(
        writing(file), Moment("write", 2), lambda: inner.append(run_traced(writing(tmp_path / "other")))
    )
    assert (outer.status, outer.calls["write"]) == (7, WRITES)
    assert [(ended.status, ended.calls["write"]) for ended in inner] == [(7, WRITES)]


def test_threads_are_followed(file: Path):
    """Calls of all threads count, and the kill ends them all."""

    def write_in_threads() -> int:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
        threads = [threading.Thread(target=os.write, args=(descriptor, b"x")) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 0

    assert run_traced(write_in_threads).calls["write"] == 3
    assert run_traced(write_in_threads, Moment("write", 3)).status == -9


def test_other_processes_are_told():
    """A process that the child starts is counted, so that a test can refuse it."""
    assert run_traced(lambda: subprocess.run(["true"], check=True).returncode).calls[FORK] == 1


@pytest.mark.parametrize("run", [run_forked, run_traced])
def test_output_and_status(run: Callable[[Callable[[], int]], Ended]):
    """What the child printed comes back, and an exception is a status with its traceback."""

    def fail() -> int:
        sys.stdout.write("said\n")
        raise ValueError("why")

    ended = run(fail)
    assert (ended.status, ended.output) == (99, "said\n")
    assert ended.errors.endswith("ValueError: why\n")
