# SPDX-License-Identifier: Apache-2.0
"""``passwords show``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import (
    StorePlace,
    add_format_option,
    add_names_option,
    audit_entry,
    check_names,
    read_existing,
    store_place,
)
from tripleo_messaging.cli.words import counted, table
from tripleo_messaging.model.secret import MASK

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import Content

_OTHER = ".other"
_HEADINGS = ("NAME", "SINCE", "AGE", "HOW", "VALUE", "FOR")


@attrs.frozen(kw_only=True)
class ShowOptions:
    """What to show.

    Attributes:
        place: where the store is.
        names: of the secrets; empty is all of them.
        reveal: whether to show their values.
    """

    place: StorePlace
    names: tuple[str, ...] = ()
    reveal: bool = False


@attrs.frozen(kw_only=True)
class Row:
    """A secret as it is shown.

    Attributes:
        name: of the secret.
        purpose: what it is for.
        changed: when it got its value, in UTC.
        age_days: whole days since.
        source: how it got it.
        value: the value, or `MASK`.
    """

    name: str
    purpose: str
    changed: datetime
    age_days: int
    source: str
    value: str


def show(options: ShowOptions) -> tuple[Row, ...]:
    """Return the secrets of a store, in the order of the table of secrets; revealing is recorded first.

    Raises:
        UsageError: the store has no secret of a name.
        UnreadableFileError: of the store or its key.
        UnwritableFileError, LockedError: that they are revealed cannot be recorded, so they are not.
    """
    store = options.place.opened()
    time = now()
    snapshot = read_existing(store)
    names = _chosen(options, snapshot.content)
    if options.reveal:
        entry = audit_entry("passwords show --reveal", names, time)
        store.replace(snapshot.content.recorded(entry), expected_revision=snapshot.revision)
    return tuple(_row(snapshot.content, name, time, reveal=options.reveal) for name in names)


def _chosen(options: ShowOptions, content: Content) -> tuple[str, ...]:
    from tripleo_messaging.passwords.specs import PASSWORD_SPECS

    first = [name for spec in PASSWORD_SPECS for name in (spec, f"{spec}{_OTHER}") if name in content.secrets]
    names = dict.fromkeys((*first, *sorted(content.secrets)))
    check_names(options.names, names, "one of the secrets of the store")
    return tuple(name for name in names if name in options.names or not options.names)


def _row(content: Content, name: str, time: datetime, *, reveal: bool) -> Row:
    stored = content.secrets[name]
    return Row(
        name=name,
        purpose=_purpose(name),
        changed=stored.changed,
        age_days=max((time - stored.changed).days, 0),
        source=stored.source,
        value=stored.secret.reveal() if reveal else MASK,
    )


def _purpose(name: str) -> str:
    from tripleo_messaging.passwords.stack_file import descriptions

    if name.endswith(_OTHER):
        return f"The account beside that of {name.removesuffix(_OTHER)}, while it rotates."
    return descriptions().get(name, "")


def as_text(rows: tuple[Row, ...]) -> Iterator[str]:
    """Yield a table."""
    cells = (
        (row.name, f"{row.changed:%Y-%m-%d}", _age(row.age_days), row.source, _shown(row.value), row.purpose)
        for row in rows
    )
    return (line.removeprefix("  ") for line in table((_HEADINGS, *cells)))


def _age(days: int) -> str:
    return counted(days, "day") if days else "today"


def _shown(value: str) -> str:
    # What would move the cursor stands as in JSON.
    return value if value.isprintable() else json.dumps(value)


def as_json(rows: tuple[Row, ...]) -> str:
    """Return a JSON list with an object for each secret."""
    return json.dumps([{**attrs.asdict(row), "changed": row.changed.isoformat()} for row in rows], indent=2)


class PasswordsShow(MessagingCommand):
    """Show the secrets of a store."""

    _description = "Show the secrets of a store: what each is for, since when, and how it came there"
    _epilog: Any = """\
Values are masked unless --reveal is given, which the store's audit records.

Examples::

    tripleo-messaging passwords show --store secrets.store
    tripleo-messaging passwords show --store secrets.store --name RpcPassword --reveal
    tripleo-messaging passwords show --store secrets.store -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_store_options(parser)
        add_names_option(parser, "a secret to show")
        parser.add_argument("--reveal", action="store_true", help="show the values")
        add_format_option(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show them on stdout."""
        options = ShowOptions(
            place=store_place(parsed_args), names=tuple(parsed_args.names), reveal=parsed_args.reveal
        )
        rows = show(options)
        lines = [as_json(rows)] if parsed_args.format == "json" else as_text(rows)
        for line in lines:
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
