# SPDX-License-Identifier: Apache-2.0
"""Processes of services that call one another and notify at a constant rate, whatever is done to brokers.

A process for each client, as they are restarted one at a time: the new one works before the old one ends what
it has under way and leaves.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import attrs

from tests.support import brokers
from tests.support.namespaces import NamespaceHost

_REPOSITORY = Path(__file__).resolve().parents[2]
# Twice what a call may take.
_LEAVING_S = 60
_HEARING_S = 30

# Closes all connections of a client, as `rabbitmqctl close_connection` closes one of them. One that is being
# opened or closed has no properties, and is passed over.
_CLOSE = """
[rabbit_networking:close_connection(Pid, "the test wants another") ||
    Pid <- rabbit_networking:connections(),
    [{{_, [_ | _] = Of}}] <- [catch rabbit_networking:connection_info(Pid, [client_properties])],
    {{<<"connection_name">>, _, Name}} <- Of,
    string:prefix(Name, "{name}:") =/= nomatch].
"""


# When it was made, when answered, and its error or nothing; times are of the monotonic clock.
Call = tuple[float, float, str]


@attrs.frozen(kw_only=True)
class Connection:
    """What a broker says of a connection.

    Attributes:
        client: that it is of.
        user: that logged in.
        name: of the connection; no two have the same.
    """

    client: str
    user: str
    name: str


def connections(broker: NamespaceHost) -> set[Connection]:
    """Return the connections to all members of a broker's cluster."""
    columns = ("name", "user", "pid", "client_properties")
    listed = json.loads(brokers.rabbitmqctl(broker, "--formatter", "json", "list_connections", *columns))
    return {
        Connection(client=_client(one), user=one["user"], name=f"{one['name']} {one['pid']}")
        for one in listed
        # One that is being opened or closed has none.
        if isinstance(one["client_properties"], list)
    }


def _client(connection: Mapping[str, Any]) -> str:
    properties = {key: value for key, _type, value in connection["client_properties"]}
    return str(properties.get("connection_name", "")).split(":")[0]


class Process:
    """The tests' end of a `load_agent`."""

    def __init__(self, host: NamespaceHost, role: str, name: str, configuration: str, log: TextIO) -> None:
        environment = (
            "env",
            f"PYTHONPATH={_REPOSITORY}",
            "PYTHONWARNINGS=ignore",
            "OSLO_LOCK_PATH=/run/oslo",
        )
        module = ("-m", "tests.support.load_agent", role, name, configuration)
        command = [*host.prefix, *environment, sys.executable, *module]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )

    def answer(self) -> Any:
        """Wait for a line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process ended: {self._process.wait()}"
        return json.loads(line)

    def ask(self, word: str) -> None:
        """Tell it something, without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def leave(self) -> Any:
        """Have it end what is under way, and return what was not taken yet."""
        self.ask("stop")
        last = self.answer()
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_LEAVING_S)
        finally:
            self.kill()
        return last

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        with self._process as process:
            process.kill()


@attrs.define(kw_only=True)
class Client:
    """A service's process and those that were it before.

    Attributes:
        name: of the first; the others have a number behind it.
        role: of `load_agent`.
        host: where it runs.
        restarts: how often another took its place.
        process: the one of now.
        taken: what the former ones did.
    """

    name: str
    role: str
    host: NamespaceHost
    restarts: int = 0
    process: Process
    taken: list[Any] = attrs.Factory(list)

    @property
    def name_now(self) -> str:
        """How the process of now names itself."""
        return f"{self.name}.{self.restarts}"


@attrs.frozen(kw_only=True)
class Tally:
    """What clients did in a while.

    Attributes:
        since: when that began, by the monotonic clock.
        until: when it ended.
        calls: when each was made, when answered, and its error or ``""``; those made in that while.
        answered: when calls were answered in that while.
        sent: names of notifications.
        lost: those of them that no listener has heard.
    """

    since: float
    until: float
    calls: Sequence[Call]
    answered: Sequence[float]
    sent: Sequence[str]
    lost: Sequence[str]

    @property
    def failed(self) -> list[str]:
        """The errors of calls."""
        return [error for _, _, error in self.calls if error]

    @property
    def seconds(self) -> int:
        """How long it was, in whole seconds."""
        return int(self.until - self.since)

    def fewest_made(self, window_s: int = 1) -> float:
        """Return the lowest rate of calls made, a second, of all windows of so many seconds."""
        return self._lowest([made for made, _, _ in self.calls], window_s)

    def fewest_answered(self, window_s: int = 1) -> float:
        """Return the lowest rate of calls answered, a second, of all windows of so many seconds."""
        return self._lowest(self.answered, window_s)

    def _lowest(self, times: Sequence[float], window_s: int) -> float:
        counted = Counter(int(moment - self.since) // window_s for moment in times)
        return min(counted[window] for window in range(self.seconds // window_s)) / window_s

    def slowest_s(self) -> float:
        """Return how long the slowest of the calls took that were answered, in seconds."""
        return max((end - made for made, end, error in self.calls if not error), default=0.0)


class Load:
    """All clients.

    Attributes:
        clients: by the name of the first process of each.
        broker: any member of the cluster.
    """

    def __init__(self, broker: NamespaceHost, configuration: str, log: TextIO) -> None:
        self.broker = broker
        self.clients: dict[str, Client] = {}
        self._configuration = configuration
        self._log = log
        self._heard: set[str] = set()
        self._calls: list[Call] = []
        self._since = time.monotonic()

    def start(self, role: str, host: NamespaceHost) -> None:
        """Start another client; it works when this returns."""
        number = sum(client.role == role for client in self.clients.values())
        name = f"{role}-{number}"
        process = self._started(host, role, f"{name}.0")
        self.clients[name] = Client(name=name, role=role, host=host, process=process)

    def _started(self, host: NamespaceHost, role: str, name: str) -> Process:
        process = Process(host, role, name, self._configuration, self._log)
        assert process.answer() == "ready"
        return process

    def of(self, host: NamespaceHost) -> list[str]:
        """Return the names of a host's clients."""
        return [name for name, client in self.clients.items() if client.host is host]

    def restart(self, name: str) -> None:
        """Have a client read its configuration by being started again, without a gap."""
        client = self.clients[name]
        client.restarts += 1
        former, client.process = (
            client.process,
            self._started(client.host, client.role, client.name_now),
        )
        client.taken += former.leave()

    def reconnect(self, name: str) -> None:
        """Have the broker close all connections of a client."""
        brokers.rabbitmqctl(self.broker, "eval", _CLOSE.format(name=self.clients[name].name_now))

    def reconnect_all(self, *names: str) -> None:
        """Have the broker close the connections of one client after another, and see that each has others.

        Args:
            names: of the clients; none is all of them.
        """
        chosen, before = names or tuple(self.clients), connections(self.broker)
        for name in chosen:
            self.reconnect(name)
        brokers.wait_for(lambda: self.have_reconnected(chosen, before), "other connections")

    def have_reconnected(self, names: Sequence[str], before: set[Connection]) -> bool:
        """Whether each client has connections, and none of those."""
        now = connections(self.broker)
        chosen = {self.clients[name].name_now for name in names}
        found = {one for one in now if one.client in chosen}
        return {one.client for one in found} == chosen and not found & before

    def users(self) -> dict[str, set[str]]:
        """Return whom each client is logged in as, by the names of the processes of now."""
        now = connections(self.broker)
        return {
            name: {one.user for one in now if one.client == client.name_now}
            for name, client in self.clients.items()
        }

    def tally(self) -> Tally:
        """Return what was done since the last tally; what is under way is waited for."""
        since, until = self._since, time.monotonic()
        self._since = until
        sent = self._take("notifier")
        with contextlib.suppress(AssertionError):
            brokers.wait_for(lambda: not self._not_heard(sent), "the notifications", _HEARING_S)
        self._calls += [(made, end, error) for made, end, error in self._take("caller")]
        return Tally(
            since=since,
            until=until,
            calls=[call for call in self._calls if since <= call[0] < until],
            answered=[end for _, end, error in self._calls if since <= end < until and not error],
            sent=sent,
            lost=sorted(self._not_heard(sent)),
        )

    def _not_heard(self, sent: Sequence[str]) -> set[str]:
        # A notification may be heard before it is known to have been sent.
        self._heard |= set(self._take("listener"))
        return set(sent) - self._heard

    def _take(self, role: str) -> list[Any]:
        clients = [client for client in self.clients.values() if client.role == role]
        # All at once, as each waits for what it has under way.
        for client in clients:
            client.process.ask("take")
        taken = [thing for client in clients for thing in (*client.taken, *client.process.answer())]
        for client in clients:
            client.taken = []
        return taken

    def kill(self) -> None:
        """End all processes at once."""
        for client in self.clients.values():
            client.process.kill()


@contextlib.contextmanager
def load(
    broker: NamespaceHost, roles: Sequence[tuple[str, NamespaceHost]], configuration: str, log: Path
) -> Iterator[Load]:
    """Run clients while the block runs.

    Args:
        broker: any member of the cluster.
        roles: of `load_agent`, and the host that each runs on; servers and listeners before who needs them.
        configuration: file on each of these hosts with the transport URLs.
        log: outside, where the processes log to.
    """
    with log.open("a", encoding="utf-8") as file:
        found = Load(broker, configuration, file)
        try:
            for role, host in roles:
                found.start(role, host)
            yield found
        finally:
            found.kill()
