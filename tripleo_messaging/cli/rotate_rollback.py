# SPDX-License-Identifier: Apache-2.0
"""``passwords rotate rollback``."""

from __future__ import annotations

import argparse
from typing import Any

from tripleo_messaging.cli.rotate_command import RotateCommand
from tripleo_messaging.cli.rotate_options import add_report_options, add_rotate_options, read_rotate_options
from tripleo_messaging.cli.rotate_switch import cell_lines
from tripleo_messaging.cli.rotate_work import Outcome, Work, run_step, under_way
from tripleo_messaging.cli.store_options import now
from tripleo_messaging.passwords.store import Content
from tripleo_messaging.rotation.steps import roll_back

_ACTION = "passwords rotate rollback"


def roll_back_work(work: Work) -> Content:
    """Give clients the accounts that they had; the brokers are not asked, as they know both.

    Raises:
        RotationError: no rotation is under way.
    """
    content = work.content
    for principal in under_way(work):
        content = roll_back(content, principal.login.secret, now())
    return content


class RotateRollback(RotateCommand):
    """Give clients the former account again."""

    _description = (
        "Give clients the accounts that they had before the rotation; possible until it is finished"
    )
    _epilog: Any = """\
The brokers keep both accounts, so that nobody is cut off meanwhile. Then
'passwords rotate finish' removes the new one.

Examples::

    tripleo-messaging passwords rotate rollback --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_rotate_options(parser)
        add_report_options(parser)
        return parser

    def outcome(self, parsed_args: argparse.Namespace) -> Outcome:
        """Roll back."""
        return run_step(read_rotate_options(parsed_args), _ACTION, roll_back_work)

    def more(self, _outcome: Outcome) -> tuple[str, ...]:
        """Return the commands for the mappings of nova's cells."""
        return tuple(cell_lines(_outcome))
