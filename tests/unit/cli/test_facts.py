# SPDX-License-Identifier: Apache-2.0
"""``facts show`` and ``facts lint``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tripleo_messaging.facts.lint import CONFIGURATIONS

FACTS = {
    "messaging": {"rpc": {"port": 5672, "password": "canary"}, "members": ["ctl-0", "ctl-1"]},
    "rpc_password": "canary",
    "a.b": "dotted",
    "role": "Controller",
}


@pytest.fixture
def directory(tmp_path):
    """Write a directory of facts, and return it."""
    facts = tmp_path / "facts.d"
    facts.mkdir()
    (facts / "a.json").write_text(json.dumps(FACTS))
    return facts


@pytest.fixture
def show(run, directory):
    """Return a function that shows facts of the directory."""
    return lambda *words: run("facts", "show", "--external-dir", directory, *words)


@pytest.mark.parametrize(("form", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_facts_in_a_format(show, form, load):
    """All facts are shown, what looks secret masked at any depth."""
    ran = show("-f", form)
    assert ran.status == 0
    assert load(ran.out) == {
        **FACTS,
        "messaging": {"rpc": {"port": 5672, "password": "********"}, "members": ["ctl-0", "ctl-1"]},
        "rpc_password": "********",
    }


def test_facts_as_text(show):
    """Text is a line a fact, in order."""
    ran = show("role", "a.b", "messaging.members.1")
    assert (ran.status, ran.out) == (0, "role => Controller\na.b => dotted\nmessaging.members.1 => ctl-1\n")


def test_single_fact(show):
    """Of a single fact the value alone is shown."""
    assert show("messaging.rpc.port").out == "5672\n"


def test_secrets_are_revealed_when_asked(show):
    """A masked value, and one within a fact that is named, is shown with --reveal alone."""
    assert show("messaging.rpc.password").out == "********\n"
    assert show("messaging.rpc.password", "--reveal").out == "canary\n"


def test_unknown_fact(show):
    """A fact that is not there is told of, with what was meant; the others are shown."""
    ran = show("role", "rolle")
    assert (ran.status, ran.out) == (1, "role => Controller\n")
    assert "there is no fact 'rolle' (did you mean 'role'?)" in ran.err


def test_file_that_facter_fails_on(show, directory):
    """A file that Facter fails on is told of, and hides nothing."""
    (directory / "b.yaml").write_text("b: :c\n")
    ran = show("role")
    assert (ran.status, ran.out) == (1, "Controller\n")
    assert f"{directory}/b.yaml:1: error" in ran.err


def test_core_facts_of_a_cache(show, tmp_path):
    """Facts of an Ansible cache stand beside the external ones, which win."""
    cache = tmp_path / "ctl-0"
    cache.write_text(json.dumps({"ansible_os_family": "RedHat", "ansible_system": "Linux"}))
    ran = show("--ansible-cache", cache, "os.family", "kernel", "role")
    assert ran.out == "os.family => RedHat\nkernel => Linux\nrole => Controller\n"


def test_two_sources_of_core_facts(show, tmp_path):
    """Facter and a cache exclude each other."""
    assert show("--facter", "--ansible-cache", tmp_path).status == 2


def test_lint(run, directory):
    """Findings are listed; a warning is an error with --strict only."""
    (directory / "b.yml").write_text("b: 1\n")
    ran = run("facts", "lint", directory, "-f", "json")
    assert ran.status == 0
    rows = json.loads(ran.out)
    assert {row["Rule"] for row in rows} == {"yml-extension", "dotted-name"}
    assert run("facts", "lint", directory, "--strict").status == 1


def test_configuration_of_this_host(run, directory):
    """Facter's configuration is told of beside Facter's own directories, not beside others."""
    own = json.loads(run("facts", "lint", "-f", "json").out)
    told = {row["Where"] for row in own if row["Rule"] == "configuration-not-read"}
    assert told == {path for path in CONFIGURATIONS if Path(path).exists()}
    others = json.loads(run("facts", "lint", directory, "-f", "json").out)
    assert "configuration-not-read" not in {row["Rule"] for row in others}


def test_lint_of_an_error(run, directory):
    """A file that Facter fails on is an error."""
    (directory / "b.json").write_text("{")
    assert run("facts", "lint", directory).status == 1


def test_lint_of_nothing(run, tmp_path):
    """A directory without a flaw gives no output, and a word on standard error."""
    (tmp_path / "a.txt").write_text("a=1\n")
    ran = run("facts", "lint", tmp_path)
    assert (ran.status, ran.out) == (0, "")
    assert "nothing found" in ran.err
