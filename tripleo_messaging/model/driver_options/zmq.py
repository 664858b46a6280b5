# SPDX-License-Identifier: Apache-2.0
"""The options of the ZeroMQ driver, removed in 9.0.0: ``[oslo_messaging_zmq]``.

The matchmaker's and the proxy's options have groups of their own, which a transport URL cannot reach.

Source: openstack/oslo.messaging ``oslo_messaging/_drivers/zmq_driver/zmq_options.py`` (before 5.7.0
``impl_zmq.py``) at every tag from 4.6.1 to 8.1.4.
"""

from __future__ import annotations

from functools import partial

from tripleo_messaging.model.driver_options.spec import OptionSpec

_Option = partial(OptionSpec, group="oslo_messaging_zmq")

OPTIONS: tuple[OptionSpec, ...] = (
    _Option(name="rpc_ack_timeout_base", kind="integer", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_ack_timeout_multiplier", kind="integer", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_cast_timeout", kind="integer", until=(5, 11, 0), use_instead="zmq_linger"),
    _Option(name="rpc_message_ttl", kind="integer", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_poll_timeout", kind="integer", until=(9, 0, 0)),
    _Option(name="rpc_retry_attempts", kind="integer", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_thread_pool_size", kind="integer", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_use_acks", kind="boolean", since=(5, 8, 0), until=(9, 0, 0)),
    _Option(name="rpc_zmq_bind_address", kind="string", until=(9, 0, 0)),
    _Option(name="rpc_zmq_bind_port_retries", kind="integer", until=(9, 0, 0)),
    _Option(name="rpc_zmq_concurrency", kind="choice", choices=("eventlet", "native"), until=(5, 3, 0)),
    _Option(name="rpc_zmq_contexts", kind="integer", until=(9, 0, 0)),
    _Option(name="rpc_zmq_host", kind="string", until=(9, 0, 0)),
    _Option(name="rpc_zmq_ipc_dir", kind="string", until=(9, 0, 0)),
    _Option(
        name="rpc_zmq_matchmaker", kind="choice", choices=("redis", "sentinel", "dummy"), until=(9, 0, 0)
    ),
    _Option(name="rpc_zmq_max_port", kind="integer", until=(9, 0, 0), minimum=1, maximum=65536),
    _Option(name="rpc_zmq_min_port", kind="integer", until=(9, 0, 0), minimum=0, maximum=65535),
    _Option(
        name="rpc_zmq_serialization",
        kind="choice",
        choices=("json", "msgpack"),
        since=(5, 6, 0),
        until=(9, 0, 0),
    ),
    _Option(name="rpc_zmq_topic_backlog", kind="integer", until=(9, 0, 0)),
    _Option(name="subscribe_on", kind="list", since=(5, 12, 0), until=(9, 0, 0)),
    _Option(name="use_dynamic_connections", kind="boolean", since=(5, 17, 0), until=(9, 0, 0)),
    _Option(name="use_pub_sub", kind="boolean", until=(9, 0, 0)),
    _Option(name="use_router_proxy", kind="boolean", since=(5, 0, 0), until=(9, 0, 0)),
    _Option(name="zmq_failover_connections", kind="integer", since=(5, 17, 0), until=(9, 0, 0)),
    _Option(name="zmq_immediate", kind="boolean", since=(5, 10, 0), until=(9, 0, 0)),
    _Option(name="zmq_linger", kind="integer", since=(5, 11, 0), until=(9, 0, 0)),
    _Option(name="zmq_target_expire", kind="integer", until=(9, 0, 0)),
    _Option(name="zmq_target_update", kind="integer", since=(5, 4, 0), until=(9, 0, 0)),
    _Option(name="zmq_tcp_keepalive", kind="integer", since=(5, 11, 0), until=(9, 0, 0)),
    _Option(name="zmq_tcp_keepalive_cnt", kind="integer", since=(5, 11, 0), until=(9, 0, 0)),
    _Option(name="zmq_tcp_keepalive_idle", kind="integer", since=(5, 11, 0), until=(9, 0, 0)),
    _Option(name="zmq_tcp_keepalive_intvl", kind="integer", since=(5, 11, 0), until=(9, 0, 0)),
)
