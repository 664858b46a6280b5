# SPDX-License-Identifier: Apache-2.0
"""Who may log in where: every user, virtual host and broker of a plan, and what a rename leaves behind."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client
from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.mapping import plan_from_mapping

ADDRESSES = {"ctl-0": "10.99.0.11", "msg-0": "10.99.0.21"}

# On ctl-0 RPC and Notify have a broker each, on msg-0 they share one: two clouds of one operator.
APART: Mapping[str, Any] = {
    "consumers": ["none"],
    "rpc": {"nodes": "apart", "virtual_host": "calls"},
    "notify": {"backend": "rabbitmq", "nodes": "apart", "port": 5673},
}
TOGETHER: Mapping[str, Any] = {
    "consumers": ["none"],
    "rpc": {"nodes": "together", "virtual_host": "calls", "user_name": "rpc"},
    "notify": {"share": "rpc", "virtual_host": "events", "user_name": "notify"},
}
PLANS = {"apart": APART, "together": TOGETHER}
HOSTS = {"apart": "ctl-0", "together": "msg-0"}
PASSWORDS = {"rpc": hieradata.SECRETS["RpcPassword"], "notify": hieradata.SECRETS["NotifyPassword"]}


@attrs.frozen(order=True)
class Broker:
    """A broker by the plan that it is of, and the service that its cluster is named for."""

    plan: str
    service: str
    port: int


@attrs.frozen
class Login:
    """An attempt, and whether the plan allows it."""

    broker: Broker
    user: str
    virtual_host: str
    is_allowed: bool


@attrs.frozen
class Deployment:
    """Both hosts and a client beside them."""

    hosts: Mapping[str, NamespaceHost]
    client: OsloClient
    runs: Mapping[str, puppet.PuppetRun]

    def log_in(self, login: Login) -> str:
        """Say how a broker answers."""
        return self.client.ask(
            "log_in",
            host=HOSTS[login.broker.plan],
            port=login.broker.port,
            user=login.user,
            password=PASSWORDS[login.user],
            virtual_host=login.virtual_host,
        )

    def apply(self, name: str, directory: Path, plan: Mapping[str, Any]) -> puppet.PuppetRun:
        """Render a plan for its host and apply it there."""
        host = self.hosts[HOSTS[name]]
        hieradata.render_plan(directory, plan, {name: [host]}).install(host)
        return puppet.apply(host)

    def names(self, name: str, *listing: str) -> set[str]:
        """Return the first column of what rabbitmqctl lists of the instance `rabbit`."""
        lines = brokers.rabbitmqctl(self.hosts[HOSTS[name]], *listing).splitlines()
        return {line.partition("\t")[0] for line in lines}


def grants() -> set[tuple[Broker, str, str]]:
    """Read out of the plans who may do what where: broker, user and virtual host."""
    allowed = set()
    for name, document in PLANS.items():
        plan = with_defaults(plan_from_mapping(document))
        for service in (plan.rpc, plan.notify):
            home = plan.rpc if service.share else service
            broker = Broker(name, home.service, home.port or 0)
            allowed.add((broker, service.user_name or "", service.virtual_host or ""))
    return allowed


def matrix() -> list[Login]:
    """Return every user with every virtual host on every broker."""
    allowed = grants()
    every_broker, users, hosts = (sorted({row[column] for row in allowed}) for column in range(3))
    return [
        Login(broker, user, virtual_host, (broker, user, virtual_host) in allowed)
        for broker, user, virtual_host in itertools.product(every_broker, users, hosts)
    ]


def shown(login: Login) -> str:
    """Name an attempt."""
    return f"{login.user} to {login.virtual_host} on {login.broker.plan} {login.broker.service}"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply both plans, once."""
    with lab(ADDRESSES, hieradata.DOMAIN) as hosts, oslo_client(hosts["lab"]) as client:
        plain = Deployment(hosts, client, {})
        runs = {name: plain.apply(name, tmp_path_factory.mktemp(name), PLANS[name]) for name in PLANS}
        yield attrs.evolve(plain, runs=runs)


def test_matrix_is_whole():
    """Three brokers, two users and three virtual hosts, of which one login a service is allowed."""
    rows = matrix()
    assert len(rows) == 3 * 2 * 3
    assert sum(row.is_allowed for row in rows) == 4


@pytest.mark.parametrize("login", matrix(), ids=shown)
def test_login_is_as_the_plan_says(deployment: Deployment, login: Login):
    """A login is let in exactly where the plan gives the user that virtual host on that broker."""
    assert all(run.code == 2 for run in deployment.runs.values()), deployment.runs
    answer = deployment.log_in(login)
    assert (answer == "welcome") is login.is_allowed, answer
    # 530 is a virtual host that is not there or not the user's, 403 a user or password that is not there.
    assert login.is_allowed or answer.startswith(("403 ", "530 ")), answer


def test_brokers_have_no_account_beside_the_plans(deployment: Deployment):
    """There is neither guest nor the other service's user."""
    assert deployment.names("apart", "list_users") == {"rpc"}
    assert deployment.names("together", "list_users") == {"rpc", "notify"}


OLD_USER = {"broker": Broker("together", "rpc", 5672), "user": "rpc", "virtual_host": "calls"}
RENAMED: Mapping[str, Any] = {
    **TOGETHER,
    "rpc": {**TOGETHER["rpc"], "virtual_host": "-cloud", "user_name": "nova"},
}
ABSENT: Mapping[str, Any] = {"absent_users": ["rpc", "guest", "-x"], "absent_virtual_hosts": ["calls", "/"]}


def renamed(**more: Any) -> Mapping[str, Any]:
    """Return the shared plan after RPC's user and virtual host were renamed."""
    return {**RENAMED, "rpc": {**RENAMED["rpc"], **ABSENT, **more}}


def left_of_the_past(deployment: Deployment) -> None:
    """Give the broker what an upgraded one has: guest, /, a name like an option, and a wider permission."""
    host = deployment.hosts[HOSTS["together"]]
    for user in ("guest", "-x"):
        brokers.rabbitmqctl(host, "add_user", "--", user, "secret")
    brokers.rabbitmqctl(host, "add_vhost", "/")
    brokers.rabbitmqctl(host, "set_permissions", "-p", "calls", "notify", ".*", ".*", ".*")


@attrs.frozen
class Removal:
    """The run with the switch, and what was there before it: the broker, by its process id."""

    run: puppet.PuppetRun
    broker_pid: int


@pytest.fixture(scope="module")
def renaming(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> puppet.PuppetRun:
    """Rename RPC's user and virtual host, on a broker with a past, without the switch."""
    left_of_the_past(deployment)
    return deployment.apply("together", tmp_path_factory.mktemp("renamed"), renamed())


@pytest.fixture(scope="module")
def removal(
    deployment: Deployment, renaming: puppet.PuppetRun, tmp_path_factory: pytest.TempPathFactory
) -> Removal:
    """Turn on the switch, while a client of the old names is connected."""
    assert renaming.code == 2, renaming.output
    deployment.client.ask(
        "stay", host="msg-0", port=5672, user="rpc", password=PASSWORDS["rpc"], virtual_host="calls"
    )
    pid = brokers.broker_pid(deployment.hosts["msg-0"])
    directory = tmp_path_factory.mktemp("removed")
    return Removal(deployment.apply("together", directory, renamed(remove_absent=True)), pid)


@contextlib.contextmanager
def stopped(host: NamespaceHost) -> Iterator[None]:
    """Have the broker's process run, and answer nobody."""
    pid = str(brokers.broker_pid(host))
    host.must_run("kill", "-STOP", pid)
    try:
        yield
    finally:
        host.must_run("kill", "-CONT", pid)


def test_renames_keep_the_old_until_it_is_asked_for(
    deployment: Deployment, renaming: puppet.PuppetRun, tmp_path: Path
):
    """Without the switch, old user and virtual host stay beside the new ones, and serve."""
    assert renaming.code == 2, renaming.output
    assert deployment.names("together", "list_users") == {"rpc", "nova", "notify", "guest", "-x"}
    assert deployment.names("together", "list_vhosts", "name") == {"calls", "-cloud", "events", "/"}
    assert deployment.log_in(Login(**OLD_USER, is_allowed=True)) == "welcome"
    assert deployment.apply("together", tmp_path, renamed()).code == 0


def test_renames_leave_nothing_behind(deployment: Deployment, removal: Removal, tmp_path: Path):
    """With the switch they are gone, guest too, and their clients cut off; the next run changes nothing."""
    assert removal.run.code == 2, removal.run.output
    assert deployment.names("together", "list_users") == {"nova", "notify"}
    assert deployment.names("together", "list_vhosts", "name") == {"-cloud", "events"}
    assert deployment.names("together", "list_user_permissions", "notify") == {"events"}
    assert deployment.client.ask("stayed") == "ended"
    log = deployment.hosts["msg-0"].must_run("grep", "-rh", "is deleted", "/var/log/rabbitmq")
    assert "connection_forced: \"user 'rpc' is deleted\"" in log
    assert deployment.apply("together", tmp_path, renamed(remove_absent=True)).code == 0
    assert brokers.broker_pid(deployment.hosts["msg-0"]) == removal.broker_pid


def test_permissions_beyond_the_plan_are_taken_back(deployment: Deployment, removal: Removal, tmp_path: Path):
    """With the switch a user loses what an earlier plan gave it, and keeps what this one gives."""
    assert removal.run.code == 2, removal.run.output
    host = deployment.hosts["msg-0"]
    brokers.rabbitmqctl(host, "set_permissions", "--vhost=-cloud", "notify", ".*", ".*", ".*")
    run = deployment.apply("together", tmp_path, renamed(remove_absent=True))
    assert run.code == 2, run.output
    assert deployment.names("together", "list_user_permissions", "notify") == {"events"}
    assert deployment.names("together", "list_user_permissions", "nova") == {"-cloud"}


def test_what_cannot_be_removed_fails_the_run(deployment: Deployment, removal: Removal, tmp_path: Path):
    """A broker that does not answer its tools is not taken for one without leftovers."""
    assert removal.run.code == 2, removal.run.output
    host = deployment.hosts["msg-0"]
    with stopped(host):
        check = host.run("/etc/rabbitmq/absent", "check")
        run = deployment.apply("together", tmp_path, renamed(remove_absent=True))
    assert check.returncode not in {0, 3}, check.stdout + check.stderr
    # Nothing else of the run failed or had anything to do.
    assert run.code == 4, run.output
    assert "Exec[remove what is absent from rabbit]" in run.output
    assert host.run("/etc/rabbitmq/absent", "check").returncode == 0


def test_switched_off_again_the_script_is_gone(deployment: Deployment, removal: Removal, tmp_path: Path):
    """Without the switch no command of ours is left that deletes."""
    assert removal.run.code == 2, removal.run.output
    assert deployment.hosts["msg-0"].checks.file("/etc/rabbitmq/absent").exists
    run = deployment.apply("together", tmp_path, RENAMED)
    assert run.code == 2, run.output
    assert not deployment.hosts["msg-0"].checks.file("/etc/rabbitmq/absent").exists
