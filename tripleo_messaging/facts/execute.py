# SPDX-License-Identifier: Apache-2.0
"""Running a program of external facts, bounded in time and output.

Source: facter 4.3.0, ``lib/facter/custom_facts/core/execution/base.rb``, ``execute_command``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Optional

import attrs

#: How much of standard output, and of standard error, is taken.
MAX_OUTPUT_BYTES = 4 * 1024 * 1024

#: What Facter sets, so that programs print what programs can read.
LOCALE = {"LC_ALL": "C", "LANG": "C"}

_AFTER_KILL_S = 1.0


@attrs.frozen(kw_only=True)
class Run:
    """How a program ended; its exit status does not matter to Facter.

    Attributes:
        output: its standard output; empty when it was not complete in time.
        errors: its standard error, likewise.
        is_late: whether it was killed at the end of its time.
        is_excessive: whether it was killed as it printed more than `MAX_OUTPUT_BYTES`.
    """

    output: bytes
    errors: bytes
    is_late: bool = False
    is_excessive: bool = False


def run(words: Sequence[str], environ: Mapping[str, str], timeout_s: float) -> Run:
    """Run a program without a shell, in a process group of its own, and wait until its output ends.

    Its standard input is empty. When time is up, or output too long, the whole group is killed.

    Args:
        words: path and arguments. A text without ``#!`` is run by ``/bin/sh``, as ``execvp`` does.
        environ: its environment, but for `LOCALE`.
        timeout_s: how long it may take.

    Raises:
        OSError: it cannot be started.
    """
    deadline = time.monotonic() + timeout_s
    process = _started(words, {**environ, **LOCALE})
    try:
        return _watched(process, deadline)
    finally:
        if process.poll() is None:
            _kill_group(process)
            process.wait()


def _started(words: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return _popen(words, environ)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    return _popen(("/bin/sh", *words), environ)


def _popen(words: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  an operator's own program, and no shell
        words,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _watched(process: subprocess.Popen[bytes], deadline: float) -> Run:
    def kill() -> None:
        _kill_group(process)

    streams = (_Stream(process.stdout, kill), _Stream(process.stderr, kill))
    for stream in streams:
        stream.join(max(deadline - time.monotonic(), 0))
    is_late = any(stream.is_alive() for stream in streams) or not _has_ended(process, deadline)
    complete = [stream.content if not stream.is_alive() else None for stream in streams]
    if is_late:
        kill()
        for stream in streams:
            stream.join(_AFTER_KILL_S)
    return Run(
        output=complete[0] or b"",
        errors=complete[1] or b"",
        is_late=is_late,
        is_excessive=any(stream.is_excessive for stream in streams),
    )


def _has_ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class _Stream(threading.Thread):
    """Reads a stream to its end, or to the bound."""

    def __init__(self, stream: Optional[IO[bytes]], kill: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.content: Optional[bytes] = None
        self.is_excessive = False
        self._stream = stream
        self._kill = kill
        self.start()

    def run(self) -> None:
        """Read."""
        if self._stream is None:
            return
        with self._stream as stream:
            content = stream.read(MAX_OUTPUT_BYTES + 1)
            self.is_excessive = len(content) > MAX_OUTPUT_BYTES
            self.content = b"" if self.is_excessive else content
            if self.is_excessive:
                self._kill()
