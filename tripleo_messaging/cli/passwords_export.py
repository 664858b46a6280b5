# SPDX-License-Identifier: Apache-2.0
"""``passwords export``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import StorePlace, audit_entry, read_existing, store_place
from tripleo_messaging.model.finding import Finding, Origin, json_path

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import Content

#: By password, the Heat parameter that names who logs in with it.
_USER_PARAMETERS = {"RpcPassword": "RpcUserName", "NotifyPassword": "NotifyUserName"}


@attrs.frozen(kw_only=True)
class ExportOptions:
    """What to hand over.

    Attributes:
        file: of the shape of TripleO's ``<stack>-passwords.yaml``.
        place: where the store is.
    """

    file: Path
    place: StorePlace


@attrs.frozen(kw_only=True)
class Exported:
    """What was done.

    Attributes:
        options: what was asked for.
        changed: names of the secrets that the file had not, or with another value.
        same: names of those that it had.
        notes: what else TripleO has to know.
    """

    options: ExportOptions
    changed: tuple[str, ...]
    same: tuple[str, ...]
    notes: tuple[Finding, ...]


def export_secrets(options: ExportOptions) -> Exported:
    """Lay the secrets of a store into a file, and leave all else there as it is; recorded before.

    Raises:
        UnreadableFileError, UnwritableFileError, LockedError: of the file, the store or its key.
        InvalidInputError: the file has error findings.
        UsageError: it is no YAML, or a secret cannot be written.
    """
    from tripleo_messaging.passwords.stack_file import merge_secrets, secret_names

    store = options.place.opened()
    snapshot = read_existing(store)
    ours = {
        name: secret for name, secret in snapshot.content.plain_secrets().items() if name in secret_names()
    }
    changed = merge_secrets(options.file, ours, write=False)
    if changed:
        entry = audit_entry("passwords export", changed, now())
        store.replace(snapshot.content.recorded(entry), expected_revision=snapshot.revision)
        changed = merge_secrets(options.file, ours)
    return Exported(
        options=options,
        changed=changed,
        same=tuple(sorted(ours.keys() - set(changed))),
        notes=tuple(_notes(options, snapshot.content)),
    )


def _notes(options: ExportOptions, content: Content) -> Iterator[Finding]:
    from tripleo_messaging.backends.protocol import numbered_user
    from tripleo_messaging.rotation.steps import rotations_of

    for name, rotation in sorted(rotations_of(content).items()):
        user = rotation.active.user_name or numbered_user(rotation.base, rotation.active.number)
        if name in _USER_PARAMETERS and user != rotation.base:
            parameter = _USER_PARAMETERS[name]
            yield Finding(
                rule="rotated-user",
                severity="note",
                path=json_path(("parameter_defaults", parameter)),
                message=f"clients log in as {user} since a rotation, not as {rotation.base}",
                hint=f"where Heat's own templates configure clients, give them {parameter}: {user} in an"
                f" environment file that is no input of tripleo-messaging: the plan keeps {rotation.base}",
                origin=Origin(file=str(options.file)),
            )


def report(exported: Exported) -> Iterator[str]:
    """Yield the lines that say what was done."""
    if exported.changed:
        file = exported.options.file
        yield f"Exported: {', '.join(exported.changed)}"
        yield f"File {file} (mode 0600); what it held before, if anything, is in {file}.bak"
    if exported.same:
        yield f"The same: {', '.join(exported.same)}"


class PasswordsExport(MessagingCommand):
    """Hand passwords over to TripleO's file."""

    _description = "Lay the secrets of a store into TripleO's <stack>-passwords.yaml"
    _epilog: Any = """\
All else in the file stays as it is, to the byte, and secrets that the store
lacks stay as well. The former file is kept beside it, as FILE.bak.

Examples::

    tripleo-messaging passwords export overcloud-passwords.yaml --store secrets.store
    tripleo-messaging passwords export new-passwords.yaml --store secrets.store --key-file store.key
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="<stack>-passwords.yaml")
        add_store_options(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Do it, and show what was done."""
        options = ExportOptions(file=parsed_args.file, place=store_place(parsed_args))
        exported = export_secrets(options)
        log_findings(exported.notes)
        for line in report(exported):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
