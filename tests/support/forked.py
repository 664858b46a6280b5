# SPDX-License-Identifier: Apache-2.0
"""Run the command in a process of its own that has all its modules already.

Output goes through descriptors 1 and 2 as in any process, and what a run leaves in memory ends with it. Left
out is the start of the interpreter, which takes most of the time of a short command.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from typing import IO, NoReturn

import tripleo_messaging.__main__ as program
from tests.support.forking import fork
from tripleo_messaging.cli.app import Commands
from tripleo_messaging.cli.main import main


def _import_commands() -> None:
    manager = Commands()
    for name in manager.commands:
        manager.find_command(name.split())


def run_forked(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run ``python -m tripleo_messaging`` with some arguments; return its status, output and errors."""
    _import_commands()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = fork()
        if not process:
            _be_the_command(arguments, environment, out, err)
        _, status = os.waitpid(process, 0)
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read()


def _be_the_command(
    arguments: Sequence[str], environment: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> NoReturn:
    status = 1
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout = sys.__stdout__ = _text(1, line_buffering=False)
        sys.stderr = sys.__stderr__ = _text(2, line_buffering=True)
        sys.argv = [str(program.__file__), *arguments]
        os.environ.clear()
        os.environ.update(environment)
        _forget_pytest()
        status = main()
    except BaseException:  # noqa: BLE001  as the interpreter does at the end of a process
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            # Closed where nobody read any more.
            with contextlib.suppress(ValueError):
                stream.flush()
        os._exit(status)


def _text(descriptor: int, *, line_buffering: bool) -> io.TextIOWrapper:
    binary = open(descriptor, "wb", closefd=False)  # noqa: SIM115  open until the process ends
    return io.TextIOWrapper(binary, encoding="utf-8", line_buffering=line_buffering)


def _forget_pytest() -> None:
    logging.getLogger().handlers.clear()
    logging.captureWarnings(capture=False)
    warnings.resetwarnings()
    warnings.simplefilter("ignore", DeprecationWarning)
