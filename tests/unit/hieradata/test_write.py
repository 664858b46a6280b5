# SPDX-License-Identifier: Apache-2.0
"""A rendered tree on the disk."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support.topologies import secrets, topology
from tripleo_messaging.errors import LockedError, UnreadableFileError, UnwritableFileError
from tripleo_messaging.file_set import Change
from tripleo_messaging.files import locked
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.text import decode_level
from tripleo_messaging.hieradata.tree import read_levels
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.sealing.header import Header

TWO_NODES: Mapping[str, Mapping[str, Any]] = {
    "all.json": {"a": 1},
    "clusters/rpc.json": {"c": 1},
    "nodes/ctl-0.json": {"n": 0},
    "nodes/ctl-1.json": {"n": 1},
}
ONE_NODE = {path: data for path, data in TWO_NODES.items() if path != "nodes/ctl-1.json"}


def identities(directory: Path) -> dict[str, tuple[int, int]]:
    """Return what changes of a file when it is written again."""
    stats = {str(path.relative_to(directory)): path.stat() for path in directory.rglob("*") if path.is_file()}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in stats.items()}


def modes(directory: Path) -> dict[str, str]:
    """Return the mode of everything in a directory, and of itself."""
    paths = [directory, *directory.rglob("*")]
    return {str(path.relative_to(directory)): f"{stat.S_IMODE(path.stat().st_mode):o}" for path in paths}


def test_levels_are_read_back(tmp_path: Path) -> None:
    """Each file holds its level and nothing else."""
    write_tree(tmp_path / "tree", TWO_NODES)
    found = {
        path: decode_level(path, (tmp_path / "tree" / path).read_bytes())
        for path in identities(tmp_path / "tree")
    }
    assert found == TWO_NODES


def test_modes(tmp_path: Path) -> None:
    """What may hold a secret, and every directory, is for its owner only."""
    write_tree(tmp_path / "tree", TWO_NODES)
    assert modes(tmp_path / "tree") == {
        ".": "700",
        "all.json": "600",
        "clusters": "700",
        "clusters/rpc.json": "600",
        "nodes": "700",
        "nodes/ctl-0.json": "644",
        "nodes/ctl-1.json": "644",
    }


def test_no_node_file_holds_a_secret(tmp_path: Path) -> None:
    """Which is why it may be readable."""
    write_tree(tmp_path / "tree", build(topology("twice, with TLS"), secrets()))
    texts = [path.read_text() for path in (tmp_path / "tree" / "nodes").iterdir()]
    assert texts
    assert not [secret for secret in secrets().values() if any(secret.reveal() in text for text in texts)]


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    """The same levels leave every file as it is."""
    write_tree(tmp_path / "tree", TWO_NODES)
    before = identities(tmp_path / "tree")
    assert write_tree(tmp_path / "tree", TWO_NODES) == Change(
        written=(), removed=(), unchanged=tuple(TWO_NODES)
    )
    assert identities(tmp_path / "tree") == before


def test_one_change_writes_one_file(tmp_path: Path) -> None:
    """The cost grows with what changed."""
    write_tree(tmp_path / "tree", TWO_NODES)
    before = identities(tmp_path / "tree")
    change = write_tree(tmp_path / "tree", {**TWO_NODES, "nodes/ctl-1.json": {"n": 2}})
    assert (change.written, change.removed) == (("nodes/ctl-1.json",), ())
    after = identities(tmp_path / "tree")
    assert {path for path in before if before[path] != after[path]} == {"nodes/ctl-1.json"}


def test_a_node_that_leaves_has_its_file_removed(tmp_path: Path) -> None:
    """So has a cluster that is no more."""
    write_tree(tmp_path / "tree", {**TWO_NODES, "clusters/notify.json": {"c": 2}})
    change = write_tree(tmp_path / "tree", ONE_NODE)
    assert set(change.removed) == {"nodes/ctl-1.json", "clusters/notify.json"}
    assert set(identities(tmp_path / "tree")) == set(ONE_NODE)


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    """What readers refuse and tell to render again, rendering repairs."""
    write_tree(tmp_path / "tree", TWO_NODES)
    for path, text in (("all.json", b""), ("clusters/rpc.json", b'{"c": 2}'), ("nodes/ctl-0.json", b"[]")):
        (tmp_path / "tree" / path).write_bytes(text)
    with pytest.raises(UnreadableFileError, match="render the hieradata again"):
        read_levels(tmp_path / "tree", None)
    change = write_tree(tmp_path / "tree", TWO_NODES)
    assert change.written == ("all.json", "clusters/rpc.json", "nodes/ctl-0.json")


def test_a_file_changed_by_hand_goes_with_its_node(tmp_path: Path) -> None:
    """It is still ours, by its checksum's key."""
    write_tree(tmp_path / "tree", TWO_NODES)
    path = tmp_path / "tree" / "nodes" / "ctl-1.json"
    path.write_text(path.read_text().replace('"n": 1', '"n": 99'))
    assert write_tree(tmp_path / "tree", ONE_NODE).removed == ("nodes/ctl-1.json",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("site.yaml", "theirs"),
        (".git", "theirs"),
        ("all.json", '{"theirs": 1}'),
        ("nodes/ctl-1.json", '{"theirs": 1}'),
        ("nodes/theirs.json", '{"theirs": 1}'),
        ("nodes/theirs.json", "not JSON"),
        ("clusters/theirs.json", "[]"),
    ],
)
def test_a_directory_of_others_is_not_touched(tmp_path: Path, name: str, content: str) -> None:
    """Anything that was not rendered is refused, by its name, before anything is written."""
    path = tmp_path / "tree" / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    before = identities(tmp_path)
    with pytest.raises(UnwritableFileError) as caught:
        write_tree(tmp_path / "tree", TWO_NODES)
    assert str(caught.value) == (
        f"{tmp_path}/tree: holds {name!r}, which is no rendered hieradata; give a directory of its own"
    )
    assert identities(tmp_path) == before


@pytest.mark.parametrize("name", ["nodes/theirs.json", "clusters/theirs.json"])
def test_a_file_of_others_within_a_tree_of_ours_stays(tmp_path: Path, name: str) -> None:
    """It is not removed with the nodes that leave, but named."""
    write_tree(tmp_path / "tree", TWO_NODES)
    (tmp_path / "tree" / name).write_text('{"theirs": 1}')
    before = identities(tmp_path)
    with pytest.raises(UnwritableFileError, match=f"holds '{name}', which is no rendered hieradata"):
        write_tree(tmp_path / "tree", {"all.json": {"a": 2}})
    assert identities(tmp_path) == before


@pytest.mark.parametrize("name", ["nodes", "clusters"])
def test_a_linked_directory_is_not_followed(tmp_path: Path, name: str) -> None:
    """Nothing outside the tree is written or removed."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / name).symlink_to(tmp_path / "outside")
    with pytest.raises(UnwritableFileError, match="a link to one is not followed"):
        write_tree(tmp_path / "tree", TWO_NODES)
    assert list((tmp_path / "outside").iterdir()) == []
    assert [entry.name for entry in (tmp_path / "tree").iterdir()] == [name]


def test_a_link_to_the_tree_is_the_tree(tmp_path: Path) -> None:
    """An operator may name the directory by a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "tree").symlink_to("real")
    write_tree(tmp_path / "tree", TWO_NODES)
    assert set(identities(tmp_path / "real")) == set(TWO_NODES)


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    """It stays, and the error names it."""
    (tmp_path / "tree").write_text("theirs")
    with pytest.raises(UnwritableFileError) as caught:
        write_tree(tmp_path / "tree", TWO_NODES)
    assert str(caught.value) == f"{tmp_path}/tree: file exists"
    assert (tmp_path / "tree").read_text() == "theirs"


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    """The second is refused while the first holds the lock, and nothing of it is written."""
    write_tree(tmp_path / "tree", TWO_NODES)
    before = identities(tmp_path / "tree")
    with locked(tmp_path / "tree"), pytest.raises(LockedError):
        write_tree(tmp_path / "tree", ONE_NODE)
    assert identities(tmp_path / "tree") == before


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Also in another process, whose hashes are seeded otherwise."""
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.support.topologies import secrets, topology\n"
        "from tripleo_messaging.hieradata.build import build\n"
        "from tripleo_messaging.hieradata.write import write_tree\n"
        "write_tree(Path(sys.argv[1]), build(topology('twice, with TLS'), secrets()))"
    )
    trees = []
    for seed in ("1", "2"):
        target = tmp_path / seed
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))}
        subprocess.run([sys.executable, "-c", code, str(target)], check=True, env=environment, timeout=60)
        trees.append({path: (target / path).read_bytes() for path in identities(target)})
    assert trees[0] == trees[1]
    assert len(trees[0]) > 5


def test_what_changes_is_a_value() -> None:
    """The answer can be compared and not be changed."""
    change = Change(written=("a",), removed=(), unchanged=())
    assert change == attrs.evolve(change)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        change.written = ()  # type: ignore[misc]


def test_sealed_files_are_written_and_go(tmp_path: Path) -> None:
    """They are part of the set: a node that is sealed for no more loses its own, a plain tree has none."""
    files_of = {"ctl-0": _sealed("ctl-0"), "ctl-1": _sealed("ctl-1")}
    write_tree(tmp_path, TWO_NODES, files_of)
    assert {path.name: path.read_bytes() for path in (tmp_path / "sealed").iterdir()} == {
        f"{name}.sealed": data for name, data in files_of.items()
    }
    assert modes(tmp_path)["sealed/ctl-0.sealed"] == "600"
    change = write_tree(tmp_path, TWO_NODES, {"ctl-0": files_of["ctl-0"]})
    assert (change.written, change.removed) == ((), ("sealed/ctl-1.sealed",))
    assert write_tree(tmp_path, TWO_NODES).removed == ("sealed/ctl-0.sealed",)


def test_a_foreign_sealed_file_is_not_removed(tmp_path: Path) -> None:
    """What does not begin as ours does is somebody else's."""
    write_tree(tmp_path, TWO_NODES)
    (tmp_path / "sealed").mkdir()
    (tmp_path / "sealed" / "x.sealed").write_text("theirs")
    with pytest.raises(
        UnwritableFileError, match=r"holds 'sealed/x\.sealed', which is no rendered hieradata"
    ):
        write_tree(tmp_path, TWO_NODES)
    assert (tmp_path / "sealed" / "x.sealed").read_text() == "theirs"


def _sealed(node: str) -> bytes:
    header = Header(node=node, stamp="s", key="k", names=(), wrapped="w")
    return header.encode() + b"\nAAAA\n"
