# SPDX-License-Identifier: Apache-2.0
"""``plan validate``: every finding at once, in every format."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml

COLUMNS = ["Severity", "Rule", "Where", "Path", "Found", "Hint"]
PLAN = """\
version: 1
rpc:
  nodes: oslo_messaging_rcp
  password: not-here
  port: 5672x
"""


@pytest.fixture
def plan(write):
    """Write a plan with a wrong key, a wrong value and an unknown group."""
    return write("plan.yaml", PLAN)


def expected(plan):
    """Return the findings of the plan."""
    return [
        {
            "Severity": "error",
            "Rule": "unknown-key",
            "Where": f"{plan}:4",
            "Path": "$.rpc.password",
            "Found": "is not a key that is known here",
            "Hint": "secrets do not stand here: put them into the file given with --secrets",
        },
        {
            "Severity": "error",
            "Rule": "wrong-type",
            "Where": f"{plan}:5",
            "Path": "$.rpc.port",
            "Found": "'5672x' is not a TCP port (1 to 65535)",
            "Hint": "",
        },
        {
            "Severity": "error",
            "Rule": "unknown-group",
            "Where": f"{plan}:3",
            "Path": "$.rpc.nodes",
            "Found": "there is no group 'oslo_messaging_rcp' in the embedded inventory of this host",
            "Hint": "did you mean 'oslo_messaging_rpc'?",
        },
    ]


READERS = {
    "json": json.loads,
    "yaml": yaml.safe_load,
    "csv": lambda text: list(csv.DictReader(io.StringIO(text))),
}


@pytest.mark.parametrize("form", READERS)
def test_machines_get_six_columns(form, run, plan):
    """JSON, YAML and CSV hold all findings, of the form and of the meaning, with the same six fields."""
    ran = run("plan", "validate", "--plan", plan, "-f", form)
    assert READERS[form](ran.out) == expected(plan)


def test_no_finding_is_an_empty_list(run):
    """A valid plan gives valid JSON, and a word on stderr."""
    ran = run("plan", "validate", "-f", "json")
    assert (json.loads(ran.out), ran.err) == ([], "nothing found: the plan is valid\n")


def test_no_finding_is_no_table(run):
    """A valid plan has nothing on stdout."""
    assert run("plan", "validate").out == ""


def test_the_table_is_readable_in_80_characters(run, write):
    """The six values stand by two in three columns; no line is wider, and no word is broken."""
    ran = run("plan", "validate", "--plan", write("p.yaml", PLAN), "--max-width", 80)
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [cell.strip() for cell in lines[1].split("|")[1:-1]] == [
        "Severity, Rule",
        "Where, Path",
        "Found -> Hint",
    ]
    words = " ".join(line.split("|")[3].strip() for line in lines if line.startswith("|"))
    assert "-> secrets do not stand here: put them into the file given with --secrets" in words


def test_columns_can_be_chosen(run, plan):
    """-c picks from the six, in a table as well."""
    ran = run("plan", "validate", "--plan", plan, "-f", "value", "-c", "Rule", "-c", "Path")
    assert ran.out.splitlines() == [
        "unknown-key $.rpc.password",
        "wrong-type $.rpc.port",
        "unknown-group $.rpc.nodes",
    ]
    table = run("plan", "validate", "--plan", plan, "-c", "Rule").out
    assert "unknown-key" in table
    assert "$.rpc" not in table


def test_findings_can_be_sorted(run, plan):
    """--sort-column takes any of the six."""
    ran = run("plan", "validate", "--plan", plan, "-f", "value", "-c", "Rule", "--sort-column", "Rule")
    assert ran.out.split() == ["unknown-group", "unknown-key", "wrong-type"]


def test_an_unknown_column_names_the_known(run):
    """The message says what there is."""
    ran = run("plan", "validate", "-c", "Rules")
    assert ran.err.endswith(f"error: --column: expected one of {', '.join(COLUMNS)}\n")


def test_everything_is_looked_at(run, write):
    """Plan, inventory and secrets give their findings in one go."""
    ran = run(
        "plan",
        "validate",
        "--plan",
        write("plan.yaml", "rpc: {port: 0}\n"),
        "-i",
        write("inventory.yaml", "all: {hosts: {ctl-0: {internal_api_ip: 1.2.3}}}\n"),
        "--secrets",
        write("passwords.yaml", "parameter_defaults: {RpcPassword: [1]}\n"),
        "-f",
        "value",
        "-c",
        "Path",
    )
    assert ran.out.split() == [
        "$.rpc.port",
        "$.all.hosts.ctl-0.internal_api_ip",
        "$.parameter_defaults.RpcPassword",
    ]


def test_missing_secrets_are_found_only_where_secrets_are_given(run, write):
    """A plan is valid without its secrets; a file of secrets must have them all."""
    secrets = write("passwords.yaml", "parameter_defaults: {RpcPassword: abc}\n")
    ran = run("plan", "validate", "--secrets", secrets, "-f", "json")
    [finding] = json.loads(ran.out)
    assert (finding["Rule"], finding["Path"]) == ("missing-secret", "$.parameter_defaults.RabbitCookie")
    assert finding["Where"] == str(secrets)


def test_a_bad_secret_of_an_environment_is_found(run, write):
    """What is stated in an -e file is checked without --secrets, and named as that file's."""
    environment = write("site.yaml", "parameter_defaults: {RpcPassword: 'a/b', RpcUserName: x}\n")
    ran = run("plan", "validate", "-e", environment, "-f", "json")
    found = {(finding["Rule"], finding["Where"]) for finding in json.loads(ran.out)}
    assert ("password-breaks-url", f"{environment}:1") in found


def test_a_bad_secret_has_the_line_that_states_it(run, write):
    """Of several files, the one whose value holds; a legacy password yields to a kept one of today's name."""
    first = write("first.yaml", "parameter_defaults:\n  RpcUserName: x\n  RpcPassword: a/b\n")
    second = write("second.yaml", "parameter_defaults:\n\n\n  RabbitPassword: c/d\n")
    secrets = write(
        "passwords.yaml",
        "parameter_defaults:\n  RpcPassword: e/f\n  NotifyPassword: g/h\n  RabbitCookie: ' '\n",
    )
    registry = write(
        "registry.yaml",
        "resource_registry:\n  OS::TripleO::Services::OsloMessagingNotify: messaging-notify-rabbitmq.yaml\n"
        "parameter_defaults: {NotificationDriver: messagingv2, NotifyPort: 5673}\n",
    )
    words = [word for file in (first, second, registry) for word in ("-e", file)]
    ran = run("plan", "validate", *words, "--secrets", secrets, "-f", "json")
    wrong = ("password-breaks-url", "bad-cookie", "missing-secret")
    found = [
        (each["Path"].rpartition(".")[2], each["Where"])
        for each in json.loads(ran.out)
        if each["Rule"] in wrong
    ]
    assert found == [
        ("RabbitNotifyCookie", str(secrets)),
        ("RpcPassword", f"{first}:3"),
        ("NotifyPassword", f"{secrets}:3"),
        ("RabbitCookie", f"{secrets}:4"),
    ]


def test_a_legacy_password_has_its_own_line(run, write):
    """The password of today's name that it stands for is written where the legacy one is."""
    environment = write("site.yaml", "parameter_defaults:\n  RpcUserName: x\n  RabbitPassword: a/b\n")
    ran = run("plan", "validate", "-e", environment, "-f", "json")
    assert [each["Where"] for each in json.loads(ran.out) if each["Rule"] == "password-breaks-url"] == [
        f"{environment}:3"
    ]
