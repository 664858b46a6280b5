# SPDX-License-Identifier: Apache-2.0
"""Our transport URLs as os_transport_url, oslo.messaging and kombu really take them; no broker is needed."""

from __future__ import annotations

import json
import subprocess
import warnings
from pathlib import Path

import kombu
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from tripleo_messaging.model.driver_options import check_options, driver_options
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.transport_url import TransportUrl
from tripleo_messaging.model.url_checks import url_problems

with warnings.catch_warnings():
    # oslo.service imports eventlet, which calls itself deprecated.
    warnings.simplefilter("ignore")
    import oslo_messaging
    from oslo_messaging._drivers import impl_rabbit

FORMATTED = Path(__file__).parents[1] / "suites" / "transport_urls" / "formatted.yaml"
MODULES = Path("/usr/share/puppet/modules")

# Letters that a URL has to escape, and some that break kombu (these the checks are to find).
NAMES = st.text(st.sampled_from("aZ09-._~@:+ &=$#?%/;,[]é\n"), min_size=1, max_size=10)
URLS = st.builds(
    TransportUrl.for_hosts,
    st.just("rabbit"),
    st.lists(
        st.sampled_from(["h1", "h2.example.com", "10.0.0.1", "fd00::1"]), min_size=1, max_size=3, unique=True
    ),
    port=st.one_of(st.none(), st.integers(1, 65535)),
    user_name=NAMES,
    password=NAMES.map(Secret),
    virtual_host=st.one_of(st.just("/"), NAMES),
    query=st.sampled_from([(), (("ssl", "0"),), (("ssl", "1"), ("ssl_ca_file", "/etc/a b/ca&1.pem"))]),
)


@pytest.fixture(autouse=True)
def _configuration():
    # The RPC client looks into the global configuration for its metrics.
    cfg.CONF([], project="tripleo-messaging-test", default_config_files=[], default_config_dirs=[])
    yield
    cfg.CONF.reset()


def in_kombu(url):
    """Return how kombu would log in at each host, through the URLs that the rabbit driver makes for it."""
    parsed = oslo_messaging.TransportURL.parse(cfg.CONF, url.format(reveal=True))
    unconnected = object.__new__(impl_rabbit.Connection)  # Its __init__ would connect.
    make = unconnected._transform_transport_url
    connections = [kombu.Connection(make(parsed, host)) for host in parsed.hosts]
    return [
        (each.hostname, each.port, each.userid, each.password, each.virtual_host, len(each.alt))
        for each in connections
    ]


def test_os_transport_url_writes_the_same_bytes():
    """The recorded URLs are what the real function of puppet-openstacklib writes."""
    cases = yaml.safe_load(FORMATTED.read_text(encoding="utf-8"))
    # Hashes are read from JSON in single quotes, where Puppet interpolates nothing.
    arguments = json.dumps([{**case["arguments"], "port": str(case["arguments"]["port"])} for case in cases])
    quoted = arguments.replace("\\", "\\\\").replace("'", "\\'")
    code = f"parsejson('{quoted}').each |$a| {{ notice(os_transport_url($a)) }}"
    run = subprocess.run(
        ["puppet", "apply", "--modulepath", str(MODULES), "--color", "false", "--execute", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    urls = [line.split(": ", 2)[2] for line in run.stdout.splitlines() if line.startswith("Notice: Scope(")]
    assert urls == [case["url"] for case in cases]


@given(URLS)
def test_every_rabbit_url_builds_its_drivers(url):
    """oslo.messaging builds an RPC and a notification transport of each URL and reads its options."""
    text = url.format(reveal=True)
    for build in (oslo_messaging.get_rpc_transport, oslo_messaging.get_notification_transport):
        transport = build(cfg.CONF, text)
        group = transport._driver.conf.oslo_messaging_rabbit  # noqa: SLF001 - there is no public way to it
        query = dict(url.query)
        assert group.ssl is (query.get("ssl") == "1")
        assert group.ssl_ca_file == query.get("ssl_ca_file", "")
        transport.cleanup()


@given(URLS)
@settings(max_examples=300)
def test_urls_without_problems_log_in_as_written(url):
    """Where the checks find no error, kombu has every host, login and virtual host as they were given."""
    if any(problem.rule.endswith("-breaks-url") for problem in url_problems(url)):
        return
    expected = [
        (host.host, host.port or 5672, host.user_name, host.password.reveal(), url.virtual_host, 0)
        for host in url.hosts
    ]
    assert in_kombu(url) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"password": Secret("a/b")},
        {"user_name": "a/b"},
        {"password": Secret("")},
        {"virtual_host": "a#b"},
        {"virtual_host": "a?b"},
        {"virtual_host": "a;b"},
        {"virtual_host": "a%41"},
        {"virtual_host": "a\tb"},
        {"virtual_host": "a\n"},
    ],
    ids=str,
)
def test_what_the_checks_refuse_does_break(fields):
    """What a check calls broken really arrives as something else, or not at all."""
    login = {"user_name": "u", "password": Secret("p"), "virtual_host": "v", **fields}
    url = TransportUrl.for_hosts("rabbit", ["h"], port=5672, **login)
    assert any(problem.rule.endswith("-breaks-url") for problem in url_problems(url))
    given_ = ("h", 5672, login["user_name"], login["password"].reveal(), login["virtual_host"], 0)
    try:
        arrived = in_kombu(url)
    except ValueError as error:
        arrived = [error]
    assert arrived != [given_]


def test_an_unknown_option_in_the_query_is_refused_by_both():
    """An option that the checks do not know makes oslo.messaging fail, and a known one does not."""
    version = (18, 2, 0)
    for name, is_known in (("rabbit_quorum_queue", True), ("rabbit_quorum_queus", False)):
        url = TransportUrl.for_hosts("rabbit", ["h"], query=[(name, "1")])
        assert [p.rule for p in check_options("rabbit", dict(url.query), version)] == (
            [] if is_known else ["option-unknown"]
        )
        if is_known:
            oslo_messaging.get_rpc_transport(cfg.CONF, url.format(reveal=True)).cleanup()
            continue
        with pytest.raises(cfg.NoSuchOptError):
            oslo_messaging.get_rpc_transport(cfg.CONF, url.format(reveal=True))


def test_every_known_option_can_stand_in_a_url():
    """Each option of our table that the installed driver has is taken from a URL's query with its type."""
    oslo_messaging.get_rpc_transport(cfg.CONF, "rabbit://h/").cleanup()
    values = {"boolean": "true", "integer": "2", "number": "2.5", "string": "text"}
    installed = cfg.CONF.oslo_messaging_rabbit
    specs = [spec for spec in driver_options("rabbit").values() if spec.name in installed]
    query = [(spec.name, spec.choices[0] if spec.choices else values[spec.kind]) for spec in specs]
    assert len(specs) == len(installed)
    url = TransportUrl.for_hosts("rabbit", ["h"], query=query)
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, url.format(reveal=True))
    group = transport._driver.conf.oslo_messaging_rabbit  # noqa: SLF001 - there is no public way to it
    assert {name: str(getattr(group, name)).lower() for name, _ in query} == {
        name: value.lower() for name, value in query
    }
    transport.cleanup()
