# SPDX-License-Identifier: Apache-2.0
"""The process that `oslo_client` starts: it does with oslo.messaging what it is told.

Transports, clients and servers live as long as the process.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
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


class _Errors(logging.Handler):
    """Keeps the exceptions that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a record that has one."""
        if record.exc_info and record.exc_info[1]:
            self.errors.append(record.exc_info[1])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _send_rpc(url: str) -> None:
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, url)
    client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic="refused"), retry=0)
    client.cast({}, "remember", text="refused")


def _send_notification(url: str) -> None:
    transport = oslo_messaging.get_notification_transport(cfg.CONF, url)
    notifier = oslo_messaging.Notifier(
        transport, publisher_id="tests", driver="messagingv2", topics=["refused"], retry=0
    )
    notifier.info({}, "refused", {})


_SENDING: Mapping[str, Callable[[str], None]] = {"rpc": _send_rpc, "notify": _send_notification}


def _conversation(connection: ssl.SSLSocket, says: str) -> dict[str, str]:
    answer = b""
    if says:
        # Who is refused may learn of it while sending, and by which alert only from what can be read.
        with contextlib.suppress(OSError):
            connection.sendall(bytes.fromhex(says))
        answer = connection.recv(8)
    certificate = connection.getpeercert(binary_form=True) or b""
    return {
        "version": connection.version() or "",
        "certificate": hashlib.sha256(certificate).hexdigest(),
        "answer": answer.hex(),
    }


class _Calling(threading.Thread):
    """Calls again and again, and counts."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.is_to_end = threading.Event()
        self.answered = 0
        self.failed: list[str] = []

    def run(self) -> None:
        """Call until told to end."""
        while not self.is_to_end.is_set():
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - every failure counts
                self.failed.append(f"{type(error).__name__}: {error}")
            else:
                self.answered += 1


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
        self._staying: Any = None

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

    def refusal(self, url: str, service: str) -> list[str]:
        """Send once over a connection of its own, and return the errors that lead to the failure.

        Args:
            url: transport URL.
            service: ``rpc`` or ``notify``, whose way of sending is taken.

        Returns:
            Class and text of the errors raised or logged, from the outermost to its cause.
        """
        logged = _Errors()
        logging.getLogger("oslo_messaging").addHandler(logged)
        try:
            _SENDING[service](url)
        except Exception as error:  # noqa: BLE001 - it is what is asked for
            logged.errors.append(error)
        finally:
            logging.getLogger("oslo_messaging").removeHandler(logged)
        return [f"{type(one).__name__}: {one}" for error in logged.errors for one in _chain(error)]

    def start_calling(self, url: str, topic: str, timeout_s: int = 5) -> None:
        """Call a server without a pause, in a thread, until `stop_calling`."""
        self._calling = _Calling(functools.partial(self.call, url, topic, "again", timeout_s=timeout_s))
        self._calling.start()

    def calls(self) -> dict[str, Any]:
        """Return how many of these calls were answered, and the errors of those that were not."""
        return {"answered": self._calling.answered, "failed": list(self._calling.failed)}

    def stop_calling(self) -> None:
        """End the calls; the last of them is waited for, as long as a call may take."""
        self._calling.is_to_end.set()
        self._calling.join(timeout=60)

    def handshake(
        self, address: tuple[str, int], ca_file: str, files: list[str], version: str = "", says: str = ""
    ) -> dict[str, str]:
        """Speak TLS with a port, which must have a certificate for that host.

        Args:
            address: host and port.
            ca_file: authorities that are trusted.
            files: certificate and key that are shown, or nothing.
            version: the only one spoken, e.g. ``TLSv1_2``.
            says: hexadecimal, what is sent then.

        Returns:
            The ``version`` spoken, the SHA-256 of the other end's ``certificate``, its ``answer`` in
            hexadecimal; or the ``error`` alone.
        """
        context = ssl.create_default_context(cafile=ca_file)
        if files:
            context.load_cert_chain(*files)
        if version:
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        try:
            with (
                socket.create_connection(address, timeout=30) as plain,
                context.wrap_socket(plain, server_hostname=address[0]) as connection,
            ):
                return _conversation(connection, says)
        except OSError as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def say(self, host: str, port: int, text: str, length: int) -> str:
        """Send bytes without TLS, and return what comes back, up to `length`; both are hexadecimal."""
        with socket.create_connection((host, port), timeout=30) as connection:
            connection.sendall(bytes.fromhex(text))
            try:
                return connection.recv(length, socket.MSG_WAITALL).hex()
            except ConnectionResetError:
                return ""

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

    def stay(self, host: str, port: int, user: str, password: str, virtual_host: str) -> None:
        """Log in and stay connected."""
        self._staying = amqp.Connection(
            f"{host}:{port}", userid=user, password=password, virtual_host=virtual_host, connect_timeout=30
        )
        self._staying.connect()

    def stayed(self) -> str:
        """Wait for the broker to end the connection of `stay`, and say ``ended`` if it did."""
        try:
            self._staying.drain_events(timeout=30)
        except TimeoutError:
            return "still connected"
        # The reset of the connection may overtake the reason for it.
        except (amqp.AMQPError, ConnectionError):
            return "ended"
        return "an event"


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
