# SPDX-License-Identifier: Apache-2.0
"""Hiera 3, Puppet's lookup and ours give the same answer for every key that is written."""

from __future__ import annotations

import itertools
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import hiera
from tests.support.strategies import PIECES
from tests.support.topologies import BOTH, CLIENT, NOTIFY_ONLY, RPC_ONLY, secrets, topology
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.keys import KEYS, SEALED
from tripleo_messaging.hieradata.text import checksum_key, encode_level
from tripleo_messaging.hieradata.tree import lookup, read_levels
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.secret import Secrets

_AWKWARD_SECRETS = {
    "RpcPassword": """r%{lookup('x')}'"\\u00e9\\\\é𝄞%%{}{x}%{literal('%')}{ #{1} $x ${x} %""",
    "NotifyPassword": """%{literal('%')}{literal('%')}{%{::fqdn}%{alias("y")}'\\'""",
    "RabbitCookie": "RPCCOOKIE",
    "RabbitNotifyCookie": "NOTIFYCOOKIE",
}
_NODES = (BOTH, RPC_ONLY, NOTIFY_ONLY, CLIENT)
_MERGED = tuple(
    f"tripleo_messaging::rabbitmq::{name}" for name in ("instances", "instance_secrets", "firewall_ports")
)

#: Deployments, beside one with two clusters and both kinds of consumers, that have all other keys.
_OTHERS = ("twice, with TLS by Puppet", "stock overridden", "cell")

#: What no host of clients may hold: text that stands in the clusters' files alone.
_COOKIES = ("RPCCOOKIE", "NOTIFYCOOKIE")
_SERVER_ONLY = (*_COOKIES, "password_hash", "definitions", "erlang_cookie", "rabbitmq::instance")


@attrs.frozen
class Node:
    """One node with its levels installed.

    Attributes:
        name: inventory name.
        tree: the rendered tree that they come from.
        datadir: where they are installed.
        work: a directory for what Puppet writes.
    """

    name: str
    tree: Path
    datadir: Path
    work: Path

    def hierarchy(self, version: str) -> Path:
        """Return the shipped example of a hiera.yaml, for this node's data."""
        return hiera.hierarchy(version, self.datadir, self.work)

    def key_names(self) -> list[str]:
        """Return every key of the node's levels, as they are installed."""
        levels = [json.loads(path.read_text(encoding="ascii")) for path in sorted(self.datadir.iterdir())]
        return sorted({key for level in levels for key in level} - {"lookup_options"})

    def answers(self) -> dict[str, Any]:
        """Return what our own lookup says of every key."""
        paths = list(read_levels(self.tree, self.name))
        levels = {path: json.loads((self.tree / path).read_text()) for path in paths}
        stated = {checksum_key(path): levels[path][checksum_key(path)] for path in paths}
        others = (key for key in self.key_names() if key not in stated)
        return {**stated, **{key: lookup(self.tree, key, self.name) for key in others}}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clusters, all dialects, and passwords that every parser would like to read as its own."""
    directory = tmp_path_factory.mktemp("rendered") / "tree"
    write_tree(directory, build(topology("both consumers"), Secrets(_AWKWARD_SECRETS)))
    return directory


@pytest.fixture(scope="module")
def nodes(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Node]:
    """A node on both clusters, one on each, and one of clients."""
    made = {}
    for name in _NODES:
        work = tmp_path_factory.mktemp(name)
        install(tree, name, work / "hieradata")
        made[name] = Node(name, tree, work / "hieradata", work)
    return made


def declared(name: str) -> HieraKey:
    """Return the row of the key table that a written key belongs to."""
    names = {"service": ("rpc", "notify"), "consumer": ("nova", "neutron"), "level": ("all", "node")}
    for key in KEYS:
        for service, consumer in zip(names["service"], names["consumer"]):
            for level in ("all", "node", "cluster_rpc", "cluster_notify"):
                if key.name.format(service=service, consumer=consumer, level=level) == name:
                    return key
    raise AssertionError(f"{name} is in no row of the table")


@pytest.mark.parametrize("version", ["v5", "v3"])
@pytest.mark.parametrize("name", _NODES)
def test_puppet_finds_what_lookup_says(nodes: dict[str, Node], name: str, version: str):
    """Every key has our value, in our order, of the declared type, and is Sensitive where the table says so.

    The types of the instances are those of our own Puppet module, so that what is merged is complete.
    """
    node = nodes[name]
    types = {key: declared(key).type for key in node.key_names()}
    found = hiera.puppet_finds(node.hierarchy(version), node.work, types)
    expected = {key: (value, declared(key).is_sensitive) for key, value in node.answers().items()}
    answers = {key: (answer.value, answer.is_sensitive) for key, answer in found.items()}
    assert answers == expected
    for key, (value, _) in expected.items():
        assert json.dumps(answers[key][0]) == json.dumps(value), key


@pytest.mark.parametrize("name", _NODES)
def test_hiera_3_finds_what_lookup_says(nodes: dict[str, Node], name: str):
    """Every key has our value, but for those that need lookup_options, which Hiera 3 has not."""
    node = nodes[name]
    found = hiera.hiera_3(node.hierarchy("v3"), node.key_names())
    expected = node.answers()
    for key in _MERGED:
        if key in found:
            first = next(level[key] for level in read_levels(node.tree, name).values() if key in level)
            assert found.pop(key) == first
            expected.pop(key)
    assert found == expected


def test_old_manifests_find_the_same(nodes: dict[str, Node]):
    """The function `hiera`, which puppet-tripleo calls up to Wallaby, finds the dialect's keys, plain."""
    node = nodes[CLIENT]
    keys = [key for key in node.key_names() if key.startswith("oslo_messaging_")]
    assert len(keys) > 20
    found = hiera.puppet_finds(node.hierarchy("v3"), node.work, dict.fromkeys(keys), function="hiera")
    assert found == {key: hiera.Found(value=node.answers()[key], is_sensitive=False) for key in keys}


def test_the_hiera_command_says_the_same(nodes: dict[str, Node]):
    """`hiera -c`, which scripts of TripleO run, prints the value of every key, merged ones aside."""
    node = nodes[BOTH]
    asked = [key for key in node.key_names() if key not in _MERGED]
    found = hiera.hiera_commands(node.hierarchy("v3"), asked)
    answers = node.answers()
    assert len(found) > 50
    assert found == {key: answers[key] for key in asked}


@pytest.mark.parametrize("version", ["v5", "v3"])
def test_puppet_lookup_says_the_same(nodes: dict[str, Node], version: str):
    """`puppet lookup` prints the value of every key of a member, with the hiera.yaml of either version."""
    assert_puppet_lookup_agrees(nodes[BOTH], version)


def assert_puppet_lookup_agrees(node: Node, version: str) -> None:
    """Ask the command for every key of a node."""
    found = hiera.puppet_lookup_commands(node.hierarchy(version), node.work, node.key_names())
    assert {key: (answer.value, answer.is_sensitive) for key, answer in found.items()} == {
        key: (value, declared(key).is_sensitive) for key, value in node.answers().items()
    }


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Node]:
    """A node on both clusters of deployments that have keys which the first one has not."""
    made = {}
    for case in _OTHERS:
        work = tmp_path_factory.mktemp("other")
        write_tree(work / "tree", build(topology(case), secrets()))
        install(work / "tree", BOTH, work / "hieradata")
        made[case] = Node(BOTH, work / "tree", work / "hieradata", work)
    return made


@pytest.mark.parametrize("case", _OTHERS)
def test_other_deployments_agree(others: dict[str, Node], case: str):
    """With TLS, in a cell and with stock settings overridden the commands say what lookup says, too."""
    node = others[case]
    assert_puppet_lookup_agrees(node, "v5")
    asked = [key for key in node.key_names() if key not in _MERGED]
    answers = node.answers()
    assert hiera.hiera_commands(node.hierarchy("v3"), asked) == {key: answers[key] for key in asked}


def test_every_row_of_the_table_is_asked(nodes: dict[str, Node], others: dict[str, Node]):
    """Each key that may be written is asked; sealed trees have their test."""
    all_nodes = (*nodes.values(), *others.values())
    asked = {declared(key).name for node in all_nodes for key in node.key_names()}
    assert {key.name for key in KEYS} - asked == {SEALED}


@pytest.mark.parametrize("version", ["v5", "v3"])
def test_any_text_comes_through(tmp_path: Path, version: str):
    """Whatever is put together from what Hiera and JSON read as their own is found as it went in."""
    pieces = (*itertools.product(PIECES, repeat=2), *itertools.product("%{}", repeat=6))
    texts = ["".join(some) for some in pieces]
    value = {"list": texts, "keys": dict.fromkeys(texts, "")}
    (tmp_path / "hieradata").mkdir()
    (tmp_path / "hieradata/messaging_all.json").write_bytes(encode_level("all.json", {"texts": value}))
    config = hiera.hierarchy(version, tmp_path / "hieradata", tmp_path)
    assert hiera.puppet_finds(config, tmp_path, {"texts": "Hash"})["texts"].value == value
    if version == "v3":
        assert hiera.hiera_3(config, ["texts"]) == {"texts": value}


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        (BOTH, ["messaging_all", "messaging_cluster_notify", "messaging_cluster_rpc", "messaging_node"]),
        (RPC_ONLY, ["messaging_all", "messaging_cluster_rpc", "messaging_node"]),
        (NOTIFY_ONLY, ["messaging_all", "messaging_cluster_notify", "messaging_node"]),
        (CLIENT, ["messaging_all"]),
    ],
)
def test_installed_files_and_modes(nodes: dict[str, Node], name: str, levels: list[str]):
    """A node gets the levels of its clusters under fixed names, for root alone."""
    installed = sorted(nodes[name].datadir.iterdir())
    assert [path.name for path in installed] == [f"{level}.json" for level in levels]
    assert {stat.S_IMODE(path.stat().st_mode) for path in installed} == {0o600}
    assert stat.S_IMODE(nodes[name].datadir.stat().st_mode) == 0o700


def test_clients_hold_nothing_of_the_brokers(nodes: dict[str, Node]):
    """A client's files hold nothing of a cookie, of definitions or of a broker's settings; members' do."""

    def held(name: str) -> set[str]:
        content = b"".join(path.read_bytes() for path in nodes[name].datadir.iterdir()).decode()
        return {text for text in _SERVER_ONLY if text in content}

    assert held(CLIENT) == set()
    assert held(BOTH) == set(_SERVER_ONLY)
    assert held(RPC_ONLY) == {*_SERVER_ONLY} - {"NOTIFYCOOKIE"}
    assert held(NOTIFY_ONLY) == {*_SERVER_ONLY} - {"RPCCOOKIE"}


def test_clients_hold_no_key_of_a_listener(tmp_path: Path):
    """Where the listeners speak TLS, the path of their key is the members' alone, and the CA everybody's."""
    write_tree(tmp_path / "tree", build(topology("twice, with TLS"), secrets()))
    contents = {}
    for name in (CLIENT, RPC_ONLY):
        install(tmp_path / "tree", name, tmp_path / name)
        contents[name] = b"".join(path.read_bytes() for path in (tmp_path / name).iterdir())
    for path in (b"/etc/pki/tls/private/rabbitmq.key", b"/etc/pki/tls/certs/rabbitmq.crt"):
        assert path in contents[RPC_ONLY]
        assert path not in contents[CLIENT]
    assert b"/etc/ipa/ca.crt" in contents[CLIENT]


def test_a_member_that_leaves_loses_its_files(nodes: dict[str, Node], tree: Path, tmp_path: Path):
    """A rendering without it gives it a client's levels, and nobody else's files are touched."""
    target = tmp_path / "hieradata"
    target.mkdir()
    (target / "messaging_of_another.json").write_text("{}")
    install(tree, BOTH, target)
    without = shutil.copytree(tree, tmp_path / "without")
    (without / "nodes" / f"{BOTH}.json").unlink()
    change = install(without, BOTH, target)
    assert sorted(change.removed) == [
        "messaging_cluster_notify.json",
        "messaging_cluster_rpc.json",
        "messaging_node.json",
    ]
    assert {path.name for path in target.iterdir()} == {"messaging_all.json", "messaging_of_another.json"}
    installed = nodes[CLIENT].datadir / "messaging_all.json"
    assert (target / "messaging_all.json").read_bytes() == installed.read_bytes()
