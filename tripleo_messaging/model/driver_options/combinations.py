# SPDX-License-Identifier: Apache-2.0
"""Options that contradict each other, or that do nothing without another.

Source: openstack/oslo.messaging 18.1.0 ``_drivers/impl_rabbit.py`` (``Connection.__init__`` and
``_get_queue_arguments`` raise RuntimeError, ``_fetch_ssl_params``), ``impl_kafka.py``; 14.9.3
``amqp1_driver/controller.py``; openstack/puppet-oslo ``oslo::messaging::rabbit`` for ssl_* without ssl.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Callable, Optional

import attrs

from tripleo_messaging.model.driver_options.spec import OptionValue
from tripleo_messaging.model.release import Version

Values = Mapping[str, OptionValue]


@attrs.frozen(kw_only=True)
class Combination:
    """A rule over several options.

    Attributes:
        option: the option that the problem is told at.
        holds: tells from the coerced options that are set whether they make the problem.
        until: first version of oslo.messaging without the problem; ``None`` is never.
    """

    option: str
    rule: str
    holds: Callable[[Values], bool]
    message: str
    hint: str
    until: Optional[Version] = None


def combination_problems(driver: str, values: Values, version: Version) -> Iterator[Combination]:
    """Yield the combinations of that driver that are a problem in that version of oslo.messaging.

    Args:
        driver: scheme of the transport URL.
        values: the valid options as `coerce_option` returns them.
        version: version of oslo.messaging.
    """
    for combination in _COMBINATIONS.get(driver.partition("+")[0], ()):
        if (combination.until is None or version < combination.until) and combination.holds(values):
            yield combination


def _both(one: str, other: str) -> Callable[[Values], bool]:
    return lambda values: bool(values.get(one)) and bool(values.get(other))


def _without(one: str, *others: str) -> Callable[[Values], bool]:
    return lambda values: bool(values.get(one)) and not any(values.get(other) for other in others)


def _prefetch_is_unbounded(values: Values) -> bool:
    prefetch = values.get("rabbit_qos_prefetch_count", 0)
    return bool(values.get("rabbit_stream_fanout")) and isinstance(prefetch, int) and prefetch <= 0


def _is_off(option: str) -> Callable[[Values], bool]:
    return lambda values: option in values and not values[option]


def _is_zero(option: str) -> Callable[[Values], bool]:
    return lambda values: values.get(option) == 0


def _protocol_lacks(part: str, *options: str) -> Callable[[Values], bool]:
    def holds(values: Values) -> bool:
        protocol = str(values.get("security_protocol", "PLAINTEXT"))
        return part not in protocol.split("_") and any(values.get(option) for option in options)

    return holds


def _external_without_certificate(values: Values) -> bool:
    return values.get("rabbit_login_method") == "EXTERNAL" and not values.get("ssl_cert_file")


def _needs_pair(certificate: str, key: str) -> tuple[Combination, ...]:
    pairs = ((certificate, key), (key, certificate))
    return tuple(
        Combination(
            option=one,
            rule="option-contradiction",
            holds=_without(one, other),
            message=f"{one} is set without {other}",
            hint="a certificate and its key go together: set both or none",
        )
        for one, other in pairs
    )


def _needs_ssl(option: str) -> Combination:
    return Combination(
        option=option,
        rule="option-contradiction",
        holds=_without(option, "ssl"),
        message=f"{option} is set, but ssl is not true",
        hint="switch TLS on, or leave it out",
    )


def _per_host(option: str) -> Combination:
    return Combination(
        option=option,
        rule="option-differs-by-host",
        holds=lambda values: option in values,
        message=f"{option} names queues; with one value for all hosts they would read each other's",
        hint="leave it out: the default is each host's own",
    )


def _quorum_only(option: str) -> Combination:
    return Combination(
        option=option,
        rule="option-without-effect",
        holds=_without(option, "rabbit_quorum_queue", "rabbit_transient_quorum_queue"),
        message=f"{option} does nothing without rabbit_quorum_queue",
        hint="set rabbit_quorum_queue to true, or leave it out",
    )


def _quorum_and_mirrored(option: str) -> Combination:
    return Combination(
        option="rabbit_ha_queues",
        rule="option-contradiction",
        holds=_both(option, "rabbit_ha_queues"),
        message=f"a queue is of type quorum ({option}) or mirrored (rabbit_ha_queues), not both",
        hint="leave rabbit_ha_queues out; RabbitMQ 4 has no mirrored queues any more",
    )


_RABBIT = (
    _quorum_and_mirrored("rabbit_quorum_queue"),
    _quorum_and_mirrored("rabbit_transient_quorum_queue"),
    Combination(
        option="rabbit_stream_fanout",
        rule="option-contradiction",
        holds=_prefetch_is_unbounded,
        message="rabbit_stream_fanout needs rabbit_qos_prefetch_count above 0",
        hint="set rabbit_qos_prefetch_count, e.g. to 250",
    ),
    Combination(
        option="rabbit_stream_fanout",
        rule="option-contradiction",
        holds=_without("rabbit_stream_fanout", "rabbit_transient_quorum_queue"),
        message="rabbit_stream_fanout needs rabbit_transient_quorum_queue",
        hint="set rabbit_transient_quorum_queue to true",
    ),
    Combination(
        option="amqp_auto_delete",
        rule="option-contradiction",
        holds=_both("amqp_auto_delete", "rabbit_quorum_queue"),
        message="a quorum queue (rabbit_quorum_queue) cannot delete itself (amqp_auto_delete)",
        hint="leave amqp_auto_delete out",
    ),
    Combination(
        option="rabbit_transient_queues_ttl",
        rule="option-out-of-bounds",
        holds=_is_zero("rabbit_transient_queues_ttl"),
        message="rabbit_transient_queues_ttl: 0 is refused before oslo.messaging 14.6.0",
        hint="write at least 1",
        until=(14, 6, 0),
    ),
    *map(_needs_ssl, ("ssl_version", "ssl_key_file", "ssl_cert_file", "ssl_ca_file")),
    *_needs_pair("ssl_cert_file", "ssl_key_file"),
    Combination(
        option="ssl_enforce_hostname_verification",
        rule="option-contradiction",
        holds=_without("ssl_enforce_hostname_verification", "ssl_ca_file"),
        message="ssl_enforce_hostname_verification does nothing without ssl_ca_file",
        hint="set ssl_ca_file, without which no certificate is verified",
    ),
    Combination(
        option="ssl_enforce_hostname_verification",
        rule="option-tls-unverified",
        holds=_is_off("ssl_enforce_hostname_verification"),
        message="any certificate of the authority is taken for the broker's",
        hint="leave it out, and give the broker a certificate that names its host",
    ),
    Combination(
        option="ssl",
        rule="option-tls-unverified",
        holds=_without("ssl", "ssl_ca_file"),
        message="ssl without ssl_ca_file encrypts but verifies no certificate",
        hint="set ssl_ca_file",
    ),
    Combination(
        option="rabbit_login_method",
        rule="option-contradiction",
        holds=_external_without_certificate,
        message="the login method EXTERNAL needs a client certificate",
        hint="set ssl, ssl_cert_file and ssl_key_file",
    ),
    *map(
        _quorum_only,
        (
            "rabbit_quorum_delivery_limit",
            "rabbit_quorum_max_memory_length",
            "rabbit_quorum_max_memory_bytes",
        ),
    ),
    *map(_per_host, ("hostname", "processname")),
)

_KAFKA = (
    Combination(
        option="security_protocol",
        rule="option-contradiction",
        holds=_protocol_lacks("SSL", "ssl_cafile", "ssl_client_cert_file", "ssl_client_key_file"),
        message="ssl_* options are set, but security_protocol is neither SSL nor SASL_SSL",
        hint="set security_protocol to SSL or SASL_SSL",
    ),
    Combination(
        option="security_protocol",
        rule="option-contradiction",
        holds=_protocol_lacks("SASL", "sasl_mechanism"),
        message="sasl_mechanism is set, but security_protocol is neither SASL_SSL nor SASL_PLAINTEXT",
        hint="set security_protocol to SASL_SSL",
    ),
    *_needs_pair("ssl_client_cert_file", "ssl_client_key_file"),
    Combination(
        option="ssl_client_key_password",
        rule="option-without-effect",
        holds=_without("ssl_client_key_password", "ssl_client_key_file"),
        message="ssl_client_key_password does nothing without ssl_client_key_file",
        hint="set ssl_client_key_file, or leave it out",
    ),
)

_AMQP = (
    *_needs_pair("ssl_cert_file", "ssl_key_file"),
    Combination(
        option="ssl_key_password",
        rule="option-without-effect",
        holds=_without("ssl_key_password", "ssl_key_file"),
        message="ssl_key_password does nothing without ssl_key_file",
        hint="set ssl_key_file, or leave it out",
    ),
    Combination(
        option="ssl_verify_vhost",
        rule="option-without-effect",
        holds=_without("ssl_verify_vhost", "ssl", "ssl_ca_file", "ssl_cert_file"),
        message="ssl_verify_vhost does nothing without TLS",
        hint="set ssl and ssl_ca_file, or leave it out",
    ),
)

_COMBINATIONS: Mapping[str, tuple[Combination, ...]] = MappingProxyType(
    {"rabbit": _RABBIT, "kombu": _RABBIT, "kafka": _KAFKA, "amqp": _AMQP}
)
