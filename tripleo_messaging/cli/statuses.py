# SPDX-License-Identifier: Apache-2.0
"""How the process ends: exit statuses, and which error leads to which."""

from __future__ import annotations

import enum
import logging
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from tripleo_messaging import errors
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.model.finding import Finding, has_errors

LOG = logging.getLogger("tripleo_messaging.cli")


class Status(enum.IntEnum):
    """Exit statuses of the command."""

    FINE = 0
    ERRORS = 1
    WRONG_USAGE = 2
    COULD_NOT_LOOK = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


#: The first class that an exception is of decides.
STATUSES: tuple[tuple[type[Exception], Status], ...] = (
    (errors.UsageError, Status.WRONG_USAGE),
    (errors.UnreadableFileError, Status.COULD_NOT_LOOK),
    (errors.UnwritableFileError, Status.COULD_NOT_LOOK),
    (errors.LockedError, Status.COULD_NOT_LOOK),
    (errors.UnansweredError, Status.COULD_NOT_LOOK),
    (errors.MessagingError, Status.ERRORS),
)


def status_of(findings: Iterable[Finding], *, strict: bool) -> Status:
    """Return the status that findings lead to; with `strict` a warning counts as an error."""
    findings = tuple(findings)
    is_bad = has_errors(findings) or (strict and any(finding.severity == "warning" for finding in findings))
    return Status.ERRORS if is_bad else Status.FINE


def guarded(action: Callable[[], int]) -> int:
    """Run a command's work; report an exception in one line and return its status.

    A text of an exception that is not ours may quote the input, so it is not shown; where it was
    raised is told at the debug level.

    Raises:
        BrokenPipeError: nobody reads what is written.
    """
    try:
        return action()
    except BrokenPipeError:
        raise
    except errors.InvalidInputError as error:
        log_findings(error.findings)
        return Status.ERRORS
    except errors.MessagingError as error:
        status = next(status for kind, status in STATUSES if isinstance(error, kind))
        return _report(error, str(error), status)
    except OSError as error:
        reason = (error.strerror or "cannot be used").lower()
        return _report(error, f"{error.filename or 'the output'}: {reason}", Status.COULD_NOT_LOOK)
    except Exception as error:  # noqa: BLE001  whatever it is, its text must not be shown
        text = f"{_where(error)}; this is a fault of the program, please report it"
        return _report(error, text, Status.COULD_NOT_LOOK)


def _report(error: Exception, text: str, status: Status) -> Status:
    frames = "".join(traceback.format_tb(error.__traceback__))
    LOG.debug("Traceback (most recent call last):\n%s%s", frames, type(error).__name__)
    LOG.error("error: %s", text)
    return status


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"unforeseen {type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"
