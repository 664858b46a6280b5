# SPDX-License-Identifier: Apache-2.0
"""The OpenStack services whose transport URLs stock puppet-tripleo sets, and where these end up.

Source: puppet-tripleo ``manifests/profile/base`` from Rocky to Zed, and the module of each service.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Optional

import attrs

from tripleo_messaging.model.plan import ServiceName

_SETTINGS: Mapping[ServiceName, str] = MappingProxyType(
    {"rpc": "DEFAULT/transport_url", "notify": "oslo_messaging_notifications/transport_url"}
)


@attrs.frozen(kw_only=True)
class StockService:
    """A service that stock puppet-tripleo configures.

    Attributes:
        name: as a plan says it, e.g. ``glance``.
        class_name: the class that puppet-tripleo gives the URLs to; a plan may say this instead.
        config_type: Puppet's resource type of the service's own settings.
        settings: by messaging service, the title of the setting that holds its URL.
    """

    name: str
    class_name: str
    config_type: str
    settings: Mapping[ServiceName, str] = _SETTINGS


def _service(name: str, class_name: str = "", config_type: str = "") -> StockService:
    return StockService(name=name, class_name=class_name or name, config_type=config_type or f"{name}_config")


#: By name.
STOCK_SERVICES: Mapping[str, StockService] = MappingProxyType(
    {
        service.name: service
        for service in (
            _service("aodh"),
            _service("barbican", "barbican::api"),
            _service("ceilometer"),
            _service("cinder"),
            _service("congress"),
            _service("designate"),
            _service("glance", "glance::notify::rabbitmq", "glance_api_config"),
            _service("heat"),
            _service("ironic"),
            _service("keystone"),
            _service("manila"),
            _service("mistral"),
            _service("neutron"),
            _service("nova"),
            StockService(
                name="novajoin",
                class_name="nova::metadata::novajoin::api",
                config_type="novajoin_config",
                settings={"rpc": "DEFAULT/transport_url"},
            ),
            _service("octavia"),
            _service("sahara"),
            # Stock gives RPC's URL to a middleware that sends notifications and calls nobody.
            StockService(
                name="swift",
                class_name="swift::proxy::ceilometer",
                config_type="swift_proxy_config",
                settings={"notify": "filter:ceilometer/url"},
            ),
            _service("tacker"),
        )
    }
)

_BY_CLASS = {service.class_name: service for service in STOCK_SERVICES.values()}


def find_stock_service(name: str) -> Optional[StockService]:
    """Return the service of a name or of its class's name; ``None`` for one that is not known."""
    return STOCK_SERVICES.get(name) or _BY_CLASS.get(name)


def overridden_services(names: tuple[str, ...], service: ServiceName) -> tuple[str, ...]:
    """Return the names of those that have a setting for a messaging service, in order, each once."""
    found = (find_stock_service(name) for name in names)
    return tuple(dict.fromkeys(stock.name for stock in found if stock and service in stock.settings))
