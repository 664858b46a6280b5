# SPDX-License-Identifier: Apache-2.0
"""A sealed tree holds no secret in the clear, and each node's file just those that the node sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import canary
from tests.support.sealed import STAMP, private_key, private_pem
from tests.support.topologies import BOTH, CLIENT, NOTIFY_ONLY, PLANS, RPC_ONLY, SECRETS, secrets, topology
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.hieradata.build import Levels, build
from tripleo_messaging.hieradata.keys import SEALED
from tripleo_messaging.hieradata.seal import SealedTree, members_of, read_public_keys, seal_tree
from tripleo_messaging.hieradata.secret_keys import is_secret_key
from tripleo_messaging.hieradata.tree import lookup, read_levels
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.sealing.envelope import Opened, open_
from tripleo_messaging.sealing.keys import create_key_pair, fingerprint

KEY = private_key("ctl-0")
INSTANCE_SECRETS = "tripleo_messaging::rabbitmq::instance_secrets"
CANARIES = {
    **dict.fromkeys(SECRETS, canary.PLAIN),
    **{name: f"rabbit://u:{canary.PLAIN}@mq.example.org:5672/" for name in SECRETS if name.endswith("Url")},
}


def sealed(levels: Levels) -> SealedTree:
    """Seal for every member, and for one node of clients."""
    names = (*members_of(levels), CLIENT)
    return seal_tree(levels, {name: KEY.public_key() for name in names}, STAMP)


def opened(case: str, node: str) -> Opened:
    """Return what a node's file of a case holds."""
    return open_(sealed(build(topology(case), secrets())).sealed[node], KEY)


def texts(value: Any) -> Iterator[str]:
    """Yield every text of a value, names of keys among them."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("case", PLANS)
def test_no_secret_leaves_in_the_clear(case: str, tmp_path: Path):
    """Not in a level, nor in what is written beside it, whatever the deployment; before, it was there."""
    levels = build(topology(case), secrets(**CANARIES))
    assert any(canary.betrays(text.encode()) for text in texts(levels))
    tree = sealed(levels)
    write_tree(tmp_path / "sealed", tree.levels, tree.sealed)
    assert [text for text in texts(tree.levels) if canary.betrays(text.encode())] == []
    assert list(canary.files_that_betray(tmp_path)) == []


@pytest.mark.parametrize("case", PLANS)
def test_all_else_stays(case: str):
    """Every key that is no secret has its value, lookup_options as well; a stamp is all that comes."""
    levels = build(topology(case), secrets())
    tree = sealed(levels)
    for path, level in levels.items():
        added = {SEALED: STAMP} if path == "all.json" else {}
        open_keys = [key for key in level if key == "lookup_options" or not is_secret_key(key)]
        assert tree.levels[path] == {**{key: level[key] for key in open_keys}, **added}


@pytest.mark.parametrize("node", [BOTH, RPC_ONLY, NOTIFY_ONLY, CLIENT])
def test_a_node_gets_what_it_sees(node: str, tmp_path: Path):
    """Each secret with the value that the node looks up in the tree that was rendered, and no other."""
    write_tree(tmp_path, build(topology("twice"), secrets()))
    seen = {key for level in read_levels(tmp_path, node).values() for key in level if is_secret_key(key)}
    contents = opened("twice", node).contents
    found = {**contents.sensitive, **contents.plain}
    assert found == {key: lookup(tmp_path, key, node) for key in seen - {"lookup_options"}}
    assert (INSTANCE_SECRETS in found) is (node != CLIENT)


def test_two_clusters_are_one_hash():
    """What Puppet would merge from two levels is merged before it is sealed."""
    instances = opened("twice", BOTH).contents.sensitive[INSTANCE_SECRETS]
    assert {name: one["erlang_cookie"] for name, one in instances.items()} == {
        "rabbit": "RPCCOOKIE",
        "rabbit_notify": "NOTIFYCOOKIE",
    }


def test_stock_keys_stay_plain():
    """What stock functions read is not wrapped; all of ours is."""
    contents = opened("both consumers", CLIENT).contents
    assert {key.partition("_messaging_")[0] for key in contents.plain if key.startswith("oslo")} == {"oslo"}
    assert "nova::default_transport_url" in contents.plain
    assert all(key.startswith(("messaging_", "tripleo_messaging::")) for key in contents.sensitive)
    assert "messaging_rpc_password" in contents.sensitive


def test_a_key_that_is_not_ours_is_sealed_by_its_look():
    """A later release's secret does not leave in the clear, and is as plain as it was."""
    tree = sealed({"all.json": {"messaging_later_password": "x", "messaging_later_port": 1}})
    assert tree.levels["all.json"] == {SEALED: STAMP, "messaging_later_port": 1}
    assert open_(tree.sealed[CLIENT], KEY).contents.plain == {"messaging_later_password": "x"}


def test_each_file_is_for_its_nodes_key():
    """The node's name, its key's fingerprint and the run's stamp stand in the header."""
    levels = build(topology("shared"), secrets())
    keys = {name: private_key(name).public_key() for name in ("ctl-0", "another")}
    tree = seal_tree(levels, keys, STAMP)
    for name, key in keys.items():
        header = open_(tree.sealed[name], private_key(name)).header
        assert (header.node, header.key, header.stamp) == (name, fingerprint(key), STAMP)


def test_sealing_changes_nothing_given():
    """The levels stay what they were."""
    levels = build(topology("twice"), secrets())
    before = json.dumps(levels)
    sealed(levels)
    assert json.dumps(levels) == before


def test_every_bad_key_file_is_told(tmp_path: Path):
    """A member without a file, and each file that gives no key: all at once, each with its file."""
    (tmp_path / "ctl-0.pem").write_bytes(create_key_pair().certificate_pem)
    (tmp_path / "ctl-1.pem").write_text(private_pem("ctl-0"))
    (tmp_path / "-x.pem").write_text("")
    (tmp_path / "dir.pem").mkdir()
    (tmp_path / "README").write_text("not looked at")
    found = read_public_keys(tmp_path, ("ctl-0", "ctl-1", "ctl-2"))
    assert list(found.keys) == ["ctl-0"]
    told = {str(finding.origin): (finding.rule, finding.message) for finding in found.findings}
    assert told[f"{tmp_path}/ctl-2.pem"] == (
        "missing-public-key",
        "the member ctl-2 has no public key here, so its secrets cannot be sealed",
    )
    assert "RSA PRIVATE KEY" in told[f"{tmp_path}/ctl-1.pem"][1]
    assert "is no inventory name" in told[f"{tmp_path}/-x.pem"][1]
    assert told[f"{tmp_path}/dir.pem"][1] == "not a regular file"
    assert len(told) == 4
    assert "MII" not in str(found.findings)


def test_no_directory_of_keys_is_told(tmp_path: Path):
    """Before anything is sealed."""
    with pytest.raises(UnreadableFileError, match="is no directory"):
        read_public_keys(tmp_path / "none", ())
