# SPDX-License-Identifier: Apache-2.0
"""``hieradata render``."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import attrs

from tripleo_messaging.cli.app import program
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.inputs import Inputs, check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.cli.store_options import actor, now, open_store
from tripleo_messaging.cli.words import command_line, table
from tripleo_messaging.errors import UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.build import Levels, build, secrets_of_our_brokers
from tripleo_messaging.hieradata.former import check_former
from tripleo_messaging.hieradata.tree import read_former
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Topology

if TYPE_CHECKING:
    from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore

LOG = logging.getLogger("tripleo_messaging.cli")


@attrs.frozen(kw_only=True)
class RenderOptions:
    """What to render and where to.

    Attributes:
        inputs: what to read.
        output: directory of the tree.
        generate: whether to make the secrets that are missing.
    """

    inputs: InputOptions
    output: Path
    generate: bool = False


@attrs.frozen(kw_only=True)
class Rendered:
    """What a rendering did.

    Attributes:
        options: what was asked for.
        findings: about the input.
        status: that these lead to; without `Status.FINE` nothing was written.
        change: of the tree.
        topology: what was rendered.
        made: names of the secrets that were generated.
    """

    options: RenderOptions
    findings: tuple[Finding, ...]
    status: Status
    change: Optional[Change] = None
    topology: Optional[Topology] = None
    made: tuple[str, ...] = ()


def render(options: RenderOptions) -> Rendered:
    """Check the input, keep the secrets that are made, and write the tree; with an error finding, nothing.

    Raises:
        UsageError: `generate` without a file to keep the secrets in.
        UnreadableFileError: a file is missing or may not be read.
        UnwritableFileError, LockedError: of the secrets' file, the store or the tree; another command changed
            the secrets meanwhile.
    """
    if options.generate and options.inputs.secrets is None and options.inputs.store is None:
        raise UsageError(
            "--generate needs --store FILE or --secrets FILE, where the secrets that it makes are kept"
        )
    if options.inputs.store is None:
        return _render(options, None)
    store = open_store(options.inputs.store, options.inputs.key_file, beside=options.output)
    # Held up to the tree: else what is read may be rendered over what another command makes of it meanwhile.
    with store.lease():
        return _render(options, store)


def _render(options: RenderOptions, store: Optional[EncryptedFileStore]) -> Rendered:
    inputs = read_inputs(options.inputs, may_lack_secrets=options.generate)
    made = _generate_missing(inputs) if options.generate else {}
    findings = (*inputs.findings, *check_input_secrets(inputs, made, all_needed=True))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE or inputs.topology is None:
        return Rendered(options=options, findings=findings, status=status)
    levels = build(inputs.topology, inputs.secrets.updated(made))
    findings = (*findings, *check_last_rendering(options.output, inputs, levels))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE:
        return Rendered(options=options, findings=findings, status=status)
    # Before the tree: passwords in use that nobody knows would be worse than ones nobody uses.
    _keep(inputs, store, made)
    change = write_tree(options.output, levels)
    return Rendered(
        options=options,
        findings=findings,
        status=status,
        change=change,
        topology=inputs.topology,
        made=tuple(made),
    )


def check_last_rendering(output: Path, inputs: Inputs, levels: Levels) -> tuple[Finding, ...]:
    """Compare a rendering with the last one in the same place, see `check_former`."""
    if inputs.plan is None or inputs.topology is None:
        return ()
    retired = {name: cluster.absent_users for name, cluster in inputs.topology.clusters.items()}
    return check_former(read_former(output), levels, inputs.plan, retired)


def _generate_missing(inputs: Inputs) -> Mapping[str, Secret]:
    from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate

    ours = secrets_of_our_brokers(inputs.topology) if inputs.topology else ()
    missing = (name for name in ours if name not in inputs.secrets)
    return {name: generate(PASSWORD_SPECS[name]) for name in missing if name in PASSWORD_SPECS}


def _keep(inputs: Inputs, store: Optional[EncryptedFileStore], made: Mapping[str, Secret]) -> None:
    if not made:
        return
    if store is not None:
        _keep_in_store(inputs, store, made)
    elif inputs.options.secrets is not None:
        from tripleo_messaging.passwords.stack_file import write_secrets

        kept = inputs.kept_secrets
        write_secrets(inputs.options.secrets, kept.updated(made), replaces=kept)


def _keep_in_store(inputs: Inputs, store: EncryptedFileStore, made: Mapping[str, Secret]) -> None:
    from tripleo_messaging.passwords.store import AuditEntry, Snapshot, StoredSecret

    time = now()
    snapshot = inputs.snapshot or Snapshot.empty()
    new = {
        name: StoredSecret(secret=secret, changed=time, source="generated") for name, secret in made.items()
    }
    entry = AuditEntry(time=time, actor=actor(), action="hieradata render --generate", names=tuple(made))
    store.create_key()
    content = snapshot.content.with_secrets(new).recorded(entry)
    store.replace(content, expected_revision=snapshot.revision)


def report(rendered: Rendered) -> Iterator[str]:
    """Yield the lines that say what was written, what to look at and what to run next.

    However many nodes there are, these are few lines.
    """
    change, topology = rendered.change, rendered.topology
    if change is None or topology is None:
        return
    output = str(rendered.options.output)
    yield f"Hieradata in {output}"
    yield from table(_rows(change))
    if rendered.made:
        yield ""
        place = rendered.options.inputs.store or rendered.options.inputs.secrets
        yield f"Made {', '.join(rendered.made)}; kept in {place} (mode 0600)"
    yield ""
    yield "To look at"
    yield f"  {command_line(program(), 'lookup', 'messaging_rpc_node_names', '--data', output)}"
    yield f"  {command_line(program(), 'lookup', 'messaging_rpc_transport_url', '--data', output)}"
    yield "To run next, as root on each node"
    node = _some_node(topology)
    yield f"  {command_line(program(), 'hieradata', 'install', '--node', node, '--data', output)}"


def _some_node(topology: Topology) -> str:
    members = (member.name for cluster in topology.clusters.values() for member in cluster.members)
    return next(members, "NODE")


_READERS = {
    "all.json": "every node: how clients reach each service",
    "nodes/*.json": "one member each: its own names and addresses",
}
_STATES = ("written", "unchanged", "removed")


def _rows(change: Change) -> Iterator[tuple[str, ...]]:
    """Yield a row for a file, and one for all nodes' files together."""
    states: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    for state in _STATES:
        for path in getattr(change, state):
            kind = "nodes/*.json" if path.startswith("nodes/") else path
            states.setdefault(kind, Counter())[state] += 1
            names[kind] = path if kind not in names else kind
    for kind in sorted(states):
        yield names[kind], _readers(kind), _counted(states[kind])


def _readers(kind: str) -> str:
    cluster = kind.removeprefix("clusters/").removesuffix(".json")
    return _READERS.get(kind, f"members of the cluster {cluster}: brokers, accounts, cookie")


def _counted(states: Counter[str]) -> str:
    if sum(states.values()) == 1:
        return next(iter(states))
    return ", ".join(f"{count:,} {state}" for state, count in states.items())


class HieradataRender(MessagingCommand):
    """Render a plan to hieradata."""

    _description = (
        "Render a plan to a tree of hieradata: what every node needs, and what members of clusters need"
    )
    _epilog: Any = """\
Only what changed is written, and all of it or nothing; the file of a node that
has left is removed. With an error in the input nothing is written. Files with
secrets have mode 0600.

Examples::

    tripleo-messaging hieradata render --plan plan.yaml -i inventory.yaml \\
        --secrets passwords.yaml --output hieradata
    tripleo-messaging hieradata render -e messaging.yaml -i inventory.json \\
        --secrets passwords.yaml --generate --output hieradata
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_input_options(parser)
        parser.add_argument(
            "--output",
            metavar="DIR",
            type=Path,
            required=True,
            help="directory of the tree; made when it is not there",
        )
        parser.add_argument(
            "--generate",
            action="store_true",
            help="make the passwords and cookies that are missing, and keep them with the others",
        )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Render, and show what was done."""
        options = RenderOptions(
            inputs=read_input_options(parsed_args), output=parsed_args.output, generate=parsed_args.generate
        )
        rendered = render(options)
        log_findings(rendered.findings)
        for line in report(rendered):
            self.app.stdout.write(f"{line}\n")
        return rendered.status
