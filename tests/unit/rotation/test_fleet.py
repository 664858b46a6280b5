# SPDX-License-Identifier: Apache-2.0
"""Whatever order steps, applies and restarts come in, no client holds an account that brokers do not know."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timezone
from typing import Optional

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.topologies import topology
from tests.unit.rotation.test_accounts import with_notify_as
from tripleo_messaging.backends.protocol import Connection
from tripleo_messaging.errors import RotationError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name
from tripleo_messaging.rotation.accounts import Principal, principals, rotated, taken_numbers, user_of
from tripleo_messaging.rotation.check import check_rotations
from tripleo_messaging.rotation.readiness import Answer, refusals, stragglers
from tripleo_messaging.rotation.steps import begin, finish, roll_back, rotation_of, rotations_of, switch

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
TOPOLOGIES = {
    "shared": topology("shared"),
    "twice": topology("twice"),
    "Notify's account has the next name": with_notify_as("rpc-2"),
}

Account = tuple[str, str]
Accounts = tuple[tuple[str, frozenset[Account]], ...]


@attrs.frozen(kw_only=True)
class Tree:
    """What a rendering says.

    Attributes:
        accounts: user names and passwords, by cluster.
        absent: users to delete, by cluster.
        given: what clients log in with: cluster, user name and password, by service.
    """

    accounts: Accounts
    absent: tuple[tuple[str, frozenset[str]], ...]
    given: tuple[tuple[str, str, Account], ...]


@attrs.frozen(kw_only=True)
class Fleet:
    """Operator, brokers and clients, each at a pace of its own.

    Attributes:
        content: of the store.
        tree: what was rendered last.
        members: what each was given; Puppet applies it, as often as it likes and as late.
        clients: what the configuration of each says.
        held: what the services of each took from it when they started.
        users: what brokers know; the members of a cluster have that in common.
    """

    content: Content
    tree: Tree
    members: tuple[Tree, ...]
    clients: tuple[Tree, ...]
    held: tuple[Tree, ...]
    users: Accounts

    @property
    def key(self) -> Hashable:
        """All of it that matters to what comes next."""
        return (_key(self.content), self.tree, self.members, self.clients, self.held, self.users)


def _key(content: Content) -> Hashable:
    secrets = sorted((name, stored.secret.reveal()) for name, stored in content.secrets.items())
    return (json.dumps(dict(content.rotations), sort_keys=True), tuple(secrets))


def stored(text: str) -> StoredSecret:
    """Return a generated secret."""
    return StoredSecret(secret=Secret(text), changed=NOW, source="generated")


def revealed(content: Content, name: Optional[str]) -> str:
    """Return the value of a secret."""
    return content.secrets[name or ""].secret.reveal()


def render(plain: Topology, content: Content) -> Tree:
    """Return what the hieradata of a store's state says; an account that stands there twice fails here."""
    made = rotated(plain, rotations_of(content))
    for cluster in made.clusters.values():
        users = [login.user_name for login in cluster.logins]
        assert len(users) == len(set(users)), users
    return Tree(
        accounts=tuple(
            (name, frozenset((one.user_name, revealed(content, one.secret)) for one in cluster.logins))
            for name, cluster in made.clusters.items()
        ),
        absent=tuple((name, frozenset(cluster.absent_users)) for name, cluster in made.clusters.items()),
        given=tuple(
            (name, service.cluster or "", (service.user_name, revealed(content, service.secret)))
            for name, service in made.services.items()
        ),
    )


def settled(plain: Topology, members: int, clients: int) -> Fleet:
    """Return a fleet that never rotated, and is up to date."""
    content = Content(secrets={name: stored(name) for name in ("RpcPassword", "NotifyPassword")})
    tree = render(plain, content)
    return Fleet(
        content=content,
        tree=tree,
        members=(tree,) * members,
        clients=(tree,) * clients,
        held=(tree,) * clients,
        users=tree.accounts,
    )


def moves(plain: Topology, fleet: Fleet) -> Iterator[tuple[str, Fleet]]:
    """Yield what may happen next; a command may be killed between the store and the hieradata."""
    for principal in principals(plain):
        for verb, step in STEPS.items():
            try:
                after = step(plain, fleet, principal)
            except RotationError:
                continue
            if after is not None:
                killed = attrs.evolve(fleet, content=after)
                yield f"{verb} {principal.login.secret}, killed", killed
                yield f"{verb} {principal.login.secret}", attrs.evolve(killed, tree=render(plain, after))
    yield "render", attrs.evolve(fleet, tree=render(plain, fleet.content))
    for number, tree in enumerate(fleet.members):
        yield f"give to member {number}", attrs.evolve(fleet, members=_put(fleet.members, number, fleet.tree))
        yield f"apply on member {number}", attrs.evolve(fleet, users=_applied(fleet.users, tree))
    for number, tree in enumerate(fleet.clients):
        yield f"give to client {number}", attrs.evolve(fleet, clients=_put(fleet.clients, number, fleet.tree))
        yield f"restart client {number}", attrs.evolve(fleet, held=_put(fleet.held, number, tree))


def _put(trees: tuple[Tree, ...], number: int, tree: Tree) -> tuple[Tree, ...]:
    return (*trees[:number], tree, *trees[number + 1 :])


def _applied(users: Accounts, tree: Tree) -> Accounts:
    """An import adds and changes; then what is absent is deleted."""
    absent, accounts = dict(tree.absent), dict(tree.accounts)
    return tuple(
        (
            name,
            frozenset(
                (user, password)
                for user, password in {**dict(known), **dict(accounts[name])}.items()
                if user not in absent[name]
            ),
        )
        for name, known in users
    )


def _begin(plain: Topology, fleet: Fleet, principal: Principal) -> Optional[Content]:
    rotation = rotation_of(fleet.content, principal.login.secret)
    new = stored(f"{principal.login.secret} after {rotation.last_number if rotation else 1}")
    is_taken = taken_numbers(plain, principal)
    return begin(fleet.content, principal.login, new, NOW, is_taken=is_taken)


def _switch(_plain: Topology, fleet: Fleet, principal: Principal) -> Optional[Content]:
    """Once every member lets the new account in; they are not asked when the step is repeated."""
    after = switch(fleet.content, principal.login.secret, NOW)
    rotation = rotation_of(fleet.content, principal.login.secret)
    if rotation is not None and rotation.phase == "switched":
        return after
    beside = (
        _other_user(fleet, principal),
        revealed(fleet.content, other_name(principal.login.secret)),
    )
    refusal = "" if beside in dict(fleet.users)[principal.cluster or ""] else "refused"
    answers = [Answer(where=str(number), refusal=refusal) for number in range(len(fleet.members))]
    return None if list(refusals(answers)) else after


def _roll_back(_plain: Topology, fleet: Fleet, principal: Principal) -> Optional[Content]:
    """Brokers are not asked: they know both."""
    return roll_back(fleet.content, principal.login.secret, NOW)


def _finish(plain: Topology, fleet: Fleet, principal: Principal) -> Optional[Content]:
    """Once hieradata and hosts have what the last step gave clients, and nobody is connected as the other."""
    user = _other_user(fleet, principal)
    after = finish(fleet.content, principal.login.secret, user, NOW)
    now = render(plain, fleet.content)
    is_given = all(_of(tree, principal) == _of(now, principal) for tree in (fleet.tree, *fleet.clients))
    connections = [
        Connection(user_name=name, address=str(number), process="", age_s=None, virtual_host="/")
        for number, tree in enumerate(fleet.held)
        for _, cluster, (name, _) in tree.given
        if cluster == principal.cluster
    ]
    return after if is_given and not stragglers(connections, user, {}) else None


def _of(tree: Tree, principal: Principal) -> list[Account]:
    return [account for service, _, account in tree.given if service in principal.services]


def _other_user(fleet: Fleet, principal: Principal) -> str:
    rotation = rotation_of(fleet.content, principal.login.secret)
    if rotation is None or rotation.other is None:
        return ""
    return user_of(principal.login.user_name, rotation.other, "rabbitmq")


STEPS: dict[str, Callable[[Topology, Fleet, Principal], Optional[Content]]] = {
    "begin": _begin,
    "switch": _switch,
    "rollback": _roll_back,
    "finish": _finish,
}


def check(plain: Topology, fleet: Fleet, path: tuple[str, ...]) -> None:
    """Fail where a client is refused by what it holds, takes at its next start, or is given by hieradata."""
    known = dict(fleet.users)
    for tree in {*fleet.held, *fleet.clients, fleet.tree}:
        for service, cluster, account in tree.given:
            assert account in known[cluster], (service, account, known[cluster], path)
    rotations = rotations_of(fleet.content)
    assert [str(one) for one in check_rotations(plain, rotations) if one.severity == "error"] == []
    for principal in principals(plain):
        rotation = rotations.get(principal.login.secret)
        is_beside = other_name(principal.login.secret) in fleet.content.secrets
        assert is_beside is (rotation is not None and rotation.is_under_way), path


def check_that_it_settles(plain: Topology, fleet: Fleet, path: tuple[str, ...]) -> None:
    """Fail where brokers know anything else than the store's state once everything is up to date."""
    tree = render(plain, fleet.content)
    users = fleet.users
    for _ in fleet.members:
        users = _applied(users, tree)
    assert users == tree.accounts, path


def walk(plain: Topology, first: Fleet, most: int) -> set[tuple[str, int]]:
    """Go every way from a fleet, while no account has a number beyond `most`; return phases and numbers seen.

    Whatever fails does so with one of the shortest paths to it.
    """
    queue: deque[tuple[Fleet, tuple[str, ...]]] = deque([(first, ())])
    seen, phases = {first.key}, set()
    while queue:
        fleet, path = queue.popleft()
        check(plain, fleet, path)
        check_that_it_settles(plain, fleet, path)
        for move, after in moves(plain, fleet):
            rotations = rotations_of(after.content).values()
            if after.key not in seen and all(one.last_number <= most for one in rotations):
                phases.update((one.phase, one.last_number) for one in rotations)
                seen.add(after.key)
                queue.append((after, (*path, move)))
    return phases


@pytest.mark.parametrize(
    ("members", "clients", "most"),
    [(1, 1, 3), (2, 1, 2), (1, 2, 2)],
    ids=["two rotations", "two members", "two clients"],
)
def test_every_order_of_rotations(members: int, clients: int, most: int):
    """To their end, forth and back, with each thing that may come between, or late."""
    phases = walk(TOPOLOGIES["shared"], settled(TOPOLOGIES["shared"], members, clients), most)
    assert phases >= {(phase, most) for phase in ("begun", "switched", "rolled-back", "settled")}


@settings(max_examples=50)
@given(st.sampled_from(sorted(TOPOLOGIES)), st.lists(st.integers(0, 1000), min_size=60, max_size=100))
def test_any_order_in_a_larger_fleet(case: str, choices: list[int]):
    """As far as chance gets."""
    plain, path = TOPOLOGIES[case], ()
    fleet = settled(plain, members=3, clients=3)
    for choice in choices:
        found = list(moves(plain, fleet))
        move, fleet = found[choice % len(found)]
        path = (*path, move)
        check(plain, fleet, path)
    check_that_it_settles(plain, fleet, path)
