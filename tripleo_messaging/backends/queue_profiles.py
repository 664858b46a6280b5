# SPDX-License-Identifier: Apache-2.0
"""Kinds of queues that clients declare on RabbitMQ: each a set of driver options.

A kind holds for a whole virtual host: who declares a queue that is there with other properties is
refused (PRECONDITION_FAILED).
Source: oslo.messaging 18.1.0 ``_drivers/impl_rabbit.py`` and ``doc/source/admin/rabbit.rst``; RabbitMQ's
release notes of 3.8 (quorum queues), 3.9 (streams), 4.0 (no mirrored queues) and 4.3 (no transient
queues that several connections share).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Optional

import attrs

from tripleo_messaging.model.driver_options import coerce_option, driver_options
from tripleo_messaging.model.plan import Option
from tripleo_messaging.model.release import Version

CLASSIC = "classic"
QUORUM = "quorum"
STREAM = "stream"

#: First RabbitMQ without mirrored queues, and the first that refuses shared transient queues.
WITHOUT_MIRRORED = (4,)
WITHOUT_TRANSIENT = (4, 3)

#: The setting that makes brokers from there on take queues that are neither durable nor one connection's own.
PERMIT_TRANSIENT = "deprecated_features.permit.transient_nonexcl_queues"

#: Seconds after which the driver has an unused queue, or what is in a stream, go.
_DEFAULT_TTL_S = 1800


@attrs.frozen(kw_only=True)
class QueueProfile:
    """One kind.

    Attributes:
        name: as in the plan.
        options: driver options that make clients declare it; one that the release's driver does not
            know is left out.
        needs_option: the option without which the kind cannot be had; empty for none.
        needs_broker: first RabbitMQ that has such queues.
    """

    name: str
    options: Mapping[str, Option]
    needs_option: str = ""
    needs_broker: Version = (0,)

    def options_for(self, version: Version) -> dict[str, Option]:
        """Return the options that this version of oslo.messaging knows."""
        known = driver_options("rabbit")
        return {name: value for name, value in self.options.items() if known[name].is_known_to(version)}

    def is_known_to(self, version: Version) -> bool:
        """Tell whether clients with this version of oslo.messaging can declare such queues."""
        return not self.needs_option or driver_options("rabbit")[self.needs_option].is_known_to(version)

    def is_served_by(self, broker: Optional[Version]) -> bool:
        """Tell whether such a RabbitMQ has these queues; one that is not known has."""
        return broker is None or broker >= self.needs_broker


_QUORUM: Mapping[str, Option] = {"rabbit_quorum_queue": True, "rabbit_transient_quorum_queue": True}

QUEUE_PROFILES: Mapping[str, QueueProfile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            QueueProfile(name=CLASSIC, options={}),
            QueueProfile(
                name=QUORUM, options=_QUORUM, needs_option="rabbit_quorum_queue", needs_broker=(3, 8)
            ),
            QueueProfile(
                name=STREAM,
                options={
                    **_QUORUM,
                    "rabbit_stream_fanout": True,
                    # Streams are read with a limit only, and the driver has none of its own.
                    "rabbit_qos_prefetch_count": 250,
                    # Fixed names: each random name of a quorum queue takes an Erlang atom for ever.
                    "use_queue_manager": True,
                },
                needs_option="rabbit_stream_fanout",
                needs_broker=(3, 9),
            ),
        )
    }
)


def client_options(profile: str, options: Mapping[str, Option], version: Version) -> dict[str, Option]:
    """Return the driver options of a service's clients: those of its kind of queues, and its own over them.

    Args:
        profile: name of the kind; empty where the product has but one.
        options: of the plan.
        version: of the release's oslo.messaging.
    """
    known = QUEUE_PROFILES.get(profile)
    return {**(known.options_for(version) if known else {}), **options}


def declared_properties(options: Mapping[str, object]) -> dict[str, object]:
    """Return what decides with which properties clients declare the queues and exchanges of fixed names.

    Who declares one of these otherwise than it is there is refused.

    Args:
        options: driver options of a transport; values as in a plan or a URL's query. One of a wrong
            type counts as left out.

    Returns:
        The deciding options by name, with the driver's defaults filled in.
    """
    is_on = {name: _coerced(options, name) is True for name in _SWITCHES}
    names = (
        *(
            _OF_QUORUM_QUEUES
            if is_on["rabbit_quorum_queue"] or is_on["rabbit_transient_quorum_queue"]
            else ()
        ),
        # Other queues of that age have random names.
        *(_OF_AGEING_QUEUES if is_on["rabbit_stream_fanout"] or is_on["use_queue_manager"] else ()),
    )
    stated = {name: _coerced(options, name) for name, _ in names}
    arguments = {name: default if stated[name] is None else stated[name] for name, default in names}
    # Durable is what quorum queues are in any case; names alone are the queue manager's.
    is_on["amqp_durable_queues"] &= not is_on["rabbit_quorum_queue"]
    return {name: value for name, value in {**is_on, **arguments}.items() if name != "use_queue_manager"}


_SWITCHES = (
    *("rabbit_quorum_queue", "rabbit_transient_quorum_queue", "rabbit_stream_fanout"),
    *("amqp_durable_queues", "amqp_auto_delete", "use_queue_manager"),
)
_OF_QUORUM_QUEUES = (
    ("rabbit_quorum_delivery_limit", 0),
    ("rabbit_quorum_max_memory_length", 0),
    ("rabbit_quorum_max_memory_bytes", 0),
)
_OF_AGEING_QUEUES = (("rabbit_transient_queues_ttl", _DEFAULT_TTL_S),)


def _coerced(options: Mapping[str, object], name: str) -> object:
    if name not in options:
        return None
    try:
        return coerce_option(driver_options("rabbit")[name], options[name])
    except ValueError:
        return None


def profile_of(options: Mapping[str, object]) -> str:
    """Name the kind that options stand for: by the queues of topics, and by those of fanouts."""
    declared = declared_properties(options)
    if not declared["rabbit_quorum_queue"]:
        return CLASSIC
    return STREAM if declared["rabbit_stream_fanout"] else QUORUM


def default_profile(version: Version, broker: Optional[Version]) -> str:
    """Name the kind where the plan names none.

    Before RabbitMQ 4 it is what there has always been, so that nothing changes under a running cloud;
    from there on the most durable that the release knows, as classic queues are no longer replicated.

    Args:
        version: of the release's oslo.messaging.
        broker: version of RabbitMQ; ``None`` is not known.
    """
    if broker is None or broker < WITHOUT_MIRRORED:
        return CLASSIC
    return best_profile(version, broker)


def best_profile(version: Version, broker: Optional[Version]) -> str:
    """Name the kind that keeps most, of those that oslo.messaging and RabbitMQ of these versions have."""
    kinds = (QUEUE_PROFILES[name] for name in (STREAM, QUORUM, CLASSIC))
    return next(kind.name for kind in kinds if kind.is_known_to(version) and kind.is_served_by(broker))


def moved_properties(former: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, ...]:
    """Name the options by which queues of one virtual host would be declared otherwise than they are.

    Args:
        former: as `declared_properties` returns them.
        now: likewise.
    """
    return tuple(name for name, value in now.items() if name in former and former[name] != value)


def declares_transient_queues(options: Mapping[str, object], *, has_replies: bool) -> bool:
    """Tell whether clients declare queues that are neither durable nor one connection's own.

    Args:
        options: all driver options of a transport.
        has_replies: whether they declare queues for replies and fanouts, as clients of RPC do.
    """
    declared = declared_properties(options)
    is_durable = declared["rabbit_quorum_queue"] or declared["amqp_durable_queues"]
    return not is_durable or (has_replies and not declared["rabbit_transient_quorum_queue"])


def broker_version(text: Optional[str]) -> Optional[Version]:
    """Return a version out of a plan, e.g. ``(3, 13)``; ``None`` where it is not known."""
    return tuple(int(part) for part in text.split(".")) if text else None


def version_text(version: Version) -> str:
    """Return a version as a plan has it, e.g. ``3.13``."""
    return ".".join(map(str, version))
