# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ: a broker with queues, for RPC and Notify.

Source: RabbitMQ's configuration, clustering and definitions guides, for 3.8 to 4.x.
"""

from __future__ import annotations

from collections.abc import Iterator

from tripleo_messaging.backends.protocol import Accounts, Backend, HieraData, Server, Support
from tripleo_messaging.backends.rabbitmq.client import check, client_packages, url_query
from tripleo_messaging.backends.rabbitmq.definitions import accounts_in, definitions
from tripleo_messaging.backends.rabbitmq.firewall import FIREWALL_PORTS, firewall_ports
from tripleo_messaging.backends.rabbitmq.instance import instance_data
from tripleo_messaging.backends.rabbitmq.member import INSTANCES, member_data
from tripleo_messaging.backends.rabbitmq.ports import DEFAULT_INSTANCE, memory_share, ports_of
from tripleo_messaging.backends.rabbitmq.probes import PROBES
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Cluster, Topology

INSTANCE_SECRETS = "tripleo_messaging::rabbitmq::instance_secrets"


def _cluster_data(cluster: Cluster, topology: Topology, secrets: Secrets) -> HieraData:
    instance_secrets = {
        "erlang_cookie": secrets.require(cluster.cluster_secret).reveal(),
        "definitions": definitions(cluster, secrets),
    }
    return {
        INSTANCES: {cluster.instance: instance_data(cluster, topology)},
        INSTANCE_SECRETS: {cluster.instance: instance_secrets},
        FIREWALL_PORTS: {cluster.instance: firewall_ports(cluster)},
    }


def _accounts(level: HieraData) -> Accounts:
    found = [
        accounts_in(secret.get("definitions", "")) for secret in level.get(INSTANCE_SECRETS, {}).values()
    ]
    return Accounts(
        users=frozenset().union(*(accounts.users for accounts in found)),
        virtual_hosts=frozenset().union(*(accounts.virtual_hosts for accounts in found)),
        permissions=frozenset().union(*(accounts.permissions for accounts in found)),
    )


def _stopped_by(former: HieraData, now: HieraData) -> Iterator[str]:
    """Members of which some speak TLS among themselves and others do not cannot speak at all."""
    for name, instance in now.get(INSTANCES, {}).items():
        was = former.get(INSTANCES, {}).get(name)
        if was is not None and bool(was.get("inter_node_tls")) != bool(instance.get("inter_node_tls")):
            yield "inter_node is switched, and members with it and members without cannot speak"


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
    HieraKey(
        name=FIREWALL_PORTS,
        type="Hash[String, Hash[Enum['clients', 'members'], Array[Variant[Integer, String]]]]",
        description=(
            "TCP ports to leave open, by instance name and by who connects; a range is 'first-last'. "
            "The hiera command merges no levels, and shows the first one's alone."
        ),
        level="cluster",
        dialect="puppet",
        merge="deep",
    ),
)

BACKEND = Backend(
    name="rabbitmq",
    scheme="rabbit",
    support={"rpc": Support(), "notify": Support()},
    stores_messages=True,
    default_ports={"rpc": 5672, "notify": 5672},
    default_instances={"rpc": DEFAULT_INSTANCE, "notify": "rabbit_notify"},
    has_virtual_hosts=True,
    client_packages=client_packages,
    url_query=url_query,
    check=check,
    server=Server(
        cluster_data=_cluster_data,
        member_data=member_data,
        ports=ports_of,
        # One secret for both would let a member of one cluster run code on the other.
        cluster_secrets={"rpc": "RabbitCookie", "notify": "RabbitNotifyCookie"},
        keys=_SERVER_KEYS,
        accounts=_accounts,
        stopped_by=_stopped_by,
        memory_share=memory_share,
        probes=PROBES,
    ),
)
