# SPDX-License-Identifier: Apache-2.0
"""A node's levels in the directory that its Puppet reads."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.support.topologies import BOTH, CLIENT, RPC_ONLY, secrets, topology
from tripleo_messaging.errors import LockedError, UnreadableFileError, UnwritableFileError, UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.files import locked
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import LEVEL_NAMES, install, install_levels
from tripleo_messaging.hieradata.tree import read_levels
from tripleo_messaging.hieradata.write import write_tree


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render a cloud with two clusters, and the same with one."""
    folder = tmp_path_factory.mktemp("trees")
    for name in ("twice", "shared"):
        write_tree(folder / name, build(topology(name), secrets()))
    return folder


def identities(directory: Path) -> dict[str, tuple[int, int]]:
    """Return what changes of a file when it is written again."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("node", "names"),
    [
        (BOTH, {"messaging_node", "messaging_cluster_rpc", "messaging_cluster_notify", "messaging_all"}),
        (RPC_ONLY, {"messaging_node", "messaging_cluster_rpc", "messaging_all"}),
        (CLIENT, {"messaging_all"}),
    ],
)
def test_a_node_gets_its_own_levels(trees: Path, tmp_path: Path, node: str, names: set[str]) -> None:
    """Under fixed names, for root only; a host of clients has no file of a broker."""
    install(trees / "twice", node, tmp_path / "data")
    assert {path.stem for path in (tmp_path / "data").iterdir()} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert names <= set(LEVEL_NAMES)


def test_levels_arrive_byte_by_byte(trees: Path, tmp_path: Path) -> None:
    """What is installed is what was rendered."""
    install(trees / "twice", BOTH, tmp_path)
    rendered = {
        "messaging_node.json": f"nodes/{BOTH}.json",
        "messaging_cluster_rpc.json": "clusters/rpc.json",
        "messaging_cluster_notify.json": "clusters/notify.json",
        "messaging_all.json": "all.json",
    }
    found = {name: (tmp_path / name).read_bytes() for name in rendered}
    assert found == {name: (trees / "twice" / path).read_bytes() for name, path in rendered.items()}


def test_levels_that_were_read_need_no_tree(tmp_path: Path) -> None:
    """What is said of them and what is installed are of one rendering, whatever becomes of the tree."""
    write_tree(tmp_path / "tree", build(topology("shared"), secrets()))
    levels = read_levels(tmp_path / "tree", RPC_ONLY)
    write_tree(tmp_path / "tree", build(topology("shared"), secrets(RpcPassword="another")))
    install_levels(levels, RPC_ONLY, tmp_path / "data")
    assert "rpcsecret" in (tmp_path / "data" / "messaging_all.json").read_text()


@pytest.mark.parametrize("secret", ["RPCCOOKIE", "NOTIFYCOOKIE", "password_hash", "ssl_options.keyfile"])
def test_no_client_holds_what_is_the_brokers(trees: Path, tmp_path: Path, secret: str) -> None:
    """Cookies, definitions and keys stay on the members."""
    install(trees / "twice", CLIENT, tmp_path)
    assert secret not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_cluster_that_a_node_left_goes(trees: Path, tmp_path: Path) -> None:
    """Its cookie is removed from the node; files of others stay untouched."""
    (tmp_path / "service_configs.json").write_text("{}")
    (tmp_path / "messaging_of_others.json").write_text("{}")
    install(trees / "twice", BOTH, tmp_path)
    before = identities(tmp_path)
    change = install(trees / "shared", BOTH, tmp_path)
    assert change.removed == ("messaging_cluster_notify.json",)
    after = identities(tmp_path)
    assert {name for name in before if before[name] == after.get(name)} == {
        "service_configs.json",
        "messaging_of_others.json",
        "messaging_cluster_rpc.json",
    }
    levels = build(topology("shared"), secrets())
    without = {path: data for path, data in levels.items() if path != f"nodes/{BOTH}.json"}
    write_tree(trees / "left", without)
    assert install(trees / "left", BOTH, tmp_path).removed == (
        "messaging_node.json",
        "messaging_cluster_rpc.json",
    )


def test_a_slip_takes_no_brokers_data(trees: Path, tmp_path: Path) -> None:
    """Where a member's data is, a name that is no member's changes nothing, and is told."""
    install(trees / "shared", BOTH, tmp_path)
    before = identities(tmp_path)
    with pytest.raises(UnwritableFileError, match=f"holds the data of the member {BOTH}, and {CLIENT} is"):
        install(trees / "shared", CLIENT, tmp_path)
    assert identities(tmp_path) == before


def test_a_second_time_changes_nothing(trees: Path, tmp_path: Path) -> None:
    """Every file stays as it is, so that nothing is restarted for it."""
    install(trees / "twice", BOTH, tmp_path)
    before = identities(tmp_path)
    change = install(trees / "twice", BOTH, tmp_path)
    assert change == Change(written=(), removed=(), unchanged=change.unchanged)
    assert len(change.unchanged) == 4
    assert identities(tmp_path) == before


def test_a_damaged_tree_is_not_installed(trees: Path, tmp_path: Path) -> None:
    """The node keeps what it has."""
    install(trees / "twice", BOTH, tmp_path / "data")
    before = identities(tmp_path / "data")
    write_tree(tmp_path / "tree", build(topology("shared"), secrets()))
    (tmp_path / "tree" / "clusters" / "rpc.json").write_text(json.dumps({"changed": "by hand"}))
    with pytest.raises(UnreadableFileError, match="is damaged or was changed by hand"):
        install(tmp_path / "tree", BOTH, tmp_path / "data")
    assert identities(tmp_path / "data") == before


def test_an_interrupted_tree_is_not_installed(tmp_path: Path) -> None:
    """Between the old and the new one it is a mixture."""
    write_tree(tmp_path / "tree", build(topology("shared"), secrets()))
    (tmp_path / "tree" / ".tripleo-messaging.pending").mkdir()
    with pytest.raises(UnreadableFileError, match="was interrupted here; if none is, render again"):
        install(tmp_path / "tree", BOTH, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("node", ["../all", "", "a/b", "-x", "a\n", "x" * 254])
def test_a_node_is_a_name_and_no_path(trees: Path, tmp_path: Path, node: str) -> None:
    """What could lead out of the tree is refused."""
    with pytest.raises(UsageError, match="is not an inventory name"):
        install(trees / "twice", node, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_two_do_not_install_at_once(trees: Path, tmp_path: Path) -> None:
    """The second is refused while the first holds the lock."""
    with locked(tmp_path), pytest.raises(LockedError):
        install(trees / "twice", BOTH, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_written_through(trees: Path, tmp_path: Path) -> None:
    """Nor replaced, as its file would stay behind with the secrets in it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere.json").write_text("theirs")
    (tmp_path / "data" / "messaging_all.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(UnwritableFileError, match="is a symbolic link"):
        install(trees / "twice", BOTH, tmp_path / "data")
    assert (tmp_path / "elsewhere.json").read_text() == "theirs"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["messaging_all.json"]
