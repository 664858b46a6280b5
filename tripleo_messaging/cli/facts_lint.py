# SPDX-License-Identifier: Apache-2.0
"""``facts lint``."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import Any

from tripleo_messaging.cli.finding_list import FindingList
from tripleo_messaging.facts import default_directories, lint
from tripleo_messaging.facts.lint import unread_configuration
from tripleo_messaging.model.finding import Finding

LOG = logging.getLogger("tripleo_messaging.cli")


class FactsLint(FindingList):
    """Check directories of external facts."""

    nothing_found = "nothing found: Facter reads every file as it looks"

    _description = (
        "Say what Facter would make of directories of external facts, and why it ignores or spoils a file"
    )
    _epilog: Any = """\
Without a directory these are Facter's own, as far as they are there, and a note
tells of a facter.conf, which is not read. No program is run. Formats and exit
statuses are those of "plan validate".

Examples::

    tripleo-messaging facts lint
    tripleo-messaging facts lint modules/site/facts.d /etc/facter/facts.d
    tripleo-messaging facts lint facts.d --strict -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser: without the options of a plan, which is not read here."""
        parser = super(FindingList, self).get_parser(prog_name)
        parser.add_argument(
            "directories",
            metavar="DIR",
            nargs="*",
            type=Path,
            help="a directory of external facts; of several, the first wins",
        )
        parser.add_argument("--strict", action="store_true", help="let warnings be errors")
        return parser

    def find(self, parsed_args: argparse.Namespace) -> tuple[Finding, ...]:
        """Return what is found in the directories."""
        given = tuple(parsed_args.directories)
        return tuple(lint(given)) if given else (*unread_configuration(), *lint(_own_directories()))

    def is_strict(self, parsed_args: argparse.Namespace) -> bool:
        """Tell whether a warning counts as an error."""
        return bool(parsed_args.strict)


def _own_directories() -> tuple[str, ...]:
    named = default_directories(os.environ, is_root=os.geteuid() == 0)
    return tuple(directory for directory in named if Path(directory).is_dir())
