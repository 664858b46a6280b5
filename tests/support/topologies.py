# SPDX-License-Identifier: Apache-2.0
"""Topologies of every kind of deployment, made from plans as an operator writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support import certificates
from tripleo_messaging.model.finding import has_errors
from tripleo_messaging.model.inventory import Host, Inventory
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.plan.mapping import plan_from_mapping
from tripleo_messaging.plan.resolve import resolve
from tripleo_messaging.plan.rules import check_plan

_HOSTS = {"ctl-2": 12, "ctl-10": 20, "ctl-0": 10, "msg-0": 30, "msg-1": 31, "compute-0": 100}

#: Members of RPC's cluster in an order that no sorting gives; ctl-0 may be on both clusters.
_GROUPS = {
    "all": tuple(_HOSTS),
    "oslo_messaging_rpc": ("ctl-2", "ctl-10", "ctl-0"),
    "oslo_messaging_notify": ("msg-1", "ctl-0", "msg-0"),
    "nova_compute": ("compute-0",),
}

BOTH, RPC_ONLY, NOTIFY_ONLY, CLIENT = "ctl-0", "ctl-10", "msg-1", "compute-0"

_TLS = {
    "enabled": True,
    "certificate_file": "/etc/pki/tls/certs/rabbitmq.crt",
    "key_file": "/etc/pki/tls/private/rabbitmq.key",
}


def _authority(name: str) -> Mapping[str, str]:
    """Return the settings of an authority that Puppet puts into its file."""
    text = certificates.authority(name).certificate.decode()
    return {"ca_file": f"/etc/pki/{name}-ca.crt", "ca_certificates": text}


_TWICE = {"backend": "rabbitmq", "port": 5673}

#: Plan documents by what they are a case of.
PLANS: Mapping[str, Mapping[str, Any]] = {
    "shared": {},
    "shared, IPv6": {"rpc": {"network": "internal_api6"}},
    "twice": {"notify": _TWICE},
    "twice, with TLS": {
        "release": "2024.2",
        "rpc": {"tls": {**_TLS, "ca_file": "/etc/ipa/ca.crt"}},
        "notify": {**_TWICE, "tls": {**_TLS, "ca_file": "/etc/pki/notify-ca.crt"}},
    },
    "twice, with TLS by Puppet": {
        "release": "2024.2",
        "rpc": {"tls": {**_TLS, **_authority("rpc"), "inter_node": True}},
        "notify": {**_TWICE, "tls": {**_TLS, **_authority("notify"), "versions": ["1.3"]}},
    },
    "encrypted, without CA": {"rpc": {"tls": _TLS}},
    "cell": {"cell": "cell1"},
    "both consumers": {
        "consumers": ["puppet-tripleo", "puppet-openstack"],
        "rpc": {"services": ["nova", "neutron"]},
        "notify": {**_TWICE, "services": ["nova"]},
    },
    "puppet-openstack": {
        "release": "2024.2",
        "rpc": {"services": ["nova", "neutron"], "virtual_host": "openstack"},
        "notify": {"services": ["nova"], "user_name": "notify", "topics": ["notifications", "vitrage"]},
    },
    "stock overridden": {
        "override_stock": True,
        "rpc": {"services": ["nova", "glance"], "virtual_host": "openstack"},
        "notify": {**_TWICE, "services": ["swift", "nova"]},
    },
    "no consumer": {"consumers": ["none"]},
    "external hosts": {
        "rpc": {"backend": "external", "nodes": [{"host": "mq-0.example.org"}, {"host": "mq-1.example.org"}]},
        "notify": {"backend": "rabbitmq"},
    },
    "external Kafka": {
        "consumers": ["none"],
        "notify": {"backend": "external", "scheme": "kafka", "nodes": [{"host": "kafka-0.example.org"}]},
    },
    "external URL": {"rpc": {"backend": "rabbitmq"}, "notify": {"backend": "external"}},
    "puppet-openstack, shared": {"release": "2024.2", "rpc": {"services": ["nova", "neutron"]}},
    "no notify": {"notify": {"driver": "noop"}},
    "no notify, no consumer": {"consumers": ["none"], "notify": {"driver": "noop"}},
}

#: Every secret that any of these topologies needs.
SECRETS: Mapping[str, str] = {
    "RpcPassword": "rpcsecret",
    "NotifyPassword": "notifysecret",
    "RabbitCookie": "RPCCOOKIE",
    "RabbitNotifyCookie": "NOTIFYCOOKIE",
    "RpcTransportUrl": "rabbit://alien:urlsecret@mq.example.org:5672/?ssl=0",
    "NotifyTransportUrl": "rabbit://alien:urlsecret@mq.example.org:5672/?ssl=0",
}


def secrets(**changes: str) -> Secrets:
    """Return `SECRETS` with changes."""
    return Secrets({**SECRETS, **changes})


def _host(name: str, number: int) -> Host:
    return Host(
        name=name,
        addresses={"internal_api": f"172.17.0.{number}", "internal_api6": f"fd00:fd00::{number:x}"},
        host_names={
            network: f"{name}.{network.replace('_', '')}.localdomain"
            for network in ("internal_api", "internal_api6")
        },
    )


INVENTORY = Inventory(
    hosts={name: _host(name, number) for name, number in _HOSTS.items()},
    groups=_GROUPS,
    file="inventory.yaml",
)


def topology(case: str) -> Topology:
    """Return the topology of one of `PLANS`; a plan that is no longer valid fails here."""
    plan = plan_from_mapping(PLANS[case])
    made, findings = resolve(plan, INVENTORY)
    findings = (*check_plan(plan), *findings)
    assert not has_errors(findings), [str(finding) for finding in findings]
    assert made is not None
    return made
