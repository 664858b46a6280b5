# SPDX-License-Identifier: Apache-2.0
"""Findings as lines, as rows, and as a table that fits a terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from tripleo_messaging.model.finding import Finding, Severity

LOG = logging.getLogger("tripleo_messaging.cli")

#: What each finding has in every output format, in this order; each is a text, empty where there is nothing.
COLUMNS = ("Severity", "Rule", "Where", "Path", "Found", "Hint")

_LEVELS: Mapping[Severity, int] = {"error": logging.ERROR, "warning": logging.WARNING, "note": logging.INFO}

Row = tuple[str, ...]


def log_findings(findings: Iterable[Finding]) -> None:
    """Report findings on stderr, a line each: ``file:line: severity: path: message (hint) [rule]``."""
    for finding in findings:
        LOG.log(_LEVELS[finding.severity], "%s", finding)


def finding_row(finding: Finding) -> Row:
    """Return the values of `COLUMNS`; ``Where`` is ``file:line``."""
    where = "" if finding.origin is None else str(finding.origin)
    return (finding.severity, finding.rule, where, finding.path, finding.message, finding.hint)


def stacked(row: Row) -> Row:
    """Put a row's six values into three cells, two in each: three columns are readable in 80 characters."""
    severity, rule, where, path, found, hint = row
    return (
        f"{severity}\n{rule}",
        f"{where}\n{path}" if where else path,
        f"{found}\n-> {hint}" if hint else found,
    )


#: Headings of what `stacked` returns.
STACKED_COLUMNS = ("Severity, Rule", "Where, Path", "Found -> Hint")
