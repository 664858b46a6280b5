# SPDX-License-Identifier: Apache-2.0
"""``plan validate``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from cliff.formatters.table import TableFormatter
from cliff.lister import Lister

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import COLUMNS, STACKED_COLUMNS, Row, finding_row, stacked
from tripleo_messaging.cli.formats import LIST_FORMATS, Formats
from tripleo_messaging.cli.inputs import check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options
from tripleo_messaging.cli.statuses import status_of
from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.finding import Finding

LOG = logging.getLogger("tripleo_messaging.cli")

# prettytable.ALL up to 3.11, HRuleStyle.ALL from then on.
_ALL_RULES = 1


class FindingTable(TableFormatter):
    """cliff's table, with the six columns in three, so that 80 characters are enough."""

    def emit_list(
        self, column_names: Sequence[str], data: Iterable[Sequence[Any]], stdout: Any, parsed_args: Any
    ) -> None:
        """Write the table; nothing at all where there are no findings."""
        rows: list[Any] = list(data)
        if not rows and not parsed_args.print_empty:
            return
        if tuple(column_names) == COLUMNS:
            rows, column_names = [stacked(row) for row in rows], STACKED_COLUMNS
        super().emit_list(column_names, rows, stdout, parsed_args)

    def add_rows(self, table: Any, column_names: Sequence[str], data: Iterable[Sequence[Any]]) -> None:
        """Add the rows, with a line below each: most are several lines high."""
        table.hrules = _ALL_RULES
        super().add_rows(table, column_names, data)


def find_all(options: InputOptions) -> tuple[Finding, ...]:
    """Read everything that the options name, and return every finding.

    Raises:
        UsageError, UnreadableFileError: as `read_inputs`.
    """
    inputs = read_inputs(options)
    return (*inputs.findings, *check_input_secrets(inputs, all_needed=options.secrets is not None))


class PlanValidate(MessagingCommand, Lister):
    """Check a plan, its inventory and its secrets."""

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

    def _load_formatter_plugins(self) -> Any:
        return Formats({**LIST_FORMATS, "table": FindingTable})

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_input_options(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """List the findings."""
        options = read_input_options(parsed_args)
        findings = find_all(options)
        if not findings:
            LOG.info("nothing found: the plan is valid")
        self.formatter: Any = self._formatter_plugins[parsed_args.formatter].obj
        self._show(parsed_args, [finding_row(finding) for finding in findings])
        return status_of(findings, strict=options.strict)

    def _show(self, parsed_args: argparse.Namespace, rows: list[Row]) -> None:
        try:
            self.produce_output(parsed_args, COLUMNS, rows)
        except ValueError as error:
            raise UsageError(f"--column: expected one of {', '.join(COLUMNS)}") from error
