# SPDX-License-Identifier: Apache-2.0
"""What in a host, port, login or virtual host keeps a transport URL from working.

Every check is pure and yields `UrlProblem` tuples; the severity of a rule is in `SEVERITIES`.
No message holds a password or a piece of one.

Source: openstack/oslo.messaging ``impl_rabbit.py`` (``_transform_transport_url`` quotes user and password
with '/' left as it is, and puts the virtual host raw into kombu's URL), celery/kombu ``utils/url.py``
and ``connection.py`` (';' divides URLs, '?' and '#' end the path, '%' is decoded once more),
RFC 1123 2.1 and RFC 1035 2.3.4 for host names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Optional

from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.model.finding import Severity, describe
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.transport_url import (
    DEFAULT_VIRTUAL_HOST,
    TransportUrl,
    UrlHost,
    is_ipv6,
)

GUEST = "guest"
"""The account that every new RabbitMQ has, with a password that everybody knows."""

MAX_HOST_CHARACTERS = 253
MAX_LABEL_CHARACTERS = 63
MAX_NAME_BYTES = 255

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
RABBIT_SCHEMES = ("rabbit", "kombu")
_BREAKS_VIRTUAL_HOST = re.compile(r"[#?;,%]|[^ -~\x80-\U0010ffff]|\A\s|\s\Z")
_NEEDS_ENCODING = re.compile(r"[^A-Za-z0-9_.~-]")


class UrlProblem(NamedTuple):
    """One thing that keeps a URL from working: the rule's name, what was found, the way out."""

    rule: str
    message: str
    hint: str


SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        "host-missing": "error",
        "host-name-invalid": "error",
        "host-name-too-long": "error",
        "host-prefix-length": "error",
        "host-unspecified": "error",
        "host-with-port": "error",
        "host-zone-id": "error",
        "port-missing": "error",
        "user-name-breaks-url": "error",
        "user-name-needs-encoding": "warning",
        "password-breaks-url": "error",
        "password-needs-encoding": "warning",
        "credentials-differ": "error",
        "virtual-host-breaks-url": "error",
        "virtual-host-needs-encoding": "warning",
        "virtual-host-not-supported": "error",
        "virtual-host-too-long": "error",
    }
)


def normal_host(text: str) -> str:
    """Return a host name or address as `UrlHost` holds it: an IPv6 address loses its brackets.

    Raises:
        InvalidTransportUrlError: the text is neither; the reason is that of `host_problem`.
    """
    problem = host_problem(text)
    if problem:
        raise InvalidTransportUrlError(f"{problem.message}; {problem.hint}")
    return _without_brackets(text)


def host_problem(text: str) -> Optional[UrlProblem]:
    """Tell what is wrong with a host name, IPv4 address, or IPv6 address with or without brackets."""
    host = _without_brackets(text)
    for check in (_shape_problem, _address_problem, _length_problem, _label_problem):
        problem = check(host)
        if problem:
            return problem
    return None


def is_loopback(host: str) -> bool:
    """Tell whether a host, by its name or address, is the very one that asks."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def user_name_problems(user_name: str, scheme: str = "rabbit") -> Iterator[UrlProblem]:
    """Yield what keeps a user name from arriving at the broker; the name is no secret and may be shown."""
    yield from _login_problems("user-name", "user name", user_name, scheme)
    if len(user_name.encode(errors="replace")) > MAX_NAME_BYTES:
        yield UrlProblem(
            "user-name-breaks-url",
            f"the user name is longer than {MAX_NAME_BYTES} bytes",
            "choose a shorter one",
        )


def password_problems(password: Secret, scheme: str = "rabbit") -> Iterator[UrlProblem]:
    """Yield what keeps a password from arriving at the broker; messages tell the rule, not the text."""
    yield from _login_problems("password", "password", password.reveal(), scheme)


def virtual_host_problems(virtual_host: str, scheme: str = "rabbit") -> Iterator[UrlProblem]:
    """Yield what keeps a virtual host from arriving at the broker as it is written."""
    if virtual_host in ("", DEFAULT_VIRTUAL_HOST):
        return
    shown = describe(virtual_host)
    if scheme == "kafka":
        yield UrlProblem(
            "virtual-host-not-supported",
            f"the virtual host {shown} would make the kafka driver write to topics that nobody reads",
            "leave the virtual host out",
        )
    if len(virtual_host.encode(errors="replace")) > MAX_NAME_BYTES:
        yield UrlProblem(
            "virtual-host-too-long",
            f"the virtual host is longer than {MAX_NAME_BYTES} bytes",
            "choose a shorter one",
        )
    if _BREAKS_VIRTUAL_HOST.search(virtual_host) or not _is_unicode(virtual_host):
        yield UrlProblem(
            "virtual-host-breaks-url",
            f"the virtual host {shown} holds one of # ? ; , % or a control character,"
            " or begins or ends with a space",
            "oslo.messaging hands it on undone to a second URL; use letters, digits, '-', '_', '.' and '/'",
        )
    elif _NEEDS_ENCODING.search(virtual_host.replace("/", "")):
        yield UrlProblem(
            "virtual-host-needs-encoding",
            f"the virtual host {shown} holds characters that are wrong in a URL unless written as %nn",
            "use letters, digits, '-', '_', '.' and '/', as other tools write it into URLs unencoded",
        )


def url_problems(url: TransportUrl) -> Iterator[UrlProblem]:
    """Yield every problem of a whole URL; the same problem of several hosts is told once.

    The options in its query are checked by `tripleo_messaging.model.driver_options.check_options`.
    """
    seen: dict[UrlProblem, None] = {}
    for host in url.hosts:
        seen.update(dict.fromkeys(_url_host_problems(host, url.scheme)))
    yield from seen
    yield from _hosts_problems(url)
    yield from virtual_host_problems(url.virtual_host or "", url.scheme)


def _url_host_problems(host: UrlHost, scheme: str) -> Iterator[UrlProblem]:
    problem = host_problem(host.host)
    if problem:
        yield problem
    if scheme == "kafka" and host.port is None:
        yield UrlProblem(
            "port-missing",
            f"{host.host} has no port, and the kafka driver has no default",
            "write the port, e.g. 9092",
        )
    if host.user_name:
        yield from user_name_problems(host.user_name, scheme)
    if host.password is not None:
        yield from password_problems(host.password, scheme)


def _hosts_problems(url: TransportUrl) -> Iterator[UrlProblem]:
    if not url.hosts and not url.scheme.startswith("zmq"):
        yield UrlProblem(
            "host-missing",
            "the URL names no host, which means localhost or nothing",
            "name the brokers' hosts",
        )
    if len({(host.user_name, host.password) for host in url.hosts}) > 1:
        yield UrlProblem(
            "credentials-differ",
            "the hosts of the URL do not all have the same user and password",
            "write user:password@ before every host; a host without it is logged in to as guest",
        )


def _without_brackets(text: str) -> str:
    inner = text[1:-1]
    return inner if text.startswith("[") and text.endswith("]") and ":" in inner else text


def _shape_problem(host: str) -> Optional[UrlProblem]:
    shown = describe(host)
    if not host:
        return UrlProblem("host-missing", "the host is empty", "write a host name or an IP address")
    if "%" in host and is_ipv6(host.partition("%")[0]):
        return UrlProblem(
            "host-zone-id",
            f"{shown} has a zone id, which means another interface on every machine",
            "use an address that is valid everywhere, or a host name",
        )
    if "/" in host and _is_address(host.partition("/")[0]):
        return UrlProblem(
            "host-prefix-length", f"{shown} is a network, not a host", "leave out the prefix length"
        )
    if re.fullmatch(r"[^:\[\]]+:[0-9]+|\[[^\[\]]+\]:[0-9]+", host):
        return UrlProblem("host-with-port", f"{shown} holds a port", "write the port under its own key")
    return None


def _address_problem(host: str) -> Optional[UrlProblem]:
    if _is_address(host):
        if ipaddress.ip_address(host).is_unspecified:
            return UrlProblem(
                "host-unspecified",
                f"{host} means every address of a machine",
                "name one address or host name",
            )
    elif re.fullmatch(r"[0-9.]+", host):
        return _invalid(host, "is no IPv4 address (four numbers from 0 to 255 without leading zeros)")
    elif ":" in host:
        return _invalid(host, "is no IPv6 address")
    return None


def _length_problem(host: str) -> Optional[UrlProblem]:
    longest = max(len(label) for label in host.split("."))
    if len(host) <= MAX_HOST_CHARACTERS and longest <= MAX_LABEL_CHARACTERS:
        return None
    return UrlProblem(
        "host-name-too-long",
        f"a host name of {len(host)} characters, the longest label {longest}, is over the"
        f" {MAX_HOST_CHARACTERS} and {MAX_LABEL_CHARACTERS} that the domain name system allows",
        "use a shorter name or an IP address",
    )


def _label_problem(host: str) -> Optional[UrlProblem]:
    if _is_address(host) or all(_LABEL.fullmatch(label) for label in host.split(".")):
        return None
    return _invalid(host, "is no host name (labels of letters, digits and inner '-', divided by single dots)")


def _invalid(host: str, why: str) -> UrlProblem:
    return UrlProblem("host-name-invalid", f"{describe(host)} {why}", "write a host name or an IP address")


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return is_ipv6(text)
    # Python before 3.9.5 takes 010.0.0.1 for an address.
    return not re.search(r"(?:\A|\.)0[0-9]", text)


def _is_unicode(text: str) -> bool:
    return not re.search("[\ud800-\udfff]", text)


def _login_problems(rule: str, what: str, text: str, scheme: str) -> Iterator[UrlProblem]:
    if not text or not _is_unicode(text):
        yield UrlProblem(f"{rule}-breaks-url", f"the {what} is empty or no Unicode text", "give it a value")
    elif "/" in text and scheme.partition("+")[0] in RABBIT_SCHEMES:
        yield UrlProblem(
            f"{rule}-breaks-url",
            f"the {what} holds a '/', on which the rabbit driver fails even when written as %2F",
            f"choose a {what} of letters and digits",
        )
    elif _NEEDS_ENCODING.search(text.replace("@", "", 1) if rule == "user-name" else text):
        yield UrlProblem(
            f"{rule}-needs-encoding",
            f"the {what} holds characters, like one of / # ? , ; : @ $ % or a space, that break URLs"
            " and configuration files unless written as %nn",
            f"choose a {what} of letters and digits, as other tools write it unencoded",
        )
