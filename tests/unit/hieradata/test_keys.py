# SPDX-License-Identifier: Apache-2.0
"""The key table and what is written agree, in names, levels, types and lookup options."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest

from tests.support.topologies import PLANS, SECRETS, secrets, topology
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.keys import KEYS
from tripleo_messaging.hieradata.seal import seal_tree
from tripleo_messaging.hieradata.text import encode_level
from tripleo_messaging.model.hiera_key import HieraKey

_CONSUMERS = ("nova", "neutron")
_CHECKSUM_LEVELS = ("all", "cluster_rpc", "cluster_notify", "node")


@attrs.frozen
class Emitted:
    """One value that stands in a level."""

    case: str
    path: str
    key: str
    value: Any


def emitted(case: str) -> Iterator[Emitted]:
    """Yield every value of every level of a case, as it is in the file; of one that is sealed as well."""
    levels = build(topology(case), secrets())
    sealed = seal_tree(levels, {}, "0" * 32).levels if case == "shared" else {}
    for path, data in (*levels.items(), *sealed.items()):
        for key, value in json.loads(encode_level(path, data)).items():
            yield Emitted(case, path, key, value)


def every_value() -> Iterator[Emitted]:
    """Yield the values of all cases, without Hiera's own key."""
    values = (value for case in PLANS for value in emitted(case))
    return (value for value in values if value.key != "lookup_options")


def declared_names(key: HieraKey) -> Iterator[str]:
    """Yield the names that a row of the table stands for."""
    for service in key.services:
        for consumer in _CONSUMERS:
            for level in _CHECKSUM_LEVELS:
                yield key.name.format(service=service, consumer=consumer, level=level)


DECLARED: Mapping[str, HieraKey] = {name: key for key in KEYS for name in declared_names(key)}


def is_texts(value: Any) -> bool:
    """Tell whether a value is a list of texts."""
    return type(value) is list and all(type(item) is str for item in value)


def is_firewall(value: Any) -> bool:
    """Tell whether a value lists ports for clients and members, by instance."""
    lists = [(who, ports) for by_instance in value.values() for who, ports in by_instance.items()]
    return all(
        who in {"clients", "members"} and all(type(port) in {int, str} for port in ports)
        for who, ports in lists
    )


#: What JSON value each type of the table stands for; `bool` is an `int`, so types are compared exactly.
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "Boolean": lambda value: type(value) is bool,
    "String": lambda value: type(value) is str,
    "Integer": lambda value: type(value) is int,
    "Array[String]": is_texts,
    "Enum['True', 'False']": lambda value: value in ("True", "False"),
    "Enum['classic', 'quorum', 'stream']": lambda value: value in ("classic", "quorum", "stream"),
    "Sensitive[String]": lambda value: type(value) is str,
    "Hash[String, Tripleo_messaging::Rabbitmq::Instance]": lambda value: type(value) is dict,
    "Sensitive[Hash[String, Tripleo_messaging::Rabbitmq::Secrets]]": lambda value: type(value) is dict,
    "Hash[String, Hash[Enum['clients', 'members'], Array[Variant[Integer, String]]]]": is_firewall,
}

#: The types that puppet-tripleo's service profiles need; os_transport_url refuses any other.
#: Source: tripleo-heat-templates' service templates and parameters, tripleo-ansible's all_nodes.j2.
UPSTREAM_TYPES = {
    "enabled": bool,
    "scheme": str,
    "node_names": list,
    "cell_node_names": list,
    "short_node_names": list,
    "node_ips": list,
    "short_bootstrap_node_name": str,
    "bootstrap_node_ip": str,
    "network": str,
    "user_name": str,
    "password": str,
    "port": int,
    "use_ssl": str,
}


def test_every_written_key_is_declared():
    """No level of any topology has a key that the table has not."""
    assert {value.key for value in every_value()} <= DECLARED.keys()


def test_every_declared_key_is_written():
    """Every key of the table stands in some level of some topology."""
    assert {value.key for value in every_value()} == DECLARED.keys()


def test_names_are_declared_once():
    """Two rows of the table never stand for one key."""
    rows = [{*declared_names(key)} for key in KEYS]
    assert sum(len(names) for names in rows) == len(set().union(*rows))


def test_values_have_the_declared_types():
    """A value is of the type that the table says."""
    wrong = [value for value in every_value() if not TYPES[DECLARED[value.key].type](value.value)]
    assert not wrong


def test_keys_stand_in_the_declared_level():
    """A key of all is in all.json; what members have is in their clusters' and their own files only."""
    levels = {"all.json": {"all"}, "clusters": {"cluster"}, "nodes": {"node", "cluster"}}
    for value in every_value():
        if not value.key.startswith("tripleo_messaging::checksum::"):
            assert DECLARED[value.key].level in levels[value.path.partition("/")[0]], value


@pytest.mark.parametrize("case", PLANS)
def test_lookup_options_are_those_of_the_written_keys(case: str):
    """Every level tells Hiera about the keys that it holds, as the table says, and about no other."""
    for path, data in build(topology(case), secrets()).items():
        if path.startswith("nodes/"):
            assert "lookup_options" not in data
            continue
        keys = {name: DECLARED[name].lookup_options for name in data if name in DECLARED}
        assert data["lookup_options"] == {name: options for name, options in keys.items() if options}


@pytest.mark.parametrize("service", ["rpc", "notify"])
@pytest.mark.parametrize("suffix", UPSTREAM_TYPES)
def test_upstreams_keys_have_upstreams_types(service: str, suffix: str):
    """Each key of puppet-tripleo's is there in some topology, of the type that its readers need."""
    name = f"oslo_messaging_{service}_{suffix}"
    assert {type(value.value) for value in every_value() if value.key == name} == {UPSTREAM_TYPES[suffix]}


def test_use_ssl_is_heats_text():
    """Heat's parameter is a string, so puppet-tripleo gets its text and never a boolean."""
    texts = {value.case: value.value for value in every_value() if value.key == "oslo_messaging_rpc_use_ssl"}
    assert texts["shared"] == "False"
    assert texts["encrypted, without CA"] == "True"


def test_secrets_stand_in_secret_keys_alone():
    """A value that holds a password, a cookie or a URL's password is of a key that the table calls secret."""
    for value in every_value():
        text = json.dumps(value.value)
        if any(secret in text for secret in (*SECRETS.values(), "urlsecret")):
            assert DECLARED[value.key].is_secret, value


def test_stock_functions_never_meet_a_sensitive():
    """Keys that others' manifests read stay plain: os_transport_url refuses a Sensitive."""
    for key in KEYS:
        if key.dialect.startswith("puppet-"):
            assert not key.is_sensitive
            assert not re.match("Sensitive", key.type)


def test_consumers_choose_the_dialects():
    """Without a consumer only our own keys are written."""
    dialects = {
        case: {DECLARED[value.key].dialect for value in every_value() if value.case == case}
        for case in ("shared", "puppet-openstack", "no consumer")
    }
    assert dialects["shared"] == {"messaging", "puppet-tripleo", "puppet"}
    assert dialects["puppet-openstack"] == {"messaging", "puppet-openstack", "puppet"}
    assert dialects["no consumer"] == {"messaging", "puppet"}


def test_a_service_without_backend_has_one_key_of_ours():
    """All that is said of it is that it is not enabled; stock profiles get RPC's values under their names."""
    values = {value.key: value.value for value in emitted("no notify")}
    ours = {key: value for key, value in values.items() if key.startswith("messaging_notify")}
    assert ours == {"messaging_notify_enabled": False}
    stock = {key: value for key, value in values.items() if key.startswith("oslo_messaging_rpc_")}
    assert stock["oslo_messaging_rpc_password"] == SECRETS["RpcPassword"]
    for key, value in stock.items():
        assert values[key.replace("_rpc_", "_notify_")] == value


def test_a_service_without_backend_is_told_to_stock_profiles_alone():
    """Without puppet-tripleo nothing is said of it in another dialect."""
    keys = [value.key for value in emitted("no notify, no consumer") if "notify" in value.key]
    assert keys == ["messaging_notify_enabled"]


def test_a_shared_service_has_the_consumers_of_rpc():
    """A notify that names no services has the keys of RPC's, beside theirs."""
    keys = {value.key for value in emitted("puppet-openstack, shared")}
    for consumer in ("nova", "neutron"):
        assert f"{consumer}::default_transport_url" in keys
        assert f"{consumer}::notification_transport_url" in keys


def test_only_an_override_names_services():
    """The services whose stock URLs are set over are named where the plan says so, and nowhere else."""
    named = [value for value in every_value() if value.key.endswith("_overridden_services")]
    assert [(value.case, value.key, value.value) for value in named] == [
        ("stock overridden", "messaging_rpc_overridden_services", ["nova", "glance"]),
        ("stock overridden", "messaging_notify_overridden_services", ["swift", "nova"]),
    ]


def test_a_cell_has_cell_names():
    """A cell's plan writes the cell's host names, and leaves those of the whole cloud alone."""
    keys = {value.key for value in emitted("cell")}
    for prefix in ("messaging", "oslo_messaging"):
        for service in ("rpc", "notify"):
            assert f"{prefix}_{service}_cell_node_names" in keys
            assert f"{prefix}_{service}_node_names" not in keys


def test_clients_of_an_external_backend_get_its_driver():
    """What they need is a matter of the scheme that they speak, not of who runs the brokers."""
    (level,) = [
        data for path, data in build(topology("external Kafka"), secrets()).items() if path == "all.json"
    ]
    assert level["messaging_notify_client_packages"] == ["python3-confluent-kafka"]
    assert level["messaging_notify_port"] == 9092
    assert level["messaging_rpc_client_packages"] == []
