# SPDX-License-Identifier: Apache-2.0
"""The one table of the Heat parameters that are read: type, default, and what each becomes.

Source: tripleo-heat-templates stable/wallaby (811bf370) and stable/zed (500cdbb7) for types and
defaults, rocky-em (8a0142f6) for the legacy names; those marked `ours` have no parameter upstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Optional, Union

import attrs

HeatType = Literal["string", "number", "boolean", "json", "comma_delimited_list"]
Default = Optional[Union[str, int, bool, tuple[str, ...]]]

MAX_PORT = 65535


@attrs.frozen(kw_only=True)
class HeatParameter:
    """One Heat parameter.

    Attributes:
        name: as it stands under ``parameter_defaults``.
        type: Heat's type.
        default: of the templates; ``None`` where they have none or it is the plan's own to choose.
        becomes: path in the plan, e.g. ``$.rpc.port``; ``secret`` for a secret of the same name; empty
            where it only helps to choose other values.
        description: what it states, in one sentence.
        switch: a string that only says yes or no, as ``RpcUseSSL``.
        hidden: its value is never shown.
        ours: upstream's templates know no such parameter.
        minimum: least value of a number.
        maximum: greatest value of a number; ``None`` is no bound.
    """

    name: str
    type: HeatType
    default: Default
    becomes: str
    description: str
    switch: bool = False
    hidden: bool = False
    ours: bool = False
    minimum: int = 1
    maximum: Optional[int] = None


def _upstream(
    name: str, heat_type: HeatType, default: Default, becomes: str, description: str, *, switch: bool = False
) -> HeatParameter:
    return HeatParameter(
        name=name, type=heat_type, default=default, becomes=becomes, description=description, switch=switch
    )


def _ours(name: str, heat_type: HeatType, default: Default, becomes: str, description: str) -> HeatParameter:
    return HeatParameter(
        name=name, type=heat_type, default=default, becomes=becomes, description=description, ours=True
    )


def _port(name: str, becomes: str, description: str) -> HeatParameter:
    return HeatParameter(
        name=name, type="number", default=5672, becomes=becomes, description=description, maximum=MAX_PORT
    )


def _secret(name: str, description: str, *, ours: bool = False) -> HeatParameter:
    return HeatParameter(
        name=name,
        type="string",
        default=None,
        becomes="secret",
        description=description,
        hidden=True,
        ours=ours,
    )


_HOSTS = (
    "Hosts of the service: inventory names, or with an external backend host names or addresses, host[:port]."
)

_TABLE = (
    _port("RpcPort", "$.rpc.port", "TCP port of the RPC service."),
    _port("NotifyPort", "$.notify.port", "TCP port of the Notification service."),
    _upstream("RpcUserName", "string", "guest", "$.rpc.user_name", "User of the RPC service."),
    _upstream("NotifyUserName", "string", "guest", "$.notify.user_name", "User of the Notification service."),
    _secret("RpcPassword", "Password of the RPC user."),
    _secret("NotifyPassword", "Password of the Notification user."),
    _upstream(
        "RpcUseSSL", "string", "false", "$.rpc.tls.enabled", "Whether RPC's clients speak TLS.", switch=True
    ),
    _upstream(
        "NotifyUseSSL",
        "string",
        "false",
        "$.notify.tls.enabled",
        "Whether Notify's clients speak TLS.",
        switch=True,
    ),
    _upstream(
        "NotificationDriver",
        "comma_delimited_list",
        None,  # by release, see plan/heat.py
        "$.notify.driver",
        "Driver of notifications, messagingv2 or noop.",
    ),
    _upstream(
        "RabbitUserName", "string", "guest", "", "User of both services where they have none of their own."
    ),
    _secret("RabbitPassword", "Password of both services where they have none of their own."),
    _port("RabbitClientPort", "", "TCP port of both services where they have none of their own."),
    _upstream(
        "RabbitClientUseSSL",
        "string",
        "false",
        "",
        "TLS of both services where they do not say.",
        switch=True,
    ),
    _secret("RabbitMonitorPassword", "Password of the account that asks RabbitMQ who is connected."),
    _secret("RabbitCookie", "Erlang cookie of the RabbitMQ cluster that serves RPC, or both services."),
    _secret("RabbitNotifyCookie", "Erlang cookie of a RabbitMQ cluster for Notifications alone.", ours=True),
    _upstream(
        "EnableInternalTLS", "boolean", default=False, becomes="", description="Whether brokers speak TLS."
    ),
    _upstream("InternalTLSCAFile", "string", "/etc/ipa/ca.crt", "", "CA that brokers verify one another by."),
    _upstream(
        "QdrSslCertFile", "string", "/etc/pki/tls/certs/qdrouterd.crt", "", "Certificate of qdrouterd."
    ),
    _upstream("QdrSslKeyFile", "string", "/etc/pki/tls/private/qdrouterd.key", "", "Key of qdrouterd."),
    _upstream(
        "NovaAdditionalCell", "boolean", default=False, becomes="$.cell", description="A cell, not a cloud."
    ),
    _upstream("ServiceNetMap", "json", None, "", "Network of each service, e.g. OsloMessagingRpcNetwork."),
    _upstream(
        "AllNodesExtraMapData", "json", None, "", "Hieradata of another stack: the hosts of a service."
    ),
    _upstream("GlobalConfigExtraMapData", "json", None, "", "Hieradata of another stack: how to log in."),
    _ours("RpcScheme", "string", None, "$.rpc.scheme", "Transport specifier of an external RPC backend."),
    _ours(
        "NotifyScheme",
        "string",
        None,
        "$.notify.scheme",
        "Transport specifier of an external Notify backend.",
    ),
    _ours("RpcHosts", "comma_delimited_list", None, "$.rpc.nodes", _HOSTS),
    _ours("NotifyHosts", "comma_delimited_list", None, "$.notify.nodes", _HOSTS),
    _ours("RpcVirtualHost", "string", None, "$.rpc.virtual_host", "AMQP virtual host of RPC."),
    _ours("NotifyVirtualHost", "string", None, "$.notify.virtual_host", "AMQP virtual host of Notify."),
    _ours("RpcSslCaFile", "string", None, "$.rpc.tls.ca_file", "CA that verifies RPC's brokers."),
    _ours("NotifySslCaFile", "string", None, "$.notify.tls.ca_file", "CA that verifies Notify's brokers."),
    _ours("RpcSslCertFile", "string", None, "$.rpc.tls.certificate_file", "Certificate of RPC's listeners."),
    _ours(
        "NotifySslCertFile",
        "string",
        None,
        "$.notify.tls.certificate_file",
        "Certificate of Notify's listeners.",
    ),
    _ours("RpcSslKeyFile", "string", None, "$.rpc.tls.key_file", "Key of RPC's listeners."),
    _ours("NotifySslKeyFile", "string", None, "$.notify.tls.key_file", "Key of Notify's listeners."),
    _ours("RpcSslVerify", "boolean", True, "$.rpc.tls.verify", "Whether RPC's clients verify the broker."),
    _ours(
        "NotifySslVerify",
        "boolean",
        True,
        "$.notify.tls.verify",
        "Whether Notify's clients verify the broker.",
    ),
    _ours(
        "RpcHealthCheckInterval",
        "number",
        30,
        "$.rpc.health_check.interval_s",
        "Seconds between probes of RPC.",
    ),
    _ours(
        "NotifyHealthCheckInterval",
        "number",
        30,
        "$.notify.health_check.interval_s",
        "Seconds between probes of Notify.",
    ),
    _ours(
        "RpcHealthCheckTimeout",
        "number",
        10,
        "$.rpc.health_check.timeout_s",
        "Seconds a probe of RPC may take.",
    ),
    _ours(
        "NotifyHealthCheckTimeout",
        "number",
        10,
        "$.notify.health_check.timeout_s",
        "Seconds a probe of Notify may take.",
    ),
    _ours("NotificationTopics", "comma_delimited_list", None, "$.notify.topics", "Topics of notifications."),
    _secret("RpcTransportUrl", "Whole transport URL of an external RPC backend.", ours=True),
    _secret("NotifyTransportUrl", "Whole transport URL of an external Notify backend.", ours=True),
)

HEAT_PARAMETERS: Mapping[str, HeatParameter] = MappingProxyType({entry.name: entry for entry in _TABLE})
"""Every parameter that is read, by name."""

LEGACY_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "RpcUserName": "RabbitUserName",
        "NotifyUserName": "RabbitUserName",
        "RpcPassword": "RabbitPassword",
        "NotifyPassword": "RabbitPassword",
        "RpcPort": "RabbitClientPort",
        "NotifyPort": "RabbitClientPort",
        "RpcUseSSL": "RabbitClientUseSSL",
        "NotifyUseSSL": "RabbitClientUseSSL",
    }
)
"""The parameter before Rocky whose value holds where the new one is unset.

Source: tripleo-heat-templates release note ``oslo-messaging-separate-backends-2d2221066f88f479``.
"""

EXTERNAL_HIERADATA: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "AllNodesExtraMapData": MappingProxyType(
            {
                "oslo_messaging_rpc_node_names": "RpcHosts",
                "oslo_messaging_notify_node_names": "NotifyHosts",
            }
        ),
        "GlobalConfigExtraMapData": MappingProxyType(
            {
                "oslo_messaging_rpc_scheme": "RpcScheme",
                "oslo_messaging_rpc_user_name": "RpcUserName",
                "oslo_messaging_rpc_password": "RpcPassword",
                "oslo_messaging_rpc_port": "RpcPort",
                "oslo_messaging_rpc_use_ssl": "RpcUseSSL",
                "oslo_messaging_notify_scheme": "NotifyScheme",
                "oslo_messaging_notify_user_name": "NotifyUserName",
                "oslo_messaging_notify_password": "NotifyPassword",
                "oslo_messaging_notify_port": "NotifyPort",
                "oslo_messaging_notify_use_ssl": "NotifyUseSSL",
            }
        ),
    }
)
"""Keys of upstream's extra map data, which stand for these parameters where a service is ``OS::Heat::None``.

Source: tripleo-docs ``deployment/standalone.rst`` (split control plane).
"""
