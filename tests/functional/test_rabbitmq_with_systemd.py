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
    units = ["rabbitmq-server.service", "epmd.service", "epmd.socket"]
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts, booted(hosts["ctl-0"], units) as host:
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


def test_changed_cookie_restarts_its_broker_only(deployment: Deployment):
    """The unit can stop a broker that no longer has the cookie of its tools; the other broker goes on."""
    deployment.apply()
    pids = deployment.pids()
    run = deployment.apply(cookie="CANARYOTHER")
    assert run.code == 2, run.output
    assert deployment.pids()["rabbitmq"] == pids["rabbitmq"]
    assert deployment.pids()["rabbit_notify"] != pids["rabbit_notify"]
    assert "rpc" in brokers.rabbitmqctl(deployment.host, "list_users", instance="rabbit_notify")


def test_broker_that_died_is_started_by_systemd(deployment: Deployment):
    """After kill -9 the broker comes back without Puppet."""
    pid = deployment.pids()["rabbit_notify"]
    deployment.host.must_run("kill", "-9", str(pid))
    unit = deployment.host.checks.service(UNITS["rabbit_notify"])
    assert brokers.wait_for(
        lambda: unit.is_running and deployment.pids()["rabbit_notify"] != pid, "the restart"
    )
