# SPDX-License-Identifier: Apache-2.0
"""``passwords rotate switch``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from typing import Any

from tripleo_messaging.cli.rotate_command import RotateCommand
from tripleo_messaging.cli.rotate_options import (
    add_force_option,
    add_report_options,
    add_rotate_options,
    add_timeout_option,
    read_rotate_options,
)
from tripleo_messaging.cli.rotate_work import Outcome, Work, ask_members, former_secret, run_step, under_way
from tripleo_messaging.cli.store_options import now
from tripleo_messaging.errors import RotationError
from tripleo_messaging.passwords.store import Content
from tripleo_messaging.rotation.accounts import Principal
from tripleo_messaging.rotation.cells import cell_commands
from tripleo_messaging.rotation.readiness import refusals
from tripleo_messaging.rotation.steps import switch

LOG = logging.getLogger("tripleo_messaging.cli")

_ACTION = "passwords rotate switch"


def switch_work(work: Work) -> Content:
    """Give clients the new accounts, once every member lets them in.

    Raises:
        RotationError: no rotation was begun, or a member would refuse clients.
    """
    content = work.content
    for principal in under_way(work):
        content = switch(content, principal.login.secret, now())
    lines = [line for principal in under_way(work) for line in _not_ready(work, principal)]
    if lines and not work.options.force:
        raise RotationError(
            "clients would be refused; run Puppet where 'begin' said, or give --force if you know better:\n  "
            + "\n  ".join(lines)
        )
    for line in lines:
        LOG.warning("warning: forced against: %s", line)
    return content


def _not_ready(work: Work, principal: Principal) -> Iterator[str]:
    rotation = work.rotation(principal)
    if rotation is None or rotation.other is None or rotation.phase == "switched":
        return
    yield from refusals(ask_members(work, principal, rotation.other, former_secret(principal)))


class RotateSwitch(RotateCommand):
    """Give clients the new account."""

    _description = "Give clients the accounts that 'passwords rotate begin' added"
    _epilog: Any = """\
Every member of the clusters is asked first whether it lets the new account in,
by a login as clients make it. Services take the new account when they restart.

Examples::

    tripleo-messaging passwords rotate switch --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_rotate_options(parser)
        add_report_options(parser)
        add_timeout_option(parser)
        add_force_option(parser, "switch although members refuse the new account, or cannot be asked")
        return parser

    def outcome(self, parsed_args: argparse.Namespace) -> Outcome:
        """Switch."""
        return run_step(read_rotate_options(parsed_args), _ACTION, switch_work)

    def more(self, _outcome: Outcome) -> tuple[str, ...]:
        """Return the commands for the mappings of nova's cells."""
        return tuple(cell_lines(_outcome))


def cell_lines(outcome: Outcome) -> Iterator[str]:
    """Yield the commands for the mappings of nova's cells, where RPC's account is among those chosen."""
    work = outcome.work
    if work is not None and any("rpc" in principal.services for principal in work.principals):
        yield from cell_commands(work.topology)
