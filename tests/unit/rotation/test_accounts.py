# SPDX-License-Identifier: Apache-2.0
"""What rotations make of a topology."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.support.topologies import topology
from tripleo_messaging.hieradata.build import generation
from tripleo_messaging.rotation.accounts import principals, rotated
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
