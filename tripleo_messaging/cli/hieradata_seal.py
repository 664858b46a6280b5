# SPDX-License-Identifier: Apache-2.0
"""``hieradata seal``."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.words import command_line, table
from tripleo_messaging.errors import InvalidInputError, UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.tree import is_sealed, read_tree
from tripleo_messaging.hieradata.write import write_tree

_STAMP_BYTES = 16
_MOST_NAMES = 12


@attrs.frozen(kw_only=True)
class SealOptions:
    """What to seal, and where to.

    Attributes:
        data: the rendered tree.
        public_keys: directory with ``<inventory name>.pem`` for each node.
        output: directory of the sealed tree.
    """

    data: Path
    public_keys: Path
    output: Path


@attrs.frozen(kw_only=True)
class SealedData:
    """What a sealing did.

    Attributes:
        options: what was asked for.
        members: nodes that were sealed for, members of clusters.
        clients: nodes that were sealed for and are members of none.
        change: of the sealed tree.
    """

    options: SealOptions
    members: tuple[str, ...]
    clients: tuple[str, ...]
    change: Change


def seal_data(options: SealOptions) -> SealedData:
    """Seal a rendered tree for its nodes' keys, into another directory.

    Raises:
        UsageError: both directories are one, or the tree is sealed already.
        InvalidInputError: a member has no public key, or a file gives none; nothing is written then.
        UnreadableFileError, UnwritableFileError, LockedError: as `read_tree` and `write_tree`.
    """
    # Here, as only this command needs its library, which takes a while to load.
    from tripleo_messaging.hieradata.seal import members_of, read_public_keys, seal_tree

    if options.output.resolve() == options.data.resolve():
        raise UsageError("--output: is the rendered tree itself; give the sealed one a directory of its own")
    levels = read_tree(options.data)
    if is_sealed(levels):
        raise UsageError(f"--data: {options.data} is sealed already; give the tree that was rendered")
    members = members_of(levels)
    public_keys = read_public_keys(options.public_keys, members)
    if public_keys.findings:
        raise InvalidInputError(public_keys.findings)
    tree = seal_tree(levels, public_keys.keys, secrets.token_hex(_STAMP_BYTES))
    change = write_tree(options.output, tree.levels, tree.sealed)
    clients = tuple(sorted(set(tree.sealed) - set(members)))
    return SealedData(options=options, members=members, clients=clients, change=change)


def report(sealed: SealedData) -> Iterator[str]:
    """Yield the lines that say for whom was sealed, what became of the tree, and what to run next."""
    yield f"Sealed hieradata in {sealed.options.output}"
    yield from table(_rows(sealed))
    if sealed.change.removed:
        yield f"  removed: {_names(sealed.change.removed)}"
    yield ""
    yield "To run next, on each node with a copy of the sealed hieradata"
    node = (*sealed.members, *sealed.clients, "NODE")[0]
    copy = str(sealed.options.output)
    words = ("tripleo-messaging", "hieradata", "install", "--node", node, "--data", copy)
    yield f"  {command_line(*words)} --hiera-config ENVIRONMENT/hiera.yaml"


def _rows(sealed: SealedData) -> Iterator[tuple[str, str]]:
    for kind, names in (("members of clusters", sealed.members), ("clients", sealed.clients)):
        if names:
            yield kind, _names(names)
    if not sealed.clients:
        yield "clients", "none has a public key, so none can be installed from this tree"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


class HieradataSeal(MessagingCommand):
    """Seal the secrets of hieradata."""

    _description = (
        "Seal the secrets of a rendered tree: each node gets its own, for its private key alone to open"
    )
    _epilog: Any = """\
The directory of public keys has a file NAME.pem, a public key or a certificate,
for each node, NAME being its name in the inventory. Every member of a cluster
must have one; a node that is a member of none gets the secrets of clients.
No other file of the sealed tree holds a secret. Everything is sealed anew each
time: install it on every node then.

Examples::

    tripleo-messaging hieradata seal --data hieradata --public-keys keys \\
        --output sealed
    tripleo-messaging hieradata seal --data hieradata --output /srv/sealed \\
        --public-keys /srv/keys
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the rendered tree")
        parser.add_argument(
            "--public-keys",
            metavar="DIR",
            type=Path,
            required=True,
            help="the nodes' public keys or certificates, each named after its node: NAME.pem",
        )
        parser.add_argument(
            "--output",
            metavar="DIR",
            type=Path,
            required=True,
            help="directory of the sealed tree; made when it is not there",
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Seal, and show what was done."""
        options = SealOptions(
            data=parsed_args.data, public_keys=parsed_args.public_keys, output=parsed_args.output
        )
        for line in report(seal_data(options)):
            self.app.stdout.write(f"{line}\n")
        return 0
