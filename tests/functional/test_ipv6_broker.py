# SPDX-License-Identifier: Apache-2.0
"""Brokers on hosts whose network has IPv6 alone, without systemd and with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client
from tests.support.systemd import booted

LAB = "fd00:99::1"
ADDRESSES = {"ctl-0": "fd00:99::11", "ctl-1": "fd00:99::12"}
CLUSTER = {f"rabbit@{name}.{hieradata.DOMAIN}" for name in ADDRESSES}
PLAN = {"rpc": {"nodes": "messaging"}}


@attrs.frozen
class Deployment:
    """The two members of a cluster, and a client elsewhere."""

    hosts: dict[str, NamespaceHost]
    rendered: hieradata.Rendered
    client: OsloClient


def has_network(host: NamespaceHost) -> bool:
    """Whether the host may use its address, which the kernel first looks for on other hosts."""
    return host.must_run("ip", "-6", "address", "show", "dev", "eth0", "tentative") == ""


def prepare(hosts: dict[str, NamespaceHost], tmp_path_factory: pytest.TempPathFactory) -> hieradata.Rendered:
    """Render and install the hieradata of members, once their addresses are usable."""
    rendered = hieradata.render_plan(
        tmp_path_factory.mktemp("ipv6"), PLAN, {"messaging": list(hosts.values())}
    )
    for host in hosts.values():
        brokers.wait_for(lambda host=host: has_network(host), "the address")
        rendered.install(host)
    return rendered


@pytest.fixture(scope="module", autouse=True)
def _kernel_with_ipv6() -> None:
    """Say so first where a new network has no IPv6: nothing here would work, and nothing would say why."""
    command = ["unshare", "--net", "ip", "address", "add", f"{LAB}/64", "dev", "lo"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"new networks have no IPv6 on this machine ({done.stderr.strip()}), and these tests are of IPv6: "
        "boot without ipv6.disable=1, and set net.ipv6.conf.{all,default}.disable_ipv6 to 0"
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Apply on both members at the same time, without systemd."""
    with lab(ADDRESSES, hieradata.DOMAIN) as hosts:
        hosts["lab"].must_run("ip", "address", "add", f"{LAB}/64", "dev", "bridge0", "nodad")
        members = {name: hosts[name] for name in ADDRESSES}
        rendered = prepare(members, tmp_path_factory)
        with ThreadPoolExecutor() as pool:
            first_runs = list(pool.map(puppet.apply, members.values()))
        # A client would wait for a broker that is not there.
        assert [run.code for run in first_runs] == [2, 2], [run.output for run in first_runs]
        with oslo_client(hosts["lab"]) as client:
            yield Deployment(members, rendered, client)


@pytest.fixture(scope="module")
def unit_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NamespaceHost]:
    """A host whose broker systemd runs."""
    addresses = {"ctl-0": ADDRESSES["ctl-0"]}
    units = ["rabbitmq-server.service", "epmd.service", "epmd.socket"]
    with lab(addresses, hieradata.DOMAIN) as hosts, booted(hosts["ctl-0"], units) as host:
        prepare({"ctl-0": host}, tmp_path_factory)
        run = puppet.apply(host)
        assert run.code == 2, run.output
        yield host


def test_members_find_one_another(cluster: Deployment):
    """Hosts without an IPv4 address form a cluster, and the tools of each reach its broker."""
    for host in cluster.hosts.values():
        assert host.must_run("ip", "-4", "-oneline", "address", "show", "dev", "eth0") == ""
        assert brokers.running_members(host) == CLUSTER
        assert "RabbitMQ" in brokers.rabbitmqctl(host, "status")


def test_only_the_network_asked_for_is_listened_on(cluster: Deployment):
    """Clients, members and the port mapper are served on the host's own IPv6 address."""
    for host in cluster.hosts.values():
        listening = host.checks.socket.get_listening_sockets()
        assert {f"tcp://{host.address}:{port}" for port in (5672, 25672, 4369)} <= set(listening)
        assert not [spec for spec in listening if spec.startswith(("tcp://0.0.0.0:", "tcp://:::"))]


def test_services_talk_over_the_rendered_url(cluster: Deployment):
    """An RPC server and a client elsewhere meet on the brokers, by the URL of the hieradata."""
    url = cluster.rendered.url("rpc")
    cluster.client.ask("serve", url=url, topic="rpc_topic", server="one")
    assert cluster.client.ask("call", url=url, topic="rpc_topic", text="hello") == "one heard hello"


def test_second_run_changes_nothing(cluster: Deployment):
    """Puppet reports no change, and the broker is the same process."""
    host = cluster.hosts["ctl-0"]
    pid = brokers.broker_pid(host)
    run = puppet.apply(host)
    assert (run.code, brokers.broker_pid(host)) == (0, pid), run.output


def test_unit_runs_and_its_tools_reach_it(unit_host: NamespaceHost):
    """Under systemd the broker registers with the port mapper, and the tools find it there."""
    assert unit_host.checks.service("rabbitmq-server").is_running
    assert "RabbitMQ" in brokers.rabbitmqctl(unit_host, "status")
    assert unit_host.checks.socket(f"tcp://{unit_host.address}:5672").is_listening


def test_systemds_port_mapper_listens_on_both_loopbacks(unit_host: NamespaceHost):
    """On the brokers' address, and on loopback of either protocol, where nodes and tools ask."""
    listening = unit_host.checks.socket.get_listening_sockets()
    mapper = {spec for spec in listening if spec.endswith(":4369") and spec.startswith("tcp://")}
    assert mapper == {f"tcp://{address}:4369" for address in (unit_host.address, "127.0.0.1", "::1")}


def test_second_run_changes_nothing_with_systemd(unit_host: NamespaceHost):
    """Puppet reports no change, and the broker is the same process."""
    pid = brokers.broker_pid(unit_host)
    run = puppet.apply(unit_host)
    assert (run.code, brokers.broker_pid(unit_host)) == (0, pid), run.output
