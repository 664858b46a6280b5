# SPDX-License-Identifier: Apache-2.0
"""The Python API in the shapes that tripleo-common's workflows use.

================================================= ==========================================================
workflow or action of tripleo-common              here
================================================= ==========================================================
``rotate_passwords(container, password_list=[])`` `rotate_passwords`
``get_passwords(container)``                      `get_passwords`
``generate_passwords(container)``                 `tripleo_messaging.passwords.generate_passwords`
================================================= ==========================================================

A workflow knows a stack by its name, the container; what it read of that stack, from Swift, from Heat or
from ``<stack>-passwords.yaml``, comes in here as ``stack_env``. Nothing here reads or writes: the workflow
lays the answer over its own passwords and stores them. Answers are plain dicts with plain texts, as a
workflow publishes them, so keep them from logs.

Source: tripleo-common, ``workbooks/plan_management.yaml`` and ``actions/parameters.py`` (Rocky to Victoria),
``utils/plan.py`` (Wallaby to Zed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tripleo_messaging.passwords.generate import existing_passwords, generate_passwords


def rotate_passwords(
    stack_env: Mapping[str, object] | None, password_list: Iterable[str] | None = ()
) -> dict[str, str]:
    """Replace the messaging passwords of a stack.

    Args:
        stack_env: ``{"parameter_defaults": {name: value}}``, never changed.
        password_list: names to rotate; others are kept. Empty, the workflow's own default, is all that
            rotate with the rest, which the cookies do not.

    Returns:
        A value for every password of ours, rotated or kept or, where the stack had none, new.

    Raises:
        UnknownPasswordError, UsageError, InvalidInputError: as `generate_passwords`.
    """
    # A generator is read before it is asked whether it is empty; a text is left to be refused.
    names = password_list if isinstance(password_list, (str, bytes)) else tuple(password_list or ())
    rotate_pw_list = None if names == () else names
    return generate_passwords(stack_env, rotate_passwords=True, rotate_pw_list=rotate_pw_list)


def get_passwords(stack_env: Mapping[str, object] | None) -> dict[str, str]:
    """Return the messaging passwords that a stack has, and make none.

    Args:
        stack_env: ``{"parameter_defaults": {name: value}}``, never changed.

    Returns:
        Values by name; a ``RabbitPassword`` of a release before Rocky stands for ``RpcPassword`` and
        ``NotifyPassword`` too where the stack has not these.

    Raises:
        InvalidInputError: as `generate_passwords`.
    """
    return existing_passwords(stack_env)
