# SPDX-License-Identifier: Apache-2.0
"""``hieradata uninstall``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.key_changes import key_changes
from tripleo_messaging.cli.node_edits import Edit, carry_out
from tripleo_messaging.cli.node_files import Places, leaving
from tripleo_messaging.cli.node_options import add_place_options, places
from tripleo_messaging.cli.node_report import change_report, edit_report
from tripleo_messaging.cli.words import table
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.install import planned_removal, read_installed_level, uninstall_levels


@attrs.frozen(kw_only=True)
class Uninstalled:
    """What was taken away, or would be.

    Attributes:
        target: the data directory.
        change: of the files there.
        edits: of the files beside them.
        changes: lines that show what would change, where nothing was written.
    """

    target: Path
    change: Change
    edits: tuple[Edit, ...] = ()
    changes: Optional[tuple[str, ...]] = None


def uninstall_node(where: Places, *, check: bool = False) -> Uninstalled:
    """Take our levels out of a node's hierarchy, then away; what installing put in, and nothing else.

    Raises:
        InvalidInputError, UnreadableFileError, UnwritableFileError, LockedError: as
            `tripleo_messaging.cli.node_files.leaving` and `uninstall_levels`.
    """
    target = where.data_directory()
    edits = leaving(where).edits
    if check:
        change = planned_removal(target)
        changes = tuple(_changes(target, change, edits))
        return Uninstalled(target=target, change=change, edits=edits, changes=changes)
    carry_out(edits)
    return Uninstalled(target=target, change=uninstall_levels(target), edits=edits)


def _changes(target: Path, change: Change, edits: tuple[Edit, ...]) -> Iterator[str]:
    for name in change.removed:
        yield f"{target / name}"
        if name.endswith(".json"):
            yield from (f"  {line}" for line in key_changes(read_installed_level(target, name), {}))
    for edit in edits:
        yield from edit.shown()


def report(uninstalled: Uninstalled) -> Iterator[str]:
    """Yield the lines that say what was done."""
    if uninstalled.changes is not None:
        yield "Nothing is written with --check; this is what would be done"
    yield f"Hieradata in {uninstalled.target}"
    rows = [(path, "removed") for path in uninstalled.change.removed]
    yield from table(rows) if rows else ("  none of ours",)
    yield from edit_report(uninstalled.edits)
    if uninstalled.changes is not None:
        yield from change_report(uninstalled.changes)


class HieradataUninstall(MessagingCommand):
    """Take a node's hieradata away."""

    _description = "Take away what `hieradata install` put on a node, and nothing else"
    _epilog: Any = """\
A hiera.yaml and managed data are, byte for byte, what they were before. Brokers
go on as they are: Puppet has no say in them any more.

Examples::

    tripleo-messaging hieradata uninstall --hiera-config /etc/puppet/hiera.yaml --check
    tripleo-messaging hieradata uninstall --hiera-config /etc/puppet/hiera.yaml \\
        --facts-dir /etc/facter/facts.d
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_place_options(parser)
        parser.add_argument("--check", action="store_true", help="write nothing, and show what would change")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Uninstall, and show what was done."""
        uninstalled = uninstall_node(places(parsed_args), check=parsed_args.check)
        for line in report(uninstalled):
            self.app.stdout.write(f"{line}\n")
        return 0
