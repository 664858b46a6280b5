# SPDX-License-Identifier: Apache-2.0
"""The options of the rabbit driver: ``[oslo_messaging_rabbit]``.

Source: openstack/oslo.messaging ``oslo_messaging/_drivers/{impl_rabbit,amqp,base}.py`` at every tag from
4.6.1 to 18.1.0.
"""

from __future__ import annotations

from functools import partial

from tripleo_messaging.model.driver_options.spec import OptionSpec

_Option = partial(OptionSpec, group="oslo_messaging_rabbit")

OPTIONS: tuple[OptionSpec, ...] = (
    _Option(name="amqp_auto_delete", kind="boolean"),
    _Option(name="amqp_durable_queues", kind="boolean"),
    _Option(name="conn_pool_min_size", kind="integer", since=(5, 6, 0)),
    _Option(name="conn_pool_ttl", kind="integer", since=(5, 6, 0)),
    _Option(name="direct_mandatory_flag", kind="boolean", since=(10, 2, 0), deprecated_since=(12, 7, 0)),
    _Option(
        name="enable_cancel_on_failover",
        kind="boolean",
        backports=(((10, 2, 4), (10, 3, 0)), ((12, 1, 4), (12, 2, 0))),
        since=(12, 3, 0),
    ),
    _Option(name="fake_rabbit", kind="boolean", until=(7, 0, 0)),
    _Option(
        name="heartbeat_in_pthread",
        kind="boolean",
        since=(10, 1, 0),
        until=(18, 0, 0),
        deprecated_since=(14, 9, 0),
    ),
    _Option(name="heartbeat_rate", kind="integer"),
    _Option(name="heartbeat_timeout_threshold", kind="integer"),
    _Option(name="hostname", kind="string", since=(14, 7, 0)),
    _Option(name="kombu_compression", kind="string"),
    _Option(name="kombu_failover_strategy", kind="choice", choices=("round-robin", "shuffle")),
    _Option(name="kombu_missing_consumer_retry_timeout", kind="integer"),
    _Option(name="kombu_reconnect_delay", kind="number", minimum=0.0, maximum=4.5, bounds_since=(12, 13, 1)),
    _Option(name="kombu_reconnect_splay", kind="number", since=(16, 1, 0), minimum=0.0),
    _Option(name="kombu_ssl_ca_certs", kind="string", until=(5, 18, 0), use_instead="ssl_ca_file"),
    _Option(name="kombu_ssl_certfile", kind="string", until=(5, 18, 0), use_instead="ssl_cert_file"),
    _Option(name="kombu_ssl_keyfile", kind="string", until=(5, 18, 0), use_instead="ssl_key_file"),
    _Option(name="kombu_ssl_version", kind="string", until=(5, 18, 0), use_instead="ssl_version"),
    _Option(name="processname", kind="string", since=(14, 7, 0)),
    _Option(name="rabbit_ha_queues", kind="boolean"),
    _Option(name="rabbit_host", kind="string", until=(9, 0, 0), deprecated_since=(5, 2, 0)),
    _Option(name="rabbit_hosts", kind="list", until=(9, 0, 0), deprecated_since=(5, 2, 0)),
    _Option(name="rabbit_interval_max", kind="integer", minimum=1, bounds_since=(16, 1, 0)),
    _Option(
        name="rabbit_login_method",
        kind="choice",
        choices=("PLAIN", "AMQPLAIN", "EXTERNAL", "RABBIT-CR-DEMO"),
        later_choices=(("EXTERNAL", (12, 14, 0)),),
    ),
    _Option(name="rabbit_max_retries", kind="integer", until=(9, 0, 0), deprecated_since=(5, 6, 0)),
    _Option(
        name="rabbit_password", kind="string", until=(9, 0, 0), deprecated_since=(5, 2, 0), is_secret=True
    ),
    _Option(
        name="rabbit_port",
        kind="integer",
        until=(9, 0, 0),
        minimum=0,
        maximum=65535,
        deprecated_since=(5, 2, 0),
    ),
    _Option(name="rabbit_qos_prefetch_count", kind="integer"),
    _Option(name="rabbit_quorum_delivery_limit", kind="integer", since=(13, 0, 0)),
    _Option(name="rabbit_quorum_max_memory_bytes", kind="integer", since=(14, 2, 4)),
    _Option(name="rabbit_quorum_max_memory_length", kind="integer", since=(14, 2, 4)),
    _Option(name="rabbit_quorum_queue", kind="boolean", since=(12, 13, 0)),
    _Option(
        name="rabbit_quroum_max_memory_bytes",
        kind="integer",
        since=(13, 0, 0),
        until=(14, 2, 4),
        use_instead="rabbit_quorum_max_memory_bytes",
    ),
    _Option(
        name="rabbit_quroum_max_memory_length",
        kind="integer",
        since=(13, 0, 0),
        until=(14, 2, 4),
        use_instead="rabbit_quorum_max_memory_length",
    ),
    _Option(name="rabbit_retry_backoff", kind="integer", minimum=0, bounds_since=(16, 1, 0)),
    _Option(name="rabbit_retry_interval", kind="integer", minimum=1, bounds_since=(16, 1, 0)),
    _Option(name="rabbit_stream_fanout", kind="boolean", since=(14, 7, 0)),
    _Option(name="rabbit_transient_queues_ttl", kind="integer", minimum=0),
    _Option(name="rabbit_transient_quorum_queue", kind="boolean", since=(14, 7, 0)),
    _Option(name="rabbit_use_ssl", kind="boolean", until=(5, 18, 0), use_instead="ssl"),
    _Option(name="rabbit_userid", kind="string", until=(9, 0, 0), deprecated_since=(5, 2, 0)),
    _Option(name="rabbit_virtual_host", kind="string", until=(9, 0, 0), deprecated_since=(5, 2, 0)),
    _Option(name="rpc_conn_pool_size", kind="integer", minimum=1, bounds_since=(10, 2, 2)),
    _Option(name="ssl", kind="boolean", since=(5, 18, 0)),
    _Option(name="ssl_ca_file", kind="string", since=(5, 18, 0)),
    _Option(name="ssl_cert_file", kind="string", since=(5, 18, 0)),
    _Option(name="ssl_enforce_fips_mode", kind="boolean", since=(12, 14, 0), deprecated_since=(17, 3, 0)),
    _Option(
        name="ssl_enforce_hostname_verification",
        kind="boolean",
        since=(18, 1, 0),
        backports=(((16, 1, 2), (17, 0, 0)), ((17, 1, 1), (17, 2, 0)), ((17, 3, 1), (18, 0, 0))),
        deprecated_since=(18, 1, 0),
    ),
    _Option(name="ssl_key_file", kind="string", since=(5, 18, 0)),
    _Option(name="ssl_version", kind="string", since=(5, 18, 0)),
    _Option(name="use_queue_manager", kind="boolean", since=(14, 7, 0)),
)
