# SPDX-License-Identifier: Apache-2.0
"""What rotations make of a topology."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Optional

import attrs
import pytest

from tests.support.topologies import topology
from tripleo_messaging.hieradata.build import generation
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.rotation.accounts import principals, rotated, taken_numbers
from tripleo_messaging.rotation.check import check_rotations
from tripleo_messaging.rotation.state import Account, Rotation

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = Account(number=2)


def rotation(phase: str, **more: object) -> Rotation:
    """Return a rotation from rpc to rpc-2, or the reverse."""
    accounts = {"active": SECOND, "other": Account()} if phase == "switched" else {"other": SECOND}
    return Rotation(**{"phase": phase, "base": "rpc", "since": NOW, **accounts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shared", [("rpc", "RpcPassword", ("rpc", "notify"), "rpc")]),
        (
            "twice",
            [
                ("rpc", "RpcPassword", ("rpc",), "rpc"),
                ("notify", "NotifyPassword", ("notify",), "notify"),
            ],
        ),
    ],
)
def test_principals(name: str, expected: list):
    """A shared deployment has one account, which so rotates once."""
    found = principals(topology(name))
    assert [(one.login.user_name, one.login.secret, one.services, one.cluster) for one in found] == expected


@pytest.mark.parametrize(
    ("phase", "active", "logins"),
    [
        ("begun", "rpc", [("rpc", "RpcPassword"), ("rpc-2", "RpcPassword.other")]),
        ("switched", "rpc-2", [("rpc-2", "RpcPassword"), ("rpc", "RpcPassword.other")]),
        ("rolled-back", "rpc", [("rpc", "RpcPassword"), ("rpc-2", "RpcPassword.other")]),
    ],
)
def test_phases(phase: str, active: str, logins: list):
    """Both services of a shared deployment log in as the active account; brokers know both."""
    plain = topology("shared")
    made = rotated(plain, {"RpcPassword": rotation(phase)})
    assert {service.user_name for service in made.services.values()} == {active}
    cluster = made.clusters["rpc"]
    assert [(login.user_name, login.secret) for login in cluster.logins] == logins
    assert {login.virtual_hosts for login in cluster.logins} == {
        plain.clusters["rpc"].logins[0].virtual_hosts
    }
    assert cluster.absent_users == ()
    assert generation(made) == generation(plain)


def test_other_cluster_is_left_alone():
    """A rotation of RPC's account is none of Notify's."""
    plain = topology("twice")
    made = rotated(plain, {"RpcPassword": rotation("switched")})
    assert made.clusters["notify"] == plain.clusters["notify"]
    assert made.services["notify"] == plain.services["notify"]


def test_retired_are_absent_unless_they_log_in_again():
    """A name that is the plan's again is no longer one to delete."""
    plain = topology("shared")
    settled = {"other": None, "retired": ("rpc", "rpc-2", "old"), "last_number": 3}
    third = rotated(plain, {"RpcPassword": rotation("settled", active=Account(number=3), **settled)})
    assert third.clusters["rpc"].absent_users == ("rpc", "rpc-2", "old")
    first = rotated(plain, {"RpcPassword": rotation("settled", **settled)})
    assert first.clusters["rpc"].absent_users == ("rpc-2", "old")


def test_without_rotations_nothing_changes():
    """Not even the object."""
    plain = topology("shared")
    assert rotated(plain, {}) is plain


@pytest.mark.parametrize(("user_name", "expected"), [(None, "rpc"), ("nova2", "nova2")])
def test_account_of_others_has_the_name_that_they_gave(user_name: str, expected: str):
    """A password alone may be another; nothing of ours names an account there."""
    plain = topology("external hosts")
    switched = rotation("switched", active=Account(number=2, user_name=user_name))
    made = rotated(plain, {"RpcPassword": switched})
    assert made.services["rpc"].user_name == expected
    assert made.clusters == plain.clusters


def test_whole_url_brings_its_user():
    """The secret is the whole of it."""
    plain = topology("external URL")
    assert [one.login.secret for one in principals(plain)] == ["RpcPassword", "NotifyTransportUrl"]
    made = rotated(plain, {"NotifyTransportUrl": rotation("switched", base="")})
    assert made.services["notify"] == plain.services["notify"]


def test_plan_that_lost_the_account_is_told():
    """Its other account would stay on brokers that nobody manages any more."""
    (finding,) = check_rotations(topology("shared"), {"NotifyPassword": rotation("begun")})
    assert (finding.rule, finding.severity) == ("rotation-under-way", "warning")
    assert list(check_rotations(topology("shared"), {"RpcPassword": rotation("begun")})) == []


def with_notify_as(user_name: str, *absent_users: str) -> Topology:
    """Return a shared deployment whose Notify has an account of its own."""
    plain = topology("shared")
    notify = attrs.evolve(plain.services["notify"], user_name=user_name, secret="NotifyPassword")
    logins = plain.clusters["rpc"].logins
    own = attrs.evolve(logins[0], user_name=user_name, secret="NotifyPassword")
    cluster = attrs.evolve(plain.clusters["rpc"], logins=(*logins, own), absent_users=absent_users)
    services = {**plain.services, "notify": notify}
    return attrs.evolve(plain, services=services, clusters={"rpc": cluster})


def test_names_of_others_are_taken():
    """Two accounts of one name would have one password; a deleted one may be in some configuration."""
    made = with_notify_as("rpc-2", "rpc-4")
    rpc, notify = principals(made)
    assert [number for number in range(1, 7) if taken_numbers(made, rpc)(number)] == [2, 4]
    assert [number for number in range(1, 7) if taken_numbers(made, notify)(number)] == []


def test_no_name_is_taken_on_brokers_of_others():
    """We do not know theirs, and give none."""
    made = topology("external hosts")
    external = principals(made)[0]
    assert external.cluster is None
    assert not any(map(taken_numbers(made, external), range(1, 9)))


@pytest.mark.parametrize(
    ("phase", "notify", "expected"),
    [
        ("begun", "rpc-2", "rotated-user-name"),
        ("switched", "rpc-2", "rotated-user-name"),
        ("begun", "rpc-3", None),
        ("begun", "rpc", None),
    ],
)
def test_plan_may_not_give_another_the_name_of_an_account(phase: str, notify: str, expected: Optional[str]):
    """One password would hold for both, and cut off the other's clients."""
    made = topology("shared") if notify == "rpc" else with_notify_as(notify)
    found = list(check_rotations(made, {"RpcPassword": rotation(phase)}))
    assert [(one.rule, one.severity) for one in found] == ([(expected, "error")] if expected else [])
    said = (
        "error: $.notify.user_name: found 'rpc-2', which is an account that takes turns with 'rpc' on the "
        "same brokers (choose another name that is not this one and a number) [rotated-user-name]"
    )
    assert {str(one) for one in found} <= {said}


def test_plan_may_not_rename_an_account_meanwhile():
    """Clients have the one that the rotation was begun for."""
    (finding,) = check_rotations(topology("shared"), {"RpcPassword": rotation("begun", base="mq")})
    assert str(finding) == (
        "error: $.rpc.user_name: found 'rpc', and the rotation of RpcPassword was begun for 'mq', which "
        "clients still have (write 'user_name: mq' until 'passwords rotate finish' has ended it) "
        "[rotation-under-way]"
    )
