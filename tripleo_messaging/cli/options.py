# SPDX-License-Identifier: Apache-2.0
"""The options that say what to read; they are the same wherever a plan is read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

import attrs

from tripleo_messaging.cli.store_options import add_key_file_option

_MAX_DAYS = 36500


@attrs.frozen(kw_only=True)
class InputOptions:
    """What to read.

    Attributes:
        plan: a plan file; ``None`` without `environments` is the embedded default plan.
        environments: Heat environment files, of which later ones win.
        release: instead of the plan's own.
        inventory: an Ansible inventory; ``None`` is this host alone.
        secrets: the file of secrets.
        store: the encrypted store of secrets, instead of `secrets`.
        key_file: its key; ``None`` is the default one.
        strict: whether warnings count as errors.
    """

    plan: Optional[Path] = None
    environments: tuple[Path, ...] = ()
    release: Optional[str] = None
    inventory: Optional[Path] = None
    secrets: Optional[Path] = None
    store: Optional[Path] = None
    key_file: Optional[Path] = None
    strict: bool = False


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `read_input_options` reads."""
    group = parser.add_argument_group("input", "what to read; without any, the default plan for this host")
    group.add_argument("--plan", metavar="FILE", type=Path, help="the messaging plan")
    group.add_argument(
        "-e",
        "--environment",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        dest="environments",
        help="a Heat environment file, instead of a plan; repeat it for more, of which later ones win",
    )
    group.add_argument(
        "--release", metavar="NAME", help="OpenStack release, e.g. wallaby; the plan's own otherwise"
    )
    group.add_argument(
        "-i",
        "--inventory",
        metavar="FILE",
        type=Path,
        help="Ansible inventory: YAML, or the JSON of ansible-inventory --list; this host alone otherwise",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--secrets", metavar="FILE", type=Path, help="passwords and cookies, as <stack>-passwords.yaml"
    )
    either.add_argument("--store", metavar="FILE", type=Path, help="the same in an encrypted store")
    add_key_file_option(group)
    group.add_argument("--strict", action="store_true", help="let warnings be errors")


def read_input_options(parsed_args: argparse.Namespace) -> InputOptions:
    """Return what was given for the options of `add_input_options`."""
    return InputOptions(
        plan=parsed_args.plan,
        environments=tuple(parsed_args.environments),
        release=parsed_args.release,
        inventory=parsed_args.inventory,
        secrets=parsed_args.secrets,
        store=parsed_args.store,
        key_file=parsed_args.key_file,
        strict=parsed_args.strict,
    )


def number_of_days(text: str) -> int:
    """Read an argument that is a number of days.

    Raises:
        argparse.ArgumentTypeError: it is none, or out of bounds.
    """
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _MAX_DAYS:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number of days (1 to {_MAX_DAYS})")


def input_words(options: InputOptions) -> tuple[str, ...]:
    """Return the words of a command line that read the same input."""
    single = (
        ("--plan", options.plan),
        *(("-e", path) for path in options.environments),
        ("--release", options.release),
        ("--inventory", options.inventory),
        ("--secrets", options.secrets),
        ("--store", options.store),
        ("--key-file", options.key_file),
    )
    return tuple(str(word) for name, value in single if value is not None for word in (name, value))
