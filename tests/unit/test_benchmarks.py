# SPDX-License-Identifier: Apache-2.0
"""The benchmarks run, and both sides of a comparison say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

_BENCHMARKS = ROOT / "benchmarks"

#: The scripts that measure, with sizes that cost little, and what their output must name.
SCRIPTS = {
    "render.py": (
        ("--hosts", "12", "--sample", "2", "--repeat", "1"),
        ("JSON", "YAML", "nothing changed", "files written: 2 of 9", "peak memory", "goal >= 100"),
    ),
    "plan_validate.py": (("--repeat", "1"), ("python -c pass", "plan and inventory", "goal <= 0.45 s")),
    "store.py": (
        ("--secrets", "20", "--repeat", "1"),
        ("open", "put", "get", "plain YAML", "render --secrets", "render --store", "goal <= 0.6 s"),
    ),
}
#: What the others import or start.
_PARTS = {"measure.py", "inventories.py", "per_host.py"}
#: What needs Puppet and Facter; the functional tests run these.
_BESIDE_PUPPET = {"hiera_lookups.py", "external_facts.py"}


def run(script: str, *arguments: str | Path) -> str:
    """Run a script as its usage says, and return what it prints."""
    command = [sys.executable, _BENCHMARKS / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_script_is_run():
    """A new benchmark is run here, too."""
    assert {path.name for path in _BENCHMARKS.glob("*.py")} == {*SCRIPTS, *_PARTS, *_BESIDE_PUPPET}


@pytest.mark.parametrize("script", SCRIPTS)
def test_benchmark_runs(script: str):
    """It ends well with a tiny cloud, and prints every measurement; goals are not asked for here."""
    arguments, named = SCRIPTS[script]
    printed = run(script, *arguments)
    assert [text for text in named if text not in printed] == []


def test_both_sides_of_the_comparison_say_the_same(tmp_path: Path):
    """The template per host and our rendering give the keys that both have the same values."""
    run("inventories.py", "--hosts", "12", "--output", tmp_path)
    services = ("oslo_messaging_rpc", "oslo_messaging_notify")
    paths = (tmp_path / "inventory.json", tmp_path / "hosts")
    run("per_host.py", *paths, "--sample", "1", "--services", *services)
    (host,) = (tmp_path / "hosts").iterdir()
    theirs = json.loads(host.read_text())
    assert len(theirs) == 14
    for kind in ("json", "yaml"):
        inputs = ("--plan", "plan.yaml", "-i", f"inventory.{kind}", "--secrets", "passwords.yaml")
        render = ("hieradata", "render", *inputs, "--output", kind)
        command = [sys.executable, "-m", "tripleo_messaging", *render]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        ours = json.loads((tmp_path / kind / "all.json").read_text())
        assert {key: ours[key] for key in theirs} == theirs
