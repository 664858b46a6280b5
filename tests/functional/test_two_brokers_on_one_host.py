# SPDX-License-Identifier: Apache-2.0
"""RPC and Notify each with a RabbitMQ of their own, both on one host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

# By service: directory of the instance, port, user, password.
BROKERS: Mapping[str, tuple[str, int, str, str]] = {
    "rpc": ("rabbitmq", 5672, "rpc", hieradata.SECRETS["RpcPassword"]),
    "notify": ("rabbit_notify", 5673, "notify", hieradata.SECRETS["NotifyPassword"]),
}
OTHER = {"rpc": "notify", "notify": "rpc"}


@attrs.frozen
class Deployment:
    """Both brokers on one host, and a client on another."""

    host: NamespaceHost
    rendered: hieradata.Rendered
    first_run: puppet.PuppetRun
    client: OsloClient


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply, once."""
    plan = {
        "rpc": {"nodes": "messaging"},
        "notify": {"backend": "rabbitmq", "nodes": "messaging", "port": 5673},
    }
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts:
        host = hosts["ctl-0"]
        rendered = hieradata.render_plan(tmp_path_factory.mktemp("two"), plan, {"messaging": [host]})
        rendered.install(host)
        first_run = puppet.apply(host)
        with oslo_client(hosts["lab"]) as client:
            yield Deployment(host, rendered, first_run, client)


def log_in(deployment: Deployment, credentials_of: str, broker_of: str) -> str:
    """Say how the broker of one service answers the credentials of another."""
    _, port, _, _ = BROKERS[broker_of]
    _, _, user, password = BROKERS[credentials_of]
    return deployment.client.ask("log_in", host="ctl-0", port=port, user=user, password=password)


def call_and_notify(deployment: Deployment) -> None:
    """Have an RPC call answered and a notification delivered."""
    rpc, notify = deployment.rendered.url("rpc"), deployment.rendered.url("notify")
    deployment.client.ask("serve", url=rpc, topic="rpc_topic", server="one")
    assert deployment.client.ask("call", url=rpc, topic="rpc_topic", text="hello") == "one heard hello"
    deployment.client.ask("listen", url=notify, topic="notifications")
    deployment.client.ask("notify", url=notify, topic="notifications", event="event", payload={})
    wanted = "tests event {}"
    assert brokers.wait_for(lambda: wanted in deployment.client.ask("received"), "the notification")


def test_both_run(deployment: Deployment):
    """One run of Puppet starts both, each with a process, a node and listeners of its own, and both serve."""
    assert deployment.first_run.code == 2, deployment.first_run.output
    for directory, port, _, _ in BROKERS.values():
        process = deployment.host.checks.process.get(pid=brokers.broker_pid(deployment.host, directory))
        assert (process.user, process.comm) == ("rabbitmq", "beam.smp")
        assert deployment.host.checks.socket(f"tcp://10.99.0.11:{port}").is_listening
        assert len(brokers.running_members(deployment.host, directory)) == 1
    call_and_notify(deployment)


@pytest.mark.parametrize("service", BROKERS)
def test_credentials_hold_on_their_own_broker_only(deployment: Deployment, service: str):
    """What has just logged in on its own broker is refused, not left waiting, by the other."""
    assert log_in(deployment, service, service) == "welcome"
    assert "ACCESS_REFUSED" in log_in(deployment, service, OTHER[service])


def test_cookies_differ(deployment: Deployment):
    """Neither broker's tools could ever run code on the other."""
    cookies = [
        deployment.host.checks.file(f"/var/lib/{directory}/.erlang.cookie").content_string
        for directory, _, _, _ in BROKERS.values()
    ]
    assert cookies == [hieradata.SECRETS["RabbitCookie"], hieradata.SECRETS["RabbitNotifyCookie"]]


def test_nothing_listens_on_every_address(deployment: Deployment):
    """Every listener is bound to an address of the plan or to loopback, the port mapper's too."""
    addresses = {spec.rsplit(":", 1)[0] for spec in deployment.host.checks.socket.get_listening_sockets()}
    tcp = {address for address in addresses if address.startswith("tcp")}
    assert tcp == {"tcp://10.99.0.11", "tcp://127.0.0.1", "tcp://::1"}


@pytest.mark.parametrize("service", BROKERS)
def test_each_survives_a_restart_of_the_other(deployment: Deployment, service: str):
    """While one broker restarts, the other keeps its process and lets its user in."""
    restarted, _, _, _ = BROKERS[service]
    other, _, _, _ = BROKERS[OTHER[service]]
    pids = [brokers.broker_pid(deployment.host, directory) for directory in (restarted, other)]
    deployment.host.must_run(f"/etc/{restarted}/service", "stop")
    assert log_in(deployment, OTHER[service], OTHER[service]) == "welcome"
    deployment.host.must_run(f"/etc/{restarted}/service", "start")
    assert brokers.broker_pid(deployment.host, restarted) != pids[0]
    assert brokers.broker_pid(deployment.host, other) == pids[1]
    assert log_in(deployment, service, service) == "welcome"
    assert log_in(deployment, OTHER[service], OTHER[service]) == "welcome"
    assert len(brokers.running_members(deployment.host, other)) == 1


def test_second_run_changes_nothing(deployment: Deployment):
    """Puppet reports no change, and both brokers are the same processes."""
    pids = [brokers.broker_pid(deployment.host, directory) for directory, _, _, _ in BROKERS.values()]
    run = puppet.apply(deployment.host)
    assert run.code == 0, run.output
    assert pids == [brokers.broker_pid(deployment.host, directory) for directory, _, _, _ in BROKERS.values()]
