# SPDX-License-Identifier: Apache-2.0
"""The options of the kafka driver: ``[oslo_messaging_kafka]``.

Source: openstack/oslo.messaging ``oslo_messaging/_drivers/kafka_driver/kafka_options.py`` (before 5.17.0
``impl_kafka.py``) at every tag from 4.6.1 to 18.1.0.
"""

from __future__ import annotations

from functools import partial

from tripleo_messaging.model.driver_options.spec import OptionSpec

_Option = partial(OptionSpec, group="oslo_messaging_kafka")

OPTIONS: tuple[OptionSpec, ...] = (
    _Option(
        name="compression_codec",
        kind="choice",
        choices=("none", "gzip", "snappy", "lz4", "zstd"),
        since=(10, 0, 0),
    ),
    _Option(
        name="conn_pool_min_size",
        kind="integer",
        since=(5, 6, 0),
        until=(16, 0, 0),
        deprecated_since=(5, 35, 0),
    ),
    _Option(
        name="conn_pool_ttl", kind="integer", since=(5, 6, 0), until=(16, 0, 0), deprecated_since=(5, 35, 0)
    ),
    _Option(name="consumer_group", kind="string", since=(5, 17, 0)),
    _Option(name="enable_auto_commit", kind="boolean", since=(5, 36, 0)),
    _Option(name="kafka_consumer_timeout", kind="number"),
    _Option(name="kafka_default_host", kind="string", until=(9, 0, 0), deprecated_since=(5, 2, 0)),
    _Option(
        name="kafka_default_port",
        kind="integer",
        until=(9, 0, 0),
        minimum=0,
        maximum=65535,
        deprecated_since=(5, 2, 0),
    ),
    _Option(name="kafka_max_fetch_bytes", kind="integer"),
    _Option(name="max_poll_records", kind="integer", since=(5, 36, 0)),
    _Option(name="pool_size", kind="integer", until=(16, 0, 0), deprecated_since=(5, 35, 0)),
    _Option(name="producer_batch_size", kind="integer", since=(5, 17, 0)),
    _Option(name="producer_batch_timeout", kind="number", since=(5, 17, 0)),
    _Option(name="sasl_mechanism", kind="string", since=(5, 36, 0)),
    _Option(
        name="security_protocol",
        kind="choice",
        choices=("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"),
        since=(5, 36, 0),
    ),
    _Option(name="ssl_cafile", kind="string", since=(5, 36, 0)),
    _Option(name="ssl_client_cert_file", kind="string", since=(11, 0, 0)),
    _Option(name="ssl_client_key_file", kind="string", since=(11, 0, 0)),
    _Option(name="ssl_client_key_password", kind="string", since=(11, 0, 0), is_secret=True),
)
