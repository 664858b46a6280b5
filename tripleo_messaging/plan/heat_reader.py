# SPDX-License-Identifier: Apache-2.0
"""Settings of Heat parameters, read by the type of their parameter, with defaults and legacy names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Optional

from tripleo_messaging.documents import is_null
from tripleo_messaging.model.finding import Finding, Origin, Severity, json_path
from tripleo_messaging.model.heat_parameters import HEAT_PARAMETERS, LEGACY_PARAMETERS, HeatParameter
from tripleo_messaging.plan.heat_strategies import Setting
from tripleo_messaging.plan.heat_values import (
    HeatValueError,
    is_read_otherwise,
    kind_of,
    read_boolean,
    read_list,
    read_number,
    read_switch,
    read_text,
)

_READERS: Mapping[str, Callable[[HeatParameter, Any], Any]] = MappingProxyType(
    {
        "string": read_text,
        "number": read_number,
        "boolean": read_boolean,
        "comma_delimited_list": read_list,
    }
)


class SettingsReader:
    """Reads parameters; what is wrong with them, and where the values stand, gathers beside.

    Attributes:
        findings: of the parameters read so far, each value once.
        origins: where the values stand, by path in the plan.
    """

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self.findings: list[Finding] = []
        self.origins: dict[str, Origin] = {}
        self._settings = settings
        self._known: dict[int, Any] = {}

    def is_set(self, name: str) -> bool:
        """Tell whether a parameter has a value under its own name."""
        return name in self._settings

    def is_stated(self, name: str) -> bool:
        """Tell whether a parameter has a value under its own name or its legacy one."""
        return self._setting(name) is not None

    def origin(self, name: str) -> Optional[Origin]:
        """Return where a parameter's value stands, under its own name or its legacy one."""
        setting = self._setting(name)
        return setting.origin if setting else None

    def read(self, name: str) -> Any:
        """Return a typed value, of the legacy parameter if need be; ``None`` if unset or of a wrong type."""
        setting = self._setting(name)
        if setting is None:
            return None
        parameter = HEAT_PARAMETERS[name]
        if parameter.becomes.startswith("$"):
            self._note_origin(parameter.becomes, setting.origin)
        if id(setting) not in self._known:
            self._known[id(setting)] = self._typed(parameter, setting)
        return self._known[id(setting)]

    def read_or_default(self, name: str) -> Any:
        """Return a parameter's typed value, or Heat's default."""
        value = self.read(name)
        if value is not None:
            return value
        parameter = HEAT_PARAMETERS[name]
        return parameter.default == "true" if parameter.switch else parameter.default

    def read_entry(self, name: str, key: str, becomes: str) -> Optional[str]:
        """Return a text out of a json parameter; ``None`` where it has no such key."""
        setting = self._settings.get(name)
        if setting is None:
            return None
        entry = setting.value.get(key)
        if entry is None or is_null(entry.value):
            return None
        if not isinstance(entry.value, str):
            self._note(entry, "wrong-type", "error", f"is {kind_of(entry.value)}, expected a text")
            return None
        self.origins[becomes] = entry.origin
        return str(entry.value)

    def add(self, name: str, rule: str, severity: Severity, message: str, hint: str = "") -> None:
        """Note a finding about a parameter that is set, under its own name or its legacy one."""
        setting = self._setting(name)
        if setting is not None:
            self._note(setting, rule, severity, message, hint)

    def _setting(self, name: str) -> Optional[Setting]:
        for source in (name, LEGACY_PARAMETERS.get(name, name)):
            if source in self._settings:
                return self._settings[source]
        return None

    def _note_origin(self, path: str, origin: Origin) -> None:
        self.origins[path] = origin
        parent = path.rpartition(".")[0]
        if parent.count(".") > 1:
            # A finding about `$.rpc.tls` as a whole shows the first line that speaks of it.
            self.origins.setdefault(parent, origin)

    def _typed(self, parameter: HeatParameter, setting: Setting) -> Any:
        if is_null(setting.value):
            return None
        read = read_switch if parameter.switch else _READERS[parameter.type]
        try:
            value = read(parameter, setting.value)
        except HeatValueError as error:
            self._note(setting, "wrong-type", "error", str(error))
            return None
        self._check_text(parameter, setting)
        return value

    def _check_text(self, parameter: HeatParameter, setting: Setting) -> None:
        if parameter.type != "string" or parameter.switch:
            return
        if parameter.hidden and not setting.value:
            self._note(setting, "empty-secret", "warning", "is empty, and taken as not set", "generate it")
        elif is_read_otherwise(setting.value):
            message = "is no text to Heat, as it has no quotes; here it is taken as it was written"
            self._note(setting, "read-otherwise-by-heat", "warning", message, "put quotes around it")

    def _note(self, setting: Setting, rule: str, severity: Severity, message: str, hint: str = "") -> None:
        finding = Finding(
            rule=rule,
            severity=severity,
            path=json_path(setting.path),
            message=message,
            hint=hint,
            origin=setting.origin,
        )
        if finding not in self.findings:
            self.findings.append(finding)
