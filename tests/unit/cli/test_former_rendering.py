# SPDX-License-Identifier: Apache-2.0
"""``hieradata render`` and ``install`` after an earlier one: a virtual host keeps its kinds of queues."""

from __future__ import annotations

import json

import pytest

CLASSIC = "release: 2024.2\nconsumers: [none]\nrpc: {tls: {enabled: false}}\n"
QUORUM = "release: 2024.2\nconsumers: [none]\nrpc:\n  queue_profile: quorum\n"
MOVED_AWAY = QUORUM + "  virtual_host: q\n  absent_virtual_hosts: [/]\n"
INVENTORY = "oslo_messaging_rpc: {hosts: {a: {internal_api_ip: 127.0.0.1, internal_api_hostname: a}}}\n"


@pytest.fixture
def render(run, write, tmp_path):
    """Return a function that renders a plan into one of the trees."""

    def render_plan(plan, tree="tree", *more):
        inputs = ("--plan", write("plan.yaml", plan), "-i", write("inventory.yaml", INVENTORY))
        kept = ("--secrets", tmp_path / "passwords.yaml", "--generate", "--output", tmp_path / tree)
        return run("hieradata", "render", *inputs, *kept, *more)

    return render_plan


@pytest.fixture
def install(run, tmp_path):
    """Return a function that installs the member of a tree."""
    return lambda tree="tree": run(
        "hieradata", "install", "--node", "a", "--data", tmp_path / tree, "--target", tmp_path / "target"
    )


def virtual_host(tmp_path, tree="tree"):
    """Return RPC's virtual host in a tree."""
    return json.loads((tmp_path / tree / "all.json").read_text())["messaging_rpc_virtual_host"]


def contents(directory):
    """Return all files of a directory."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_move_is_refused_and_nothing_written(render, tmp_path):
    """The error has the plan's file and line; the tree and the secrets stay."""
    assert render(CLASSIC).status == 0
    before = contents(tmp_path / "tree"), contents(tmp_path)[tmp_path / "passwords.yaml"]
    ran = render(QUORUM)
    assert ran.status == 1
    assert (
        f"{tmp_path}/plan.yaml:4: error: $.rpc.queue_profile: would go from classic to quorum queues"
        in ran.err
    )
    assert (contents(tmp_path / "tree"), contents(tmp_path)[tmp_path / "passwords.yaml"]) == before


def test_the_way_out_is_one(render, install, tmp_path):
    """A new virtual host is rendered and installed, and rendered again."""
    assert render(CLASSIC).status == 0
    assert install().status == 0
    assert render(MOVED_AWAY).status == 0
    assert virtual_host(tmp_path) == "q"
    assert install().status == 0
    assert render(MOVED_AWAY).out.count("unchanged") == 3


def test_a_warning_stops_with_strict_alone(render):
    """What would stay on the brokers is said once, when it goes."""
    assert render(CLASSIC).status == 0
    renamed = CLASSIC.replace("tls: {enabled: false}", "user_name: nova")
    strict = render(renamed, "tree", "--strict")
    assert (strict.status, strict.err.count("[left-behind]")) == (1, 1)
    ran = render(renamed)
    assert (ran.status, ran.err.count("[left-behind]")) == (0, 1)
    assert "[left-behind]" not in render(renamed).err


def test_an_installation_is_refused_where_the_move_was_rendered_elsewhere(render, install, tmp_path):
    """A tree of its own knows nothing of the earlier one; the node does."""
    assert render(CLASSIC).status == 0
    assert install().status == 0
    before = contents(tmp_path / "target")
    assert render(QUORUM, "other").status == 0
    ran = install("other")
    assert ran.status == 1
    assert "error: $.rpc.queue_profile: would go from classic to quorum queues" in ran.err
    assert contents(tmp_path / "target") == before


@pytest.mark.parametrize("damage", ["", "{", '{"messaging_rpc_transport_url": 1}'])
def test_a_tree_that_cannot_be_read_is_nothing_to_compare_with(render, damage, tmp_path):
    """What is damaged is written anew."""
    assert render(CLASSIC).status == 0
    (tmp_path / "tree" / "clusters" / "rpc.json").write_text(damage)
    assert render(CLASSIC).status == 0
    assert render(QUORUM).status == 1
