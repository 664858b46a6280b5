# SPDX-License-Identifier: Apache-2.0
"""A process of a service that keeps brokers busy, see `load`.

``python -m tests.support.load_agent ROLE NAME CONFIGURATION``. The transport URLs are read from the
configuration file once, at the start, as services do. Standard input then holds one word a line, ``take`` or
``stop``; each is answered by a line of JSON, and the first line says ``ready``. All times are of the
monotonic clock, which is the same for all processes of the machine.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import oslo_messaging
from oslo_config import cfg

TOPIC = "load"
CALL_TIMEOUT_S = 30
CALLS_A_SECOND = 30
EVENTS_A_SECOND = 5
# Calls that wait for an answer hold up a thread each; so many let a second's stall pass unnoticed.
_CALLERS = 40


class Role(Protocol):
    """What a process does."""

    def take(self) -> list[Any]:
        """Return what was done since it was taken last, after waiting for what is under way."""

    def stop(self) -> None:
        """Begin nothing more, and end what is under way."""


class _Schedule:
    """Hands out numbers, each when it is due; those that are late at once."""

    def __init__(self, a_second: int) -> None:
        self._period_s = 1 / a_second
        self._start = time.monotonic()
        self._number = 0
        self._lock = threading.Lock()
        self._is_to_end = threading.Event()

    def __iter__(self) -> Iterator[int]:
        while True:
            with self._lock:
                number = self._number
                self._number += 1
            if self._is_to_end.wait(max(0.0, self._start + number * self._period_s - time.monotonic())):
                return
            yield number

    def end(self) -> None:
        self._is_to_end.set()


class _Workers:
    """Threads that do something by one schedule, and keep what came of it."""

    def __init__(self, threads: int, a_second: int, do: Callable[[int], Any]) -> None:
        self._do = do
        self._schedule = _Schedule(a_second)
        self._done: list[Any] = []
        self._under_way: set[int] = set()
        self._change = threading.Condition()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        for number in self._schedule:
            with self._change:
                self._under_way.add(number)
            result = self._do(number)
            with self._change:
                self._done.append(result)
                self._under_way.discard(number)
                self._change.notify_all()

    def take(self) -> list[Any]:
        with self._change:
            waited_for = set(self._under_way)
            # A notification is sent until a broker takes it, which may be never.
            self._change.wait_for(lambda: not waited_for & self._under_way, timeout=2 * CALL_TIMEOUT_S)
            taken, self._done = self._done, []
        return taken

    def stop(self) -> None:
        self._schedule.end()
        for thread in self._threads:
            thread.join()


class Caller(_Workers):
    """Calls servers; what is taken is when each call was made, when answered, and its error or ``""``."""

    def __init__(self, name: str) -> None:
        transport = oslo_messaging.get_rpc_transport(cfg.CONF)
        target = oslo_messaging.Target(topic=TOPIC)
        self._name = name
        self._client = oslo_messaging.get_rpc_client(transport, target, timeout=CALL_TIMEOUT_S)
        super().__init__(_CALLERS, CALLS_A_SECOND, self._call)

    def _call(self, number: int) -> tuple[float, float, str]:
        made, text = time.monotonic(), f"{self._name}-{number}"
        try:
            answer = self._client.call({}, "echo", text=text)
        except Exception as error:  # noqa: BLE001 - every failure counts
            return made, time.monotonic(), f"{type(error).__name__}: {error}"
        return made, time.monotonic(), "" if answer == f"heard {text}" else f"answered {answer!r}"


class Notifier(_Workers):
    """Sends notifications; what is taken are their names."""

    def __init__(self, name: str) -> None:
        transport = oslo_messaging.get_notification_transport(cfg.CONF)
        self._name = name
        self._notifier = oslo_messaging.Notifier(
            transport, publisher_id=name, driver="messagingv2", topics=[TOPIC]
        )
        super().__init__(1, EVENTS_A_SECOND, self._send)

    def _send(self, number: int) -> str:
        event = f"{self._name}-{number}"
        self._notifier.info({}, event, {})
        return event


class _Endpoint:
    def echo(self, _context: object, text: str) -> str:
        return f"heard {text}"


class Server:
    """Answers calls."""

    def __init__(self, name: str) -> None:
        target = oslo_messaging.Target(topic=TOPIC, server=name)
        transport = oslo_messaging.get_rpc_transport(cfg.CONF)
        self._server = oslo_messaging.get_rpc_server(transport, target, [_Endpoint()], executor="threading")
        self._server.start()

    def take(self) -> list[Any]:
        """Return nothing."""
        return []

    def stop(self) -> None:
        """Take no more calls, and answer those that were taken."""
        self._server.stop()
        self._server.wait()


class Listener:
    """Receives notifications; what is taken are their names."""

    def __init__(self, _name: str) -> None:
        self._heard: list[str] = []
        self._taken = 0
        transport = oslo_messaging.get_notification_transport(cfg.CONF)
        targets = [oslo_messaging.Target(topic=TOPIC)]
        self._server = oslo_messaging.get_notification_listener(
            transport, targets, [self], executor="threading"
        )
        self._server.start()

    def info(self, _context: object, _publisher: str, event: str, _payload: object, _more: object) -> None:
        """Keep one."""
        self._heard.append(event)

    def take(self) -> list[Any]:
        """Return what was heard."""
        taken = self._heard[self._taken :]
        self._taken += len(taken)
        return taken

    def stop(self) -> None:
        """Receive no more."""
        self._server.stop()
        self._server.wait()


ROLES: dict[str, Callable[[str], Role]] = {
    "caller": Caller,
    "server": Server,
    "notifier": Notifier,
    "listener": Listener,
}


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what a role does until told to stop."""
    role, name, configuration = sys.argv[1:]
    # What a connection names itself by, so that it is known at the broker, and queues that outlive one.
    sys.argv[0] = name
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    cfg.CONF([], project="load", default_config_files=[configuration])
    does = ROLES[role](name)
    _say("ready")
    for line in sys.stdin:
        if line.strip() == "stop":
            does.stop()
        _say(does.take())


if __name__ == "__main__":
    main()
