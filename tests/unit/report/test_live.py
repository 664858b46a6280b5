# SPDX-License-Identifier: Apache-2.0
"""The executable and the file say the same; the executable is light, and never fails."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.canary import PLAIN, betrays
from tests.support.facts_of_nodes import installed
from tests.support.topologies import CLIENT, RPC_ONLY
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.hieradata.text import encode_level
from tripleo_messaging.report.live import main
from tripleo_messaging.report.write import LIVE_NAME, STATIC_NAME, render_fact, render_live

# What takes its time to import, and the rooms that import it.
_HEAVY = {
    *("attr", "attrs", "cliff", "cryptography", "jsonschema", "yaml", "asyncio", "ssl", "importlib.metadata"),
    *(
        "tripleo_messaging.backends",
        "tripleo_messaging.cli",
        "tripleo_messaging.model",
        "tripleo_messaging.plan",
    ),
}
_MODULE = (sys.executable, "-m", "tripleo_messaging.report.live")
_NOBODY = 65534
_LIST_MODULES = """
import sys
from tripleo_messaging.report.live import main
main(["--data", sys.argv[1]])
print("\\n" + " ".join(sys.modules))
"""


def printed(capfdbinary, *words):
    """Run the executable, and return the document that it prints."""
    assert main([str(word) for word in words]) == 0
    said = capfdbinary.readouterr()
    assert said.err == b""
    return said.out


def test_both_say_the_same(tmp_path, capfdbinary):
    """What is written at the installation is what is printed until something changes."""
    target = installed(tmp_path, "twice", RPC_ONLY)
    assert printed(capfdbinary, "--data", target, "--health", tmp_path / "none") == render_fact(
        target, health_file=tmp_path / "none"
    )


def test_a_client_says_its_name(tmp_path, capfdbinary):
    """The name that the file was written with is handed over."""
    target = installed(tmp_path, "twice", CLIENT)
    said = json.loads(printed(capfdbinary, "--data", target, "--node", CLIENT))
    assert said == json.loads(render_fact(target, CLIENT))
    assert said["tripleo_messaging"]["node"] == CLIENT


def test_the_last_verdict_is_the_one_of_the_moment(tmp_path, capfdbinary):
    """What a check leaves behind is read each time."""
    target, health = installed(tmp_path, "twice", CLIENT), tmp_path / "health.json"
    health.write_text('{"rpc": {"verdict": "failed", "checked_at": "2030-01-01T00:00:00Z"}}')
    said = json.loads(printed(capfdbinary, "--data", target, "--health", health))["tripleo_messaging"]
    assert said["rpc"]["health"] == {"verdict": "failed", "checked_at": "2030-01-01T00:00:00Z"}
    assert said["notify"]["health"]["verdict"] == "unknown"


@pytest.mark.parametrize("text", ["", "[]", "no JSON", "[" * 100_000, '{"rpc": "' + "x" * 70_000 + '"}'])
def test_a_damaged_file_of_verdicts_is_none(text, tmp_path, capfdbinary):
    """It makes the verdict unknown, and no error; it is bounded."""
    target, health = installed(tmp_path, "twice", CLIENT), tmp_path / "health.json"
    health.write_text(text)
    said = json.loads(printed(capfdbinary, "--data", target, "--health", health))["tripleo_messaging"]
    assert said["rpc"]["health"] == {"verdict": "unknown", "checked_at": None}


def test_nothing_installed_is_a_fact(tmp_path, capfdbinary):
    """Facter goes on, and the fact says what to run."""
    said = json.loads(printed(capfdbinary, "--data", tmp_path))
    assert said == {
        "tripleo_messaging": {
            "error": f"{tmp_path}: no hieradata of messaging is installed there;"
            " `tripleo-messaging hieradata install`"
        }
    }


@contextlib.contextmanager
def as_another_user() -> Iterator[None]:
    """Be somebody else than root for a while."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("closed", ["", "messaging_all.json"])
def test_what_may_not_be_read_is_not_taken_for_absent(closed, tmp_path, capfdbinary):
    """Who is not root is told so, and not to install what is there: of the directory, and of a level."""
    target = installed(tmp_path, "twice", CLIENT)
    for directory in (*target.parents, target):
        if directory.is_relative_to(tmp_path.parents[1]):
            directory.chmod(0o755)
    (target / closed).chmod(0)
    with as_another_user():
        said = json.loads(printed(capfdbinary, "--data", target))
    (target / closed).chmod(0o700)
    named = target / closed if closed else target
    assert said == {"tripleo_messaging": {"error": f"{named}: may be read by root only"}}


def test_it_runs_as_a_module(tmp_path):
    """Without the console script, too, it prints the fact."""
    target = installed(tmp_path, "twice", CLIENT)
    done = subprocess.run([*_MODULE, "--data", str(target)], check=True, capture_output=True)
    assert json.loads(done.stdout)["tripleo_messaging"]["rpc"]["part"] == "client"
    assert done.stderr == b""


_OUTPUTS = {"closed": ">&-", "full": ">/dev/full", "nobody reads": "| true"}


@pytest.mark.parametrize("output", _OUTPUTS)
def test_nobody_to_tell_is_no_error(output, tmp_path):
    """Where nothing can be written it ends with 0, and without a word on standard error."""
    command = shlex.join([*_MODULE, "--data", str(tmp_path)])
    script = f"set -o pipefail; {{ read -r _; {command}; }} {_OUTPUTS[output]}"
    # Unbuffered, it would be fine whatever it did.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        ["bash", "-c", script], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    # It starts late enough for who reads to be gone.
    _, said = process.communicate("go\n")
    assert (process.returncode, said) == (0, "")


def test_a_level_changed_by_hand_is_a_fact(tmp_path, capfdbinary):
    """It says which one, and nothing of what stands there."""
    target = installed(tmp_path, "twice", CLIENT, RpcPassword=PLAIN)
    level = target / "messaging_all.json"
    level.write_text(level.read_text().replace("5672", "5699"))
    out = printed(capfdbinary, "--data", target)
    assert "messaging_all.json: is damaged" in json.loads(out)["tripleo_messaging"]["error"]
    assert not betrays(out)


def test_a_fault_of_the_program_is_a_fact(tmp_path, capfdbinary):
    """Whatever it stumbles over, its text may quote data and is not shown."""
    target = installed(tmp_path, "twice", RPC_ONLY)
    level = {"tripleo_messaging::local_name": RPC_ONLY, "tripleo_messaging::rabbitmq::instances": PLAIN}
    (target / "messaging_node.json").write_bytes(encode_level("nodes/.json", level))
    out = printed(capfdbinary, "--data", target)
    assert json.loads(out)["tripleo_messaging"]["error"].startswith("unforeseen AttributeError; ")
    assert not betrays(out)


@pytest.mark.parametrize("words", [["--date", "x"], ["--data"], ["x"]])
def test_wrong_words_are_a_fact(words, capfdbinary):
    """Facter does not show what a program says of its usage, so the fact does."""
    assert (
        "usage: tripleo-messaging-fact"
        in json.loads(printed(capfdbinary, *words))["tripleo_messaging"]["error"]
    )


def test_the_file_cannot_be_made_of_nothing(tmp_path):
    """Who installs is told that nothing is installed."""
    with pytest.raises(UnreadableFileError, match="no hieradata of messaging is installed there"):
        render_fact(tmp_path)


def test_little_is_imported(tmp_path):
    """A process of its own imports nothing that takes longer than all of its work."""
    target = installed(tmp_path, "twice, with TLS", RPC_ONLY)
    done = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, str(target)], check=True, capture_output=True, text=True
    )
    document, _, modules = done.stdout.rpartition("\n\n")
    assert "error" not in json.loads(document)["tripleo_messaging"]
    assert set(modules.split()) & _HEAVY == set()
    assert done.stderr == ""


def test_the_wrapper_is_two_lines(tmp_path):
    """It names the program by its path, whatever characters that has."""
    text = render_live("/opt/my venv/bin/tripleo-messaging-fact", tmp_path / "it's", "ctl-0").decode()
    quoted = "'" + f"{tmp_path}/it'\"'\"'s" + "'"
    assert text == (
        f"#!/bin/sh\nexec '/opt/my venv/bin/tripleo-messaging-fact' --data {quoted} --node ctl-0\n"
    )
    assert LIVE_NAME < STATIC_NAME
