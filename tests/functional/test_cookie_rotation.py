# SPDX-License-Identifier: Apache-2.0
"""A new Erlang cookie for a cluster that works meanwhile, over plain distribution and over TLS."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from tests.support import brokers, certificates, hieradata, puppet
from tests.support.argv_watch import ArgvWatch, argv_watch
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

MEMBERS = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12"}
CLUSTER = {f"rabbit@{name}.{hieradata.DOMAIN}" for name in MEMBERS}
TOPIC = "rpc_topic"
MANY_CALLS = 200
SERVICE = "/etc/rabbitmq/service"
# Of this run alone: other tests may name theirs in arguments.
FIRST_COOKIE = secrets.token_hex(12)


class Patient(threading.Thread):
    """Calls again and again; what times out while a member is down is called again, up to two minutes."""

    def __init__(self, client: OsloClient, url: str) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._is_to_end = threading.Event()
        self.answered = 0
        self.repeated = 0
        self.lost: list[str] = []

    def run(self) -> None:
        """Call until told to end."""
        while not self._is_to_end.is_set():
            text = f"call {self.answered + len(self.lost)}"
            try:
                brokers.wait_for(lambda text=text: self._is_answered(text), text)
            except AssertionError as error:
                self.lost.append(str(error))
            else:
                self.answered += 1

    def _is_answered(self, text: str) -> bool:
        try:
            answer = self._client.ask("call", url=self._url, topic=TOPIC, text=text, timeout_s=5)
        except AssertionError:
            self.repeated += 1
            raise
        return bool(answer == f"one heard {text}")

    def end(self) -> None:
        """Wait for the last call."""
        self._is_to_end.set()
        self.join()


@attrs.frozen
class Deployment:
    """Two members, a server, a client, and where their hieradata is made."""

    hosts: dict[str, NamespaceHost]
    rendered: hieradata.Rendered
    server: OsloClient
    client: OsloClient
    watch: ArgvWatch

    @property
    def url(self) -> str:
        """The URL of RPC."""
        return self.rendered.url("rpc")

    def cookie(self) -> str:
        """Return the cookie of the hieradata."""
        level = json.loads((self.rendered.directory / "clusters" / "rpc.json").read_text(encoding="utf-8"))
        return str(level["tripleo_messaging::rabbitmq::instance_secrets"]["rabbit"]["erlang_cookie"])

    def rotate(self) -> str:
        """Make a new cookie, install the hieradata on both, and return what the command printed."""
        directory = self.rendered.directory.parent
        inputs = ("--plan", "plan.yaml", "-i", "inventory.json", "--output", "hieradata")
        done = program(directory, "passwords", "cookie", "rotate", *inputs, "--cluster", "rpc", *STORE)
        for host in self.hosts.values():
            self.rendered.install(host)
        return done

    def apply(self, name: str) -> None:
        """Apply on a member, which changes it without a failure, and once more, which changes nothing."""
        runs = [puppet.apply(self.hosts[name]) for _ in range(2)]
        assert [run.code for run in runs] == [2, 0], [run.output for run in runs]

    def pids(self) -> dict[str, int]:
        """Return the process id of each broker."""
        return {name: brokers.broker_pid(host) for name, host in self.hosts.items()}

    def are_together(self) -> bool:
        """Whether each member sees both in its cluster."""
        return all(brokers.running_members(host) == CLUSTER for host in self.hosts.values())


STORE = ("--store", "secrets.store", "--key-file", "store.key")


def program(directory: Path, *words: str) -> str:
    """Run our command in a directory, and return what it printed."""
    command = [hieradata.PROGRAM, *words]
    done = subprocess.run(command, cwd=directory, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def render(directory: Path, hosts: dict[str, NamespaceHost], *, over_tls: bool) -> hieradata.Rendered:
    """Place certificates where there is TLS, render the plan, and put its secrets into a store."""
    rpc: dict[str, object] = {"nodes": "messaging"}
    if over_tls:
        authority = certificates.authority("rpc")
        rpc["tls"] = certificates.tls_settings("rpc", [authority], inter_node=True)
        names = sorted(f"{name}.{hieradata.DOMAIN}" for name in hosts)
        for host in hosts.values():
            certificates.put(host, "rpc", certificates.certificate(authority, *names, host.address))
    plan = {"consumers": ["none"], "rpc": rpc}
    cookie = {"RabbitCookie": FIRST_COOKIE}
    groups = {"messaging": list(hosts.values())}
    rendered = hieradata.render_plan(directory, plan, groups, {**hieradata.SECRETS, **cookie})
    program(directory, "passwords", "import", "passwords.yaml", *STORE)
    return rendered


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Render, install and apply, once; the processes of services run on the first member's host."""
    with lab(MEMBERS, hieradata.DOMAIN) as hosts:
        members = {name: hosts[name] for name in MEMBERS}
        rendered = render(tmp_path_factory.mktemp("cookie"), members, over_tls=request.param)
        for host in members.values():
            rendered.install(host)
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(puppet.apply, members.values()))
        assert [run.code for run in runs] == [2, 2], [run.output for run in runs]
        first = members["ctl-0"]
        with argv_watch() as watch, oslo_client(first) as server, oslo_client(first) as client:
            deployment = Deployment(members, rendered, server, client, watch)
            server.ask("serve", url=deployment.url, topic=TOPIC, server="one")
            yield deployment


def test_members_get_it_without_a_restart(deployment: Deployment):
    """Under load no call fails, both brokers are the same processes, and each reaches the other by it."""
    pids = deployment.pids()
    assert deployment.are_together()
    said = deployment.rotate()
    deployment.client.ask("start_calling", url=deployment.url, topic=TOPIC)
    for name in MEMBERS:
        deployment.apply(name)
    deployment.client.ask("stop_calling")
    calls = deployment.client.ask("calls")
    sys.stdout.write(f"{calls['answered']} calls while both were told\n")
    assert calls["failed"] == []
    assert calls["answered"] > MANY_CALLS
    assert deployment.pids() == pids
    assert deployment.are_together()
    for command in _commands(said):
        assert "succeeded" in deployment.hosts["ctl-0"].must_run(*command)
    assert deployment.cookie() != FIRST_COOKIE


def _commands(said: str) -> list[list[str]]:
    """Return the commands that an operator is told to see by that each member has it."""
    return [line.split() for line in said.splitlines() if "rabbitmq-diagnostics" in line]


def files_with(host: NamespaceHost, text: str) -> set[str]:
    """Return the files of a host that hold a text, which itself is in no argument."""
    grep = ("grep", "-rlF", "--devices=skip", "--file=-", "/etc", "/var", "/run")
    return set(host.run(*grep, text_in=text).stdout.splitlines())


def test_the_former_one_is_nowhere(deployment: Deployment):
    """Not in a file of a member, and neither cookie in the arguments of any process."""
    former, now = FIRST_COOKIE, deployment.cookie()
    for host in deployment.hosts.values():
        assert files_with(host, former) == set()
        assert files_with(host, now) == {
            "/etc/puppet/hieradata/messaging_cluster_rpc.json",
            "/etc/rabbitmq/erlang_cookie",
            "/var/lib/rabbitmq/.erlang.cookie",
        }
    assert deployment.watch.seen_with(former) == []
    assert deployment.watch.seen_with(now) == []
    assert deployment.watch.seen_with("set_cookie")


def test_members_restart_into_the_cluster(deployment: Deployment):
    """One after the other both come back with the new cookie, while calls go to the other; none is lost."""
    calls = Patient(deployment.client, deployment.url)
    calls.start()
    for host in deployment.hosts.values():
        host.must_run(SERVICE, "restart")
        assert brokers.wait_for(deployment.are_together, "both in one cluster")
    calls.end()
    sys.stdout.write(f"{calls.answered} calls while both restarted, {calls.repeated} of them again\n")
    assert calls.lost == []
    assert calls.answered > MANY_CALLS


def test_member_that_restarts_in_the_middle_waits(deployment: Deployment):
    """Told before the other, it finds nobody; restarted when both are told, it does, and no call was lost."""
    deployment.rotate()
    calls = Patient(deployment.client, deployment.url)
    calls.start()
    deployment.apply("ctl-0")
    first, second = deployment.hosts.values()
    first.must_run(SERVICE, "stop")
    with ThreadPoolExecutor() as pool:
        start = pool.submit(first.run, SERVICE, "start")
        brokers.wait_for(lambda: first.run(SERVICE, "status").returncode == 0, "a process")
        deployment.apply("ctl-1")
        assert brokers.running_members(second) == {f"rabbit@ctl-1.{hieradata.DOMAIN}"}
        first.must_run(SERVICE, "stop")
        assert start.result().returncode == 1
    first.must_run(SERVICE, "start")
    assert brokers.wait_for(deployment.are_together, "both in one cluster")
    calls.end()
    assert calls.lost == []
    assert calls.answered > MANY_CALLS
