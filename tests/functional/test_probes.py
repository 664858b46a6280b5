# SPDX-License-Identifier: Apache-2.0
"""What the commands of a rotation learn from real brokers that run, hang, are gone or are somebody else's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.hieradata import PROGRAM
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client
from tests.support.puppet import PROFILE

MEMBERS = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12"}
RPC = ("--service", "rpc")


@attrs.frozen
class Deployment:
    """A cluster of two for RPC, a broker of its own for Notify, and a store whose rotation has begun.

    Attributes:
        hosts: of the brokers, by name.
        directory: of plan, inventory, store and hieradata.
        client: a process of a service.
    """

    hosts: dict[str, NamespaceHost]
    directory: Path
    client: OsloClient

    def run(self, *words: str, host: str = "ctl-0") -> Any:
        """Run a command on a member."""
        place = self.directory
        inputs = ("--plan", str(place / "plan.yaml"), "-i", str(place / "inventory.json"))
        store = ("--store", str(place / "store" / "a.store"), "--key-file", str(place / "store" / "a.key"))
        return self.hosts[host].run(PROGRAM, *words, *inputs, *store, "--output", str(place / "tree"))

    def must_run(self, *words: str) -> str:
        """Run a command that has to succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def status(self, *words: str) -> dict[str, Any]:
        """Return what status says of the brokers of RPC."""
        text = self.must_run("passwords", "rotate", "status", "-f", "json", *RPC, *words)
        found: dict[str, Any] = json.loads(text)["brokers"][0]
        return found

    def apply(self) -> None:
        """Install and apply on every member."""
        for host in self.hosts.values():
            words = ("--node", host.name, "--data", str(self.directory / "tree"), "--target", puppet.DATA_DIR)
            host.must_run(PROGRAM, "hieradata", "install", *words)
            host.write(
                puppet.HIERA_YAML, (puppet.REPOSITORY / "hiera" / "hiera.yaml").read_text(encoding="utf-8")
            )
        for host in self.hosts.values():
            run = puppet.apply(host, PROFILE)
            assert run.code in (0, 2), run.output


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Generate, render, begin and apply, once."""
    directory = tmp_path_factory.mktemp("probes")
    with lab(MEMBERS, hieradata.DOMAIN) as hosts:
        nodes = list(MEMBERS)
        plan = {"version": 1, "consumers": ["none"], "rpc": {"nodes": nodes}}
        notify = {"backend": "rabbitmq", "nodes": nodes[:1], "port": 5673}
        (directory / "plan.yaml").write_text(json.dumps({**plan, "notify": notify}))
        variables = {
            name: {"internal_api_ip": address, "internal_api_hostname": f"{name}.{hieradata.DOMAIN}"}
            for name, address in MEMBERS.items()
        }
        inventory = {"_meta": {"hostvars": variables}, "messaging": {"hosts": nodes}}
        (directory / "inventory.json").write_text(json.dumps(inventory))
        store = (
            "--store",
            str(directory / "store" / "a.store"),
            "--key-file",
            str(directory / "store" / "a.key"),
        )
        hosts["ctl-0"].must_run(PROGRAM, "passwords", "generate", *store)
        with oslo_client(hosts["ctl-1"]) as client:
            made = Deployment(dict(hosts), directory, client)
            made.must_run("hieradata", "render")
            made.must_run("passwords", "rotate", "begin", *RPC)
            # Before Puppet has run: nobody answers.
            refused = made.run("passwords", "rotate", "switch", *RPC, "--timeout", "3")
            assert refused.returncode == 1, refused.stdout
            made.apply()
            yield made


def url(deployment: Deployment, service: str) -> str:
    """Return the URL that clients are given."""
    level = json.loads((deployment.directory / "tree" / "all.json").read_text(encoding="utf-8"))
    return str(level[f"messaging_{service}_transport_url"])


def test_members_that_let_the_new_account_in(deployment: Deployment):
    """After Puppet has run, each member says so itself."""
    assert deployment.status()["members"] == [{"where": name, "refusal": ""} for name in MEMBERS]


def test_who_is_connected(deployment: Deployment):
    """The whole cluster is seen from one member: users, hosts, processes and ages."""
    deployment.client.ask("serve", url=url(deployment, "rpc"), topic="seen", server="one")
    deployment.client.ask("call", url=url(deployment, "rpc"), topic="seen", text="hello")
    counted = brokers.wait_for(lambda: deployment.status()["connections"].get("rpc"), "a connection")
    assert counted >= 1


def test_stragglers_are_told_by_host_process_and_age(deployment: Deployment):
    """After switch: the client that still has the former account, wherever in the cluster it is."""
    before = url(deployment, "rpc")
    deployment.client.ask("serve", url=before, topic="left", server="one")
    deployment.must_run("passwords", "rotate", "switch", *RPC)
    assert url(deployment, "rpc") != before
    found = brokers.wait_for(lambda: deployment.status()["stragglers"], "a straggler")
    assert {(one["host"], one["user_name"]) for one in found} == {("ctl-1", "rpc")}
    assert all(one["process"] and 0 <= one["age_s"] < 600 for one in found)
    refused = deployment.run("passwords", "rotate", "finish", *RPC)
    assert refused.returncode == 1
    assert f"  ctl-1: {found[0]['process']}, connected" in refused.stderr
    deployment.must_run("passwords", "rotate", "rollback", *RPC)


def test_management_api_of_the_other_cluster(deployment: Deployment):
    """It lets our account in, as both clusters have it, and is found out by its members."""
    said = deployment.status("--management", "http://127.0.0.1:15682")["unanswered"]
    assert "does not see ctl-0, ctl-1 running" in said


def test_management_api_is_on_loopback_alone(deployment: Deployment):
    """From anywhere else there is no answer, and the message has the tunnel."""
    management = f"https://{MEMBERS['ctl-1']}:15672"
    said = deployment.status("--management", management)["unanswered"]
    assert "connection refused" in said
    assert "ssh -N -L 15672:127.0.0.1:15672 ctl-0" in said
    in_clear = management.replace("https", "http")
    refused = deployment.run("passwords", "rotate", "finish", *RPC, "--management", in_clear)
    assert (refused.returncode, "would carry a password in clear" in refused.stderr) == (2, True)


def test_other_password_is_refused(deployment: Deployment):
    """A broker that lets the account not in says so by its own code."""
    place = deployment.directory
    before = (place / "store" / "a.store").read_bytes()
    deployment.must_run("passwords", "rotate", "finish", *RPC, "--force")
    deployment.must_run("passwords", "rotate", "begin", *RPC)
    refused = deployment.run("passwords", "rotate", "switch", *RPC)
    assert refused.returncode == 1
    assert refused.stderr.count("refused rpc-3: 403 AccessRefused; has Puppet run there since 'begin'?") == 2
    (place / "store" / "a.store").write_bytes(before)
    deployment.must_run("hieradata", "render")


def test_hanging_member_ends_in_time(deployment: Deployment):
    """A broker that takes connections and says nothing: told within the time that was given."""
    host = deployment.hosts["ctl-1"]
    pid = str(brokers.broker_pid(host))
    host.must_run("kill", "-STOP", pid)
    try:
        started = time.monotonic()
        refused = deployment.run("passwords", "rotate", "switch", *RPC, "--timeout", "3")
        took_s = time.monotonic() - started
    finally:
        host.must_run("kill", "-CONT", pid)
    assert refused.returncode == 1
    assert "ctl-1.internalapi.localdomain:5672: " in refused.stderr
    assert "  ctl-0" not in refused.stderr
    assert took_s < 30


def test_member_that_is_gone_stops_finish(deployment: Deployment):
    """Who was connected there, or will be, is not known."""
    deployment.must_run("passwords", "rotate", "rollback", *RPC)
    host = deployment.hosts["ctl-1"]
    host.must_run("kill", "-9", str(brokers.broker_pid(host)))

    def is_missed() -> bool:
        return "does not see ctl-1 running" in deployment.run("passwords", "rotate", "finish", *RPC).stderr

    assert brokers.wait_for(is_missed, "a member that is missed")
