# SPDX-License-Identifier: Apache-2.0
"""The tables of driver options, and what is checked with them."""

from __future__ import annotations

import importlib.metadata
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oslo_config import cfg

from tripleo_messaging.model.driver_options import (
    SEVERITIES,
    OptionSpec,
    check_options,
    coerce_option,
    driver_options,
)
from tripleo_messaging.model.release import RELEASES
from tripleo_messaging.model.secret import Secret

with warnings.catch_warnings():
    # oslo.service imports eventlet, which calls itself deprecated.
    warnings.simplefilter("ignore")
    from oslo_messaging import opts
    from oslo_messaging._drivers import base


def installed_version():
    """Return the version of the installed oslo.messaging; Python 3.9 finds it by its whole name only."""
    found = importlib.metadata.distributions()
    version = next(
        each.version for each in found if each.metadata["Name"].replace("_", ".") == "oslo.messaging"
    )
    return tuple(map(int, version.split(".")[:3]))


INSTALLED = installed_version()
DRIVERS = ("rabbit", "kafka", "amqp", "zmq")
KINDS = {
    "StrOpt": "string",
    "IntOpt": "integer",
    "FloatOpt": "number",
    "BoolOpt": "boolean",
    "ListOpt": "list",
    "MultiStrOpt": "list",
}
CANARY = "CANARY"
VERSION = {name: release.oslo_messaging for name, release in RELEASES.items()}
STREAMS = {
    "rabbit_quorum_queue": "true",
    "rabbit_transient_quorum_queue": True,
    "use_queue_manager": "yes",
    "rabbit_stream_fanout": 1,
    "rabbit_qos_prefetch_count": "250",
}


def is_reached(version):
    """Tell whether the installed oslo.messaging is that new; None is the beginning of time."""
    return version is None or version <= INSTALLED


def rules(driver, options, release="2025.1"):
    """Return (option, rule) of every problem."""
    return [(each.option, each.rule) for each in check_options(driver, options, VERSION[release])]


def real_options(group):
    """Return what the installed oslo.messaging declares: name to kind, choices, bounds, deprecation."""
    declared = list(dict(opts.list_opts())[group])
    if group == "oslo_messaging_rabbit":
        # Before 16.0.0 the driver registers these too, though they are not listed.
        declared += getattr(base, "base_opts", [])
    return {
        option.name: (
            "choice" if getattr(option.type, "choices", None) else KINDS[type(option).__name__],
            tuple(getattr(option.type, "choices", None) or ()),
            getattr(option.type, "min", None),
            getattr(option.type, "max", None),
            bool(option.deprecated_for_removal),
        )
        for option in declared
    }


@pytest.mark.parametrize("driver", ["rabbit", "kafka"])
def test_table_is_that_of_the_installed_oslo_messaging(driver):
    """Names, types, choices, bounds and deprecations are those the real driver registers."""
    known = [spec for spec in driver_options(driver).values() if spec.is_known_to(INSTALLED)]
    table = {
        spec.name: (
            spec.kind,
            spec.choices_in(INSTALLED),
            *((spec.minimum, spec.maximum) if is_reached(spec.bounds_since) else (None, None)),
            spec.deprecated_since is not None and is_reached(spec.deprecated_since),
        )
        for spec in known
    }
    assert table == real_options(f"oslo_messaging_{driver}")


@pytest.mark.parametrize("driver", DRIVERS)
def test_tables_are_sound(driver):
    """Each table is sorted, of one group, and names what took an option's place."""
    table = driver_options(driver)
    assert list(table) == sorted(table)
    assert {spec.group for spec in table.values()} == {f"oslo_messaging_{driver}"}
    assert {spec.use_instead for spec in table.values()} - {""} <= set(table)
    assert all(spec.kind == "choice" or not spec.choices for spec in table.values())
    assert [spec.name for spec in table.values() if "password" in spec.name and not spec.is_secret] == []


@pytest.mark.parametrize(
    ("driver", "option", "first", "last"),
    [
        ("rabbit", "ssl", "pike", "2026.1"),
        ("rabbit", "rabbit_host", "mitaka", "rocky"),
        ("rabbit", "heartbeat_in_pthread", "train", "2026.1"),
        ("rabbit", "enable_cancel_on_failover", "train", "2026.1"),
        ("rabbit", "rabbit_quorum_queue", "yoga", "2026.1"),
        ("rabbit", "rabbit_quroum_max_memory_bytes", "zed", "zed"),
        ("rabbit", "rabbit_quorum_max_memory_bytes", "2023.1", "2026.1"),
        ("rabbit", "rabbit_stream_fanout", "2024.1", "2026.1"),
        ("rabbit", "kombu_reconnect_splay", "2025.1", "2026.1"),
        ("kafka", "pool_size", "mitaka", "2024.2"),
        ("kafka", "ssl_client_key_password", "ussuri", "2026.1"),
        ("amqp", "pseudo_vhost", "pike", "2024.2"),
        ("amqp", "username", "mitaka", "rocky"),
        ("zmq", "rpc_zmq_host", "mitaka", "rocky"),
    ],
)
def test_releases_of_an_option(driver, option, first, last):
    """An option is known to exactly the releases whose last oslo.messaging has it."""
    names = list(RELEASES)
    known = [name for name in names if driver_options(driver)[option].is_known_to(VERSION[name])]
    assert known == names[names.index(first) : names.index(last) + 1]


def test_versions_are_from_the_first_to_before_the_last():
    """``since`` is the first version with an option, ``until`` the first one without it."""
    table = driver_options("rabbit")
    assert [table["rabbit_host"].is_known_to(version) for version in [(8, 1, 4), (9, 0, 0)]] == [True, False]
    assert [table["ssl"].is_known_to(version) for version in [(5, 17, 4), (5, 18, 0)]] == [False, True]
    backported = [(10, 2, 3), (10, 2, 4), (10, 3, 0), (12, 1, 4), (12, 2, 0), (12, 3, 0)]
    known = [table["enable_cancel_on_failover"].is_known_to(version) for version in backported]
    assert known == [False, True, False, True, False, True]


def test_scheme_chooses_the_table():
    """``kombu`` is another name of rabbit, a suffix does not count, and fake has no options."""
    assert driver_options("kombu+memory") == driver_options("rabbit")
    assert driver_options("zmq+redis") == driver_options("zmq")
    assert driver_options("fake") == {}


@pytest.mark.parametrize(
    ("kind", "value", "coerced"),
    [
        ("integer", "5", 5),
        ("integer", " -1 ", -1),
        ("integer", 5, 5),
        ("number", "0.5", 0.5),
        ("number", 2, 2.0),
        ("boolean", "True", True),
        ("boolean", "off", False),
        ("boolean", 1, True),
        ("boolean", "0", False),
        ("string", "/etc/ca.pem", "/etc/ca.pem"),
        ("string", 5, "5"),
        ("choice", "shuffle", "shuffle"),
        ("list", "a, b,", ("a", "b")),
        ("list", ["a", "b"], ("a", "b")),
        ("string", Secret("pw"), "pw"),
    ],
)
def test_coercion(kind, value, coerced):
    """A value as written in YAML becomes the option's type."""
    spec = OptionSpec(name="x", kind=kind, group="g", choices=("shuffle",) if kind == "choice" else ())
    result = coerce_option(spec, value)
    assert (result, type(result)) == (coerced, type(coerced))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", "5x", "a whole number"),
        ("integer", 5.0, "a whole number"),
        ("integer", True, "a whole number"),
        ("integer", "1_000", "a whole number"),
        ("integer", "", "a whole number"),
        ("number", "nan", "a number"),
        ("number", None, "a number"),
        ("number", False, "a number"),
        ("boolean", "maybe", "true or false"),
        ("boolean", 2, "true or false"),
        ("boolean", 1.0, "true or false"),
        ("string", True, "a text on one line"),
        ("string", "a\nssl = false", "a text on one line"),
        ("string", None, "a text on one line"),
        ("choice", "Shuffle", "one of shuffle"),
        ("list", [None], "a list of texts without commas"),
        ("list", ["a,b"], "a list of texts without commas"),
        ("list", {"a": 1}, "a list of texts without commas"),
    ],
)
def test_refused_values(kind, value, expected):
    """A value of another type is refused, and is not in the text."""
    spec = OptionSpec(name="x", kind=kind, group="g", choices=("shuffle",) if kind == "choice" else ())
    with pytest.raises(ValueError, match=f"^expected {expected}$"):
        coerce_option(spec, value)


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans()),
    st.sampled_from(["integer", "number", "boolean"]),
)
def test_coercion_agrees_with_oslo_config(value, kind):
    """Whatever is coerced, oslo.config reads from the same text as the same value."""
    option = {"integer": cfg.IntOpt, "number": cfg.FloatOpt, "boolean": cfg.BoolOpt}[kind]("x")
    try:
        coerced = coerce_option(OptionSpec(name="x", kind=kind, group="g"), value)
    except ValueError:
        return
    assert option.type(str(value)) == coerced


def test_recommended_options_are_fine():
    """The options that oslo.messaging recommends, as texts or typed, have no problem."""
    assert rules("rabbit", STREAMS) == []


@pytest.mark.parametrize(
    ("driver", "release", "options", "expected"),
    [
        (
            "rabbit",
            "2025.1",
            {"rabbit_quorum_queus": "true"},
            ("option-unknown", "did you mean 'rabbit_quorum_queue'?"),
        ),
        ("rabbit", "2025.1", {5: 1}, ("option-unknown", "leave it out")),
        ("kafka", "2025.1", {"ssl": "0"}, ("option-unknown", "leave it out")),
        ("fake", "2025.1", {"ssl": "0"}, ("option-unknown", "the driver has no options")),
        (
            "rabbit",
            "wallaby",
            {"rabbit_quorum_queue": "1"},
            ("option-not-in-release", "leave it out, or choose the release that has it"),
        ),
        ("rabbit", "wallaby", {"rabbit_use_ssl": "1"}, ("option-not-in-release", "use ssl")),
        (
            "rabbit",
            "ocata",
            {"kombu_reconnect_splay": "1"},
            ("option-not-in-release", "leave it out, or choose the release that has it"),
        ),
        (
            "rabbit",
            "zed",
            {"rabbit_quorum_max_memory_length": "1"},
            ("option-not-in-release", "use rabbit_quroum_max_memory_length"),
        ),
        (
            "rabbit",
            "wallaby",
            {"rabbit_login_method": "EXTERNAL"},
            ("option-not-in-release", "choose from PLAIN, AMQPLAIN, RABBIT-CR-DEMO"),
        ),
        (
            "amqp",
            "2025.1",
            {"trace": "1"},
            ("option-not-in-release", "leave it out, or choose the release that has it"),
        ),
        (
            "rabbit",
            "wallaby",
            {"heartbeat_rate": "often"},
            ("option-wrong-type", "correct the value or leave it out"),
        ),
        (
            "rabbit",
            "2025.1",
            {"kombu_reconnect_delay": "5"},
            ("option-out-of-bounds", "correct the value or leave it out"),
        ),
        (
            "rabbit",
            "2025.1",
            {"rabbit_interval_max": 0},
            ("option-out-of-bounds", "correct the value or leave it out"),
        ),
        (
            "rabbit",
            "wallaby",
            {"rabbit_transient_queues_ttl": 0},
            ("option-out-of-bounds", "write at least 1"),
        ),
        ("rabbit", "wallaby", {"direct_mandatory_flag": "true"}, ("option-deprecated", "leave it out")),
    ],
)
def test_single_options(driver, release, options, expected):
    """One option alone breaks exactly one rule, with a way out."""
    problems = list(check_options(driver, options, VERSION[release]))
    assert [(problem.rule, problem.hint) for problem in problems] == [expected]
    assert problems[0].rule in SEVERITIES


def test_bounds_hold_from_their_version_on():
    """A bound that came later is none for an older release."""
    assert rules("rabbit", {"rabbit_interval_max": 0}, "wallaby") == []
    assert rules("rabbit", {"rabbit_transient_queues_ttl": 0}, "2025.1") == []


@pytest.mark.parametrize(
    ("driver", "release", "options", "message"),
    [
        (
            "rabbit",
            "wallaby",
            {"rabbit_stream_fanout": "1"},
            "rabbit_stream_fanout is not in oslo.messaging 12.7.3 (wallaby): it came with 14.7.0 (2024.1)",
        ),
        (
            "amqp",
            "2025.1",
            {"trace": "1"},
            "trace is not in oslo.messaging 16.1.2 (2025.1): it went with 15.0.0 (2025.1)",
        ),
        (
            "rabbit",
            "wallaby",
            {"hostnam": "h"},
            "'hostnam' is no option of the driver rabbit in oslo.messaging 12.7.3 (wallaby)",
        ),
        ("rabbit", "wallaby", {"ssl": "maybe"}, "ssl: 'maybe' is not true or false"),
        (
            "rabbit",
            "2025.1",
            {"kombu_reconnect_delay": 9},
            "kombu_reconnect_delay: 9 is not at least 0 and at most 4.5",
        ),
        (
            "rabbit",
            "wallaby",
            {"kombu_failover_strategy": "random"},
            "kombu_failover_strategy: 'random' is not one of round-robin, shuffle",
        ),
    ],
)
def test_messages(driver, release, options, message):
    """A message tells the option, the versions or the value found, and what was expected."""
    assert [problem.message for problem in check_options(driver, options, VERSION[release])] == [message]


CONTRADICTION = "option-contradiction"
TLS = {"ssl": "true", "ssl_ca_file": "/ca"}


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        (
            "rabbit",
            {"rabbit_quorum_queue": "1", "rabbit_ha_queues": "1"},
            [("rabbit_ha_queues", CONTRADICTION)],
        ),
        (
            "rabbit",
            {"rabbit_transient_quorum_queue": 1, "rabbit_ha_queues": 1},
            [("rabbit_ha_queues", CONTRADICTION)],
        ),
        ("rabbit", {"rabbit_quorum_queue": "0", "rabbit_ha_queues": "1"}, []),
        ("rabbit", {**STREAMS, "rabbit_qos_prefetch_count": "0"}, [("rabbit_stream_fanout", CONTRADICTION)]),
        (
            "rabbit",
            {**STREAMS, "rabbit_transient_quorum_queue": "no"},
            [("rabbit_stream_fanout", CONTRADICTION)],
        ),
        ("rabbit", {"ssl_ca_file": "/ca"}, [("ssl_ca_file", CONTRADICTION)]),
        ("rabbit", {"ssl": "false", "ssl_version": "TLSv1_2"}, [("ssl_version", CONTRADICTION)]),
        ("rabbit", TLS, []),
        ("rabbit", {**TLS, "ssl_cert_file": "/c"}, [("ssl_cert_file", CONTRADICTION)]),
        ("rabbit", {**TLS, "ssl_key_file": "/k"}, [("ssl_key_file", CONTRADICTION)]),
        ("rabbit", {**TLS, "ssl_cert_file": "/c", "ssl_key_file": "/k"}, []),
        ("rabbit", {"ssl": "true"}, [("ssl", "option-tls-unverified")]),
        ("rabbit", {"rabbit_login_method": "EXTERNAL"}, [("rabbit_login_method", CONTRADICTION)]),
        (
            "rabbit",
            {"rabbit_quorum_delivery_limit": 3},
            [("rabbit_quorum_delivery_limit", "option-without-effect")],
        ),
        ("rabbit", {"hostname": "h"}, [("hostname", "option-differs-by-host")]),
        ("kafka", {"ssl_cafile": "/ca"}, [("security_protocol", CONTRADICTION)]),
        ("kafka", {"ssl_cafile": "/ca", "security_protocol": "SASL_SSL"}, []),
        (
            "kafka",
            {"sasl_mechanism": "PLAIN", "security_protocol": "SSL"},
            [("security_protocol", CONTRADICTION)],
        ),
        (
            "kafka",
            {"security_protocol": "SSL", "ssl_client_cert_file": "/c"},
            [("ssl_client_cert_file", CONTRADICTION)],
        ),
        (
            "kafka",
            {"ssl_client_key_password": CANARY},
            [("ssl_client_key_password", "option-without-effect")],
        ),
    ],
    ids=str,
)
def test_combinations(driver, options, expected):
    """Options that do not go together are told at the one to change."""
    assert rules(driver, options) == expected


def test_hostname_verification_needs_a_ca():
    """Verification of the host name acts only with an authority to verify by, and should not be off."""
    problems = list(check_options("rabbit", {"ssl": 1, "ssl_enforce_hostname_verification": 1}, (18, 2, 0)))
    assert [problem.rule for problem in problems] == [
        "option-deprecated",
        CONTRADICTION,
        "option-tls-unverified",
    ]
    off = list(check_options("rabbit", {**TLS, "ssl_enforce_hostname_verification": "no"}, (18, 2, 0)))
    assert [problem.rule for problem in off] == ["option-deprecated", "option-tls-unverified"]


def test_combinations_of_the_amqp_driver():
    """AMQP 1.0: certificate and key go together, and a password needs its key."""
    options = {"ssl_cert_file": "/c", "ssl_key_password": Secret(CANARY)}
    expected = [("ssl_cert_file", CONTRADICTION), ("ssl_key_password", "option-without-effect")]
    assert rules("amqp", options, "wallaby") == expected
    assert rules("amqp", {"ssl_verify_vhost": 1}, "wallaby") == [
        ("ssl_verify_vhost", "option-without-effect")
    ]


def test_a_secret_of_the_wrong_type_is_not_shown():
    """Not even a value that could not be a password is shown."""
    (problem,) = check_options("kafka", {"ssl_client_key_password": True}, VERSION["2025.1"])
    assert problem.message == "ssl_client_key_password: a value that is not shown is not a text on one line"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    "value", [CANARY, f"{CANARY}\n", [CANARY], {"a": CANARY}, Secret(f"{CANARY}\n")], ids=repr
)
def test_no_secret_is_shown(release, value):
    """No problem shows the value of a secret option or of an unknown one, nor any `Secret`."""
    options = {"ssl_client_key_password": value, "ssl_key_password": value, "password": value}
    options |= {"rabbit_password": value, "sasl_passwort": value}
    secrets = options | {
        "trace": Secret(CANARY),
        "ssl": Secret(CANARY),
        "kafka_consumer_timeout": Secret(CANARY),
    }
    texts = [str(each) for driver in DRIVERS for each in check_options(driver, secrets, VERSION[release])]
    assert texts
    assert [text for text in texts if CANARY in text] == []


@given(
    st.dictionaries(
        st.sampled_from(sorted({*driver_options("rabbit"), "x"})),
        st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.lists(st.text())),
    ),
    st.sampled_from(list(RELEASES)),
)
def test_any_options_are_told_about_and_never_raise(options, release):
    """Every problem is told at an option that was given, by a known rule, with a way out."""
    for problem in check_options("rabbit", options, VERSION[release]):
        assert problem.option in options
        assert problem.rule in SEVERITIES
        assert problem.message
        assert problem.hint
