# SPDX-License-Identifier: Apache-2.0
"""A run in which nothing was really tested is a failure, and none fails because the machine is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

# How long an example takes depends on what else runs; speed is for the benchmarks.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_RAN = ("passed", "failed", "error", "xfailed", "xpassed")
_QUIET_STATUSES = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
_REASON = pytest.StashKey[str]()


def nothing_tested(outcomes: Mapping[str, int]) -> str:
    """Return why the run proves nothing, or an empty text.

    Args:
        outcomes: how many tests had each outcome, by pytest's names (``passed``, ``skipped`` …).
    """
    if any(outcomes.get(name) for name in _RAN):
        return ""
    skipped = outcomes.get("skipped", 0)
    return f"all {skipped} tests were skipped" if skipped else "no test was collected"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turn the exit status of a run that tested nothing into a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly or exitstatus not in _QUIET_STATUSES:
        return
    reason = nothing_tested({name: len(reports) for name, reports in reporter.stats.items()})
    if reason:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[_REASON] = reason


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why."""
    reason = config.stash.get(_REASON, "")
    if reason:
        terminalreporter.write_line(f"FAILED: {reason}", red=True)
