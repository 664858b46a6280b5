# SPDX-License-Identifier: Apache-2.0
"""The process that `oslo_client` starts: it does with oslo.messaging what it is told.

Transports, clients and servers live as long as the process.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any

import amqp
import oslo_messaging
from oslo_config import cfg


class _Endpoint:
    """What an RPC server of the tests offers."""

    def __init__(self, name: str, received: list[str]) -> None:
        self._name = name
        self._received = received

    def echo(self, _context: object, text: str) -> str:
        return f"{self._name} heard {text}"

    def remember(self, _context: object, text: str) -> None:
        self._received.append(f"{self._name} heard {text}")


class _Listener:
    """What a notification listener of the tests keeps."""

    def __init__(self, received: list[str]) -> None:
        self._received = received

    def info(self, _context: object, publisher: str, event: str, payload: object, _metadata: object) -> None:
        self._received.append(f"{publisher} {event} {json.dumps(payload)}")


class Deeds:
    """What the process can do; each public method is one deed."""

    def __init__(self) -> None:
        self._received: list[str] = []
        self._running: list[Any] = []
        self._rpc = functools.cache(functools.partial(oslo_messaging.get_rpc_transport, cfg.CONF))
        self._notification = functools.cache(
            functools.partial(oslo_messaging.get_notification_transport, cfg.CONF)
        )
        self._clients: dict[tuple[str, str], Any] = {}

    def serve(self, url: str, topic: str, server: str) -> None:
        """Start an RPC server on a topic; its answers begin with its name."""
        target = oslo_messaging.Target(topic=topic, server=server)
        endpoints = [_Endpoint(server, self._received)]
        self._run(oslo_messaging.get_rpc_server(self._rpc(url), target, endpoints, executor="threading"))

    def listen(self, url: str, topic: str) -> None:
        """Start a listener for notifications of priority info."""
        targets = [oslo_messaging.Target(topic=topic)]
        endpoints = [_Listener(self._received)]
        transport = self._notification(url)
        self._run(
            oslo_messaging.get_notification_listener(transport, targets, endpoints, executor="threading")
        )

    def _run(self, server: Any) -> None:
        server.start()
        self._running.append(server)

    def call(self, url: str, topic: str, text: str, timeout_s: int = 30) -> str:
        """Call a server and return its answer; one client object for each topic serves all calls."""
        return self._client(url, topic).prepare(timeout=timeout_s).call({}, "echo", text=text)

    def cast(self, url: str, topic: str, text: str, fanout: bool = False) -> None:
        """Send a text that a server, or with `fanout` every server, keeps."""
        self._client(url, topic).prepare(fanout=fanout).cast({}, "remember", text=text)

    def _client(self, url: str, topic: str) -> Any:
        if (url, topic) not in self._clients:
            target = oslo_messaging.Target(topic=topic)
            self._clients[url, topic] = oslo_messaging.get_rpc_client(self._rpc(url), target)
        return self._clients[url, topic]

    def notify(self, url: str, topic: str, event: str, payload: Any) -> None:
        """Send a notification of priority info."""
        notifier = oslo_messaging.Notifier(
            self._notification(url), publisher_id="tests", driver="messagingv2", topics=[topic]
        )
        notifier.info({}, event, payload)

    def received(self) -> list[str]:
        """Return what servers and listeners of this process have kept."""
        return list(self._received)

    def pid(self) -> int:
        """Return the process id, as it is on the host."""
        return int(Path("/proc/self").resolve().name)

    def log_in(self, host: str, port: int, user: str, password: str, virtual_host: str = "/") -> str:
        """Say ``welcome``, or by which AMQP error the broker refused."""
        connection = amqp.Connection(
            f"{host}:{port}", userid=user, password=password, virtual_host=virtual_host, connect_timeout=30
        )
        try:
            connection.connect()
        except amqp.AMQPError as error:
            return f"{error.reply_code} {error.reply_text}"
        connection.close()
        return "welcome"


def main() -> None:
    """Answer every line of standard input."""
    cfg.CONF([], project="tests", default_config_files=[])
    deeds = Deeds()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(deeds, json.loads(line))) + "\n")
        sys.stdout.flush()


def _answer(deeds: Deeds, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": getattr(deeds, request.pop("do"))(**request)}
    except Exception as error:  # noqa: BLE001 - the other end judges
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
