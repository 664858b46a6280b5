# SPDX-License-Identifier: Apache-2.0
"""The transport URL as a value, and what is checked about it."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from oslo_config import cfg

from tripleo_messaging.errors import InvalidTransportUrlError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.transport_url import MAX_URL_CHARACTERS, TransportUrl, UrlHost
from tripleo_messaging.model.url_checks import (
    SEVERITIES,
    host_problem,
    normal_host,
    password_problems,
    url_problems,
    user_name_problems,
    virtual_host_problems,
)

with warnings.catch_warnings():
    # oslo.service imports eventlet, which calls itself deprecated.
    warnings.simplefilter("ignore")
    from oslo_messaging import TransportURL

SUITE = Path(__file__).parents[2] / "suites" / "transport_urls"
CANARY = "CANARY"

TEXTS = st.text(max_size=12)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
ADDRESSES = st.one_of(NAMES, st.ip_addresses().map(str).filter(lambda text: "%" not in text))
PORTS = st.one_of(st.none(), st.integers(1, 65535))
LOGINS = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"user_name": TEXTS}),
    st.fixed_dictionaries({"user_name": TEXTS, "password": TEXTS.map(Secret)}),
)
HOSTS = st.builds(lambda host, port, login: UrlHost(host=host, port=port, **login), ADDRESSES, PORTS, LOGINS)
QUERIES = st.dictionaries(TEXTS.filter(bool), TEXTS.filter(bool), max_size=4).map(
    lambda query: tuple(query.items())
)
URLS = st.builds(
    TransportUrl,
    scheme=st.from_regex(r"[a-z][a-z0-9+.-]{0,8}", fullmatch=True),
    hosts=st.lists(HOSTS, max_size=4).map(tuple),
    virtual_host=st.one_of(st.none(), st.just("/"), TEXTS),
    query=QUERIES,
)
PIECES = [
    "rabbit",
    "://",
    "u",
    ":",
    "p",
    "@",
    "h",
    "1",
    "5672",
    ",",
    "/",
    "?",
    "ssl",
    "=",
    "&",
    "%2F",
    "%",
    "#",
]
PIECES += ["[", "]", "::1", "+", ";", " ", "é", "\t", "%C3%A9", "%FF", ".", "-", "_", "$", "0"]
GRAMMARISH = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def cases(name):
    """Return the cases of a file of the suite, each with an id."""
    found = yaml.safe_load((SUITE / f"{name}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case.get("id") or f"{number}") for number, case in enumerate(found)]


def plain(url):
    """Return the fields of a URL with the secrets shown, in oslo.messaging's shape."""
    hosts = [
        (host.host, host.port, host.user_name, host.password and host.password.reveal()) for host in url.hosts
    ]
    query = {name: value.reveal() if isinstance(value, Secret) else value for name, value in url.query}
    return url.scheme, hosts, url.virtual_host, query


def read_by_oslo_messaging(text):
    """Return what oslo.messaging reads; an empty path is the default virtual host."""
    url = TransportURL.parse(cfg.ConfigOpts(), text)
    hosts = [(host.hostname, host.port, host.username, host.password) for host in url.hosts]
    return url.transport, hosts, "/" if url.virtual_host == "" else url.virtual_host, url.query


@pytest.fixture(autouse=True)
def _quiet():
    # oslo.messaging warns about hosts with and without a login, which are wanted here.
    logging.getLogger("oslo_messaging").setLevel(logging.ERROR)


@pytest.mark.parametrize("case", cases("formatted"))
def test_the_bytes_of_os_transport_url(case):
    """A URL of one cluster is byte-equal to what puppet writes."""
    given_ = case["arguments"]
    url = TransportUrl.for_hosts(
        given_["transport"],
        given_["hosts"],
        port=given_["port"],
        user_name=given_.get("username"),
        password=Secret(given_["password"]) if "password" in given_ else None,
        query=[("ssl", given_["ssl"])] if "ssl" in given_ else [],
    )
    assert url.format(reveal=True) == case["url"]


@pytest.mark.parametrize("case", cases("parsed"))
def test_reading(case):
    """A URL is read into its fields, and oslo.messaging reads the same."""
    expected = (
        case.get("scheme", "rabbit"),
        [tuple(host) for host in case.get("hosts", [])],
        case.get("virtual_host", "/"),
        case.get("query", {}),
    )
    assert plain(TransportUrl.parse(case["url"])) == expected
    assert read_by_oslo_messaging(case["url"]) == expected


@pytest.mark.parametrize("case", cases("refused"))
def test_refusing(case):
    """What is no transport URL is refused with a reason that shows no piece of it."""
    with pytest.raises(InvalidTransportUrlError) as caught:
        TransportUrl.parse(case["url"])
    assert caught.value.reason == case["reason"]
    assert str(caught.value) == f"not a valid transport URL: {case['reason']}"
    assert CANARY not in repr(caught.value)
    assert not caught.value.__context__ or CANARY not in repr(caught.value.__context__)


def test_length_is_bounded():
    """A URL beyond the bound is refused before anything else is done with it."""
    with pytest.raises(InvalidTransportUrlError, match="longer than 65,536 characters"):
        TransportUrl.parse("rabbit://" + "a" * MAX_URL_CHARACTERS)


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "a/b"},
        {"host": "[::1]"},
        {"host": "fe80::1%eth0"},
        {"host": ""},
        {"host": "h", "port": 0},
        {"host": "h", "port": 65536},
        {"host": "h", "password": Secret(CANARY)},
        {"host": "h", "user_name": "u", "password": Secret(f"{CANARY}\ud800")},
    ],
    ids=str,
)
def test_a_host_that_no_url_can_say(fields):
    """A host that would be read back as something else cannot be made."""
    with pytest.raises(InvalidTransportUrlError) as caught:
        UrlHost(**fields)
    assert CANARY not in str(caught.value)
    assert not caught.value.__context__


@pytest.mark.parametrize(
    "fields",
    [
        {"scheme": "Rabbit"},
        {"scheme": ""},
        {"query": [("", "1")]},
        {"query": [("ssl", "")]},
        {"query": [("ssl_key_password", "")]},
        {"query": [("ssl", "1"), ("ssl", "0")]},
        {"virtual_host": "\ud800"},
    ],
    ids=str,
)
def test_a_url_that_no_text_can_say(fields):
    """A URL that would be read back as something else cannot be made."""
    with pytest.raises(InvalidTransportUrlError):
        TransportUrl(**{"scheme": "rabbit", **fields})


@given(URLS)
def test_round_trip(url):
    """A formatted URL is read back as the same value."""
    assert TransportUrl.parse(url.format(reveal=True)) == url


@given(URLS)
def test_oslo_messaging_reads_what_is_formatted(url):
    """Every field arrives at oslo.messaging as it was given, and no '$' is there to be substituted."""
    text = url.format(reveal=True)
    assert read_by_oslo_messaging(text) == plain(url)
    assert "$" not in text


@given(st.one_of(GRAMMARISH, GRAMMARISH.map("rabbit://u:p@h".__add__), TEXTS.map("rabbit://".__add__)))
@example("rabbit://u:p@h1:1,,h2/a%2Fb?x=1&x=2")
@example("rabbit://[::1]:1,u@[::2]/")
def test_whatever_is_read_is_read_alike(text):
    """Whatever our parser accepts, oslo.messaging accepts with the same meaning."""
    try:
        url = TransportUrl.parse(text)
    except InvalidTransportUrlError:
        return
    assert read_by_oslo_messaging(text) == plain(url)
    assert TransportUrl.parse(url.format(reveal=True)) == url


@given(URLS, st.from_regex(r"s3cr3t[A-Za-z0-9/@:%$#]{8}", fullmatch=True))
def test_no_text_shows_a_secret(url, secret):
    """Neither `repr` nor `str`, nor formatting, nor a message of a check shows a password."""
    host = UrlHost(host="h", user_name="u", password=Secret(secret))
    query = [("ssl_client_key_password", secret)]
    url = TransportUrl(
        scheme=url.scheme, hosts=(*url.hosts, host), virtual_host=url.virtual_host, query=query
    )
    shown = [
        repr(url),
        str(url),
        f"{url}",
        url.format(),
        repr(host),
        str(host),
        repr(url.hosts),
        repr(url.query),
    ]
    shown += [str(problem) for problem in url_problems(url)]
    assert [text for text in shown if "s3cr3t" in text] == []
    assert url.format(reveal=True).count("s3cr3t") == 2


@given(GRAMMARISH, GRAMMARISH)
def test_no_error_shows_a_piece_of_the_url(before, after):
    """The reason for which a text is refused shows nothing of it."""
    try:
        TransportUrl.parse(f"{before}s3cr3t{after}")
    except InvalidTransportUrlError as error:
        assert "s3cr3t" not in f"{error} {error!r} {error.__context__!r} {error.__cause__!r}"  # noqa: PT017


def test_masked_url_is_readable():
    """Everything but the password is shown, the password's length neither."""
    url = TransportUrl.parse("rabbit://rpc:pw@h1:5672,rpc:pw@h2:5672/nova?ssl=1")
    assert str(url) == "rabbit://rpc:********@h1:5672,rpc:********@h2:5672/nova?ssl=1"
    assert repr(url) == f"TransportUrl('{url}')"


@pytest.mark.parametrize("case", cases("hosts"))
def test_hosts(case):
    """A host is normalised, or refused by a rule that says why."""
    problem = host_problem(case["host"])
    if "normal" in case:
        assert problem is None
        assert normal_host(case["host"]) == case["normal"]
        return
    assert problem is not None
    assert (problem.rule, problem.message) == (case["rule"], case["message"])
    assert problem.hint
    with pytest.raises(InvalidTransportUrlError) as caught:
        normal_host(case["host"])
    assert caught.value.reason == f"{problem.message}; {problem.hint}"


@pytest.mark.parametrize(
    ("host", "is_too_long"),
    [
        ("a" * 63, False),
        ("a" * 64, True),
        (".".join(["a" * 63] * 3 + ["a" * 61]), False),
        (".".join(["a" * 63] * 3 + ["a" * 62]), True),
    ],
    ids=["label-63", "label-64", "name-253", "name-254"],
)
def test_over_long_host_names(host, is_too_long):
    """A label has up to 63 characters and a name up to 253."""
    problem = host_problem(host)
    assert (problem is not None and problem.rule == "host-name-too-long") == is_too_long


@given(ADDRESSES)
def test_a_normal_host_goes_into_a_url(host):
    """Every host that passes the checks can be one of a URL."""
    if host_problem(host) is None:
        assert UrlHost(host=normal_host(host)).host == host


@pytest.mark.parametrize("case", cases("logins"))
def test_logins_and_virtual_hosts(case):
    """A field breaks exactly these rules, and no message shows a password."""
    checks = {
        "virtual_host": virtual_host_problems,
        "user_name": user_name_problems,
        "password": lambda text, scheme: password_problems(Secret(text), scheme),
    }
    problems = list(checks[case["field"]](case["text"], case.get("scheme", "rabbit")))
    assert [problem.rule for problem in problems] == case["rules"]
    assert CANARY not in str(problems)


def test_over_long_names():
    """RabbitMQ takes names of up to 255 bytes."""
    assert [p.rule for p in virtual_host_problems("é" * 128)] == [
        "virtual-host-too-long",
        "virtual-host-needs-encoding",
    ]
    assert [p.rule for p in user_name_problems("a" * 256)] == ["user-name-breaks-url"]
    assert [*virtual_host_problems("a" * 255), *user_name_problems("a" * 255)] == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("rabbit://u:p@h1:5672,u:p@h2:5672/nova?ssl=0", []),
        ("zmq://", []),
        ("rabbit:///?ssl=0", ["host-missing"]),
        ("rabbit://u:p@h1,h2/", ["credentials-differ"]),
        ("rabbit://u:p@h1,u:q@h2/", ["credentials-differ"]),
        ("rabbit://u:a%2Fb@h1,u:a%2Fb@h2/", ["password-breaks-url"]),
        ("rabbit://u:p@a_b/x%3By", ["host-name-invalid", "virtual-host-breaks-url"]),
        ("kafka://h1,h2:9092/", ["port-missing"]),
        ("kafka://h:9092/nova", ["virtual-host-not-supported"]),
    ],
)
def test_whole_urls(text, rules):
    """A URL is checked as a whole, and a problem that several hosts share is told once."""
    problems = list(url_problems(TransportUrl.parse(text)))
    assert [problem.rule for problem in problems] == rules
    assert {problem.rule for problem in problems} <= set(SEVERITIES)
