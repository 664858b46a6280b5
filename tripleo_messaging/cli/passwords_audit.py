# SPDX-License-Identifier: Apache-2.0
"""``passwords audit``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options
from tripleo_messaging.cli.store_work import add_format_option, read_existing, store_place
from tripleo_messaging.cli.words import table

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import AuditEntry

_HEADINGS = ("TIME", "WHO", "WHAT", "NAMES")


def as_text(entries: tuple[AuditEntry, ...]) -> Iterator[str]:
    """Yield a table, oldest entry first."""
    cells = (
        (f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.actor, entry.action, " ".join(entry.names))
        for entry in entries
    )
    return (line.removeprefix("  ") for line in table((_HEADINGS, *cells)))


def as_json(entries: tuple[AuditEntry, ...]) -> str:
    """Return a JSON list with an object for each entry, oldest first."""
    return json.dumps(
        [
            {
                "time": entry.time.isoformat(),
                "actor": entry.actor,
                "action": entry.action,
                "names": list(entry.names),
            }
            for entry in entries
        ],
        indent=2,
    )


class PasswordsAudit(MessagingCommand):
    """Show who changed a store."""

    _description = "Show who changed, revealed or exported secrets of a store, and when (UTC)"
    _epilog: Any = """\
No entry holds a secret. The store keeps the last 1,000.

Examples::

    tripleo-messaging passwords audit --store secrets.store
    tripleo-messaging passwords audit --store secrets.store -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_store_options(parser)
        add_format_option(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the entries on stdout."""
        entries = read_existing(store_place(parsed_args).opened()).content.audit
        lines = [as_json(entries)] if parsed_args.format == "json" else as_text(entries)
        for line in lines:
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
