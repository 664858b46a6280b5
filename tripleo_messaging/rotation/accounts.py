# SPDX-License-Identifier: Apache-2.0
"""What rotations make of a topology: who is on the brokers, and whom clients are given; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Optional

import attrs

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.protocol import numbered_user
from tripleo_messaging.hieradata.build import generation
from tripleo_messaging.model.plan import ServiceName
from tripleo_messaging.model.topology import Cluster, Login, Service, Topology
from tripleo_messaging.passwords.store import other_name
from tripleo_messaging.rotation.state import Account, Rotation


@attrs.frozen(kw_only=True)
class Principal:
    """An account that services log in with, as the plan names it.

    Attributes:
        login: its name, secret and virtual hosts.
        services: of messaging that it is for.
        cluster: name of the cluster of ours that knows it; ``None`` where somebody else runs the brokers.
    """

    login: Login
    services: tuple[ServiceName, ...]
    cluster: Optional[str]


def principals(topology: Topology) -> tuple[Principal, ...]:
    """Return every account of a topology that can rotate, each once, in the order of the services.

    Args:
        topology: as the plan means it, before `rotated`.
    """
    found: dict[str, Principal] = {}
    for service in topology.services.values():
        login = _login(topology, service)
        if login is None:
            continue
        known = found.get(login.secret)
        services = (*known.services, service.name) if known else (service.name,)
        found[login.secret] = Principal(
            login=known.login if known else login, services=services, cluster=service.cluster
        )
    return tuple(found.values())


def _login(topology: Topology, service: Service) -> Optional[Login]:
    if service.cluster is None:
        secret = service.url_secret or (service.secret if service.user_name else "")
        hosts = (service.virtual_host,)
        return Login(user_name=service.user_name, secret=secret, virtual_hosts=hosts) if secret else None
    logins = topology.clusters[service.cluster].logins
    return next((login for login in logins if login.user_name == service.user_name), None)


def rotated(topology: Topology, rotations: Mapping[str, Rotation]) -> Topology:
    """Return a topology with the accounts that rotations have come to.

    Args:
        topology: as the plan means it.
        rotations: by name of the secret.
    """
    if not rotations:
        return topology
    services = {name: _service(topology, service, rotations) for name, service in topology.services.items()}
    clusters = {name: _cluster(cluster, rotations) for name, cluster in topology.clusters.items()}
    return attrs.evolve(topology, services=services, clusters=clusters, generation=generation(topology))


def user_of(base: str, account: Account, backend: str) -> str:
    """Name the user of an account.

    Args:
        base: as the plan names it.
        account: whose.
        backend: product that the account is of.
    """
    if account.user_name is not None:
        return account.user_name
    found = find_backend(backend)
    naming = found.server.numbered_user if found and found.server else numbered_user
    return naming(base, account.number)


def taken_numbers(topology: Topology, principal: Principal) -> Callable[[int], bool]:
    """Return what tells whether an account of a number would have the name of another's.

    Names that the plan has deleted count as well: a client may still have their passwords.

    Args:
        topology: as the plan means it.
        principal: whose accounts are meant.
    """
    cluster = topology.clusters.get(principal.cluster or "")
    if cluster is None:
        return lambda _number: False
    base, backend = principal.login.user_name, cluster.backend
    others = {login.user_name for login in cluster.logins if login.user_name != base}
    names = others.union(cluster.absent_users)
    return lambda number: user_of(base, Account(number=number), backend) in names


def _service(topology: Topology, service: Service, rotations: Mapping[str, Rotation]) -> Service:
    login = _login(topology, service)
    rotation = rotations.get(login.secret) if login else None
    if rotation is None or service.url_secret is not None:
        return service
    if service.cluster is None and rotation.active.user_name is None:
        return service
    return attrs.evolve(service, user_name=user_of(service.user_name, rotation.active, service.backend))


def _cluster(cluster: Cluster, rotations: Mapping[str, Rotation]) -> Cluster:
    logins = tuple(known for login in cluster.logins for known in _logins(cluster, login, rotations))
    names = {login.user_name for login in logins}
    secrets = {login.secret for login in cluster.logins}
    retired = (user for name in rotations if name in secrets for user in rotations[name].retired)
    absent = dict.fromkeys((*cluster.absent_users, *retired))
    return attrs.evolve(
        cluster, logins=logins, absent_users=tuple(name for name in absent if name not in names)
    )


def _logins(cluster: Cluster, login: Login, rotations: Mapping[str, Rotation]) -> Iterator[Login]:
    rotation = rotations.get(login.secret)
    if rotation is None:
        yield login
        return
    yield attrs.evolve(login, user_name=user_of(login.user_name, rotation.active, cluster.backend))
    if rotation.other is not None:
        user_name = user_of(login.user_name, rotation.other, cluster.backend)
        yield attrs.evolve(login, user_name=user_name, secret=other_name(login.secret))
