# SPDX-License-Identifier: Apache-2.0
"""A topology and its secrets to the hieradata of every level; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.protocol import Server
from tripleo_messaging.hieradata.keys import (
    CONSUMER_KEYS,
    GENERATION,
    LOCAL_BACKENDS,
    LOCAL_CLUSTERS,
    LOCAL_NAME,
    SERVICE_KEYS,
    server_keys,
)
from tripleo_messaging.hieradata.view import MISSING, ServiceView, view_service
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.plan import SERVICES, ServiceName
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Cluster, Topology

#: Level data by path below the tree, e.g. ``nodes/ctl-0.json``; not yet escaped for Hiera.
Levels = Mapping[str, Mapping[str, Any]]

ALL = "all.json"
LOOKUP_OPTIONS = "lookup_options"
_STOCK_CONSUMER = "puppet-tripleo"


def build(topology: Topology, secrets: Secrets) -> Levels:
    """Make the hieradata of a topology.

    Args:
        topology: without error findings.
        secrets: every secret that `required_secrets` names.

    Returns:
        ``all.json`` for every node, ``clusters/<cluster>.json`` for the members of that cluster, and
        ``nodes/<inventory name>.json`` for each member.

    Raises:
        MissingSecretError: a secret is not there.
        InvalidTransportUrlError: the URL of an external backend is no transport URL.
    """
    levels: dict[str, Mapping[str, Any]] = {ALL: _all(topology, secrets)}
    for cluster in topology.clusters.values():
        levels[f"clusters/{cluster.name}.json"] = _cluster(cluster, topology, secrets)
    levels.update(_nodes(topology))
    return levels


def required_secrets(topology: Topology) -> tuple[str, ...]:
    """Name the secrets that `build` needs, in order and without repetition."""
    services = topology.services.values()
    names = [service.url_secret or (service.secret if service.user_name else "") for service in services]
    for cluster in topology.clusters.values():
        names += [cluster.cluster_secret, *(login.secret for login in cluster.logins)]
    return tuple(dict.fromkeys(name for name in names if name))


def secrets_of_our_brokers(topology: Topology) -> tuple[str, ...]:
    """Name those of `required_secrets` that are ours to choose; brokers of others have theirs."""
    clusters = topology.clusters.values()
    chosen = {login.secret for cluster in clusters for login in cluster.logins}
    chosen |= {cluster.cluster_secret for cluster in clusters}
    return tuple(name for name in required_secrets(topology) if name in chosen)


def generation(topology: Topology) -> str:
    """Return a hash of what a topology means; no secret goes into it."""
    if topology.generation:
        return topology.generation
    values = attrs.asdict(topology, filter=lambda attribute, _: attribute.name != "generation")
    text = json.dumps(values, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()


def _all(topology: Topology, secrets: Secrets) -> Mapping[str, Any]:
    data: dict[str, Any] = {GENERATION: generation(topology)}
    options: dict[str, Any] = {}
    for name in SERVICES:
        service = topology.services.get(name)
        if service is None:
            data[f"messaging_{name}_enabled"] = False
            data.update(_for_stock_profiles(name, topology, secrets))
            continue
        view = view_service(topology, service, secrets)
        keys = [key for key in SERVICE_KEYS if _is_wanted(key, name, topology.consumers)]
        data.update(_values(keys, view, service=name))
        options.update(_lookup_options(keys, data, service=name))
        for consumer in service.services if "puppet-openstack" in topology.consumers else ():
            data.update(
                _values([key for key in CONSUMER_KEYS if name in key.services], view, consumer=consumer)
            )
    return {**data, LOOKUP_OPTIONS: options}


def _for_stock_profiles(name: ServiceName, topology: Topology, secrets: Secrets) -> dict[str, Any]:
    """Give puppet-tripleo RPC's values for a service without a backend, as for a shared one.

    Its profiles look up the password of both services without a default. What they configure with it
    stays unused, as no notification is sent.
    Source: tripleo-heat-templates ``messaging/rabbitmq-messaging-notify-shared-puppet.yaml``.
    """
    rpc = topology.services.get("rpc")
    if rpc is None or _STOCK_CONSUMER not in topology.consumers:
        return {}
    keys = [key for key in SERVICE_KEYS if name in key.services and key.dialect == _STOCK_CONSUMER]
    return _values(keys, view_service(topology, rpc, secrets), service=name)


def _is_wanted(key: HieraKey, service: str, consumers: tuple[str, ...]) -> bool:
    return service in key.services and (key.dialect == "messaging" or key.dialect in consumers)


def _values(keys: Iterable[HieraKey], view: ServiceView, **names: str) -> dict[str, Any]:
    made = {key.name.format(**names): key.value(view) for key in keys if key.value}
    return {name: value for name, value in made.items() if value is not MISSING}


def _lookup_options(keys: Iterable[HieraKey], data: Mapping[str, Any], **names: str) -> dict[str, Any]:
    named = {key.name.format(**names): key.lookup_options for key in keys}
    return {name: options for name, options in named.items() if options and name in data}


def _server(cluster: Cluster) -> Server:
    backend = find_backend(cluster.backend)
    if backend is None or backend.server is None:
        raise AssertionError(f"a cluster of {cluster.backend} was resolved, and no server is known for it")
    return backend.server


def _cluster(cluster: Cluster, topology: Topology, secrets: Secrets) -> Mapping[str, Any]:
    data = dict(_server(cluster).cluster_data(cluster, topology, secrets))
    return {**data, LOOKUP_OPTIONS: _lookup_options(server_keys(), data)}


def _nodes(topology: Topology) -> dict[str, Mapping[str, Any]]:
    clusters_of: dict[str, list[Cluster]] = {}
    for cluster in topology.clusters.values():
        for member in cluster.members:
            clusters_of.setdefault(member.name, []).append(cluster)
    return {f"nodes/{host}.json": _node(host, clusters) for host, clusters in clusters_of.items()}


def _node(host: str, clusters: list[Cluster]) -> Mapping[str, Any]:
    backends = tuple(dict.fromkeys(cluster.backend for cluster in clusters))
    data: dict[str, Any] = {
        LOCAL_NAME: host,
        LOCAL_BACKENDS: list(backends),
        LOCAL_CLUSTERS: [cluster.name for cluster in clusters],
    }
    for backend in backends:
        own = tuple(cluster for cluster in clusters if cluster.backend == backend)
        data.update(_server(own[0]).member_data(own, host))
    return data
