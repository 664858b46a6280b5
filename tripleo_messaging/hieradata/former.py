# SPDX-License-Identifier: Apache-2.0
"""What a rendering would do to what an earlier one has set up; pure.

A queue keeps the properties it was declared with, so that a virtual host keeps the kinds of its queues; and
what an import of definitions no longer names stays on the brokers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Optional

import attrs

from tripleo_messaging.backends import BACKEND_MODULES, find_backend
from tripleo_messaging.backends.protocol import Accounts, Server
from tripleo_messaging.backends.queue_profiles import declared_properties, moved_properties, profile_of
from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.hieradata.build import ALL, Levels
from tripleo_messaging.model.finding import Finding, describe
from tripleo_messaging.model.plan import NO_MAPPING, SERVICES, Plan, ServiceName
from tripleo_messaging.model.transport_url import DEFAULT_VIRTUAL_HOST, TransportUrl
from tripleo_messaging.model.url_checks import RABBIT_SCHEMES


@attrs.frozen(kw_only=True)
class _Use:
    """How a rendering has the clients of a service declare queues.

    Attributes:
        service: ``rpc`` or ``notify``.
        endpoints: host and port of each broker.
        virtual_host: where.
        options: driver options of its URL.
        is_shared: whether the other service has the same brokers.
    """

    service: ServiceName
    endpoints: frozenset[tuple[str, Optional[int]]]
    virtual_host: str
    options: Mapping[str, object]
    is_shared: bool = False

    @property
    def hosts(self) -> set[str]:
        return {host for host, _ in self.endpoints}


def check_former(
    former: Levels, levels: Levels, plan: Plan, retired: Mapping[str, Collection[str]] = NO_MAPPING
) -> tuple[Finding, ...]:
    """Find what must not become of an earlier rendering, and what would be left of it on the brokers.

    Args:
        former: the levels of every node and those of clusters as they were rendered last; may be empty.
        levels: as `tripleo_messaging.hieradata.build.build` makes them now.
        plan: what they are made from, for the lines of findings and for what is known to be gone.
        retired: by cluster, users that are deleted whatever the plan says of them.
    """
    moved = check_moves(former.get(ALL, {}), levels[ALL])
    told = (attrs.evolve(finding, origin=plan.origin(finding.path)) for finding in moved)
    return (*told, *_left_behind(former, levels, plan, retired), *_stopped(former, levels, plan))


def check_moves(former: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Find the virtual hosts in which queues would be declared otherwise than they are there.

    Args:
        former: the level of every node, ``all.json``, as it was; may be empty.
        now: the same as it is to be.
    """
    moves = (_moves(_uses(former), use) for use in _uses(now))
    # Two services of one virtual host may both have been there.
    return tuple(found[0] for found in moves if found)


def _moves(former: list[_Use], use: _Use) -> list[Finding]:
    compared = [(was, _moved(was, use)) for was in former if _is_same_place(was, use)]
    return [_moved_finding(was, use, names) for was, names in compared if names]


def _uses(level: Mapping[str, Any]) -> list[_Use]:
    uses = [use for use in (_use(level, name) for name in SERVICES) if use is not None]
    are_shared = len(uses) == len(SERVICES) and bool(uses[0].endpoints & uses[1].endpoints)
    return [attrs.evolve(use, is_shared=are_shared) for use in uses]


def _use(level: Mapping[str, Any], name: ServiceName) -> Optional[_Use]:
    try:
        url = TransportUrl.parse(str(level[f"messaging_{name}_transport_url"]))
    except (KeyError, InvalidTransportUrlError):
        return None
    if url.scheme.partition("+")[0] not in RABBIT_SCHEMES:
        return None
    return _Use(
        service=name,
        endpoints=frozenset((host.host, host.port) for host in url.hosts),
        virtual_host=url.virtual_host or DEFAULT_VIRTUAL_HOST,
        options=dict(url.query),
    )


def _is_same_place(was: _Use, use: _Use) -> bool:
    """Tell whether both are one virtual host of the same brokers, whose port may have become TLS's."""
    is_same_cluster = was.service == use.service and was.is_shared == use.is_shared
    is_there = was.hosts & use.hosts if is_same_cluster else was.endpoints & use.endpoints
    return was.virtual_host == use.virtual_host and bool(is_there)


def _moved(was: _Use, use: _Use) -> tuple[str, ...]:
    return moved_properties(declared_properties(was.options), declared_properties(use.options))


def _moved_finding(was: _Use, use: _Use, names: tuple[str, ...]) -> Finding:
    former, now = profile_of(was.options), profile_of(use.options)
    kinds = f"from {former} to {now} queues" if former != now else f"{now} queues with another {names[0]}"
    other = f"{use.virtual_host.strip('/') or 'openstack'}-{now}"
    return Finding(
        rule="queue-profile-moved",
        severity="error",
        path=f"$.{use.service}.queue_profile",
        message=(
            f"would go {kinds} in the virtual host {describe(use.virtual_host)}, which the last rendering has"
            f" too: queues there keep their properties, and clients would be refused ({', '.join(names)})"
        ),
        hint=(
            f"write a new virtual_host, e.g. '{other}', and list the old one under absent_virtual_hosts when"
            f" nobody uses it any more; or keep what was, 'queue_profile: {former}' with its options"
        ),
    )


def _left_behind(
    former: Levels, levels: Levels, plan: Plan, retired: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    for name in SERVICES:
        path = f"clusters/{name}.json"
        if path in former and path in levels:
            service = plan.service(name)
            gone, kept = _accounts(former[path]), _accounts(levels[path])
            known = Accounts(
                users=frozenset((*service.absent_users, *retired.get(name, ()))),
                virtual_hosts=frozenset(service.absent_virtual_hosts),
            )
            yield from _left(plan, f"$.{name}.absent_users", "user", gone.users - kept.users - known.users)
            lost = gone.virtual_hosts - kept.virtual_hosts - known.virtual_hosts
            yield from _left(plan, f"$.{name}.absent_virtual_hosts", "virtual host", lost)
            if not service.remove_absent:
                yield from _still_permitted(plan, name, gone, kept)


def _still_permitted(plan: Plan, name: ServiceName, gone: Accounts, kept: Accounts) -> Iterator[Finding]:
    """An import takes no permission back."""
    for user, virtual_host in sorted(gone.permissions - kept.permissions):
        if user in kept.users and virtual_host in kept.virtual_hosts:
            path = f"$.{name}.remove_absent"
            yield Finding(
                rule="left-behind",
                severity="warning",
                path=path,
                message=f"the user {describe(user)} may still use the virtual host {describe(virtual_host)}",
                hint="write 'remove_absent: true', which takes back what the plan does not give",
                origin=plan.origin(path),
            )


def _stopped(former: Levels, levels: Levels, plan: Plan) -> Iterator[Finding]:
    for name in SERVICES:
        level = f"clusters/{name}.json"
        members = levels.get(ALL, {}).get(f"messaging_{name}_short_node_names", ())
        if level not in former or level not in levels or len(members) == 1:
            continue
        path = f"$.{name}.tls.inter_node"
        for reason in {
            reason for server in _servers() for reason in server.stopped_by(former[level], levels[level])
        }:
            yield Finding(
                rule="all-members-stop",
                severity="warning",
                path=path,
                message=reason,
                hint="stop all members, install the hieradata on each, and start them by Puppet together",
                origin=plan.origin(path),
            )


def _servers() -> Iterator[Server]:
    backends = (find_backend(name) for name in BACKEND_MODULES)
    return (backend.server for backend in backends if backend and backend.server)


def _accounts(level: Mapping[str, Any]) -> Accounts:
    """Gather the accounts of a cluster's level, whichever product it is of."""
    found = [server.accounts(level) for server in _servers()]
    return next((accounts for accounts in found if accounts != Accounts()), Accounts())


def _left(plan: Plan, path: str, what: str, names: frozenset[str]) -> Iterator[Finding]:
    key = path.rpartition(".")[2]
    for name in sorted(names):
        yield Finding(
            rule="left-behind",
            severity="warning",
            path=path,
            message=f"the {what} {describe(name)} of the last rendering is in this no more",
            hint=f"it stays on the brokers; list it under {key}: with 'remove_absent: true' it is deleted",
            origin=plan.origin(path),
        )
