# SPDX-License-Identifier: Apache-2.0
"""Findings about values of a plan."""

from __future__ import annotations

from tripleo_messaging.model.finding import Finding, Severity
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.url_checks import SEVERITIES, UrlProblem


def finding_at(
    plan: Plan, path: str, rule: str, message: str, hint: str, *, severity: Severity = "error"
) -> Finding:
    """Make a finding about a value of the plan, with the file and line it was written at."""
    return Finding(
        rule=rule, severity=severity, message=message, hint=hint, path=path, origin=plan.origin(path)
    )


def url_finding(plan: Plan, path: str, problem: UrlProblem) -> Finding:
    """Make a finding of what is wrong with a text that goes into a URL."""
    return finding_at(
        plan, path, problem.rule, problem.message, problem.hint, severity=SEVERITIES[problem.rule]
    )
