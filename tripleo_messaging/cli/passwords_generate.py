# SPDX-License-Identifier: Apache-2.0
"""``passwords generate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.statuses import Status
from tripleo_messaging.cli.store_options import add_store_options, now
from tripleo_messaging.cli.store_work import (
    StorePlace,
    add_names_option,
    audit_entry,
    check_names,
    store_place,
    written,
)
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.model.finding import Finding, Origin, json_path

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import StoredSecret

_CUT_OFF = "clients log in with it, and a new value in its place would cut them off"
_SILENCED = "members know one another by it, and cannot speak while they have two"
#: Of each secret that must not be replaced in its place, why, and what to do.
_IN_USE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "RpcPassword": (_CUT_OFF, "'passwords rotate begin --name RpcPassword' gives them another one first"),
        "NotifyPassword": (
            _CUT_OFF,
            "'passwords rotate begin --name NotifyPassword' gives them another one first",
        ),
        "RabbitCookie": (_SILENCED, "'passwords cookie rotate --cluster rpc' does it while they run"),
        "RabbitNotifyCookie": (
            _SILENCED,
            "'passwords cookie rotate --cluster notify' does it while they run",
        ),
    }
)


@attrs.frozen(kw_only=True)
class GenerateOptions:
    """What to make.

    Attributes:
        place: where the store is, or shall be.
        names: of the secrets; empty is all of them.
        replace: whether to make those anew that are there.
    """

    place: StorePlace
    names: tuple[str, ...] = ()
    replace: bool = False


@attrs.frozen(kw_only=True)
class Generated:
    """What was done.

    Attributes:
        place: where the store is.
        made: names of the secrets that had no value.
        replaced: names of those that had another one.
        kept: names of those that were left alone.
        is_new: whether there was no store.
    """

    place: StorePlace
    made: tuple[str, ...]
    replaced: tuple[str, ...]
    kept: tuple[str, ...]
    is_new: bool


def generate_missing(options: GenerateOptions) -> Generated:
    """Make secrets, and the store and its key where there are none.

    Raises:
        UsageError: a name is not one of those that are made.
        InvalidInputError: one that is in use was to be replaced; nothing is written.
        UnreadableFileError, UnwritableFileError, LockedError: of the store or its key.
    """
    from tripleo_messaging.passwords.specs import PASSWORD_SPECS

    check_names(options.names, PASSWORD_SPECS, "one of the secrets that are made")
    names = tuple(name for name in PASSWORD_SPECS if name in options.names or not options.names)
    store = options.place.opened()
    with store.lease():
        snapshot = store.read()
        there = tuple(name for name in names if name in snapshot.content.secrets)
        if options.replace:
            _refuse_in_use(options.place, there)
        replaced = there if options.replace else ()
        made = tuple(name for name in names if name not in there)
        if made or replaced:
            new = _new_secrets((*made, *replaced))
            entry = audit_entry("passwords generate", new, now())
            store.create_key()
            content = snapshot.content.with_secrets(new).recorded(entry)
            store.replace(content, expected_revision=snapshot.revision)
    kept = tuple(name for name in there if name not in replaced)
    is_new = snapshot.revision == 0
    return Generated(place=options.place, made=made, replaced=replaced, kept=kept, is_new=is_new)


def _refuse_in_use(place: StorePlace, there: tuple[str, ...]) -> None:
    findings = [
        Finding(
            rule="secret-in-use",
            severity="error",
            path=json_path(("parameter_defaults", name)),
            message=_IN_USE[name][0],
            hint=_IN_USE[name][1],
            origin=Origin(file=str(place.store)),
        )
        for name in there
        if name in _IN_USE
    ]
    if findings:
        raise InvalidInputError(findings)


def _new_secrets(names: tuple[str, ...]) -> dict[str, StoredSecret]:
    from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate
    from tripleo_messaging.passwords.store import StoredSecret

    return {
        name: StoredSecret(secret=generate(PASSWORD_SPECS[name]), changed=now(), source="generated")
        for name in names
    }


def report(generated: Generated) -> Iterator[str]:
    """Yield the lines that say what was done."""
    done = (("Made", generated.made), ("Replaced", generated.replaced), ("Kept", generated.kept))
    for what, names in done:
        if names:
            yield f"{what} {', '.join(names)}"
    if generated.made or generated.replaced:
        yield from written(generated.place, is_new=generated.is_new)
    if generated.replaced:
        yield "To run next: hieradata render, and Puppet on the members of the clusters"


class PasswordsGenerate(MessagingCommand):
    """Make passwords and cookies."""

    _description = "Make the passwords and cookies that a store lacks; the store and its key, too"
    _epilog: Any = """\
What is there stays. --replace makes it anew, but for what is in use: "passwords
rotate" and "passwords cookie rotate" replace that while everything runs.

Examples::

    tripleo-messaging passwords generate --store secrets.store
    tripleo-messaging passwords generate --store secrets.store --name RabbitMonitorPassword --replace
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_store_options(parser)
        add_names_option(parser, "a secret to make")
        parser.add_argument("--replace", action="store_true", help="make those anew that are there")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Make them, and show which."""
        options = GenerateOptions(
            place=store_place(parsed_args), names=tuple(parsed_args.names), replace=parsed_args.replace
        )
        for line in report(generate_missing(options)):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
