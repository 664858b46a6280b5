# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ: a broker with queues, for RPC and Notify.

Source: RabbitMQ's configuration, clustering and definitions guides, for 3.8 to 4.x; the ports of an
instance are fixed by its name, so that nothing moves when a second one comes to the host.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from tripleo_messaging.backends.hashing import (
    DEFAULT_HASH_ALGORITHM,
    HASHING_ALGORITHMS,
    derive_salt,
    rabbitmq_password_hash,
)
from tripleo_messaging.backends.protocol import Backend, HieraData, PortUse, Server, Support
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.plan import Plan, ServiceName
from tripleo_messaging.model.release import Release
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Cluster, Login, Member, Service, Topology

INSTANCES = "tripleo_messaging::rabbitmq::instances"
INSTANCE_SECRETS = "tripleo_messaging::rabbitmq::instance_secrets"

GUEST = "guest"
_EPMD_PORT = 4369
_FILE_LIMIT = 65536
_STATISTICS_INTERVAL_MS = 30_000
# A member that cannot see the majority stops serving; with two members that would stop both.
_SMALLEST_MAJORITY_CLUSTER = 3


@attrs.frozen(kw_only=True)
class _Allotment:
    """What is an instance's own on every host, beside the client listener's port.

    Attributes:
        distribution: Erlang distribution.
        cli: first and last port that the command line tools listen on.
        management: HTTP API, loopback only.
        prometheus: metrics, loopback only.
        memory_share: part of the host's memory at which the instance stops taking messages.
    """

    distribution: int
    cli: tuple[int, int]
    management: int
    prometheus: int
    memory_share: str


_DEFAULT_INSTANCE = "rabbit"
# The memory shares stay below 0.8 together: RabbitMQ counts the whole host for each instance.
_ALLOTMENTS = {
    _DEFAULT_INSTANCE: _Allotment(
        distribution=25672, cli=(25673, 25683), management=15672, prometheus=15692, memory_share="0.4"
    ),
    "rabbit_notify": _Allotment(
        distribution=25692, cli=(25693, 25703), management=15682, prometheus=15702, memory_share="0.3"
    ),
}


def _url_query(service: Service, _release: Release) -> tuple[tuple[str, str], ...]:
    # puppet-openstacklib's os_transport_url writes ssl last, always, as 0 or 1.
    tls = service.tls
    options = tuple((name, _option_text(value)) for name, value in sorted(service.options.items()))
    ca_file = (("ssl_ca_file", tls.ca_file),) if tls.enabled and tls.verify and tls.ca_file else ()
    return (*options, *ca_file, ("ssl", "1" if tls.enabled else "0"))


def _option_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _client_packages(_release: Release) -> tuple[str, ...]:
    return ()


def _check(plan: Plan, name: ServiceName) -> Iterator[Finding]:
    instance = plan.service(name).instance_name
    if instance is not None and instance not in _ALLOTMENTS:
        path = f"$.{name}.instance_name"
        yield Finding(
            rule="unknown-instance-name",
            severity="error",
            path=path,
            message=f"{instance!r} has no ports of its own; expected one of {', '.join(_ALLOTMENTS)}",
            hint="leave instance_name out for the default",
            origin=plan.origin(path),
        )


def node_name(cluster: Cluster, member: Member) -> str:
    """Return the Erlang node name of a member, e.g. ``rabbit@ctl-0.internalapi.localdomain``."""
    return f"{cluster.instance}@{member.host_name}"


def _cluster_data(cluster: Cluster, _topology: Topology, secrets: Secrets) -> HieraData:
    instance_secrets = {
        "erlang_cookie": secrets.require(cluster.cluster_secret).reveal(),
        "definitions": definitions(cluster, secrets),
    }
    return {
        INSTANCES: {cluster.instance: _instance(cluster)},
        INSTANCE_SECRETS: {cluster.instance: instance_secrets},
    }


def _instance(cluster: Cluster) -> dict[str, Any]:
    name = cluster.instance
    is_default = name == _DEFAULT_INSTANCE
    directory = "rabbitmq" if is_default else name
    return {
        "package": "rabbitmq-server",
        "service_name": "rabbitmq-server" if is_default else f"rabbitmq-server-{name}",
        "config_dir": f"/etc/{directory}",
        "home_dir": f"/var/lib/{directory}",
        "log_dir": f"/var/log/{directory}",
        "run_dir": f"/run/{directory}",
        "settings": _settings(cluster),
        "environment": _environment(cluster),
        "plugins": ["rabbitmq_management", "rabbitmq_prometheus"],
        "file_limit": _FILE_LIMIT,
        "absent_users": [],
    }


def _settings(cluster: Cluster) -> dict[str, Any]:
    ports = _ALLOTMENTS[cluster.instance]
    return {
        "cluster_name": cluster.name,
        "collect_statistics_interval": _STATISTICS_INTERVAL_MS,
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": ports.management,
        "prometheus.tcp.ip": "127.0.0.1",
        "prometheus.tcp.port": ports.prometheus,
        "vm_memory_high_watermark.relative": ports.memory_share,
        **_guest_settings(cluster.logins),
        **_tls_settings(cluster),
        **_peer_settings(cluster),
    }


def _guest_settings(logins: Iterable[Login]) -> dict[str, Any]:
    # RabbitMQ refuses guest beyond loopback unless told so; who is asked for in a plan may log in.
    return {"loopback_users.guest": False} if any(login.user_name == GUEST for login in logins) else {}


def _tls_settings(cluster: Cluster) -> dict[str, Any]:
    if not cluster.tls.enabled:
        return {}
    files = {
        "ssl_options.cacertfile": cluster.tls.ca_file,
        "ssl_options.certfile": cluster.tls.certificate_file,
        "ssl_options.keyfile": cluster.tls.key_file,
    }
    # The members verify no client certificate: clients log in by password.
    return {"listeners.tcp": "none", "ssl_options.verify": "verify_none", **_stated(files)}


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _peer_settings(cluster: Cluster) -> dict[str, Any]:
    if len(cluster.members) == 1:
        return {}
    prefix = "cluster_formation.classic_config.nodes"
    peers = {f"{prefix}.{i}": node_name(cluster, member) for i, member in enumerate(cluster.members, start=1)}
    settings = {
        "cluster_formation.peer_discovery_backend": "classic_config",
        **peers,
    }
    if len(cluster.members) >= _SMALLEST_MAJORITY_CLUSTER:
        settings["cluster_partition_handling"] = "pause_minority"
    return settings


def _environment(cluster: Cluster) -> dict[str, str]:
    ports = _ALLOTMENTS[cluster.instance]
    return {
        "DIST_PORT": str(ports.distribution),
        "CTL_DIST_PORT_MIN": str(ports.cli[0]),
        "CTL_DIST_PORT_MAX": str(ports.cli[1]),
        "NODE_PORT": str(cluster.port),
    }


def _member_data(clusters: tuple[Cluster, ...], host: str) -> HieraData:
    members = {cluster.instance: _member(cluster, host) for cluster in clusters}
    addresses = tuple(dict.fromkeys(member.address for member in members.values()))
    own = {
        cluster.instance: {
            "node_name": node_name(cluster, members[cluster.instance]),
            "settings": _own_settings(cluster, members[cluster.instance]),
            "environment": _own_environment(members[cluster.instance], addresses),
        }
        for cluster in clusters
    }
    return {INSTANCES: own}


def _member(cluster: Cluster, host: str) -> Member:
    return next(member for member in cluster.members if member.name == host)


def _own_settings(cluster: Cluster, member: Member) -> dict[str, Any]:
    listener = "listeners.ssl.1" if cluster.tls.enabled else "listeners.tcp.1"
    return {listener: f"{member.address}:{cluster.port}"}


def _own_environment(member: Member, addresses: tuple[str, ...]) -> dict[str, str]:
    return {
        "NODE_IP_ADDRESS": member.address,
        # One epmd serves all instances of a host, so it listens on the networks of all.
        "ERL_EPMD_ADDRESS": ",".join(addresses),
        **_distribution(member.address),
    }


def _distribution(address: str) -> dict[str, str]:
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        term = "{" + ",".join(str(octet) for octet in parsed.packed) + "}"
        return {"SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {term}"}
    groups = (int(group, 16) for group in parsed.exploded.split(":"))
    term = "{" + ",".join(str(group) for group in groups) + "}"
    return {
        "SERVER_ADDITIONAL_ERL_ARGS": f"-proto_dist inet6_tcp -kernel inet_dist_use_interface {term}",
        "CTL_ERL_ARGS": "-proto_dist inet6_tcp",
    }


def definitions(cluster: Cluster, secrets: Secrets) -> str:
    """Return the definitions file of a cluster as JSON text: virtual hosts, users, permissions.

    Passwords stand in it as salted hashes. The salt is derived from cluster, user and password,
    so that the same secrets give the same bytes.
    """
    content = {
        "vhosts": [{"name": name} for name in cluster.virtual_hosts],
        "users": [_user(cluster, login, secrets) for login in cluster.logins],
        "permissions": [
            {"user": login.user_name, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"}
            for login in cluster.logins
            for name in login.virtual_hosts
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _user(cluster: Cluster, login: Login, secrets: Secrets) -> dict[str, Any]:
    password = secrets.require(login.secret)
    salt = derive_salt(cluster.name, login.user_name, password)
    return {
        "name": login.user_name,
        "password_hash": rabbitmq_password_hash(password, salt=salt),
        "hashing_algorithm": HASHING_ALGORITHMS[DEFAULT_HASH_ALGORITHM],
        # A text, as RabbitMQ 3.8 reads no list here; every later version reads both.
        "tags": "",
    }


def _ports_of(cluster: Cluster) -> tuple[PortUse, ...]:
    ports = _ALLOTMENTS.get(cluster.instance)
    if ports is None:
        return ()
    return (
        PortUse(purpose="client listener", first=cluster.port, last=cluster.port),
        PortUse(purpose="Erlang distribution", first=ports.distribution, last=ports.distribution),
        PortUse(purpose="command line tools", first=ports.cli[0], last=ports.cli[1]),
        PortUse(purpose="management", first=ports.management, last=ports.management),
        PortUse(purpose="metrics", first=ports.prometheus, last=ports.prometheus),
        PortUse(purpose="epmd", first=_EPMD_PORT, last=_EPMD_PORT, is_shared=True),
    )


_SERVER_KEYS = (
    HieraKey(
        name=INSTANCES,
        type="Hash[String, Tripleo_messaging::Rabbitmq::Instance]",
        description="The brokers of a host, by instance name; the node's file adds names and addresses.",
        level="cluster",
        dialect="puppet",
        merge="deep",
    ),
    HieraKey(
        name=INSTANCE_SECRETS,
        type="Sensitive[Hash[String, Tripleo_messaging::Rabbitmq::Secrets]]",
        description="Erlang cookie and definitions of each of these brokers.",
        level="cluster",
        dialect="puppet",
        merge="deep",
        is_secret=True,
        is_sensitive=True,
    ),
)

BACKEND = Backend(
    name="rabbitmq",
    scheme="rabbit",
    support={"rpc": Support(), "notify": Support()},
    stores_messages=True,
    default_ports={"rpc": 5672, "notify": 5672},
    default_instances={"rpc": _DEFAULT_INSTANCE, "notify": "rabbit_notify"},
    has_virtual_hosts=True,
    client_packages=_client_packages,
    url_query=_url_query,
    check=_check,
    server=Server(
        cluster_data=_cluster_data,
        member_data=_member_data,
        ports=_ports_of,
        # One secret for both would let a member of one cluster run code on the other.
        cluster_secrets={"rpc": "RabbitCookie", "notify": "RabbitNotifyCookie"},
        keys=_SERVER_KEYS,
    ),
)
