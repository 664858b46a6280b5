# SPDX-License-Identifier: Apache-2.0
"""A cluster of three for RPC and a single broker for Notify, each on a host of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

RPC_MEMBERS = ("ctl-0", "ctl-1", "ctl-2")
ADDRESSES = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12", "ctl-2": "10.99.0.13", "msg-0": "10.99.0.21"}
CLUSTER = {f"rabbit@{name}.{hieradata.DOMAIN}" for name in RPC_MEMBERS}
PLAN = {"rpc": {"nodes": "rpc_nodes"}, "notify": {"backend": "rabbitmq", "nodes": "notify_nodes"}}
PEERS = "/etc/rabbitmq/conf.d/peers.conf"
# No member before the last test.
NEWCOMER, NEWCOMERS_ADDRESS = "ctl-3", "10.99.0.14"


@attrs.frozen
class Deployment:
    """Four hosts with brokers and one that waits, and two processes of services on another."""

    hosts: dict[str, NamespaceHost]
    rendered: hieradata.Rendered
    first_runs: dict[str, puppet.PuppetRun]
    server: OsloClient
    client: OsloClient


def apply_everywhere(hosts: dict[str, NamespaceHost]) -> dict[str, puppet.PuppetRun]:
    """Apply on all hosts at the same time."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(ADDRESSES, pool.map(lambda name: puppet.apply(hosts[name]), ADDRESSES)))


def render(
    directory: Path, hosts: dict[str, NamespaceHost], rpc_members: Sequence[str]
) -> hieradata.Rendered:
    """Render the plan with these members of RPC's cluster."""
    groups = {"rpc_nodes": [hosts[name] for name in rpc_members], "notify_nodes": [hosts["msg-0"]]}
    return hieradata.render_plan(directory, PLAN, groups)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply, once."""
    with lab({**ADDRESSES, NEWCOMER: NEWCOMERS_ADDRESS}, hieradata.DOMAIN) as hosts:
        rendered = render(tmp_path_factory.mktemp("cluster"), hosts, RPC_MEMBERS)
        for name in ADDRESSES:
            rendered.install(hosts[name])
        first_runs = apply_everywhere(hosts)
        with oslo_client(hosts["lab"]) as server, oslo_client(hosts["lab"]) as client:
            yield Deployment(hosts, rendered, first_runs, server, client)


def test_members_find_one_another(deployment: Deployment):
    """Applied at the same time, the three members are one cluster and the fourth host is alone."""
    for run in deployment.first_runs.values():
        assert run.code == 2, run.output
    for name in RPC_MEMBERS:
        assert brokers.running_members(deployment.hosts[name]) == CLUSTER
    alone = {f"rabbit_notify@msg-0.{hieradata.DOMAIN}"}
    assert brokers.running_members(deployment.hosts["msg-0"], "rabbit_notify") == alone


def test_client_goes_on_when_its_member_is_killed(deployment: Deployment):
    """Calls of the same client object are answered again after kill -9 of the member it talks to."""
    url, topic = deployment.rendered.url("rpc"), "rpc_topic"
    deployment.server.ask("serve", url=url, topic=topic, server="one")

    def call(text: str) -> str:
        return deployment.client.ask("call", url=url, topic=topic, text=text, timeout_s=5)

    assert call("before") == "one heard before"
    pid = deployment.client.ask("pid")
    address = min(brokers.peers(deployment.hosts["lab"], pid, 5672))
    name = next(name for name in RPC_MEMBERS if ADDRESSES[name] == address)
    victim = deployment.hosts[name]
    victim.must_run("kill", "-9", str(brokers.broker_pid(victim)))

    assert brokers.wait_for(lambda: call("after") == "one heard after", "a call after the kill")
    assert deployment.client.ask("pid") == pid
    left = brokers.peers(deployment.hosts["lab"], pid, 5672)
    assert left
    assert address not in left


def test_puppet_brings_the_member_back(deployment: Deployment):
    """The next run on all hosts starts what is down and touches nothing else, and the cluster is whole."""
    status = ("/etc/rabbitmq/service", "status")
    down = [name for name in RPC_MEMBERS if deployment.hosts[name].run(*status).returncode]
    runs = apply_everywhere(deployment.hosts)
    assert {name for name, run in runs.items() if run.code == 2} == set(down)
    assert {name for name, run in runs.items() if run.code == 0} == set(ADDRESSES) - set(down)
    assert all(brokers.running_members(deployment.hosts[name]) == CLUSTER for name in RPC_MEMBERS)


def test_notifications_have_a_broker_of_their_own(deployment: Deployment):
    """A notification goes through the single broker, which no member of the RPC cluster is part of."""
    url = deployment.rendered.url("notify")
    deployment.server.ask("listen", url=url, topic="notifications")
    deployment.client.ask("notify", url=url, topic="notifications", event="event", payload={})
    assert brokers.wait_for(lambda: "tests event {}" in deployment.server.ask("received"), "the notification")
    assert brokers.peers(deployment.hosts["lab"], deployment.client.ask("pid"), 5672) >= {ADDRESSES["msg-0"]}


def test_hosts_hold_only_their_own_secrets(deployment: Deployment):
    """The cookie of one cluster is on no host of the other, nor on a host of clients."""
    rpc, notify = hieradata.SECRETS["RabbitCookie"], hieradata.SECRETS["RabbitNotifyCookie"]
    for name in ADDRESSES:
        foreign = notify if name in RPC_MEMBERS else rpc
        own = rpc if name in RPC_MEMBERS else notify
        found = deployment.hosts[name].run("grep", "-rlF", foreign, "/etc", "/var/lib/rabbitmq")
        assert (found.returncode, found.stdout) == (1, "")
        assert deployment.hosts[name].run("grep", "-rlF", own, puppet.DATA_DIR).returncode == 0


def test_newcomer_restarts_nobody(deployment: Deployment, tmp_path: Path):
    """A fourth member joins by its list of peers, and those who learn of it go on as the same processes."""
    members = (*RPC_MEMBERS, NEWCOMER)
    rendered = render(tmp_path, deployment.hosts, members)
    pids = {name: brokers.broker_pid(deployment.hosts[name]) for name in RPC_MEMBERS}
    for name in members:
        rendered.install(deployment.hosts[name])
        run = puppet.apply(deployment.hosts[name])
        assert run.code == 2, run.output
    assert {name: brokers.broker_pid(deployment.hosts[name]) for name in RPC_MEMBERS} == pids
    peers = [deployment.hosts[name].checks.file(PEERS).content_string for name in members]
    assert f"rabbit@{NEWCOMER}.{hieradata.DOMAIN}" in peers[0]
    assert len(set(peers)) == 1
    grown = {*CLUSTER, f"rabbit@{NEWCOMER}.{hieradata.DOMAIN}"}
    assert all(brokers.running_members(deployment.hosts[name]) == grown for name in members)
