# SPDX-License-Identifier: Apache-2.0
"""``passwords show`` and ``passwords audit``: what is kept, since when, and who did what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.stores import store_files, switched

SECRETS = {
    "NotifyPassword": "bbb111",
    "RpcPassword": "aaa222",
    "RpcPassword.other": "ccc333",
    "Zz": "\x1b[2J",
}


@pytest.fixture
def store(tmp_path):
    """Make a store whose RPC account rotates."""
    store = store_files(tmp_path)
    store.put(SECRETS, switched())
    return store


def rows(out: str) -> list[list[str]]:
    """Return the cells of a table."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


def test_values_are_masked(run, store):
    """Each secret has a line: name, when, how long ago, how, and what it is for."""
    ran = run("passwords", "show", *store.words)
    assert (ran.status, ran.err) == (0, "")
    shown = rows(ran.out)
    assert [(*row[:2], *row[3:]) for row in shown] == [
        ("NAME", "SINCE", "HOW", "VALUE", "FOR"),
        ("RpcPassword", "2020-02-29", "generated", "********", "Password of RPC's user."),
        (
            "RpcPassword.other",
            "2020-02-29",
            "generated",
            "********",
            "The account beside that of RpcPassword, while it rotates.",
        ),
        (
            "NotifyPassword",
            "2020-02-29",
            "generated",
            "********",
            "Password of Notify's user, where it has one of its own.",
        ),
        ("Zz", "2020-02-29", "generated", "********"),
    ]
    assert all(row[2].endswith(" days") for row in shown[1:])
    assert store.actions == []


def test_a_value_is_shown_when_asked(run, store):
    """And the audit says to whom."""
    ran = run("passwords", "show", *store.words, "--name", "RpcPassword", "--reveal")
    assert [row[-2:] for row in rows(ran.out)[1:]] == [["aaa222", "Password of RPC's user."]]
    assert ran.err == ""
    assert store.actions == [("passwords show --reveal", ("RpcPassword",))]
    assert store.texts == SECRETS


def test_what_a_terminal_would_obey_is_escaped(run, store):
    """As JSON writes it; other values stand as they are."""
    ran = run("passwords", "show", *store.words, "--name", "Zz", "--reveal")
    assert '"\\u001b[2J"' in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(("words", "value"), [((), "********"), (("--reveal",), "aaa222")])
def test_json_has_the_same(run, store, words, value):
    """With the age in whole days, and the time in UTC."""
    ran = run("passwords", "show", *store.words, "--name", "RpcPassword", "-f", "json", *words)
    (shown,) = json.loads(ran.out)
    assert shown.pop("age_days") > 365
    assert shown == {
        "name": "RpcPassword",
        "purpose": "Password of RPC's user.",
        "changed": "2020-02-29T12:00:00+00:00",
        "source": "generated",
        "value": value,
    }


def test_what_was_made_today_is_so(run, tmp_path):
    """No plural, no zero."""
    store = store_files(tmp_path)
    run("passwords", "generate", *store.words)
    assert {row[2] for row in rows(run("passwords", "show", *store.words).out)[1:]} == {"today"}


def test_a_name_that_is_not_there_is_wrong_usage(run, store):
    """With what it may mean, or what there is."""
    ran = run("passwords", "show", *store.words, "--name", "RpcPasswrd")
    message = (
        "error: --name: 'RpcPasswrd' is not one of the secrets of the store; did you mean 'RpcPassword'?\n"
    )
    assert (ran.status, ran.out, ran.err) == (2, "", message)


@pytest.mark.parametrize("command", ["show", "audit", "rekey", "due", "check"])
def test_a_store_that_is_not_there_is_told(run, tmp_path, command):
    """None is made."""
    store = store_files(tmp_path)
    ran = run("passwords", command, *store.words)
    expected = f"error: {store.path}: no such store; 'passwords generate' and 'passwords import' make one\n"
    assert (ran.status, ran.out, ran.err) == (3, "", expected)
    assert not store.path.exists()


def test_nothing_is_revealed_that_cannot_be_recorded(run, store):
    """A store that cannot be written shows no value."""
    blocked = store.path.with_name("secrets.store.bak")
    blocked.mkdir()
    ran = run("passwords", "show", *store.words, "--reveal")
    assert (ran.status, ran.out) == (3, "")
    assert not any(text in ran.err for text in SECRETS.values())


def test_the_audit_lists_every_change(run, tmp_path, monkeypatch):
    """Oldest first: time, who, what, and which secrets; whom sudo was called by, too."""
    store = store_files(tmp_path)
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "heat-admin")
    run("passwords", "generate", *store.words, "--name", "RpcPassword")
    monkeypatch.delenv("SUDO_USER")
    run("passwords", "show", *store.words, "--reveal")
    run("passwords", "rekey", *store.words)
    ran = run("passwords", "audit", *store.words)
    assert [row[1:] for row in rows(ran.out)] == [
        ["WHO", "WHAT", "NAMES"],
        ["root (sudo by heat-admin)", "passwords generate", "RpcPassword"],
        ["root", "passwords show --reveal", "RpcPassword"],
        ["root", "passwords rekey"],
    ]
    listed = json.loads(run("passwords", "audit", *store.words, "-f", "json").out)
    assert [(entry["actor"], entry["action"], tuple(entry["names"])) for entry in listed] == [
        (entry.actor, entry.action, entry.names) for entry in store.content.audit
    ]
    assert listed[0]["time"] == store.content.audit[0].time.isoformat()


def test_a_new_key_opens_store_and_backup(run, store):
    """And the former one neither; no secret changes."""
    former = store.key_file.read_bytes()
    ran = run("passwords", "rekey", *store.words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Store {store.path} and its backup have a new key, in {store.key_file} ")
    assert store.texts == SECRETS
    assert store.actions == [("passwords rekey", ())]
    backup = store.path.with_name("secrets.store.bak")
    backup.replace(store.path)
    assert store.texts == SECRETS
    Path(store.key_file).write_bytes(former)
    ran = run("passwords", "show", *store.words)
    assert ran.status == 3
    assert ran.err.startswith(f"error: {store.path}: cannot be opened with {store.key_file}: ")
