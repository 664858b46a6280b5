# SPDX-License-Identifier: Apache-2.0
"""``plan validate``."""

from __future__ import annotations

import argparse
from typing import Any

from tripleo_messaging.cli.finding_list import FindingList
from tripleo_messaging.cli.inputs import check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, read_input_options
from tripleo_messaging.model.finding import Finding


def find_all(options: InputOptions) -> tuple[Finding, ...]:
    """Read everything that the options name, and return every finding.

    Raises:
        UsageError, UnreadableFileError: as `read_inputs`.
    """
    inputs = read_inputs(options)
    return (*inputs.findings, *check_input_secrets(inputs, all_needed=options.secrets is not None))


class PlanValidate(FindingList):
    """Check a plan, its inventory and its secrets."""

    nothing_found = "nothing found: the plan is valid"

    _description = "Check a plan, its inventory and its secrets, and list everything that is wrong with them"
    _epilog: Any = """\
Everything is listed at once. A finding has a severity (error, warning, note),
the rule that it is from, file and line, the path of the value, what was found,
and a hint at the way out. A table stacks these six columns by two.
The exit status is 0 if there is no error, and with --strict no warning either.

Examples::

    tripleo-messaging plan validate --plan plan.yaml -i inventory.yaml
    tripleo-messaging plan validate --plan plan.yaml --secrets passwords.yaml --strict
    tripleo-messaging plan validate -e messaging.yaml -e site.yaml --release zed -f json
"""

    def find(self, parsed_args: argparse.Namespace) -> tuple[Finding, ...]:
        """Return every finding of the plan, the inventory and the secrets."""
        return find_all(read_input_options(parsed_args))
