# SPDX-License-Identifier: Apache-2.0
"""A node's levels in the directory that its Puppet reads."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.support.sealed import STAMP, private_key
from tests.support.topologies import BOTH, CLIENT, NOTIFY_ONLY, RPC_ONLY, secrets, topology
from tripleo_messaging.errors import LockedError, UnreadableFileError, UnwritableFileError, UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.files import locked
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import (
    LEVEL_NAMES,
    SEALED_NAME,
    install,
    install_levels,
    planned_change,
    uninstall_levels,
)
from tripleo_messaging.hieradata.seal import seal_tree
from tripleo_messaging.hieradata.tree import read_levels, read_part, read_sealed
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


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """Return a sealed tree, for a member of both clusters and a node of clients."""
    keys = {name: private_key("ctl-0").public_key() for name in (BOTH, CLIENT)}
    tree = seal_tree(build(topology("twice"), secrets()), keys, STAMP)
    write_tree(tmp_path / "sealed", tree.levels, tree.sealed)
    return tmp_path / "sealed"


@pytest.mark.parametrize("node", [BOTH, CLIENT])
def test_a_sealed_file_is_installed_with_its_levels(sealed: Path, tmp_path: Path, node: str) -> None:
    """Under one name on every node, for root only; nothing that is installed says a secret."""
    change = install(sealed, node, tmp_path / "data")
    assert SEALED_NAME in change.written
    assert (tmp_path / "data" / SEALED_NAME).read_bytes() == read_sealed(sealed, node)
    assert stat.S_IMODE((tmp_path / "data" / SEALED_NAME).stat().st_mode) == 0o600
    installed = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert not any(word in installed for word in (b"rpcsecret", b"COOKIE", b"password_hash"))


def test_a_sealed_file_goes_with_the_sealing(sealed: Path, trees: Path, tmp_path: Path) -> None:
    """A tree that is not sealed any more removes it, and back again."""
    install(sealed, BOTH, tmp_path / "data")
    assert install(trees / "twice", BOTH, tmp_path / "data").removed == (SEALED_NAME,)
    assert "rpcsecret" in (tmp_path / "data" / "messaging_all.json").read_text()
    assert SEALED_NAME in install(sealed, BOTH, tmp_path / "data").written
    assert "rpcsecret" not in (tmp_path / "data" / "messaging_all.json").read_text()


def test_a_node_that_was_not_sealed_for_is_told(sealed: Path, tmp_path: Path) -> None:
    """It would have levels without any secret; the way to a sealed file is said, and nothing written."""
    with pytest.raises(UnreadableFileError) as caught:
        install(sealed, NOTIFY_ONLY, tmp_path / "data")
    assert str(caught.value) == (
        "sealed/msg-1.sealed: is not in the tree, whose secrets are sealed; put the public key of msg-1 as"
        " msg-1.pem into the directory of public keys, and run: tripleo-messaging hieradata seal"
    )
    assert not (tmp_path / "data").exists()


def test_a_file_of_another_run_is_refused(sealed: Path, tmp_path: Path) -> None:
    """Levels and sealed file that do not belong together never meet on a node."""
    part = read_part(sealed, BOTH)
    tree = seal_tree(build(topology("twice"), secrets()), {BOTH: private_key("ctl-0").public_key()}, "f" * 32)
    with pytest.raises(UnreadableFileError, match="was not sealed with the levels of the tree"):
        install_levels(part.levels, BOTH, tmp_path / "data", tree.sealed[BOTH])
    with pytest.raises(UnreadableFileError, match=f"was sealed for the node '{CLIENT}'"):
        install_levels(part.levels, BOTH, tmp_path / "data", read_sealed(sealed, CLIENT))


def test_a_plan_is_what_happens(sealed: Path, trees: Path, tmp_path: Path) -> None:
    """What is said beforehand is what is done, and saying it writes nothing."""
    for tree in (trees / "twice", sealed, sealed, trees / "shared"):
        part = read_part(tree, BOTH)
        before = identities(tmp_path / "data") if (tmp_path / "data").exists() else None
        planned = planned_change(part.levels, BOTH, tmp_path / "data", part.sealed)
        assert before == (identities(tmp_path / "data") if (tmp_path / "data").exists() else None)
        assert install(tree, BOTH, tmp_path / "data") == planned


def test_a_plan_is_refused_as_the_installation_is(trees: Path, tmp_path: Path) -> None:
    """A slip in a name is told before it can do harm."""
    install(trees / "shared", BOTH, tmp_path)
    with pytest.raises(UnwritableFileError, match="holds the data of the member"):
        planned_change(read_levels(trees / "shared", CLIENT), CLIENT, tmp_path)


def test_uninstalling_leaves_what_is_others(sealed: Path, tmp_path: Path) -> None:
    """Our files go, sealed or not; a second time there is nothing to do, nor where nothing is."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "service_configs.json").write_text("{}")
    install(sealed, BOTH, tmp_path / "data")
    change = uninstall_levels(tmp_path / "data")
    assert change.removed == (*(f"{name}.json" for name in LEVEL_NAMES), SEALED_NAME)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["service_configs.json"]
    assert uninstall_levels(tmp_path / "data").removed == ()
    assert uninstall_levels(tmp_path / "none") == Change(written=(), removed=(), unchanged=())
    assert not (tmp_path / "none").exists()
