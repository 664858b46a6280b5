# SPDX-License-Identifier: Apache-2.0
"""Which passwords are kept and which are made anew: tripleo-common's rules, for our names alone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from tripleo_messaging.errors import InvalidInputError, UnknownPasswordError, UsageError
from tripleo_messaging.model.finding import Finding, json_path
from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate

_LEGACY_NAME = "RabbitPassword"
_HEIRS_OF_LEGACY = ("RpcPassword", "NotifyPassword")

# One wrong letter in RpcPassword leaves a ratio of 0.91; the nearest name of another service,
# PcsdPassword, has 0.87.
_NEAR_MISS_RATIO = 0.9


def generate_passwords(
    stack_env: Mapping[str, object] | None = None,
    rotate_passwords: bool = False,
    rotate_pw_list: Iterable[str] | None = None,
) -> dict[str, str]:
    """Return a value for every name in `PASSWORD_SPECS`: the existing one, or a new one.

    It stands beside tripleo-common's function of the same name and takes the same arguments:
    ``passwords.update(generate_passwords(stack_env))``. A name is kept where `stack_env` has it and
    it is not rotated. Differences, each on purpose:

    - An existing ``''`` or ``None`` counts as absent and gets a value; tripleo-common keeps it, and
      the broker then has a user without a password.
    - ``rotate_pw_list=[]`` rotates nothing; there it rotates everything.
    - ``RabbitCookie`` and ``RabbitNotifyCookie`` are rotated only when the list names them.
    - An existing ``RabbitPassword`` goes on as ``RpcPassword`` and ``NotifyPassword`` where these are
      absent and not rotated, as the brokers of releases before Rocky have it. Where the list rotates
      ``RabbitPassword`` alone they get its new value: the old one was to go.
    - A whole number becomes a text, as Heat would make it.

    Args:
        stack_env: ``{"parameter_defaults": {name: value}}``, never changed; other keys and the names of
            other services are not looked at. ``None``, and ``parameter_defaults: None``, are empty.
        rotate_passwords: replace passwords; when false, `rotate_pw_list` is checked but rotates nothing.
        rotate_pw_list: names to rotate; ``None`` is all that rotate with the rest. The names of other
            services pass by.

    Returns:
        Plain texts by name, in the order of the table; the caller keeps them from logs.

    Raises:
        UnknownPasswordError: a name in the list is nearly one of ours.
        UsageError: the list is not a list of names.
        InvalidInputError: `stack_env` has not the shape above, or a password in it is not a text.

    Source: tripleo-common 18.0.0, ``tripleo_common/utils/passwords.py`` and ``utils/plan.py``.
    """
    to_rotate = _names_to_rotate(rotate_pw_list)
    rotated = to_rotate if rotate_passwords else frozenset()
    existing = _set_passwords(stack_env)
    kept = {name: value for name, value in existing.items() if name not in rotated}
    passwords = {
        name: kept[name] if name in kept else generate(spec).reveal() for name, spec in PASSWORD_SPECS.items()
    }
    heirs = _heirs(existing) - rotated
    return {name: passwords[_LEGACY_NAME] if name in heirs else value for name, value in passwords.items()}


def existing_passwords(stack_env: Mapping[str, object] | None = None) -> dict[str, str]:
    """Return those passwords of ours that a stack has; none is made.

    What `generate_passwords` would keep, with the same rules for empty values and ``RabbitPassword``.

    Args:
        stack_env: as for `generate_passwords`.

    Returns:
        Plain texts by name, in the order of the table; a name without a value is not in it.

    Raises:
        InvalidInputError: as for `generate_passwords`.
    """
    existing = _set_passwords(stack_env)
    inherited = dict.fromkeys(_heirs(existing), existing.get(_LEGACY_NAME, ""))
    passwords = {**existing, **inherited}
    return {name: passwords[name] for name in PASSWORD_SPECS if name in passwords}


def _heirs(existing: Mapping[str, str]) -> frozenset[str]:
    """Name the passwords that live on under the legacy name."""
    if _LEGACY_NAME not in existing:
        return frozenset()
    return frozenset(name for name in _HEIRS_OF_LEGACY if name not in existing)


def _names_to_rotate(rotate_pw_list: Iterable[str] | None) -> frozenset[str]:
    if rotate_pw_list is None:
        return frozenset(name for name, spec in PASSWORD_SPECS.items() if spec.rotates_with_the_rest)
    return frozenset(_checked_names(rotate_pw_list)) & PASSWORD_SPECS.keys()


def _checked_names(rotate_pw_list: Iterable[str]) -> Iterator[str]:
    # A text is iterable too, and would be taken for a list of letters that are nobody's names.
    if isinstance(rotate_pw_list, (str, bytes)) or not isinstance(rotate_pw_list, Iterable):
        raise UsageError(_not_a_list_of_names(rotate_pw_list))
    for name in rotate_pw_list:
        if not isinstance(name, str):
            raise UsageError(_not_a_list_of_names(name))
        _refuse_near_miss(name)
        yield name


def _not_a_list_of_names(found: object) -> str:
    return f"rotate_pw_list: found {type(found).__name__}, expected a list of names such as ['RpcPassword']"


def _refuse_near_miss(name: str) -> None:
    if name in PASSWORD_SPECS:
        return
    by_letters = {_letters(ours): ours for ours in PASSWORD_SPECS}
    close = difflib.get_close_matches(_letters(name), by_letters, n=1, cutoff=_NEAR_MISS_RATIO)
    if close:
        raise UnknownPasswordError(name, by_letters[close[0]])


def _letters(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _set_passwords(stack_env: Mapping[str, object] | None) -> dict[str, str]:
    """Return our names that have a value, as texts."""
    environment = _mapping(stack_env, "$")
    defaults = _mapping(environment.get("parameter_defaults"), "$.parameter_defaults")
    values = {name: defaults.get(name) for name in PASSWORD_SPECS}
    findings = [_not_a_text(name, value) for name, value in values.items() if not _is_text_or_absent(value)]
    if findings:
        raise InvalidInputError(findings)
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            [
                Finding(
                    rule="wrong-type",
                    severity="error",
                    message=f"found {type(value).__name__}, expected a mapping",
                    hint="stack_env is {'parameter_defaults': {'RpcPassword': ...}}",
                    path=path,
                )
            ]
        )
    return value


def _is_text_or_absent(value: object) -> bool:
    return value is None or (isinstance(value, (str, int)) and not isinstance(value, bool))


def _not_a_text(name: str, value: object) -> Finding:
    return Finding(
        rule="wrong-type",
        severity="error",
        message=f"found {type(value).__name__}, expected a text",
        hint="put the password between quotes",
        path=json_path(("parameter_defaults", name)),
    )
