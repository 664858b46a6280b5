# SPDX-License-Identifier: Apache-2.0
"""``lookup --explain`` with real hierarchies of both versions, asked of the real programs.

Each start of Puppet takes two seconds, so a test asks for several things at once where it can.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Optional

import attrs
import pytest
import yaml

from tests.support import hiera
from tests.support.canary import PLAIN, betrays
from tests.support.hieradata import PROGRAM
from tests.support.puppet import SHIMS
from tests.support.topologies import BOTH, secrets, topology
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.write import write_tree

_FACTS = {
    **dict.fromkeys(("fqdn", "clientcert"), f"{BOTH}.example.org"),
    "hostname": BOTH,
    "domain": "example.org",
    "uuid": "0b5c",
    "osfamily": "Debian",
    "deploy_config_name": "none",
}
_V5 = """\
version: 5
defaults: {{datadir: {datadir}, data_hash: json_data}}
hierarchy:
  - {{name: Managed, path: ansible_managed.json}}
  - {{name: Extra, path: extraconfig.json}}
  - name: tripleo-messaging
    paths:
      - messaging_node.json
      - messaging_cluster_rpc.json
      - messaging_cluster_notify.json
      - messaging_all.json
  - {{name: Everybody, path: all_nodes.json}}
"""
_TWO_BACKENDS = """\
---
:backends: [yaml, json]
:yaml:
  :datadir: "{directory}/yaml/%{{::osfamily}}"
:json:
  :datadir: {directory}/hieradata
:hierarchy: [messaging_all, all_nodes]
"""
_ENVIRONMENT = """\
version: 5
hierarchy:
  - {name: Of the environment, path: common.yaml}
"""


@attrs.frozen(kw_only=True)
class Node:
    """A node with hieradata of ours and of its operator.

    Attributes:
        directory: of all of it.
        datadir: of the levels.
    """

    directory: Path
    datadir: Path

    def operator(self, name: str, data: dict[str, Any]) -> None:
        """Write a level that is not ours."""
        (self.datadir / f"{name}.json").write_text(json.dumps(data))

    def environment(self, data: dict[str, Any]) -> None:
        """Give the node an environment with data."""
        directory = self.directory / "environments/production"
        (directory / "data").mkdir(parents=True)
        (directory / "hiera.yaml").write_text(_ENVIRONMENT)
        (directory / "data/common.yaml").write_text(yaml.safe_dump(data))

    def config(self, version: str) -> Path:
        """Write the global hierarchy of a version, and return its path."""
        if version == "v3":
            return hiera.hierarchy("v3", self.datadir, self.directory)
        path = self.directory / "hiera-v5.yaml"
        path.write_text(_V5.format(datadir=self.datadir))
        return path

    def ask(self, key: str, version: str, *more: str, path: Optional[str] = None) -> Any:
        """Run the command, and return what it did."""
        facts = self.directory / "facts.json"
        facts.write_text(json.dumps(_FACTS))
        options = ["--hiera-config", self.config(version), "--facts", facts, "--node", BOTH]
        (self.directory / "environments").mkdir(exist_ok=True)
        if "--program" not in more:
            options += ["--environmentpath", self.directory / "environments", "--modulepath", SHIMS]
        words = [PROGRAM, "lookup", key, "--explain", *options, *more]
        environment = {"PATH": "/usr/bin:/bin" if path is None else path, "HOME": str(self.directory)}
        return subprocess.run(
            [str(word) for word in words], check=False, capture_output=True, env=environment
        )

    def explained(self, key: str, version: str, *more: str) -> dict[str, Any]:
        """Return the explanation."""
        done = self.ask(key, version, "-f", "json", *more)
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said


@pytest.fixture
def node(tmp_path):
    """A member of both clusters, in whose data every secret is the canary."""
    canaries = dict.fromkeys(("RpcPassword", "NotifyPassword", "RabbitCookie", "RabbitNotifyCookie"), PLAIN)
    write_tree(tmp_path / "tree", build(topology("twice"), secrets(**canaries)))
    install(tmp_path / "tree", BOTH, tmp_path / "hieradata")
    return Node(directory=tmp_path, datadir=tmp_path / "hieradata")


def part(definer: dict[str, Any]) -> tuple[str, str, bool, bool]:
    """Return what matters of a definer: layer, name of the file, whether it is ours, and whether it wins."""
    return definer["layer"], Path(definer["file"]).name, definer["is_ours"], definer["wins"]


@pytest.mark.parametrize("version", ["v3", "v5"])
def test_an_override_shadows_ours(version, node):
    """What the operator says above us decides; all others that say something are named, in order."""
    node.operator("extraconfig", {"messaging_rpc_port": 9999})
    node.operator("all_nodes", {"messaging_rpc_port": 5555})
    node.environment({"messaging_rpc_port": 1234})
    said = node.explained("messaging_rpc_port", version)
    assert (said["value"], said["merge"], said["program"]) == (9999, "first", "puppet lookup")
    assert [part(definer) for definer in said["definers"]] == [
        ("global", "extraconfig.json", False, True),
        ("global", "messaging_all.json", True, False),
        ("global", "all_nodes.json", False, False),
        ("environment", "common.yaml", False, False),
    ]
    assert said["verdict"] == (
        "extraconfig.json decides; ours in messaging_all.json is shadowed;"
        " all_nodes.json and common.yaml are shadowed"
    )


@pytest.mark.parametrize("version", ["v3", "v5"])
def test_managed_data_are_known_as_ours(version, node):
    """A key that we put into ansible_managed.json is ours there, and the operator's own beside it is not."""
    node.operator(
        "ansible_managed",
        {
            "tripleo_messaging::managed": ["messaging_rpc_port"],
            "messaging_rpc_port": 5672,
            "messaging_rpc_user_name": "else",
        },
    )
    ours, theirs = (node.explained(f"messaging_rpc_{word}", version) for word in ("port", "user_name"))
    assert ours["verdict"] == "ansible_managed.json (ours) decides; ours in messaging_all.json is shadowed"
    assert theirs["verdict"] == "ansible_managed.json decides; ours in messaging_all.json is shadowed"


@pytest.mark.parametrize("version", ["v3", "v5"])
def test_a_key_that_is_merged_names_all_of_it(version, node):
    """An operator's entry goes into what is merged, and shadows nothing."""
    key = "tripleo_messaging::rabbitmq::instances"
    node.operator("extraconfig", {key: {"rabbit": {"file_limit": 7}}})
    said = node.explained(key, version)
    assert said["merge"] == "deep"
    assert said["value"]["rabbit"]["file_limit"] == 7
    assert said["value"]["rabbit"]["node_name"].startswith("rabbit@")
    assert [part(definer)[1:] for definer in said["definers"]] == [
        ("extraconfig.json", False, True),
        ("messaging_node.json", True, True),
        ("messaging_cluster_rpc.json", True, True),
        ("messaging_cluster_notify.json", True, True),
    ]


def test_the_hiera_command_sees_the_same(node):
    """Where a script calls `hiera`, it is asked; it knows the facts that the hierarchy names."""
    node.operator("extraconfig", {"messaging_rpc_port": 9999})
    node.operator("0b5c", {"messaging_rpc_user_name": "of this host"})
    port, user = (
        node.explained(f"messaging_rpc_{word}", "v3", "--program", "hiera") for word in ("port", "user_name")
    )
    assert (port["value"], port["is_complete"]) == (9999, True)
    assert port["verdict"] == "extraconfig.json decides; ours in messaging_all.json is shadowed"
    assert user["verdict"] == "0b5c.json decides; ours in messaging_all.json is shadowed"


def test_the_hiera_command_with_two_backends(node):
    """The files of each are found, though all of the levels are there, and Hiera names none of them."""
    (node.directory / "yaml/Debian").mkdir(parents=True)
    (node.directory / "yaml/Debian/all_nodes.yaml").write_text("messaging_rpc_port: 7777\n")
    node.operator("all_nodes", {"messaging_rpc_port": 5555})
    config = node.directory / "hiera-two.yaml"
    config.write_text(_TWO_BACKENDS.format(directory=node.directory))
    more = ("--program", "hiera", "--hiera-config", str(config))
    said = node.explained("messaging_rpc_port", "v3", *more)
    assert (said["value"], said["is_complete"]) == (7777, True)
    assert [(part(definer), definer["value"]) for definer in said["definers"]] == [
        (("global", "all_nodes.yaml", False, True), 7777),
        (("global", "messaging_all.json", True, False), 5672),
        (("global", "all_nodes.json", False, False), 5555),
    ]


_OF_NOVA = {
    "nova::config::nova_config": {"keystone_authtoken/password": {"value": PLAIN}},
    "nova::database_connection": f"mysql+pymysql://nova:{PLAIN}@db/nova",
    "nova::of_another_key": "%{hiera('nova::database_connection')}",
    "messaging_rpc_user_name": "%{hiera('nova::database_connection')}",
}


@pytest.mark.parametrize("program", ["puppet", "hiera"])
@pytest.mark.parametrize("key", _OF_NOVA)
def test_what_an_operator_keeps_is_never_printed(key, program, node):
    """Nobody here knows what is a secret of theirs, so that all is, until it is asked for."""
    node.operator("extraconfig", _OF_NOVA)
    for form in ("text", "json"):
        done = node.ask(key, "v3", "--program", program, "-f", form)
        assert done.returncode == 0, done.stderr
        assert b"extraconfig.json decides" in done.stdout
        assert b"--reveal shows it" in done.stdout
        assert not betrays(done.stdout + done.stderr)
    assert betrays(node.ask(key, "v3", "--program", program, "--reveal").stdout)


@pytest.mark.parametrize("program", ["puppet", "hiera"])
def test_a_secret_is_never_printed(program, node):
    """Neither the value nor those that it shadows come out, as text or JSON; asked for, they do."""
    node.operator("extraconfig", {"messaging_rpc_password": f"{PLAIN}-operator"})
    more = ("--program", program)
    for form in ("text", "json"):
        done = node.ask("messaging_rpc_password", "v3", *more, "-f", form)
        assert done.returncode == 0, done.stderr
        assert b"********" in done.stdout
        assert not betrays(done.stdout + done.stderr)
    assert f"{PLAIN}-operator".encode() in node.ask("messaging_rpc_password", "v3", *more, "--reveal").stdout


@pytest.mark.parametrize("program", ["puppet", "hiera"])
def test_a_damaged_level_is_not_quoted(program, node):
    """The programs quote what they cannot read; only the file's name comes through."""
    (node.datadir / "extraconfig.json").write_text(f'{{"messaging_rpc_password": "{PLAIN}" "x"}}')
    done = node.ask("messaging_rpc_port", "v3", "--program", program)
    assert (done.returncode, done.stdout) == (3, b"")
    assert not betrays(done.stderr)
    if program == "puppet":
        assert f"Unable to parse ({node.datadir}/extraconfig.json)".encode() in done.stderr


@pytest.mark.parametrize("program", ["puppet", "hiera"])
def test_an_unknown_key_ends_with_1(program, node):
    """As in a rendered tree."""
    done = node.ask("messaging_rpc_nobody", "v3", "--program", program)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"hiera-v3.yaml: no value for the key 'messaging_rpc_nobody'" in done.stderr


def test_without_the_programs_there_is_a_way_out(node):
    """Nothing on PATH: it says what is missing, and what works without."""
    done = node.ask("messaging_rpc_port", "v3", path="/nonexistent")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr == (
        b"error: puppet or hiera: not on PATH; put its directory there, e.g. /opt/puppetlabs/bin,"
        b" or look into a tree with --data\n"
    )
