# SPDX-License-Identifier: Apache-2.0
"""``passwords generate``: what is missing is made, and what is in use is not replaced."""

from __future__ import annotations

import stat

import pytest

from tests.support.stores import store_files
from tripleo_messaging.files import locked
from tripleo_messaging.passwords.specs import PASSWORD_SPECS

ALL = tuple(PASSWORD_SPECS)
LISTED = ", ".join(ALL)


@pytest.fixture
def store(tmp_path):
    """Name a store that is not there."""
    return store_files(tmp_path)


def test_a_new_store_holds_every_secret(run, store):
    """Store and key are made, each for its owner only; no value is said."""
    ran = run("passwords", "generate", *store.words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        f"Made {LISTED}\n"
        f"Store {store.path}, key {store.key_file} (both mode 0600)\n"
        "Nobody reads the store without its key: keep a copy of the key, apart from copies of the store\n"
    )
    assert set(store.texts) == set(ALL)
    assert {stored.source for stored in store.content.secrets.values()} == {"generated"}
    assert store.actions == [("passwords generate", ALL)]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (store.path, store.key_file)] == [0o600, 0o600]


def test_made_values_are_as_strong_as_the_table_says(run, store):
    """And no two are the same."""
    run("passwords", "generate", *store.words)
    assert {name: len(text) for name, text in store.texts.items()} == {
        name: spec.length for name, spec in PASSWORD_SPECS.items()
    }
    assert len(set(store.texts.values())) == len(ALL)


def test_again_nothing_is_written(run, store):
    """Not a byte, so that the backup stays what it was."""
    run("passwords", "generate", *store.words)
    before = store.path.read_bytes()
    ran = run("passwords", "generate", *store.words)
    assert (ran.status, ran.out) == (0, f"Kept {LISTED}\n")
    assert store.path.read_bytes() == before
    assert not store.path.with_name("secrets.store.bak").exists()


def test_what_is_there_stays(run, store):
    """A store that has some gets the others."""
    store.put({"RpcPassword": "ours", "RpcTransportUrl": "rabbit://a:b@c/"})
    ran = run("passwords", "generate", *store.words, "--name", "RpcPassword", "--name", "RabbitCookie")
    place = f"Store {store.path}, key {store.key_file} (both mode 0600)"
    assert ran.out.splitlines() == ["Made RabbitCookie", "Kept RpcPassword", place]
    assert store.texts == {
        "RpcPassword": "ours",
        "RpcTransportUrl": "rabbit://a:b@c/",
        "RabbitCookie": store.texts["RabbitCookie"],
    }
    assert store.actions == [("passwords generate", ("RabbitCookie",))]


REFUSED = {
    "RpcPassword": (
        "clients log in with it, and a new value in its place would cut them off"
        " ('passwords rotate begin --name RpcPassword' gives them another one first)"
    ),
    "NotifyPassword": (
        "clients log in with it, and a new value in its place would cut them off"
        " ('passwords rotate begin --name NotifyPassword' gives them another one first)"
    ),
    "RabbitCookie": (
        "members know one another by it, and cannot speak while they have two"
        " ('passwords cookie rotate --cluster rpc' does it while they run)"
    ),
    "RabbitNotifyCookie": (
        "members know one another by it, and cannot speak while they have two"
        " ('passwords cookie rotate --cluster notify' does it while they run)"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_in_use_is_not_replaced(name, run, store):
    """The message names the command that does it without an outage; nothing is written."""
    store.put({name: "ours", "RabbitPassword": "ours"})
    before = store.path.read_bytes()
    ran = run("passwords", "generate", *store.words, "--replace")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"{store.path}: error: $.parameter_defaults.{name}: {REFUSED[name]} [secret-in-use]\n"
    assert store.path.read_bytes() == before


def test_every_secret_in_use_is_named_at_once(run, store):
    """Who would replace all is told of each."""
    store.put(dict.fromkeys(ALL, "ours"))
    ran = run("passwords", "generate", *store.words, "--replace")
    assert [line.split(": ")[2] for line in ran.err.splitlines()] == [
        f"$.parameter_defaults.{name}" for name in ALL if name in REFUSED
    ]


@pytest.mark.parametrize("name", [name for name in ALL if name not in REFUSED])
def test_what_nobody_logs_in_with_is_replaced(name, run, store):
    """The others stay."""
    store.put({name: "ours", "RpcPassword": "ours"})
    ran = run("passwords", "generate", *store.words, "--name", name, "--replace")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == f"Replaced {name}"
    assert store.texts[name] != "ours"
    assert store.texts["RpcPassword"] == "ours"


@pytest.mark.parametrize("name", REFUSED)
def test_where_nothing_was_replacing_is_making(name, run, store):
    """Nobody can be cut off."""
    ran = run("passwords", "generate", *store.words, "--name", name, "--replace")
    assert (ran.status, ran.out.splitlines()[0]) == (0, f"Made {name}")


def test_a_name_of_nothing_is_wrong_usage(run, store):
    """A URL is not made, and a misspelt name gets what it may mean."""
    ran = run("passwords", "generate", *store.words, "--name", "RpcTransportUrl")
    expected = f"expected one of the secrets that are made: {LISTED}"
    message = "error: --name: 'RpcTransportUrl' is not one of the secrets that are made; "
    assert (ran.status, ran.err) == (2, f"{message}{expected}\n")
    ran = run("passwords", "generate", *store.words, "--name", "RpcPasword")
    assert ran.err.endswith("; did you mean 'RpcPassword'?\n")
    assert not store.path.exists()


def test_two_do_not_make_at_once(run, store):
    """The second is refused, and may be run when the first has ended."""
    store.put({})
    with locked(store.path.parent):
        ran = run("passwords", "generate", *store.words)
    assert ran.status == 3
    assert "run this one when it has ended" in ran.err
    assert store.texts == {}


def test_a_store_without_its_key_stays(run, store):
    """No new key is made for what it would not open."""
    store.put({"RpcPassword": "ours"})
    store.key_file.unlink()
    before = store.path.read_bytes()
    ran = run("passwords", "generate", *store.words)
    assert ran.status == 3
    assert ran.err.startswith(f"error: {store.key_file}: no such key file;")
    assert store.path.read_bytes() == before
    assert not store.key_file.exists()
