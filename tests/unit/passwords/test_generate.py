# SPDX-License-Identifier: Apache-2.0
"""Which passwords are kept, which are made, and which names are refused."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.password_cases import PasswordCase, load_cases, outcomes
from tripleo_messaging.errors import InvalidInputError, MessagingError, UnknownPasswordError, UsageError
from tripleo_messaging.passwords import PASSWORD_SPECS, existing_passwords, generate_passwords

CASES = load_cases()
ANSWERED = [case for case in CASES if case.error is None]
REFUSED = [case for case in CASES if case.error is not None]

OTHERS = yaml.safe_load((Path(__file__).parent / "other_services_names.yaml").read_text(encoding="utf-8"))

TEXTS = st.text(min_size=1, max_size=30)
STACKS = st.fixed_dictionaries(
    {"parameter_defaults": st.dictionaries(st.sampled_from([*PASSWORD_SPECS, "NovaPassword"]), TEXTS)}
)
MAYBE_EMPTY_STACKS = st.fixed_dictionaries(
    {
        "parameter_defaults": st.dictionaries(
            st.sampled_from([*PASSWORD_SPECS]), st.none() | st.just("") | TEXTS
        )
    }
)
NAME_LISTS = st.none() | st.lists(st.sampled_from([*PASSWORD_SPECS, "NovaPassword"]))


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.name)
def test_keep_and_rotate(case: PasswordCase) -> None:
    """Each name is kept, made or inherited as the case says."""
    assert outcomes(case, generate_passwords(*case.arguments)) == case.expected


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused(case: PasswordCase) -> None:
    """A call that cannot be meant as it stands is refused, with the way out and without a value."""
    with pytest.raises(MessagingError) as caught:
        generate_passwords(*case.arguments)
    assert str(caught.value) == case.error


@given(stack_env=MAYBE_EMPTY_STACKS, rotate=st.booleans(), names=NAME_LISTS)
def test_arguments_are_not_changed(
    stack_env: dict[str, dict[str, str]], rotate: bool, names: list[str] | None
) -> None:
    """The caller's stack and list stay as they were."""
    before = copy.deepcopy((stack_env, names))
    generate_passwords(stack_env, rotate, names)
    assert (stack_env, names) == before


@given(stack_env=MAYBE_EMPTY_STACKS, rotate=st.booleans(), names=NAME_LISTS)
def test_always_every_name_with_a_text(
    stack_env: dict[str, dict[str, str]], rotate: bool, names: list[str] | None
) -> None:
    """Whatever goes in, every name of the table comes out with a text that is not empty."""
    passwords = generate_passwords(stack_env, rotate, names)
    assert list(passwords) == list(PASSWORD_SPECS)
    assert all(isinstance(value, str) and value for value in passwords.values())


@given(stack_env=MAYBE_EMPTY_STACKS)
def test_a_second_call_keeps_everything(stack_env: dict[str, dict[str, str]]) -> None:
    """What was generated once is kept ever after."""
    first = generate_passwords(stack_env)
    assert generate_passwords({"parameter_defaults": first}) == first


@given(stack_env=MAYBE_EMPTY_STACKS)
def test_existing_is_what_generate_keeps(stack_env: dict[str, dict[str, str]]) -> None:
    """Reading a stack's passwords gives a part of what generating would, and makes none."""
    existing = existing_passwords(stack_env)
    assert existing.items() <= generate_passwords(stack_env).items()
    assert set(existing.values()) <= set(stack_env["parameter_defaults"].values())


@given(stack_env=STACKS, names=st.lists(st.sampled_from(list(PASSWORD_SPECS))))
def test_only_what_is_named_changes(stack_env: dict[str, dict[str, str]], names: list[str]) -> None:
    """A rotation changes what it names, and keeps the stack's other values."""
    before = existing_passwords(stack_env)
    after = generate_passwords(stack_env, rotate_passwords=True, rotate_pw_list=names)
    set_here = stack_env["parameter_defaults"]
    assert {
        name: before[name] for name in before if name in set_here and name not in names
    }.items() <= after.items()
    assert all(after[name] != before.get(name) for name in names)


def test_a_caller_updates_its_own() -> None:
    """A caller lays the answer over its passwords; those of other services stay."""
    passwords = {"NovaPassword": "nova", "RpcPassword": "rpc", "RabbitCookie": "fresh"}
    passwords.update(
        generate_passwords({"parameter_defaults": {"RpcPassword": "rpc", "RabbitCookie": "old"}})
    )
    assert passwords["NovaPassword"] == "nova"
    assert passwords["RpcPassword"] == "rpc"
    assert passwords["RabbitCookie"] == "old"


def test_generated_values_differ_from_each_other() -> None:
    """No two names share a generated value; the cookies of two clusters least of all."""
    passwords = generate_passwords()
    assert len(set(passwords.values())) == len(PASSWORD_SPECS)


@pytest.mark.parametrize("name", OTHERS["18.0.0"] + OTHERS["older"])
def test_names_of_other_services_pass_by(name: str) -> None:
    """No name of another service is taken for a near miss of ours."""
    assert set(generate_passwords(rotate_passwords=True, rotate_pw_list=[name])) == set(PASSWORD_SPECS)


@pytest.mark.parametrize(
    ("name", "close_to"),
    [
        ("RpcPasword", "RpcPassword"),
        ("rpcpassword", "RpcPassword"),
        ("rpc_password", "RpcPassword"),
        ("RPC-PASSWORD", "RpcPassword"),
        (" RpcPassword", "RpcPassword"),
        ("RpcPasswd", "RpcPassword"),
        ("RpcPasswords", "RpcPassword"),
        ("RpcPa\uff53sword", "RpcPassword"),
        ("notify_password", "NotifyPassword"),
        ("RabbitmqPassword", "RabbitPassword"),
        ("RabitCookie", "RabbitCookie"),
        ("RabbitNotifyCokie", "RabbitNotifyCookie"),
    ],
)
def test_near_misses(name: str, close_to: str) -> None:
    """A near miss is refused with the name that was probably meant."""
    with pytest.raises(UnknownPasswordError) as caught:
        generate_passwords(rotate_pw_list=[name])
    assert (caught.value.name, caught.value.close_to) == (name, close_to)


@st.composite
def _one_slip(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(list(PASSWORD_SPECS)))
    at = draw(st.integers(0, len(name) - 2))
    slips = (
        name[:at] + name[at + 1 :],
        name[:at] + "_" + name[at:],
        name[:at] + name[at].swapcase() + name[at + 1 :],
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        name[:at] + "x" + name[at + 1 :],
    )
    return draw(st.sampled_from(slips))


@given(name=_one_slip().filter(lambda name: name not in PASSWORD_SPECS))
def test_every_single_slip_is_a_near_miss(name: str) -> None:
    """One letter lost, swapped, replaced, of the other case, or one sign too many: always refused."""
    with pytest.raises(UnknownPasswordError):
        generate_passwords(rotate_pw_list=[name])


@pytest.mark.parametrize(
    ("names", "found"), [("RpcPassword", "str"), (b"RpcPassword", "bytes"), (5, "int"), ([None], "NoneType")]
)
def test_not_a_list_of_names(names: object, found: str) -> None:
    """A text is not taken for the list of its letters, nor anything else for a name."""
    with pytest.raises(UsageError) as caught:
        generate_passwords(rotate_passwords=True, rotate_pw_list=names)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"rotate_pw_list: found {found}, expected a list of names such as ['RpcPassword']"
    )


def test_a_number_becomes_a_text() -> None:
    """A number that YAML made of a password comes out as a text, which os_transport_url needs."""
    stack_env = {"parameter_defaults": {"RpcPassword": 123456, "NotifyPassword": 0}}
    passwords = generate_passwords(stack_env)
    assert (passwords["RpcPassword"], passwords["NotifyPassword"]) == ("123456", "0")
    assert existing_passwords(stack_env) == {"RpcPassword": "123456", "NotifyPassword": "0"}


def test_list_is_read_once() -> None:
    """Names may come from a generator."""
    stack_env = {"parameter_defaults": {"RpcPassword": "old", "NotifyPassword": "old"}}
    passwords = generate_passwords(stack_env, rotate_passwords=True, rotate_pw_list=iter(["RpcPassword"]))
    assert passwords["RpcPassword"] != "old"
    assert passwords["NotifyPassword"] == "old"


@pytest.mark.parametrize("call", [generate_passwords, existing_passwords])
def test_stack_of_another_shape(call: object) -> None:
    """A stack that is no mapping is refused with the shape that was expected."""
    with pytest.raises(InvalidInputError) as caught:
        call(["RpcPassword"])  # type: ignore[operator]
    assert str(caught.value) == (
        "error: $: found list, expected a mapping"
        " (stack_env is {'parameter_defaults': {'RpcPassword': ...}}) [wrong-type]"
    )


def test_errors_hold_no_password() -> None:
    """Neither text nor representation of an error shows a value of the stack."""
    stack_env = {"parameter_defaults": {"RpcPassword": ["canary"], "NotifyPassword": {"canary": 1}}}
    with pytest.raises(InvalidInputError) as caught:
        generate_passwords(stack_env)
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.args}"
