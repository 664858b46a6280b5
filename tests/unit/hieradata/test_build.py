# SPDX-License-Identifier: Apache-2.0
"""From a topology and secrets to levels: the same in, the same out, and nothing more than was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import awkward_texts
from tests.support.topologies import PLANS, SECRETS, secrets, topology
from tripleo_messaging.errors import MissingSecretError
from tripleo_messaging.hieradata.build import build, generation, required_secrets
from tripleo_messaging.hieradata.text import encode_level
from tripleo_messaging.model.secret import Secrets

_PASSWORDS = ("RpcPassword", "NotifyPassword", "RabbitCookie", "RabbitNotifyCookie")


def encoded(case: str, **changes: str) -> dict[str, bytes]:
    """Return the bytes of every level of a case."""
    levels = build(topology(case), secrets(**changes))
    return {path: encode_level(path, data) for path, data in levels.items()}


def leaves(value: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value that is no mapping, with its path; definitions are read, too."""
    if path and path[-1] == "definitions":
        value = {user["name"]: user for user in json.loads(value)["users"]}
    if not isinstance(value, Mapping):
        yield path, value
        return
    for key, inner in value.items():
        yield from leaves(inner, *path, key)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the last step of the path of every value that differs."""
    old, new = dict(leaves(before)), dict(leaves(after))
    assert old.keys() == new.keys()
    return {path[-1] for path in old if old[path] != new[path]}


@pytest.mark.parametrize("case", PLANS)
def test_rendering_twice_gives_the_same_bytes(case: str):
    """The same plan and secrets, read anew, give the same bytes in the same order."""
    first, second = encoded(case), encoded(case)
    assert list(first.items()) == list(second.items())


@pytest.mark.parametrize("case", PLANS)
def test_required_secrets_are_enough_and_all_needed(case: str):
    """With the secrets that are named the levels can be built, and without any one of them not."""
    case_topology = topology(case)
    named = {name: SECRETS[name] for name in required_secrets(case_topology)}
    build(case_topology, Secrets(named))
    for name in named:
        with pytest.raises(MissingSecretError, match=name):
            build(case_topology, Secrets({other: named[other] for other in named if other != name}))


@given(password=awkward_texts.filter(lambda text: text not in SECRETS.values()))
def test_another_rpc_password_changes_what_is_made_of_it(password: str):
    """Password, URL and the broker's hash change, and nothing else does."""
    before, after = (build(topology("twice"), secrets(RpcPassword=text)) for text in ("rpcsecret", password))
    assert changed(before, after) == {
        "messaging_rpc_password",
        "oslo_messaging_rpc_password",
        "password_hash",
        "messaging_rpc_transport_url",
    }


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "NotifyPassword",
            {
                "messaging_notify_password",
                "oslo_messaging_notify_password",
                "messaging_notify_transport_url",
                "password_hash",
            },
        ),
        ("RabbitCookie", {"erlang_cookie"}),
        ("RabbitNotifyCookie", {"erlang_cookie"}),
        ("RpcTransportUrl", set()),
    ],
)
def test_another_secret_changes_what_is_made_of_it(name: str, keys: set[str]):
    """A secret reaches the keys that it is for, and no other."""
    before, after = (build(topology("twice"), secrets(**change)) for change in ({}, {name: "other"}))
    assert changed(before, after) == keys


@given(texts=st.fixed_dictionaries(dict.fromkeys(_PASSWORDS, awkward_texts)))
def test_generation_does_not_depend_on_secrets(texts: dict[str, str]):
    """The generation is the topology's, whatever the passwords are."""
    case = topology("twice")
    assert build(case, secrets(**texts))["all.json"]["tripleo_messaging::generation"] == generation(case)


def test_generation_differs_between_topologies():
    """Every kind of deployment has a generation of its own."""
    assert len({generation(topology(case)) for case in PLANS}) == len(PLANS)


def test_generation_changes_with_one_value():
    """One changed port is another generation."""
    case = topology("twice")
    rpc = attrs.evolve(case.services["rpc"], port=5674)
    assert generation(case) != generation(attrs.evolve(case, services={**case.services, "rpc": rpc}))


def test_members_alone_have_a_node_file():
    """A node of clients costs no file, and a node's file names the clusters it is a member of."""
    levels = build(topology("twice"), secrets())
    clusters = {
        path: data["tripleo_messaging::local_clusters"]
        for path, data in levels.items()
        if path.startswith("nodes/")
    }
    assert clusters == {
        "nodes/ctl-2.json": ["rpc"],
        "nodes/ctl-10.json": ["rpc"],
        "nodes/ctl-0.json": ["rpc", "notify"],
        "nodes/msg-1.json": ["notify"],
        "nodes/msg-0.json": ["notify"],
    }


@pytest.mark.parametrize("case", PLANS)
def test_secrets_stay_where_they_belong(case: str):
    """Node files, which are readable by all, hold no secret, and clients' files none of the brokers' own."""
    for path, content in encoded(case).items():
        if path.startswith("nodes/"):
            assert not [secret for secret in SECRETS.values() if secret.encode() in content]
        if not path.startswith("clusters/"):
            assert b"COOKIE" not in content
            assert b"password_hash" not in content
