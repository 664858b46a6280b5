# SPDX-License-Identifier: Apache-2.0
"""``passwords import``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.statuses import status_of
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import StorePlace, audit_entry, store_place, written
from tripleo_messaging.model.finding import Finding, Origin, has_errors, json_path
from tripleo_messaging.model.secret import Secret, Secrets

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import Content, Snapshot

_SECTION = "parameter_defaults"


@attrs.frozen(kw_only=True)
class ImportOptions:
    """What to take over.

    Attributes:
        file: of the shape of TripleO's ``<stack>-passwords.yaml``.
        place: where the store is, or shall be.
        replace: whether to replace values that are others.
    """

    file: Path
    place: StorePlace
    replace: bool = False


@attrs.frozen(kw_only=True)
class Imported:
    """What was done.

    Attributes:
        options: what was asked for.
        findings: about the file and what is in it; with an error among them nothing was written.
        new: names of the secrets that the store had not.
        replaced: names of those that it had with another value.
        same: names of those that it had.
        is_new: whether there was no store.
    """

    options: ImportOptions
    findings: tuple[Finding, ...]
    new: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    is_new: bool = False


def import_secrets(options: ImportOptions) -> Imported:
    """Take the secrets of a file into a store, all of them or none.

    Raises:
        UnreadableFileError, UnwritableFileError, LockedError: of the file, the store or its key.
    """
    from tripleo_messaging.passwords.stack_file import read_secrets

    stated, findings = read_secrets(options.file, inherit=False)
    if has_errors(findings):
        return Imported(options=options, findings=findings)
    store = options.place.opened()
    with store.lease():
        snapshot = store.read()
        incoming = _incoming(stated, snapshot.content)
        imported = _compared(options, incoming, snapshot)
        findings = (*findings, *_check(imported, incoming, snapshot.content))
        imported = attrs.evolve(imported, findings=findings)
        changed = (*imported.new, *imported.replaced)
        if changed and not has_errors(imported.findings):
            store.create_key()
            content = _with(snapshot.content, {name: incoming[name] for name in changed})
            store.replace(content, expected_revision=snapshot.revision)
    return imported


def _incoming(stated: Secrets, content: Content) -> Secrets:
    """Return what a file states, and what its ``RabbitPassword`` stands for where nobody says otherwise."""
    from tripleo_messaging.passwords.generate import existing_passwords

    plain = existing_passwords({_SECTION: {name: secret.reveal() for name, secret in stated.items()}})
    inherited = {name: Secret(plain[name]) for name in plain.keys() - stated.keys() - content.secrets.keys()}
    return stated.updated(inherited)


def _compared(options: ImportOptions, incoming: Secrets, snapshot: Snapshot) -> Imported:
    held = snapshot.content.plain_secrets()
    names = sorted(incoming)
    return Imported(
        options=options,
        findings=(),
        new=tuple(name for name in names if name not in held),
        replaced=tuple(name for name in names if name in held and held[name] != incoming[name]),
        same=tuple(name for name in names if name in held and held[name] == incoming[name]),
        is_new=snapshot.revision == 0,
    )


def _check(imported: Imported, incoming: Secrets, content: Content) -> Iterator[Finding]:
    from tripleo_messaging.passwords.store import other_name

    file = Origin(file=str(imported.options.file))
    if not incoming:
        hint = "expected parameter_defaults with RpcPassword, RabbitCookie and the like"
        message = "holds no secret of messaging"
        yield Finding(rule="nothing-to-import", severity="error", message=message, hint=hint, origin=file)
    for name in imported.replaced:
        kind = _kind(imported.options, name, is_rotating=other_name(name) in content.secrets)
        if kind is not None:
            path = json_path((_SECTION, name))
            yield attrs.evolve(kind, path=path, origin=incoming.origins.get(name, file))


_ROTATING = Finding(
    rule="rotation-under-way",
    severity="error",
    message="is another value than the store's, and a rotation of it is under way",
    hint="end that first: 'passwords rotate status' says how",
)
_DIFFERS = Finding(
    rule="secret-differs",
    severity="error",
    message="is another value than the store's, which stays",
    hint="take it out of the file, or replace the store's with --replace",
)
_REPLACED_LOGIN = Finding(
    rule="secret-in-use",
    severity="warning",
    message="clients get it with the next rendering: an outage, unless the brokers have that value already",
    hint="'passwords rotate begin' gives clients another one without",
)
_REPLACED_COOKIE = Finding(
    rule="secret-in-use",
    severity="warning",
    message="members get it with the next rendering, and speak with none that has the former one: an outage,"
    " unless they have that value already",
    hint="'passwords cookie rotate' changes it while they run",
)
_IN_USE: Mapping[str, Finding] = MappingProxyType(
    {
        **dict.fromkeys(
            ("RpcPassword", "NotifyPassword", "RpcTransportUrl", "NotifyTransportUrl"), _REPLACED_LOGIN
        ),
        **dict.fromkeys(("RabbitCookie", "RabbitNotifyCookie"), _REPLACED_COOKIE),
    }
)


def _kind(options: ImportOptions, name: str, *, is_rotating: bool) -> Optional[Finding]:
    """Return what is to be said of another value; nothing where it is not in use."""
    if is_rotating:
        return _ROTATING
    return _IN_USE.get(name) if options.replace else _DIFFERS


def _with(content: Content, secrets: Mapping[str, Secret]) -> Content:
    from tripleo_messaging.passwords.store import StoredSecret

    time = now()
    new = {
        name: StoredSecret(secret=secret, changed=time, source="imported") for name, secret in secrets.items()
    }
    return content.with_secrets(new).recorded(audit_entry("passwords import", sorted(new), time))


def report(imported: Imported) -> Iterator[str]:
    """Yield the lines that say what was done."""
    if has_errors(imported.findings):
        return
    done = (("Imported", imported.new), ("Replaced", imported.replaced), ("The same", imported.same))
    for what, names in done:
        if names:
            yield f"{what}: {', '.join(names)}"
    if imported.new or imported.replaced:
        yield from written(imported.options.place, is_new=imported.is_new)
        yield f"{imported.options.file} still holds the passwords for everybody who may read it"


class PasswordsImport(MessagingCommand):
    """Take passwords over from TripleO's file."""

    _description = "Take the secrets of messaging out of TripleO's <stack>-passwords.yaml into a store"
    _epilog: Any = """\
All of them are taken or none. A RabbitPassword stands for RpcPassword and
NotifyPassword where neither the file nor the store has these. A value that
differs from the store's is an error without --replace.

Examples::

    tripleo-messaging passwords import overcloud-passwords.yaml --store secrets.store
    tripleo-messaging passwords import overcloud-passwords.yaml --store secrets.store --replace
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="<stack>-passwords.yaml")
        add_store_options(parser)
        parser.add_argument("--replace", action="store_true", help="replace values that are others")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Do it, and show what was done."""
        options = ImportOptions(
            file=parsed_args.file, place=store_place(parsed_args), replace=parsed_args.replace
        )
        imported = import_secrets(options)
        log_findings(imported.findings)
        for line in report(imported):
            self.app.stdout.write(f"{line}\n")
        return status_of(imported.findings, strict=False)
