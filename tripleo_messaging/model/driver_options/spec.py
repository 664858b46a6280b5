# SPDX-License-Identifier: Apache-2.0
"""One driver option: its type, and the versions of oslo.messaging that know it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Callable, Literal, Optional, Union

import attrs

from tripleo_messaging.model.release import Version
from tripleo_messaging.model.secret import Secret

OptionKind = Literal["integer", "number", "boolean", "string", "choice", "list"]
OptionValue = Union[bool, int, float, str, tuple[str, ...]]

# Source: openstack/oslo.config oslo_config/types.py, Boolean.
_BOOLEANS = MappingProxyType(
    {
        **dict.fromkeys(("true", "1", "on", "yes"), True),
        **dict.fromkeys(("false", "0", "off", "no"), False),
    }
)


@attrs.frozen(kw_only=True)
class OptionSpec:
    """An option of an oslo.messaging driver, as oslo.config declares it.

    Attributes:
        name: the name in the group, and in the query of a transport URL.
        kind: ``choice`` is a string out of `choices`; ``list`` is texts, in a file divided by commas.
        group: section of the configuration file, e.g. ``oslo_messaging_rabbit``.
        choices: every value ever allowed; `later_choices` tells those that came later, and when.
        since: first version that has it; ``None`` is before 4.6.1 (Mitaka).
        until: first version that has it no more; ``None`` is never.
        backports: stable versions before `since` that have it too, each run as (first, first without).
        minimum: least value; holds from `bounds_since` on, as does `maximum`.
        deprecated_since: first version that warns about it and will drop it.
        is_secret: its value is never shown.
        use_instead: the name that took its place.
    """

    name: str
    kind: OptionKind
    group: str
    choices: tuple[str, ...] = ()
    later_choices: tuple[tuple[str, Version], ...] = ()
    since: Optional[Version] = None
    until: Optional[Version] = None
    backports: tuple[tuple[Version, Version], ...] = ()
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    bounds_since: Optional[Version] = None
    deprecated_since: Optional[Version] = None
    is_secret: bool = False
    use_instead: str = ""

    def is_known_to(self, version: Version) -> bool:
        """Tell whether that version of oslo.messaging has the option."""
        if any(first <= version < past for first, past in self.backports):
            return True
        return (self.since or ()) <= version and (self.until is None or version < self.until)

    def choices_in(self, version: Version) -> tuple[str, ...]:
        """Return the values that may be chosen in that version."""
        later = dict(self.later_choices)
        return tuple(choice for choice in self.choices if later.get(choice, ()) <= version)

    def is_in_bounds(self, value: OptionValue, version: Version) -> bool:
        """Tell whether a coerced value is from `minimum` to `maximum` where that version looks at them."""
        if version < (self.bounds_since or ()) or not isinstance(value, (int, float)):
            return True
        least = -math.inf if self.minimum is None else self.minimum
        return least <= value <= (math.inf if self.maximum is None else self.maximum)


def coerce_option(spec: OptionSpec, value: object) -> OptionValue:
    """Return a value as the Python type of its option, read as oslo.config reads it.

    Texts are taken as written in YAML (``"true"``, ``"5"``). A boolean is no number and a number no
    boolean but for the texts and numbers 0 and 1. A `Secret` is revealed: the caller keeps it safe.

    Raises:
        ValueError: the value is of another kind; the text says what is expected and never shows the value.
    """
    plain = value.reveal() if isinstance(value, Secret) else value
    coerced = _COERCE[spec.kind](plain)
    if coerced is None or (spec.choices and coerced not in spec.choices):
        raise ValueError(f"expected {expected(spec)}")
    return coerced


def expected(spec: OptionSpec) -> str:
    """Say what values an option takes, e.g. ``a whole number``."""
    if spec.kind == "choice":
        return f"one of {', '.join(spec.choices)}"
    return _EXPECTED[spec.kind]


def _boolean(value: object) -> Optional[bool]:
    return _BOOLEANS.get(str(value).lower()) if isinstance(value, (bool, int, str)) else None


def _integer(value: object) -> Optional[int]:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _string(value: object) -> Optional[str]:
    # A line break would begin another option in a configuration file.
    if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).isprintable():
        return str(value)
    return None


def _list(value: object) -> Optional[tuple[str, ...]]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        return None
    parts = [part for part in map(_string, value) if part is not None and "," not in part]
    return tuple(parts) if len(parts) == len(value) else None


_COERCE: Mapping[str, Callable[[object], Optional[OptionValue]]] = MappingProxyType(
    {
        "integer": _integer,
        "number": _number,
        "boolean": _boolean,
        "string": _string,
        "choice": _string,
        "list": _list,
    }
)

_EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "string": "a text on one line",
        "list": "a list of texts without commas",
    }
)
