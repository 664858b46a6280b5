# SPDX-License-Identifier: Apache-2.0
"""The URL by which oslo.messaging finds a backend, as a value.

``scheme://[user:password@]host[:port][,...]/[virtual_host][?option=value&...]``

Source: openstack/oslo.messaging ``oslo_messaging/transport.py`` (``TransportURL``) for the grammar,
openstack/puppet-openstacklib ``os_transport_url`` for the bytes that are written.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Optional, Union
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import attrs

from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.model.secret import MASK, Secret

MAX_URL_CHARACTERS = 65_536
LAST_PORT = 65_535
DEFAULT_VIRTUAL_HOST = "/"

QueryValue = Union[str, Secret]
Query = tuple[tuple[str, QueryValue], ...]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_URL = re.compile(r"(?P<scheme>[^:/?]+)://(?P<hosts>[^/?]*)(?:/(?P<path>[^?]*))?(?:\?(?P<query>.*))?")
_SECRET_OPTION = re.compile("passw|passphrase|secret|token", re.IGNORECASE)

# What oslo.messaging would read as something else than was meant, or not at all. No reason names a
# piece of the text: where a password was not encoded, any piece may be one of the password.
_REFUSED_ANYWHERE = (
    (re.compile(r"[^!-~]"), "it holds a space, a control character or one beyond ASCII; write that as %nn"),
    (re.compile(r"#"), "it holds a '#', behind which everything would be dropped; write it as %23"),
    (re.compile(r"%(?![0-9A-Fa-f]{2})"), "it holds a '%' that begins no escape; write it as %25"),
)
_REFUSED_IN_ADDRESS = (
    # "::1:5672" is an address to new releases of oslo.messaging, and an error to old ones.
    (re.compile(r"[^\[]*:.*:.*"), "an IPv6 address stands in brackets"),
    (re.compile(r"(:[0-9]*)?"), "no host is named"),
    (
        re.compile(r".*%.*"),
        "the host holds a '%'; an IPv6 zone id has no place in a URL, as it differs by machine",
    ),
)


@attrs.frozen(kw_only=True)
class UrlHost:
    """One broker of a transport URL, and how to log in there.

    Attributes:
        host: host name, IPv4 address, or IPv6 address without brackets and zone id, as it was written.
        port: TCP port, 1 to 65535; ``None`` is the driver's default (kafka has none).
        user_name: ``None`` is no login at all; the empty text is one with a password only.
        password: never without a user name.

    Raises:
        InvalidTransportUrlError: a field holds what a URL cannot say.
    """

    host: str
    port: Optional[int] = None
    user_name: Optional[str] = None
    password: Optional[Secret] = None

    def __attrs_post_init__(self) -> None:
        _require(
            _HOST.fullmatch(self.host) or is_ipv6(self.host),
            "the host is neither a host name nor an IP address",
        )
        _require(self.port is None or 1 <= self.port <= LAST_PORT, "the port is not from 1 to 65535")
        _require(
            self.password is None or self.user_name is not None, "there is a password without a user name"
        )
        _require_unicode(self.user_name or "")
        _require_unicode(self.password.reveal() if self.password else "")

    def format(self, *, reveal: bool = False) -> str:
        """Write ``user:password@host:port``; the password is masked unless `reveal`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self._format_login(reveal=reveal)}{host}{port}"

    def _format_login(self, *, reveal: bool) -> str:
        if self.user_name is None:
            return ""
        password = "" if self.password is None else f":{_format_value(self.password, reveal=reveal)}"
        return f"{_encode(self.user_name)}{password}@"


def _virtual_host(text: Optional[str]) -> Optional[str]:
    return DEFAULT_VIRTUAL_HOST if text == "" else text


def _query(pairs: Iterable[tuple[str, QueryValue]]) -> Query:
    return tuple((name, _hide(name, value)) for name, value in pairs)


def _hide(name: str, value: QueryValue) -> QueryValue:
    return Secret(value) if isinstance(value, str) and _SECRET_OPTION.search(name) else value


@attrs.frozen(kw_only=True, repr=False)
class TransportUrl:
    """A transport URL, which shows no password unless asked with ``format(reveal=True)``.

    Attributes:
        scheme: oslo.messaging's driver in lower case, ``rabbit``, ``kafka``, ``zmq+redis`` ...
        hosts: the brokers in order; none means what the driver takes for its default (rabbit: localhost).
        virtual_host: ``None`` where the URL ends without a slash. ``/`` is the default virtual host: it is
            written as an empty path, which the rabbit driver reads as ``/`` and the others as none, and
            an empty path, ``//`` and ``/%2F`` are all read as it.
        query: pairs of driver option and value, each name once, no value empty (oslo.messaging would drop
            it). A value whose name says password, secret or token is kept as a `Secret`.

    Raises:
        InvalidTransportUrlError: a field holds what a URL cannot say.
    """

    scheme: str
    hosts: tuple[UrlHost, ...] = ()
    virtual_host: Optional[str] = attrs.field(default=DEFAULT_VIRTUAL_HOST, converter=_virtual_host)
    query: Query = attrs.field(default=(), converter=_query)

    def __attrs_post_init__(self) -> None:
        _require(_SCHEME.fullmatch(self.scheme), "the scheme is not a lower-case word, like rabbit")
        _require_unicode(self.virtual_host or "")
        names = [name for name, _ in self.query]
        _require(len(set(names)) == len(names), "an option stands twice in the query")
        for name, value in self.query:
            _require(name and value not in ("", Secret("")), "an option in the query has no name or no value")
            _require_unicode(name)
            _require_unicode(_text(value))

    @classmethod
    def for_hosts(
        cls,
        scheme: str,
        hosts: Iterable[str],
        *,
        port: Optional[int] = None,
        user_name: Optional[str] = None,
        password: Optional[Secret] = None,
        virtual_host: str = DEFAULT_VIRTUAL_HOST,
        query: Iterable[tuple[str, QueryValue]] = (),
    ) -> TransportUrl:
        """Build the URL of one cluster: the same port and login for each of `hosts`, in their order."""
        members = (UrlHost(host=host, port=port, user_name=user_name, password=password) for host in hosts)
        return cls(scheme=scheme, hosts=tuple(members), virtual_host=virtual_host, query=tuple(query))

    @classmethod
    def parse(cls, text: str) -> TransportUrl:
        """Read a URL as oslo.messaging reads it, but refuse what it would silently misread.

        Whatever is accepted here, oslo.messaging accepts with the same meaning. Refused beyond its own
        errors: raw ``#``, ``%``, spaces and non-ASCII, a ``@`` behind the hosts (a password that
        was not encoded), options without a value, ports beyond 65535, zone ids, IPv6 without brackets.

        Raises:
            InvalidTransportUrlError: the text is no transport URL; the reason shows no piece of it.
        """
        _require(len(text) <= MAX_URL_CHARACTERS, f"it is longer than {MAX_URL_CHARACTERS:,} characters")
        for pattern, reason in _REFUSED_ANYWHERE:
            _require(not pattern.search(text), reason)
        match = _URL.fullmatch(text)
        if match is None:
            raise InvalidTransportUrlError("it does not begin with a scheme and '://', like rabbit://")
        path = match["path"]
        _require(
            "@" not in f"{path}{match['query']}",
            "it holds a '@' behind the hosts; write '/', '?' and '@' as %2F, %3F and %40",
        )
        return cls(
            scheme=match["scheme"].lower(),
            hosts=tuple(_parse_hosts(match["hosts"])),
            virtual_host=None if path is None else _decode(path),
            query=tuple(_parse_query(match["query"] or "")),
        )

    def format(self, *, reveal: bool = False) -> str:
        """Write the URL; passwords are masked unless `reveal`, and then ``parse`` gives this value back.

        For virtual host ``/`` and the query ``ssl=0|1`` these are the bytes of os_transport_url.
        No ``$`` is ever written, as oslo.config would substitute it.
        """
        hosts = ",".join(host.format(reveal=reveal) for host in self.hosts)
        pairs = (f"{_encode(name)}={_format_value(value, reveal=reveal)}" for name, value in self.query)
        query = "&".join(pairs)
        return f"{self.scheme}://{hosts}{self._format_path()}{'?' if query else ''}{query}"

    def _format_path(self) -> str:
        if self.virtual_host is None:
            return ""
        return "/" if self.virtual_host == DEFAULT_VIRTUAL_HOST else f"/{_encode(self.virtual_host)}"

    def __str__(self) -> str:
        return self.format()

    def __repr__(self) -> str:
        return f"TransportUrl({self.format()!r})"


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an IPv6 address, without brackets, zone id or prefix length."""
    if not _IPV6.fullmatch(text):
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _require(is_met: object, reason: str) -> None:
    if not is_met:
        raise InvalidTransportUrlError(reason)


def _require_unicode(text: str) -> None:
    # Encoding a lone surrogate raises an exception that carries the whole text.
    _require(not re.search("[\ud800-\udfff]", text), "it holds what is no Unicode text")


def _text(value: QueryValue) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _encode(text: str) -> str:
    return quote(text, safe="")


def _format_value(value: QueryValue, *, reveal: bool) -> str:
    if isinstance(value, Secret):
        return _encode(value.reveal()) if reveal else MASK
    return quote(value, safe="/")


def _decode(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        pass  # It carries the text, so ours is raised outside of its reach.
    raise InvalidTransportUrlError("an escape in it is not UTF-8")


def _parse_hosts(text: str) -> Iterator[UrlHost]:
    parts = [part for part in text.split(",") if part]
    for number, part in enumerate(parts, start=1):
        yield _parse_host(part, f"host {number} of {len(parts)}")


def _parse_host(text: str, which: str) -> UrlHost:
    login, at, address = text.rpartition("@")
    user_name, colon, password = login.partition(":")
    try:
        _require(not set("[]") & set(login), "the login holds a bracket; write it as %5B or %5D")
        host, port = _parse_address(address)
        return UrlHost(
            host=host,
            port=port,
            user_name=_decode(user_name) if at else None,
            password=Secret(_decode(password)) if colon else None,
        )
    except InvalidTransportUrlError as error:
        raise InvalidTransportUrlError(f"{which}: {error.reason}") from None


def _parse_address(text: str) -> tuple[str, Optional[int]]:
    match = _ADDRESS.fullmatch(text)
    if match is None or "%" in text:
        raise InvalidTransportUrlError(_address_reason(text))
    _require(match["ipv6"] is None or is_ipv6(match["ipv6"]), "what stands in brackets is no IPv6 address")
    return match["ipv6"] or match["host"], None if match["port"] is None else int(match["port"])


def _address_reason(text: str) -> str:
    for pattern, reason in _REFUSED_IN_ADDRESS:
        if pattern.fullmatch(text):
            return reason
    return "it is neither host:port nor [IPv6 address]:port with a port from 1 to 65535"


def _parse_query(text: str) -> Iterator[tuple[str, str]]:
    _decode(text)
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    for name, several in values.items():
        _require(all(several), "an option in the query has no value")
        yield name, ",".join(several)
