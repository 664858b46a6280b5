# SPDX-License-Identifier: Apache-2.0
"""Commands whose result is a list of findings."""

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
from tripleo_messaging.cli.options import add_input_options, read_input_options
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


class FindingList(MessagingCommand, Lister):
    """A command that reads a plan and lists findings; its `find` finds them."""

    #: What is logged when nothing is found.
    nothing_found = ""

    def find(self, parsed_args: argparse.Namespace) -> tuple[Finding, ...]:
        """Return every finding."""
        raise NotImplementedError

    def _load_formatter_plugins(self) -> Any:
        return Formats({**LIST_FORMATS, "table": FindingTable})

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_input_options(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """List the findings."""
        findings = self.find(parsed_args)
        if not findings:
            LOG.info("%s", self.nothing_found)
        self.formatter: Any = self._formatter_plugins[parsed_args.formatter].obj
        self._show(parsed_args, [finding_row(finding) for finding in findings])
        return status_of(findings, strict=self.is_strict(parsed_args))

    def is_strict(self, parsed_args: argparse.Namespace) -> bool:
        """Tell whether a warning counts as an error."""
        return read_input_options(parsed_args).strict

    def _show(self, parsed_args: argparse.Namespace, rows: list[Row]) -> None:
        try:
            self.produce_output(parsed_args, COLUMNS, rows)
        except ValueError as error:
            raise UsageError(f"--column: expected one of {', '.join(COLUMNS)}") from error
