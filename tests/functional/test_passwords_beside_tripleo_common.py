# SPDX-License-Identifier: Apache-2.0
"""Our password rules beside those of the real tripleo-common 18.0.0, on the same calls."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.password_cases import PasswordCase, load_cases, outcomes
from tripleo_messaging import workflows
from tripleo_messaging.passwords import PASSWORD_SPECS, generate_passwords

with warnings.catch_warnings():
    # It imports passlib.pwd, which imports what Python and setuptools call deprecated.
    warnings.simplefilter("ignore")
    from tripleo_common import constants
    from tripleo_common.utils.passwords import generate_passwords as upstream_generate_passwords

CASES = load_cases()
SHARED = ("RpcPassword", "NotifyPassword", "RabbitPassword", "RabbitCookie")
OTHERS = Path(__file__).parents[1] / "unit" / "passwords" / "other_services_names.yaml"

Call = Callable[..., Mapping[str, Any]]


def _shared_outcomes(case: PasswordCase, call: Call) -> dict[str, str]:
    every = outcomes(case, call(*case.arguments))
    return {name: every[name] for name in SHARED}


def test_version() -> None:
    """The differences below are those of 18.0.0, the last of the line."""
    assert importlib.metadata.version("tripleo-common") == "18.0.0"


def test_shared_names() -> None:
    """Of our names tripleo-common has all but the cookie of a second cluster."""
    assert set(PASSWORD_SPECS) & set(constants.PASSWORD_PARAMETER_NAMES) == set(SHARED)
    assert set(PASSWORD_SPECS) - set(SHARED) == {"RabbitNotifyCookie"}


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.upstream_error], ids=lambda case: case.name
)
def test_upstream_keeps_and_rotates(case: PasswordCase) -> None:
    """Upstream does as we do, name for name, but for the differences that the case states."""
    stated = {**case.expected, **case.upstream}
    assert _shared_outcomes(case, upstream_generate_passwords) == {name: stated[name] for name in SHARED}


@pytest.mark.parametrize("case", [case for case in CASES if case.upstream_error], ids=lambda case: case.name)
def test_upstream_fails(case: PasswordCase) -> None:
    """Upstream dies of the stack that the case says it dies of."""
    with pytest.raises((TypeError, AttributeError)) as caught:
        upstream_generate_passwords(*case.arguments)
    assert caught.typename == case.upstream_error


@pytest.mark.parametrize("case", [case for case in CASES if not case.error], ids=lambda case: case.name)
def test_ours_keeps_and_rotates(case: PasswordCase) -> None:
    """In the same process, on the same calls, ours does what the case says."""
    assert _shared_outcomes(case, generate_passwords) == {name: case.expected[name] for name in SHARED}


def test_stated_differences_are_differences() -> None:
    """No case states a difference that is none."""
    same = [case.name for case in CASES if case.upstream.items() & case.expected.items()]
    assert same == []


def test_every_documented_difference_is_stated() -> None:
    """Each difference that the documentation promises is in the table."""
    differing = {case.name for case in CASES if case.upstream or case.upstream_error}
    assert differing >= {
        "empty-values",
        "legacy-password",
        "near-miss",
        "parameter-defaults-none",
        "rotate-all",
        "rotate-empty-list",
    }


def test_caller_updates_upstreams_answer() -> None:
    """Laid over upstream's answer, ours changes no kept password of any service."""
    stack_env = {"parameter_defaults": upstream_generate_passwords({"parameter_defaults": {}})}
    passwords = upstream_generate_passwords(stack_env)
    passwords.update(generate_passwords(stack_env))
    assert {name: passwords[name] for name in stack_env["parameter_defaults"]} == stack_env[
        "parameter_defaults"
    ]
    assert set(passwords) == set(constants.PASSWORD_PARAMETER_NAMES) | {"RabbitNotifyCookie"}


def test_caller_rotates_everything() -> None:
    """After upstream's rotation of all, ours brings the cookie back and leaves other services alone."""
    stack_env = {"parameter_defaults": upstream_generate_passwords({"parameter_defaults": {}})}
    passwords = upstream_generate_passwords(stack_env, True, [])
    upstreams = dict(passwords)
    passwords.update(workflows.rotate_passwords(stack_env, []))
    before = stack_env["parameter_defaults"]
    assert upstreams["RabbitCookie"] != before["RabbitCookie"] == passwords["RabbitCookie"]
    assert all(
        passwords[name] != before[name] for name in ("RpcPassword", "NotifyPassword", "RabbitPassword")
    )
    assert {name: passwords[name] for name in upstreams if name not in SHARED} == {
        name: upstreams[name] for name in upstreams if name not in SHARED
    }


def test_names_of_other_services_pass_by() -> None:
    """No name of tripleo-common's own list is taken for a near miss of ours."""
    assert set(generate_passwords(None, True, constants.PASSWORD_PARAMETER_NAMES)) == set(PASSWORD_SPECS)


def test_recorded_names_are_the_real_ones() -> None:
    """The list that the unit tests use is the real one."""
    recorded = yaml.safe_load(OTHERS.read_text(encoding="utf-8"))["18.0.0"]
    assert recorded == [name for name in constants.PASSWORD_PARAMETER_NAMES if name not in SHARED]
