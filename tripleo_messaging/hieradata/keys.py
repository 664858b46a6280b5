# SPDX-License-Identifier: Apache-2.0
"""Every hieradata key that is written: the contract with Puppet.

The reference page of the documentation is generated from `KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tripleo_messaging.backends import BACKEND_MODULES, find_backend, spoken_backend
from tripleo_messaging.backends.queue_profiles import profile_of
from tripleo_messaging.hieradata.view import MISSING, ServiceView
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.stock_services import overridden_services
from tripleo_messaging.model.url_checks import RABBIT_SCHEMES


def _hosts(view: ServiceView) -> list[str]:
    return [endpoint.host for endpoint in view.service.endpoints]


def _of_cloud(value: Callable[[ServiceView], Any]) -> Callable[[ServiceView], Any]:
    return lambda view: MISSING if view.topology.cell else value(view)


def _of_cell(value: Callable[[ServiceView], Any]) -> Callable[[ServiceView], Any]:
    return lambda view: value(view) if view.topology.cell else MISSING


def _names(view: ServiceView) -> list[str]:
    return [member.name for member in view.service.members]


def _addresses(view: ServiceView) -> Any:
    return [member.address for member in view.service.members]


def _bootstrap_name(view: ServiceView) -> Any:
    return view.service.bootstrap or MISSING


def _bootstrap_address(view: ServiceView) -> Any:
    members = (member for member in view.service.members if member.name == view.service.bootstrap)
    return next((member.address for member in members), MISSING)


def _password(view: ServiceView) -> Any:
    return MISSING if view.password is None else view.password.reveal()


def _ca_file(view: ServiceView) -> Any:
    return view.service.tls.ca_file if view.service.tls.enabled and view.service.tls.ca_file else MISSING


def _ca_certificates(view: ServiceView) -> Any:
    tls = view.service.tls
    # However a plan ends the text, two services that have the same certificates have the same file.
    return tls.ca_certificates.strip() + "\n" if tls.enabled and tls.ca_certificates else MISSING


def _queue_profile(view: ServiceView) -> Any:
    scheme = view.url.scheme.partition("+")[0]
    return profile_of(dict(view.url.query)) if scheme in RABBIT_SCHEMES else MISSING


def _overridden_services(view: ServiceView) -> Any:
    topology, service = view.topology, view.service
    if not topology.override_stock or "puppet-tripleo" not in topology.consumers:
        return MISSING
    return list(overridden_services(service.services, service.name))


def _client_packages(view: ServiceView) -> list[str]:
    backend = find_backend(view.service.backend)
    if backend is None:
        return []
    return list(spoken_backend(backend, view.service.scheme).client_packages(view.topology.release))


# Heat gives these parameters the type string, and a Heat boolean becomes Python's text for it.
def _heat_boolean(view: ServiceView) -> str:
    return str(view.service.tls.enabled)


_MESSAGING_KEYS = (
    HieraKey(
        name="messaging_{service}_enabled",
        type="Boolean",
        description="Whether the service has a backend; of one that has none it is the only key of ours.",
        value=lambda _: True,
    ),
    HieraKey(
        name="messaging_{service}_backend",
        type="String",
        description="The product: rabbitmq, qdrouterd, zmq, kafka or external.",
        value=lambda view: view.service.backend,
    ),
    HieraKey(
        name="messaging_{service}_scheme",
        type="String",
        description="oslo.messaging's transport specifier.",
        value=lambda view: view.service.scheme,
    ),
    HieraKey(
        name="messaging_{service}_node_names",
        type="Array[String]",
        description="Host names on the service's network, in the inventory's order; a whole cloud only.",
        value=_of_cloud(_hosts),
    ),
    HieraKey(
        name="messaging_{service}_cell_node_names",
        type="Array[String]",
        description="Host names on the service's network, in the inventory's order; a cell's plan only.",
        value=_of_cell(_hosts),
    ),
    HieraKey(
        name="messaging_{service}_short_node_names",
        type="Array[String]",
        description="Inventory names of the members; empty for an external backend.",
        value=_names,
    ),
    HieraKey(
        name="messaging_{service}_node_ips",
        type="Array[String]",
        description="Addresses of the members on the service's network; empty for an external backend.",
        value=_addresses,
    ),
    HieraKey(
        name="messaging_{service}_short_bootstrap_node_name",
        type="String",
        description="The first member in string order of inventory names; absent for an external backend.",
        value=_bootstrap_name,
    ),
    HieraKey(
        name="messaging_{service}_bootstrap_node_ip",
        type="String",
        description="Address of that member.",
        value=_bootstrap_address,
    ),
    HieraKey(
        name="messaging_{service}_user_name",
        type="String",
        description="Whom the services log in as.",
        value=lambda view: view.service.user_name,
    ),
    HieraKey(
        name="messaging_{service}_password",
        type="Sensitive[String]",
        description="Password of that user.",
        is_secret=True,
        is_sensitive=True,
        value=_password,
    ),
    HieraKey(
        name="messaging_{service}_port",
        type="Integer",
        description="TCP port of the client listeners.",
        value=lambda view: view.service.port,
    ),
    HieraKey(
        name="messaging_{service}_virtual_host",
        type="String",
        description="AMQP virtual host.",
        value=lambda view: view.service.virtual_host,
    ),
    HieraKey(
        name="messaging_{service}_queue_profile",
        type="Enum['classic', 'quorum', 'stream']",
        description="Kinds of queues that clients declare by the URL; absent where the product has but one.",
        value=_queue_profile,
    ),
    HieraKey(
        name="messaging_{service}_use_ssl",
        type="Boolean",
        description="Whether clients speak TLS.",
        value=lambda view: view.service.tls.enabled,
    ),
    HieraKey(
        name="messaging_{service}_ssl_ca_file",
        type="String",
        description="CA certificates that verify the broker; absent without TLS.",
        value=_ca_file,
    ),
    HieraKey(
        name="messaging_{service}_ssl_ca_certificates",
        type="String",
        description="These certificates in PEM, which Puppet puts there; absent where something else does.",
        value=_ca_certificates,
    ),
    HieraKey(
        name="messaging_{service}_transport_url",
        type="Sensitive[String]",
        description="The complete transport URL, for the oslo.messaging of the release.",
        is_secret=True,
        is_sensitive=True,
        value=lambda view: view.url.format(reveal=True),
    ),
    HieraKey(
        name="messaging_{service}_overridden_services",
        type="Array[String]",
        description="OpenStack services that get this URL over the one that stock puppet-tripleo gives them; "
        "only of a plan with override_stock.",
        value=_overridden_services,
    ),
    HieraKey(
        name="messaging_{service}_client_packages",
        type="Array[String]",
        description="Packages that a host of clients needs beside oslo.messaging.",
        value=_client_packages,
    ),
    HieraKey(
        name="messaging_notify_driver",
        type="String",
        description="oslo.messaging notification driver.",
        services=("notify",),
        value=lambda view: view.service.driver,
    ),
    HieraKey(
        name="messaging_notify_topics",
        type="Array[String]",
        description="Topics of the notifications.",
        services=("notify",),
        value=lambda view: list(view.service.topics),
    ),
)

_TRIPLEO = "Read by puppet-tripleo's service profiles, Rocky to Zed"

_TRIPLEO_KEYS = (
    HieraKey(
        name="oslo_messaging_{service}_enabled",
        type="Boolean",
        description=f"{_TRIPLEO}: the service is deployed.",
        dialect="puppet-tripleo",
        value=lambda _: True,
    ),
    HieraKey(
        name="oslo_messaging_{service}_scheme",
        type="String",
        description=f"{_TRIPLEO}: transport specifier.",
        dialect="puppet-tripleo",
        value=lambda view: view.service.scheme,
    ),
    HieraKey(
        name="oslo_messaging_{service}_node_names",
        type="Array[String]",
        description=f"{_TRIPLEO}: hosts of the URL; a whole cloud only.",
        dialect="puppet-tripleo",
        value=_of_cloud(_hosts),
    ),
    HieraKey(
        name="oslo_messaging_{service}_cell_node_names",
        type="Array[String]",
        description=f"{_TRIPLEO}: hosts of the URL; a cell's plan only.",
        dialect="puppet-tripleo",
        value=_of_cell(_hosts),
    ),
    HieraKey(
        name="oslo_messaging_{service}_short_node_names",
        type="Array[String]",
        description=f"{_TRIPLEO}: inventory names of the members.",
        dialect="puppet-tripleo",
        value=_names,
    ),
    HieraKey(
        name="oslo_messaging_{service}_node_ips",
        type="Array[String]",
        description=f"{_TRIPLEO}: addresses of the members.",
        dialect="puppet-tripleo",
        value=_addresses,
    ),
    HieraKey(
        name="oslo_messaging_{service}_short_bootstrap_node_name",
        type="String",
        description=f"{_TRIPLEO} and pacemaker_restart_bundle.sh: the bootstrap member.",
        dialect="puppet-tripleo",
        value=_bootstrap_name,
    ),
    HieraKey(
        name="oslo_messaging_{service}_bootstrap_node_ip",
        type="String",
        description=f"{_TRIPLEO}: address of the bootstrap member; absent without members.",
        dialect="puppet-tripleo",
        value=_bootstrap_address,
    ),
    HieraKey(
        name="oslo_messaging_{service}_network",
        type="String",
        description="The service_net_map entry that tripleo_hieradata writes.",
        dialect="puppet-tripleo",
        value=lambda view: view.service.network or MISSING,
    ),
    HieraKey(
        name="oslo_messaging_{service}_user_name",
        type="String",
        description=f"{_TRIPLEO}: whom to log in as.",
        dialect="puppet-tripleo",
        value=lambda view: view.service.user_name,
    ),
    HieraKey(
        name="oslo_messaging_{service}_password",
        type="String",
        description=f"{_TRIPLEO}: a plain String, as os_transport_url refuses a Sensitive.",
        dialect="puppet-tripleo",
        is_secret=True,
        value=lambda view: "" if view.password is None else view.password.reveal(),
    ),
    HieraKey(
        name="oslo_messaging_{service}_port",
        type="Integer",
        description=f"{_TRIPLEO}: port of every host.",
        dialect="puppet-tripleo",
        value=lambda view: view.service.port,
    ),
    HieraKey(
        name="oslo_messaging_{service}_use_ssl",
        type="Enum['True', 'False']",
        description=f"{_TRIPLEO}: a text, as Heat writes it.",
        dialect="puppet-tripleo",
        value=_heat_boolean,
    ),
)

#: Keys of one OpenStack service; ``{consumer}`` is its name, e.g. ``nova``.
CONSUMER_KEYS = (
    HieraKey(
        name="{consumer}::default_transport_url",
        type="String",
        description="Parameter of the service's class in puppet-openstack: the RPC URL, a plain String.",
        dialect="puppet-openstack",
        services=("rpc",),
        is_secret=True,
        value=lambda view: view.url.format(reveal=True),
    ),
    HieraKey(
        name="{consumer}::notification_transport_url",
        type="String",
        description="Parameter of the service's class in puppet-openstack: the Notify URL, a plain String.",
        dialect="puppet-openstack",
        services=("notify",),
        is_secret=True,
        value=lambda view: view.url.format(reveal=True),
    ),
    HieraKey(
        name="{consumer}::notification_driver",
        type="String",
        description="Parameter of the service's class in puppet-openstack: the notification driver.",
        dialect="puppet-openstack",
        services=("notify",),
        value=lambda view: view.service.driver,
    ),
    HieraKey(
        name="{consumer}::notification_topics",
        type="Array[String]",
        description="Parameter of the service's class in puppet-openstack: the notification topics.",
        dialect="puppet-openstack",
        services=("notify",),
        value=lambda view: list(view.service.topics),
    ),
)

#: Keys of a service, whoever its consumers are, by dialect.
SERVICE_KEYS = (*_MESSAGING_KEYS, *_TRIPLEO_KEYS)

GENERATION = "tripleo_messaging::generation"
LOCAL_BACKENDS = "tripleo_messaging::local_backends"
LOCAL_CLUSTERS = "tripleo_messaging::local_clusters"
LOCAL_NAME = "tripleo_messaging::local_name"
SEALED = "tripleo_messaging::sealed"

_TREE_KEYS = (
    HieraKey(
        name=GENERATION,
        type="String",
        description="Hash of the topology: it changes when the plan's meaning does, not when a secret does.",
        dialect="puppet",
    ),
    HieraKey(
        name="tripleo_messaging::checksum::{level}",
        type="String",
        description="SHA-256 of the other content of this level's file; every file has one.",
        dialect="puppet",
    ),
    HieraKey(
        name=SEALED,
        type="String",
        description="Random stamp of the run that sealed the secrets, the same in the sealed file; absent "
        "where the levels hold the secrets themselves.",
        dialect="puppet",
    ),
    HieraKey(
        name=LOCAL_NAME,
        type="String",
        description="Inventory name of this node, which keeps another node's data from its place.",
        level="node",
        dialect="puppet",
    ),
    HieraKey(
        name=LOCAL_BACKENDS,
        type="Array[String]",
        description="The backends that this node runs brokers of; absent on a node of clients.",
        level="node",
        dialect="puppet",
    ),
    HieraKey(
        name=LOCAL_CLUSTERS,
        type="Array[String]",
        description="The clusters that this node is a member of; it chooses the cluster files to install.",
        level="node",
        dialect="puppet",
    ),
)


def server_keys() -> tuple[HieraKey, ...]:
    """Return the keys that the backends write for their brokers."""
    backends = (find_backend(name) for name in BACKEND_MODULES)
    return tuple(key for backend in backends if backend and backend.server for key in backend.server.keys)


#: Every key there is.
KEYS: tuple[HieraKey, ...] = (*SERVICE_KEYS, *CONSUMER_KEYS, *_TREE_KEYS, *server_keys())
