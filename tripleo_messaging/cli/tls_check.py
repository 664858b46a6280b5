# SPDX-License-Identifier: Apache-2.0
"""``tls check``."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.finding_list import FindingList
from tripleo_messaging.cli.inputs import read_inputs
from tripleo_messaging.cli.nodes import name_meant
from tripleo_messaging.cli.options import InputOptions, number_of_days, read_input_options
from tripleo_messaging.errors import UnreadableFileError, UsageError
from tripleo_messaging.model.finding import Finding, has_errors
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.tls.check import DEFAULT_WARNING_DAYS, Moment
from tripleo_messaging.tls.layout import CLIENTS, HOSTS, encrypted_clusters
from tripleo_messaging.tls.survey import Places, survey

_THIS_HOST = Path("/")


@attrs.frozen(kw_only=True)
class CheckOptions:
    """What to check.

    Attributes:
        inputs: what to read.
        files: directory as ``tls create`` writes it; this host's own files otherwise.
        node: inventory name of this host, a member.
        warning_days: how long before its end a certificate is told of.
    """

    inputs: InputOptions
    files: Optional[Path] = None
    node: Optional[str] = None
    warning_days: int = DEFAULT_WARNING_DAYS


def check_files(options: CheckOptions, now: dt.datetime) -> tuple[Finding, ...]:
    """Return the findings of the plan and, without an error among them, those of the files that it names.

    Raises:
        UsageError: `node` is no member of an encrypted cluster, or options do not go together.
        UnreadableFileError: a file of the input is missing, or the directory of `files` is.
    """
    if options.files is not None and options.node is not None:
        raise UsageError("--files checks every member, --node this host: give one of them")
    inputs = read_inputs(options.inputs)
    if inputs.topology is None or has_errors(inputs.findings):
        return inputs.findings
    moment = Moment(now=now, warning_days=options.warning_days)
    return (*inputs.findings, *survey(inputs.topology, _places(inputs.topology, options), moment))


def _places(topology: Topology, options: CheckOptions) -> Places:
    names = {member.name: None for cluster in encrypted_clusters(topology) for member in cluster.members}
    if options.files is not None:
        if not options.files.is_dir():
            raise UnreadableFileError(str(options.files), "no such directory; `tls create` makes one")
        members = {name: options.files / HOSTS / name for name in names}
        return Places(members=members, clients=options.files / CLIENTS)
    if options.node is None:
        return Places(members={}, clients=_THIS_HOST)
    if options.node not in names:
        meant = name_meant(options.node, names) or "without --node the files of clients are checked"
        raise UsageError(f"--node: {options.node} is a member of no cluster with TLS; {meant}")
    return Places(members={options.node: _THIS_HOST}, clients=_THIS_HOST)


class TlsCheck(FindingList):
    """Check the certificates of a plan."""

    nothing_found = "nothing found: every file is as it should be"

    _description = "Check the certificates, keys and authorities that a plan names, and list what is wrong"
    _epilog: Any = """\
Checked are names, times, usages, signatures, strength, keys and who may read
them. Without --files and --node these are the files of clients on this host.
Findings, formats and exit statuses are those of "plan validate".

Examples::

    tripleo-messaging tls check --plan plan.yaml -i inventory.yaml --files certificates
    tripleo-messaging tls check --plan plan.yaml -i inventory.yaml --node controller-0
    tripleo-messaging tls check --plan plan.yaml -i inventory.yaml --days 14 --strict
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--files", metavar="DIR", type=Path, help="files of all hosts, as tls create lays them out"
        )
        parser.add_argument(
            "--node", metavar="NAME", help="inventory name of this host: check what it has as a member, too"
        )
        parser.add_argument(
            "--days",
            metavar="N",
            type=number_of_days,
            default=DEFAULT_WARNING_DAYS,
            help=f"warn of what ends within so many days; {DEFAULT_WARNING_DAYS} otherwise",
        )
        return parser

    def find(self, parsed_args: argparse.Namespace) -> tuple[Finding, ...]:
        """Return every finding of the plan and of the files."""
        options = CheckOptions(
            inputs=read_input_options(parsed_args),
            files=parsed_args.files,
            node=parsed_args.node,
            warning_days=parsed_args.days,
        )
        return check_files(options, dt.datetime.now(dt.timezone.utc))
