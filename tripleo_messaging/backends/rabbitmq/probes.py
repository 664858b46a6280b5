# SPDX-License-Identifier: Apache-2.0
"""What brokers say of themselves: whom they let in, and who is there.

Source: AMQP 0-9-1 and RabbitMQ's management HTTP API, 3.8 to 4.x.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, Optional
from urllib.parse import SplitResult, urlsplit

from tripleo_messaging.backends.protocol import Connection, Probes
from tripleo_messaging.backends.rabbitmq.deadline import within
from tripleo_messaging.backends.rabbitmq.instance import node_name
from tripleo_messaging.backends.rabbitmq.monitor import MONITOR_SECRET, MONITOR_USER
from tripleo_messaging.backends.rabbitmq.ports import ALLOTMENTS
from tripleo_messaging.errors import IncompleteAnswerError, RefusedLoginError, UnansweredError, UsageError
from tripleo_messaging.model.plan import Tls
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Cluster, Login, Member
from tripleo_messaging.model.url_checks import is_loopback

_MOST_BYTES = 256 * 1024 * 1024
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
    # Later than ours, which tells the same of all versions; what was left to itself ends by it.
    read_s = 2 * timeout_s
    for virtual_host in login.virtual_hosts:
        connection = amqp.Connection(
            host=_endpoint(cluster, member),
            userid=login.user_name,
            password=password.reveal(),
            virtual_host=virtual_host,
            ssl=tls,
            connect_timeout=read_s,
            read_timeout=read_s,
            write_timeout=read_s,
        )
        with _told(amqp, cluster, member, login.user_name):
            within(timeout_s, functools.partial(_come_and_go, connection))


def _come_and_go(connection: Any) -> None:
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
    ca_file = tls.ca_file if tls.verify else None
    _refuse_unusable(tls, ca_file, _endpoint(cluster, member))
    files = {"ca_certs": ca_file, "certfile": tls.client_certificate_file, "keyfile": tls.client_key_file}
    # Said in any case, as some versions of the library verify by default and others do not.
    verified = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": member.host_name}
    return {
        **{name: path for name, path in files.items() if path},
        **(verified if tls.verify else {"cert_reqs": ssl.CERT_NONE}),
    }


def _refuse_unusable(tls: Tls, ca_file: Optional[str], endpoint: str) -> None:
    """Look before anything is sent: the library's own error does not say which file it misses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificate, key = tls.client_certificate_file, tls.client_key_file
    if ca_file:
        with _usable(ca_file, endpoint):
            context.load_verify_locations(ca_file)
    if certificate:
        with _usable(" with ".join(filter(None, (certificate, key))), endpoint):
            # A password of its own is asked for on the terminal, unless there is one here.
            context.load_cert_chain(certificate, key, password="")


@contextlib.contextmanager
def _usable(files: str, endpoint: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        found = _text(error) if isinstance(error, OSError) else "it has a password"
        reason = f"{files} cannot be used on this host: {found}; run it where clients are"
        raise UnansweredError(endpoint, reason) from None


def _text(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'no handshake').replace('_', ' ').lower()}"
    return (error.strerror or "no answer in time").lower()


@contextlib.contextmanager
def _told(amqp: Any, cluster: Cluster, member: Member, user_name: str) -> Iterator[None]:
    """Tell errors of a connection as ours; their texts may hold what was sent, so few are shown."""
    endpoint, tls = _endpoint(cluster, member), cluster.tls
    try:
        yield
    except (amqp.AccessRefused, amqp.NotAllowed) as error:
        reason = f"refused {user_name}: {error.reply_code} {type(error).__name__}"
        raise RefusedLoginError(endpoint, reason) from None
    except ssl.SSLCertVerificationError as error:
        hint = "" if tls.ca_file else " by the authorities of this host; write ca_file into the plan"
        raise UnansweredError(endpoint, f"{_text(error)}{hint}") from None
    except TimeoutError:
        raise UnansweredError(endpoint, "no answer in time") from None
    except OSError as error:
        reason = _text(error) if error.strerror else "ended the connection, or speaks no AMQP"
        raise UnansweredError(endpoint, reason) from None
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
        RefusedLoginError: our account is refused.
        IncompleteAnswerError: a member is not seen running.
        UnansweredError: there is no answer.
        UsageError: `url` is no such URL.
    """
    api = _Api(url, password, timeout_s)
    try:
        return within(timeout_s, functools.partial(_ask_connections, cluster, api))
    except TimeoutError:
        raise UnansweredError(url, "no answer in time") from None


def _ask_connections(cluster: Cluster, api: _Api) -> tuple[Connection, ...]:
    running = {
        str(node.get("name")) for node in api.get("/api/nodes?columns=name,running") if node.get("running")
    }
    missing = [member.name for member in cluster.members if node_name(cluster, member) not in running]
    if missing:
        reason = f"does not see {', '.join(missing)} running, so who is connected there is not known"
        raise IncompleteAnswerError(api.url, reason)
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
    """A management API; each of its reads is bounded in time."""

    def __init__(self, url: str, password: Secret, timeout_s: float) -> None:
        self.url = url
        self._parts = _checked(url)
        credentials = f"{MONITOR_USER}:{password.reveal()}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
        self._timeout_s = timeout_s

    def get(self, path: str) -> list[Mapping[str, Any]]:
        """Return the list of objects that is at a path."""
        try:
            status, body = self._ask(path)
        except ConnectionError as error:
            raise UnansweredError(self.url, (error.strerror or "ended the connection").lower()) from None
        except OSError as error:
            raise UnansweredError(self.url, _text(error)) from None
        except http.client.HTTPException:
            raise UnansweredError(self.url, "no answer that is HTTP") from None
        if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            reason = (
                f"refused the account {MONITOR_USER}: is it the management API of that cluster, and has "
                "Puppet run on its members since the account was rendered?"
            )
            raise RefusedLoginError(self.url, reason)
        return _objects(self.url, status, body)

    def _ask(self, path: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout_s)
        with contextlib.closing(connection):
            connection.request("GET", f"{self._parts.path.rstrip('/')}{path}", headers=self._headers)
            with connection.getresponse() as answer:
                status, body = answer.status, answer.read(_MOST_BYTES + 1)
        if len(body) > _MOST_BYTES:
            raise UnansweredError(self.url, f"sent more than {_MOST_BYTES:,} bytes")
        return status, body


def _checked(url: str) -> SplitResult:
    expected = "expected one such as http://127.0.0.1:15672, without user, password and query"
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # As the resolver does it; it refuses an empty label, and one that is too long.
        (parts.hostname or "").encode("idna")
    except ValueError:
        is_fine = False
    # A URL with a password is not shown.
    if not is_fine or set("@?#") & set(url):
        raise UsageError(f"--management: not the URL of a management API; {expected}")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"--management: {url} would carry a password in clear; use a tunnel to the loopback, or https"
        )
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
