# SPDX-License-Identifier: Apache-2.0
"""The options of the AMQP 1.0 driver, removed in 15.0.0: ``[oslo_messaging_amqp]``.

Source: openstack/oslo.messaging ``oslo_messaging/_drivers/amqp1_driver/opts.py`` at every tag from 4.6.1 to
14.9.3. The modes of ``addressing_mode`` are those of its help text: any other is read as ``routable``.
"""

from __future__ import annotations

from functools import partial

from tripleo_messaging.model.driver_options.spec import OptionSpec

_Option = partial(OptionSpec, group="oslo_messaging_amqp")

OPTIONS: tuple[OptionSpec, ...] = (
    _Option(
        name="addressing_mode",
        kind="choice",
        choices=("legacy", "routable", "dynamic"),
        since=(5, 9, 0),
        until=(15, 0, 0),
    ),
    _Option(name="allow_insecure_clients", kind="boolean", until=(9, 0, 0), deprecated_since=(5, 17, 0)),
    _Option(name="anycast_address", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="broadcast_prefix", kind="string", until=(15, 0, 0)),
    _Option(name="connection_retry_backoff", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=0),
    _Option(name="connection_retry_interval", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1),
    _Option(
        name="connection_retry_interval_max", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1
    ),
    _Option(name="container_name", kind="string", until=(15, 0, 0)),
    _Option(name="default_notification_exchange", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="default_notify_timeout", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=5),
    _Option(name="default_reply_retry", kind="integer", since=(5, 17, 0), until=(15, 0, 0), minimum=-1),
    _Option(name="default_reply_timeout", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=5),
    _Option(name="default_rpc_exchange", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="default_send_timeout", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=5),
    _Option(
        name="default_sender_link_timeout", kind="integer", since=(5, 14, 0), until=(15, 0, 0), minimum=1
    ),
    _Option(name="group_request_prefix", kind="string", until=(15, 0, 0)),
    _Option(name="idle_timeout", kind="integer", until=(15, 0, 0)),
    _Option(name="link_retry_delay", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1),
    _Option(name="multicast_address", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="notify_address_prefix", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="notify_server_credit", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1),
    _Option(name="password", kind="string", until=(9, 0, 0), deprecated_since=(5, 22, 0), is_secret=True),
    _Option(name="pre_settled", kind="list", since=(5, 11, 0), until=(15, 0, 0)),
    _Option(
        name="pseudo_vhost",
        kind="boolean",
        backports=(((5, 30, 1), (5, 31, 0)),),
        since=(5, 32, 0),
        until=(15, 0, 0),
    ),
    _Option(name="reply_link_credit", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1),
    _Option(name="rpc_address_prefix", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="rpc_server_credit", kind="integer", since=(5, 9, 0), until=(15, 0, 0), minimum=1),
    _Option(name="sasl_config_dir", kind="string", until=(15, 0, 0)),
    _Option(name="sasl_config_name", kind="string", until=(15, 0, 0)),
    _Option(name="sasl_default_realm", kind="string", since=(5, 23, 0), until=(15, 0, 0)),
    _Option(name="sasl_mechanisms", kind="string", until=(15, 0, 0)),
    _Option(name="server_request_prefix", kind="string", until=(15, 0, 0)),
    _Option(name="ssl", kind="boolean", since=(5, 21, 0), until=(15, 0, 0)),
    _Option(name="ssl_ca_file", kind="string", until=(15, 0, 0)),
    _Option(name="ssl_cert_file", kind="string", until=(15, 0, 0)),
    _Option(name="ssl_key_file", kind="string", until=(15, 0, 0)),
    _Option(name="ssl_key_password", kind="string", until=(15, 0, 0), is_secret=True),
    _Option(
        name="ssl_verify_vhost",
        kind="boolean",
        backports=(((5, 30, 1), (5, 31, 0)),),
        since=(5, 32, 0),
        until=(15, 0, 0),
    ),
    _Option(name="trace", kind="boolean", until=(15, 0, 0)),
    _Option(name="unicast_address", kind="string", since=(5, 9, 0), until=(15, 0, 0)),
    _Option(name="username", kind="string", until=(9, 0, 0), deprecated_since=(5, 22, 0)),
)
