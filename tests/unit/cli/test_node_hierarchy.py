# SPDX-License-Identifier: Apache-2.0
"""``hieradata install`` into a node's own hierarchy, and ``hieradata uninstall`` out of it."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import stat
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import ROOT
from tripleo_messaging.cli import node_files
from tripleo_messaging.cli.node_edits import Edit, carry_out
from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.hieradata.install import LEVEL_NAMES
from tripleo_messaging.hieradata.tree import read_levels
from tripleo_messaging.model.secret import MASK
from tripleo_messaging.sealing.keys import create_key_pair

_LEVELS_OF_TRIPLEO = ("ansible_managed", "extraconfig", "service_configs", "all_nodes")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Make a node with a hierarchy of TripleO's form, version 3, and one of an environment, version 5."""
    root = tmp_path / "node"
    data = root / "hieradata"
    data.mkdir(parents=True)
    levels = "".join(f"  - {level}\n" for level in _LEVELS_OF_TRIPLEO)
    text = f"# kept\n---\n:backends: [json]\n:json:\n  :datadir: {data}\n:hierarchy:\n{levels}"
    (root / "hiera.yaml").write_text(text)
    (root / "hiera.yaml").chmod(0o600)
    environment = root / "environments" / "production"
    environment.mkdir(parents=True)
    entries = "hierarchy:\n  - name: Everybody  # of the site\n    path: common.yaml\n"
    (environment / "hiera.yaml").write_text(f"version: 5\n{entries}")
    (data / "extraconfig.json").write_text('{"messaging_rpc_port": 5699}')
    (data / "all_nodes.json").write_text('{"messaging_rpc_node_names": ["old"], "other": 1}')
    return root


@pytest.fixture
def install(run, tree):
    """Return a function that installs the one member of the default plan."""
    return lambda *options: run("hieradata", "install", "--node", "localhost", "--data", tree, *options)


def everything(directory: Path) -> dict[str, bytes]:
    """Return all files below a directory."""
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def test_there_and_back(install, run, node):
    """What installing changes in two hierarchies and in facts, uninstalling takes back, byte for byte."""
    before = everything(node)
    configs = (node / "hiera.yaml", node / "environments/production/hiera.yaml")
    options = [word for path in configs for word in ("--hiera-config", path)]
    options += ["--facts-dir", node / "facts.d"]
    ran = install(*options)
    assert (ran.status, ran.err) == (0, "")
    hierarchy = yaml.safe_load(configs[0].read_text())[":hierarchy"]
    assert hierarchy == ["ansible_managed", "extraconfig", *LEVEL_NAMES, "service_configs", "all_nodes"]
    entry = yaml.safe_load(configs[1].read_text())["hierarchy"][-1]
    assert (entry["datadir"], len(entry["paths"])) == (str(node / "hieradata"), len(LEVEL_NAMES))
    assert stat.S_IMODE(configs[0].stat().st_mode) == 0o600
    fact = json.loads((node / "facts.d/tripleo_messaging.json").read_text())["tripleo_messaging"]
    assert (fact["node"], fact["rpc"]["part"]) == ("localhost", "server")
    words = shlex.split(ran.out.splitlines()[-1])
    assert words[4:10] == [
        *("--hiera_config", str(configs[0])),
        *("--environmentpath", str(node / "environments"), "--environment", "production"),
    ]
    assert "  unchanged  levels" in install(*options).out
    ran = run("hieradata", "uninstall", *options)
    assert (ran.status, ran.err) == (0, "")
    assert everything(node) == before


def test_the_data_directory_is_the_one_that_the_hierarchy_reads(install, node):
    """It need not be said twice; one that is not read is refused before anything is written."""
    before = everything(node)
    ran = install(
        "--hiera-config", node / "hiera.yaml", "--target", node / "elsewhere", "--facts-dir", node / "f"
    )
    assert ran.status == 1
    assert str(node / "hieradata") in ran.err
    assert everything(node) == before
    assert not (node / "elsewhere").exists()
    install("--hiera-config", node / "hiera.yaml")
    assert (node / "hieradata" / "messaging_all.json").exists()


def test_findings_of_all_files_come_at_once(install, node):
    """Two hierarchies that cannot be changed are both named, and nothing is written."""
    for name in ("first.yaml", "second.yaml"):
        (node / name).write_text("version: 4\nhierarchy: []\n")
    before = everything(node)
    ran = install("--hiera-config", node / "first.yaml", "--hiera-config", node / "second.yaml")
    assert ran.status == 1
    assert all(f"{node}/{name}:" in ran.err for name in ("first.yaml", "second.yaml"))
    assert everything(node) == before


def test_check_writes_nothing_and_shows_no_secret(install, run, tree, node):
    """Both commands show what they would do, with the secrets masked."""
    before = everything(node)
    options = ("--hiera-config", node / "hiera.yaml", "--facts-dir", node / "facts.d")
    out = install(*options, "--check").out
    assert everything(node) == before
    assert not (node / "facts.d").exists()
    assert "+  - messaging_all" in out.splitlines()
    assert f"  + messaging_rpc_password: {MASK}" in out.splitlines()
    assert '  + messaging_rpc_node_names: ["localhost"]' in out.splitlines()
    secret = read_levels(tree, None)["all.json"]["messaging_rpc_password"]
    install(*options)
    installed = everything(node)
    assert "Nothing would change." in install(*options, "--check").out.splitlines()
    removal = run("hieradata", "uninstall", *options, "--check").out
    assert "-  - messaging_all" in removal.splitlines()
    assert f"  - messaging_rpc_password: {MASK}" in removal.splitlines()
    assert everything(node) == installed
    assert secret not in out + removal


def test_what_changes_is_shown_by_key(install, run, tmp_path, node):
    """A value that is another one is shown before and after, a secret as another one."""
    install("--hiera-config", node / "hiera.yaml")
    plan = tmp_path / "plan.yaml"
    plan.write_text("version: 1\nrelease: wallaby\nrpc: {port: 5680}\n")
    other = tmp_path / "other"
    where = ("--secrets", tmp_path / "others.yaml", "--generate", "--output", other)
    assert run("hieradata", "render", "--plan", plan, *where).status == 0
    options = ("--node", "localhost", "--data", other, "--hiera-config", node / "hiera.yaml", "--check")
    lines = run("hieradata", "install", *options).out.splitlines()
    assert "  ~ messaging_rpc_port: 5672 -> 5680" in lines
    assert f"  ~ messaging_rpc_password: {MASK}, another one" in lines


def test_managed_data(install, run, node):
    """The keys go into a file that is read already; what that hides is named, and no hiera.yaml changes."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text('{"site": "a",\n "b": [1]}\n')
    managed.chmod(0o600)
    before = everything(node)
    options = ("--managed-data", managed, "--hiera-config", node / "hiera.yaml")
    checked = install(*options, "--check").out.splitlines()
    assert everything(node) == before
    hidden = ["  extraconfig: messaging_rpc_port", "  all_nodes: messaging_rpc_node_names"]
    assert [line for line in checked if line in hidden] == hidden
    assert f"+ messaging_rpc_password: {MASK}" in checked
    unknown = "What it hides is listed when --hiera-config names the node's hiera.yaml"
    alone = ("--managed-data", managed, "--target", node / "hieradata", "--check")
    assert [line for line in install(*alone).out.splitlines() if line in hidden] == hidden
    (node / "hiera.yaml").rename(node / "elsewhere.yaml")
    assert unknown in install(*alone).out
    (node / "elsewhere.yaml").rename(node / "hiera.yaml")
    ran = install(*options)
    assert (ran.status, ran.err) == (0, "")
    assert unknown not in ran.out
    data = json.loads(managed.read_text())
    assert (data["site"], data["b"], data["messaging_rpc_port"]) == ("a", [1], 5672)
    assert data["lookup_options"]["messaging_rpc_password"] == {"convert_to": "Sensitive"}
    assert (node / "hiera.yaml").read_bytes() == before["hiera.yaml"]
    assert run("hieradata", "uninstall", *options).status == 0
    assert everything(node) == before


def test_a_hierarchy_that_is_only_read_may_have_any_order(install, node):
    """What would stop our levels from going into it does not stop keys in a file that it reads."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text("{}")
    managed.chmod(0o600)
    config = node / "hiera.yaml"
    lines = config.read_text().splitlines()
    config.write_text("\n".join([*lines[:-3], *reversed(lines[-3:]), ""]))
    assert install("--hiera-config", config).status == 1
    assert install("--hiera-config", config, "--managed-data", managed).status == 0


def test_a_managed_file_that_no_level_reads_is_refused(install, node):
    """Keys in it would not be found."""
    ran = install("--managed-data", node / "hieradata/unread.json", "--hiera-config", node / "hiera.yaml")
    assert ran.status == 1
    assert "no level reads 'unread'" in ran.err
    assert not (node / "hieradata/unread.json").exists()


def test_a_damaged_level_below_is_said_and_in_nobodys_way(install, node):
    """What managed data hide is a help; a file that cannot be read is only not looked into."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text("{}")
    managed.chmod(0o600)
    (node / "hieradata" / "extraconfig.json").write_text("{")
    ran = install("--managed-data", managed, "--hiera-config", node / "hiera.yaml")
    assert ran.status == 0
    assert "extraconfig.json): not looked into, as it cannot be read" in ran.out
    assert "  all_nodes: messaging_rpc_node_names" in ran.out


@pytest.mark.parametrize("content", [None, b"", b" \n", b"{}", b'{"a": 1}'])
def test_managed_data_without_ours_stay(run, node, content):
    """Uninstalling where nothing of ours is leaves a file as it is, and makes none."""
    managed = node / "hieradata" / "ansible_managed.json"
    if content is not None:
        managed.write_bytes(content)
    before = everything(node)
    ran = run("hieradata", "uninstall", "--target", node / "hieradata", "--managed-data", managed)
    assert (ran.status, everything(node)) == (0, before)


def test_a_blank_managed_file_is_refused(install, node):
    """It is somebody's, and uninstalling could not give it back as it was."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text("")
    managed.chmod(0o600)
    ran = install("--managed-data", managed, "--hiera-config", node / "hiera.yaml")
    assert ran.status == 1
    assert "is empty" in ran.err
    assert managed.read_text() == ""


def test_a_managed_file_elsewhere_is_refused(install, node, tmp_path):
    """It has a level's name, and stands where that level is not read."""
    ran = install("--managed-data", tmp_path / "ansible_managed.json", "--hiera-config", node / "hiera.yaml")
    assert ran.status == 1
    assert f"reads its levels in {node}/hieradata, so that keys in this file would not be found" in ran.err
    assert not (tmp_path / "ansible_managed.json").exists()


def test_secrets_do_not_go_where_others_read(install, node):
    """A managed file keeps its mode, so one that others may read gets no password."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text("{}")
    managed.chmod(0o640)
    ran = install("--managed-data", managed, "--hiera-config", node / "hiera.yaml")
    assert ran.status == 1
    assert f"may be read by others (mode 0640), and the keys hold secrets (chmod 0600 {managed})" in ran.err
    assert managed.read_text() == "{}"


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_what_cannot_be_written_is_found_first(install, run, node, command):
    """A link in the place of one file stops the command before another is written, with --check, too."""
    install("--hiera-config", node / "hiera.yaml")
    if command == "install":
        run("hieradata", "uninstall", "--hiera-config", node / "hiera.yaml")
    (node / "hiera.yaml").rename(node / "real.yaml")
    (node / "link.yaml").symlink_to("real.yaml")
    before = everything(node)
    options = ("--hiera-config", node / "link.yaml")
    for more in ((), ("--check",)):
        ran = (
            install(*options, *more)
            if command == "install"
            else run("hieradata", "uninstall", *options, *more)
        )
        assert ran.status == 3
        assert "is a symbolic link; name the file that it points to" in ran.err
        assert everything(node) == before


@pytest.fixture
def sealed(run, tree, tmp_path):
    """Seal the tree, and return the new one."""
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "localhost.pem").write_bytes(create_key_pair().certificate_pem)
    where = ("--data", tree, "--public-keys", keys, "--output", tmp_path / "sealed")
    assert run("hieradata", "seal", *where).status == 0
    return tmp_path / "sealed"


def test_sealed_secrets_need_a_hierarchy_with_functions(run, sealed, tree, node):
    """Without one named nothing is installed, and nothing that was sealed is replaced or taken away."""
    data = node / "hieradata"
    v5 = ("--hiera-config", node / "environments/production/hiera.yaml")
    v3 = ("--hiera-config", node / "hiera.yaml")

    def act(command, *words):
        return run("hieradata", command, "--target", data, *words)

    member = ("--node", "localhost", "--data")
    for options in ((), v3):
        before = everything(node)
        ran = act("install", *member, sealed, *options)
        assert (ran.status, everything(node)) == (2, before)
        assert "the tree is sealed, and only a function in the environment's hiera.yaml" in ran.err
    assert act("install", *member, sealed, *v3, *v5).status == 0
    entries = yaml.safe_load((node / "environments/production/hiera.yaml").read_text())["hierarchy"]
    assert [entry.get("lookup_key") for entry in entries] == [None, "tripleo_messaging::data", None]
    for refused in (("install", *member, tree, *v3), ("uninstall", *v3), ("uninstall",)):
        before = everything(node)
        ran = act(*refused)
        assert (ran.status, everything(node)) == (2, before)
        assert f"the secrets in {data} are sealed" in ran.err
    assert act("install", *member, tree, *v3, *v5).status == 0
    assert not (data / "messaging_secrets.sealed").exists()
    assert "lookup_key" not in (node / "environments/production/hiera.yaml").read_text()


def test_a_sealed_file_comes_after_its_entry(run, sealed, node):
    """An entry without its file stops Puppet; levels without the entry would send lookups further down."""
    config = node / "environments/production/hiera.yaml"
    (node / "hieradata").chmod(0o700)
    descriptor = os.open(node / "hieradata", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    where = ("--node", "localhost", "--data", sealed, "--target", node / "hieradata")
    ran = run("hieradata", "install", *where, "--hiera-config", config)
    os.close(descriptor)
    assert ran.status == 3
    assert "tripleo_messaging::data" in config.read_text()
    assert not (node / "hieradata" / "messaging_all.json").exists()


def test_a_refused_sealed_file_changes_no_hierarchy(run, sealed, node):
    """An entry without its file would stop Puppet, so what is refused is refused before."""
    config = node / "environments/production/hiera.yaml"
    (sealed / "sealed/localhost.sealed").write_text("nonsense")
    before = everything(node)
    where = ("--node", "localhost", "--data", sealed, "--target", node / "hieradata")
    ran = run("hieradata", "install", *where, "--hiera-config", config)
    assert (ran.status, everything(node)) == (3, before)


def test_check_shows_nothing_secret_of_what_was_there(install, node):
    """A fact that somebody wrote by hand may hold anything."""
    facts = node / "facts.d"
    facts.mkdir()
    old = {"tripleo_messaging": {"x": {"password": "c4n4ry"}, "l": [{"to": "a://u:c4n4ry@h"}]}}
    (facts / "tripleo_messaging.json").write_text(json.dumps(old))
    out = install("--target", node / "hieradata", "--facts-dir", facts, "--check").out
    assert f'- x: {{"password": "{MASK}"}}' in out
    assert "c4n4ry" not in out


def test_a_level_that_cannot_be_read_is_not_looked_into(install, node):
    """One that is too large for any level is told of."""
    managed = node / "hieradata" / "ansible_managed.json"
    managed.write_text("{}")
    managed.chmod(0o600)
    with (node / "hieradata" / "extraconfig.json").open("wb") as file:
        file.truncate(70_000_000)
    ran = install("--managed-data", managed, "--hiera-config", node / "hiera.yaml", "--check")
    assert "extraconfig.json): not looked into, as it cannot be read" in ran.out


def test_levels_go_after_the_hierarchy_that_names_them(install, run, node):
    """While the hierarchy cannot be written the levels stay."""
    options = ("--hiera-config", node / "hiera.yaml")
    install(*options)
    descriptor = os.open(node, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    ran = run("hieradata", "uninstall", *options)
    os.close(descriptor)
    assert ran.status == 3
    assert (node / "hieradata" / "messaging_all.json").exists()


def test_the_two_forms_of_the_fact_take_turns(install, node):
    """Facter takes the last of two files in a directory, so only one of ours may be there."""
    facts = node / "facts.d"
    install("--target", node / "hieradata", "--facts-dir", facts)
    assert [path.name for path in facts.iterdir()] == ["tripleo_messaging.json"]
    assert stat.S_IMODE(facts.stat().st_mode) & 0o555 == 0o555
    install("--target", node / "hieradata", "--facts-dir", facts, "--live-fact")
    (live,) = facts.iterdir()
    assert (live.name, stat.S_IMODE(live.stat().st_mode)) == ("tripleo_messaging", 0o755)
    assert f"--data {node}/hieradata --node localhost\n" in live.read_text()
    install("--target", node / "hieradata", "--facts-dir", facts)
    assert [path.name for path in facts.iterdir()] == ["tripleo_messaging.json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--live-fact",), "--live-fact: needs --facts-dir, the directory that it is for"),
        (("--above", "x"), "--above: needs --hiera-config, the hierarchy that has that level"),
    ],
)
def test_options_that_need_another(install, options, message):
    """They are refused as wrong usage."""
    ran = install(*options)
    assert (ran.status, ran.err) == (2, f"error: {message}\n")


def test_nothing_is_there_to_uninstall(run, node):
    """It says so, and leaves all as it is."""
    before = everything(node)
    ran = run("hieradata", "uninstall", "--hiera-config", node / "hiera.yaml", "--facts-dir", node / "none")
    assert (ran.status, ran.err) == (0, "")
    assert "  none of ours" in ran.out.splitlines()
    assert everything(node) == before


def test_a_file_that_was_changed_meanwhile_is_left(tmp_path):
    """An edit is only written over what it was decided on."""
    path = tmp_path / "hiera.yaml"
    path.write_bytes(b"another's")
    with pytest.raises(UnwritableFileError, match="was changed meanwhile; run the command again"):
        carry_out([Edit(path=path, before=b"what was read", after=b"ours")])
    assert path.read_bytes() == b"another's"


def test_a_busy_directory_is_said(install, node):
    """While another command writes beside a hiera.yaml this one ends with 3."""
    descriptor = os.open(node, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    ran = install("--hiera-config", node / "hiera.yaml")
    os.close(descriptor)
    assert ran.status == 3
    assert "another tripleo-messaging command is writing here" in ran.err


def test_the_default_key_is_in_the_manual():
    """What `--private-key` is without being said stands in the page on sealed secrets."""
    assert str(node_files.DEFAULT_PRIVATE_KEY) in (ROOT / "docs/sealed.rst").read_text()
