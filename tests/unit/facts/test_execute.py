# SPDX-License-Identifier: Apache-2.0
"""Programs are bounded in time and output."""

from __future__ import annotations

import inspect
import os
import time
from pathlib import Path

import pytest

from tests.support.facts import is_gone
from tripleo_messaging.facts import read_external_facts
from tripleo_messaging.facts.execute import MAX_OUTPUT_BYTES, Run, run

ENVIRON = {"PATH": os.environ["PATH"]}


def script(tmp_path: Path, text: str) -> str:
    """Write a program, and return its path."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_output_and_errors_apart(tmp_path: Path) -> None:
    """Both streams are read to their ends; the exit status does not matter."""
    ended = run([script(tmp_path, "echo out; echo err >&2; exit 9")], ENVIRON, 20)
    assert ended == Run(output=b"out\n", errors=b"err\n")


def test_the_whole_group_is_killed(tmp_path: Path) -> None:
    """At the end of its time a program is killed, and what it started, too."""
    pid_file = tmp_path / "pid"
    begin = time.monotonic()
    ended = run([script(tmp_path, f"sleep 300 & echo $! > {pid_file}; wait")], ENVIRON, 0.5)
    assert ended.is_late
    assert time.monotonic() - begin < 10
    assert is_gone(int(pid_file.read_text()))


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_output_is_bounded(tmp_path: Path, stream: str) -> None:
    """A program that never stops printing is killed at the bound, long before its time is up."""
    begin = time.monotonic()
    ended = run([script(tmp_path, f"exec yes{stream}")], ENVIRON, 60)
    assert time.monotonic() - begin < 30
    assert ended.is_excessive
    assert max(len(ended.output), len(ended.errors)) <= MAX_OUTPUT_BYTES


def test_closed_streams_do_not_end_the_wait(tmp_path: Path) -> None:
    """A program that closes its output and runs on is waited for, and killed at the end of its time."""
    ended = run([script(tmp_path, "echo a=1; exec >&- 2>&-; sleep 300")], ENVIRON, 0.5)
    assert (ended.output, ended.is_late) == (b"a=1\n", True)


def test_standard_input_is_empty(tmp_path: Path) -> None:
    """A program that reads its standard input is not waited for."""
    assert run([script(tmp_path, "cat; echo done")], ENVIRON, 20).output == b"done\n"


def test_time_of_a_program() -> None:
    """A program has Facter's five minutes where no other time is given."""
    assert inspect.signature(read_external_facts).parameters["timeout_s"].default == 300.0
