# SPDX-License-Identifier: Apache-2.0
"""The tables of all drivers, by the scheme of the transport URL."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tripleo_messaging.model.driver_options import amqp, kafka, rabbit, zmq
from tripleo_messaging.model.driver_options.spec import OptionSpec


def _by_name(options: tuple[OptionSpec, ...]) -> Mapping[str, OptionSpec]:
    return MappingProxyType({option.name: option for option in options})


_TABLES: Mapping[str, Mapping[str, OptionSpec]] = MappingProxyType(
    {
        "rabbit": _by_name(rabbit.OPTIONS),
        "kombu": _by_name(rabbit.OPTIONS),
        "kafka": _by_name(kafka.OPTIONS),
        "amqp": _by_name(amqp.OPTIONS),
        "zmq": _by_name(zmq.OPTIONS),
    }
)


def driver_options(scheme: str) -> Mapping[str, OptionSpec]:
    """Return the options of a driver by name, those of all versions; none where the driver has none.

    Args:
        scheme: as in a transport URL; what follows a ``+`` does not choose the driver.
    """
    return _TABLES.get(scheme.partition("+")[0], MappingProxyType({}))
