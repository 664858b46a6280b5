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
from tests.support.stores import store_files
from tripleo_messaging import workflows
from tripleo_messaging.cli.main import main
from tripleo_messaging.passwords import PASSWORD_SPECS, generate_passwords

with warnings.catch_warnings():
    # It imports passlib.pwd, which imports what Python and setuptools call deprecated.
    warnings.simplefilter("ignore")
    from tripleo_common import constants
    from tripleo_common.utils import plan
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


OURS_ALONE = {"RabbitNotifyCookie", "RabbitMonitorPassword"}


def test_shared_names() -> None:
    """Of our names tripleo-common has all but those of a second cluster and of who looks at brokers."""
    assert set(PASSWORD_SPECS) & set(constants.PASSWORD_PARAMETER_NAMES) == set(SHARED)
    assert set(PASSWORD_SPECS) - set(SHARED) == OURS_ALONE


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
    assert set(passwords) == set(constants.PASSWORD_PARAMETER_NAMES) | OURS_ALONE


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


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    """Write the passwords of a new stack as ``openstack overcloud deploy`` does."""
    path = tmp_path / "overcloud-passwords.yaml"
    _deploy(path, {})
    return path


def _deploy(path: Path, stack_env: Mapping[str, Any]) -> None:
    """Write what upstream makes of a stack, with the call and the form of python-tripleoclient 16."""
    passwords = plan.generate_passwords(None, None, "overcloud", passwords_env=_environment(stack_env))
    with path.open("w") as file:
        yaml.safe_dump(_environment(passwords), file, default_flow_style=False)
    path.chmod(0o600)


def _environment(defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameter_defaults": {**defaults}}


def _defaults(path: Path) -> dict[str, Any]:
    defaults: dict[str, Any] = yaml.safe_load(path.read_text())["parameter_defaults"]
    return defaults


def test_a_file_of_upstreams_is_imported(stack_file: Path, tmp_path: Path) -> None:
    """Each of the names that both know has the value that upstream wrote."""
    store = store_files(tmp_path)
    assert main(["passwords", "import", str(stack_file), *store.words]) == 0
    assert store.texts == {name: _defaults(stack_file)[name] for name in SHARED}


def test_a_file_that_we_exported_is_upstreams(stack_file: Path, tmp_path: Path) -> None:
    """Upstream keeps our values and every other one of the file, keys and mappings included."""
    store = store_files(tmp_path)
    before = _defaults(stack_file)
    assert main(["passwords", "generate", *store.words]) == 0
    assert main(["passwords", "export", str(stack_file), *store.words]) == 0
    exported = _defaults(stack_file)
    assert exported == {**before, **store.texts}
    assert all(exported[name] != before[name] for name in SHARED)
    kept = plan.generate_passwords(None, None, "overcloud", passwords_env=_environment(exported))
    assert kept == {name: exported[name] for name in before}
    assert upstream_generate_passwords(_environment(exported)) == kept


def test_a_deployment_between_changes_nothing(stack_file: Path, tmp_path: Path, capsys: Any) -> None:
    """Upstream writes the file anew, without names it does not know; the others are the store's."""
    store = store_files(tmp_path)
    main(["passwords", "generate", *store.words])
    main(["passwords", "export", str(stack_file), *store.words])
    _deploy(stack_file, _defaults(stack_file))
    assert not set(store.texts) - set(SHARED) & set(_defaults(stack_file))
    capsys.readouterr()
    assert main(["passwords", "import", str(stack_file), *store.words]) == 0
    assert capsys.readouterr().out == f"The same: {', '.join(sorted(SHARED))}\n"


def test_a_new_file_of_ours_is_enough_for_upstream(tmp_path: Path) -> None:
    """Of a stack that has none yet it keeps our values, and makes the other services'."""
    store, path = store_files(tmp_path), tmp_path / "new-passwords.yaml"
    main(["passwords", "generate", *store.words])
    main(["passwords", "export", str(path), *store.words])
    made = upstream_generate_passwords(_environment(_defaults(path)))
    assert {name: made[name] for name in SHARED} == {name: store.texts[name] for name in SHARED}
    assert set(made) == set(constants.PASSWORD_PARAMETER_NAMES)
