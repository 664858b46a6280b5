# SPDX-License-Identifier: Apache-2.0
"""From a document to groups, hosts and what they say; nothing is inherited yet.

Source: ansible-core ``plugins/inventory/yaml.py`` and ``script.py`` for the two shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Optional, Union

import attrs

from tripleo_messaging.documents import Document, is_null
from tripleo_messaging.inventory.networks import (
    Networks,
    check_inventory_name,
    network_variable,
    read_variable,
)
from tripleo_messaging.inventory.ranges import MAX_HOSTS, HostRangeError, expand_host_pattern
from tripleo_messaging.model.finding import Finding, Path, Severity, describe, did_you_mean, json_path

META = "_meta"

_SECTIONS = ("hosts", "children", "vars")
_PRIORITY = "ansible_group_priority"
_FINDINGS_OF_A_RULE = 50
_KINDS: tuple[tuple[Union[type, tuple[type, ...]], str], ...] = (
    (dict, "a mapping"),
    (list, "a list"),
    (str, "a text"),
    (bool, "a boolean"),
    ((int, float), "a number"),
)


@attrs.define(kw_only=True)
class Group:
    """A group as it is written, its definitions in several places put together.

    Attributes:
        path: where it was first met.
        hosts: its own hosts, in order (the values mean nothing).
        children: its child groups and where each was named, in order.
        networks: what its variables say.
        priority: Ansible's ``ansible_group_priority``.
    """

    name: str
    path: Path
    hosts: dict[str, None] = attrs.field(factory=dict)
    children: dict[str, Path] = attrs.field(factory=dict)
    networks: Networks = attrs.field(factory=Networks)
    priority: int = 1


class Reader:
    """Reads one document; the outcome is in `groups`, `hosts` and `findings`.

    Attributes:
        groups: by name, in order of appearance, ``all`` and ``ungrouped`` first.
        hosts: what each host says itself, by name.
    """

    def __init__(self, document: Document) -> None:
        self.groups: dict[str, Group] = {}
        self.hosts: dict[str, Networks] = {}
        self._document = document
        self._findings: list[Finding] = []
        self._counts: Counter[tuple[str, Severity]] = Counter()
        for name in ("all", "ungrouped"):
            self._group(name, ())
        self.groups["all"].children["ungrouped"] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding; of many alike the first, and how many more there are."""
        return (*self._findings, *self._summaries())

    def _summaries(self) -> Iterator[Finding]:
        for (rule, severity), count in self._counts.items():
            if count > _FINDINGS_OF_A_RULE:
                message = f"has {count - _FINDINGS_OF_A_RULE:,} more findings of this kind"
                yield Finding(rule=rule, severity=severity, message=message, origin=self._document.origin(()))

    def add(
        self,
        rule: str,
        severity: Severity,
        path: Path,
        message: str,
        hint: str = "",
        *,
        written_at: Optional[Path] = None,
    ) -> None:
        """Note a finding; `written_at` gives the line where `path` is not to hold the last step."""
        self._counts[rule, severity] += 1
        if self._counts[rule, severity] > _FINDINGS_OF_A_RULE:
            return
        origin = self._document.origin(path if written_at is None else written_at)
        finding = Finding(
            rule=rule, severity=severity, path=json_path(path), message=message, hint=hint, origin=origin
        )
        self._findings.append(finding)

    def read(self, data: dict[str, Any]) -> None:
        """Read the mapping of groups, in whichever of the two shapes it has."""
        if META in data:
            self._read_list_shape(data)
        else:
            self._read_yaml_shape(data)

    def _group(self, name: str, path: Path) -> Group:
        if name not in self.groups:
            self.groups[name] = Group(name=name, path=path)
        return self.groups[name]

    def _unexpected(self, path: Path, value: object, expected: str, hint: str = "") -> None:
        self.add("unexpected-value", "error", path, f"is {describe_kind(value)}, expected {expected}", hint)

    # The shape of `ansible-inventory --list`

    def _read_list_shape(self, data: dict[str, Any]) -> None:
        for name, value in data.items():
            if name != META:
                self._read_listed_group(name, value)
        meta = data[META]
        host_variables = meta.get("hostvars") if isinstance(meta, dict) else meta
        self._read_host_variables(host_variables, (META, "hostvars"))

    def _read_listed_group(self, name: str, value: object) -> None:
        group = self._group(name, (name,))
        value = {"hosts": value} if isinstance(value, list) else value
        readers: dict[str, Callable[[Group, Any, Path], None]] = {
            "hosts": self._read_listed_hosts,
            "children": self._read_listed_children,
            "vars": self._read_group_variables,
        }
        for section, content in self._sections(value, (name,)):
            readers[section](group, content, (name, section))

    def _read_listed_hosts(self, group: Group, content: object, path: Path) -> None:
        for index, name in self._items(content, path):
            if self._is_host_name(name, path, index):
                group.hosts[str(name)] = None
                self.hosts.setdefault(str(name), Networks())

    def _read_listed_children(self, group: Group, content: object, path: Path) -> None:
        for index, name in self._items(content, path):
            if not isinstance(name, str):
                self._unexpected((*path, index), name, "the name of a group")
                continue
            self._group(str(name), (*path, index))
            group.children.setdefault(str(name), (*path, index))

    def _items(self, content: object, path: Path) -> Iterable[tuple[int, Any]]:
        if isinstance(content, list):
            return enumerate(content)
        self._unexpected(path, content, "a list of names, as --list writes it (there is _meta)")
        return ()

    def _read_host_variables(self, content: object, path: Path) -> None:
        if not isinstance(content, dict):
            self._unexpected(path, content, "a mapping of host names to their variables")
            return
        for name, variables in content.items():
            # As in Ansible, a host in no group is not there.
            if name in self.hosts:
                self._read_variables(variables, (*path, name), self.hosts[name])

    # The shape of a YAML inventory

    def _read_yaml_shape(self, data: dict[str, Any]) -> None:
        readers: dict[str, Callable[[Group, Any, Path], None]] = {
            "hosts": self._read_hosts,
            "vars": self._read_group_variables,
        }
        # Without recursion, and in the order of the text.
        waiting: list[tuple[Path, str, Any]] = [
            ((name,), name, value) for name, value in reversed(data.items())
        ]
        while waiting:
            path, name, value = waiting.pop()
            group = self._group(name, path)
            inner: list[tuple[Path, str, Any]] = []
            for section, content in self._sections(value, path):
                if section == "children":
                    inner = list(self._children(group, content, (*path, section)))
                else:
                    readers[section](group, content, (*path, section))
            waiting.extend(reversed(inner))

    def _children(self, group: Group, content: object, path: Path) -> Iterator[tuple[Path, str, Any]]:
        for name, value in self._entries(content, path):
            group.children.setdefault(name, (*path, name))
            yield (*path, name), name, value

    def _read_hosts(self, group: Group, content: object, path: Path) -> None:
        for pattern, variables in self._entries(content, path):
            for name in self._expand(pattern, path):
                group.hosts[name] = None
                self._read_variables(variables, (*path, pattern), self.hosts.setdefault(name, Networks()))

    def _expand(self, pattern: str, path: Path) -> Iterable[str]:
        try:
            names = expand_host_pattern(pattern)
        except HostRangeError as error:
            message = f"{describe(pattern)} is no range of hosts: {error}"
            self.add("bad-host-range", "error", path, message, written_at=(*path, pattern))
            return ()
        if len(self.hosts) + len(names) > 2 * MAX_HOSTS:
            self.add("too-many-hosts", "error", path, f"holds more than {2 * MAX_HOSTS:,} hosts")
            return ()
        return [name for name in names if self._is_host_name(name, path, pattern)]

    def _entries(self, content: object, path: Path) -> Iterable[tuple[str, Any]]:
        if isinstance(content, str):
            content = {content: None}
        if isinstance(content, dict):
            return content.items()
        hint = "lists belong to the output of ansible-inventory --list, which has _meta"
        self._unexpected(path, content, "a mapping, as in `ctl-0: {}`", hint)
        return ()

    # What both have

    def _sections(self, value: object, path: Path) -> Iterator[tuple[str, Any]]:
        if is_null(value):
            return
        if not isinstance(value, dict):
            self._unexpected(path, value, f"a group, which is a mapping of {', '.join(_SECTIONS)}")
            return
        for section, content in value.items():
            if section not in _SECTIONS:
                self._unknown_section(section, path)
            elif not is_null(content):
                yield section, content

    def _unknown_section(self, section: str, path: Path) -> None:
        message = f"a group has {', '.join(_SECTIONS)}, not {describe(section)}, which is passed by"
        self.add("unknown-key", "warning", path, message, did_you_mean(section, _SECTIONS))

    def _is_host_name(self, name: object, path: Path, step: str | int) -> bool:
        if check_inventory_name(name):
            return True
        message = f"{describe(name)} is not a host name of at most 253 letters, digits, '.', '_' and '-'"
        # A name that is refused is no part of the path: it may be anything.
        shown = (*path, step) if isinstance(step, int) else path
        self.add("bad-host-name", "error", shown, message, written_at=(*path, step))
        return False

    def _read_group_variables(self, group: Group, content: object, path: Path) -> None:
        self._read_variables(content, path, group.networks)
        if isinstance(content, dict) and str(content.get(_PRIORITY, "")).isdecimal():
            group.priority = int(str(content[_PRIORITY])[:9])

    def _read_variables(self, variables: object, path: Path, networks: Networks) -> None:
        if is_null(variables):
            return
        if not isinstance(variables, dict):
            self._unexpected(path, variables, "a mapping of variables")
            return
        for name, value in variables.items():
            variable = network_variable(name)
            problem = read_variable(variable, value, networks) if variable else None
            if problem:
                self.add(problem.rule, problem.severity, (*path, name), problem.message, problem.hint)


def describe_kind(value: object) -> str:
    """Name the kind of a value, never the value: it may be a variable that holds a secret."""
    return next((kind for known, kind in _KINDS if isinstance(value, known)), "null")
