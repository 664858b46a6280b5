# SPDX-License-Identifier: Apache-2.0
"""Read a plan from its file, or from Heat environment files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import attrs

from tripleo_messaging.documents import ENVIRONMENT_LIMITS, PLAN_LIMITS, read_document
from tripleo_messaging.errors import InvalidPlanError, UsageError
from tripleo_messaging.model.finding import Finding, has_errors
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.plan.heat import plan_from_environments
from tripleo_messaging.plan.mapping import plan_from_document


@attrs.frozen(kw_only=True)
class PlanReading:
    """What reading a plan gave.

    Attributes:
        plan: ``None`` when nothing in the input is a plan.
        secrets: found in Heat environment files; empty for a plan file.
        findings: about the form of the input.
    """

    plan: Optional[Plan]
    secrets: Secrets
    findings: tuple[Finding, ...]


def read_plan(
    plan_file: Optional[Path] = None, environments: Sequence[Path] = (), release: Optional[str] = None
) -> PlanReading:
    """Read a plan, and find everything that is wrong with its form.

    Args:
        plan_file: the plan; not together with `environments`.
        environments: Heat environment files, of which later ones win. With neither, the embedded
            default plan is read: one RabbitMQ cluster for RPC and Notify.
        release: instead of the plan's own.

    Raises:
        UsageError: both are given.
        UnreadableFileError: a file is missing or may not be read.
    """
    if plan_file is not None and environments:
        raise UsageError("--plan and --environment do not go together: a plan is read from one of the two")
    reading = _read_environments(environments, release) if environments else _read_file(plan_file)
    if release is None or reading.plan is None:
        return reading
    origins = {path: origin for path, origin in reading.plan.origins.items() if path != "$.release"}
    return attrs.evolve(reading, plan=attrs.evolve(reading.plan, release=release, origins=origins))


def load_plan(
    plan_file: Optional[Path] = None, environments: Sequence[Path] = (), release: Optional[str] = None
) -> tuple[Plan, Secrets]:
    """Read a plan whose form is right; arguments as for `read_plan`.

    Raises:
        InvalidPlanError: the input has error findings; it carries all findings.
        UsageError, UnreadableFileError: as `read_plan`.
    """
    reading = read_plan(plan_file, environments, release)
    if reading.plan is None or has_errors(reading.findings):
        raise InvalidPlanError(reading.findings)
    return reading.plan, reading.secrets


def _read_file(plan_file: Optional[Path]) -> PlanReading:
    if plan_file is None:
        return PlanReading(plan=Plan(), secrets=Secrets(), findings=())
    document, findings = read_document(plan_file, PLAN_LIMITS)
    plan, problems = plan_from_document(document) if document else (None, ())
    return PlanReading(plan=plan, secrets=Secrets(), findings=(*findings, *problems))


def _read_environments(paths: Sequence[Path], release: Optional[str]) -> PlanReading:
    documents = []
    findings: list[Finding] = []
    for path in paths:
        document, problems = read_document(path, ENVIRONMENT_LIMITS)
        findings += problems
        documents += [document] if document else []
    plan, secrets, problems = plan_from_environments(documents, release=release)
    return PlanReading(plan=plan, secrets=secrets, findings=(*findings, *problems))
