# SPDX-License-Identifier: Apache-2.0
"""A process inside a host that runs our commands in forked children, and kills or holds them, see `syscalls`.

It speaks as `oslo_agent` does: a JSON object a line in, one line out. It has imported everything that a
command needs, so that a child makes the calls of the command's work alone.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import attrs

from tests.support.namespaces import NamespaceHost
from tests.support.oslo_client import OsloClient
from tests.support.syscalls import Ended, Moment, run_forked, run_traced

_REPOSITORY = Path(__file__).resolve().parents[2]


@attrs.frozen(kw_only=True)
class Run:
    """How a command ended, and what ran while it was held.

    Attributes:
        status: exit status; -9 when it was killed.
        output: of the command.
        errors: of the command.
        calls: how often it made each system call, by the names of `syscalls`.
        meanwhile: the commands that were run while it was held.
    """

    status: int
    output: str
    errors: str
    calls: dict[str, int]
    meanwhile: tuple[Run, ...] = ()

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Run:
        """Read what `Deeds.run` returned."""
        return cls(**{**answer, "meanwhile": tuple(map(cls.from_answer, answer["meanwhile"]))})


class Commands:
    """The tests' end of the process."""

    def __init__(self, client: OsloClient) -> None:
        self._client = client

    def run(self, *argv: str, at: Optional[Moment] = None, hold: Sequence[Sequence[str]] = ()) -> Run:
        """Run a command, traced.

        Args:
            argv: its arguments, without the program's name.
            at: when it is killed, before that call is executed.
            hold: arguments of the commands that are run then instead, one after the other, while it is held.
        """
        moment = [at.name, at.number] if at else None
        answer = self._client.ask("run", argv=argv, at=moment, hold=[list(each) for each in hold])
        return Run.from_answer(answer)

    def quick(self, *argv: str) -> Run:
        """Run a command, untraced."""
        return Run.from_answer(self._client.ask("quick", argv=argv))

    def learn(self, *argv: str) -> Run:
        """Run a command, and import what it imported, so that the next need not."""
        return Run.from_answer(self._client.ask("learn", argv=argv))


@contextlib.contextmanager
def commands_on(host: NamespaceHost) -> Iterator[Commands]:
    """Start the process on a host."""
    # What is compiled must not be written by a command that counts its calls.
    environment = ("env", f"PYTHONPATH={_REPOSITORY}", "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
    command = [*host.prefix, *environment, sys.executable, "-m", "tests.support.rotation_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Commands(OsloClient(process))
        finally:
            process.kill()


class Deeds:
    """What the process can do; each public method is one deed."""

    def run(self, argv: list[str], at: Optional[list[Any]], hold: list[list[str]]) -> dict[str, Any]:
        """Run a command traced, see `Commands.run`."""
        held: list[dict[str, Any]] = []

        def meanwhile() -> None:
            held.extend(self.quick(each) for each in hold)

        moment = Moment(*at) if at else None
        ended = run_traced(_command(argv), moment, meanwhile if hold else None)
        return _answer_of(ended, held)

    def quick(self, argv: list[str]) -> dict[str, Any]:
        """Run a command untraced."""
        return _answer_of(run_forked(_command(argv)), [])

    def learn(self, argv: list[str]) -> dict[str, Any]:
        """Run a command, and import the modules that it had at its end."""
        modules = os.memfd_create("modules")

        def command_and_tell() -> int:
            status = _command(argv)()
            os.write(modules, "\n".join(sorted(sys.modules)).encode())
            return status

        ended = run_forked(command_and_tell)
        os.lseek(modules, 0, os.SEEK_SET)
        with os.fdopen(modules) as names:
            for name in names.read().split():
                # Some are made by others, and have no file of their own.
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        # A child that looks through all objects for garbage would copy them all.
        gc.freeze()
        return _answer_of(ended, [])


def _command(argv: Sequence[str]) -> Callable[[], int]:
    from tripleo_messaging.cli.main import main as run_command

    return functools.partial(run_command, list(argv))


def _answer_of(ended: Ended, held: list[dict[str, Any]]) -> dict[str, Any]:
    return {**attrs.asdict(ended), "calls": dict(ended.calls), "meanwhile": held}


def main() -> None:
    """Answer every line of standard input."""
    deeds = Deeds()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(deeds, request.pop("do"))(**request)}
        except Exception as error:  # noqa: BLE001 - the other end judges
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
