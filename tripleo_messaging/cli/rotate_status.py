# SPDX-License-Identifier: Apache-2.0
"""``passwords rotate status``."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Optional

import attrs

from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.inputs import read_inputs
from tripleo_messaging.cli.rotate_options import (
    add_management_option,
    add_rotate_options,
    add_timeout_option,
    read_rotate_options,
)
from tripleo_messaging.cli.rotate_report import NEXT, AccountRow, account_row, accounts, next_commands
from tripleo_messaging.cli.rotate_work import (
    Work,
    ask_connections,
    ask_members,
    clusters_of,
    former_secret,
    is_rendered,
    look,
    render_words,
)
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.cli.store_work import add_format_option
from tripleo_messaging.cli.words import command_line, counted
from tripleo_messaging.errors import UnansweredError
from tripleo_messaging.model.topology import Cluster
from tripleo_messaging.rotation.accounts import Principal
from tripleo_messaging.rotation.readiness import Answer, Straggler, stragglers


@attrs.frozen(kw_only=True)
class Brokers:
    """What the brokers of one cluster say.

    Attributes:
        cluster: its name.
        members: what each member answers to a login as the account that clients do not have yet.
        connections: number of connections by user name.
        stragglers: who is connected as an account that clients are no longer given.
        unanswered: why nobody can say who is connected; empty where it is said.
    """

    cluster: str
    members: tuple[Answer, ...] = ()
    connections: Mapping[str, int] = attrs.field(factory=dict)
    stragglers: tuple[Straggler, ...] = ()
    unanswered: str = ""


@attrs.frozen(kw_only=True)
class Found:
    """How far rotations are.

    Attributes:
        work: what was read.
        rows: a row for each account.
        is_rendered: whether the hieradata is of the store's state; ``None`` where no tree was named.
        brokers: what they say; empty where they were not to be asked.
    """

    work: Work
    rows: tuple[AccountRow, ...]
    is_rendered: Optional[bool]
    brokers: tuple[Brokers, ...]


def find(work: Work, *, asks: bool) -> Found:
    """Look at store, hieradata and, with `asks`, at brokers."""
    return Found(
        work=work,
        rows=tuple(account_row(work, principal) for principal in work.principals),
        is_rendered=is_rendered(work) if work.options.output else None,
        brokers=tuple(_ask(work, cluster) for cluster in clusters_of(work)) if asks else (),
    )


def _ask(work: Work, cluster: Cluster) -> Brokers:
    mine = tuple(principal for principal in work.principals if principal.cluster == cluster.name)
    answers = tuple(answer for principal in mine for answer in _members(work, principal))
    try:
        connections = ask_connections(work, cluster)
    except UnansweredError as error:
        return Brokers(cluster=cluster.name, members=answers, unanswered=str(error))
    hosts = work.inputs.host_names
    left = (one for user in _going(work, mine) for one in stragglers(connections, user, hosts))
    return Brokers(
        cluster=cluster.name,
        members=answers,
        connections=dict(sorted(Counter(one.user_name for one in connections).items())),
        stragglers=tuple(left),
    )


def _members(work: Work, principal: Principal) -> tuple[Answer, ...]:
    rotation = work.rotation(principal)
    if rotation is None or rotation.other is None or rotation.phase != "begun":
        return ()
    return ask_members(work, principal, rotation.other, former_secret(principal))


def _going(work: Work, principals: tuple[Principal, ...]) -> Iterator[str]:
    """Yield the users that clients are no longer given, and the brokers still know."""
    for principal in principals:
        rotation = work.rotation(principal)
        if rotation is not None and rotation.other is not None and rotation.phase != "begun":
            yield work.user(principal, rotation.other)


def report(found: Found) -> Iterator[str]:
    """Yield the lines for an operator."""
    yield from accounts(found.work, tells_since=True)
    yield from _tree_lines(found)
    for brokers in found.brokers:
        yield ""
        yield from _broker_lines(brokers)
    lines = tuple(next_commands(found.work))
    yield ""
    yield from lines or ("No rotation is under way; 'passwords rotate begin' begins one.",)


def _tree_lines(found: Found) -> Iterator[str]:
    if found.is_rendered is None:
        return
    output = str(found.work.options.output)
    if found.is_rendered:
        yield f"The hieradata in {output} is of this state."
        return
    yield f"The hieradata in {output} is not of this state, as after an interrupted command. First run"
    yield f"  {command_line(*render_words(found.work.options))}"


def _broker_lines(brokers: Brokers) -> Iterator[str]:
    yield f"Brokers of {brokers.cluster}"
    for answer in brokers.members:
        yield f"  {answer.where}: {answer.refusal or 'lets the new account in'}"
    if brokers.unanswered:
        yield f"  who is connected is not known: {brokers.unanswered}"
        return
    counts = (f"{user} {number}" for user, number in brokers.connections.items())
    yield f"  connections by user: {', '.join(counts) or 'none'}"
    if brokers.stragglers:
        yield f"  still connected by the account that is to go: {counted(len(brokers.stragglers), 'client')}"
    yield from (f"    {straggler}" for straggler in brokers.stragglers)


def as_data(found: Found) -> dict[str, Any]:
    """Return the same as plain values; none of them is a secret."""
    return {
        "accounts": [attrs.asdict(row) for row in found.rows],
        "is_rendered": found.is_rendered,
        "brokers": [attrs.asdict(brokers) for brokers in found.brokers],
        "next": [verb for row in found.rows for verb, _ in NEXT[row.phase]],
    }


class RotateStatus(MessagingCommand):
    """Show how far rotations are."""

    _description = "Show how far the rotation of each account is, what the brokers say, and what comes next"
    _epilog: Any = """\
Nothing is changed. With --offline no broker is asked.

Examples::

    tripleo-messaging passwords rotate status --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata
    tripleo-messaging passwords rotate status --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --offline -f json
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_rotate_options(parser, output_required=False)
        add_management_option(parser)
        add_timeout_option(parser)
        add_format_option(parser)
        parser.add_argument("--offline", action="store_true", help="ask no broker")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Look, and show it."""
        options = read_rotate_options(parsed_args)
        inputs = read_inputs(options.inputs)
        log_findings(inputs.findings)
        status = status_of(inputs.findings, strict=options.inputs.strict)
        if status is not Status.FINE:
            return status
        found = find(look(options, inputs), asks=not parsed_args.offline)
        text = json.dumps(as_data(found), indent=2) if parsed_args.format == "json" else None
        for line in report(found) if text is None else (text,):
            self.app.stdout.write(f"{line}\n")
        return Status.FINE
