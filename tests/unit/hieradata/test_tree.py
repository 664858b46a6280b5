# SPDX-License-Identifier: Apache-2.0
"""A rendered tree answers as Hiera would."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategies import json_values
from tests.support.topologies import BOTH, CLIENT, RPC_ONLY, secrets, topology
from tripleo_messaging.errors import UnknownKeyError, UnreadableFileError, UsageError
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.keys import SEALED
from tripleo_messaging.hieradata.tree import (
    is_sealed,
    lookup,
    read_levels,
    read_part,
    read_sealed,
    read_tree,
)
from tripleo_messaging.hieradata.write import write_tree

_INSTANCES = "tripleo_messaging::rabbitmq::instances"
_CLUSTERS = "tripleo_messaging::local_clusters"
_DEEP = {"lookup_options": {"key": {"merge": "deep"}}}

# Without null and empty values, for which Ruby's deep merge has rules of its own and of which we emit none.
_full_values = st.recursive(
    st.booleans() | st.integers() | st.text(min_size=1),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two clusters, with one host on both."""
    write_tree(tmp_path / "tree", build(topology("twice"), secrets()))
    return tmp_path / "tree"


def value_of(levels: dict[str, dict[str, Any]]) -> Any:
    """Look `key` up on the node `n` of a tree with these levels."""
    with tempfile.TemporaryDirectory() as directory:
        write_tree(Path(directory), levels)
        return lookup(Path(directory), "key", "n")


def test_levels_come_the_most_specific_first(tree: Path):
    """Node, clusters, all; a node of clients sees the last alone, as does no node at all."""
    both = ["nodes/ctl-0.json", "clusters/rpc.json", "clusters/notify.json", "all.json"]
    assert list(read_levels(tree, BOTH)) == both
    assert list(read_levels(tree, RPC_ONLY)) == ["nodes/ctl-10.json", "clusters/rpc.json", "all.json"]
    assert list(read_levels(tree, CLIENT)) == list(read_levels(tree, None)) == ["all.json"]


def test_instances_are_merged_from_all_levels(tree: Path):
    """What is the same on a cluster and what is a member's own come together, for each instance."""
    instances = lookup(tree, _INSTANCES, BOTH)
    assert {name: data["node_name"] for name, data in instances.items()} == {
        "rabbit": "rabbit@ctl-0.internalapi.localdomain",
        "rabbit_notify": "rabbit_notify@ctl-0.internalapi.localdomain",
    }
    assert {data["package"] for data in instances.values()} == {"rabbitmq-server"}
    assert instances["rabbit"]["settings"].keys() >= {"cluster_name", "listeners.tcp.1"}


@settings(max_examples=30)
@given(value=_full_values, other=_full_values)
def test_merging_a_level_in_a_second_time_changes_nothing(value: Any, other: Any):
    """Deep merge is idempotent: a cluster's level below itself adds nothing."""
    node = {_CLUSTERS: ["rpc", "notify"], "key": other, **_DEEP}
    others = {"all.json": {}, "clusters/rpc.json": {"key": value}, "nodes/n.json": node}
    once = {**others, "clusters/notify.json": {}}
    twice = {**others, "clusters/notify.json": {"key": value}}
    assert value_of(twice) == value_of(once)


@settings(max_examples=30)
@given(value=json_values, other=json_values)
def test_without_an_option_the_most_specific_value_wins(value: Any, other: Any):
    """The first level that has the key decides, null and empty values included."""
    node = {_CLUSTERS: [], "key": value}
    assert value_of({"all.json": {"key": other}, "nodes/n.json": node}) == value


@pytest.mark.parametrize("key", ["lookup_options", "messaging_rpc_prot", _INSTANCES])
def test_unknown_key_is_an_error(tree: Path, key: str):
    """A key that the node has not is told by name; `lookup_options` is never found, as in Puppet."""
    with pytest.raises(UnknownKeyError, match=key):
        lookup(tree, key, CLIENT)


@pytest.mark.parametrize("node", ["", "..", "../all", "a/b", "a\n", "-x", "x" * 254])
def test_a_name_that_leads_elsewhere_is_refused(tree: Path, node: str):
    """A node's name becomes a path, so it is checked first."""
    with pytest.raises(UsageError, match="--node"):
        read_levels(tree, node)


@pytest.mark.parametrize("path", ["all.json", "clusters/rpc.json", "nodes/ctl-0.json"])
def test_a_level_changed_by_hand_is_refused(tree: Path, path: str):
    """The message names the file and the way out."""
    file = tree / path
    file.write_bytes(file.read_bytes().replace(b"5672", b"5999").replace(b"ctl-0", b"ctl-9"))
    with pytest.raises(UnreadableFileError, match="changed by hand; render") as caught:
        lookup(tree, "messaging_rpc_port", BOTH)
    assert path in str(caught.value)


def test_a_missing_level_is_refused(tree: Path):
    """A cluster's file that a node names must be there."""
    (tree / "clusters/notify.json").unlink()
    with pytest.raises(UnreadableFileError, match=r"notify\.json"):
        read_levels(tree, BOTH)


def test_a_sealed_file_is_of_the_levels_run(tmp_path: Path):
    """Whoever reads a node's part gets levels and sealed file of one sealing, or none."""
    levels = {"all.json": {SEALED: "s"}}
    write_tree(tmp_path, levels, {"n": b"one\n"})
    part = read_part(tmp_path, "n")
    assert (part.sealed, read_sealed(tmp_path, "n")) == (b"one\n", b"one\n")
    assert is_sealed(part.levels)
    assert read_part(tmp_path, "other").sealed is None
    assert read_part(tmp_path, None).sealed is None


def test_a_sealed_file_beside_plain_levels_is_not_read(tmp_path: Path):
    """It would be of another run."""
    write_tree(tmp_path, {"all.json": {}}, {"n": b"one\n"})
    assert read_sealed(tmp_path, "n") is None


def test_a_whole_tree_is_read(tree: Path):
    """Every level of every node, as it was written."""
    found = read_tree(tree)
    assert {path for path in found if "/" in path} >= {"clusters/rpc.json", "nodes/ctl-0.json"}
    assert found["nodes/ctl-0.json"] == read_levels(tree, BOTH)["nodes/ctl-0.json"]


def test_no_half_of_a_tree_is_read(tree: Path, tmp_path: Path):
    """A rendering that was interrupted, a directory that is none, and a level that was changed are told."""
    with pytest.raises(UnreadableFileError, match="is no directory"):
        read_tree(tmp_path / "none")
    (tree / ".tripleo-messaging.pending").mkdir()
    with pytest.raises(UnreadableFileError, match="was interrupted here; render again"):
        read_tree(tree)
    (tree / ".tripleo-messaging.pending").rmdir()
    (tree / "all.json").write_text("{}")
    with pytest.raises(UnreadableFileError, match="is damaged or was changed by hand"):
        read_tree(tree)
