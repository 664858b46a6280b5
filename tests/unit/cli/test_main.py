# SPDX-License-Identifier: Apache-2.0
"""The whole command: exit statuses, help, and how it ends when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tripleo_messaging.cli.app import COMMANDS
from tripleo_messaging.cli.main import main

INPUTS = {
    "valid.yaml": "version: 1\n",
    "warned.yaml": "version: 1\nrpc: {health_check: {interval_s: 5, timeout_s: 10}}\n",
    "wrong.yaml": "version: 1\nrpc: {port: 5672x}\n",
    "secrets.yaml": "parameter_defaults: {RpcPassword: abc, RabbitCookie: def}\n",
    "others.yaml": "parameter_defaults: {AdminPassword: abc}\n",
    "inventory.ini": "[all]\nlocalhost\n",
}

#: Exit status by command line; ``{}`` is a directory with the files above, and a rendered tree.
STATUSES = {
    "plan validate": 0,
    "plan validate --plan {}/valid.yaml": 0,
    "plan validate --plan {}/warned.yaml": 0,
    "plan validate --plan {}/warned.yaml --strict": 1,
    "plan validate --plan {}/wrong.yaml": 1,
    "plan validate --plan {}/wrong.yaml -f json": 1,
    "plan validate --plan {}/missing.yaml": 3,
    "plan validate --plan {}": 3,
    "plan validate -e {}/missing.yaml": 3,
    "plan validate -i {}/missing.yaml": 3,
    "plan validate -i {}/inventory.ini": 1,
    "plan validate --secrets {}/missing.yaml": 3,
    "plan validate --secrets {}/secrets.yaml": 0,
    "plan validate --secrets {}/others.yaml": 1,
    "plan validate --plan {}/valid.yaml -e {}/valid.yaml": 2,
    "plan validate --release wallab": 1,
    "plan validate --unknown": 2,
    "plan validate -f toml": 2,
    "plan validate -c Nothing": 2,
    "plan validate --plan": 2,
    "plan validate extra": 2,
    "plan show": 0,
    "plan show --plan {}/wrong.yaml": 1,
    "plan show --plan {}/warned.yaml --strict": 1,
    "plan show --plan {}/missing.yaml": 3,
    "plan show -i {}/missing.yaml": 3,
    "plan show -f table": 2,
    "url show rpc": 0,
    "url show notify": 0,
    "url show": 2,
    "url show mail": 2,
    "url show rpc --plan {}/wrong.yaml": 1,
    "url show rpc --reveal": 1,
    "url show rpc --reveal --secrets {}/secrets.yaml": 0,
    "url show rpc --secrets {}/missing.yaml": 3,
    "hieradata render": 2,
    "hieradata render --output {}/new": 1,
    "hieradata render --output {}/new --generate": 2,
    "hieradata render --output {}/new --secrets {}/secrets.yaml": 0,
    "hieradata render --output {}/new --secrets {}/missing.yaml": 3,
    "hieradata render --output {}/new --secrets {}/missing.yaml --generate": 0,
    "hieradata render --output {}/new --secrets {}/others.yaml --generate": 3,
    "hieradata render --output {}/new --secrets {}/secrets.yaml --plan {}/warned.yaml": 0,
    "hieradata render --output {}/new --secrets {}/secrets.yaml --plan {}/warned.yaml --strict": 1,
    "hieradata render --output {} --secrets {}/secrets.yaml": 3,
    "hieradata render --output {}/valid.yaml --secrets {}/secrets.yaml": 3,
    "hieradata install": 2,
    "hieradata install --node localhost --data {}/hieradata --target {}/target": 0,
    "hieradata install --node compute-0 --data {}/hieradata --target {}/target": 0,
    "hieradata install --node ../etc --data {}/hieradata --target {}/target": 2,
    "hieradata install --node localhost --data {}/missing --target {}/target": 3,
    "hieradata install --node localhost --data {}/hieradata --target {}/valid.yaml": 3,
    "lookup messaging_rpc_port --data {}/hieradata": 0,
    "lookup messaging_rpc_port --data {}/hieradata --node localhost": 0,
    "lookup messaging_rpc_port --data {}/hieradata --node a/b": 2,
    "lookup messaging_rpc_prt --data {}/hieradata": 1,
    "lookup messaging_rpc_port --data {}/missing": 3,
    "lookup messaging_rpc_port": 2,
    "lookup --data {}/hieradata": 2,
    "--log-file {}/missing/log plan validate": 3,
    "": 2,
    "plan": 2,
    "nonsense": 2,
    "--version": 0,
    "--help": 0,
    "help": 0,
    "help plan validate": 0,
    "complete": 0,
    "help nonsense": 2,
    "nonsense --help": 2,
    "help plan": 0,
}


@pytest.mark.parametrize("line", STATUSES)
def test_exit_status(line, run, write, tree):
    """0 is fine, 1 errors (--strict: and warnings), 2 wrong usage, 3 could not look; never a traceback."""
    for name, text in INPUTS.items():
        write(name, text)
    words = [word.replace("{}", str(tree.parent)) for word in line.split()]
    ran = run(*words)
    assert ran.status == STATUSES[line], ran.err
    assert "Traceback" not in ran.out + ran.err
    assert "fault of the program" not in ran.err
    if ran.status:
        assert ran.err or ran.out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("behind", [(), ("--plan", "x.yaml"), ("KEY",)])
def test_help_has_an_example(command, behind, run):
    """The help of every command ends with examples of that command, wherever --help stands."""
    ran = run(*command.split(), *behind, "--help")
    assert ran.status == 0
    _, _, examples = ran.out.partition("Examples:\n\n")
    lines = [line for line in examples.splitlines() if "tripleo-messaging" in line]
    assert lines
    assert all(line.startswith(f"    tripleo-messaging {command}") for line in lines)
    assert max(map(len, ran.out.splitlines())) <= 110


def test_help_names_every_command(run):
    """The help of the whole has a line for each command."""
    ran = run("--help")
    assert all(f"  {command} " in ran.out for command in COMMANDS)


def test_help_of_help_is_its_own(run):
    """``help --help`` is not taken for the help of the whole."""
    assert run("help", "--help").out.startswith("usage: tripleo-messaging help")


def test_no_command_gives_help_and_no_shell(run):
    """The interactive shell of cliff does not start; what there is stands on stderr."""
    ran = run()
    assert ran.out == ""
    assert "plan validate" in ran.err
    assert ran.err.endswith("error: no command is given\n")


def test_version_names_the_program(run):
    """The name is ours, however the process was started."""
    assert run("--version").out == f"tripleo-messaging {version('tripleo-messaging')}\n"


def test_completion_knows_commands_and_options(run):
    """``complete`` writes a completion that knows every command, and options of a command."""
    out = run("complete").out
    assert "cmds_plan='show validate'" in out
    assert "--secrets" in out


def test_options_are_not_abbreviated(run):
    """``--rev`` is no ``--reveal``: an option added later would change what it means."""
    assert run("url", "show", "rpc", "--rev").status == 2


def test_quiet_says_nothing_when_all_is_well(run):
    """-q leaves warnings and errors."""
    assert run("-q", "plan", "validate").err == ""
    assert run("plan", "validate").err == "nothing found: the plan is valid\n"


def test_log_file_has_what_stderr_has(run, write, tmp_path):
    """Findings go to the log file, too."""
    plan = write("plan.yaml", INPUTS["wrong.yaml"])
    ran = run("--log-file", tmp_path / "log", "url", "show", "rpc", "--plan", plan)
    assert ran.err.strip() in (tmp_path / "log").read_text()


def test_one_process_runs_several_commands(run):
    """No handler of a former command is left, so each says a thing once."""
    assert [run("plan", "validate").err for _ in range(3)] == ["nothing found: the plan is valid\n"] * 3


LATE = ("jsonschema", "passlib", "cryptography")


@pytest.mark.parametrize("module", ["tripleo_messaging.cli.main", "tripleo_messaging.cli.app"])
def test_heavy_modules_are_imported_late(module):
    """Starting the command imports nothing that only some commands need."""
    code = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT)
    loaded = set(json.loads(done.stdout))
    assert {name for name in LATE if name in loaded} == set()


def test_validating_the_default_plan_needs_no_schema():
    """A command pays for what it uses."""
    code = (
        "import sys; from tripleo_messaging.cli.main import main; main(['plan', 'validate']);"
        f"sys.exit(str([name for name in {LATE} if name in sys.modules] or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "nothing found: the plan is valid\n")


PROGRAM = (sys.executable, "-m", "tripleo_messaging")


def test_a_broken_pipe_is_quiet():
    """Who stops reading, as head does, gets no complaint."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "plan", "show"], stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_is_said():
    """Output that cannot be written is an error, in one line."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "plan", "show"], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert done.returncode == 3
    assert done.stderr == b"error: the output: no space left on device\n"


def test_an_interrupt_is_quiet(tmp_path):
    """Ctrl-C ends a command with 130 and without a traceback."""
    slow = tmp_path / "slow.yaml"
    slow.write_text("rpc: {nodes: [" + ", ".join(f"n{number}" for number in range(60_000)) + "]}\n")
    argv = [*PROGRAM, "-v", "plan", "validate", "--plan", slow, "-i", slow]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stderr is not None
        # Said first of all; what follows takes far longer than the signal.
        assert process.stderr.readline() == b"running plan validate\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said) == (130, b"")


def test_an_interrupt_before_any_command_is_quiet(capsys):
    """Ctrl-C while the program is still starting ends it in the same way."""

    def interrupted():
        raise KeyboardInterrupt
        yield

    assert main(interrupted()) == 130
    assert capsys.readouterr() == ("", "")


def test_a_locale_without_unicode_gets_escapes(write):
    """What a terminal cannot show is escaped, rather than ending in a traceback."""
    plan = write("plan.yaml", "rpc: {virtual_host: é}\nconsumers: [none]\n")
    done = subprocess.run(
        [*PROGRAM, "plan", "show", "--plan", plan],
        capture_output=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert b"virtual_host: \\xe9" in done.stdout
