# SPDX-License-Identifier: Apache-2.0
"""The commands of a rotation where brokers answer: a double of one, on sockets of this host."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import attrs
import pytest

from tests.unit.cli.conftest import Ran, Run
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content

PLAN = """\
version: 1
consumers: [none]
rpc: {nodes: [ctl-0], port: %d}
"""
INVENTORY = """\
all:
  hosts:
    ctl-0: {internal_api_ip: 127.0.0.1, internal_api_hostname: localhost}
%s"""
MONITOR = "tripleo-messaging-monitor"
NODES = [{"name": "rabbit@localhost", "running": True}]
_FRAME_END = b"\xce"
_CONNECTION = 10
_START, _START_OK, _TUNE, _OPEN, _OPEN_OK, _CLOSE, _CLOSE_OK = 10, 11, 30, 40, 41, 50, 51


def frame(method: int, arguments: bytes) -> bytes:
    """Return a frame of AMQP 0-9-1 with a method of the class connection."""
    payload = struct.pack(">HH", _CONNECTION, method) + arguments
    return struct.pack(">BHI", 1, 0, len(payload)) + payload + _FRAME_END


@attrs.define
class Broker:
    """What a broker knows; tests change it as Puppet and clients do."""

    users: dict[str, str] = attrs.Factory(dict)
    connections: list[dict[str, Any]] = attrs.Factory(list)
    monitor: str = ""
    logins: list[str] = attrs.Factory(list)
    port: int = 0
    management: str = ""

    def lets_in(self, start_ok: bytes) -> bool:
        """Judge the answer to a greeting, by SASL PLAIN."""
        for user, password in self.users.items():
            if b"\0".join((b"", user.encode(), password.encode())) in start_ok:
                self.logins.append(user)
                return True
        return False

    def connect(self, user: str, address: str, process: str, age_s: float) -> None:
        """Connect a client."""
        self.connections.append(
            {
                "user": user,
                "vhost": "/",
                "peer_host": address,
                "connected_at": (time.time() - age_s) * 1000,
                "client_properties": {"connection_name": process},
            }
        )


def amqp_handler(broker: Broker) -> type[socketserver.StreamRequestHandler]:
    """Return what answers to clients."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, struct.error):
                self._talk()

        def _talk(self) -> None:
            self.rfile.read(8)
            mechanisms, locales = b"PLAIN", b"en_US"
            texts = b"".join(struct.pack(">I", len(text)) + text for text in (mechanisms, locales))
            self.wfile.write(frame(_START, b"\0\x09" + struct.pack(">I", 0) + texts))
            if not broker.lets_in(self._read()):
                reason = b"ACCESS_REFUSED"
                text = struct.pack(">HB", 403, len(reason)) + reason
                self.wfile.write(frame(_CLOSE, text + struct.pack(">HH", _CONNECTION, _START_OK)))
                self._read()
                return
            self.wfile.write(frame(_TUNE, struct.pack(">HIH", 0, 131072, 0)))
            self._read()
            self._read()
            self.wfile.write(frame(_OPEN_OK, b"\0"))
            self._read()
            self.wfile.write(frame(_CLOSE_OK, b""))

        def _read(self) -> bytes:
            _, _, size = struct.unpack(">BHI", self.rfile.read(7))
            return self.rfile.read(size + 1)

    return Handler


def management_handler(broker: Broker) -> type[http.server.BaseHTTPRequestHandler]:
    """Return what answers to who looks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expected = base64.b64encode(f"{MONITOR}:{broker.monitor}".encode()).decode()
            is_known = self.headers["Authorization"] == f"Basic {expected}"
            found: Any = NODES if self.path.startswith("/api/nodes") else broker.connections
            body = json.dumps(found if is_known else {"error": "not_authorised"}).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    """Serve on a port of this host."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(timeout=10)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Start one, on ports of its own."""
    made = Broker()
    with serving(amqp_handler(made)) as port, serving(management_handler(made)) as management:
        made.port, made.management = port, f"http://127.0.0.1:{management}"
        yield made


@attrs.frozen(kw_only=True)
class Place:
    """A plan with one broker, a store, and the double of that broker."""

    run: Run
    directory: Path
    broker: Broker

    def __call__(self, *words: object) -> Ran:
        """Run a command on it."""
        names = {"--plan": "plan.yaml", "-i": "inventory.yaml", "--store": "a.store", "--key-file": "a.key"}
        given = [word for option, name in names.items() for word in (option, self.directory / name)]
        return self.run(*words, *given)

    def rotate(self, verb: str, *words: object) -> Ran:
        """Run a command of a rotation that can ask the broker."""
        asks = ("--management", self.broker.management) if verb in ("finish", "status") else ()
        return self("passwords", "rotate", verb, "--output", self.directory / "tree", *asks, *words)

    def taken(self, *verbs: str) -> None:
        """Take steps, each with an apply after it."""
        for verb in verbs:
            ran = self.rotate(verb)
            assert ran.status == 0, ran.err
            self.apply()

    @property
    def store(self) -> EncryptedFileStore:
        """Return the store."""
        return EncryptedFileStore(self.directory / "a.store", self.directory / "a.key")

    @property
    def content(self) -> Content:
        """Return what it keeps."""
        return self.store.read().content

    def apply(self) -> None:
        """Let the broker know whom the store has for it, as Puppet does by the hieradata."""
        content = self.content
        written = content.rotations.get("RpcPassword")
        accounts = [("RpcPassword", written["active"] if written else None)]
        if written and written["other"]:
            accounts.append(("RpcPassword.other", written["other"]))
        self.broker.users = {
            named(account): content.secrets[name].secret.reveal() for name, account in accounts
        }
        self.broker.monitor = content.secrets["RabbitMonitorPassword"].secret.reveal()


def named(account: Optional[dict[str, Any]]) -> str:
    """Name the user of an account."""
    number = account["number"] if account else 1
    return "rpc" if number == 1 else f"rpc-{number}"


def make_place(run: Run, write: Callable[..., Path], tmp_path: Path, broker: Broker, others: int) -> Place:
    """Write the plan, make the store, and render and apply."""
    write("plan.yaml", PLAN % broker.port)
    hosts = "".join(
        f"    compute-{number}: {{internal_api_ip: 127.0.1.{number}}}\n" for number in range(others)
    )
    write("inventory.yaml", INVENTORY % hosts)
    made = Place(run=run, directory=tmp_path, broker=broker)
    names = ("RpcPassword", "RabbitCookie", "RabbitMonitorPassword")
    named_words = [word for name in names for word in ("--name", name)]
    keys = ("--store", tmp_path / "a.store", "--key-file", tmp_path / "a.key")
    assert run("passwords", "generate", *keys, *named_words).status == 0
    ran = made("hieradata", "render", "--output", tmp_path / "tree")
    assert ran.status == 0, ran.err
    made.apply()
    return made


@pytest.fixture
def place(run: Run, write: Callable[..., Path], tmp_path: Path, broker: Broker) -> Place:
    """Make one with a host beside the broker's."""
    return make_place(run, write, tmp_path, broker, 1)


def test_rotation_that_brokers_agree_to(place: Place):
    """No step of it needs force: switch logs in with the new account, finish finds nobody with the old."""
    place.taken("begin", "switch", "finish")
    assert place.broker.logins == ["rpc-2"]
    assert list(place.broker.users) == ["rpc-2"]
    assert "RpcPassword.other" not in place.content.secrets


def test_switch_before_an_apply(place: Place):
    """The member that does not know the new account is named, and nothing is written."""
    assert place.rotate("begin").status == 0
    before = (place.directory / "a.store").read_bytes(), (place.directory / "tree/all.json").read_bytes()

    ran = place.rotate("switch")

    assert (ran.status, ran.out) == (1, "")
    assert "  ctl-0: localhost:" in ran.err
    assert "refused rpc-2: 403 AccessRefused; has Puppet run there since 'begin'?" in ran.err
    assert before == (
        (place.directory / "a.store").read_bytes(),
        (place.directory / "tree/all.json").read_bytes(),
    )
    place.apply()
    assert place.rotate("switch").status == 0


def test_finish_while_somebody_has_the_old_account(place: Place):
    """Everyone is named by host, process and age, others are not, and nothing is written until forced."""
    place.taken("begin", "switch")
    place.broker.connect("rpc", "127.0.1.0", "nova-compute:4711:0d3f", 3 * 3600 + 5)
    place.broker.connect("rpc", "127.0.0.1", "nova-conductor:12:0d3f", 65)
    place.broker.connect("rpc-2", "127.0.1.0", "nova-scheduler:13:0d3f", 60)
    before = (place.directory / "a.store").read_bytes()

    ran = place.rotate("finish")

    assert (ran.status, ran.out) == (1, "")
    assert "nova-compute:4711, connected 3 h ago, as rpc\n" in ran.err
    assert "  ctl-0: nova-conductor:12, connected 1 min ago, as rpc\n" in ran.err
    assert "nova-scheduler" not in ran.err
    assert (place.directory / "a.store").read_bytes() == before

    forced = place.rotate("finish", "--force")
    assert forced.status == 0
    assert forced.err.count("warning: forced against: ") == 2
    assert "nova-compute:4711" in forced.err


def test_finish_after_a_rollback_retires_the_new_account(place: Place):
    """Clients of the old one are no obstacle; those of the new one are."""
    place.taken("begin", "switch", "rollback")
    place.broker.connect("rpc", "127.0.1.0", "nova-compute:1:0d3f", 9)
    place.broker.connect("rpc-2", "127.0.1.0", "nova-scheduler:2:0d3f", 9)
    ran = place.rotate("finish")
    assert ran.status == 1
    assert "nova-scheduler:2" in ran.err
    assert "nova-compute:1" not in ran.err
    place.broker.connections.pop()
    place.taken("finish")
    assert place.rotate("begin").out.count("rpc-3") == 1


def test_finish_that_is_refused_by_the_management_api(place: Place):
    """Who is connected is not known then, which counts as somebody."""
    place.taken("begin", "switch")
    place.broker.monitor = "another"
    ran = place.rotate("finish")
    assert (ran.status, ran.out) == (1, "")
    assert f"refused the account {MONITOR}" in ran.err


def test_status_tells_what_brokers_say(place: Place):
    """Answers of members while it is begun; connections and who is left when it is switched."""
    place.taken("begin")
    begun = place.rotate("status")
    assert "  ctl-0: lets the new account in\n" in begun.out
    assert "  connections by user: none\n" in begun.out

    place.taken("switch")
    place.broker.connect("rpc", "127.0.0.1", "nova-api:5:0d3f", 90)
    place.broker.connect("rpc-2", "127.0.1.0", "nova-compute:6:0d3f", 9)
    text = place.rotate("status").out
    assert "  connections by user: rpc 1, rpc-2 1\n" in text
    assert "    ctl-0: nova-api:5, connected 1 min ago, as rpc\n" in text

    found = json.loads(place.rotate("status", "-f", "json").out)["brokers"]
    assert [one["connections"] for one in found] == [{"rpc": 1, "rpc-2": 1}]
    assert [(one["host"], one["process"]) for one in found[0]["stragglers"]] == [("ctl-0", "nova-api:5")]


def test_status_tells_since_when(place: Place):
    """By the clock of the store, in UTC."""
    assert "never rotated" in place.rotate("status", "--offline").out
    place.taken("begin")
    since = place.content.rotations["RpcPassword"]["since"]
    text = place.rotate("status", "--offline").out
    assert "BESIDE IT  SINCE\n" in text
    assert f"rpc-2      {since}\n" in text


def test_status_without_a_tree_has_no_directory_to_name(place: Place):
    """The command that comes next leaves it to be filled in."""
    place.taken("begin")
    ran = place("passwords", "rotate", "status", "--offline")
    assert "--output DIR\n" in ran.out
    assert "None" not in ran.out


@pytest.mark.parametrize(
    ("stopped_after", "next_verb"), [("begin", "switch"), ("switch", "finish"), ("rollback", "finish")]
)
def test_commands_killed_between_store_and_tree(place: Place, stopped_after: str, next_verb: str):
    """Status says what to render, that command mends it, and the next step follows."""
    place.taken("begin", *(("switch",) if stopped_after == "rollback" else ()))
    if stopped_after != "begin":
        place.rotate(stopped_after)
    tree = {path: path.read_bytes() for path in (place.directory / "tree").rglob("*.json")}
    former = {path: text.replace(b"rpc-2", b"rpc-9") for path, text in tree.items()}
    for path, text in former.items():
        path.write_bytes(text)

    told = place.rotate("status", "--offline")

    assert f"The hieradata in {place.directory / 'tree'} is not of this state" in told.out
    assert f"passwords rotate {next_verb} " in told.out
    assert place("hieradata", "render", "--output", place.directory / "tree").status == 0
    assert {path: path.read_bytes() for path in tree} == tree
    assert "is of this state." in place.rotate("status", "--offline").out


def test_store_without_the_password(place: Place):
    """There is nothing to rotate, and the way out is one for a store."""
    snapshot = place.store.read()
    place.store.replace(snapshot.content.without_secrets("RpcPassword"), expected_revision=snapshot.revision)
    ran = place.rotate("begin")
    assert ran.status == 1
    assert "RpcPassword: is not in the store; 'passwords generate'" in ran.err
    assert "--secrets" not in ran.err


def test_audit_names_what_a_step_was_about(place: Place):
    """What begin made beside is named, too; a step that changed nothing is no entry."""
    snapshot = place.store.read()
    content = snapshot.content.without_secrets("RabbitMonitorPassword")
    place.store.replace(content, expected_revision=snapshot.revision)
    assert place.rotate("begin").status == 0
    assert place.rotate("begin").status == 0
    entries = [entry.names for entry in place.content.audit if entry.action == "passwords rotate begin"]
    assert entries == [("RpcPassword", "RabbitMonitorPassword")]


def test_plan_with_another_user_meanwhile(place: Place):
    """Refused with the name to go back to; nothing is done."""
    place.taken("begin")
    plan = place.directory / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("rpc: {", "rpc: {user_name: nova, "))
    before = (place.directory / "a.store").read_bytes()
    ran = place.rotate("switch")
    assert ran.status == 1
    assert "write 'user_name: rpc' until 'passwords rotate finish' has ended it" in ran.err
    assert (place.directory / "a.store").read_bytes() == before


def test_hosts_file_that_cannot_be_written(place: Place):
    """The step is taken and told by then, and the status says that something is missing."""
    ran = place.rotate("begin", "--hosts-file", place.directory / "none" / "hosts")
    assert ran.status == 3
    assert "Hosts that need an apply (1 host)" in ran.out
    assert place.content.rotations["RpcPassword"]["phase"] == "begun"


def test_many_hosts(run: Run, write: Callable[..., Path], tmp_path: Path, broker: Broker):
    """They are counted, and all of them are in the file."""
    place = make_place(run, write, tmp_path, broker, 30)
    place.taken("begin")
    hosts = tmp_path / "hosts"
    ran = place.rotate("switch", "--hosts-file", hosts)
    assert ran.status == 0, ran.err
    assert (
        "Hosts that need an apply (31 hosts, every host of the inventory)\n  --hosts-file FILE writes"
        in ran.out
    )
    names = hosts.read_text(encoding="utf-8").splitlines()
    assert names == ["ctl-0", *(f"compute-{number}" for number in range(30))]


def test_step_that_renders_more_than_its_own(place: Place):
    """Whoever's hieradata changed by it needs an apply, as when the plan was changed before."""
    (place.directory / "tree/all.json").unlink()
    ran = place.rotate("begin")
    assert ran.status == 0, ran.err
    assert "Hosts that need an apply (2 hosts, every host of the inventory)\n" in ran.out
