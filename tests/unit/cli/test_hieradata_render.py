# SPDX-License-Identifier: Apache-2.0
"""``hieradata render``: all of a tree or nothing, and secrets that stay."""

from __future__ import annotations

import json
import stat

import yaml

INVENTORY = """\
all:
  children:
    oslo_messaging_rpc:
      hosts:
        ctl-0: {internal_api_ip: 172.17.0.10, internal_api_hostname: ctl-0.internalapi}
        ctl-1: {internal_api_ip: 172.17.0.11, internal_api_hostname: ctl-1.internalapi}
        ctl-2: {internal_api_ip: 172.17.0.12, internal_api_hostname: ctl-2.internalapi}
"""


def kept(path):
    """Return the secrets of a file."""
    return yaml.safe_load(path.read_text())["parameter_defaults"]


def test_the_report_says_what_was_written_and_what_is_next(run, tmp_path):
    """The files, the secrets that were made, what to look at and what to run; few lines, no secret."""
    secrets = tmp_path / "passwords.yaml"
    ran = run("hieradata", "render", "--generate", "--secrets", secrets, "--output", tmp_path / "tree")
    assert (
        ran.out
        == f"""\
Hieradata in {tmp_path}/tree
  all.json              every node: how clients reach each service             written
  clusters/rpc.json     members of the cluster rpc: brokers, accounts, cookie  written
  nodes/localhost.json  one member each: its own names and addresses           written

Made RpcPassword, RabbitCookie; kept in {secrets} (mode 0600)

To look at
  tripleo-messaging lookup messaging_rpc_node_names --data {tmp_path}/tree
  tripleo-messaging lookup messaging_rpc_transport_url --data {tmp_path}/tree
To run next, as root on each node
  tripleo-messaging hieradata install --node localhost --data {tmp_path}/tree
"""
    )
    assert not any(secret in ran.out for secret in kept(secrets).values())


def test_only_what_changed_is_reported_written(run, write, tmp_path):
    """A second rendering writes nothing, a node less is a file removed; nodes share one line."""
    inventory = write("inventory.yaml", INVENTORY)
    words = (
        "hieradata",
        "render",
        "-i",
        inventory,
        "--secrets",
        tmp_path / "p.yaml",
        "--output",
        tmp_path / "t",
    )
    first = run(*words, "--generate")
    assert "nodes/*.json       one member each: its own names and addresses           3 written" in first.out
    assert "Made" not in run(*words).out
    assert run(*words).out.count("unchanged") == 3
    write("inventory.yaml", INVENTORY.rsplit("        ctl-2", 1)[0])
    assert "2 unchanged, 1 removed" in run(*words).out


def test_secrets_are_made_once(run, tmp_path):
    """What --generate made stays when rendered again, and nothing else is written then."""
    secrets = tmp_path / "new" / "passwords.yaml"
    words = ("hieradata", "render", "--generate", "--secrets", secrets, "--output", tmp_path / "tree")
    assert run(*words).status == 0
    before = secrets.read_bytes(), secrets.stat().st_mtime_ns
    assert run(*words).status == 0
    assert (secrets.read_bytes(), secrets.stat().st_mtime_ns) == before
    assert set(kept(secrets)) == {"RpcPassword", "RabbitCookie"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_only_missing_secrets_are_made(run, write, tmp_path):
    """What the file holds is used and kept."""
    secrets = write("passwords.yaml", "parameter_defaults: {RpcPassword: mine, NotifyPassword: spare}\n")
    ran = run("hieradata", "render", "--generate", "--secrets", secrets, "--output", tmp_path / "tree")
    assert "Made RabbitCookie;" in ran.out
    assert (kept(secrets)["RpcPassword"], kept(secrets)["NotifyPassword"]) == ("mine", "spare")
    assert password(tmp_path, "rpc") == "mine"


def password(directory, service):
    """Return a password of the rendered tree."""
    return json.loads((directory / "tree" / "all.json").read_text())[f"messaging_{service}_password"]


def test_a_stated_password_stands_over_a_kept_one(run, write, tmp_path):
    """As in TripleO, a value of an -e file wins, and is not written into the file of secrets."""
    environment = write("site.yaml", "parameter_defaults: {RpcPassword: stated}\n")
    secrets = write("passwords.yaml", "parameter_defaults: {RpcPassword: kept, RabbitCookie: abc}\n")
    ran = run("hieradata", "render", "-e", environment, "--secrets", secrets, "--output", tmp_path / "tree")
    assert ran.status == 0, ran.err
    assert password(tmp_path, "rpc") == "stated"
    assert kept(secrets)["RpcPassword"] == "kept"


def test_a_legacy_password_stands_under_a_kept_one(run, write, tmp_path):
    """RabbitPassword speaks for RpcPassword only where nobody states RpcPassword."""
    environment = write("site.yaml", "parameter_defaults: {RabbitPassword: legacy}\n")
    secrets = write("passwords.yaml", "parameter_defaults: {RabbitCookie: abc}\n")
    words = ("hieradata", "render", "-e", environment, "--secrets", secrets, "--output", tmp_path / "tree")
    assert run(*words).status == 0
    assert password(tmp_path, "rpc") == "legacy"
    write("passwords.yaml", "parameter_defaults: {RabbitCookie: abc, RpcPassword: kept}\n")
    assert run(*words).status == 0
    assert password(tmp_path, "rpc") == "kept"


def test_an_external_url_cannot_be_made(run, write, tmp_path):
    """--generate makes passwords and cookies; where a URL is needed, the way out is named."""
    plan = write("plan.yaml", "rpc: {backend: external}\nnotify: {backend: rabbitmq}\n")
    secrets = tmp_path / "passwords.yaml"
    ran = run(
        "hieradata", "render", "--plan", plan, "--generate", "--secrets", secrets, "--output", tmp_path / "t"
    )
    assert ran.status == 1
    assert "RpcTransportUrl: is needed and not among the secrets (list the hosts under $.rpc.nodes" in ran.err
    assert not secrets.exists()
    assert not (tmp_path / "t").exists()


def test_an_error_leaves_everything_as_it_was(run, write, tmp_path):
    """With an error finding neither tree nor secrets are made, and the findings stand on stderr."""
    plan = write("plan.yaml", "rpc: {port: 0}\n")
    words = ("--generate", "--secrets", tmp_path / "p.yaml", "--output", tmp_path / "t")
    ran = run("hieradata", "render", "--plan", plan, *words)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"{plan}:1: error: $.rpc.port: 0 is not a TCP port (1 to 65535) [out-of-range]\n"
    assert {path.name for path in tmp_path.iterdir()} == {"plan.yaml"}


def test_a_foreign_directory_is_refused(run, tmp_path, write):
    """A directory with other files is not taken for a tree; the message says what to do."""
    write("precious", "data")
    ran = run("hieradata", "render", "--generate", "--secrets", tmp_path / "new/p", "--output", tmp_path)
    assert ran.status == 3
    assert f"error: {tmp_path}: holds " in ran.err
    assert "give a directory of its own" in ran.err
    assert (tmp_path / "precious").read_text() == "data"


def test_a_password_on_brokers_of_others_cannot_be_made(run, write, tmp_path):
    """The account there has one already; what our own brokers need is made once it is given."""
    nodes = "rpc: {backend: external, user_name: cloud, nodes: [{host: mq.example.org}]}\n"
    plan = write("plan.yaml", f"consumers: [none]\n{nodes}notify: {{backend: rabbitmq}}\n")
    words = ("--plan", plan, "--secrets", tmp_path / "s.yaml", "--generate", "--output", tmp_path / "tree")
    ran = run("hieradata", "render", *words)
    assert (ran.status, ran.out) == (1, "")
    assert "$.parameter_defaults.RpcPassword: is needed and not among the secrets" in ran.err
    write("s.yaml", "parameter_defaults: {RpcPassword: given}\n").chmod(0o600)
    ran = run("hieradata", "render", *words)
    assert ran.status == 0, ran.err
    assert "Made NotifyPassword, RabbitNotifyCookie;" in ran.out


def test_generate_needs_a_file(run, tmp_path):
    """Secrets that nobody keeps are not made."""
    ran = run("hieradata", "render", "--generate", "--output", tmp_path / "tree")
    assert ran.status == 2
    needed = "--generate needs --store FILE or --secrets FILE"
    assert ran.err == f"error: {needed}, where the secrets that it makes are kept\n"
