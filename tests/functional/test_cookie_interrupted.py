# SPDX-License-Identifier: Apache-2.0
"""A change of a broker's cookie that is interrupted, or finds a broker that cannot be told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

import attrs
import pytest

from tests.support import brokers, hieradata, levels, puppet
from tests.support.namespaces import NamespaceHost, lab

BROKER = "include tripleo_messaging::rabbitmq"
SCRIPT = "/etc/rabbitmq/cookie"
HOME = PurePosixPath("/var/lib/rabbitmq")
FORMER = str(HOME / ".former_cookie")

# Bash reads it before a script; each command of that, of its functions and subshells, goes through the trap.
# Between two commands that change nothing, one moment is as the other.
KILLER = """\
set -T
count=0
before() {
    case "$1" in
        env\\ * | rm\\ * | sync\\ * | mv\\ * | mkdir\\ * | printf\\ *)
            count=$((count + 1))
            [ "$count" -ne "$KILL_AT" ] || kill -9 $$
            ;;
    esac
}
trap 'before "$BASH_COMMAND"' DEBUG
"""
AS_BROKER = ("setpriv", "--reuid", "rabbitmq", "--regid", "rabbitmq", "--init-groups", "--")
MOST_COMMANDS = 200


@attrs.frozen
class OneBroker:
    """A host with the instance `rabbit`."""

    host: NamespaceHost

    def apply(self, cookie: str) -> puppet.PuppetRun:
        """Apply with a cookie."""
        levels.install_levels(
            self.host,
            instances={"rabbit": levels.instance(self.host)},
            instance_secrets={"rabbit": levels.secrets(cookie=cookie)},
        )
        return puppet.apply(self.host, BROKER)

    @property
    def pid(self) -> int:
        """The process id of the broker."""
        return brokers.broker_pid(self.host)

    def is_reached(self) -> bool:
        """Whether the tools have the broker's cookie."""
        return self.host.run("/etc/rabbitmq/run", "rabbitmqctl", "eval", "ok.").returncode == 0

    def files(self) -> set[str]:
        """Return the files of the broker's home that have to do with a cookie."""
        return set(self.host.must_run("find", str(HOME), "-name", "*cookie*").splitlines())

    def is_killed(self, at: int) -> bool:
        """Place the cookie that is wanted, with kill -9 before one of the commands; false where it ended."""
        command = ("env", "BASH_ENV=/run/killer", f"KILL_AT={at}", "bash", SCRIPT, "place")
        return self.host.run(*AS_BROKER, *command).returncode != 0

    def run_as_puppet_does(self) -> None:
        """Do what a run of Puppet would do."""
        if self.host.run(SCRIPT, "check").returncode:
            self.host.must_run(SCRIPT, "place")
        if self.host.checks.file(FORMER).exists:
            self.host.must_run(SCRIPT, "settle")


@pytest.fixture(scope="module")
def broker() -> Iterator[OneBroker]:
    """One broker, applied once."""
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts:
        broker = OneBroker(hosts["ctl-0"])
        run = broker.apply("first")
        assert run.code == 2, run.output
        yield broker


def test_every_interruption_is_made_good(broker: OneBroker):
    """Killed before any command that changes something, the next run gives the same process its cookie."""
    broker.apply("first")
    broker.host.write("/run/killer", KILLER)
    pid = broker.pid
    for at in itertools.count(1):
        assert at < MOST_COMMANDS
        broker.host.write("/etc/rabbitmq/erlang_cookie", f"cookie{at}")
        was_killed = broker.is_killed(at)
        broker.run_as_puppet_does()
        assert broker.files() == {str(HOME / ".erlang.cookie")}, at
        assert broker.host.must_run("cat", str(HOME / ".erlang.cookie")) == f"cookie{at}"
        assert broker.is_reached(), at
        if not was_killed:
            break
    # Told, the former kept by five commands, the new placed by three, looked, the former removed.
    assert at > 1 + 5 + 3 + 1 + 1
    assert broker.pid == pid


def test_broker_that_was_stopped_starts_with_it(broker: OneBroker):
    """There is nobody to be told; the run that starts the broker leaves nothing of the former cookie."""
    broker.apply("first")
    broker.host.must_run("/etc/rabbitmq/service", "stop")
    run = broker.apply("second")
    assert run.code == 2, run.output
    assert broker.is_reached()
    assert broker.files() == {str(HOME / ".erlang.cookie")}
    assert broker.apply("second").code == 0


def test_broker_that_started_meanwhile_is_told(broker: OneBroker):
    """It has the former cookie, as nobody knew of it when its file was replaced; the next run tells it."""
    broker.apply("first")
    pid = broker.pid
    broker.host.must_run("mv", "/run/rabbitmq/pid", "/run/rabbitmq/later")
    broker.host.write("/etc/rabbitmq/erlang_cookie", "second")
    broker.host.must_run(SCRIPT, "place")
    broker.host.must_run("mv", "/run/rabbitmq/later", "/run/rabbitmq/pid")
    assert not broker.is_reached()
    run = broker.apply("second")
    assert (run.code, broker.pid) == (2, pid), run.output
    assert broker.is_reached()
    assert broker.files() == {str(HOME / ".erlang.cookie")}


def test_broker_with_a_cookie_that_nobody_knows_fails_the_run(broker: OneBroker):
    """The run says the way out, and so does the next; after a restart all is well."""
    broker.apply("first")
    brokers.rabbitmqctl(broker.host, "eval", "erlang:set_cookie(node(), unknown).")
    pid = broker.pid
    for _ in range(2):
        run = broker.apply("second")
        assert run.code in {4, 6}, run.output
        assert "answers neither with the new cookie nor with the former one" in run.output
        assert broker.pid == pid
    broker.host.must_run("/etc/rabbitmq/service", "restart")
    assert [broker.apply("second").code for _ in range(2)] == [2, 0]
    assert broker.is_reached()


def test_file_of_others_is_replaced(broker: OneBroker):
    """Owner, mode and kind of the broker's own file are right again, and what a link led to is as it was."""
    broker.apply("first")
    broker.host.write("/run/elsewhere", "elsewhere")
    for spoil in (("chmod", "0644"), ("chown", "root"), ("ln", "-sf", "/run/elsewhere")):
        broker.host.must_run(*spoil, str(HOME / ".erlang.cookie"))
        assert [broker.apply("first").code for _ in range(2)] == [2, 0]
        file = broker.host.checks.file(str(HOME / ".erlang.cookie"))
        assert (file.user, file.group, file.mode, file.is_symlink) == ("rabbitmq", "rabbitmq", 0o400, False)
    assert broker.host.must_run("cat", "/run/elsewhere") == "elsewhere"
    assert broker.is_reached()
