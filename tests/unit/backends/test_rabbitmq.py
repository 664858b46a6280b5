# SPDX-License-Identifier: Apache-2.0
"""What makes a RabbitMQ broker of a cluster: settings, environment, definitions, each compared whole."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.protocol import Server
from tripleo_messaging.backends.rabbitmq import INSTANCE_SECRETS
from tripleo_messaging.backends.rabbitmq.definitions import definitions
from tripleo_messaging.backends.rabbitmq.instance import node_name
from tripleo_messaging.backends.rabbitmq.member import INSTANCES
from tripleo_messaging.errors import MissingSecretError
from tripleo_messaging.model.plan import Limits, Plan, ServicePlan, Tls
from tripleo_messaging.model.release import RELEASES
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Cluster, Login, Member, Topology

SUITE = Path(__file__).parents[2] / "suites" / "rabbitmq"
CASES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SUITE.glob("*.yaml"))}
KEYS = {"description", "clusters", "secrets", "cluster_data", "definitions", "member_data"}

#: Listens on every member, under a name that cannot be chosen.
EPMD = 4369


def server() -> Server:
    """Return how RabbitMQ is run."""
    backend = find_backend("rabbitmq")
    assert backend is not None
    assert backend.server is not None
    return backend.server


def clusters_of(case: Mapping[str, Any]) -> tuple[Cluster, ...]:
    """Make the clusters of a case."""
    return tuple(cluster(**stated) for stated in case["clusters"])


def cluster(**stated: Any) -> Cluster:
    """Make a cluster from what a case states of it."""
    members = tuple(Member(**member) for member in stated.pop("members"))
    logins = tuple(
        Login(**{**login, "virtual_hosts": tuple(login["virtual_hosts"])}) for login in stated.pop("logins")
    )
    tls = Tls(**stated.pop("tls", {}))
    limits = Limits(**stated.pop("limits", {}))
    for key in ("absent_users", "absent_virtual_hosts"):
        stated[key] = tuple(stated.get(key, ()))
    return Cluster(
        backend="rabbitmq",
        members=members,
        bootstrap=min(member.name for member in members),
        network="internal_api",
        tls=tls,
        limits=limits,
        logins=logins,
        **stated,
    )


def topology(*clusters: Cluster) -> Topology:
    """Make a topology that has these clusters."""
    return Topology(
        release=RELEASES["wallaby"],
        consumers=(),
        cell=None,
        services={},
        clusters={one.name: one for one in clusters},
    )


def cluster_data(name: str) -> dict[str, Any]:
    """Return the data of each cluster of a case; its definitions parsed, their hashes checked and cut out."""
    case = CASES[name]
    clusters, secrets = clusters_of(case), Secrets(case["secrets"])
    data: dict[str, Any] = {}
    for one in clusters:
        data[one.name] = dict(server().cluster_data(one, topology(*clusters), secrets))
        secret = data[one.name][INSTANCE_SECRETS][one.instance]
        parsed = json.loads(secret["definitions"])
        for user, login in zip(parsed["users"], one.logins):
            user["password_hash"] = checked(user["password_hash"], case["secrets"][login.secret])
        data[one.name][INSTANCE_SECRETS] = {one.instance: {**secret, "definitions": parsed}}
    return data


def checked(password_hash: str, password: str) -> str:
    """Compute a hash as RabbitMQ does when the user logs in, and return whose it is."""
    salted = base64.b64decode(password_hash, validate=True)
    assert len(password_hash) == 92
    assert salted[4:] == hashlib.sha512(salted[:4] + password.encode()).digest()
    return f"of {password}"


def test_the_suite_is_there() -> None:
    """Every case says what it is, and all of what it states is looked at."""
    assert len(CASES) >= 8
    assert all(set(case) <= KEYS and case["description"] for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_what_is_the_same_on_all_members(name: str) -> None:
    """Settings, environment and places of each instance; cookie and definitions apart."""
    assert cluster_data(name) == CASES[name]["cluster_data"]


@pytest.mark.parametrize("name", CASES)
def test_what_is_a_members_own(name: str) -> None:
    """Names and addresses, and what depends on who else is on the host."""
    clusters = clusters_of(CASES[name])
    hosts = dict.fromkeys(member.name for one in clusters for member in one.members)
    found = {
        host: server().member_data(topology(*clusters).clusters_of(host), host)[INSTANCES] for host in hosts
    }
    assert found == CASES[name]["member_data"]


@pytest.mark.parametrize("name", CASES)
def test_secrets_stand_apart(name: str) -> None:
    """The data that is no secret holds none, so that a node's file may be readable."""
    case = CASES[name]
    clusters, secrets = clusters_of(case), Secrets(case["secrets"])
    open_data = [server().cluster_data(one, topology(*clusters), secrets)[INSTANCES] for one in clusters]
    open_data += [server().member_data((one,), one.members[0].name) for one in clusters]
    text = json.dumps(open_data, default=dict)
    assert not [secret for secret in case["secrets"].values() if secret in text]


@pytest.mark.parametrize("name", CASES)
def test_definitions_hold_no_password(name: str) -> None:
    """Hashes alone; and the same secrets give the same bytes."""
    case = CASES[name]
    for one in clusters_of(case):
        text = definitions(one, Secrets(case["secrets"]))
        assert not [login for login in one.logins if case["secrets"][login.secret] in text]
        assert text == definitions(one, Secrets(case["secrets"]))
        assert text.endswith("}\n")


def test_equal_passwords_do_not_show() -> None:
    """Two users, or two clusters, with one password have different hashes."""
    members = ({"name": "a", "host_name": "a", "address": "10.0.0.1"},)
    logins = [{"user_name": user, "secret": "S", "virtual_hosts": ["/"]} for user in ("rpc", "notify")]
    made = [
        cluster(
            name=name, instance="rabbit", members=members, port=5672, logins=list(logins), cluster_secret="C"
        )
        for name in ("rpc", "notify")
    ]
    hashes = [
        user["password_hash"]
        for one in made
        for user in json.loads(definitions(one, Secrets({"S": "same"})))["users"]
    ]
    assert len(set(hashes)) == len(hashes) == 4


@pytest.mark.parametrize("lost", ["RabbitCookie", "RpcPassword"])
def test_a_missing_secret_is_named(lost: str) -> None:
    """Nothing is rendered without it."""
    case = CASES["one-member"]
    (one,) = clusters_of(case)
    secrets = Secrets({name: text for name, text in case["secrets"].items() if name != lost})
    with pytest.raises(MissingSecretError, match=lost):
        server().cluster_data(one, topology(one), secrets)


def test_two_instances_of_a_host_have_nothing_in_common() -> None:
    """Neither ports but epmd's, nor directories or services."""
    clusters = clusters_of(CASES["two-instances-on-a-host"])
    uses = [use for one in clusters for use in server().ports(one)]
    taken = [port for use in uses if not use.is_shared for port in range(use.first, use.last + 1)]
    assert len(taken) == len(set(taken))
    assert [(use.first, use.last) for use in uses if use.is_shared] == [(EPMD, EPMD)] * 2
    data = cluster_data("two-instances-on-a-host")
    first, second = (data[one.name][INSTANCES][one.instance] for one in clusters)
    for key in ("service_name", "config_dir", "home_dir", "log_dir", "run_dir"):
        assert first[key] != second[key]


@pytest.mark.parametrize("name", CASES)
def test_every_port_that_is_configured_is_claimed(name: str) -> None:
    """A collision on a host is found by these claims."""
    for one in clusters_of(CASES[name]):
        data = CASES[name]["cluster_data"][one.name][INSTANCES][one.instance]
        environment, settings = data["environment"], data["settings"]
        stated = {int(text) for key, text in environment.items() if key.endswith(("_PORT", "_MIN", "_MAX"))}
        stated |= {settings["management.tcp.port"], settings["prometheus.tcp.port"]}
        stated |= set(data["stream_ports"])
        claims = [range(use.first, use.last + 1) for use in server().ports(one)]
        assert all(any(port in claim for claim in claims) for port in stated)
        assert len(claims) == 7


def test_an_instance_without_ports_claims_none() -> None:
    """Its name is a finding of the plan, which tells the names that there are."""
    (one,) = clusters_of(CASES["one-member"])
    assert server().ports(attrs.evolve(one, instance="rabbit_other")) == ()


@pytest.mark.parametrize(
    ("instance", "rules"),
    [(None, []), ("rabbit", []), ("rabbit_notify", []), ("rabbit_other", ["unknown-instance-name"])],
)
def test_instance_names(instance: str | None, rules: list[str]) -> None:
    """Only those whose ports are known can be run."""
    backend = find_backend("rabbitmq")
    assert backend is not None
    plan = Plan(rpc=ServicePlan(service="rpc", instance_name=instance))
    findings = list(backend.check(plan, "rpc"))
    assert [finding.rule for finding in findings] == rules
    for finding in findings:
        assert str(finding) == (
            "error: $.rpc.instance_name: 'rabbit_other' has no ports of its own; expected one of rabbit, "
            "rabbit_notify (leave instance_name out for the default) [unknown-instance-name]"
        )


@pytest.mark.parametrize("name", CASES)
def test_the_distribution_listens_where_the_member_is(name: str) -> None:
    """The Erlang term, read back, is the member's address."""
    for one in clusters_of(CASES[name]):
        for member in one.members:
            own = CASES[name]["member_data"][member.name][one.instance]
            term = own["environment"]["SERVER_ADDITIONAL_ERL_ARGS"].partition("{")[2].partition("}")[0]
            numbers = [int(number) for number in term.split(",")]
            width = 1 if len(numbers) == 4 else 2
            packed = b"".join(number.to_bytes(width, "big") for number in numbers)
            assert ipaddress.ip_address(packed) == ipaddress.ip_address(member.address)
            assert own["node_name"] == node_name(one, member)


@pytest.mark.parametrize("name", CASES)
def test_erlang_is_told_of_ipv6_where_puppet_writes_the_file(name: str) -> None:
    """Broker and tools of a member with an IPv6 address, and of no other, read the file in its directory."""
    for one in clusters_of(CASES[name]):
        config_dir = CASES[name]["cluster_data"][one.name][INSTANCES][one.instance]["config_dir"]
        for member in one.members:
            own = CASES[name]["member_data"][member.name][one.instance]
            is_ipv6 = ipaddress.ip_address(member.address).version == 6
            assert own.get("ipv6", False) is is_ipv6
            for variable in ("SERVER_ADDITIONAL_ERL_ARGS", "CTL_ERL_ARGS"):
                words = own["environment"].get(variable, "").split()
                assert (f"'{config_dir}/erl_inetrc'" in words) is is_ipv6
                assert any(word.startswith("inet6_") for word in words) is is_ipv6


@pytest.mark.parametrize("name", CASES)
def test_erlang_is_told_of_tls_where_puppet_writes_the_file(name: str) -> None:
    """Broker and tools of a cluster whose members speak TLS, and of no other, read the file there."""
    for one in clusters_of(CASES[name]):
        data = CASES[name]["cluster_data"][one.name][INSTANCES][one.instance]
        is_on = data.get("inter_node_tls", False)
        assert not is_on or set(data["certificates"]) == {"ca_file", "certificate_file", "key_file"}
        for member in one.members:
            own = CASES[name]["member_data"][member.name][one.instance]
            for variable in ("SERVER_ADDITIONAL_ERL_ARGS", "CTL_ERL_ARGS"):
                arguments = own["environment"].get(variable, "")
                option = f"-ssl_dist_optfile {data['config_dir']}/inter_node_tls.config"
                assert (option in arguments) is is_on
                assert ("_tls " in arguments) is is_on
