# SPDX-License-Identifier: Apache-2.0
"""From a document to an `Inventory`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from tripleo_messaging.documents import Document, is_null
from tripleo_messaging.inventory.graph import Members, attach_to_all, find_cycle, inherited
from tripleo_messaging.inventory.networks import Networks
from tripleo_messaging.inventory.read import Reader, describe_kind
from tripleo_messaging.model.finding import Finding, Origin, has_errors
from tripleo_messaging.model.inventory import Host, Inventory

_INI_SECTION = re.compile(rb"\s*(?:[#;][^\n]*\n\s*)*\[[\w.:-]+\][ \t]*(?:[#;][^\n]*)?(?:\r?\n|\Z)")
_HOW_TO_CONVERT = "convert it with: ansible-inventory -i {file} --list > inventory.json"

_Result = tuple[Optional[Inventory], tuple[Finding, ...]]


def parse_inventory(document: Document) -> _Result:
    """Read Ansible's YAML inventory or the output of ``ansible-inventory --list``.

    Args:
        document: in either shape, told apart by ``_meta``, which only the latter has; the format of
            the file does not matter.

    Returns:
        The inventory, ``None`` where a finding is an error, and every finding. Of the variables only
        ``<network>_ip`` and ``<network>_hostname`` are kept, a host's own over those of its groups and
        a deeper group's over a higher one's; no message tells the value of any other.
    """
    data = document.data
    if not isinstance(data, dict) or not data or "plugin" in data:
        return None, (_no_inventory(document),)
    reader = Reader(document)
    reader.read(data)
    attach_to_all(reader.groups)
    cycle = find_cycle(reader.groups)
    if cycle:
        path = reader.groups[cycle[0]].children[cycle[1]]
        reader.add("group-cycle", "error", path, f"groups contain one another: {' > '.join(cycle)}")
    if has_errors(reader.findings):
        return None, reader.findings
    return _inventory(document.file, reader), reader.findings


def _inventory(file: str, reader: Reader) -> Inventory:
    groups = reader.groups
    # `ungrouped` is always there for the order of hosts, but shown only where it is written.
    members = Members(groups, tuple(name for name in groups if name != "ungrouped" or groups[name].path))
    said = inherited(groups, members)
    hosts = {name: _host(name, reader.hosts[name], said) for name in members["all"]}
    return Inventory(file=file, hosts=hosts, groups=members)


def _host(name: str, own: Networks, said: Mapping[str, Networks]) -> Host:
    networks = said.get(name, own)
    if networks is not own:
        networks.overlay(own)
    return Host(name=name, addresses=networks.addresses, host_names=networks.host_names)


def _no_inventory(document: Document) -> Finding:
    data: Any = document.data
    if isinstance(data, (str, list)) and not is_null(data):
        return ini_finding(document.file)
    message, hint = f"is {describe_kind(data)}, expected a mapping of groups", ""
    if is_null(data) or data == {}:
        message = "holds no group"
    elif isinstance(data, dict):
        message = "configures an inventory plugin, and plugins are not run here"
        hint = _HOW_TO_CONVERT.format(file=document.file)
    return Finding(
        rule="not-an-inventory",
        severity="error",
        message=message,
        hint=hint,
        origin=Origin(file=document.file),
    )


def ini_finding(file: str) -> Finding:
    """Return the finding for an inventory in Ansible's INI format."""
    return Finding(
        rule="ini-inventory",
        severity="error",
        message="is not a YAML or JSON mapping; Ansible's INI format is not read here",
        hint=_HOW_TO_CONVERT.format(file=file),
        origin=Origin(file=file),
    )


def looks_like_ini(text: bytes) -> bool:
    """Tell whether a file begins, comments apart, with a section of Ansible's INI format."""
    return bool(_INI_SECTION.match(text))
