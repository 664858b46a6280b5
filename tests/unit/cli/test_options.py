# SPDX-License-Identifier: Apache-2.0
"""The input options, the same for every command that reads a plan."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from tripleo_messaging.cli.app import COMMANDS, MessagingApp
from tripleo_messaging.cli.masking import looks_secret
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options

READING_A_PLAN = ("plan validate", "plan show", "hieradata render", "url show")
NAMES = {"--plan", "-e", "--environment", "--release", "-i", "--inventory", "--secrets", "--strict"}


def actions_of(command):
    """Return the options of a command, as argparse has them."""
    module, _, name = COMMANDS[command].partition(":")
    made = getattr(import_module(module), name)(MessagingApp(), None, cmd_name=command)
    return made.get_parser(command)._actions  # noqa: SLF001  there is no other way to them


@pytest.mark.parametrize("command", READING_A_PLAN)
def test_every_command_that_reads_a_plan_has_them(command):
    """The names are the same everywhere."""
    names = {name for action in actions_of(command) for name in action.option_strings}
    assert names >= NAMES


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_takes_a_secret(command):
    """A command line is seen by everybody on the host: secrets come in files."""
    actions = actions_of(command)
    secret = {name: action.type for action in actions for name in action.option_strings if looks_secret(name)}
    assert set(secret) <= {"--secrets", "--new-secret"}
    assert all(kind is Path for kind in secret.values())


LINES = {
    "": InputOptions(),
    "--plan p.yaml --strict": InputOptions(plan=Path("p.yaml"), strict=True),
    "-e a.yaml --environment b.yaml -e a.yaml": InputOptions(
        environments=(Path("a.yaml"), Path("b.yaml"), Path("a.yaml"))
    ),
    "--release 2024.2 -i hosts.json --secrets s.yaml": InputOptions(
        release="2024.2", inventory=Path("hosts.json"), secrets=Path("s.yaml")
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_options_are_read(line):
    """-e keeps its order and its repetitions, as later files win."""
    parser = argparse.ArgumentParser()
    add_input_options(parser)
    assert read_input_options(parser.parse_args(line.split())) == LINES[line]
