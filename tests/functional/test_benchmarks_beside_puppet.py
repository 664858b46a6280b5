# SPDX-License-Identifier: Apache-2.0
"""The benchmarks that compare with Puppet and Facter run, and both sides find the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.checkout import ROOT

SCRIPTS = {
    "hiera_lookups.py": (
        ("--keys", "5", "--repeat", "1"),
        (
            "json_data",
            "yaml_data",
            "eyaml_lookup_key",
            "tripleo_messaging::data",
            "ours / json_data",
        ),
    ),
    "external_facts.py": (
        ("--files", "6", "--repeat", "1"),
        ("ours", "facter, all", "the fact's executable", "facter hostname", "goal <= 0.15 s"),
    ),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_benchmark_runs(script: str):
    """It ends well with little data, and prints every measurement; goals are not asked for here."""
    arguments, named = SCRIPTS[script]
    command = [sys.executable, ROOT / "benchmarks" / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [text for text in named if text not in done.stdout] == []
