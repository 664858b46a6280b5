# SPDX-License-Identifier: Apache-2.0
"""``hieradata install``: a node's part, and what to do with it."""

from __future__ import annotations

import fcntl
import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import ROOT
from tripleo_messaging.cli.hieradata_install import DEFAULT_TARGET, Installed, report
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.install import LEVEL_NAMES

HIERA = ROOT / "hiera" / "hiera.yaml"


@pytest.fixture
def install(run, tree, tmp_path):
    """Return a function that installs a node of the default plan."""
    return lambda node: run(
        "hieradata", "install", "--node", node, "--data", tree, "--target", tmp_path / "target"
    )


def test_a_member_is_told_its_clusters_levels_and_next_step(install, tmp_path):
    """The report names the node's part, its files, the levels in order, and the command for Puppet."""
    lines = install("localhost").out.splitlines()
    assert lines[:5] == [
        "localhost: member of the cluster rpc",
        f"Hieradata in {tmp_path}/target",
        "  messaging_node.json         written",
        "  messaging_cluster_rpc.json  written",
        "  messaging_all.json          written",
    ]
    start = lines.index("Levels for the hierarchy, the most specific first") + 1
    assert [line.strip() for line in lines[start : start + len(LEVEL_NAMES)]] == list(LEVEL_NAMES)
    assert lines[-1].endswith(" -e 'include tripleo::profile::base::messaging'")


def test_a_client_is_told_that_it_is_one(install, tmp_path):
    """A node that no cluster names has the clients' level alone."""
    ran = install("compute-0")
    assert ran.out.startswith("compute-0: clients only, a member of no cluster\n")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["messaging_all.json"]
    assert ran.err == ""


def test_a_second_installation_changes_nothing(install):
    """It says so."""
    install("localhost")
    assert install("localhost").out.count("  unchanged") == 3


def test_a_slip_in_a_name_is_asked_about(install):
    """A name nearly a member's is a client's, with a warning; one with another number is another node's."""
    ran = install("localhots")
    assert ran.err == "warning: --node: localhots is a member of no cluster; did you mean 'localhost'?\n"
    assert install("localhost-2").err == ""


def test_a_busy_target_is_said(install, tmp_path):
    """While another command writes there, this one ends with 3 and says what to do."""
    target = tmp_path / "target"
    target.mkdir()
    descriptor = os.open(target, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    ran = install("localhost")
    os.close(descriptor)
    assert ran.status == 3
    assert "another tripleo-messaging command is writing here; run this one when it has ended" in ran.err


def test_the_default_target_has_its_hierarchy():
    """For the data directory of the example hierarchy, the next step names that example."""
    change = Change(written=("messaging_all.json",), removed=(), unchanged=())
    installed = Installed(node="ctl-0", target=DEFAULT_TARGET, change=change, clusters=("rpc", "notify"))
    lines = list(report(installed))
    assert lines[0] == "ctl-0: member of the clusters rpc and notify"
    option, hierarchy = shlex.split(lines[-1])[4:6]
    assert (option, Path(hierarchy).read_bytes()) == ("--hiera_config", HIERA.read_bytes())
    assert lines[-2] == "To run next, with the example for Hiera 5"


@pytest.mark.parametrize("name", ["data", "my data", "a|b&c\\d", "it's", 'é"x"', "%x: #y"])
def test_another_target_has_a_hierarchy_made(tmp_path, name):
    """The next steps, typed into a shell as they are, make the example's hierarchy read that directory."""
    target = tmp_path / name
    target.mkdir()
    change = Change(written=("messaging_all.json",), removed=(), unchanged=())
    lines = list(report(Installed(node="ctl-0", target=target, change=change, clusters=())))
    subprocess.run(["/bin/sh", "-c", lines[-2]], check=True)
    made = shlex.split(lines[-1])[5]
    example = yaml.safe_load(HIERA.read_text(encoding="utf-8"))
    example["defaults"]["datadir"] = str(target)
    assert yaml.safe_load(Path(made).read_text(encoding="utf-8")) == example
    assert shlex.split(lines[-1])[4] == "--hiera_config"
