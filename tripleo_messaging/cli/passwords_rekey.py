# SPDX-License-Identifier: Apache-2.0
"""``passwords rekey``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import StorePlace, audit_entry, read_existing, store_place


def rekey(place: StorePlace) -> None:
    """Give a store a new key, by which it and its backup are encrypted anew; the former one opens neither.

    Raises:
        UnreadableFileError, UnwritableFileError, LockedError: of the store or its key.
    """
    store = place.opened()
    with store.lease():
        snapshot = read_existing(store)
        content = snapshot.content.recorded(audit_entry("passwords rekey", (), now()))
        store.replace(content, expected_revision=snapshot.revision)
        store.rekey()


def report(place: StorePlace) -> Iterator[str]:
    """Yield the lines that say what was done."""
    yield f"Store {place.store} and its backup have a new key, in {place.key} (mode 0600)"
    yield "Copies of the store made before need the former key; make new copies of both, and delete the old"


class PasswordsRekey(MessagingCommand):
    """Give a store a new key."""

    _description = "Encrypt a store and its backup by a new key, which takes the former one's place"
    _epilog: Any = """\
No password changes. A command that was interrupted is gone on with by running it
again. Another store with the same key file can be opened no more: give each store
a key file of its own first.

Examples::

    tripleo-messaging passwords rekey --store secrets.store
    tripleo-messaging passwords rekey --store secrets.store --key-file /root/store.key
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_store_options(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Do it, and show what is to be done with copies."""
        place = store_place(parsed_args)
        rekey(place)
        for line in report(place):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
