# SPDX-License-Identifier: Apache-2.0
"""What each product puts into the query of its clients' URL."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from tests.support.topologies import topology
from tripleo_messaging.backends import find_backend
from tripleo_messaging.model.plan import Option, Tls
from tripleo_messaging.model.release import RELEASES

Pairs = tuple[tuple[str, str], ...]

PLAIN = Tls()
VERIFIED = Tls(enabled=True, ca_file="/etc/ipa/ca.crt")
KNOWN = attrs.evolve(VERIFIED, client_certificate_file="/etc/c.crt", client_key_file="/etc/c.key")
OFF = attrs.evolve(KNOWN, enabled=False)
UNVERIFIED = attrs.evolve(VERIFIED, verify=False)

KAFKA: Mapping[str, Option] = {
    "producer_batch_timeout": 0.5,
    "enable_auto_commit": True,
    "consumer_group": "x",
}
KAFKA_QUERY = (("consumer_group", "x"), ("enable_auto_commit", "true"), ("producer_batch_timeout", "0.5"))
AMQP: Mapping[str, Option] = {"pre_settled": "rpc-cast,rpc-reply", "idle_timeout": 30}
AMQP_QUERY = (("idle_timeout", "30"), ("pre_settled", "rpc-cast,rpc-reply"))
ZMQ: Mapping[str, Option] = {"zmq_linger": -1, "use_pub_sub": False}
ZMQ_QUERY = (("use_pub_sub", "false"), ("zmq_linger", "-1"))
CA = "/etc/ipa/ca.crt"
SHOWN = (("ssl_cert_file", "/etc/c.crt"), ("ssl_key_file", "/etc/c.key"))


#: Of a URL, by backend and scheme: TLS, user, driver options, and the query that they make.
CASES: Mapping[tuple[str, str], tuple[tuple[Tls, str, Mapping[str, Option], Pairs], ...]] = {
    ("kafka", "kafka"): (
        (PLAIN, "", {}, (("security_protocol", "PLAINTEXT"),)),
        (PLAIN, "u", KAFKA, (*KAFKA_QUERY, ("security_protocol", "SASL_PLAINTEXT"))),
        (UNVERIFIED, "u", {}, (("security_protocol", "SASL_SSL"),)),
        (VERIFIED, "", KAFKA, (*KAFKA_QUERY, ("security_protocol", "SSL"), ("ssl_cafile", CA))),
        (OFF, "", {}, (("security_protocol", "PLAINTEXT"),)),
        (
            KNOWN,
            "",
            {},
            (
                ("security_protocol", "SSL"),
                ("ssl_cafile", CA),
                ("ssl_client_cert_file", "/etc/c.crt"),
                ("ssl_client_key_file", "/etc/c.key"),
            ),
        ),
    ),
    ("qdrouterd", "amqp"): (
        (PLAIN, "u", {}, (("ssl", "0"),)),
        (PLAIN, "u", AMQP, (*AMQP_QUERY, ("ssl", "0"))),
        (UNVERIFIED, "u", {}, (("ssl", "1"),)),
        (VERIFIED, "u", AMQP, (*AMQP_QUERY, ("ssl_ca_file", CA), ("ssl", "1"))),
        (OFF, "u", {}, (("ssl", "0"),)),
        (KNOWN, "u", {}, (("ssl_ca_file", CA), *SHOWN, ("ssl", "1"))),
        (attrs.evolve(KNOWN, verify=False), "u", {}, (*SHOWN, ("ssl", "1"))),
    ),
    ("external", "rabbit"): (
        (OFF, "u", {}, (("ssl", "0"),)),
        (KNOWN, "u", {}, (("ssl_ca_file", CA), *SHOWN, ("ssl", "1"))),
        (attrs.evolve(KNOWN, verify=False), "u", {}, (*SHOWN, ("ssl", "1"))),
    ),
    ("zmq", "zmq"): ((PLAIN, "", {}, ()), (PLAIN, "", ZMQ, ZMQ_QUERY)),
    ("external", "kafka"): ((PLAIN, "", KAFKA, (*KAFKA_QUERY, ("security_protocol", "PLAINTEXT"))),),
    ("external", "amqp"): ((PLAIN, "u", AMQP, (*AMQP_QUERY, ("ssl", "0"))),),
    ("external", "zmq+redis"): ((PLAIN, "", ZMQ, ZMQ_QUERY),),
    ("external", "mqtt"): ((PLAIN, "u", {"a": 1}, ()),),
}


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_queries(name: str, scheme: str) -> None:
    """The plan's driver options, in order, then what its tls section says in the driver's own words."""
    backend = find_backend(name)
    assert backend is not None
    service = attrs.evolve(topology("shared").services["rpc"], backend=name, scheme=scheme)
    cases = CASES[name, scheme]
    queries = [
        backend.url_query(
            attrs.evolve(service, tls=tls, user_name=user_name, options=options), RELEASES["wallaby"]
        )
        for tls, user_name, options, _ in cases
    ]
    assert queries == [expected for *_, expected in cases]
