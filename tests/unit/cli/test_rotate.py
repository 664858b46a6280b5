# SPDX-License-Identifier: Apache-2.0
"""The commands of a rotation where no broker answers; functional tests have real ones."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.cli.conftest import Ran, Run
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content

EXTERNAL = """\
version: 1
consumers: [none]
rpc: {nodes: [ctl-0], port: %d}
notify:
  backend: external
  user_name: nova
  nodes: [{host: mq.example.org}]
"""
INVENTORY = """\
all:
  hosts:
    compute-0: {internal_api_ip: 127.0.0.9}
    ctl-0: {internal_api_ip: 127.0.0.1, internal_api_hostname: localhost}
"""
MEMBERS = "Hosts that need an apply (1 host)\n  ctl-0\n"
EVERY_HOST = "Hosts that need an apply (2 hosts, every host of the inventory)\n  compute-0 ctl-0\n"


@attrs.frozen
class Place:
    """A plan with RabbitMQ of ours for RPC and brokers of others for Notify."""

    run: Run
    directory: Path

    def __call__(self, *words: object) -> Ran:
        """Run a command on it."""
        names = {"--plan": "plan.yaml", "-i": "inventory.yaml", "--store": "a.store", "--key-file": "a.key"}
        given = [word for option, name in names.items() for word in (option, self.directory / name)]
        return self.run(*words, *given)

    def rotate(self, verb: str, *words: object) -> Ran:
        """Take a step."""
        return self("passwords", "rotate", verb, "--output", self.directory / "tree", *words)

    @property
    def content(self) -> Content:
        """Return what the store keeps."""
        store = EncryptedFileStore(self.directory / "a.store", self.directory / "a.key")
        return store.read().content

    def secret(self, name: str) -> str:
        """Return a secret of the store."""
        return self.content.secrets[name].secret.reveal()

    def url(self, service: str) -> str:
        """Return the URL that clients are given."""
        level = json.loads((self.directory / "tree" / "all.json").read_text(encoding="utf-8"))
        return str(level[f"messaging_{service}_transport_url"])


@pytest.fixture
def place(run: Run, write: Callable[..., Path], tmp_path: Path) -> Place:
    """Write the plan, make the store, and render."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    write("plan.yaml", EXTERNAL % port)
    write("inventory.yaml", INVENTORY)
    made = Place(run, tmp_path)
    assert (
        run("passwords", "generate", "--store", tmp_path / "a.store", "--key-file", tmp_path / "a.key").status
        == 0
    )
    ran = made("hieradata", "render", "--output", tmp_path / "tree")
    assert ran.status == 0, ran.err
    return made


RPC = ("--service", "rpc")
NOTIFY = ("--service", "notify")
SOON = ("--timeout", "2")


def test_one_rotation_from_begin_to_finish(place: Place):
    """Each step says who needs an apply and what comes next, with the options of this one."""
    begun = place.rotate("begin", *RPC)
    assert begun.status == 0, begun.err
    assert "  RpcPassword  rpc       begun  rpc                rpc-2\n" in begun.out
    assert MEMBERS in begun.out
    assert f" passwords rotate switch --plan {place.directory}/plan.yaml" in begun.out
    assert begun.out.rstrip().endswith("--service rpc")

    refused = place.rotate("switch", *RPC, *SOON)
    assert refused.status == 1
    assert refused.err.count("connection refused") == 1
    assert "rpc:" in place.url("rpc")

    switched = place.rotate("switch", *RPC, *SOON, "--force")
    assert switched.status == 0, switched.err
    assert EVERY_HOST in switched.out
    assert "nova-manage cell_v2 update_cell" in switched.out
    assert f"rpc-2:{place.secret('RpcPassword')}@" in place.url("rpc")

    refused = place.rotate("finish", *RPC, *SOON)
    assert refused.status == 1
    assert "ssh -N -L 15672:127.0.0.1:15672 ctl-0" in refused.err

    finished = place.rotate("finish", *RPC, *SOON, "--force")
    assert finished.status == 0, finished.err
    assert MEMBERS in finished.out
    assert "RpcPassword.other" not in place.content.secrets


def test_audit_tells_every_step_and_no_secret(place: Place):
    """Who, when, what, and of which secret."""
    for verb, force in (
        ("begin", ()),
        ("switch", ("--force", *SOON)),
        ("rollback", ()),
        ("finish", ("--force", *SOON)),
    ):
        assert place.rotate(verb, *RPC, *force).status == 0
    entries = [(entry.action, entry.names) for entry in place.content.audit]
    assert entries[-4:] == [
        (f"passwords rotate {verb}", ("RpcPassword",)) for verb in ("begin", "switch", "rollback", "finish")
    ]


@pytest.mark.parametrize("steps", [("begin",), ("begin", "switch"), ("begin", "switch", "rollback")])
def test_repeated_steps_change_nothing(place: Place, steps: tuple[str, ...]):
    """As after an interruption: the store stays, and the hosts are named again."""
    for verb in steps:
        force = ("--force", *SOON) if verb == "switch" else ()
        ran = place.rotate(verb, *RPC, *force)
        assert ran.status == 0, ran.err
    before = (place.directory / "a.store").read_bytes()

    again = place.rotate(steps[-1], *RPC, *(("--force", *SOON) if steps[-1] == "switch" else ()))

    assert again.status == 0, again.err
    assert (place.directory / "a.store").read_bytes() == before
    assert "The store was so already" in again.out
    assert again.out.replace("The store was so already; the hieradata is rendered again.\n", "") == ran.out


def test_rollback_of_what_no_client_got(place: Place):
    """Nothing on any host is otherwise than before."""
    place.rotate("begin", *RPC)
    ran = place.rotate("rollback", *RPC)
    assert "No host needs an apply." in ran.out
    assert place.rotate("finish", *RPC, *SOON, "--force").status == 0


def test_steps_out_of_turn(place: Place):
    """Each is refused with what may be done, and nothing is written."""
    before = (place.directory / "a.store").read_bytes()
    for verb in ("switch", "rollback", "finish"):
        ran = place.rotate(verb, *RPC)
        assert (ran.status, ran.out) == (1, "")
        assert "no rotation is under way; begin one with 'passwords rotate begin'" in ran.err
    assert (place.directory / "a.store").read_bytes() == before


def test_steps_without_a_service_are_about_what_is_under_way(place: Place):
    """After `begin --service rpc` the other commands need not say it again."""
    assert place.rotate("begin", *RPC).status == 0
    rolled = place.rotate("rollback")
    assert rolled.status == 0, rolled.err
    assert "NotifyPassword" not in place.content.rotations


def test_brokers_of_others_get_what_the_operator_supplies(place: Place, write: Callable[..., Path]):
    """Password and user are supplied, switch and finish cannot ask, and nothing there is ours to change."""
    refused = place.rotate("begin", *NOTIFY)
    assert refused.status == 2
    assert "give its password by --new-secret FILE" in refused.err

    supplied = write("new.txt", "canarySupplied9\n")
    begun = place.rotate("begin", *NOTIFY, "--new-secret", supplied, "--new-user", "nova2")
    assert begun.status == 0, begun.err
    assert "No host needs an apply" in begun.out
    assert "canary" not in begun.out + begun.err

    assert "cannot be asked" in place.rotate("switch", *NOTIFY).err
    switched = place.rotate("switch", *NOTIFY, "--force")
    assert switched.status == 0, switched.err
    assert "nova2:canarySupplied9@mq.example.org" in place.url("notify")
    assert place.rotate("finish", *NOTIFY).status == 1
    assert place.rotate("finish", *NOTIFY, "--force").status == 0
    assert "nova2:canarySupplied9@" in place.url("notify")


def test_second_rotation_keeps_the_user_that_others_chose(place: Place, write: Callable[..., Path]):
    """A password alone is of the account that clients have, not of the plan's."""
    for number, user in (("1", ("--new-user", "nova2")), ("2", ())):
        supplied = write("new.txt", f"canary{number}")
        assert place.rotate("begin", *NOTIFY, "--new-secret", supplied, *user).status == 0
        for verb in ("switch", "finish"):
            assert place.rotate(verb, *NOTIFY, "--force").status == 0
        assert f"nova2:canary{number}@mq.example.org" in place.url("notify")


def test_next_steps_of_two_phases_name_their_accounts(place: Place, write: Callable[..., Path]):
    """A bare rollback would be about both."""
    supplied = write("new.txt", "canary")
    assert place.rotate("begin", *RPC).status == 0
    assert place.rotate("switch", *RPC, *SOON, "--force").status == 0
    assert place.rotate("begin", *NOTIFY, "--new-secret", supplied).status == 0
    lines = place.rotate("status", "--offline").out.splitlines()
    commands = [line.split(" rotate ")[1] for line in lines if " passwords rotate " in line]
    told = [(command.split()[0], command.split()[-1]) for command in commands]
    assert told == [
        ("finish", "RpcPassword"),
        ("rollback", "RpcPassword"),
        ("switch", "NotifyPassword"),
        ("rollback", "NotifyPassword"),
    ]


@pytest.mark.parametrize("url", ["http://u:canary@mq:15672", "rpc=http://u:canary@mq:15672", "rpc=mq:15672"])
def test_management_urls_that_are_none(place: Place, url: str):
    """With a password in it, or without a scheme; what was given is not said again."""
    ran = place.rotate("status", "--management", url)
    assert (ran.status, "canary" in ran.err) == (2, False)


@pytest.mark.parametrize(("text", "more"), [("canaryOther", ()), ("canarySupplied9", ("--new-user", "b"))])
def test_another_supplied_secret_while_begun(
    place: Place, write: Callable[..., Path], text: str, more: tuple[str, ...]
):
    """It would be ignored in silence; the same one is a repeated step, and there is a way to replace it."""
    new = write("new.txt", "canarySupplied9\n")
    assert place.rotate("begin", *NOTIFY, "--new-secret", new).status == 0
    assert place.rotate("begin", *NOTIFY, "--new-secret", new).status == 0
    another = ("--new-secret", write("other.txt", text), *more)

    ran = place.rotate("begin", *NOTIFY, *another)

    assert ran.status == 1
    assert "was begun with another secret or user; take that back by 'passwords rotate rollback'" in ran.err
    assert "canary" not in ran.err
    for verb, words in (("rollback", ()), ("finish", ("--force",)), ("begin", another)):
        assert place.rotate(verb, *NOTIFY, *words).status == 0
    assert place.secret("NotifyPassword.other") == text


def test_whole_url_that_is_none(place: Place, write: Callable[..., Path]):
    """Clients would get it by switch; the text is not shown."""
    write("plan.yaml", "version: 1\nconsumers: [none]\nrpc: {nodes: [ctl-0]}\nnotify: {backend: external}\n")
    url = write("url.txt", "rabbit://nova:canary@mq.example.org:5672/\n")
    secrets = write("passwords.yaml", "parameter_defaults: {NotifyTransportUrl: 'rabbit://a:b@mq:5672/'}\n")
    where = ("--store", place.directory / "a.store", "--key-file", place.directory / "a.key")
    assert place.run("passwords", "import", secrets, *where).status == 0
    ran = place.rotate("begin", *NOTIFY, "--new-secret", write("bad.txt", "mq canary"))
    assert (ran.status, "is no transport URL" in ran.err, "canary" in ran.err) == (2, True, False)
    assert place.rotate("begin", *NOTIFY, "--new-secret", url).status == 0
    assert place.rotate("switch", *NOTIFY, "--force").status == 0
    assert place.url("notify") == "rabbit://nova:canary@mq.example.org:5672/"


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n", "x" * 5000])
def test_supplied_secrets_that_are_none(place: Place, write: Callable[..., Path], content: str):
    """Empty, more than a line, too long."""
    ran = place.rotate("begin", *NOTIFY, "--new-secret", write("new.txt", content))
    assert ran.status in (2, 3)
    assert not place.content.rotations


def test_supplied_secret_for_our_own_brokers(place: Place, write: Callable[..., Path]):
    """These are made here, and are strong."""
    ran = place.rotate("begin", *RPC, "--new-secret", write("new.txt", "canary"))
    assert ran.status == 2
    assert "leave out --new-secret" in ran.err


def test_begin_makes_the_account_that_looks(place: Place):
    """A store that was imported has none, and finish needs it."""
    store = EncryptedFileStore(place.directory / "a.store", place.directory / "a.key")
    snapshot = store.read()
    store.replace(
        snapshot.content.without_secrets("RabbitMonitorPassword"), expected_revision=snapshot.revision
    )
    assert place.rotate("begin", *RPC).status == 0
    level = (place.directory / "tree/clusters/rpc.json").read_text(encoding="utf-8")
    assert "tripleo-messaging-monitor" in level
    assert "RabbitMonitorPassword" in place.content.secrets


def status(place: Place, *words: object) -> dict[str, Any]:
    """Return what status says."""
    ran = place.rotate("status", "--offline", "-f", "json", *words)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_status_names_what_comes_next(place: Place):
    """Whatever was interrupted."""
    assert [account["phase"] for account in status(place)["accounts"]] == ["settled", "settled"]
    place.rotate("begin", *RPC)
    found = status(place, *RPC)
    assert (found["is_rendered"], found["next"]) == (True, ["switch", "rollback"])
    (place.directory / "tree/clusters/rpc.json").unlink()
    assert status(place)["is_rendered"] is False
    text = place.rotate("status", "--offline").out
    assert "is not of this state, as after an interrupted command. First run\n" in text
    assert "  tripleo-messaging hieradata render " in text


def test_finish_wants_the_hieradata_of_the_state(place: Place):
    """An earlier one may give clients, later, the account that is to go; not even --force goes on."""
    place.rotate("begin", *RPC)
    place.rotate("switch", *RPC, *SOON, "--force")
    before = (place.directory / "a.store").read_bytes()
    (place.directory / "tree/clusters/rpc.json").unlink()
    ran = place.rotate("finish", *RPC, *SOON, "--force")
    assert ran.status == 1
    assert "is not of the store's state" in ran.err
    assert "\n  tripleo-messaging hieradata render --plan " in ran.err
    assert (place.directory / "a.store").read_bytes() == before
    assert place("hieradata", "render", "--output", place.directory / "tree").status == 0
    assert place.rotate("finish", *RPC, *SOON, "--force").status == 0
    (place.directory / "tree/clusters/rpc.json").unlink()
    assert place.rotate("finish", *RPC, *SOON).status == 0


def test_status_asks_and_tells_who_does_not_answer(place: Place):
    """Nothing of it is an error of the command."""
    place.rotate("begin", *RPC)
    ran = place.rotate("status", *SOON, *RPC)
    assert ran.status == 0, ran.err
    assert ran.out.count("connection refused") == 2


def test_hosts_file(place: Place):
    """One a line, as Ansible limits a run by it."""
    hosts = place.directory / "hosts"
    assert place.rotate("begin", *RPC, "--hosts-file", hosts).status == 0
    assert hosts.read_text(encoding="utf-8") == "ctl-0\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "RpcPasswort"), "did you mean 'RpcPassword'?"),
        (("--name", "Cinder"), "expected one of RpcPassword, NotifyPassword"),
        (("--new-user", "x"), "--new-user needs --new-secret"),
    ],
)
def test_wrong_usage(place: Place, words: tuple[str, ...], said: str):
    """Each message names the way out."""
    ran = place.rotate("begin", *words)
    assert ran.status == 2
    assert said in ran.err


def test_no_store(run: Run, tmp_path: Path):
    """Neither named nor there."""
    ran = run("passwords", "rotate", "begin", "--output", tmp_path / "tree")
    assert (ran.status, "--store FILE is needed" in ran.err) == (2, True)
    ran = run("passwords", "rotate", "status", "--store", tmp_path / "none", "--key-file", tmp_path / "key")
    assert (ran.status, "no such store" in ran.err) == (2, True)


def test_two_commands_at_once(place: Place):
    """The second says so, and nothing is lost."""
    store = EncryptedFileStore(place.directory / "a.store", place.directory / "a.key")
    with store.lease():
        ran = place.rotate("begin", *RPC)
    assert ran.status == 3
    assert "another tripleo-messaging command is writing here" in ran.err
    assert not place.content.rotations
