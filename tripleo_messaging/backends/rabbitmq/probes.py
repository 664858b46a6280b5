# SPDX-License-Identifier: Apache-2.0
"""What brokers say of themselves: whom they let in, and who is there.

Source: AMQP 0-9-1 and RabbitMQ's management HTTP API, 3.8 to 4.x.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, Optional
from urllib.parse import SplitResult, urlsplit

from tripleo_messaging.backends.protocol import Connection, Probes
from tripleo_messaging.backends.rabbitmq.instance import node_name
from tripleo_messaging.backends.rabbitmq.monitor import MONITOR_SECRET, MONITOR_USER
from tripleo_messaging.backends.rabbitmq.ports import ALLOTMENTS
from tripleo_messaging.errors import RefusedLoginError, UnansweredError, UsageError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Cluster, Login, Member

_MOST_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_COLUMNS = "user,vhost,peer_host,connected_at,client_properties.connection_name"


def log_in(cluster: Cluster, member: Member, login: Login, password: Secret, timeout_s: float) -> None:
    """Log in to a member as clients do, in each virtual host of the account.

    Args:
        cluster: whose listeners are meant.
        member: one of its members.
        login: the account.
        password: of it.
        timeout_s: for each virtual host: connecting, greeting and answer together.

    Raises:
        RefusedLoginError: the broker lets it not in.
        UnansweredError: there is no answer, TLS does not verify, or what asks is not installed.
    """
    try:
        import amqp
    except ImportError:
        reason = "the Python package amqp is needed to ask; pip install 'tripleo-messaging[rabbitmq]'"
        raise UnansweredError(_endpoint(cluster, member), reason) from None
    tls = _tls(cluster, member)
    for virtual_host in login.virtual_hosts:
        connection = amqp.Connection(
            host=f"{_bracketed(member.host_name)}:{cluster.port}",
            userid=login.user_name,
            password=password.reveal(),
            virtual_host=virtual_host,
            ssl=tls,
            connect_timeout=timeout_s,
            read_timeout=timeout_s,
            write_timeout=timeout_s,
        )
        with _told(amqp, _endpoint(cluster, member), login.user_name):
            try:
                connection.connect()
                connection.close()
            finally:
                # What is left of a connection that failed half way.
                connection.collect()


def _endpoint(cluster: Cluster, member: Member) -> str:
    return f"{_bracketed(member.host_name)}:{cluster.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _tls(cluster: Cluster, member: Member) -> Any:
    tls = cluster.tls
    if not tls.enabled:
        return False
    if tls.ca_file and tls.verify:
        _refuse_unreadable(tls.ca_file, _endpoint(cluster, member))
    files = {"ca_certs": tls.ca_file, "certfile": tls.client_certificate_file, "keyfile": tls.client_key_file}
    verified = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": member.host_name}
    return {**{name: path for name, path in files.items() if path}, **(verified if tls.verify else {})}


def _refuse_unreadable(ca_file: str, endpoint: str) -> None:
    """Look before anything is sent: the library's own error does not say which file it misses."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
    except OSError as error:
        reason = (
            f"{ca_file}, which verifies it, cannot be used on this host: {(error.strerror or '').lower()}"
        )
        raise UnansweredError(endpoint, f"{reason}; run it where clients are") from None


@contextlib.contextmanager
def _told(amqp: Any, endpoint: str, user_name: str) -> Iterator[None]:
    """Tell errors of a connection as ours; their texts may hold what was sent, so few are shown."""
    try:
        yield
    except (amqp.AccessRefused, amqp.NotAllowed) as error:
        reason = f"refused {user_name}: {error.reply_code} {type(error).__name__}"
        raise RefusedLoginError(endpoint, reason) from None
    except ssl.SSLError as error:
        raise UnansweredError(endpoint, f"TLS: {error.reason or 'no handshake'}") from None
    except FileNotFoundError as error:
        reason = (
            f"{error.filename or 'a certificate file of the plan'} is not on this host; run it where it is"
        )
        raise UnansweredError(endpoint, reason) from None
    except OSError as error:
        raise UnansweredError(endpoint, (error.strerror or "no answer in time").lower()) from None
    except amqp.AMQPError as error:
        raise UnansweredError(endpoint, f"ended the connection: {type(error).__name__}") from None


def connections(cluster: Cluster, url: str, password: Secret, timeout_s: float) -> tuple[Connection, ...]:
    """List who is logged in to any member of a cluster.

    Args:
        cluster: whose members must all be running, as one that is not hides its connections.
        url: of a management API of the cluster, e.g. ``http://127.0.0.1:15672``.
        password: of `MONITOR_USER`.
        timeout_s: for all of it.

    Raises:
        UnansweredError: there is no answer, our account is refused, or a member is not running.
        UsageError: `url` is no such URL.
    """
    api = _Api(url, password, time.monotonic() + timeout_s)
    running = {
        str(node.get("name")) for node in api.get("/api/nodes?columns=name,running") if node.get("running")
    }
    missing = [member.name for member in cluster.members if node_name(cluster, member) not in running]
    if missing:
        reason = f"does not see {', '.join(missing)} running, so who is connected there is not known"
        raise UnansweredError(url, reason)
    now_ms = time.time() * 1000
    return tuple(_connection(found, now_ms) for found in api.get(f"/api/connections?columns={_COLUMNS}"))


def _connection(found: Mapping[str, Any], now_ms: float) -> Connection:
    properties = found.get("client_properties")
    name = str(properties.get("connection_name", "")) if isinstance(properties, dict) else ""
    connected = found.get("connected_at")
    return Connection(
        user_name=str(found.get("user", "")),
        address=str(found.get("peer_host", "")),
        # oslo.messaging adds a UUID, of which nobody has anything.
        process=":".join(name.split(":")[:2]),
        age_s=max(0.0, (now_ms - connected) / 1000) if isinstance(connected, (int, float)) else None,
        virtual_host=str(found.get("vhost", "")),
    )


class _Api:
    """A management API, asked until a point in time."""

    def __init__(self, url: str, password: Secret, end: float) -> None:
        self._url = url
        self._parts = _checked(url)
        credentials = f"{MONITOR_USER}:{password.reveal()}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
        self._end = end

    def get(self, path: str) -> list[Mapping[str, Any]]:
        """Return the list of objects that is at a path."""
        try:
            status, body = self._ask(path)
        except (OSError, http.client.HTTPException) as error:
            strerror = error.strerror if isinstance(error, OSError) else None
            raise UnansweredError(self._url, (strerror or "no answer in time").lower()) from None
        if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            reason = (
                f"refused the account {MONITOR_USER}: is it the management API of that cluster, and has "
                "Puppet run on its members since the account was rendered?"
            )
            raise UnansweredError(self._url, reason)
        return _objects(self._url, status, body)

    def _ask(self, path: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._left_s())
        try:
            connection.request("GET", f"{self._parts.path.rstrip('/')}{path}", headers=self._headers)
            answer = connection.getresponse()
            return answer.status, b"".join(self._chunks(connection, answer))
        finally:
            connection.close()

    def _chunks(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        """Yield the body; each read has only the time that is left, so that a slow drip ends, too."""
        size = 0
        while True:
            if connection.sock is not None:
                connection.sock.settimeout(self._left_s())
            chunk = answer.read1(_CHUNK_BYTES)
            size += len(chunk)
            if not chunk:
                return
            if size > _MOST_BYTES:
                raise UnansweredError(self._url, f"sent more than {_MOST_BYTES:,} bytes")
            yield chunk

    def _left_s(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _checked(url: str) -> SplitResult:
    expected = "expected one such as http://127.0.0.1:15672, without user and password"
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fine = False
    # A URL with a password is not shown.
    if not is_fine or "@" in url:
        raise UsageError(f"--management: not the URL of a management API; {expected}")
    return parts


def _objects(url: str, status: int, body: bytes) -> list[Mapping[str, Any]]:
    try:
        found: Optional[Any] = json.loads(body) if status == http.client.OK else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UnansweredError(url, f"is no management API of RabbitMQ (status {status})")
    return found


def management_url(cluster: Cluster) -> str:
    """Return where the management API is on each member of a cluster, for one who is on that host."""
    return f"http://127.0.0.1:{ALLOTMENTS[cluster.instance].management}"


PROBES = Probes(
    log_in=log_in, connections=connections, management_url=management_url, monitor_secret=MONITOR_SECRET
)
