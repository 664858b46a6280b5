# SPDX-License-Identifier: Apache-2.0
"""The entry point of the command ``tripleo-messaging``."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Sequence
from typing import NoReturn, Optional

from tripleo_messaging.cli.statuses import Status


def run() -> NoReturn:
    """Run the command line of this process, and end it."""
    sys.exit(main())


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; ``None`` takes those of the process.

    Returns:
        The exit status, one of `Status`. Nothing is raised, whatever the arguments and files are.
    """
    _be_able_to_write_anything()
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return Status.BROKEN_PIPE
    except OSError as error:
        _forget_output()
        reason = (error.strerror or "").lower()
        sys.stderr.write(f"error: the output: {reason}\n")
        return Status.COULD_NOT_LOOK
    return status


def _run(argv: list[str]) -> int:
    # Imported here, so that an interrupt at any time is met by main().
    from tripleo_messaging.cli.app import MessagingApp

    app = MessagingApp()
    try:
        return int(app.run(argv))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Status.FINE
    finally:
        app.close_logs()


def _be_able_to_write_anything() -> None:
    # In a locale that cannot say a character, an escape is better than a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Else a log record that cannot be written is reported by a traceback on stderr.
    logging.raiseExceptions = False


def _forget_output() -> None:
    # Closed here, as the interpreter would try to write the rest again when it ends, and say so.
    with contextlib.suppress(OSError):
        sys.stdout.close()
