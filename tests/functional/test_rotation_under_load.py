# SPDX-License-Identifier: Apache-2.0
"""The account of services that work meanwhile is replaced, on a cluster of three; and no call is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest
import yaml

from tests.support import hieradata, puppet
from tests.support.argv_watch import ArgvWatch, argv_watch
from tests.support.load import Load, Tally, load
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import oslo_client
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore

MEMBERS = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12", "ctl-2": "10.99.0.13"}
CLIENTS = {"cmp-0": "10.99.0.31", "cmp-1": "10.99.0.32"}
PLAN = {"version": 1, "rpc": {"nodes": "messaging"}}
STORE, KEY = "secrets.store", "keys/store.key"
LEAST_CALLS_A_SECOND = 50
# A client that was cut off waits a second before it connects again, and its answers come after that.
WINDOW_S = 5

# As the profile of a service has its own file, which its processes read at their start. Without the manager
# of queues, oslo.messaging's RPC server deletes a queue of its own while it stops, and acknowledges the calls
# that come meanwhile, which nobody then answers; so each restart would lose some, rotation or none.
CONFIGURATION = "/etc/load/load.conf"
PROFILE_OF_CLIENTS = f"""
include tripleo::profile::base::messaging
$rpc = lookup('messaging_rpc_transport_url')
$notify = lookup('messaging_notify_transport_url')
file {{ '/etc/load':
  ensure => directory,
}}
file {{ '{CONFIGURATION}':
  mode      => '0600',
  show_diff => false,
  backup    => false,
  content   => Sensitive(inline_epp(@(END), {{ 'rpc' => $rpc, 'notify' => $notify }})),
    <%- | $rpc, $notify | -%>
    [DEFAULT]
    transport_url = <%= $rpc.unwrap %>
    [oslo_messaging_notifications]
    transport_url = <%= $notify.unwrap %>
    [oslo_messaging_rabbit]
    use_queue_manager = true
    | END
}}
"""
ROLES = (
    ("server", "cmp-0"),
    ("server", "cmp-1"),
    ("listener", "cmp-0"),
    ("listener", "cmp-1"),
    ("caller", "cmp-0"),
    ("caller", "cmp-1"),
    ("caller", "cmp-1"),
    ("notifier", "cmp-0"),
)


@attrs.frozen(kw_only=True)
class Deployment:
    """Three members, two hosts of clients, the clients, and where the hieradata is made.

    Attributes:
        hosts: by name.
        directory: of plan, inventory, store and tree.
        load: the clients.
        watch: of the arguments of all processes, from before the store was made.
        said: everything that commands and Puppet have printed.
    """

    hosts: dict[str, NamespaceHost]
    directory: Path
    load: Load
    watch: ArgvWatch
    said: list[str]

    @property
    def store(self) -> EncryptedFileStore:
        """The store, seen from outside of the commands."""
        return EncryptedFileStore(self.directory / STORE, self.directory / KEY)

    def password(self, name: str = "RpcPassword") -> str:
        """Return what the store has."""
        return self.store.read().content.secrets[name].secret.reveal()

    def rotate(self, verb: str) -> tuple[str, ...]:
        """Run a command of the rotation, which succeeds, and return the hosts that need an apply."""
        must(self.run("passwords", "rotate", verb, *INPUT, "--hosts-file", "hosts"))
        return tuple((self.directory / "hosts").read_text(encoding="utf-8").split())

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run our command on a member, whose management API and brokers it can reach."""
        return run(self.hosts["ctl-0"], self.directory, self.said, *words)

    def apply(self, names: Sequence[str], at_once: int = 1) -> None:
        """Install and apply on hosts, by default on one after the other."""
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda name: apply(self.hosts[name], self.directory, self.said), names))

    def begin(self) -> None:
        """Add the account to the brokers; every client connects anew."""
        hosts = self.rotate("begin")
        assert set(hosts) == set(MEMBERS)
        self.apply(hosts)
        self.load.reconnect_all()

    def finish(self) -> None:
        """Take the former account from the brokers; every client connects anew."""
        hosts = self.rotate("finish")
        assert set(hosts) == set(MEMBERS)
        self.apply(hosts)
        self.load.reconnect_all()

    def restart(self, names: Sequence[str]) -> None:
        """Restart clients, one at a time."""
        for name in names:
            self.load.restart(name)

    def clients_of(self, host: str) -> list[str]:
        """Return the names of the clients on a host."""
        return self.load.of(self.hosts[host])


INPUT = (
    "--plan",
    "plan.yaml",
    "-i",
    "inventory.json",
    "--store",
    STORE,
    "--key-file",
    KEY,
    "--output",
    "tree",
)


def run(
    host: NamespaceHost, directory: Path, said: list[str], *words: str
) -> subprocess.CompletedProcess[str]:
    """Run our command on a host in a directory, and keep what it printed."""
    within = ("env", f"--chdir={directory}")
    done = host.run(*within, hieradata.PROGRAM, *words)
    said.append(done.stdout + done.stderr)
    return done


def must(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed that succeeded."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def apply(host: NamespaceHost, directory: Path, said: list[str]) -> None:
    """Install a host's hieradata and apply, without a failure."""
    hieradata.Rendered(directory=directory / "tree", output="").install(host)
    ran = puppet.apply(host, puppet.PROFILE if host.name in MEMBERS else PROFILE_OF_CLIENTS)
    said.append(ran.output)
    assert ran.code in {0, 2}, ran.output


def write_input(directory: Path, hosts: dict[str, NamespaceHost]) -> None:
    """Write plan and inventory."""
    groups = {"messaging": list(MEMBERS), "clients": list(CLIENTS)}
    variables = {
        name: {
            "internal_api_ip": hosts[name].address,
            "internal_api_hostname": f"{name}.{hieradata.DOMAIN}",
        }
        for name in (*MEMBERS, *CLIENTS)
    }
    inventory = {"_meta": {"hostvars": variables}, **{name: {"hosts": of} for name, of in groups.items()}}
    (directory / "plan.yaml").write_text(yaml.safe_dump(PLAN), encoding="utf-8")
    (directory / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Make passwords, render, install and apply, once, and let clients work."""
    directory, said = tmp_path_factory.mktemp("rotation"), []
    with lab({**MEMBERS, **CLIENTS}, hieradata.DOMAIN) as hosts, argv_watch() as watch:
        write_input(directory, hosts)
        first = hosts["ctl-0"]
        must(run(first, directory, said, "passwords", "generate", "--store", STORE, "--key-file", KEY))
        must(run(first, directory, said, "hieradata", "render", *INPUT))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: apply(hosts[name], directory, said), (*MEMBERS, *CLIENTS)))
        roles = [(role, hosts[name]) for role, name in ROLES]
        with load(first, roles, CONFIGURATION, directory / "clients.log") as clients:
            yield Deployment(hosts=hosts, directory=directory, load=clients, watch=watch, said=said)


def report(capsys: pytest.CaptureFixture[str], what: str, tally: Tally) -> None:
    """Print what the clients did."""
    line = (
        f"{what}: {len(tally.calls)} calls in {tally.seconds} s, {len(tally.failed)} failed;"
        f" {tally.fewest_made():.0f} made a second or more,"
        f" {tally.fewest_answered(WINDOW_S):.0f} answered"
        f" (over {WINDOW_S} s; over 1 s {tally.fewest_answered():.0f}),"
        f" the slowest in {tally.slowest_s():.1f} s;"
        f" {len(tally.sent)} notifications, {len(tally.lost)} lost"
    )
    with capsys.disabled():
        print(f"\n{line}")  # noqa: T201


def assert_nothing_lost(tally: Tally) -> None:
    """All calls were answered, all notifications heard, and the load never was too low to tell."""
    assert tally.failed == []
    assert tally.lost == []
    assert tally.sent
    assert tally.fewest_made() >= LEAST_CALLS_A_SECOND
    assert tally.fewest_answered(WINDOW_S) >= LEAST_CALLS_A_SECOND


def all_as(user: str, clients: Collection[str]) -> dict[str, set[str]]:
    """Return what brokers say of clients that are logged in as one user."""
    return {name: {user} for name in clients}


def test_rotation(deployment: Deployment, capsys: pytest.CaptureFixture[str]):
    """Begun, switched and finished, with every client connected anew in each phase, nothing is lost."""
    clients = deployment.load
    clients.tally()
    former = deployment.password()

    deployment.begin()
    assert deployment.password() == former

    hosts = deployment.rotate("switch")
    assert set(hosts) == {*MEMBERS, *CLIENTS}
    deployment.apply(hosts, at_once=2)
    *others, last = clients.clients
    deployment.restart(others)
    refused = deployment.run("passwords", "rotate", "finish", *INPUT)
    assert refused.returncode == 1, refused.stderr
    listed = [line for line in refused.stderr.splitlines() if ".0" in line and "rpc" in line]
    assert listed, refused.stderr
    assert all(f"{last}.0" in line for line in listed), refused.stderr
    deployment.restart([last])
    assert clients.users() == all_as("rpc-2", clients.clients)

    deployment.finish()
    tally = clients.tally()
    report(capsys, "Rotation", tally)
    assert_nothing_lost(tally)
    assert deployment.password() != former
    assert_nowhere(deployment, "rpc", former)


def test_rotation_that_is_rolled_back(deployment: Deployment, capsys: pytest.CaptureFixture[str]):
    """Taken back when half of the clients were switched, nothing is lost, and the tried account is gone."""
    clients = deployment.load
    clients.tally()
    password = deployment.password()
    switched, left = (deployment.clients_of(host) for host in CLIENTS)

    deployment.begin()
    deployment.rotate("switch")
    tried = deployment.password()
    assert tried != password
    deployment.apply(["cmp-0"])
    deployment.restart(switched)
    assert clients.users() == all_as("rpc-3", switched) | all_as("rpc-2", left)

    assert set(deployment.rotate("rollback")) == {*MEMBERS, *CLIENTS}
    deployment.apply(list(CLIENTS), at_once=2)
    deployment.restart(switched)
    clients.reconnect_all(*left)
    assert clients.users() == all_as("rpc-2", clients.clients)

    deployment.finish()
    tally = clients.tally()
    report(capsys, "Rotation rolled back", tally)
    assert_nothing_lost(tally)
    assert deployment.password() == password
    assert_nowhere(deployment, "rpc-3", tried)


def assert_nowhere(deployment: Deployment, user: str, password: str) -> None:
    """Nobody has the password any more but the backup of the store, and no broker takes it."""
    assert found(deployment, password) == {f"{STORE}.bak"}
    assert deployment.store.read().content.audit[-1].action == "passwords rotate finish"
    assert deployment.watch.seen_with(password) == []
    with oslo_client(deployment.hosts["cmp-0"]) as client:
        for address in MEMBERS.values():
            said = client.ask("log_in", host=address, port=5672, user=user, password=password)
            assert said.startswith("403 ACCESS_REFUSED"), said


def found(deployment: Deployment, password: str) -> set[str]:
    """Return where a password is: files here and on hosts, stores by what they keep, and what was printed."""
    places = {name for name in (STORE, f"{STORE}.bak") if password in kept(deployment.directory, name)}
    for path in deployment.directory.rglob("*"):
        if path.is_file() and password.encode() in path.read_bytes():
            places.add(str(path.relative_to(deployment.directory)))
    for name, host in deployment.hosts.items():
        # Whatever a host wrote below /etc and /var is in these; the password itself is in no argument.
        grep = ("grep", "-rlF", "--devices=skip", "--file=-", "/mnt/etc/upper", "/mnt/var/upper", "/run")
        places |= {f"{name}:{path}" for path in host.run(*grep, text_in=password).stdout.splitlines()}
    return places | {"printed" for text in deployment.said if password in text}


def kept(directory: Path, name: str) -> set[str]:
    """Return every secret in a store, or in its backup."""
    content = EncryptedFileStore(directory / name, directory / KEY).read().content
    return {stored.secret.reveal() for stored in content.secrets.values()}


def test_search_finds_what_is_there(deployment: Deployment):
    """By the same search the password of now is where it belongs, and nowhere else."""
    levels = {f"{name}:/mnt/etc/upper/puppet/hieradata/messaging_all.json" for name in (*MEMBERS, *CLIENTS)}
    files = {f"{name}:/mnt{CONFIGURATION.replace('/etc', '/etc/upper')}" for name in CLIENTS}
    places = found(deployment, deployment.password())
    assert places == {STORE, f"{STORE}.bak", "tree/all.json", *levels, *files}


def test_watch_sees_arguments(deployment: Deployment):
    """A password in the arguments of a process that lives a fifth of a second would have been seen."""
    planted = f"planted{deployment.watch.rounds}"
    for prefix in ((), deployment.hosts["cmp-1"].prefix):
        subprocess.run([*prefix, "sh", "-c", "sleep 0.2; :", "sh", f"{planted}{len(prefix)}"], check=True)
        assert deployment.watch.seen_with(f"{planted}{len(prefix)}")
    assert deployment.watch.seen_with("rabbitmqctl")
    assert deployment.watch.seen_with(deployment.password()) == []


def replace_in_store(deployment: Deployment) -> None:
    """Put another password in the place of RPC's, which our command refuses."""
    words = ("--store", STORE, "--key-file", KEY, "--name", "RpcPassword", "--replace")
    refused = deployment.run("passwords", "generate", *words)
    assert (refused.returncode, "[secret-in-use]" in refused.stderr) == (1, True), refused.stderr
    read = deployment.store.read()
    stored = attrs.evolve(read.content.secrets["RpcPassword"], secret=Secret("inPlace7Wq4Lm9Zr2Xc5Vb"))
    content = read.content.with_secrets({"RpcPassword": stored})
    deployment.store.replace(content, expected_revision=read.revision)


def test_change_in_place(deployment: Deployment, capsys: pytest.CaptureFixture[str]):
    """Without a second account the same clients, cut off once, lose calls: the harness can tell."""
    clients = deployment.load
    clients.tally()
    replace_in_store(deployment)
    must(deployment.run("hieradata", "render", *INPUT))
    deployment.apply(list(MEMBERS))
    for name in clients.clients:
        clients.reconnect(name)
    tally = clients.tally()
    report(capsys, "Change in place", tally)
    assert tally.failed
