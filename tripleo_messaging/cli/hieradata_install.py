# SPDX-License-Identifier: Apache-2.0
"""``hieradata install``."""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.nodes import member_meant
from tripleo_messaging.cli.words import command_line, table
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.install import LEVEL_NAMES, install_levels
from tripleo_messaging.hieradata.keys import LOCAL_CLUSTERS
from tripleo_messaging.hieradata.tree import is_member, read_levels

LOG = logging.getLogger("tripleo_messaging.cli")

DEFAULT_TARGET = Path("/etc/puppet/hieradata")


@attrs.frozen(kw_only=True)
class Installed:
    """What an installation did.

    Attributes:
        node: inventory name.
        target: where to.
        change: of the files there.
        clusters: those that the node is a member of.
        hint: the member that may have been meant, where the node is none; may be empty.
    """

    node: str
    target: Path
    change: Change
    clusters: tuple[str, ...]
    hint: str = ""


def install_node(tree: Path, node: str, target: Path) -> Installed:
    """Put a node's part of a rendered tree into its data directory.

    Raises:
        UsageError, UnreadableFileError, UnwritableFileError, LockedError: as `install`.
    """
    levels = read_levels(tree, node)
    change = install_levels(levels, node, target)
    clusters = (name for level in levels.values() for name in level.get(LOCAL_CLUSTERS, ()))
    hint = "" if is_member(levels, node) else member_meant(tree, node)
    return Installed(node=node, target=target, change=change, clusters=tuple(clusters), hint=hint)


def report(installed: Installed) -> Iterator[str]:
    """Yield the lines that say what was done, what the node is now, and what to run next."""
    yield f"{installed.node}: {_part(installed.clusters)}"
    yield f"Hieradata in {installed.target}"
    states = ("written", "unchanged", "removed")
    yield from table((path, state) for state in states for path in getattr(installed.change, state))
    yield ""
    yield "Levels for the hierarchy, the most specific first"
    yield from (f"  {name}" for name in LEVEL_NAMES)
    yield f"  example for Hiera 5: {_packaged('hiera', 'hiera.yaml')}"
    yield f"  example for Hiera 3: {_packaged('hiera', 'hiera3.yaml')}"
    yield "To run next, with the example for Hiera 5"
    yield from (f"  {line}" for line in _next_steps(installed.target))


def _part(clusters: tuple[str, ...]) -> str:
    if not clusters:
        return "clients only, a member of no cluster"
    return f"member of the cluster{'s' if len(clusters) > 1 else ''} {' and '.join(clusters)}"


def _next_steps(target: Path) -> Iterator[str]:
    hierarchy = _packaged("hiera", "hiera.yaml")
    if target != DEFAULT_TARGET:
        # The example has that directory.
        own = str(target.absolute() / "hiera.yaml")
        yield f"{command_line('sed', _with_directory(target.absolute()), hierarchy)} > {command_line(own)}"
        hierarchy = own
    words = ("puppet", "apply", "--modulepath", _packaged("puppet_shims"), "--hiera_config", hierarchy)
    yield command_line(*words, "-e", "include tripleo::profile::base::messaging")


def _with_directory(target: Path) -> str:
    """Return what has sed name another data directory in a hierarchy: a text of JSON is one of YAML, too."""
    escaped = re.sub(r"[|&\\]", r"\\\g<0>", json.dumps(str(target)))
    return f"s|^  datadir: .*|  datadir: {escaped}|"


def _packaged(folder: str, *names: str) -> str:
    return str(resources.files(f"tripleo_messaging.{folder}").joinpath(*names))


class HieradataInstall(MessagingCommand):
    """Install a node's hieradata."""

    _description = "Put a node's part of a rendered tree into the data directory that its Puppet reads"
    _epilog: Any = """\
The files have the same names on every node, so that a hierarchy needs no fact.
Files of a cluster that the node has left are removed, other files are not
touched. A node that is a member of no cluster gets no secrets of brokers.

Examples::

    tripleo-messaging hieradata install --node controller-0 --data hieradata
    tripleo-messaging hieradata install --node compute-7 --data hieradata \\
        --target /etc/puppetlabs/code/data
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--node", metavar="NAME", required=True, help="inventory name of the node")
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the rendered tree")
        parser.add_argument(
            "--target",
            metavar="DIR",
            type=Path,
            default=DEFAULT_TARGET,
            help=f"the data directory, made when it is not there; {DEFAULT_TARGET} otherwise",
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Install, and show what was done."""
        installed = install_node(parsed_args.data, parsed_args.node, parsed_args.target)
        if installed.hint:
            LOG.warning("warning: --node: %s is a member of no cluster; %s", installed.node, installed.hint)
        for line in report(installed):
            self.app.stdout.write(f"{line}\n")
        return 0
