# SPDX-License-Identifier: Apache-2.0
"""``plan show``: the plan that holds, as a plan."""

from __future__ import annotations

import json

import pytest
import yaml

from tripleo_messaging.plan.defaults import with_defaults
from tripleo_messaging.plan.load import read_plan


def test_defaults_are_filled_in(run):
    """What is not written is shown as it will be."""
    shown = yaml.safe_load(run("plan", "show").out)
    assert shown["release"] == "wallaby"
    assert shown["rpc"]["backend"] == "rabbitmq"
    assert shown["rpc"]["port"] == 5672
    assert shown["notify"]["share"] == "rpc"


def test_json_says_the_same(run):
    """-f json is the YAML in other words."""
    assert json.loads(run("plan", "show", "-f", "json").out) == yaml.safe_load(run("plan", "show").out)


PLANS = {
    "default": "version: 1\n",
    "twice": "release: '2024.2'\nnotify: {backend: rabbitmq, port: 5673, consumed_by: [ceilometer]}\n",
    "external": "rpc: {backend: external, nodes: [{host: mq.example.org, port: 5673}]}\nconsumers: [none]\n",
    "options": "consumers: [none]\nrpc: {options: {heartbeat_rate: 3}, virtual_host: '1:30'}\n",
}


@pytest.mark.parametrize("name", PLANS)
def test_what_is_shown_is_a_plan_of_the_same_meaning(name, run, write):
    """Shown, kept and read again, a plan means what it meant, and has no new finding."""
    plan = write("plan.yaml", PLANS[name])
    again = write("again.yaml", run("plan", "show", "--plan", plan).out)
    assert with_defaults(read_plan(again).plan) == with_defaults(read_plan(plan).plan)
    words = ("plan", "validate", "-f", "value", "-c", "Rule", "-c", "Path", "-c", "Found", "--plan")
    assert run(*words, again).out == run(*words, plan).out


def test_heat_environments_become_a_plan(run, write):
    """A plan out of -e files is shown as a plan file."""
    environment = write("site.yaml", "parameter_defaults: {RpcPort: 5999, RpcPassword: abcdef}\n")
    ran = run("plan", "show", "-e", environment)
    assert yaml.safe_load(ran.out)["rpc"]["port"] == 5999
    assert "abcdef" not in ran.out


def test_release_is_overridden(run):
    """--release stands over the plan's own, and its defaults follow."""
    shown = yaml.safe_load(run("plan", "show", "--release", "2024.2").out)
    assert (shown["release"], shown["consumers"]) == ("2024.2", ["puppet-openstack"])


def test_hosts_are_looked_at_only_with_an_inventory(run, write):
    """A plan means the same without its hosts."""
    plan = write("plan.yaml", "rpc: {nodes: controllers}\n")
    assert run("plan", "show", "--plan", plan).status == 0
    inventory = write("inventory.yaml", "all: {hosts: {ctl-0: {}}}\n")
    assert "[unknown-group]" in run("plan", "show", "--plan", plan, "-i", inventory).err


def test_a_plan_with_errors_is_not_shown(run, write):
    """Its findings are, a line each on stderr."""
    plan = write("plan.yaml", "rpc: {port: 0}\n")
    ran = run("plan", "show", "--plan", plan)
    assert ran.out == ""
    assert ran.err == f"{plan}:1: error: $.rpc.port: 0 is not a TCP port (1 to 65535) [out-of-range]\n"


def test_a_plan_with_secrets_in_it_is_not_shown(run, write):
    """A driver option that is a secret, and a URL where a host belongs, are errors; neither is shown."""
    options = "{ssl_client_key_password: abcdef, ssl_client_key_file: /k, ssl_client_cert_file: /c}"
    kafka = f"{{backend: external, scheme: kafka, nodes: [k.example.org], options: {options}}}"
    rpc = "{nodes: ['rabbit://u:abcdef@h']}"
    plan = f"release: '2024.2'\nconsumers: [none]\nrpc: {rpc}\nnotify: {kafka}\n"
    ran = run("plan", "show", "--plan", write("plan.yaml", plan))
    assert ran.status == 1
    assert not ran.out
    assert "[secret-option]" in ran.err
    assert "$.rpc.nodes[0]" in ran.err
    assert "abcdef" not in ran.err


def test_a_shared_notify_shows_another_kind_of_queues_alone(run, write):
    """What it has from RPC stands there."""
    plan = "consumers: [none]\nrelease: 2024.2\nrpc: {queue_profile: stream}\nnotify: {virtual_host: n"
    of_rpc = yaml.safe_load(run("plan", "show", "--plan", write("one.yaml", plan + "}")).out)
    own = yaml.safe_load(
        run("plan", "show", "--plan", write("two.yaml", plan + ", queue_profile: quorum}")).out
    )
    assert (of_rpc["rpc"]["queue_profile"], "queue_profile" in of_rpc["notify"]) == ("stream", False)
    assert own["notify"]["queue_profile"] == "quorum"
