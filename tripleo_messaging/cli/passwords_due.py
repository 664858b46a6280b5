# SPDX-License-Identifier: Apache-2.0
"""``passwords due``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from tripleo_messaging.cli.age_options import MaxAge, add_max_age_option, age_policy
from tripleo_messaging.cli.command import LOG, MessagingCommand
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import StorePlace, add_format_option, read_existing, store_place
from tripleo_messaging.cli.words import table

if TYPE_CHECKING:
    from tripleo_messaging.passwords.ages import Due

_HEADINGS = ("NAME", "SINCE", "AGE", "MAX AGE", "TO RUN NEXT")


@attrs.frozen(kw_only=True)
class DueOptions:
    """What to look at.

    Attributes:
        place: where the store is.
        max_ages: how old secrets may become.
    """

    place: StorePlace
    max_ages: tuple[MaxAge, ...] = ()


def overdue(options: DueOptions, time: datetime) -> tuple[Due, ...]:
    """Return what has become too old.

    Raises:
        UsageError: a name is none of ours.
        UnreadableFileError: the store or its key is missing or cannot be used.
    """
    from tripleo_messaging.passwords.ages import due

    content = read_existing(options.place.opened()).content
    return due(content, age_policy(options.max_ages), time)


def as_text(found: tuple[Due, ...]) -> Iterator[str]:
    """Yield a table, the oldest first; nothing where nothing is overdue."""
    if not found:
        return
    cells = (
        (one.name, f"{one.changed:%Y-%m-%d}", f"{one.age_days} days", f"{one.max_age_days} days", one.command)
        for one in found
    )
    yield from (line.removeprefix("  ") for line in table((_HEADINGS, *cells)))


def as_json(found: tuple[Due, ...]) -> str:
    """Return a JSON list with an object for each, the oldest first."""
    return json.dumps([{**attrs.asdict(one), "changed": one.changed.isoformat()} for one in found], indent=2)


class PasswordsDue(MessagingCommand):
    """List overdue passwords."""

    _description = "List the secrets of a store that have become too old; status 1 when there is one"
    _epilog: Any = """\
With -q, nothing is said when nothing is overdue, as suits cron.

Examples::

    tripleo-messaging passwords due --store secrets.store
    tripleo-messaging passwords due --store secrets.store --max-age 180 --max-age RpcPassword=90
    tripleo-messaging passwords due --store secrets.store -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_store_options(parser)
        add_max_age_option(parser)
        add_format_option(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """List them on stdout."""
        options = DueOptions(place=store_place(parsed_args), max_ages=tuple(parsed_args.max_ages))
        found = overdue(options, now())
        if not found:
            LOG.info("nothing is overdue")
        lines = [as_json(found)] if parsed_args.format == "json" else as_text(found)
        for line in lines:
            self.app.stdout.write(f"{line}\n")
        return Status.ERRORS if found else Status.FINE
