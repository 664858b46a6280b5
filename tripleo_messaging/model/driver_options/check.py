# SPDX-License-Identifier: Apache-2.0
"""Check a set of driver options against one version of oslo.messaging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tripleo_messaging.model.driver_options.combinations import combination_problems
from tripleo_messaging.model.driver_options.spec import OptionSpec, OptionValue, coerce_option, expected
from tripleo_messaging.model.driver_options.tables import driver_options
from tripleo_messaging.model.finding import Severity, describe, did_you_mean
from tripleo_messaging.model.release import RELEASES, Version
from tripleo_messaging.model.secret import Secret

SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        "option-unknown": "error",
        "option-not-in-release": "error",
        "option-wrong-type": "error",
        "option-out-of-bounds": "error",
        "option-contradiction": "error",
        "option-without-effect": "warning",
        "option-differs-by-host": "warning",
        "option-tls-unverified": "warning",
        "option-deprecated": "note",
    }
)


class OptionProblem(NamedTuple):
    """One thing wrong with an option: its name, the rule's, what was found, the way out."""

    option: str
    rule: str
    message: str
    hint: str


def check_options(
    driver: str, options: Mapping[str, object], oslo_messaging: Version
) -> Iterator[OptionProblem]:
    """Yield every problem of the options that one transport is to have; no secret is shown.

    Args:
        driver: scheme of the transport URL.
        options: all options of the transport by name, those that come from a ``tls`` section
            included, as the combinations are judged on what stands here. Values are as written
            in YAML (texts), or of their own type, or a `Secret`.
        oslo_messaging: the version the services have, e.g. that of their release.

    Yields:
        Problems in the order of `options`, then those of combinations. Names that are no
        text are problems too. Each rule's severity is in `SEVERITIES`.
    """
    specs = driver_options(driver)
    values: dict[str, OptionValue] = {}
    for name, value in options.items():
        spec = specs.get(name)
        if spec is None or not spec.is_known_to(oslo_messaging):
            yield _name_problem(driver, str(name), oslo_messaging)
            continue
        problem = _value_problem(spec, value, oslo_messaging)
        if problem:
            yield problem
            continue
        values[name] = coerce_option(spec, value)
        yield from _deprecation(spec, oslo_messaging)
    for found in combination_problems(driver, values, oslo_messaging):
        yield OptionProblem(found.option, found.rule, found.message, found.hint)


def _name_problem(driver: str, name: str, version: Version) -> OptionProblem:
    spec = driver_options(driver).get(name)
    known = [each.name for each in driver_options(driver).values() if each.is_known_to(version)]
    if spec:
        message = f"{name} is not in {_package(version)}: {_history(spec, version)}"
        return OptionProblem(name, "option-not-in-release", message, _other_name(spec, driver, known))
    message = f"{describe(name)} is no option of the driver {driver} in {_package(version)}"
    hint = did_you_mean(name, known) or ("leave it out" if known else "the driver has no options")
    return OptionProblem(name, "option-unknown", message, hint)


def _history(spec: OptionSpec, version: Version) -> str:
    if spec.since and version < spec.since:
        return f"it came with {_version_text(spec.since)}{_first_release(spec.since)}"
    return f"it went with {_version_text(spec.until or ())}{_first_release(spec.until or ())}"


def _other_name(spec: OptionSpec, driver: str, known: list[str]) -> str:
    older = [each.name for each in driver_options(driver).values() if each.use_instead == spec.name]
    names = [name for name in (spec.use_instead, *older) if name in known]
    return f"use {names[0]}" if names else "leave it out, or choose the release that has it"


def _value_problem(spec: OptionSpec, value: object, version: Version) -> OptionProblem | None:
    shown = "a value that is not shown" if spec.is_secret or isinstance(value, Secret) else describe(value)
    try:
        coerced = coerce_option(spec, value)
    except ValueError:
        message = f"{spec.name}: {shown} is not {expected(spec)}"
        return OptionProblem(spec.name, "option-wrong-type", message, "correct the value or leave it out")
    choices = spec.choices_in(version)
    if spec.choices and coerced not in choices:
        message = f"{spec.name}: {_package(version)} has no {shown}"
        return OptionProblem(spec.name, "option-not-in-release", message, f"choose from {', '.join(choices)}")
    if not spec.is_in_bounds(coerced, version):
        message = f"{spec.name}: {shown} is not {_bounds(spec)}"
        return OptionProblem(spec.name, "option-out-of-bounds", message, "correct the value or leave it out")
    return None


def _bounds(spec: OptionSpec) -> str:
    least = "" if spec.minimum is None else f"at least {spec.minimum:g}"
    most = "" if spec.maximum is None else f"at most {spec.maximum:g}"
    return " and ".join(filter(None, (least, most)))


def _deprecation(spec: OptionSpec, version: Version) -> Iterator[OptionProblem]:
    if spec.deprecated_since and version >= spec.deprecated_since:
        message = f"{spec.name} is deprecated since {_version_text(spec.deprecated_since)} and will go"
        yield OptionProblem(spec.name, "option-deprecated", message, "leave it out")


def _version_text(version: Version) -> str:
    return ".".join(map(str, version))


def _first_release(version: Version) -> str:
    for release in RELEASES.values():
        if release.oslo_messaging >= version:
            return f" ({release.name})"
    return ""


def _package(version: Version) -> str:
    return f"oslo.messaging {_version_text(version)}{_first_release(version)}"
