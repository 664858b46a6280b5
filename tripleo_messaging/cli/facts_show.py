# SPDX-License-Identifier: Apache-2.0
"""``facts show``."""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.masking import masked
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.facts import (
    ExternalFacts,
    ansible_facts,
    default_directories,
    facter_facts,
    merge,
    read_external_facts,
)
from tripleo_messaging.model.finding import describe, did_you_mean

LOG = logging.getLogger("tripleo_messaging.cli")


@attrs.frozen(kw_only=True)
class ShowOptions:
    """What to show.

    Attributes:
        names: of facts, dotted for a value within one; empty is all facts.
        directories: of external facts; empty is Facter's own.
        with_core: whether to ask Facter for the core facts.
        cache: a file of Ansible's fact cache, with core facts.
        reveal: whether to show values whose names speak of a secret.
    """

    names: tuple[str, ...] = ()
    directories: tuple[Path, ...] = ()
    with_core: bool = False
    cache: Optional[Path] = None
    reveal: bool = False


def read_facts(options: ShowOptions, environ: Mapping[str, str]) -> ExternalFacts:
    """Return the facts, external ones over those of the core, and the problems of the files.

    Raises:
        UnreadableFileError: Facter or the cache gives no core facts.
    """
    directories = options.directories or default_directories(environ, is_root=os.geteuid() == 0)
    external = read_external_facts(directories, environ)
    return attrs.evolve(external, values=merge(_core(options, environ), external.values))


def _core(options: ShowOptions, environ: Mapping[str, str]) -> dict[str, Any]:
    if options.cache is not None:
        return ansible_facts(options.cache)
    return facter_facts(environ) if options.with_core else {}


def chosen(facts: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the facts of some names, all of them without; a name that has none is left out.

    ``a.b`` is the fact of that name or, without one, ``b`` within the fact ``a``; ``a.0`` is the
    first item of a list.
    """
    if not names:
        return {name: facts[name] for name in sorted(facts)}
    found = ((name, value) for name in names for value in _at(facts, name))
    return dict(found)


def _at(facts: Any, name: str) -> Iterator[Any]:
    if isinstance(facts, Mapping) and name in facts:
        yield facts[name]
        return
    step, dot, rest = name.partition(".")
    inner = _item(facts, step)
    if inner is not None:
        yield from _at(inner, rest) if dot else [inner]


def _item(facts: Any, step: str) -> Any:
    if isinstance(facts, Mapping):
        return facts.get(step)
    is_index = isinstance(facts, list) and step.isascii() and step.isdigit()
    return facts[int(step)] if is_index and int(step[:9]) < len(facts) else None


def as_text(facts: Mapping[str, Any], *, is_single: bool) -> str:
    """Return lines ``name => value``; of a single name that was asked for, the value alone."""
    if is_single:
        return "".join(f"{_written(value)}\n" for value in facts.values())
    return "".join(f"{_printable(name)} => {_written(value)}\n" for name, value in facts.items())


def _written(value: Any) -> str:
    if isinstance(value, str):
        return _printable(value)
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def _printable(text: str) -> str:
    # What would move the cursor stands as in JSON.
    return text if text.isprintable() else json.dumps(text)


def _as_json(facts: Mapping[str, Any], *, is_single: bool) -> str:
    del is_single
    return json.dumps(facts, indent=2, sort_keys=True) + "\n"


def _as_yaml(facts: Mapping[str, Any], *, is_single: bool) -> str:
    import yaml

    del is_single
    text: str = yaml.safe_dump(dict(facts), default_flow_style=False, allow_unicode=True)
    return text


FORMATS: Mapping[str, Callable[..., str]] = {"text": as_text, "json": _as_json, "yaml": _as_yaml}


class FactsShow(MessagingCommand):
    """Show facts."""

    _description = "Show the external facts of this host, as Facter reads them"
    _epilog: Any = """\
Programs among the external facts are run, without a shell. What facter.conf
blocks or caches is shown all the same, as it is not read. A value whose name
speaks of a secret is masked unless --reveal is given. The exit status is 1 if
Facter would fail on a file, or a fact that is named is not there.

Examples::

    tripleo-messaging facts show
    tripleo-messaging facts show --external-dir facts.d -f json
    tripleo-messaging facts show --facter os.family networking.fqdn
    tripleo-messaging facts show --ansible-cache /var/cache/ansible/facts/ctl-0 os
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument("names", metavar="NAME", nargs="*", help="a fact, or a value in it: os.family")
        parser.add_argument(
            "--external-dir",
            metavar="DIR",
            type=Path,
            action="append",
            default=[],
            dest="directories",
            help="a directory of external facts instead of Facter's; repeat it for more: the first wins",
        )
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--facter", action="store_true", help="with core facts, asked of Facter")
        either.add_argument(
            "--ansible-cache", metavar="FILE", type=Path, help="with core facts, from Ansible's fact cache"
        )
        parser.add_argument(
            "-f", "--format", choices=tuple(FORMATS), default="text", help="how to write them"
        )
        parser.add_argument("--reveal", action="store_true", help="show values that look secret")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Show the facts, and tell what is wrong with their files."""
        options = ShowOptions(
            names=tuple(parsed_args.names),
            directories=tuple(parsed_args.directories),
            with_core=parsed_args.facter,
            cache=parsed_args.ansible_cache,
            reveal=parsed_args.reveal,
        )
        facts = read_facts(options, os.environ)
        found = chosen(facts.values, options.names)
        shown = found if options.reveal else {name: masked(found[name], name) for name in found}
        self.app.stdout.write(FORMATS[parsed_args.format](shown, is_single=len(options.names) == 1))
        log_findings(facts.problems)
        missing = [name for name in options.names if name not in found]
        for name in missing:
            _tell_missing(name, facts.values)
        return Status.ERRORS if missing else status_of(facts.problems, strict=False)


def _tell_missing(name: str, facts: Mapping[str, Any]) -> None:
    hint = did_you_mean(name, facts) or "core facts are there with --facter or --ansible-cache"
    LOG.error("error: there is no fact %s (%s)", describe(name), hint)
