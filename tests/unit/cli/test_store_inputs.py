# SPDX-License-Identifier: Apache-2.0
"""Rendering by an encrypted store, and the accounts that rotations have come to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.cli.conftest import Ran, Run
from tripleo_messaging.cli.store_options import actor, default_key_file
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Login
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content, StoredSecret
from tripleo_messaging.rotation.steps import begin, finish, switch

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
LOGIN = Login(user_name="rpc", secret="RpcPassword", virtual_hosts=("/",))
Step = Callable[[Content], Content]


def begin_step(content: Content) -> Content:
    """Begin the rotation of RPC's account."""
    return begin(
        content, LOGIN, StoredSecret(secret=Secret("canaryNew"), changed=NOW, source="generated"), NOW
    )


def switch_step(content: Content) -> Content:
    """Give clients the second account."""
    return switch(content, "RpcPassword", NOW)


def finish_step(content: Content) -> Content:
    """Retire the first account."""
    return finish(content, "RpcPassword", "rpc", NOW)


@attrs.frozen
class Place:
    """A store beside a tree that is rendered by it."""

    run: Run
    directory: Path

    @property
    def store(self) -> EncryptedFileStore:
        """Return the store."""
        return EncryptedFileStore(self.directory / "secrets.store", self.directory / "key")

    def render(self, *more: object) -> Ran:
        """Render the default plan."""
        place = ("--store", self.directory / "secrets.store", "--key-file", self.directory / "key")
        return self.run("hieradata", "render", *place, "--output", self.directory / "tree", *more)

    def step(self, *steps: Step) -> None:
        """Take steps of a rotation."""
        snapshot = self.store.read()
        content = snapshot.content
        for step in steps:
            content = step(content)
        self.store.replace(content, expected_revision=snapshot.revision)

    def level(self, name: str) -> dict[str, Any]:
        """Return what a file of the tree holds."""
        content: dict[str, Any] = json.loads((self.directory / "tree" / name).read_text(encoding="utf-8"))
        return content

    def accounts(self) -> tuple[str, list[str], list[str]]:
        """Return whom clients are given, whom the brokers know, and whom they delete."""
        cluster = self.level("clusters/rpc.json")
        definitions = json.loads(
            cluster["tripleo_messaging::rabbitmq::instance_secrets"]["rabbit"]["definitions"]
        )
        absent = cluster["tripleo_messaging::rabbitmq::instances"]["rabbit"]["absent_users"]
        known = [user["name"] for user in definitions["users"] if user["name"].startswith("rpc")]
        return self.level("all.json")["messaging_rpc_user_name"], known, absent


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Place:
    """Render by a store that is made."""
    place = Place(run, tmp_path)
    ran = place.render("--generate")
    assert ran.status == 0, ran.err
    assert f"kept in {tmp_path / 'secrets.store'} (mode 0600)" in ran.out
    return place


def test_store_is_made_and_then_kept(place: Place) -> None:
    """The secrets that --generate makes are in a store that only its owner reads, and stay."""
    before = (place.directory / "secrets.store").read_bytes()
    snapshot = place.store.read()
    assert set(snapshot.content.secrets) == {"RpcPassword", "RabbitCookie"}
    assert [entry.action for entry in snapshot.content.audit] == ["hieradata render --generate"]
    assert {path.stat().st_mode & 0o777 for path in (place.directory / "key", place.store.path)} == {0o600}
    password = snapshot.content.secrets["RpcPassword"].secret.reveal()
    assert place.level("all.json")["messaging_rpc_password"] == password
    assert password.encode() not in before

    again = place.render("--generate")

    assert (again.status, place.store.path.read_bytes()) == (0, before)
    assert "written" not in again.out


def test_phases_are_renderings(place: Place) -> None:
    """Brokers know both accounts until finish; clients get the new one by switch; then the old one goes."""
    generation = place.level("all.json")["tripleo_messaging::generation"]
    seen = []
    for step in (begin_step, switch_step, finish_step):
        place.step(step)
        ran = place.render()
        assert ran.status == 0, ran.err
        assert "left-behind" not in ran.err
        seen.append(place.accounts())
    assert seen == [
        ("rpc", ["rpc", "rpc-2"], []),
        ("rpc-2", ["rpc-2", "rpc"], []),
        ("rpc-2", ["rpc-2"], ["rpc"]),
    ]
    assert place.level("all.json")["tripleo_messaging::generation"] == generation


def test_begin_changes_nothing_for_clients(place: Place) -> None:
    """What every node reads stays, byte for byte."""
    before = (place.directory / "tree" / "all.json").read_bytes()
    place.step(begin_step)
    place.render()
    assert (place.directory / "tree" / "all.json").read_bytes() == before


@pytest.mark.parametrize("steps", [(begin_step,), (begin_step, switch_step)])
def test_other_user_name_meanwhile_is_refused(place: Place, tmp_path: Path, steps: tuple[Step, ...]) -> None:
    """It would take the account from clients; afterwards it is the new base."""
    place.step(*steps)
    plan = tmp_path / "plan.yaml"
    plan.write_text("version: 1\nrpc:\n  user_name: nova\n", encoding="utf-8")

    ran = place.render("--plan", plan)

    assert ran.status == 1
    assert (
        f"{plan}:3: error: $.rpc.user_name: found 'nova', and the rotation of RpcPassword was begun for 'rpc'"
        in (ran.err)
    )
    assert place.accounts()[0] == "rpc"


def test_other_user_name_after_a_rotation(place: Place, tmp_path: Path) -> None:
    """The number stays with the password; the account of the former name is deleted."""
    place.step(begin_step, switch_step, finish_step)
    plan = tmp_path / "plan.yaml"
    plan.write_text("version: 1\nrpc: {user_name: nova}\n", encoding="utf-8")
    assert place.render("--plan", plan).status == 0
    assert place.level("all.json")["messaging_rpc_user_name"] == "nova-2"


def test_secret_of_an_environment_file_is_refused(place: Place, write: Callable[..., Path]) -> None:
    """It would win over the store, and clients would have another password than the store knows."""
    file = write("env.yaml", "parameter_defaults:\n  RpcPassword: canaryGiven\n")
    ran = place.render("-e", file)
    assert ran.status == 1
    assert "RpcPassword: is another value than the store holds" in ran.err
    assert "canaryGiven" not in ran.err


def test_missing_secret_names_the_commands_of_the_store(run: Run, tmp_path: Path) -> None:
    """Not the option of the other kind of file."""
    ran = Place(run, tmp_path).render()
    assert ran.status == 1
    assert "make it by 'passwords generate', or take it over by 'passwords import'" in ran.err
    assert "--secrets" not in ran.err


def test_store_and_secrets_exclude_each_other(run: Run, tmp_path: Path) -> None:
    """Two sources of one secret would disagree some day."""
    place = Place(run, tmp_path)
    ran = place.render("--secrets", tmp_path / "passwords.yaml")
    assert ran.status == 2
    assert "not allowed with argument" in ran.err


def test_store_in_the_tree_is_refused(run: Run, tmp_path: Path) -> None:
    """Both would want the lock of that directory."""
    ran = run("hieradata", "render", "--generate", "--store", tmp_path / "a.store", "--output", tmp_path)
    assert ran.status == 2
    assert "is in the directory of the hieradata; give it one of its own" in ran.err


def test_key_file_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment names it, or it is in the home directory."""
    monkeypatch.delenv("TRIPLEO_MESSAGING_KEY_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_key_file() == tmp_path / ".config/tripleo-messaging/store.key"
    monkeypatch.setenv("TRIPLEO_MESSAGING_KEY_FILE", "/keys/one")
    assert default_key_file() == Path("/keys/one")


def test_actor_names_who_called_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every change would be root's."""
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "alice")
    assert actor() == "root (sudo by alice)"
