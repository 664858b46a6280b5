# SPDX-License-Identifier: Apache-2.0
"""``passwords check`` and ``passwords due``: what is wrong with secrets, and what is too old."""

from __future__ import annotations

import json

import pytest

from tests.support.stores import store_files, switched

GOOD = {"RpcPassword": "x7Q9kLm2Zp4Rt8Vw1Ys5Bn3Dc", "RabbitCookie": "Ab9dE3fG7hJ1kL5mN2pQ8rS4t"}
AGELESS = ("--max-age", "36500", "--max-age", "RabbitCookie=36500")
URL_BREAKING = "x7Q9kLm2Zp4Rt8Vw1Ys5Bn3/c"


@pytest.fixture
def store(tmp_path):
    """Name a store that is not there."""
    return store_files(tmp_path)


def test_good_secrets_have_no_findings(run, store):
    """What was just made is as it should be; -q says nothing."""
    run("passwords", "generate", *store.words)
    ran = run("passwords", "check", *store.words)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == "nothing found: every secret is as it should be\n"
    assert run("-q", "passwords", "check", *store.words).err == ""
    assert json.loads(run("passwords", "check", *store.words, "-f", "json").out) == []


def test_every_kind_of_finding_is_listed(run, store):
    """A line each on stdout, with rule and way out, and none of the values."""
    values = {"RpcPassword": "guest", "NotifyPassword": URL_BREAKING, "RabbitPassword": "short"}
    store.put({**values, "RabbitCookie": GOOD["RabbitCookie"], "RabbitNotifyCookie": GOOD["RabbitCookie"]})
    ran = run("passwords", "check", *store.words)
    rules = [(line.split(": ")[2], line.rpartition(" ")[2]) for line in ran.out.splitlines()]
    assert ran.status == 1
    assert {(path.rpartition(".")[2], rule) for path, rule in rules} >= {
        ("RpcPassword", "[default-password]"),
        ("RabbitPassword", "[weak-password]"),
        ("RabbitNotifyCookie", "[reused-password]"),
        ("RpcPassword", "[overdue-password]"),
    }
    assert any(path.endswith("NotifyPassword") and "overdue" not in rule for path, rule in rules)
    assert all(line.startswith(f"{store.path}: ") for line in ran.out.splitlines())
    assert not any(value in ran.out for value in (URL_BREAKING, "short", GOOD["RabbitCookie"]))


@pytest.mark.parametrize(("words", "status"), [((), 0), (("--strict",), 1)])
def test_a_warning_counts_when_asked(run, store, words, status):
    """Age alone is a warning."""
    store.put(GOOD)
    ran = run("passwords", "check", *store.words, *words)
    assert ran.status == status
    assert [line.rpartition(" ")[2] for line in ran.out.splitlines()] == ["[overdue-password]"] * 2


def test_json_has_the_columns_of_other_findings(run, store):
    """One object for each finding."""
    store.put({"RpcPassword": "guest"})
    (found,) = json.loads(run("passwords", "check", *store.words, *AGELESS, "-f", "json").out)
    assert list(found) == ["Severity", "Rule", "Where", "Path", "Found", "Hint"]
    assert (found["Rule"], found["Where"]) == ("default-password", str(store.path))


def test_a_file_is_checked_too(run, write):
    """With the lines where its secrets stand."""
    file = write("p.yaml", "parameter_defaults:\n  AdminPassword: guest\n  RpcPassword: guest\n")
    ran = run("passwords", "check", "--secrets", file)
    assert ran.status == 1
    assert ran.out.startswith(f"{file}:3: error: $.parameter_defaults.RpcPassword: is a default ")
    assert len(ran.out.splitlines()) == 1


def test_findings_of_the_file_itself_are_told(run, write):
    """Its mode, and what is no secret."""
    file = write("p.yaml", f"parameter_defaults: {{RpcPassword: {GOOD['RpcPassword']}}}\n")
    file.chmod(0o644)
    ran = run("passwords", "check", "--secrets", file)
    assert (ran.status, "[exposed-secrets]" in ran.out) == (0, True)
    ran = run("passwords", "check", "--secrets", write("q.yaml", "parameter_defaults: {RpcPassword: []}\n"))
    assert (ran.status, "[wrong-type]" in ran.out) == (1, True)


def test_what_is_overdue_is_listed(run, store):
    """The oldest first, with the command that replaces it; the value beside one that rotates is not."""
    texts = {**GOOD, "RabbitPassword": "a", "RpcPassword.other": "b", "RpcTransportUrl": "rabbit://a:b@c/"}
    store.put(texts, switched())
    ran = run("passwords", "due", *store.words, "--max-age", "180", "--max-age", "RabbitPassword=36500")
    assert (ran.status, ran.err) == (1, "")
    lines = [line.split("  ") for line in ran.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert [(row[0], row[1], row[3], row[4]) for row in cells] == [
        ("NAME", "SINCE", "MAX AGE", "TO RUN NEXT"),
        ("RabbitCookie", "2020-02-29", "180 days", "passwords cookie rotate --cluster rpc"),
        ("RpcPassword", "2020-02-29", "180 days", "passwords rotate begin --name RpcPassword"),
        ("RpcTransportUrl", "2020-02-29", "180 days", "passwords rotate begin --name RpcTransportUrl"),
    ]


def test_nothing_overdue_is_nothing_said_to_cron(run, store):
    """Status 0, and not a word with -q."""
    store.put(GOOD)
    ran = run("passwords", "due", *store.words, *AGELESS)
    assert (ran.status, ran.out, ran.err) == (0, "", "nothing is overdue\n")
    ran = run("-q", "passwords", "due", *store.words, *AGELESS)
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert run("passwords", "due", *store.words, *AGELESS, "-f", "json").out == "[]\n"


def test_due_as_json(run, store):
    """One object for each secret."""
    store.put({"RabbitMonitorPassword": "a"})
    (found,) = json.loads(run("passwords", "due", *store.words, "--max-age", "1", "-f", "json").out)
    assert found.pop("age_days") > 365
    assert found == {
        "name": "RabbitMonitorPassword",
        "changed": "2020-02-29T12:00:00+00:00",
        "max_age_days": 1,
        "command": "passwords generate --replace --name RabbitMonitorPassword",
    }


USAGES = {
    ("due", "--max-age", "0"): "'0' is not a number of days (1 to 36500)",
    ("due", "--max-age", "=5"): "'=5' names no secret; expected [NAME=]DAYS",
    ("due", "--max-age", "RpcPassword=x"): "'x' is not a number of days (1 to 36500)",
    (
        "due",
        "--max-age",
        "RpcPasword=5",
    ): "'RpcPasword' is not one of our secrets; did you mean 'RpcPassword'?",
    (
        "check",
        "--max-age",
        "Foo=5",
    ): "'Foo' is not one of our secrets; expected one of our secrets: NotifyPass",
    ("check", "--secrets", "p.yaml"): "not allowed with argument --store",
}


@pytest.mark.parametrize("words", USAGES)
def test_wrong_usage(run, store, words):
    """The message says what was expected."""
    store.put(GOOD)
    ran = run("passwords", words[0], *store.words, *words[1:])
    assert (ran.status, ran.out) == (2, "")
    assert USAGES[words] in ran.err


def test_a_file_knows_no_ages(run, write):
    """The message says who does."""
    ran = run("passwords", "check", "--secrets", write("p.yaml", ""), "--max-age", "5")
    expected = "error: --max-age: a file knows no ages; import it into a store\n"
    assert (ran.status, ran.err) == (2, expected)


def test_check_needs_a_place(run):
    """There is no default one."""
    assert run("passwords", "check").status == 2
