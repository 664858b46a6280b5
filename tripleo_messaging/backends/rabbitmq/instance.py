# SPDX-License-Identifier: Apache-2.0
"""What is the same of an instance on all members of its cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tripleo_messaging.backends.rabbitmq.ports import (
    ALLOTMENTS,
    DEFAULT_INSTANCE,
    config_dir,
    directory,
    memory_share,
)
from tripleo_messaging.backends.rabbitmq.queues import queue_settings
from tripleo_messaging.backends.rabbitmq.tls import tls_data, tls_settings
from tripleo_messaging.model.topology import Cluster, Login, Member, Topology
from tripleo_messaging.model.url_checks import GUEST

# Erlang has a table of files and sockets of its own, of this size unless told otherwise.
_DEFAULT_PORT_TABLE = 65536
_STATISTICS_INTERVAL_MS = 30_000
# A member that cannot see the majority stops serving; with two members that would stop both.
_SMALLEST_MAJORITY_CLUSTER = 3
_WITHOUT_PARTITION_HANDLING = (4, 3)


def node_name(cluster: Cluster, member: Member) -> str:
    """Return the Erlang node name of a member, e.g. ``rabbit@ctl-0.internalapi.localdomain``."""
    return f"{cluster.instance}@{member.host_name}"


def instance_data(cluster: Cluster, topology: Topology) -> dict[str, Any]:
    """Return an entry of the key ``instances`` as far as it is the same on all members."""
    name = cluster.instance
    place = directory(cluster)
    return {
        "package": "rabbitmq-server",
        "service_name": "rabbitmq-server" if name == DEFAULT_INSTANCE else f"rabbitmq-server-{name}",
        "config_dir": config_dir(cluster),
        "home_dir": f"/var/lib/{place}",
        "log_dir": f"/var/log/{place}",
        "run_dir": f"/run/{place}",
        "settings": {**_settings(cluster), **queue_settings(cluster, topology)},
        "environment": _environment(cluster),
        "plugins": ["rabbitmq_management", "rabbitmq_prometheus"],
        "stream_ports": list(ALLOTMENTS[name].streams),
        "file_limit": cluster.limits.open_files,
        "absent_users": list(cluster.absent_users),
        "absent_virtual_hosts": list(cluster.absent_virtual_hosts),
        **_permissions(cluster),
        **tls_data(cluster),
    }


def _settings(cluster: Cluster) -> dict[str, Any]:
    ports = ALLOTMENTS[cluster.instance]
    return {
        "cluster_name": cluster.name,
        "collect_statistics_interval": _STATISTICS_INTERVAL_MS,
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": ports.management,
        "prometheus.tcp.ip": "127.0.0.1",
        "prometheus.tcp.port": ports.prometheus,
        "vm_memory_high_watermark.relative": f"{memory_share(cluster):g}",
        **_guest_settings(cluster.logins),
        **tls_settings(cluster),
        **_peer_settings(cluster),
    }


def _guest_settings(logins: Iterable[Login]) -> dict[str, Any]:
    # RabbitMQ refuses guest beyond loopback unless told so; who is asked for in a plan may log in.
    return {"loopback_users.guest": False} if any(login.user_name == GUEST for login in logins) else {}


def _peer_settings(cluster: Cluster) -> dict[str, Any]:
    if len(cluster.members) == 1:
        return {}
    prefix = "cluster_formation.classic_config.nodes"
    peers = {f"{prefix}.{i}": node_name(cluster, member) for i, member in enumerate(cluster.members, start=1)}
    settings = {
        "cluster_formation.peer_discovery_backend": "classic_config",
        **peers,
    }
    if len(cluster.members) >= _SMALLEST_MAJORITY_CLUSTER and not _needs_majority_itself(cluster):
        settings["cluster_partition_handling"] = "pause_minority"
    return settings


def _needs_majority_itself(cluster: Cluster) -> bool:
    """Tell whether the brokers have no way but a majority to handle a partition."""
    return cluster.broker_version is not None and cluster.broker_version >= _WITHOUT_PARTITION_HANDLING


def _environment(cluster: Cluster) -> dict[str, str]:
    ports = ALLOTMENTS[cluster.instance]
    return {
        "DIST_PORT": str(ports.distribution),
        "CTL_DIST_PORT_MIN": str(ports.cli[0]),
        "CTL_DIST_PORT_MAX": str(ports.cli[1]),
        "NODE_PORT": str(cluster.port),
        **_port_table(cluster),
    }


def _port_table(cluster: Cluster) -> dict[str, str]:
    files = cluster.limits.open_files
    return {"ERL_MAX_PORTS": str(files)} if files > _DEFAULT_PORT_TABLE else {}


def _permissions(cluster: Cluster) -> dict[str, dict[str, list[str]]]:
    """Tell by user which virtual hosts are to be left to it; nothing where nothing is removed."""
    if not cluster.removes_absent:
        return {}
    return {"permissions": {login.user_name: list(login.virtual_hosts) for login in cluster.logins}}
