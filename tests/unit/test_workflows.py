# SPDX-License-Identifier: Apache-2.0
"""The shapes that workflows pass and get."""

from __future__ import annotations

import pytest

from tripleo_messaging.errors import UnknownPasswordError, UsageError
from tripleo_messaging.workflows import get_passwords, rotate_passwords

OLD = {
    "RpcPassword": "old-rpc",
    "NotifyPassword": "old-notify",
    "RabbitPassword": "old-rabbit",
    "RabbitMonitorPassword": "old-monitor",
    "RabbitCookie": "OLDCOOKIE",
    "RabbitNotifyCookie": "OLDNOTIFYCOOKIE",
}
STACK = {"parameter_defaults": {**OLD, "NovaPassword": "old-nova"}}


def _changed(passwords: dict[str, str]) -> list[str]:
    return [name for name, value in passwords.items() if value != OLD[name]]


@pytest.mark.parametrize("password_list", [[], (), None], ids=["list", "tuple", "none"])
def test_an_empty_list_is_all(password_list: list[str] | None) -> None:
    """The workflow's default, an empty list, rotates all that rotates with the rest."""
    assert _changed(rotate_passwords(STACK, password_list)) == [
        "RpcPassword",
        "NotifyPassword",
        "RabbitPassword",
        "RabbitMonitorPassword",
    ]


def test_without_a_list() -> None:
    """Leaving the list out is the workflow's default too."""
    assert _changed(rotate_passwords(STACK)) == _changed(rotate_passwords(STACK, []))


@pytest.mark.parametrize("name", OLD)
def test_a_name_rotates_alone(name: str) -> None:
    """A list rotates what it names, a cookie too."""
    assert _changed(rotate_passwords(STACK, [name])) == [name]


def test_names_from_a_generator() -> None:
    """A generator of names is not taken for a list that has some and then read empty."""
    assert _changed(rotate_passwords(STACK, iter(["RpcPassword"]))) == ["RpcPassword"]


def test_other_services_pass_by() -> None:
    """A workflow passes its whole list; names of other services rotate nothing of ours."""
    assert _changed(rotate_passwords(STACK, ["NovaPassword"])) == []


def test_a_near_miss_is_refused() -> None:
    """A near miss does not rotate nothing in silence."""
    with pytest.raises(UnknownPasswordError, match="did you mean 'RpcPassword'"):
        rotate_passwords(STACK, ["RpcPasword"])


@pytest.mark.parametrize("text", ["RpcPassword", ""])
def test_a_text_is_not_a_list(text: str) -> None:
    """A text in place of the list is refused, an empty one too: it does not rotate everything."""
    with pytest.raises(UsageError, match="rotate_pw_list: found str"):
        rotate_passwords(STACK, text)


def test_answers_are_plain() -> None:
    """A workflow can publish the answers as they are: dicts of texts."""
    for answer in (rotate_passwords(STACK), get_passwords(STACK)):
        assert type(answer) is dict
        assert {type(value) for value in answer.values()} == {str}


def test_get_passwords() -> None:
    """What the stack has of ours comes back, and what it has not is not made."""
    assert get_passwords(STACK) == OLD
    assert get_passwords({"parameter_defaults": {"RpcPassword": "rpc", "NotifyPassword": ""}}) == {
        "RpcPassword": "rpc"
    }
    assert get_passwords(None) == {}


def test_get_passwords_of_a_legacy_stack() -> None:
    """The one password of a release before Rocky stands for both services."""
    assert get_passwords({"parameter_defaults": {"RabbitPassword": "old"}}) == {
        "RpcPassword": "old",
        "NotifyPassword": "old",
        "RabbitPassword": "old",
    }
