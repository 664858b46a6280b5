# SPDX-License-Identifier: Apache-2.0
"""Brokers and management APIs that answer otherwise than they should, on sockets of this host."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
import pytest

from tests.support.certificates import Placed, authority, certificate, place
from tests.support.topologies import topology
from tripleo_messaging.backends.rabbitmq.definitions import definitions
from tripleo_messaging.backends.rabbitmq.probes import PROBES
from tripleo_messaging.errors import IncompleteAnswerError, RefusedLoginError, UnansweredError, UsageError
from tripleo_messaging.model.plan import Tls
from tripleo_messaging.model.secret import Secret, Secrets
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


def quietly(serve: Callable[[], None]) -> Callable[[], None]:
    """Return a server that ends where its peer, or the test, has gone away."""

    def work() -> None:
        with suppress(OSError):
            serve()

    return work


@contextmanager
def api(*answers: bytes) -> Iterator[tuple[str, list[str]]]:
    """Answer one connection after another, and yield the URL and what was asked."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for content in answers:
                connection, _ = server.accept()
                with connection:
                    asked.append(connection.recv(65536).decode())
                    connection.sendall(content)

        thread = threading.Thread(target=quietly(serve), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def ask(url: str, timeout_s: float = 5.0) -> tuple:
    """Ask who is connected."""
    return PROBES.connections(cluster(), url, PASSWORD, timeout_s)


def test_refusals_are_told_apart():
    """What asks elsewhere would not help is a kind of its own: another account, or not all members."""
    cases = {RefusedLoginError: answer({}, "401 Unauthorized"), IncompleteAnswerError: answer(NODES[:2])}
    for kind, content in cases.items():
        with api(content) as (url, _), pytest.raises(kind):
            ask(url)


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
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "no answer that is HTTP"),
        ([b""], "ended the connection"),
    ],
)
def test_what_is_no_answer(answers: list, said: str):
    """A straggler on a member that is not seen would be cut off, so nothing is better than half of it."""
    with api(*answers) as (url, _):
        assert said in refusal(url)


@contextmanager
def dripping(content: bytes, more: bytes = b"") -> Iterator[int]:
    """Take one connection, send `content` at once and a byte of `more` now and then; yield the port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(content)
                pieces = iter(more)
                while not over.wait(0.05):
                    byte = next(pieces, None)
                    if byte is not None:
                        connection.sendall(bytes([byte]))

        thread = threading.Thread(target=quietly(serve), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


STATUS = b"HTTP/1.1 200 OK\r\n"
LONG = b"x" * 10_000


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (b"", b""),
        (b"", STATUS + LONG),
        (STATUS + b"X: ", LONG),
        (STATUS + b"Content-Length: 10000\r\n\r\n", LONG),
        (STATUS + b"Connection: close\r\n\r\n", LONG),
    ],
    ids=["silent", "status", "header", "body", "body without a length"],
)
def test_who_is_connected_is_bounded_in_time(content: bytes, more: bytes):
    """Whether nothing comes, or a byte now and then, wherever in the answer."""
    with dripping(content, more) as port:
        started = time.monotonic()
        assert "no answer in time" in refusal(f"http://127.0.0.1:{port}", timeout_s=0.5)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "url",
    [
        "http://rpc:canary@127.0.0.1:15672",
        "ftp://127.0.0.1",
        "127.0.0.1:15672",
        "http://",
        "http://[::1",
        "http://a..b:15672",
        "http://127.0.0.1:15672/?columns=name",
        "http://127.0.0.1:15672/#/queues",
    ],
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


@pytest.mark.parametrize(
    ("tls", "more"),
    [
        (Tls(), b""),
        (Tls(), b"\x01\x00\x00\x00\x00\x01\x00" + LONG),
        (Tls(enabled=True), b""),
        (Tls(enabled=True), b"\x16\x03\x03\x20\x00" + LONG),
    ],
    ids=["silent", "greeting", "silent with TLS", "handshake"],
)
def test_log_in_is_bounded_in_time(tls: Tls, more: bytes):
    """A broker that is stopped takes connections, as its kernel does that; nor may one byte a time last."""
    with dripping(b"", more) as port:
        started = time.monotonic()
        assert log_in(at(port, tls=tls)) == f"127.0.0.1:{port}: no answer in time"
        assert time.monotonic() - started < 3


@contextmanager
def tls_server(shown: Placed, *, is_mutual: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """Shake hands once, keep what is sent first and hang up; yield the port and what was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate_file, shown.key_file)
    if is_mutual:
        context.load_verify_locations(shown.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, context.wrap_socket(connection, server_side=True) as spoken:
                sent.append(spoken.recv(8))

        thread = threading.Thread(target=quietly(serve), daemon=True)
        thread.start()
        yield server.getsockname()[1], sent
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


@attrs.frozen
class Files:
    """Certificates on this host: a broker's, that of a host elsewhere, a client's, and another authority."""

    broker: Placed
    elsewhere: Placed
    client: Placed
    stranger: Placed


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Make and place the certificates, once."""
    directory = tmp_path_factory.mktemp("certificates")
    ours, other = authority("Ours"), authority("Somebody else")
    return Files(
        place(directory, "broker", certificate(ours, "127.0.0.1"), ours),
        place(directory, "elsewhere", certificate(ours, "ctl-9.internalapi.localdomain"), ours),
        place(directory, "client", certificate(ours, usages=("client",)), ours),
        place(directory, "stranger", certificate(other, "127.0.0.1"), other),
    )


GREETING = b"AMQP\x00\x00\x09\x01"


def trusting(placed: Placed, **changes: object) -> Tls:
    """Return TLS by which clients trust the authority of these files."""
    return Tls(enabled=True, ca_file=str(placed.ca_file), **changes)


def test_broker_that_verifies_is_spoken_to(files: Files):
    """By the clients' CA file and the member's name."""
    with tls_server(files.broker) as (port, sent):
        assert "TLS" not in log_in(at(port, tls=trusting(files.broker)))
    assert sent == [GREETING]


@pytest.mark.parametrize(
    ("shown", "trusted"), [("stranger", "broker"), ("elsewhere", "broker"), ("broker", "stranger")]
)
def test_broker_that_does_not_verify_is_told_nothing(files: Files, shown: str, trusted: str):
    """Of another authority, or for another host: not a byte reaches it."""
    with tls_server(getattr(files, shown)) as (port, sent):
        told = log_in(at(port, tls=trusting(getattr(files, trusted))))
    assert told == f"127.0.0.1:{port}: TLS: certificate verify failed"
    assert sent == []


def test_broker_without_ca_file_is_verified_by_the_system(files: Files):
    """A plan that does not say by whom, and does not forbid it either, has a way out."""
    with tls_server(files.broker) as (port, sent):
        told = log_in(at(port, tls=Tls(enabled=True)))
    assert told.endswith("by the authorities of this host; write ca_file into the plan")
    assert sent == []


def test_broker_that_nobody_verifies(files: Files):
    """Where the plan says so, and warns of it, clients do not either."""
    with tls_server(files.stranger) as (port, sent):
        assert "TLS" not in log_in(at(port, tls=trusting(files.broker, verify=False)))
    assert sent == [GREETING]


def test_certificate_of_clients_is_shown(files: Files):
    """To a broker that lets in nobody without one."""
    shown = {
        "client_certificate_file": str(files.client.certificate_file),
        "client_key_file": str(files.client.key_file),
    }
    with tls_server(files.broker, is_mutual=True) as (port, sent):
        log_in(at(port, tls=trusting(files.broker, **shown)))
    assert sent == [GREETING]


@pytest.mark.parametrize("missing", ["certificate_file", "key_file"])
def test_log_in_without_the_certificate_of_clients(files: Files, tmp_path: Path, missing: str):
    """It need not be on the host of the operator either: said before anything is sent."""
    placed = attrs.evolve(files.client, **{missing: tmp_path / "none"})
    shown = {
        "client_certificate_file": str(placed.certificate_file),
        "client_key_file": str(placed.key_file),
    }
    told = log_in(at(1, tls=trusting(files.broker, **shown)))
    assert str(placed.certificate_file) in told
    assert "run it where clients are" in told


def test_account_that_may_look_and_nothing_else():
    """It is on the brokers where there is a password for it; without, the definitions are as they were."""
    plain = Secrets({"RpcPassword": "canaryRpc", "NotifyPassword": "canaryNotify"})
    made = topology("twice").clusters["rpc"]
    without = json.loads(definitions(made, plain))
    with_it = json.loads(definitions(made, plain.updated({PROBES.monitor_secret: PASSWORD})))
    assert "tripleo-messaging-monitor" not in json.dumps(without)
    added = with_it["users"].pop()
    assert with_it == without
    assert (added["name"], added["tags"]) == ("tripleo-messaging-monitor", "monitoring")
    assert "canary" not in json.dumps(added)
