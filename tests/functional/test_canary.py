# SPDX-License-Identifier: Apache-2.0
"""A secret in the input is nowhere in what the commands say, log or leave behind, but where it belongs."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
import yaml

from tests.support.canary import CASES, CORE, PLAIN, TRICKY, Case, betrays, files_that_betray

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


def run(directory: Path, arguments: Iterable[str]) -> Outcome:
    """Run the command as loud as it can be; ``{}`` stands for the directory."""
    words = list(arguments)
    log = directory / f"{'-'.join(words[:3])}.log"
    argv = [*PROGRAM, *LOUD, str(log), *(word.replace("{}", str(directory)) for word in words)]
    # What a process was started with is what `ps` shows everybody.
    assert not betrays(" ".join(argv).encode())
    done = subprocess.run(argv, capture_output=True, env=ENVIRONMENT, check=False)
    return Outcome(
        status=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        log=log.read_bytes() if log.exists() else b"",
    )


def left_behind(directory: Path, case: Case) -> set[str]:
    """Return the files beside the input that the secret can be read out of."""
    found = {str(path.relative_to(directory)) for path in files_that_betray(directory)}
    return found - set(case.files)


@pytest.mark.parametrize("name", CASES)
def test_no_command_says_a_secret_of_its_input(name: str, tmp_path: Path) -> None:
    """Not in stdout, stderr, log or traceback, wherever it stands; and only 0600 levels are left behind."""
    case = CASES[name]
    options = case.write(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(lambda words: run(tmp_path, [*words, *options]), COMMANDS.values())
    for command, done in zip(COMMANDS, outcomes):
        assert not betrays(done.said), f"{command}: {done.said.decode(errors='replace')}"
        assert done.status in (0, 1), f"{command}: {done.stderr.decode()}"
        assert b"fault of the program" not in done.stderr, command
    assert left_behind(tmp_path, case) <= {"tree/all.json", "tree/clusters/rpc.json"}
    assert {mode(tmp_path / path) for path in left_behind(tmp_path, case)} <= {0o600}


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
