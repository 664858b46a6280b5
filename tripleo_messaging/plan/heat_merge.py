# SPDX-License-Identifier: Apache-2.0
"""Heat environment files, given one after the other, merged as Heat does it.

Source: openstack/heat (526defd0) ``heat/common/environment_util.py``, ``merge_environments``. Deployments up
to victoria were merged by python-heatclient ``template_utils.deep_update`` instead, which differs for our
parameters in one point: there a later null takes a value back.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

import attrs

from tripleo_messaging.documents import Document, is_null
from tripleo_messaging.model.finding import Finding, Path, Severity, describe, did_you_mean, json_path
from tripleo_messaging.model.heat_parameters import HEAT_PARAMETERS, HeatParameter
from tripleo_messaging.plan.heat_strategies import (
    MERGING,
    OVERWRITE,
    CannotMergeError,
    Setting,
    merged_setting,
)
from tripleo_messaging.plan.heat_values import kind_of

PARAMETERS = "parameters"
DEFAULTS = "parameter_defaults"
REGISTRY = "resource_registry"
STRATEGIES = "parameter_merge_strategies"
SECTIONS = (PARAMETERS, DEFAULTS, REGISTRY, STRATEGIES, "encrypted_param_names", "event_sinks")

# The registry file that comes before every -e says so since wallaby; before that the client merged it.
_STRATEGIES_OF_THE_BASE = {"ServiceNetMap": "merge"}

_NEAR = 0.85
_NEAR_PREFIXES = ("Rpc", "Notif", "Rabbit")
# Upstream's own, of other services.
_NOT_OURS = frozenset({"RabbitCookieSalt", "VrtsRabbitPassword"})


@attrs.frozen(kw_only=True)
class Environment:
    """What a row of environment files comes to.

    Attributes:
        parameters: those of `HEAT_PARAMETERS` that are set, ``parameters`` over ``parameter_defaults``.
        registry: the entries of ``resource_registry``.
    """

    parameters: Mapping[str, Setting]
    registry: Mapping[str, Setting]


def merge_environments(documents: Iterable[Document]) -> tuple[Environment, tuple[Finding, ...]]:
    """Merge environment files, a later one over an earlier.

    A parameter is overwritten as a whole, unless ``parameter_merge_strategies`` says ``merge`` or
    ``deep_merge``; a null overwrites nothing; registry entries are overwritten one by one. Parameters
    that are not in `HEAT_PARAMETERS` are passed by.
    """
    merger = _Merger()
    for document in documents:
        merger.apply(document)
    parameters = {**merger.sections[DEFAULTS], **merger.sections[PARAMETERS]}
    return Environment(parameters=parameters, registry=merger.sections[REGISTRY]), tuple(merger.findings)


class _Merger:
    def __init__(self) -> None:
        self.sections: dict[str, dict[str, Setting]] = {DEFAULTS: {}, PARAMETERS: {}, REGISTRY: {}}
        self.findings: list[Finding] = []
        self._strategies = dict(_STRATEGIES_OF_THE_BASE)

    def apply(self, document: Document) -> None:
        data = document.data
        if is_null(data):
            return
        if not isinstance(data, dict):
            self._add(
                document, (), "not-a-mapping", f"is {kind_of(data)}, expected a Heat environment, a mapping"
            )
            return
        self._check_sections(document, data)
        strategies = self._section(document, data, STRATEGIES)
        self._check_strategies(document, strategies)
        for section in (PARAMETERS, DEFAULTS):
            for name, value in self._section(document, data, section).items():
                self._apply_parameter(document, (section, name), value, strategies)
        for name, value in self._section(document, data, REGISTRY).items():
            if not is_null(value):
                self.sections[REGISTRY][name] = _setting(document, (REGISTRY, name), value)

    def _add(
        self,
        document: Document,
        path: Path,
        rule: str,
        message: str,
        *,
        hint: str = "",
        severity: Severity = "error",
    ) -> None:
        origin = document.origin(path)
        self.findings.append(
            Finding(
                rule=rule, severity=severity, path=json_path(path), message=message, hint=hint, origin=origin
            )
        )

    def _check_sections(self, document: Document, data: Mapping[str, Any]) -> None:
        for name in data:
            if name not in SECTIONS:
                hint = f"put it under {DEFAULTS}" if name in HEAT_PARAMETERS else did_you_mean(name, SECTIONS)
                message = f"{describe(name)} is no section of a Heat environment, and Heat refuses the file"
                self._add(document, (name,), "unknown-section", message, hint=hint)

    def _section(self, document: Document, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        section = data.get(name, {})
        if is_null(section):
            message = "is empty, and newer Heat refuses the file"
            self._add(
                document, (name,), "empty-section", message, hint="remove the section", severity="warning"
            )
            return {}
        if not isinstance(section, dict):
            self._add(document, (name,), "not-a-mapping", f"is {kind_of(section)}, expected a mapping")
            return {}
        return section

    def _check_strategies(self, document: Document, strategies: Mapping[str, Any]) -> None:
        known = (OVERWRITE, *MERGING)
        for name, strategy in strategies.items():
            if strategy not in known and (name == "default" or name in HEAT_PARAMETERS):
                message = f"{describe(strategy)} is no merge strategy ({', '.join(known)}); Heat passes it by"
                self._add(document, (STRATEGIES, name), "unknown-merge-strategy", message, severity="warning")

    def _apply_parameter(
        self, document: Document, path: Path, value: object, strategies: Mapping[str, Any]
    ) -> None:
        section, name = str(path[0]), str(path[1])
        parameter = HEAT_PARAMETERS.get(name)
        if parameter is None:
            self._check_near_miss(document, path, name)
        elif parameter.type == "json" and not is_null(value) and not isinstance(value, dict):
            self._add(document, path, "wrong-type", f"is {kind_of(value)}, expected a mapping")
        elif not is_null(value):
            self._merge(
                document, self.sections[section], parameter, _setting(document, path, value), strategies
            )

    def _check_near_miss(self, document: Document, path: Path, name: str) -> None:
        close = _near_miss(name)
        if close:
            message = f"{describe(name)} is no parameter known here, and is passed by"
            self._add(
                document,
                path,
                "unknown-parameter",
                message,
                hint=f"did you mean {close!r}?",
                severity="warning",
            )

    def _merge(
        self,
        document: Document,
        section: dict[str, Setting],
        parameter: HeatParameter,
        new: Setting,
        strategies: Mapping[str, Any],
    ) -> None:
        strategy = self._strategy(document, parameter.name, strategies)
        if strategy not in MERGING:
            section[parameter.name] = new
            return
        try:
            section[parameter.name] = merged_setting(parameter, section.get(parameter.name), new, strategy)
        except CannotMergeError as error:
            message = f"cannot be merged by the strategy {strategy!r}: {error}"
            self._add(document, new.path, "cannot-merge", message)

    def _strategy(self, document: Document, name: str, strategies: Mapping[str, Any]) -> str:
        default = strategies.get("default", OVERWRITE)
        asked = strategies.get(name, self._strategies.get(name, default))
        chosen = str(asked if asked in (OVERWRITE, *MERGING) else default)
        known = self._strategies.setdefault(name, chosen)
        if known != chosen:
            path = (STRATEGIES, name if name in strategies else "default")
            message = f"{chosen!r} for {name} contradicts {known!r}, which an earlier file says"
            self._add(document, path, "conflicting-merge-strategy", message)
        return known


def _setting(document: Document, path: Path, value: object) -> Setting:
    parameter = HEAT_PARAMETERS.get(str(path[-1])) if len(path) == 2 and path[0] != REGISTRY else None  # noqa: PLR2004
    if isinstance(value, dict) and parameter is not None and parameter.type == "json":
        value = {name: _setting(document, (*path, name), inner) for name, inner in value.items()}
    return Setting(value=value, origin=document.origin(path), path=path)


def _near_miss(name: str) -> Optional[str]:
    if name in _NOT_OURS:
        return None
    ours = {known.lower(): known for known in HEAT_PARAMETERS if known.startswith(_NEAR_PREFIXES)}
    close = difflib.get_close_matches(name.lower()[:64], ours, n=1, cutoff=_NEAR)
    return ours[close[0]] if close else None


def is_environment(document: Document) -> bool:
    """Tell whether a document is an environment at all: a mapping, or empty."""
    return isinstance(document.data, dict) or is_null(document.data)


def documents_with(
    documents: Sequence[Document], entries: Mapping[str, Mapping[str, str]]
) -> Sequence[Document]:
    """Return the documents, those that `entries` names with these registry entries where they lack them."""
    return [_with(document, entries.get(document.file, {})) for document in documents]


def _with(document: Document, entries: Mapping[str, str]) -> Document:
    data = document.data
    if not entries or not isinstance(data, dict):
        return document
    registry = data.get(REGISTRY)
    registry = registry if isinstance(registry, dict) else {}
    return attrs.evolve(document, data={**data, REGISTRY: {**entries, **registry}})
