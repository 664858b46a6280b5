# SPDX-License-Identifier: Apache-2.0
"""``lookup``: values as text, secrets masked."""

from __future__ import annotations

import json

import pytest

SHOWN = {
    "messaging_rpc_backend": "rabbitmq",
    "messaging_rpc_virtual_host": "/",
    "messaging_rpc_port": "5672",
    "messaging_rpc_use_ssl": "false",
    "oslo_messaging_rpc_use_ssl": "False",
    "messaging_rpc_password": "********",
    "messaging_notify_transport_url": "********",
    "oslo_messaging_notify_password": "********",
}


@pytest.mark.parametrize("key", SHOWN)
def test_scalars_are_shown_as_text(key, run, tree):
    """A string has no quotes, as with the hiera command; a number or boolean is JSON; a secret is masked."""
    assert run("lookup", key, "--data", tree).out == f"{SHOWN[key]}\n"


def test_collections_are_shown_as_json(run, tree):
    """Lists and mappings are JSON, merged as Puppet merges them."""
    assert json.loads(run("lookup", "messaging_rpc_node_names", "--data", tree).out) == ["localhost"]
    key = "tripleo_messaging::rabbitmq::instances"
    instances = json.loads(run("lookup", key, "--data", tree, "--node", "localhost").out)
    assert instances["rabbit"]["node_name"] == "rabbit@localhost"
    assert instances["rabbit"]["config_dir"] == "/etc/rabbitmq"


def test_reveal_shows_the_secret(run, tree):
    """With --reveal the value is that of the level."""
    password = json.loads((tree / "all.json").read_text())["messaging_rpc_password"]
    assert run("lookup", "messaging_rpc_password", "--data", tree, "--reveal").out == f"{password}\n"


def test_nested_secrets_are_masked_as_a_whole(run, tree):
    """A mapping of secrets shows none of its keys."""
    key = "tripleo_messaging::rabbitmq::instance_secrets"
    assert run("lookup", key, "--data", tree, "--node", "localhost").out == "********\n"


UNFOUND = {
    ("messaging_rpc_prt",): "(did you mean 'messaging_rpc_port'?)",
    ("tripleo_messaging::rabbitmq::instances",): "(members of a cluster have it: name one with --node)",
    ("xyz",): "(the keys are described in the manual's hiera contract)",
    ("lookup_options",): "no value for the key",
}


@pytest.mark.parametrize("words", UNFOUND)
def test_an_unknown_key_has_a_way_out(words, run, tree):
    """The message names tree and key, and what to try instead."""
    ran = run("lookup", *words, "--data", tree)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"error: {tree}: no value for the key {words[0]!r}")
    assert UNFOUND[words] in ran.err


NO_MEMBERS = {
    "compute-0": "a node of clients is looked up without --node",
    "localhots": "did you mean 'localhost'?",
    "localhost-2": "a node of clients is looked up without --node",
}


@pytest.mark.parametrize("node", NO_MEMBERS)
@pytest.mark.parametrize("key", ["messaging_rpc_port", "tripleo_messaging::rabbitmq::instances", "xyz"])
def test_a_node_that_the_tree_does_not_know_is_wrong_usage(node, key, run, tree):
    """A mistyped name is not taken for a node of clients, whose values would pass for its own."""
    ran = run("lookup", key, "--data", tree, "--node", node)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"error: --node: {node} is a member of no cluster in {tree} ({NO_MEMBERS[node]})\n"


def test_no_tree_is_wrong_usage(run):
    """Without a tree there is nothing to look at, and the message says what there could be."""
    ran = run("lookup", "messaging_rpc_port")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "error: name where to look: a rendered tree with --data, or --explain and --hiera-config\n"
    )


def test_a_missing_tree_is_named(run, tmp_path):
    """Where nothing was rendered there is nothing to look at."""
    ran = run("lookup", "messaging_rpc_port", "--data", tmp_path / "none")
    assert ran.err == f"error: {tmp_path}/none/all.json: no such file or directory\n"
