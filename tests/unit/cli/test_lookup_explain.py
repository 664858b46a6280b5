# SPDX-License-Identifier: Apache-2.0
"""``lookup --explain``: of a rendered tree, and how the options go together."""

from __future__ import annotations

import argparse
import json
import socket
import stat
import sys
from pathlib import Path

import attrs
import pytest

from tests.support.canary import PLAIN, betrays
from tripleo_messaging.cli.lookup_explain import as_json, as_text, read_hierarchy, read_level
from tripleo_messaging.explain.puppet import REDACTED
from tripleo_messaging.explain.values import Definer, Explanation

FIREWALL_PORTS = "tripleo_messaging::rabbitmq::firewall_ports"
INSTANCES = "tripleo_messaging::rabbitmq::instances"


def test_a_tree_in_words(run, tree):
    """Value, who found it, the level with its file, and who decides."""
    ran = run("lookup", "messaging_rpc_port", "--data", tree, "--explain")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "messaging_rpc_port: 5672\n"
        "as the rendered tree finds it; merge: first\n"
        f"  LAYER  LEVEL     WHOSE           {'FILE'}\n"
        f"  tree   all.json  ours   decides  {tree}/all.json\n"
        "all.json (ours) decides\n"
    )


def test_a_tree_as_json(run, tree):
    """A key that is merged names all of its levels, the most specific first, each with its part."""
    ran = run("lookup", INSTANCES, "--data", tree, "--node", "localhost", "--explain", "-f", "json")
    said = json.loads(ran.out)
    assert {key: said[key] for key in ("key", "merge", "program", "is_complete")} == {
        "key": INSTANCES,
        "merge": "deep",
        "program": "the rendered tree",
        "is_complete": True,
    }
    assert [(one["level"], one["is_ours"], one["wins"]) for one in said["definers"]] == [
        ("nodes/localhost.json", True, True),
        ("clusters/rpc.json", True, True),
    ]
    own, cluster = (one["value"]["rabbit"] for one in said["definers"])
    assert said["value"]["rabbit"]["node_name"] == own["node_name"]
    assert said["value"]["rabbit"]["package"] == cluster["package"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("key", ["messaging_rpc_password", "tripleo_messaging::rabbitmq::instance_secrets"])
def test_secrets_are_masked(key, form, run, tree):
    """In whatever form; and shown when that is asked for."""
    words = ("lookup", key, "--data", tree, "--node", "localhost", "--explain", "-f", form)
    password = json.loads((tree / "all.json").read_text())["messaging_rpc_password"]
    cookie = json.loads((tree / "clusters/rpc.json").read_text())[
        "tripleo_messaging::rabbitmq::instance_secrets"
    ]["rabbit"]["erlang_cookie"]
    masked, shown = run(*words).out, run(*words, "--reveal").out
    assert "********" in masked
    assert not {password, cookie} & set(masked.replace('"', " ").split())
    assert password in shown or cookie in shown


def test_an_unknown_key_is_as_without(run, tree):
    """The status, and what to try instead, are those of a lookup that explains nothing."""
    ran = run("lookup", "messaging_rpc_prt", "--data", tree, "--explain")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == run("lookup", "messaging_rpc_prt", "--data", tree).err
    stranger = run("lookup", "messaging_rpc_port", "--data", tree, "--node", "compute-0", "--explain")
    assert stranger.status == 2


USAGE = {
    ("--hiera-config", "h.yaml"): "--hiera-config goes with --explain alone",
    ("--facts", "f.json"): "--facts goes with --explain alone",
    ("-f", "json"): "--format goes with --explain alone",
    ("--explain", "--hiera-config", "h.yaml", "--node", "controller-0.of-nobody"): (
        "--node: needs --facts FILE, what `facter -j` says on that node"
    ),
    ("--explain", "--data", "t", "--environment", "e"): (
        "--data looks into a rendered tree, --environment into a node: give one of them"
    ),
}


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_options_that_do_not_go_together(words, run):
    """Nothing is passed over in silence."""
    ran = run("lookup", "messaging_rpc_port", *words)
    assert (ran.status, ran.out, ran.err) == (2, "", f"error: {USAGE[words]}\n")


def test_a_missing_hierarchy_is_named(run, tmp_path):
    """Puppet takes one that is not there for none, and would answer with what it has without."""
    ran = run("lookup", "k", "--explain", "--hiera-config", tmp_path / "none.yaml")
    assert (ran.status, ran.err) == (3, f"error: {tmp_path}/none.yaml: no such file or directory\n")


def test_facts_that_are_none_are_named(run, write, tmp_path):
    """A list is no facts."""
    facts, config = write("facts.json", "[]"), write("hiera.yaml", "")
    ran = run("lookup", "k", "--explain", "--hiera-config", config, "--facts", facts)
    assert (ran.status, ran.err) == (
        3,
        f"error: {tmp_path}/facts.json: holds no mapping of facts, in JSON or YAML\n",
    )


def test_the_facts_of_the_hierarchy_are_handed_to_hiera(run, write, tmp_path, monkeypatch):
    """Those that the hierarchy names, with and without colons; nothing else is on a command line."""
    config = write("hiera.yaml", ":hierarchy:\n  - '%{::uuid}'\n  - '%{role}/%{number}'\n")
    facts = write("facts.yaml", f"uuid: u1\nrole: 'a b'\nnumber: 3\nother: {PLAIN}\nos: {{family: x}}\n")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/hiera"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"print(json.dumps('no'), file=open({str(tmp_path / 'said')!r}, 'a'))\n"
        f"open({str(tmp_path / 'words')!r}, 'w').write(json.dumps(sys.argv[1:]))\nprint('1')\n"
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    ran = run("lookup", "k", "--explain", "--hiera-config", config, "--facts", facts)
    assert ran.status == 0, ran.err
    words = json.loads((tmp_path / "words").read_text())
    assert words[:5] == ["-d", "-f", "json", "-c", str(config)]
    assert words[-6:] == ["number=3", "::number=3", "role=a b", "::role=a b", "uuid=u1", "::uuid=u1"]


def explanation(key: str, value: object) -> Explanation:
    """Return an explanation of one level."""
    definer = Definer(layer="global", level="l", file="/d/l.json", value=value, is_ours=False, wins=True)
    return Explanation(key=key, program="p", definers=(definer,), is_found=True, value=value)


def test_what_puppet_redacts_is_masked():
    """A value of a sealed file cannot be revealed; Puppet's words for that are not shown as one."""
    told = explanation("k", REDACTED)
    assert next(as_text(told, reveal=True)) == "k: ********"
    assert json.loads(as_json(told, reveal=True))["definers"][0]["value"] == "********"


@pytest.mark.parametrize("key", ["tripleo_messaging::rabbitmq::instance_secrets.rabbit", "theirs.password"])
def test_a_part_of_a_secret_is_one(key):
    """A dotted key leads into a value that is masked as a whole, or to one that is to be masked."""
    told = explanation(key, {"x": PLAIN})
    assert not betrays("\n".join((*as_text(told, reveal=False), as_json(told, reveal=False))).encode())


OF_THE_OPERATOR = {
    "nova::config::nova_config": {"keystone_authtoken/password": {"value": PLAIN}},
    "nova::database_connection": f"mysql+pymysql://nova:{PLAIN}@db/nova",
    "operator::interpolated": PLAIN,
    "operator::listed.0": [PLAIN],
    "'messaging_rpc_port'": PLAIN,
    "lookup_options": {"k": PLAIN},
}


@pytest.mark.parametrize("key", OF_THE_OPERATOR)
def test_what_others_keep_is_masked(key):
    """A name of theirs may say nothing of the password inside; how to see it is said, once it is hidden."""
    told = explanation(key, OF_THE_OPERATOR[key])
    text, data = "\n".join(as_text(told, reveal=False)), as_json(told, reveal=False)
    assert not betrays(f"{text}\n{data}".encode())
    assert text.startswith(f"{key}: ********\n")
    assert text.endswith("\nthe value may be a secret, or hold one: --reveal shows it")
    assert "--reveal shows it" in json.loads(data)["note"]
    revealed = "\n".join((*as_text(told, reveal=True), as_json(told, reveal=True)))
    assert betrays(revealed.encode())
    assert "--reveal" not in revealed


def test_what_others_put_into_a_key_of_ours_is_masked_by_its_name():
    """The rest of a mapping of ours is shown, as it is what an override is about."""
    settings = {"auth_ldap.dn_lookup_bind.password": PLAIN, "file_limit": 7, "more": [{"secret": PLAIN}]}
    told = explanation(INSTANCES, {"rabbit": settings})
    shown = as_json(told, reveal=False)
    assert not betrays("\n".join((*as_text(told, reveal=False), shown)).encode())
    assert json.loads(shown)["value"] == {
        "rabbit": {
            "auth_ldap.dn_lookup_bind.password": "********",
            "file_limit": 7,
            "more": [{"secret": "********"}],
        }
    }
    assert "--reveal" in json.loads(shown)["note"]


def test_what_is_filled_in_from_elsewhere_is_masked():
    """A key of ours may be made of another's secret; how it is called says nothing then."""
    told = attrs.evolve(explanation("messaging_rpc_user_name", PLAIN), is_interpolated=True)
    masked = "\n".join((*as_text(told, reveal=False), as_json(told, reveal=False)))
    assert not betrays(masked.encode())
    assert "--reveal shows it" in masked
    assert betrays("\n".join(as_text(told, reveal=True)).encode())


@pytest.mark.parametrize("key", ["messaging_rpc_port", "nova::notification_driver", INSTANCES])
def test_what_is_ours_and_no_secret_is_shown(key):
    """Nothing is hidden, and so nothing is said of it."""
    text = "\n".join(as_text(explanation(key, "5672"), reveal=False))
    assert text.startswith(f"{key}: 5672\n")
    assert "--reveal" not in text


def test_what_is_sealed_has_no_such_way_out():
    """It stays masked, so that no line says otherwise."""
    assert "--reveal" not in "\n".join(as_text(explanation("messaging_rpc_password", REDACTED), reveal=False))


@pytest.fixture
def puppet(tmp_path, monkeypatch):
    """A program `puppet`, alone on PATH, that finds no key."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/puppet"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "print(json.dumps({'branches': [{'type': 'root', 'key': sys.argv[-1]}]}))\n"
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


HINTS = {
    "messaging_rpc_prt": "did you mean 'messaging_rpc_port'?",
    "oslo_messaging_notify_usr_name": "did you mean 'oslo_messaging_notify_user_name'?",
    "cinder::default_transport_ur": "did you mean 'cinder::default_transport_url'?",
    "tripleo_messaging::rabbitmq::instancs": f"did you mean {INSTANCES!r}?",
    "xyz": "the keys are described in the manual's hiera contract",
    "messaging_rpc_port": (
        "it is one of ours, and this node has none; --data TREE shows what is rendered for it"
    ),
}


@pytest.mark.usefixtures("puppet")
@pytest.mark.parametrize("key", HINTS)
def test_an_unknown_key_of_a_node_has_a_way_out(key, run):
    """A key that was mistyped is compared with all of ours, which the node may have or not."""
    ran = run("lookup", key, "--explain", "--environment", "e")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"error: puppet lookup: no value for the key {key!r} ({HINTS[key]})\n"


@pytest.mark.usefixtures("puppet")
def test_this_host_may_be_named(run):
    """Its facts are the ones that are taken anyway."""
    host = socket.gethostname()
    for name in (host, host.partition(".")[0]):
        assert run("lookup", "xyz", "--explain", "--environment", "e", "--node", name).status == 1


def test_hiera_has_a_hierarchy_where_none_is_named(write):
    """The one that it reads then is taken for the facts that it is told, too."""
    given = argparse.Namespace(
        **dict.fromkeys(("hiera_config", "environment", "environmentpath", "modulepath", "data", "node")),
        explain=True,
        format="text",
        facts=write("f.json", "{}"),
        program="hiera",
    )
    hierarchy = read_hierarchy(given)
    assert hierarchy is not None
    assert hierarchy.hiera_config == Path("/etc/puppet/hiera.yaml")
    given.program = "puppet"
    of_puppet = read_hierarchy(given)
    assert of_puppet is not None
    assert of_puppet.hiera_config is None


LEVELS_OF_YAML = {
    "a: 1\nb: no\n": {"a": 1, "b": False},
    "": {},
    "--- # x\n": {},
    "- a\n": None,
    "a: [": None,
    "a: b: c": None,
}


@pytest.mark.parametrize("text", LEVELS_OF_YAML)
def test_a_level_of_yaml_is_read(text, write):
    """The other backend that comes with Hiera has such."""
    assert read_level(str(write("level.yaml", text))) == LEVELS_OF_YAML[text]


@pytest.mark.parametrize("text", ["", "[]", "no JSON", "[" * 100_000])
def test_a_level_that_is_none_is_not_read(text, write):
    """Whether it has the key is then not known."""
    assert read_level(str(write("level.json", text))) is None
    assert read_level(str(write("good.json", '{"a": 1}'))) == {"a": 1}
