# SPDX-License-Identifier: Apache-2.0
"""Heat environment files in folders, and the plan they must come to: a new case is a new folder.

The files are given in the order of their names; ``options.yaml`` may name the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tripleo_messaging.documents import ENVIRONMENT_LIMITS, Document, parse_document
from tripleo_messaging.model.plan import ServicePlan
from tripleo_messaging.plan.heat import plan_from_environments

CASES = sorted((Path(__file__).parents[2] / "suites" / "heat").iterdir())
NO_INPUT = ("expected.yaml", "options.yaml")


def test_cases_are_found():
    """The walk finds the cases."""
    assert len(CASES) > 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_environments(case: Path, monkeypatch: pytest.MonkeyPatch):
    """Environment files give the plan, the secrets, the origins and the findings that stand beside them."""
    monkeypatch.chdir(case)
    assert read(Path()) == yaml.safe_load(Path("expected.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_secret_is_shown(case: Path, monkeypatch: pytest.MonkeyPatch):
    """No finding, plan or repr of secrets shows a planted password."""
    monkeypatch.chdir(case)
    plan, secrets, findings = plan_from_environments(documents(Path()))
    assert "canary-" not in repr((plan, secrets, findings)) + "".join(map(str, findings))


def documents(folder: Path) -> Sequence[Document]:
    """Parse a case's environment files."""
    files = sorted(path for path in folder.iterdir() if path.name not in NO_INPUT)
    parsed = [parse_document(path.read_bytes(), file=str(path), limits=ENVIRONMENT_LIMITS) for path in files]
    assert all(findings == () for _, findings in parsed)
    return [document for document, _ in parsed if document]


def read(folder: Path) -> dict[str, Any]:
    """Read a case in the shape of the ``expected.yaml`` files; what has its default is left out."""
    options = folder / "options.yaml"
    release = yaml.safe_load(options.read_text(encoding="utf-8"))["release"] if options.exists() else None
    plan, secrets, findings = plan_from_environments(documents(folder), release=release)
    outcome: dict[str, Any] = {"findings": [str(finding) for finding in findings]}
    outcome["secrets"] = {name: secret.reveal() for name, secret in secrets.items()}
    if plan is not None:
        assert plan.read_from_heat
        outcome |= {"cell": plan.cell, "rpc": stated(plan.rpc), "notify": stated(plan.notify)}
        outcome["origins"] = {path: str(origin) for path, origin in plan.origins.items()}
    return outcome


def stated(service: ServicePlan) -> dict[str, Any]:
    """Return what a service's plan says beyond its defaults; the driver always."""
    fields = [field for field in attrs.fields(ServicePlan) if getattr(service, field.name) != field.default]
    assert not service.options
    values = attrs.asdict(
        attrs.evolve(service, options={}),
        filter=lambda field, value: field.name in ("host", "port") or value != field.default,
        value_serializer=_listed,
    )
    result = {field.name: values[field.name] for field in fields if field.name not in ("service", "options")}
    return {**result, "driver": service.driver} if service.service == "notify" else result


def _listed(_instance: object, _field: object, value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
