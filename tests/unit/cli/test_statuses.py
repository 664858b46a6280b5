# SPDX-License-Identifier: Apache-2.0
"""Exceptions to exit statuses, without a word of what they may quote."""

from __future__ import annotations

import inspect
import logging

import pytest

from tripleo_messaging import errors
from tripleo_messaging.cli.statuses import Status, guarded, status_of
from tripleo_messaging.model.finding import Finding

CASES = {
    errors.UsageError("wrong"): Status.WRONG_USAGE,
    errors.UnreadableFileError("a.yaml", "no such file"): Status.COULD_NOT_LOOK,
    errors.FileTooLargeError("a.yaml", 10): Status.COULD_NOT_LOOK,
    errors.UnwritableFileError("a.yaml", "read-only"): Status.COULD_NOT_LOOK,
    errors.LockedError("a", "busy"): Status.COULD_NOT_LOOK,
    errors.InvalidInputError(()): Status.ERRORS,
    errors.InvalidPlanError(()): Status.ERRORS,
    errors.MissingSecretError("RpcPassword"): Status.ERRORS,
    errors.UnknownKeyError("key", "tree"): Status.ERRORS,
    errors.UnknownPasswordError("RpcPasswrd", "RpcPassword"): Status.ERRORS,
    errors.InvalidTransportUrlError("no host"): Status.ERRORS,
    errors.UnusableKeyError("holds no RSA key"): Status.ERRORS,
    errors.UnusableStoreError("a.store", "is damaged"): Status.COULD_NOT_LOOK,
    errors.StaleStoreError("a.store"): Status.COULD_NOT_LOOK,
    errors.RotationError("no rotation is under way"): Status.ERRORS,
    errors.UnansweredError("ctl-0:5672", "no answer"): Status.COULD_NOT_LOOK,
    errors.IncompleteAnswerError("ctl-0", "does not see ctl-1"): Status.COULD_NOT_LOOK,
    errors.RefusedLoginError("ctl-0:5672", "refused"): Status.COULD_NOT_LOOK,
    PermissionError(13, "Permission denied", "/etc/x"): Status.COULD_NOT_LOOK,
    OSError(5, "Input/output error"): Status.COULD_NOT_LOOK,
    KeyError("canary"): Status.COULD_NOT_LOOK,
    RecursionError("canary"): Status.COULD_NOT_LOOK,
}


def raising(error):
    """Return a function that raises the error."""

    def action():
        raise error

    return action


@pytest.mark.parametrize("error", CASES, ids=lambda error: type(error).__name__)
def test_every_error_has_its_status(error):
    """None comes through."""
    assert guarded(raising(error)) == CASES[error]


def test_every_error_of_ours_is_among_the_cases():
    """An exception added to the tree gets a status here."""
    ours = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    bases = {errors.MessagingError, errors._PathError}  # noqa: SLF001  the abstract ones
    assert ours - bases == {type(error) for error in CASES if isinstance(error, errors.MessagingError)}


def test_a_text_of_a_foreign_exception_is_not_shown(caplog):
    """Neither in the message nor, at the debug level, in the traceback; where it was raised is."""
    caplog.set_level(logging.DEBUG)
    error = RuntimeError("canary")
    error.__cause__ = ValueError("canary")
    guarded(raising(error))
    assert "canary" not in caplog.text
    assert "unforeseen RuntimeError in test_statuses.py, line" in caplog.text
    assert "in action" in caplog.text


SEVERITIES = {
    (): (Status.FINE, Status.FINE),
    ("note",): (Status.FINE, Status.FINE),
    ("note", "warning"): (Status.FINE, Status.ERRORS),
    ("warning", "error"): (Status.ERRORS, Status.ERRORS),
}


@pytest.mark.parametrize("severities", SEVERITIES)
def test_findings_decide_the_status(severities):
    """Errors always, warnings with --strict, notes never."""
    findings = [Finding(rule="r", severity=severity, message="m") for severity in severities]
    assert (status_of(findings, strict=False), status_of(findings, strict=True)) == SEVERITIES[severities]
