# SPDX-License-Identifier: Apache-2.0
"""A process inside a host that does with oslo.messaging what it is told, see `oslo_agent`.

It reads one JSON object a line, ``{"do": name, ...arguments}``, and answers each with one line,
``{"result": ...}`` or ``{"error": text}``. Transport URLs come in that way and no other, so no
password stands in an argument list. A process of its own, because only so is it in that host's
network, and because oslo.messaging's dependencies warn while they are imported.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.namespaces import NamespaceHost

_REPOSITORY = Path(__file__).resolve().parents[2]


class OsloClient:
    """The tests' end of the process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have something done and return its result.

        Raises:
            AssertionError: it failed there; the text says how.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{do}: {answer['error']}"
        return answer["result"]


@contextlib.contextmanager
def oslo_client(host: NamespaceHost) -> Iterator[OsloClient]:
    """Start the process on a host."""
    environment = ("env", f"PYTHONPATH={_REPOSITORY}", "PYTHONWARNINGS=ignore", "OSLO_LOCK_PATH=/run/oslo")
    command = [*host.prefix, *environment, sys.executable, "-m", "tests.support.oslo_agent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield OsloClient(process)
        finally:
            process.kill()
