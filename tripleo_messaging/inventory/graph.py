# SPDX-License-Identifier: Apache-2.0
"""What follows from the tree of groups: cycles, members, inherited variables.

Source: ansible-core ``inventory/group.py`` for the order of hosts and the depth of groups,
``inventory/helpers.py`` for the order of variables, ``inventory/data.py`` for the group ``all``.
Where several groups of one level have children, Ansible's own order of those changes from run to run; here
it is the inventory's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Optional

from tripleo_messaging.inventory.networks import Networks
from tripleo_messaging.inventory.read import Group

Groups = Mapping[str, Group]


def attach_to_all(groups: Groups) -> None:
    """Make every group that is nobody's child a child of ``all``."""
    children = {name for group in groups.values() for name in group.children}
    for name, group in groups.items():
        if name not in children and name != "all":
            groups["all"].children.setdefault(name, group.path)


def parents_first(groups: Groups) -> tuple[str, ...]:
    """Return the groups that hang together without a cycle, each after all its parents."""
    missing = Counter(child for group in groups.values() for child in group.children)
    ready = [name for name in groups if not missing[name]]
    order: list[str] = []
    while ready:
        name = ready.pop()
        order.append(name)
        missing.subtract(groups[name].children.keys())
        ready.extend(child for child in groups[name].children if not missing[child])
    return tuple(order)


def find_cycle(groups: Groups) -> Optional[tuple[str, ...]]:
    """Return the names along a cycle of child groups, the first again at the end; ``None`` without one."""
    sorted_names = set(parents_first(groups))
    parents: dict[str, str] = {}
    for name, group in groups.items():
        if name not in sorted_names:
            parents.update(dict.fromkeys(group.children, name))
    # Every group that is left has a parent that is left, so the walk comes back to where it was.
    seen: dict[str, None] = {}
    name = next((name for name in groups if name not in sorted_names), "")
    if not name:
        return None
    while name not in seen:
        seen[name] = None
        name = parents[name]
    trail = list(seen)
    return (name, *reversed(trail[trail.index(name) :]))


class Members(Mapping[str, tuple[str, ...]]):
    """The hosts of each group: its own, then those of its children, then of theirs; each once.

    They are gathered when asked for: of a cloud's hundreds of groups two or three matter.
    """

    def __init__(self, groups: Groups, names: tuple[str, ...]) -> None:
        self._groups = groups
        self._known: dict[str, Optional[tuple[str, ...]]] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        hosts = self._known[name]
        if hosts is None:
            hosts = self._known[name] = self._gather(name)
        return hosts

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Members({dict(self)!r})"

    def _gather(self, name: str) -> tuple[str, ...]:
        seen = {name}
        level = [self._groups[name]]
        hosts: dict[str, None] = {}
        while level:
            for group in level:
                hosts.update(group.hosts)
            names = dict.fromkeys(child for group in level for child in group.children if child not in seen)
            seen.update(names)
            level = [self._groups[child] for child in names]
        return tuple(hosts)


def _depths(groups: Groups) -> Mapping[str, int]:
    depths = dict.fromkeys(groups, 0)
    for name in parents_first(groups):
        for child in groups[name].children:
            depths[child] = max(depths[child], depths[name] + 1)
    return depths


def inherited(groups: Groups, members: Mapping[str, tuple[str, ...]]) -> dict[str, Networks]:
    """Return what the groups of each host say, a deeper one over a higher; for groups free of cycles."""
    speaking = [group for group in groups.values() if group.networks != Networks()]
    depths = _depths(groups) if speaking else {}
    speaking.sort(key=lambda group: (depths[group.name], group.priority, group.name))
    said: dict[str, Networks] = {}
    for group in speaking:
        for host in members[group.name]:
            said.setdefault(host, Networks()).overlay(group.networks)
    return said
