# SPDX-License-Identifier: Apache-2.0
"""The keep/rotate table of ``tests/suites/passwords``: one file is one call and what comes of each name.

An outcome is ``kept`` (the stack's own value), ``legacy`` (what ``RabbitPassword`` got), ``new`` (made by
passlib), or else a text that says what is wrong with the value, without the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import attrs
import yaml

SUITE = Path(__file__).parents[1] / "suites" / "passwords"

_HEIRS_OF_LEGACY = ("RpcPassword", "NotifyPassword")
_GENERATED = re.compile(r"[0-9A-Za-z]{20,25}")


@attrs.frozen(kw_only=True)
class PasswordCase:
    """One call of ``generate_passwords``, and what is expected of us and of tripleo-common.

    Attributes:
        expected: outcome by name, for us; empty where `error` is set.
        error: the whole text of the error that we raise.
        upstream: outcome by name where tripleo-common does otherwise than `expected`.
        upstream_error: name of the exception that tripleo-common raises.
    """

    name: str
    description: str
    stack_env: Any
    rotate_passwords: bool = False
    rotate_pw_list: Optional[list[str]] = None
    expected: Mapping[str, str] = attrs.field(factory=dict)
    error: Optional[str] = None
    upstream: Mapping[str, str] = attrs.field(factory=dict)
    upstream_error: Optional[str] = None

    @property
    def arguments(self) -> tuple[Any, bool, Optional[list[str]]]:
        """The positional arguments of the call."""
        return (self.stack_env, self.rotate_passwords, self.rotate_pw_list)


def load_cases() -> list[PasswordCase]:
    """Return every case of the suite, in the order of the file names."""
    files = sorted(SUITE.glob("*.yaml"))
    return [
        PasswordCase(name=file.stem, **yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files
    ]


def outcomes(case: PasswordCase, passwords: Mapping[str, Any]) -> dict[str, str]:
    """Tell what became of each name in the answer to a case."""
    return {name: _outcome(case, name, passwords) for name in passwords}


def _outcome(case: PasswordCase, name: str, passwords: Mapping[str, Any]) -> str:
    before = (case.stack_env or {}).get("parameter_defaults") or {}
    value = passwords[name]
    if name in before and str(value) == str(before[name]):
        return "kept"
    if name in _HEIRS_OF_LEGACY and value == passwords["RabbitPassword"]:
        return "legacy"
    if isinstance(value, str) and _GENERATED.fullmatch(value) and value not in before.values():
        return "new"
    return f"neither kept nor new: a {type(value).__name__}"
