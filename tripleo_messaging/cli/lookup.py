# SPDX-License-Identifier: Apache-2.0
"""``lookup``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.masking import is_secret_key, level_of
from tripleo_messaging.cli.nodes import member_meant
from tripleo_messaging.errors import UnknownKeyError, UsageError
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.tree import is_member, lookup_in, read_levels
from tripleo_messaging.model.finding import did_you_mean
from tripleo_messaging.model.secret import MASK


@attrs.frozen(kw_only=True)
class LookupOptions:
    """What to look up.

    Attributes:
        key: of the hieradata.
        data: the rendered tree.
        node: whose values, a member of a cluster; ``None`` is a node of clients.
        reveal: whether to show a secret.
    """

    key: str
    data: Path
    node: Optional[str] = None
    reveal: bool = False


def look_up(options: LookupOptions) -> str:
    """Return the value of a key as text: a string as it is, anything else as JSON, a secret masked.

    Raises:
        UsageError: the node is a member of no cluster: what clients see would pass for its own values.
        UnknownKeyError, UnreadableFileError: as `tripleo_messaging.hieradata.tree.lookup`.
    """
    levels = read_levels(options.data, options.node)
    if options.node is not None and not is_member(levels, options.node):
        raise UsageError(_no_member(options.data, options.node))
    value = lookup_in(levels, options.key, options.data)
    if not options.reveal and is_secret_key(options.key):
        return MASK
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _no_member(tree: Path, node: str) -> str:
    hint = member_meant(tree, node) or "a node of clients is looked up without --node"
    return f"--node: {node} is a member of no cluster in {tree} ({hint})"


def way_out(options: LookupOptions) -> str:
    """Say how a key that was not found may be found."""
    if options.node is None and level_of(options.key) in ("cluster", "node"):
        return "members of a cluster have it: name one with --node"
    levels = read_levels(options.data, options.node)
    return did_you_mean(options.key, _keys(levels)) or "the keys are described in the manual's hiera contract"


def _keys(levels: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from (key for level in levels.values() for key in level if key != LOOKUP_OPTIONS)


class UnfoundKeyError(UnknownKeyError):
    """A key without a value, and what to try instead."""

    def __init__(self, unknown: UnknownKeyError, hint: str) -> None:
        super().__init__(unknown.key, unknown.data_dir)
        self.hint = hint

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.hint})"


class Lookup(MessagingCommand):
    """Look up a key."""

    _description = "Look up a key in a rendered tree, as Puppet does on a node"
    _epilog: Any = """\
A string is shown as it is, anything else as JSON; a secret is masked unless
--reveal is given.

Examples::

    tripleo-messaging lookup messaging_rpc_node_names --data hieradata
    tripleo-messaging lookup messaging_notify_transport_url --data hieradata --reveal
    tripleo-messaging lookup tripleo_messaging::rabbitmq::instances \\
        --data hieradata --node controller-0
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("key", metavar="KEY", help="the hieradata key")
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the rendered tree")
        parser.add_argument(
            "--node",
            metavar="NAME",
            help="inventory name of a member of a cluster; a node of clients otherwise",
        )
        parser.add_argument("--reveal", action="store_true", help="show a secret")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the value."""
        options = LookupOptions(
            key=parsed_args.key, data=parsed_args.data, node=parsed_args.node, reveal=parsed_args.reveal
        )
        try:
            text = look_up(options)
        except UnknownKeyError as error:
            raise UnfoundKeyError(error, way_out(options)) from error
        self.app.stdout.write(f"{text}\n")
        return 0
