# SPDX-License-Identifier: Apache-2.0
"""RPC and Notify each with a RabbitMQ of their own, both on one host."""

from __future__ import annotations

import json
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

# More than Erlang has room for unless told.
OPEN_FILES = 70_000
HTTP_PORTS = {15672, 15692, 15682, 15702}


@attrs.frozen
class Deployment:
    """Both brokers on one host, and a client on another."""

    host: NamespaceHost
    rendered: hieradata.Rendered
    first_run: puppet.PuppetRun
    client: OsloClient


def add_level_of_the_site(host: NamespaceHost) -> None:
    """Add a setting to one broker, in a level below ours."""
    settings = {"rabbit": {"settings": {"disk_free_limit.absolute": "123MB"}}}
    host.write(
        f"{puppet.DATA_DIR}/site.json", json.dumps({"tripleo_messaging::rabbitmq::instances": settings})
    )
    hierarchy = host.checks.file(puppet.HIERA_YAML).content_string
    host.write(puppet.HIERA_YAML, f"{hierarchy}  - name: Site\n    path: site.json\n")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply, once."""
    plan = {
        "rpc": {"nodes": "messaging", "limits": {"open_files": OPEN_FILES, "memory_share": 0.25}},
        "notify": {"backend": "rabbitmq", "nodes": "messaging", "port": 5673},
    }
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts:
        host = hosts["ctl-0"]
        rendered = hieradata.render_plan(tmp_path_factory.mktemp("two"), plan, {"messaging": [host]})
        rendered.install(host)
        add_level_of_the_site(host)
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


def listening(deployment: Deployment, *addresses: str) -> set[int]:
    """Return the TCP ports that listen on these addresses."""
    sockets = deployment.host.checks.socket.get_listening_sockets()
    parts = [spec.removeprefix("tcp://").rpartition(":") for spec in sockets if spec.startswith("tcp")]
    return {int(port) for address, _, port in parts if address in addresses}


def firewall_ports(deployment: Deployment) -> dict[str, list[int | str]]:
    """Return the firewall's ports of both instances together, by who connects."""
    key, found = "tripleo_messaging::rabbitmq::firewall_ports", {"clients": [], "members": []}
    for service in BROKERS:
        level = json.loads(
            (deployment.rendered.directory / f"clusters/{service}.json").read_text(encoding="utf-8")
        )
        for ports in level[key].values():
            found = {reach: [*found[reach], *ports[reach]] for reach in found}
    return found


def test_firewall_opens_what_listens(deployment: Deployment):
    """Beyond loopback each listener is in the list, and each port of the list is one, ranges apart."""
    listed = firewall_ports(deployment)
    single = {port for ports in listed.values() for port in ports if isinstance(port, int)}
    assert listening(deployment, "10.99.0.11") == single
    assert listed["clients"] == [5672, 5673]
    ranges = [port for port in listed["members"] if isinstance(port, str)]
    assert ranges == ["6000-6249", "25673-25683", "6250-6499", "25693-25703"]


def test_http_is_for_the_host_alone(deployment: Deployment):
    """Management and metrics of both listen on loopback, and on no network."""
    assert listening(deployment, "127.0.0.1") >= HTTP_PORTS
    assert not listening(deployment, "10.99.0.11") & HTTP_PORTS


def test_limits_arrive(deployment: Deployment):
    """The broker has the files, Erlang the room for them, and each broker its part of the memory."""
    pid = brokers.broker_pid(deployment.host)
    limits = deployment.host.must_run("grep", "Max open files", f"/proc/{pid}/limits")
    # Where the machine allows no more than it has, that is what the broker gets.
    given = deployment.host.must_run(
        "sh", "-c", f"ulimit -n {OPEN_FILES} || ulimit -n $(ulimit -Hn); ulimit -n"
    )
    assert limits.split()[3:5] == [given.strip()] * 2
    table = brokers.rabbitmqctl(deployment.host, "eval", "erlang:system_info(port_limit).")
    assert int(table) >= OPEN_FILES
    watermark = ("eval", "vm_memory_monitor:get_vm_memory_high_watermark().")
    shares = [
        brokers.rabbitmqctl(deployment.host, *watermark, instance=name) for name, *_ in BROKERS.values()
    ]
    assert [float(share) for share in shares] == [0.25, 0.3]


def test_site_adds_settings(deployment: Deployment):
    """What another level says of an instance is merged into ours, so that any setting can be made."""
    limit = ("eval", "rabbit_disk_monitor:get_disk_free_limit().")
    limits = [brokers.rabbitmqctl(deployment.host, *limit, instance=name) for name, *_ in BROKERS.values()]
    assert [int(text) for text in limits] == [123_000_000, 50_000_000]


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
