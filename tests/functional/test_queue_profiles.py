# SPDX-License-Identifier: Apache-2.0
"""Quorum queues in one virtual host and streams in another, on a cluster of three that loses a member."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

ADDRESSES = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12", "ctl-2": "10.99.0.13"}
PLAN = {
    "release": "2026.1",
    "consumers": ["none"],
    "rpc": {
        "nodes": "messaging",
        "broker_version": "3.10",
        "virtual_host": "of-quorum",
        "queue_profile": "quorum",
    },
    "notify": {"share": "rpc", "virtual_host": "of-streams", "queue_profile": "stream"},
}

# Each service's URL is used for both RPC and notifications, so that both profiles see both.
HOSTS = {"rpc": "of-quorum", "notify": "of-streams"}
TTL = {"x-expires": 1_800_000}
SEGMENT_BYTES = 10_000_000
# Enough for each member to lead one.
KEPT = [f"kept{number}" for number in range(6)]
STREAM_PORTS = range(6000, 6250)


@attrs.frozen
class Deployment:
    """Three hosts with brokers, and two processes of services on another."""

    hosts: dict[str, NamespaceHost]
    rendered: hieradata.Rendered
    first_runs: dict[str, puppet.PuppetRun]
    server: OsloClient
    client: OsloClient


@attrs.frozen
class VirtualHost:
    """Policies and queues of a virtual host, as `policies` and `queues` return them."""

    policies: list[dict[str, Any]]
    queues: dict[str, Mapping[str, Any]]


@attrs.frozen
class Kill:
    """The address of the member that was killed, and the process id of the client that talked to it."""

    address: str
    client_pid: int


def apply_everywhere(hosts: dict[str, NamespaceHost]) -> dict[str, puppet.PuppetRun]:
    """Apply on all members at the same time."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(ADDRESSES, pool.map(lambda name: puppet.apply(hosts[name]), ADDRESSES)))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply, once."""
    with lab(ADDRESSES, hieradata.DOMAIN) as hosts:
        members = [hosts[name] for name in ADDRESSES]
        rendered = hieradata.render_plan(tmp_path_factory.mktemp("profiles"), PLAN, {"messaging": members})
        for member in members:
            rendered.install(member)
        first_runs = apply_everywhere(hosts)
        with oslo_client(hosts["lab"]) as server, oslo_client(hosts["lab"]) as client:
            yield Deployment(hosts, rendered, first_runs, server, client)


def listed(host: NamespaceHost, *words: str) -> list[dict[str, Any]]:
    """Return what rabbitmqctl lists."""
    return json.loads(brokers.rabbitmqctl(host, "--formatter", "json", *words))


def policies(host: NamespaceHost, virtual_host: str) -> list[dict[str, Any]]:
    """Return the policies of a virtual host in the order of their names."""
    found = listed(host, "list_policies", "-p", virtual_host)
    read = [{**policy, "definition": json.loads(policy["definition"])} for policy in found]
    return sorted(read, key=lambda policy: str(policy["name"]))


def queues(host: NamespaceHost, virtual_host: str) -> dict[str, Mapping[str, Any]]:
    """Return the properties of all queues of a virtual host by name; what differs by process stands as *."""
    columns = ("name", "type", "durable", "auto_delete", "arguments", "policy")
    found = listed(host, "list_queues", "-p", virtual_host, *columns)
    return {generic(queue.pop("name")): {**queue, "arguments": plain(queue["arguments"])} for queue in found}


def plain(arguments: list[tuple[str, str, object]]) -> dict[str, object]:
    """Return the arguments of a queue, which are listed with their types, by name."""
    return {name: value for name, _, value in arguments}


def generic(name: str) -> str:
    """Return a queue's name without what differs by process."""
    for prefix in ("reply_", "rpc_topic_fanout_"):
        if name.startswith(prefix):
            return f"{prefix}*"
    return name


def quorum(**arguments: Any) -> dict[str, Any]:
    """Return the properties of a quorum queue."""
    return properties("quorum", "oslo-quorum", arguments)


def properties(kind: str, policy: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a queue of oslo.messaging as `queues` does."""
    return {
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-queue-type": kind, **arguments},
        "policy": policy,
    }


def serve(deployment: Deployment, service: str) -> None:
    """Have two servers in one process listen on the URL of a service."""
    for name in ("one", "two"):
        deployment.server.ask("serve", url=deployment.rendered.url(service), topic="rpc_topic", server=name)
    deployment.server.ask("listen", url=deployment.rendered.url(service), topic="notifications")


def round_trips(deployment: Deployment, service: str, text: str) -> None:
    """Have a call answered, and a cast, a fanout and a notification delivered."""
    url, text = deployment.rendered.url(service), f"{service} {text}"
    answers = {f"one heard {text}", f"two heard {text}"}
    ask = deployment.client.ask

    def is_answered() -> bool:
        return ask("call", url=url, topic="rpc_topic", text=text, timeout_s=5) in answers

    assert brokers.wait_for(is_answered, "the call")
    ask("cast", url=url, topic="rpc_topic", text=f"cast {text}")
    ask("cast", url=url, topic="rpc_topic", text=f"fanout {text}", fanout=True)
    ask("notify", url=url, topic="notifications", event=text, payload={})

    def are_received() -> bool:
        received = set(deployment.server.ask("received"))
        casts = {f"{name} heard cast {text}" for name in ("one", "two")}
        fanouts = {f"{name} heard fanout {text}" for name in ("one", "two")}
        return bool(received & casts) and received >= fanouts | {f"tests {text} {{}}"}

    assert brokers.wait_for(are_received, "what was sent")


@pytest.fixture(scope="module")
def untouched(deployment: Deployment) -> dict[tuple[str, str], VirtualHost]:
    """Look at each virtual host, as each member has it, before a client has come."""
    looked_at = itertools.product(ADDRESSES, HOSTS.values())
    return {
        (name, host): VirtualHost(
            policies(deployment.hosts[name], host), queues(deployment.hosts[name], host)
        )
        for name, host in looked_at
    }


@pytest.fixture(scope="module")
def spoken(deployment: Deployment, untouched: dict[tuple[str, str], VirtualHost]) -> Deployment:
    """Have servers listen on both URLs, and every kind of message go over both."""
    assert all(not found.queues for found in untouched.values()), untouched
    for service in HOSTS:
        serve(deployment, service)
        round_trips(deployment, service, "at first")
    return deployment


@pytest.fixture(scope="module")
def killed(spoken: Deployment) -> Kill:
    """Kill the member that the client talks to, while notifications wait there for a reader."""
    pid = spoken.client.ask("pid")
    address = min(brokers.peers(spoken.hosts["lab"], pid, 5672))
    victim = next(spoken.hosts[name] for name, own in ADDRESSES.items() if own == address)
    for service, topic in itertools.product(HOSTS, KEPT):
        kept = {"url": spoken.rendered.url(service), "topic": topic}
        spoken.client.ask("notify", **kept, event=f"{service} {topic}", payload={})
    # What is there alone is lost with it.
    assert all(leads_one_of_kept(victim, virtual_host) for virtual_host in HOSTS.values())
    victim.must_run("kill", "-9", str(brokers.broker_pid(victim)))
    return Kill(address, pid)


def test_profiles_are_in_the_hieradata(deployment: Deployment):
    """The members start, and the level of all nodes says which kind of queues a service has."""
    for run in deployment.first_runs.values():
        assert run.code == 2, run.output
    level = json.loads((deployment.rendered.directory / "all.json").read_text(encoding="utf-8"))
    profiles = {service: level[f"messaging_{service}_queue_profile"] for service in HOSTS}
    assert profiles == {"rpc": "quorum", "notify": "stream"}


def test_policies_are_there_before_the_first_queue(untouched: dict[tuple[str, str], VirtualHost]):
    """Every member has the policies of both virtual hosts, and neither has a queue yet."""
    balanced = {"queue-leader-locator": "balanced"}
    of_all = {"name": "oslo-quorum", "pattern": ".*", "apply-to": "queues", "priority": 0}
    of_fanouts = {"name": "oslo-fanout", "pattern": "_fanout$", "apply-to": "queues", "priority": 1}
    size = {"stream-max-segment-size-bytes": SEGMENT_BYTES}
    wanted = {
        "of-quorum": [{**of_all, "definition": balanced}],
        "of-streams": [
            {**of_fanouts, "definition": {**size, **balanced}},
            {**of_all, "definition": balanced},
        ],
    }
    assert len(untouched) == len(ADDRESSES) * len(wanted)
    for (_, virtual_host), found in untouched.items():
        assert found.policies == [{"vhost": virtual_host, **policy} for policy in wanted[virtual_host]]
        assert found.queues == {}


@pytest.mark.parametrize("service", HOSTS)
def test_round_trips(spoken: Deployment, service: str):
    """A call, a cast, a fanout to two servers and a notification arrive by the URL that is rendered."""
    round_trips(spoken, service, "again")


def test_queues_are_of_the_kinds_of_the_profiles(spoken: Deployment):
    """All are durable and replicated: quorum queues, and for fanouts of one profile a stream."""
    common = {
        **{name: quorum() for name in ("rpc_topic", "rpc_topic.one", "rpc_topic.two", "notifications.info")},
        "reply_*": quorum(**TTL),
    }
    host = spoken.hosts["ctl-0"]
    fanouts = {"rpc_topic_fanout_*": quorum(**TTL)}
    assert queues(host, "of-quorum") == {**common, **fanouts}
    stream = properties("stream", "oslo-fanout", {"x-max-age": "1800s"})
    assert queues(host, "of-streams") == {**common, "rpc_topic_fanout": stream}


def test_replies_of_the_queue_manager_have_fixed_names(spoken: Deployment):
    """A process that is restarted finds its queue again, named by host and process."""
    names = {
        queue["name"] for queue in listed(spoken.hosts["ctl-0"], "list_queues", "-p", "of-streams", "name")
    }
    assert {name for name in names if name.startswith("reply_")} == {"reply_lab:oslo_agent.py:1"}


def test_streams_have_small_segments(spoken: Deployment):
    """The policy was there before the stream, whose segments keep the size of that moment."""
    found = 'rabbit_amqqueue:lookup(rabbit_misc:r(<<"of-streams">>, queue, <<"rpc_topic_fanout">>))'
    term = f"{{ok, Q}} = {found}, maps:get(max_segment_size_bytes, amqqueue:get_type_state(Q))."
    assert brokers.rabbitmqctl(spoken.hosts["ctl-0"], "eval", term).strip() == str(SEGMENT_BYTES)


def test_replicas_of_streams_keep_to_their_ports(spoken: Deployment):
    """The stream has a replica on two members, which the leader has reached at a port of the range."""
    replicas = [port for name in ADDRESSES for port in ports_of_replicas(spoken.hosts[name])]
    assert len(replicas) == len(ADDRESSES) - 1
    assert all(port in STREAM_PORTS for port in replicas)
    # Whoever else would reach them does not find them open.
    open_ports = [port for name in ADDRESSES for port in listening_ports(spoken.hosts[name])]
    assert not [port for port in open_ports if port in STREAM_PORTS]


def listening_ports(host: NamespaceHost) -> list[int]:
    """Return the TCP ports that are open on a host."""
    lines = host.must_run("ss", "-Htln").splitlines()
    return [int(line.split()[3].rsplit(":", 1)[1]) for line in lines]


def ports_of_replicas(host: NamespaceHost) -> list[int]:
    """Return the ports of a member's broker that another member's is connected to, but those of other use."""
    lines = host.must_run("ss", "-Htnp", "state", "established").splitlines()
    sockets = [line.split() for line in lines if "beam.smp" in line]
    of_members = [words for words in sockets if words[3].rsplit(":", 1)[0] in ADDRESSES.values()]
    ports = [int(words[2].rsplit(":", 1)[1]) for words in of_members]
    # The connecting side has a port that the kernel chose.
    return [port for port in ports if port < first_ephemeral_port(host) and port != 25672]


def first_ephemeral_port(host: NamespaceHost) -> int:
    """Return the first of the ports that the kernel chooses from."""
    return int(host.must_run("cat", "/proc/sys/net/ipv4/ip_local_port_range").split()[0])


def test_clients_go_on_when_their_member_is_killed(deployment: Deployment, killed: Kill):
    """The same objects call, cast and notify again after kill -9 of the member that the client talks to."""
    for service in HOSTS:
        round_trips(deployment, service, "after the kill")
        # What nobody had read outlives the member, too.
        for topic in KEPT:
            deployment.server.ask("listen", url=deployment.rendered.url(service), topic=topic)
    wanted = {f"tests {service} {topic} {{}}" for service, topic in itertools.product(HOSTS, KEPT)}
    assert brokers.wait_for(lambda: wanted <= set(deployment.server.ask("received")), "what was kept")
    assert killed.address not in brokers.peers(deployment.hosts["lab"], killed.client_pid, 5672)
    assert deployment.client.ask("pid") == killed.client_pid


def leads_one_of_kept(host: NamespaceHost, virtual_host: str) -> bool:
    """Tell whether a member leads one of the queues that wait for a reader."""
    node = f"rabbit@{host.name}.{hieradata.DOMAIN}"
    found = listed(host, "list_queues", "-p", virtual_host, "name", "leader")
    return any(queue["name"].startswith("kept") and queue["leader"] == node for queue in found)


def test_puppet_brings_the_member_back(deployment: Deployment, killed: Kill):
    """It starts what is down and changes nothing else; then all go on."""
    runs = apply_everywhere(deployment.hosts)
    changed = {name: 2 if address == killed.address else 0 for name, address in ADDRESSES.items()}
    assert {name: run.code for name, run in runs.items()} == changed, [run.output for run in runs.values()]
    members = {f"rabbit@{name}.{hieradata.DOMAIN}" for name in ADDRESSES}
    assert all(brokers.running_members(deployment.hosts[name]) == members for name in ADDRESSES)
    for service in HOSTS:
        round_trips(deployment, service, "when all are there")
