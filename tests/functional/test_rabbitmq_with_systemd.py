# SPDX-License-Identifier: Apache-2.0
"""Two brokers as units of a real systemd, one by the distribution's unit and one by ours."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from tests.support import brokers, hieradata, levels, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.systemd import booted

BROKER = "include tripleo_messaging::rabbitmq"
# By directory of the instance: unit.
UNITS = {"rabbitmq": "rabbitmq-server", "rabbit_notify": "rabbitmq-server-rabbit_notify"}
STOCK_UNITS = ("rabbitmq-server.service", "epmd.service", "epmd.socket")


@attrs.frozen
class Deployment:
    """A host on which Puppet found systemd."""

    host: NamespaceHost
    first_run: puppet.PuppetRun

    def apply(self, cookie: str = levels.COOKIE) -> puppet.PuppetRun:
        """Apply both brokers, that of `rabbit_notify` with a cookie."""
        second = levels.second_instance(self.host)
        instances = {"rabbit": levels.instance(self.host), "rabbit_notify": second}
        secrets = {"rabbit": levels.secrets(), "rabbit_notify": levels.secrets(cookie=cookie)}
        levels.install_levels(self.host, instances=instances, instance_secrets=secrets)
        return puppet.apply(self.host, BROKER)

    def pids(self) -> dict[str, int]:
        """Return the process id of each broker."""
        return {directory: brokers.broker_pid(self.host, directory) for directory in UNITS}


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Apply once; whether systemd is there is left to our fact."""
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts, booted(hosts["ctl-0"], STOCK_UNITS) as host:
        deployment = Deployment(host, puppet.NOT_RUN)
        yield attrs.evolve(deployment, first_run=deployment.apply())


def test_units_run_and_are_enabled(deployment: Deployment):
    """Both brokers are the main processes of their units, which also start at boot."""
    assert deployment.first_run.code == 2, deployment.first_run.output
    for directory, unit in UNITS.items():
        service = deployment.host.checks.service(unit)
        assert (service.is_running, service.is_enabled) == (True, True)
        assert int(service.systemd_properties["MainPID"]) == deployment.pids()[directory]
        assert service.systemd_properties["LimitNOFILE"] == "10240"


def test_port_mapper_keeps_to_the_address(deployment: Deployment):
    """The distribution's epmd.socket listens on the brokers' address and loopback alone, and knows both."""
    checks = deployment.host.checks
    assert checks.socket("tcp://10.99.0.11:4369").is_listening
    assert checks.socket("tcp://127.0.0.1:4369").is_listening
    assert not checks.socket("tcp://0.0.0.0:4369").is_listening
    assert not checks.socket("tcp://:::4369").is_listening
    names = deployment.host.must_run("epmd", "-names")
    assert "name rabbit at" in names
    assert "name rabbit_notify at" in names


def test_second_run_changes_nothing(deployment: Deployment):
    """Puppet reports no change, and both brokers are the same processes."""
    deployment.apply()
    pids = deployment.pids()
    run = deployment.apply()
    assert (run.code, deployment.pids()) == (0, pids), run.output


def test_changed_cookie_restarts_nothing(deployment: Deployment):
    """The broker goes on with the new cookie, its unit can restart it, and the other one has its own."""
    deployment.apply()
    pids = deployment.pids()
    run = deployment.apply(cookie="CANARYOTHER")
    assert (run.code, deployment.pids()) == (2, pids), run.output
    assert "rpc" in brokers.rabbitmqctl(deployment.host, "list_users", instance="rabbit_notify")
    deployment.host.must_run("systemctl", "restart", UNITS["rabbit_notify"])
    assert "rpc" in brokers.rabbitmqctl(deployment.host, "list_users", instance="rabbit_notify")
    assert deployment.pids()["rabbitmq"] == pids["rabbitmq"]


def test_broker_that_died_is_started_by_systemd(deployment: Deployment):
    """After kill -9 the broker comes back without Puppet."""
    pid = deployment.pids()["rabbit_notify"]
    deployment.host.must_run("kill", "-9", str(pid))

    def is_back() -> bool:
        # Asked anew each time: a service object keeps the properties that it read first.
        unit = deployment.host.checks.service(UNITS["rabbit_notify"])
        return int(unit.systemd_properties["MainPID"]) not in {0, pid} and unit.is_running

    brokers.wait_for(is_back, "the restart")
    assert deployment.pids()["rabbit_notify"] != pid


@attrs.frozen
class BesideStock:
    """A host with `rabbit_notify`, on which the package had started a broker of its own."""

    host: NamespaceHost
    first_run: puppet.PuppetRun

    def apply(self, *more: str, **keys: object) -> puppet.PuppetRun:
        """Apply `rabbit_notify`, and `rabbit` where it is named too, with further keys of the class."""
        instances = {"rabbit_notify": levels.second_instance(self.host)}
        instances |= {name: levels.instance(self.host) for name in more}
        secrets = {name: levels.secrets() for name in instances}
        levels.install_levels(self.host, instances=instances, instance_secrets=secrets, **keys)
        return puppet.apply(self.host, BROKER)

    def stock_unit(self) -> tuple[bool, bool]:
        """Say whether the distribution's unit runs and whether it is enabled."""
        service = self.host.checks.service("rabbitmq-server")
        return service.is_running, service.is_enabled

    def is_served(self) -> bool:
        """Whether clients find a broker at the port that RabbitMQ has by default."""
        return any(spec.endswith(":5672") for spec in self.host.checks.socket.get_listening_sockets())


@pytest.fixture(scope="module")
def beside_stock() -> Iterator[BesideStock]:
    """Leave the host as the package's installation leaves it, then apply once."""
    with lab({"msg-0": "10.99.0.21"}, hieradata.DOMAIN) as hosts, booted(hosts["msg-0"], STOCK_UNITS) as host:
        beside_stock = BesideStock(host, puppet.NOT_RUN)
        host.must_run("systemctl", "enable", "--now", "rabbitmq-server")
        assert (beside_stock.stock_unit(), beside_stock.is_served()) == ((True, True), True)
        yield attrs.evolve(beside_stock, first_run=beside_stock.apply())


def test_broker_of_the_package_is_stopped(beside_stock: BesideStock):
    """The run that brings our broker ends the one with guest's well-known password, for good."""
    assert beside_stock.first_run.code == 2, beside_stock.first_run.output
    assert (beside_stock.stock_unit(), beside_stock.is_served()) == ((False, False), False)
    assert beside_stock.host.checks.service(UNITS["rabbit_notify"]).is_running


def test_stopped_unit_is_no_change(beside_stock: BesideStock):
    """Puppet has nothing to do where the unit is stopped already, and our broker is the same process."""
    beside_stock.apply()
    pid = brokers.broker_pid(beside_stock.host, "rabbit_notify")
    run = beside_stock.apply()
    assert (run.code, brokers.broker_pid(beside_stock.host, "rabbit_notify")) == (0, pid), run.output
    assert beside_stock.stock_unit() == (False, False)


def test_unit_that_somebody_else_runs_is_left_alone(beside_stock: BesideStock):
    """Where the class is told so, the distribution's unit goes on."""
    beside_stock.apply()
    beside_stock.host.must_run("systemctl", "enable", "--now", "rabbitmq-server")
    assert beside_stock.apply(tripleo_messaging__rabbitmq__stop_stock_service=False).code == 0
    assert beside_stock.stock_unit() == (True, True)


def test_unit_comes_back_with_its_instance(beside_stock: BesideStock):
    """A host that becomes a member with `rabbit` too has that unit running and enabled."""
    beside_stock.apply()
    run = beside_stock.apply("rabbit")
    assert run.code == 2, run.output
    assert beside_stock.stock_unit() == (True, True)
    assert beside_stock.host.checks.socket("tcp://10.99.0.21:5672").is_listening
    assert not beside_stock.host.checks.socket("tcp://:::5672").is_listening
