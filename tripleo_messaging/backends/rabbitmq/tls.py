# SPDX-License-Identifier: Apache-2.0
"""TLS of an instance: of its listeners, and among the members of its cluster.

No setting stands here that TLS 1.3 has no use for, such as renegotiation: Erlang refuses to start a
listener that speaks 1.3 alone with one of them.
Source: RabbitMQ's guides to TLS and to TLS between nodes; Erlang's ssl application, its option dependencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tripleo_messaging.backends.rabbitmq.ports import config_dir
from tripleo_messaging.model.topology import Cluster


def tls_settings(cluster: Cluster) -> dict[str, Any]:
    """Return the settings of the listeners' TLS; none where it is off."""
    if not cluster.tls.enabled:
        return {}
    files = {
        "ssl_options.cacertfile": cluster.tls.ca_file,
        "ssl_options.certfile": cluster.tls.certificate_file,
        "ssl_options.keyfile": cluster.tls.key_file,
    }
    versions = {
        f"ssl_options.versions.{number}": f"tlsv{version}"
        for number, version in enumerate(sorted(cluster.tls.versions, reverse=True), start=1)
    }
    return {"listeners.tcp": "none", **_verification(cluster), **_stated(files), **versions}


def _verification(cluster: Cluster) -> dict[str, Any]:
    if cluster.tls.verify_clients:
        return {"ssl_options.verify": "verify_peer", "ssl_options.fail_if_no_peer_cert": True}
    # Clients log in by password.
    return {"ssl_options.verify": "verify_none"}


def tls_data(cluster: Cluster) -> dict[str, Any]:
    """Return the files of TLS and whether members speak it among themselves; nothing where it is off."""
    if not cluster.tls.enabled:
        return {}
    files = {
        "ca_file": cluster.tls.ca_file,
        "certificate_file": cluster.tls.certificate_file,
        "key_file": cluster.tls.key_file,
    }
    inter_node = {"inter_node_tls": True} if cluster.tls.inter_node else {}
    return {"certificates": _stated(files), **inter_node}


def distribution_file(cluster: Cluster) -> str:
    """Return the path of the file of TLS among members; an empty text where they speak none."""
    is_on = cluster.tls.enabled and cluster.tls.inter_node
    return f"{config_dir(cluster)}/inter_node_tls.config" if is_on else ""


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
