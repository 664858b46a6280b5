# SPDX-License-Identifier: Apache-2.0
"""``hieradata install``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.key_changes import key_changes
from tripleo_messaging.cli.node_edits import Edit, carry_out
from tripleo_messaging.cli.node_files import (
    DEFAULT_PRIVATE_KEY,
    DEFAULT_TARGET,
    Levels,
    Places,
    entering,
    with_fact,
)
from tripleo_messaging.cli.node_options import add_place_options, places
from tripleo_messaging.cli.node_report import change_report, edit_report, shadow_report
from tripleo_messaging.cli.nodes import member_meant
from tripleo_messaging.cli.words import command_line, table
from tripleo_messaging.errors import UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.install import (
    LEVEL_NAMES,
    install_levels,
    installed_name,
    planned_change,
    read_installed_level,
)
from tripleo_messaging.hieradata.keys import LOCAL_CLUSTERS
from tripleo_messaging.hieradata.tree import is_member, read_part
from tripleo_messaging.report.installed import merged
from tripleo_messaging.report.write import PROGRAM, render_fact_of, render_live

LOG = logging.getLogger("tripleo_messaging.cli")

_CLASS = "include tripleo::profile::base::messaging"
_ENVIRONMENTS = "environments"


@attrs.frozen(kw_only=True)
class InstallOptions:
    """What to install, and where.

    Attributes:
        node: inventory name.
        data: the rendered tree.
        places: where on the node.
        is_fact_live: whether the fact is to be of the moment.
        check: whether only to say what would be done.
    """

    node: str
    data: Path
    places: Places = attrs.field(factory=Places)
    is_fact_live: bool = False
    check: bool = False


@attrs.frozen(kw_only=True)
class Installed:
    """What an installation did, or would do.

    Attributes:
        node: inventory name.
        target: where to.
        change: of the files there.
        clusters: those that the node is a member of.
        hint: the member that may have been meant, where the node is none; may be empty.
        edits: of the files beside the levels.
        entered: hierarchies in which our levels, or keys, are found.
        changes: lines that show what would change, where nothing was written.
        shadowed: what managed data hide, as ``level: key``; ``None`` where no hierarchy was named to tell it.
    """

    node: str
    target: Path
    change: Change
    clusters: tuple[str, ...]
    hint: str = ""
    edits: tuple[Edit, ...] = ()
    entered: tuple[Path, ...] = ()
    changes: Optional[tuple[str, ...]] = None
    shadowed: Optional[tuple[str, ...]] = ()


def install_node(options: InstallOptions) -> Installed:
    """Put a node's part of a rendered tree into its data directory, and enter it where it is named.

    The levels come first, as a hierarchy without them sends lookups on. Where secrets are sealed the
    hierarchy does: an entry without its file stops Puppet, and without the entry lower levels would answer.

    Raises:
        UsageError, InvalidInputError, UnreadableFileError, UnwritableFileError, LockedError: as `install`
            and `tripleo_messaging.cli.node_files.entering`.
    """
    part = read_part(options.data, options.node)
    target = options.places.data_directory()
    decided = entering(options.places, part.levels)
    log_findings(decided.findings)
    fact = _fact_edits(options, part.levels, target)
    edits = (*decided.edits, *fact)
    # Whatever would be refused is refused before the first file is written.
    change = planned_change(part.levels, options.node, target, part.sealed)
    if not options.check:
        first = decided.edits if part.sealed is not None else ()
        carry_out(first)
        change = install_levels(part.levels, options.node, target, part.sealed)
        carry_out(edits[len(first) :])
    clusters = (name for level in part.levels.values() for name in level.get(LOCAL_CLUSTERS, ()))
    return Installed(
        node=options.node,
        target=target,
        change=change,
        clusters=tuple(clusters),
        hint="" if is_member(part.levels, options.node) else member_meant(options.data, options.node),
        edits=edits,
        entered=options.places.hiera_configs,
        changes=tuple(_changes(part.levels, target, change, edits)) if options.check else None,
        shadowed=decided.shadowed,
    )


def _fact_edits(options: InstallOptions, levels: Levels, target: Path) -> tuple[Edit, ...]:
    directory = options.places.facts_dir
    if directory is None:
        return ()
    if options.is_fact_live:
        content = render_live(_fact_program(), target.absolute(), options.node)
    else:
        content = render_fact_of(merged([dict(level) for level in levels.values()]), options.node)
    return with_fact(directory, content, is_live=options.is_fact_live)


def _fact_program() -> str:
    """Return the path of the fact's program, which is installed beside this interpreter, or on PATH."""
    directories = (Path(sys.executable).parent, *map(Path, os.environ.get("PATH", "").split(os.pathsep)))
    found = next((path for directory in directories if (path := directory / PROGRAM).is_file()), None)
    if found is None:
        raise UsageError(f"--live-fact: {PROGRAM} is not installed beside {sys.executable}, nor on PATH")
    return str(found.absolute())


def _changes(levels: Levels, target: Path, change: Change, edits: tuple[Edit, ...]) -> Iterator[str]:
    """Yield what would change in the levels, key by key, and in other files, line by line."""
    wanted = {installed_name(path): data for path, data in levels.items()}
    for name in (*change.written, *change.removed):
        yield f"{target / name}"
        if name in wanted or name.endswith(".json"):
            before = read_installed_level(target, name)
            yield from (f"  {line}" for line in key_changes(before, wanted.get(name, {})))
    for edit in edits:
        yield from edit.shown()


def report(installed: Installed) -> Iterator[str]:
    """Yield the lines that say what was done, what the node is now, and what to run next."""
    yield f"{installed.node}: {_part(installed.clusters)}"
    if installed.changes is not None:
        yield "Nothing is written with --check; this is what would be done"
    yield f"Hieradata in {installed.target}"
    states = ("written", "unchanged", "removed")
    yield from table((path, state) for state in states for path in getattr(installed.change, state))
    yield from edit_report(installed.edits)
    yield from shadow_report(installed.shadowed)
    if installed.changes is not None:
        yield from change_report(installed.changes)
        return
    yield ""
    if installed.entered:
        yield "To run next"
        words = (
            "puppet",
            "apply",
            "--modulepath",
            _packaged("puppet_shims"),
            *_puppet_options(installed.entered),
        )
        yield "  " + command_line(*words, "-e", _CLASS)
        return
    yield "Levels for the hierarchy, the most specific first"
    yield from (f"  {name}" for name in LEVEL_NAMES)
    yield f"  example for Hiera 5: {_packaged('hiera', 'hiera.yaml')}"
    yield f"  example for Hiera 3: {_packaged('hiera', 'hiera3.yaml')}"
    yield "  or name the node's own hiera.yaml with --hiera-config, and they are entered there"
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
    yield command_line(*words, "-e", _CLASS)


def _puppet_options(entered: tuple[Path, ...]) -> Iterator[str]:
    """Yield what has Puppet read these hierarchies: an environment has its own, and all have one more."""
    for path in (one.absolute() for one in entered):
        if path.parent.parent.name == _ENVIRONMENTS:
            yield from ("--environmentpath", str(path.parent.parent), "--environment", path.parent.name)
        else:
            yield from ("--hiera_config", str(path))


def _with_directory(target: Path) -> str:
    """Return what has sed name another data directory in a hierarchy: a text of JSON is one of YAML, too."""
    escaped = re.sub(r"[|&\\]", r"\\\g<0>", json.dumps(str(target)))
    return f"s|^  datadir: .*|  datadir: {escaped}|"


def _packaged(folder: str, *names: str) -> str:
    return str(resources.files(f"tripleo_messaging.{folder}").joinpath(*names))


class HieradataInstall(MessagingCommand):
    """Install a node's hieradata."""

    _description = "Put a node's part of a rendered tree where its Puppet reads it"
    _epilog: Any = """\
The files have the same names on every node, so that a hierarchy needs no fact.
Files of a cluster that the node has left are removed, other files are not
touched. A node that is a member of no cluster gets no secrets of brokers.

A hiera.yaml gets our levels above service_configs and all_nodes and below
extraconfig, so that an operator's override still wins; every other byte stays.
Run it again whenever something else wrote that file anew: it changes nothing
where all is in its place.

Examples::

    tripleo-messaging hieradata install --node controller-0 --data hieradata
    tripleo-messaging hieradata install --node controller-0 --data hieradata \\
        --hiera-config /etc/puppet/hiera.yaml --check
    tripleo-messaging hieradata install --node compute-7 --data hieradata \\
        --managed-data /etc/puppet/hieradata/ansible_managed.json \\
        --hiera-config /etc/puppet/hiera.yaml --facts-dir /etc/facter/facts.d
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--node", metavar="NAME", required=True, help="inventory name of the node")
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="the rendered tree")
        add_place_options(parser)
        parser.add_argument(
            "--above", metavar="LEVEL", help="the level of a hiera.yaml above which ours shall stand"
        )
        parser.add_argument(
            "--private-key",
            metavar="FILE",
            type=Path,
            default=DEFAULT_PRIVATE_KEY,
            help=f"on the node, what opens the secrets of a sealed tree; {DEFAULT_PRIVATE_KEY} otherwise",
        )
        parser.add_argument(
            "--live-fact",
            action="store_true",
            help="with --facts-dir, a program that gives the values of the moment",
        )
        parser.add_argument("--check", action="store_true", help="write nothing, and show what would change")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Install, and show what was done."""
        installed = install_node(_options(parsed_args))
        if installed.hint:
            LOG.warning("warning: --node: %s is a member of no cluster; %s", installed.node, installed.hint)
        for line in report(installed):
            self.app.stdout.write(f"{line}\n")
        return 0


def _options(parsed_args: argparse.Namespace) -> InstallOptions:
    if parsed_args.live_fact and parsed_args.facts_dir is None:
        raise UsageError("--live-fact: needs --facts-dir, the directory that it is for")
    if parsed_args.above and not parsed_args.hiera_config:
        raise UsageError("--above: needs --hiera-config, the hierarchy that has that level")
    return InstallOptions(
        node=parsed_args.node,
        data=parsed_args.data,
        places=attrs.evolve(
            places(parsed_args), above=parsed_args.above, private_key=parsed_args.private_key
        ),
        is_fact_live=parsed_args.live_fact,
        check=parsed_args.check,
    )
