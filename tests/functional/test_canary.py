# SPDX-License-Identifier: Apache-2.0
"""A secret in the input is nowhere in what the commands say, log or leave behind, but where it belongs."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
import yaml

from tests.support.canary import CASES, CORE, PLAIN, TRICKY, Case, betrays, files_that_betray
from tests.support.forked import run_forked
from tests.support.stores import StoreFiles, other_name, store_files, switched
from tripleo_messaging.passwords.stack_file import secret_names

PROGRAM = (sys.executable, "-m", "tripleo_messaging")
LOUD = ("-vv", "--debug", "--log-file")
COMMANDS = {
    "plan validate": ("plan", "validate", "-f", "json"),
    "plan show": ("plan", "show"),
    "render": ("hieradata", "render", "--output", "{}/tree"),
    "tls check": ("tls", "check", "-f", "json"),
    "url show rpc": ("url", "show", "rpc"),
    "url show notify": ("url", "show", "notify"),
}

# What each line of a log begins with.
TIMES = re.compile(rb"^\[[-0-9]+ [:,0-9]+\]", re.MULTILINE)

ENVIRONMENT = {
    **os.environ,
    **dict.fromkeys(("RPC_PASSWORD", "RpcPassword", "RABBITMQ_ERLANG_COOKIE", "OS_PASSWORD"), PLAIN),
}


@attrs.frozen(kw_only=True)
class Outcome:
    """How a process ended, and all that it said."""

    status: int
    stdout: bytes
    stderr: bytes
    log: bytes

    @property
    def said(self) -> bytes:
        """Return everything that was shown or logged."""
        return self.stdout + self.stderr + self.log


Start = Callable[[list[str]], tuple[int, bytes, bytes]]


def forked(argv: list[str]) -> tuple[int, bytes, bytes]:
    """Run the command in a copy of this process."""
    return run_forked(argv, ENVIRONMENT)


def started(argv: list[str]) -> tuple[int, bytes, bytes]:
    """Run the command as an operator does, which takes several times as long."""
    done = subprocess.run([*PROGRAM, *argv], capture_output=True, env=ENVIRONMENT, check=False)
    return done.returncode, done.stdout, done.stderr


def run(directory: Path, arguments: Iterable[str], start: Start = forked) -> Outcome:
    """Run the command as loud as it can be; ``{}`` stands for the directory."""
    words = list(arguments)
    log = directory / f"{'-'.join(words[:3]).replace('/', '_')}.log"
    argv = [*LOUD, str(log), *(word.replace("{}", str(directory)) for word in words)]
    # What a process was started with is what `ps` shows everybody.
    assert not betrays(" ".join(argv).encode())
    status, stdout, stderr = start(argv)
    return Outcome(status=status, stdout=stdout, stderr=stderr, log=log.read_bytes() if log.exists() else b"")


def left_behind(directory: Path, case: Case) -> set[str]:
    """Return the files beside the input that the secret can be read out of."""
    found = {str(path.relative_to(directory)) for path in files_that_betray(directory)}
    return found - set(case.files)


@pytest.mark.parametrize("name", CASES)
def test_no_command_says_a_secret_of_its_input(name: str, tmp_path: Path) -> None:
    """Not in stdout, stderr, log or traceback, wherever it stands; and only 0600 levels are left behind."""
    case = CASES[name]
    options = case.write(tmp_path)
    for command, words in COMMANDS.items():
        done = run(tmp_path, [*words, *options])
        assert not betrays(done.said), f"{command}: {done.said.decode(errors='replace')}"
        assert done.status in (0, 1), f"{command}: {done.stderr.decode()}"
        assert b"fault of the program" not in done.stderr, command
    assert left_behind(tmp_path, case) <= {"tree/all.json", "tree/clusters/rpc.json"}
    assert {mode(tmp_path / path) for path in left_behind(tmp_path, case)} <= {0o600}


ALIKE = ("plan, password", "environment, external URL", "secrets, password", "secrets, tricky password")


@pytest.mark.parametrize("name", ALIKE)
def test_a_copy_of_this_process_does_as_one_of_its_own(name: str, tmp_path: Path) -> None:
    """To the byte, at least here, so that the rest need not start an interpreter each."""
    for command, words in COMMANDS.items():
        outcomes = []
        for start in (started, forked):
            directory = tmp_path / "same"
            directory.mkdir()
            done = run(directory, [*words, *CASES[name].write(directory)], start)
            outcomes.append(attrs.evolve(done, log=TIMES.sub(b"", done.log)))
            shutil.rmtree(directory)
        assert outcomes[0] == outcomes[1], command
        assert not betrays(outcomes[0].said), command


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_search_finds_what_it_looks_for() -> None:
    """Each way to write a secret betrays it: plain, quoted, escaped, encoded."""
    for secret in (PLAIN, TRICKY):
        raw = secret.encode()
        written = (raw, quote(secret).encode(), repr(secret).encode(), json.dumps(secret).encode())
        encoded = (raw.hex().encode(), *(base64.b64encode(b"x" * shift + raw) for shift in range(3)))
        assert all(betrays(form) for form in (*written, *encoded))
    assert not betrays(CORE[:-1].encode())


GOOD = Case(
    options=("--plan", "{}/plan.yaml", "--secrets", "{}/passwords.yaml"),
    files={
        "plan.yaml": "version: 1\n",
        "passwords.yaml": f"parameter_defaults: {{RpcPassword: {PLAIN}, RabbitCookie: {PLAIN}COOKIE}}\n",
    },
)


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """Render the default plan with the secret for a password and a cookie."""
    options = GOOD.write(tmp_path)
    done = run(tmp_path, [*COMMANDS["render"], *options])
    assert done.status == 0, done.stderr
    assert not betrays(done.said)
    return tmp_path


def test_rendered_secrets_are_in_0600_files_alone(rendered: Path) -> None:
    """The level of all nodes has the password, the cluster's the cookie, the node's nothing."""
    assert left_behind(rendered, GOOD) == {"tree/all.json", "tree/clusters/rpc.json"}
    modes = {path: mode(rendered / path) for path in left_behind(rendered, GOOD)}
    assert modes == {"tree/all.json": 0o600, "tree/clusters/rpc.json": 0o600}
    assert b"COOKIE" not in (rendered / "tree/all.json").read_bytes()


def test_installed_secrets_are_in_0600_files_alone(rendered: Path) -> None:
    """A member gets the password and the cookie, a client the password; nothing of it is said."""
    for node, expected in {
        "localhost": {"messaging_all.json", "messaging_cluster_rpc.json"},
        "compute-0": {"messaging_all.json"},
    }.items():
        target = rendered / node
        done = run(
            rendered, ["hieradata", "install", "--node", node, "--data", "{}/tree", "--target", str(target)]
        )
        assert done.status == 0
        assert not betrays(done.said)
        assert {path.name for path in files_that_betray(target)} == expected
        assert {mode(path) for path in files_that_betray(target)} == {0o600}


SECRET_KEYS = (
    "messaging_rpc_password",
    "messaging_notify_password",
    "messaging_rpc_transport_url",
    "messaging_notify_transport_url",
    "oslo_messaging_rpc_password",
    "oslo_messaging_notify_password",
    "tripleo_messaging::rabbitmq::instance_secrets",
)


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_lookup_reveals_only_when_asked(rendered: Path, key: str) -> None:
    """A secret key's value is a mask without --reveal, and stands on stdout alone with it."""
    words = ["lookup", key, "--data", "{}/tree", "--node", "localhost"]
    masked = run(rendered, words)
    assert (masked.status, masked.stdout) == (0, b"********\n")
    assert not betrays(masked.said)
    revealed = run(rendered, [*words, "--reveal"])
    assert betrays(revealed.stdout)
    assert not betrays(revealed.stderr + revealed.log)


def test_no_other_key_holds_a_secret(rendered: Path) -> None:
    """What lookup shows without --reveal holds no secret, whatever the key."""
    for path in sorted((rendered / "tree").rglob("*.json")):
        for key in json.loads(path.read_bytes()):
            done = run(rendered, ["lookup", key, "--data", "{}/tree", "--node", "localhost"])
            assert not betrays(done.said), key


@pytest.mark.parametrize("service", ["rpc", "notify"])
def test_url_show_reveals_only_when_asked(rendered: Path, service: str) -> None:
    """A URL shows its password on stdout, and only with --reveal."""
    words = ["url", "show", service, *GOOD.write(rendered)]
    masked = run(rendered, words)
    assert masked.stdout == b"rabbit://rpc:********@localhost:5672/?ssl=0\n"
    assert not betrays(masked.said)
    revealed = run(rendered, [*words, "--reveal"])
    assert revealed.stdout.decode() == f"rabbit://rpc:{PLAIN}@localhost:5672/?ssl=0\n"
    assert not betrays(revealed.stderr + revealed.log)


def test_a_damaged_tree_says_nothing_of_its_secrets(rendered: Path) -> None:
    """A level that was changed or cut off is refused without a piece of it."""
    level = rendered / "tree/all.json"
    whole = level.read_bytes()
    for content in (whole.replace(b"5672", b"5673"), whole[: len(whole) // 2], PLAIN.encode()):
        level.write_bytes(content)
        for words in (
            ["lookup", "messaging_rpc_port", "--data", "{}/tree"],
            ["hieradata", "install", "--node", "localhost", "--data", "{}/tree", "--target", "{}/target"],
        ):
            done = run(rendered, words)
            assert done.status == 3
            assert not betrays(done.said)


def test_generated_secrets_are_kept_in_a_0600_file_and_not_said(tmp_path: Path) -> None:
    """What --generate makes is in the secrets' file and the levels, and in no output."""
    kept = tmp_path / "passwords.yaml"
    words = [*COMMANDS["render"], "--generate", "--secrets", str(kept)]
    done = run(tmp_path, words)
    made = yaml.safe_load(kept.read_text())["parameter_defaults"]
    assert set(made) == {"RpcPassword", "RabbitCookie"}
    assert mode(kept) == 0o600
    assert not any(value.encode() in done.said for value in made.values())


def test_stated_secrets_are_not_copied_into_the_secrets_file(tmp_path: Path) -> None:
    """A password of an environment file is used and kept nowhere else; what is generated beside is kept."""
    case = CASES["environment, legacy password"]
    options = [*case.write(tmp_path), "--generate", "--secrets", "{}/passwords.yaml"]
    environment = tmp_path / "environment.yaml"
    environment.write_text(environment.read_text().replace("RabbitCookie", "Other"))
    done = run(tmp_path, [*COMMANDS["render"], *options])
    assert done.status == 0, done.stderr
    assert left_behind(tmp_path, case) == {"tree/all.json"}
    assert not betrays((tmp_path / "passwords.yaml").read_bytes())


def test_a_secret_is_not_lost_or_said_when_its_file_cannot_be_rewritten(tmp_path: Path) -> None:
    """A file that holds what is not ours is refused by --generate, and stays as it was."""
    case = Case(
        options=("--secrets", "{}/passwords.yaml", "--generate"),
        files={
            "passwords.yaml": f"parameter_defaults: {{AdminPassword: {PLAIN}, {PLAIN}: x}}\n0{PLAIN}: x\n"
        },
    )
    options = case.write(tmp_path)
    done = run(tmp_path, [*COMMANDS["render"], *options])
    assert done.status == 3
    assert not betrays(done.said)
    assert (tmp_path / "passwords.yaml").read_text() == case.files["passwords.yaml"]
    assert left_behind(tmp_path, case) == set()


@pytest.fixture
def stored(tmp_path: Path) -> StoreFiles:
    """Make a store whose every secret is the one that is looked for, in the middle of a rotation."""
    store = store_files(tmp_path)
    texts = {**dict.fromkeys(sorted(secret_names()), PLAIN), "NotifyPassword": TRICKY}
    store.put({**texts, other_name("RpcPassword"): TRICKY}, switched())
    return store


#: By command line, the exit status; ``{}`` is the directory of the store.
STORE_COMMANDS = {
    "generate": 0,
    "generate --replace": 1,
    "generate --name RabbitPassword --replace": 0,
    "show": 0,
    "show -f json": 0,
    "audit": 0,
    "audit -f json": 0,
    "check": 1,
    "check -f json": 1,
    "due": 1,
    "due -f json": 1,
    "due --max-age RpcPassword=36500": 1,
    "rekey": 0,
    "import {}/other.yaml": 1,
    "import {}/other.yaml --replace": 1,
    "import {}/same.yaml --replace": 0,
    "export {}/out.yaml": 0,
    "export {}/same.yaml": 0,
}
PASSWORDS_FILES = {
    "same.yaml": f"parameter_defaults: {{RabbitPassword: {PLAIN}, AdminPassword: {PLAIN}}}\n",
    "other.yaml": f"parameter_defaults: {{RpcPassword: {PLAIN}x, RabbitCookie: {PLAIN}y}}\n",
}


@pytest.mark.parametrize("line", STORE_COMMANDS)
def test_no_command_on_a_store_says_a_secret(stored: StoreFiles, tmp_path: Path, line: str) -> None:
    """Nor the key, and neither is in store, backup or log; what TripleO gets is for its owner only."""
    Case(options=(), files=PASSWORDS_FILES).write(tmp_path)
    key = stored.key_file.read_bytes().strip()
    done = run(tmp_path, ["passwords", *line.split(), *stored.words])
    assert done.status == STORE_COMMANDS[line], done.stderr
    assert not betrays(done.said)
    assert key not in done.said
    assert stored.key_file.read_bytes().strip() not in done.said
    exported = {"out.yaml", "same.yaml", "same.yaml.bak"} if line.startswith("export") else {"same.yaml"}
    left = {str(path.relative_to(tmp_path)) for path in files_that_betray(tmp_path)}
    assert left <= {*exported, "other.yaml"}
    assert {mode(tmp_path / path) for path in left} == {0o600}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_store_is_revealed_only_when_asked(stored: StoreFiles, tmp_path: Path, form: str) -> None:
    """On stdout, and that it was is all that is kept of it."""
    done = run(tmp_path, ["passwords", "show", "--reveal", "-f", form, *stored.words])
    assert (done.status, betrays(done.stdout)) == (0, True)
    assert not betrays(done.stderr + done.log)
    assert list(files_that_betray(tmp_path)) == []


DAMAGES = {
    "cut off": lambda whole: whole[: len(whole) // 2],
    "changed": lambda whole: whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
    "another text": lambda _: PLAIN.encode(),
    "a plain text": lambda _: f"parameter_defaults: {{RpcPassword: {PLAIN}}}\n".encode(),
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", ["path", "key_file"])
def test_a_damaged_store_or_key_says_nothing(
    stored: StoreFiles, tmp_path: Path, which: str, damage: str
) -> None:
    """It is refused by every command, and left as it is."""
    path: Path = getattr(stored, which)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    damaged = path.read_bytes()
    key = stored.key_file.read_bytes().strip()
    for words in (
        ["show", "--reveal"],
        ["generate"],
        ["export", "{}/out.yaml"],
        ["rekey"],
        ["due"],
        ["check"],
    ):
        done = run(tmp_path, ["passwords", *words, *stored.words])
        assert done.status == 3, done.stderr
        assert not betrays(done.said)
        assert not key or key not in done.said
    assert path.read_bytes() == damaged
    assert not (tmp_path / "out.yaml").exists()


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("secrets")])
def test_no_passwords_file_is_said(name: str, tmp_path: Path) -> None:
    """Whatever is wrong with it: not by import, not by export, not by check."""
    case = CASES[name]
    options = case.write(tmp_path)
    file = options[options.index("--secrets") + 1]
    store = store_files(tmp_path)
    store.put({"RabbitNotifyCookie": "a" * 25})
    for words in (
        ["check", "--secrets", file],
        ["import", file, *store.words],
        ["export", file, *store.words],
    ):
        done = run(tmp_path, ["passwords", *words])
        assert done.status in (0, 1, 2, 3)
        assert not betrays(done.said), f"{words[0]}: {done.said.decode(errors='replace')}"
        assert b"fault of the program" not in done.stderr, words[0]
    assert left_behind(tmp_path, case) <= {f"{Path(file).name}.bak"}
    assert {mode(path) for path in files_that_betray(tmp_path)} <= {0o600}


def test_rendering_from_a_store_leaves_no_secret_elsewhere(stored: StoreFiles, tmp_path: Path) -> None:
    """In the 0600 levels alone; the store stays closed."""
    done = run(tmp_path, [*COMMANDS["render"], *stored.words])
    assert done.status == 0, done.stderr
    assert not betrays(done.said)
    left = {str(path.relative_to(tmp_path)) for path in files_that_betray(tmp_path)}
    assert left == {"tree/all.json", "tree/clusters/rpc.json"}


ROTATION = (
    ("rotate begin --output {}/tree", 0),
    ("rotate status --offline", 0),
    ("rotate status --offline -f json", 0),
    ("rotate switch --output {}/tree --force --timeout 1", 0),
    ("rotate rollback --output {}/tree", 0),
    ("rotate finish --output {}/tree --force --timeout 1", 0),
    ("cookie rotate --output {}/tree", 0),
    ("audit", 0),
)


def test_no_step_of_a_rotation_says_a_secret(tmp_path: Path) -> None:
    """Old and new ones are in the store, and in the 0600 levels alone."""
    store = store_files(tmp_path)
    store.put({name: PLAIN for name in sorted(secret_names()) if not name.endswith("Url")})
    for line, status in ROTATION:
        done = run(tmp_path, ["passwords", *line.split(), *store.words])
        made = [text.encode() for text in store.texts.values()]
        assert done.status == status, f"{line}: {done.stderr.decode()}"
        assert not betrays(done.said), line
        assert not any(text in done.said for text in made), line
    left = {str(path.relative_to(tmp_path)) for path in files_that_betray(tmp_path)}
    assert left <= {"tree/all.json", "tree/clusters/rpc.json"}
    assert {mode(tmp_path / path) for path in left} <= {0o600}
