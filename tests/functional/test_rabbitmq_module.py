# SPDX-License-Identifier: Apache-2.0
"""What the Puppet module does to one broker: place, start, change, restart only where it must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from tests.support import brokers, hieradata, levels, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

BROKER = "include tripleo_messaging::rabbitmq"
PEERS = "/etc/rabbitmq/conf.d/peers.conf"


@attrs.frozen
class OneBroker:
    """A host with the instance `rabbit`, and a client elsewhere."""

    host: NamespaceHost
    client: OsloClient
    first_run: puppet.PuppetRun

    def apply(self, secrets: dict[str, str] | None = None, **changes: Any) -> puppet.PuppetRun:
        """Apply the hieradata of the start with changes."""
        levels.install_levels(
            self.host,
            instances={"rabbit": levels.instance(self.host, **changes)},
            instance_secrets={"rabbit": secrets or levels.secrets()},
        )
        return puppet.apply(self.host, BROKER, "--show_diff")

    def log_in(self, user: str = "rpc", password: str = levels.PASSWORD) -> str:
        """Say how the broker answers a login from another host."""
        return self.client.ask("log_in", host="ctl-0", port=5672, user=user, password=password)


@pytest.fixture(scope="module")
def broker() -> Iterator[OneBroker]:
    """One broker, applied once."""
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts, oslo_client(hosts["lab"]) as client:
        broker = OneBroker(hosts["ctl-0"], client, puppet.NOT_RUN)
        yield attrs.evolve(broker, first_run=broker.apply())


def test_broker_starts_and_lets_in(broker: OneBroker):
    """The first run makes changes without a failure, and the user of the definitions may log in."""
    assert broker.first_run.code == 2, broker.first_run.output
    assert broker.log_in() == "welcome"
    assert "ACCESS_REFUSED" in broker.log_in(password="wrong")


@pytest.mark.parametrize(
    ("path", "owner", "mode"),
    [
        ("/var/lib/rabbitmq/.erlang.cookie", "rabbitmq", 0o400),
        ("/etc/rabbitmq/erlang_cookie", "root", 0o640),
        ("/etc/rabbitmq/definitions.json", "root", 0o640),
        ("/etc/rabbitmq/rabbitmq.conf", "root", 0o640),
        ("/etc/rabbitmq", "root", 0o750),
        ("/etc/rabbitmq/conf.d", "root", 0o750),
        ("/var/lib/rabbitmq", "rabbitmq", 0o750),
        ("/var/log/rabbitmq", "rabbitmq", 0o750),
    ],
)
def test_files_are_closed_to_others(broker: OneBroker, path: str, owner: str, mode: int):
    """Secrets, configuration and data belong to root or the broker and are nobody else's to read."""
    file = broker.host.checks.file(path)
    assert (file.user, file.group, file.mode) == (owner, "rabbitmq", mode)


def test_only_the_networks_asked_for_are_listened_on(broker: OneBroker):
    """Clients and the port mapper are served on the host's address, not on all of them."""
    checks = broker.host.checks
    assert checks.socket("tcp://10.99.0.11:5672").is_listening
    assert checks.socket("tcp://10.99.0.11:4369").is_listening
    assert not checks.socket("tcp://0.0.0.0:5672").is_listening
    assert not checks.socket("tcp://0.0.0.0:4369").is_listening


def test_broker_runs_as_its_own_user(broker: OneBroker):
    """The broker is not root, has the file limit asked for, and nothing of the starter's environment."""
    pid = brokers.broker_pid(broker.host)
    process = broker.host.checks.process.get(pid=pid)
    assert (process.user, process.comm) == ("rabbitmq", "beam.smp")
    limits = broker.host.must_run("grep", "Max open files", f"/proc/{pid}/limits")
    assert limits.split()[3:5] == ["10240", "10240"]
    environment = broker.host.checks.file(f"/proc/{pid}/environ").content_string.split("\0")
    assert "HOME=/var/lib/rabbitmq" in environment
    assert not [variable for variable in environment if variable.startswith("PYTHON")]


def test_changed_definitions_need_no_restart(broker: OneBroker):
    """A new password and a new user hold at once, the old password no more, in the same process."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    run = broker.apply(secrets=levels.secrets(rpc="another", extra="extra"))
    assert run.code == 2, run.output
    assert brokers.broker_pid(broker.host) == pid
    assert broker.log_in(password="another") == "welcome"
    assert broker.log_in(user="extra", password="extra") == "welcome"
    assert "ACCESS_REFUSED" in broker.log_in()


def test_failed_import_is_repeated(broker: OneBroker):
    """Definitions that cannot be imported fail every run, until they can."""
    unusable = {**levels.secrets(), "definitions": "not JSON"}
    assert broker.apply(secrets=unusable).code == 6
    assert broker.apply(secrets=unusable).code == 4
    assert broker.apply().code == 2
    assert broker.log_in() == "welcome"


def test_absent_user_is_deleted(broker: OneBroker):
    """A user who left the definitions and is named absent may no longer log in."""
    broker.apply(secrets=levels.secrets(leaver="leaver"))
    assert broker.log_in(user="leaver", password="leaver") == "welcome"
    assert broker.apply(absent_users=["leaver", "never-there"]).code == 2
    assert "ACCESS_REFUSED" in broker.log_in(user="leaver", password="leaver")
    assert broker.apply(absent_users=["leaver", "never-there"]).code == 0


def test_names_reach_the_tools_as_they_are(broker: OneBroker):
    """No name is read by a shell, and a user keeps the permissions that are listed alone."""
    name = "it's $(touch /run/read-by-a-shell) \"; x"
    secrets = levels.secrets(**{name: "pw"})
    broker.apply(secrets=secrets)
    brokers.rabbitmqctl(broker.host, "add_vhost", "o'ld $HOME")
    brokers.rabbitmqctl(broker.host, "set_permissions", "-p", "o'ld $HOME", name, "", "", "")
    run = broker.apply(secrets=secrets, permissions={name: ["/"]})
    assert run.code == 2, run.output
    assert brokers.rabbitmqctl(broker.host, "list_user_permissions", name).split("\t")[0] == "/"
    assert broker.apply(secrets=secrets, permissions={name: ["/"]}).code == 0
    assert not broker.host.checks.file("/run/read-by-a-shell").exists
    brokers.rabbitmqctl(broker.host, "delete_vhost", "o'ld $HOME")
    brokers.rabbitmqctl(broker.host, "delete_user", name)


@pytest.mark.parametrize(
    "change",
    [
        {"absent_users": ["a'b"]},
        {"absent_users": ["a b"]},
        {"absent_virtual_hosts": ["$(reboot)"]},
        {"absent_virtual_hosts": ["a\nb"]},
        {"permissions": {"rpc": ["a\nb"]}},
    ],
    ids=str,
)
def test_unsafe_names_are_refused(broker: OneBroker, change: dict[str, Any]):
    """What the lists of a plan cannot hold does not get past the type of the instance, either."""
    run = broker.apply(**change)
    assert run.code == 1
    assert "absent" in run.output or "permissions" in run.output


def test_guest_of_the_definitions_may_come_from_elsewhere(broker: OneBroker):
    """Without an entry in the definitions there is no guest; with one it may log in over the network."""
    broker.apply(absent_users=["guest"])
    assert "ACCESS_REFUSED" in broker.log_in(user="guest", password="guest")
    broker.apply(secrets=levels.secrets(guest="guest"))
    assert broker.log_in(user="guest", password="guest") == "welcome"


def test_changed_cookie_restarts_nothing(broker: OneBroker):
    """Broker and tools have the new cookie in the same run, in the same process; no secret is shown."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    run = broker.apply(secrets=levels.secrets(cookie="CANARYOTHER"))
    assert run.code == 2, run.output
    assert brokers.broker_pid(broker.host) == pid
    assert "CANARY" not in run.output
    assert "rpc" in brokers.rabbitmqctl(broker.host, "list_users")
    assert broker.log_in() == "welcome"
    assert broker.apply(secrets=levels.secrets(cookie="CANARYOTHER")).code == 0


def test_changed_cookie_and_settings_restart_once(broker: OneBroker):
    """A broker that is to have another node name, too, is told by the name that it has, and restarted."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    run = broker.apply(secrets=levels.secrets(cookie="CANARYOTHER"), node_name="another@ctl-0")
    assert run.code == 2, run.output
    assert brokers.broker_pid(broker.host) != pid
    assert "another@ctl-0" in brokers.rabbitmqctl(broker.host, "eval", "node().")
    assert "CANARY" not in run.output


def test_changed_settings_restart(broker: OneBroker):
    """Configuration, environment and plugins take effect in the same run, and the old port is closed."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    settings = {"listeners.tcp.1": "10.99.0.11:5673", "management.tcp.ip": "127.0.0.1"}
    run = broker.apply(settings=settings, plugins=["rabbitmq_management"])
    assert run.code == 2, run.output
    assert brokers.broker_pid(broker.host) != pid
    assert broker.host.checks.socket("tcp://10.99.0.11:5673").is_listening
    assert broker.host.checks.socket("tcp://127.0.0.1:15672").is_listening
    assert not broker.host.checks.socket("tcp://10.99.0.11:5672").is_listening


def test_changed_peers_restart_nothing(broker: OneBroker):
    """Peers come, change and go in a file of their own, which the broker reads when it starts next."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    assert broker.apply(settings=with_peers(broker, "rabbit@ctl-1")).code == 2
    run = broker.apply(settings=with_peers(broker, "rabbit@ctl-1", "rabbit@ctl-2"))
    assert run.code == 2, run.output
    assert brokers.broker_pid(broker.host) == pid
    file = broker.host.checks.file(PEERS)
    assert (file.user, file.group, file.mode) == ("root", "rabbitmq", 0o640)
    assert "nodes.1 = rabbit@ctl-1\n" in file.content_string
    assert "nodes.2 = rabbit@ctl-2\n" in file.content_string

    broker.host.must_run("/etc/rabbitmq/service", "restart")
    term = "{ok, {Nodes, disc}} = application:get_env(rabbit, cluster_nodes), lists:sort(Nodes)."
    assert brokers.rabbitmqctl(broker.host, "eval", term) == "['rabbit@ctl-1','rabbit@ctl-2']\n"
    pid = brokers.broker_pid(broker.host)
    assert broker.apply().code == 2
    assert brokers.broker_pid(broker.host) == pid
    assert not broker.host.checks.file(PEERS).exists


def with_peers(broker: OneBroker, *nodes: str) -> dict[str, Any]:
    """Return the settings of the start with peers."""
    prefix = "cluster_formation"
    names = {f"{prefix}.classic_config.nodes.{number}": node for number, node in enumerate(nodes, start=1)}
    backend = {f"{prefix}.peer_discovery_backend": "classic_config"}
    return {**levels.instance(broker.host)["settings"], **backend, **names}


def test_killed_broker_is_started_again(broker: OneBroker):
    """A process id that was left behind by a dead broker does not count as running."""
    broker.apply()
    pid = brokers.broker_pid(broker.host)
    broker.host.must_run("kill", "-9", str(pid))
    assert broker.host.run("/etc/rabbitmq/service", "status").returncode == 3
    assert broker.apply().code == 2
    assert broker.log_in() == "welcome"


def test_broker_that_cannot_start_fails_the_run(broker: OneBroker):
    """A setting that RabbitMQ does not know fails the run, which names the log; taking it back heals."""
    run = broker.apply(settings={"no.such.setting": 1})
    assert run.code == 6
    assert "see /var/log/rabbitmq/startup.log" in run.output
    assert broker.apply().code == 2
    assert broker.log_in() == "welcome"


def test_secrets_are_only_where_they_belong(broker: OneBroker):
    """Beside the hieradata, cookie and hashes stand in files that only the broker reads."""
    broker.apply()
    password_hash = levels.definitions({"rpc": levels.PASSWORD}).split('"password_hash": "')[1].split('"')[0]
    patterns = ["-e", levels.COOKIE, "-e", password_hash]
    found = broker.host.must_run("grep", "-rlF", *patterns, "/etc/rabbitmq", "/etc/puppet", "/run", *_WRITTEN)
    assert set(found.splitlines()) == {
        "/etc/rabbitmq/definitions.json",
        "/etc/rabbitmq/erlang_cookie",
        f"{puppet.DATA_DIR}/messaging_node.json",
        "/var/lib/rabbitmq/.erlang.cookie",
    }


# Where Puppet and RabbitMQ write beside the above: state, reports, logs.
_WRITTEN = ("/var/cache/puppet", "/var/lib/puppet", "/var/lib/rabbitmq", "/var/log")
