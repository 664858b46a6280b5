# SPDX-License-Identifier: Apache-2.0
"""How old secrets may become."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.ages import AgePolicy, due, way_to_replace
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def content(**days: float) -> Content:
    """Return a store's content with secrets of these ages."""
    return Content(
        secrets={
            name: StoredSecret(secret=Secret("s3cret"), changed=NOW - timedelta(days=age), source="generated")
            for name, age in days.items()
        }
    )


@pytest.mark.parametrize(
    ("days", "name", "expected"),
    [
        ({}, "RpcPassword", 90),
        ({}, "RabbitCookie", 365),
        ({None: 30}, "RpcPassword", 30),
        ({None: 30}, "RabbitCookie", 30),
        ({None: 30, "RpcPassword": 7}, "RpcPassword", 7),
        ({"RpcPassword": 7}, "NotifyPassword", 90),
    ],
)
def test_what_is_said_of_a_name_goes_first(days: dict, name: str, expected: int):
    """Then what is said of all, then the default."""
    assert AgePolicy(days=days).days_of(name) == expected


def test_due_are_those_that_reached_their_age():
    """Not a moment earlier; the oldest comes first."""
    old = content(RpcPassword=90, NotifyPassword=89.999, RabbitCookie=400)
    assert [(one.name, one.age_days, one.max_age_days) for one in due(old, AgePolicy(), NOW)] == [
        ("RabbitCookie", 400, 365),
        ("RpcPassword", 90, 90),
    ]


def test_one_beside_another_is_not_due():
    """It is to go, or to come: its rotation is under way."""
    old = content(**{"RpcPassword": 10, other_name("RpcPassword"): 1000})
    assert due(old, AgePolicy(), NOW) == ()


def test_clock_that_went_back_makes_nothing_due():
    """A time in the future is no age."""
    assert due(content(RpcPassword=-5), AgePolicy(days={None: 1}), NOW) == ()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("RpcPassword", "passwords rotate begin --name RpcPassword"),
        ("NotifyTransportUrl", "passwords rotate begin --name NotifyTransportUrl"),
        ("RabbitNotifyCookie", "passwords cookie rotate --cluster notify"),
        ("RabbitMonitorPassword", "passwords generate --replace --name RabbitMonitorPassword"),
    ],
)
def test_each_has_a_command_that_replaces_it(name: str, command: str):
    """The one without an outage."""
    assert way_to_replace(name) == command
