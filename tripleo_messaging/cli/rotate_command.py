# SPDX-License-Identifier: Apache-2.0
"""What the commands that take a step of a rotation have in common."""

from __future__ import annotations

import argparse
import logging

from tripleo_messaging import files
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.rotate_report import report
from tripleo_messaging.cli.rotate_work import Outcome, hosts_to_apply

LOG = logging.getLogger("tripleo_messaging.cli")


class RotateCommand(MessagingCommand):
    """A command that takes one step."""

    def outcome(self, parsed_args: argparse.Namespace) -> Outcome:
        """Take the step."""
        raise NotImplementedError

    def more(self, _outcome: Outcome) -> tuple[str, ...]:
        """Return further lines for the operator."""
        return ()

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Take the step, and show what was done and what comes next."""
        outcome = self.outcome(parsed_args)
        log_findings(outcome.findings)
        for line in (*report(outcome), *self.more(outcome)):
            self.app.stdout.write(f"{line}\n")
        # Last, as the step is taken by now, whether this can be written or not.
        if outcome.work is not None and parsed_args.hosts_file is not None:
            names = "".join(f"{name}\n" for name in hosts_to_apply(outcome))
            files.write_atomic(parsed_args.hosts_file, names.encode(), files.PUBLIC_MODE)
        return outcome.status
