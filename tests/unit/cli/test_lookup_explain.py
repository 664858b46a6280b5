# SPDX-License-Identifier: Apache-2.0
"""``lookup --explain``: of a rendered tree, and how the options go together."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from tests.support.canary import PLAIN, betrays
from tripleo_messaging.cli.lookup_explain import as_json, as_text, read_level
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


@pytest.mark.parametrize("text", ["", "[]", "no JSON", "[" * 100_000])
def test_a_level_that_is_none_is_not_read(text, write):
    """Whether it has the key is then not known."""
    assert read_level(str(write("level.json", text))) is None
    assert read_level(str(write("good.json", '{"a": 1}'))) == {"a": 1}
