# SPDX-License-Identifier: Apache-2.0
"""Brokers and management APIs that answer otherwise than they should, on sockets of this host."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from tests.support.topologies import topology
from tripleo_messaging.backends.rabbitmq.probes import PROBES
from tripleo_messaging.errors import UnansweredError, UsageError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Cluster, Login, Member

PASSWORD = Secret("canaryMonitor")
NODES = [
    {"name": f"rabbit@{name}.internalapi.localdomain", "running": True}
    for name in ("ctl-2", "ctl-10", "ctl-0")
]


def cluster() -> Cluster:
    """Return a cluster of three members."""
    return topology("shared").clusters["rpc"]


def answer(body: object, status: str = "200 OK") -> bytes:
    """Return an HTTP answer with a JSON body."""
    content = json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


@contextmanager
def api(*answers: bytes, drip_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Answer one connection after another, and yield the URL and what was asked."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for content in answers:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536).decode())
                    _send(connection, content, drip_s)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def _send(connection: socket.socket, content: bytes, drip_s: float) -> None:
    pieces = [bytes([byte]) for byte in content] if drip_s else [content]
    for piece in pieces:
        try:
            connection.sendall(piece)
        except OSError:
            return
        time.sleep(drip_s)


def ask(url: str, timeout_s: float = 5.0) -> tuple:
    """Ask who is connected."""
    return PROBES.connections(cluster(), url, PASSWORD, timeout_s)


def refusal(url: str, timeout_s: float = 5.0) -> str:
    """Return why nobody can say; never with the password."""
    with pytest.raises(UnansweredError) as caught:
        ask(url, timeout_s)
    text = str(caught.value)
    assert "canary" not in text
    assert base64.b64encode(b"canary").decode()[:6] not in text
    return text


def test_connections_as_rabbitmq_says_them():
    """User, address, process and age; what a client does not say is empty."""
    started = (time.time() - 90) * 1000
    named = {"connection_name": "nova-compute:4711:0d3f4f4e-8f5c-4b7c-9d6b-6d2b7f0c1a11"}
    found = [
        {
            "user": "rpc",
            "vhost": "/",
            "peer_host": "10.0.0.1",
            "connected_at": started,
            "client_properties": named,
        },
        {"user": "rpc", "vhost": "/", "peer_host": "10.0.0.2", "client_properties": []},
    ]
    with api(answer(NODES), answer(found)) as (url, asked):
        first, second = ask(url)
    assert (first.user_name, first.address, first.process) == ("rpc", "10.0.0.1", "nova-compute:4711")
    assert 90 <= (first.age_s or 0) < 100
    assert (second.process, second.age_s) == ("", None)
    assert (
        "tripleo-messaging-monitor:canaryMonitor"
        in base64.b64decode(asked[0].split("Authorization: Basic ")[1].split()[0]).decode()
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            [answer({"error": "not_authorised"}, "401 Unauthorized")],
            "refused the account tripleo-messaging-monitor",
        ),
        ([answer(NODES[:2])], "does not see ctl-0 running"),
        ([answer([*NODES[:2], {**NODES[2], "running": False}])], "does not see ctl-0 running"),
        ([answer({"nodes": 3})], "is no management API of RabbitMQ (status 200)"),
        ([answer("moved", "301 Moved")], "is no management API of RabbitMQ (status 301)"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[{"], "is no management API of RabbitMQ"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "no answer"),
        ([b""], "no answer"),
    ],
)
def test_what_is_no_answer(answers: list, said: str):
    """A straggler on a member that is not seen would be cut off, so nothing is better than half of it."""
    with api(*answers) as (url, _):
        assert said in refusal(url)


@pytest.mark.parametrize("drip_s", [0.0, 0.05])
def test_bounded_in_time(drip_s: float):
    """Whether nothing comes, or a byte now and then."""
    content = answer([*NODES, *[{"name": "x" * 100}] * 20])
    content = content if drip_s else b""
    silent = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                _send(connection, content, drip_s)
                silent.wait(30)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        started = time.monotonic()
        assert "no answer in time" in refusal(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.5)
        assert time.monotonic() - started < 10
        silent.set()
        thread.join(timeout=10)


@pytest.mark.parametrize(
    "url",
    ["http://rpc:canary@127.0.0.1:15672", "ftp://127.0.0.1", "127.0.0.1:15672", "http://", "http://[::1"],
)
def test_urls_that_are_none(url: str):
    """A URL with a password in it would be shown by errors and logs."""
    with pytest.raises(UsageError, match="expected one such as http") as caught:
        ask(url)
    assert "canary" not in str(caught.value)


def test_management_urls_are_those_of_the_instances():
    """Two on one host have a port each."""
    made = topology("twice")
    assert [PROBES.management_url(made.clusters[name]) for name in ("rpc", "notify")] == [
        "http://127.0.0.1:15672",
        "http://127.0.0.1:15682",
    ]


def at(port: int, **changes: object) -> tuple[Cluster, Member]:
    """Return a cluster and member whose listener is on a port of this host."""
    member = Member(name="ctl-0", host_name="127.0.0.1", address="127.0.0.1")
    return attrs.evolve(cluster(), port=port, members=(member,), **changes), member


LOGIN = Login(user_name="rpc", secret="RpcPassword", virtual_hosts=("/",))


def log_in(place: tuple[Cluster, Member]) -> str:
    """Log in, and return why it did not work."""
    with pytest.raises(UnansweredError) as caught:
        PROBES.log_in(*place, LOGIN, PASSWORD, 0.5)
    assert "canary" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 4096])
def test_log_in_where_no_broker_speaks(greeting: bytes):
    """In bounded time, and never with the password."""
    with api(greeting, greeting) as (url, _):
        assert log_in(at(int(url.rpartition(":")[2]))).startswith("127.0.0.1:")


def test_log_in_where_nobody_listens():
    """As after a broker stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert log_in(at(port)) == f"127.0.0.1:{port}: connection refused"


def test_log_in_without_the_authority():
    """The CA of clients need not be on the host of the operator: said so, with the way out."""
    place = at(1, tls=topology("twice, with TLS").clusters["rpc"].tls)
    assert "/etc/ipa/ca.crt" in log_in(place)
