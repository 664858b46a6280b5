# SPDX-License-Identifier: Apache-2.0
"""Looks at the arguments of every process of the machine while a test runs, those of its hosts included."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

# A tool of RabbitMQ takes most of a second, and a shell that Puppet starts lives as long as what it runs.
_PAUSE_S = 0.01


class ArgvWatch(threading.Thread):
    """Keeps each argument list that it has seen, once.

    Attributes:
        rounds: how often it has looked at all processes.
        longest_gap_s: between two rounds; what lives longer cannot have been missed.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._is_to_end = threading.Event()
        self._seen: set[bytes] = set()
        self.rounds = 0
        self.longest_gap_s = 0.0

    def run(self) -> None:
        """Look until told to end."""
        last = time.monotonic()
        while not self._is_to_end.wait(_PAUSE_S):
            for name in os.listdir("/proc"):  # noqa: PTH208 - a hundred times a second, it has to be cheap
                if name.isdecimal():
                    # A process may be gone by now.
                    with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:  # noqa: PTH123
                        self._seen.add(file.read())
            now = time.monotonic()
            self.longest_gap_s = max(self.longest_gap_s, now - last)
            self.rounds += 1
            last = now

    def seen_with(self, text: str) -> list[str]:
        """Return the argument lists with a text in them, as words."""
        wanted = text.encode()
        found = (arguments for arguments in tuple(self._seen) if wanted in arguments)
        return [arguments.replace(b"\0", b" ").decode(errors="replace").strip() for arguments in found]

    def end(self) -> None:
        """Look no more."""
        self._is_to_end.set()
        self.join()


@contextlib.contextmanager
def argv_watch() -> Iterator[ArgvWatch]:
    """Watch while the block runs."""
    watch = ArgvWatch()
    watch.start()
    try:
        yield watch
    finally:
        watch.end()
