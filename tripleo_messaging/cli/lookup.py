# SPDX-License-Identifier: Apache-2.0
"""``lookup``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.lookup_explain import (
    Hierarchy,
    add_explain_options,
    as_json,
    as_text,
    explain_on_node,
    explain_rendered,
    read_hierarchy,
)
from tripleo_messaging.cli.masking import is_secret_key, level_of
from tripleo_messaging.cli.nodes import member_meant
from tripleo_messaging.errors import UnknownKeyError, UsageError
from tripleo_messaging.explain.values import Explanation
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.keys import KEYS
from tripleo_messaging.hieradata.tree import is_member, is_sealed, lookup_in, read_levels
from tripleo_messaging.model.finding import did_you_mean
from tripleo_messaging.model.secret import MASK

_CONTRACT = "the keys are described in the manual's hiera contract"


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
    refuse_stranger(options, levels)
    value = lookup_in(levels, options.key, options.data)
    if not options.reveal and is_secret_key(options.key):
        return MASK
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def refuse_stranger(options: LookupOptions, levels: Mapping[str, Any]) -> None:
    """Make sure that the node is a member of a cluster, where one is named.

    Raises:
        UsageError: it is not.
    """
    if options.node is not None and not is_member(levels, options.node):
        raise UsageError(_no_member(options.data, options.node))


def _no_member(tree: Path, node: str) -> str:
    hint = member_meant(tree, node) or "a node of clients is looked up without --node"
    return f"--node: {node} is a member of no cluster in {tree} ({hint})"


def explained(options: LookupOptions, form: str) -> Iterator[str]:
    """Yield lines that say which level of a tree decides about a key, and which others have it.

    Raises:
        UsageError, UnknownKeyError, UnreadableFileError: as `look_up`.
    """
    refuse_stranger(options, read_levels(options.data, options.node))
    explanation = explain_rendered(options.data, options.key, options.node)
    yield from _written(explanation, form, reveal=options.reveal)


def _written(explanation: Explanation, form: str, *, reveal: bool) -> Iterator[str]:
    if form == "json":
        yield as_json(explanation, reveal=reveal)
    else:
        yield from as_text(explanation, reveal=reveal)


def way_out(options: LookupOptions) -> str:
    """Say how a key that was not found may be found."""
    if options.node is None and level_of(options.key) in ("cluster", "node"):
        return "members of a cluster have it: name one with --node"
    levels = read_levels(options.data, options.node)
    if is_sealed(levels) and level_of(options.key) is not None and is_secret_key(options.key):
        return (
            "it is sealed here; `puppet lookup` opens it on its node, or look into the tree that was sealed"
        )
    return did_you_mean(options.key, _keys(levels)) or _CONTRACT


def _keys(levels: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from (key for level in levels.values() for key in level if key != LOOKUP_OPTIONS)


def _way_out_on_node(key: str) -> str:
    """Say how a key that a node's hierarchy has not may be found."""
    root = key.partition(".")[0]
    if level_of(root) is not None:
        return "it is one of ours, and this node has none; --data TREE shows what is rendered for it"
    return did_you_mean(root, _known_names(root)) or _CONTRACT


def _known_names(root: str) -> Iterator[str]:
    """Yield the names of all keys of ours; those of an OpenStack service for the one that is asked about."""
    consumer = root.rpartition("::")[0]
    for key in KEYS:
        named = key.name.replace("{consumer}", consumer)
        yield from {named.replace("{service}", service) for service in key.services}


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
--reveal is given. With --explain it is told which level decides, and which others it
shadows.

Examples::

    tripleo-messaging lookup messaging_rpc_node_names --data hieradata
    tripleo-messaging lookup messaging_notify_transport_url --data hieradata --reveal
    tripleo-messaging lookup tripleo_messaging::rabbitmq::instances \\
        --data hieradata --node controller-0
    tripleo-messaging lookup messaging_rpc_port --explain \\
        --hiera-config /etc/puppet/hiera.yaml
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("key", metavar="KEY", help="the hieradata key")
        parser.add_argument("--data", metavar="DIR", type=Path, help="the rendered tree")
        parser.add_argument(
            "--node",
            metavar="NAME",
            help="inventory name of a member of a cluster, a node of clients otherwise; or whose --facts are",
        )
        parser.add_argument("--reveal", action="store_true", help="show a secret")
        add_explain_options(parser)
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the value, or explain it."""
        hierarchy = read_hierarchy(parsed_args)
        if hierarchy is not None:
            return self._explain_on_node(parsed_args, hierarchy)
        if parsed_args.data is None:
            raise UsageError(
                "name where to look: a rendered tree with --data, or --explain and --hiera-config"
            )
        options = LookupOptions(
            key=parsed_args.key, data=parsed_args.data, node=parsed_args.node, reveal=parsed_args.reveal
        )
        try:
            text = (
                "\n".join(explained(options, parsed_args.format)) if parsed_args.explain else look_up(options)
            )
        except UnknownKeyError as error:
            raise UnfoundKeyError(error, way_out(options)) from error
        self.app.stdout.write(f"{text}\n")
        return 0

    def _explain_on_node(self, parsed_args: argparse.Namespace, hierarchy: Hierarchy) -> int:
        reveal = parsed_args.reveal
        try:
            explanation = explain_on_node(hierarchy, parsed_args.key, parsed_args.node, reveal=reveal)
        except UnknownKeyError as error:
            raise UnfoundKeyError(error, _way_out_on_node(parsed_args.key)) from error
        for line in _written(explanation, parsed_args.format, reveal=reveal):
            self.app.stdout.write(f"{line}\n")
        return 0
