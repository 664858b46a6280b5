# SPDX-License-Identifier: Apache-2.0
"""``passwords cookie rotate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.backends.rabbitmq import INSTANCE_SECRETS
from tripleo_messaging.backends.rabbitmq.member import INSTANCES
from tripleo_messaging.cli.app import program
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.hieradata_render import check_last_rendering
from tripleo_messaging.cli.inputs import Inputs, check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, add_input_options, read_input_options
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.cli.store_options import now, open_store
from tripleo_messaging.cli.store_work import audit_entry
from tripleo_messaging.cli.words import command_line, counted
from tripleo_messaging.errors import RotationError, UsageError
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.build import ALL, Levels, build
from tripleo_messaging.hieradata.tree import read_former
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.plan import SERVICES
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.passwords.store import Store, StoredSecret

_ACTION = "passwords cookie rotate"
_MOST_NAMES = 20


@attrs.frozen(kw_only=True)
class CookieOptions:
    """Whose cookie to replace.

    Attributes:
        inputs: what to read.
        store: where the secrets are kept.
        output: directory of the hieradata.
        cluster: its name; ``None`` is each of the plan's.
    """

    inputs: InputOptions
    store: Path
    output: Path
    cluster: Optional[str] = None


@attrs.frozen(kw_only=True)
class Rotated:
    """What was done.

    Attributes:
        options: what was asked for.
        findings: about the input.
        status: that these lead to; without `Status.FINE` nothing was written.
        clusters: those whose members need an apply for their cookie.
        hosts: inventory names of all that need an apply, for whatever has changed.
        is_everyone: whether that is the whole inventory.
        made: names of the cookies that were made; none where the hieradata lacked one made earlier.
        levels: the hieradata.
    """

    options: CookieOptions
    findings: tuple[Finding, ...]
    status: Status
    clusters: tuple[Cluster, ...] = ()
    hosts: tuple[str, ...] = ()
    is_everyone: bool = False
    made: tuple[str, ...] = ()
    levels: Levels = attrs.field(factory=dict)


def rotate_cookies(options: CookieOptions) -> Rotated:
    """Keep a new cookie for each of the clusters, and render it; with an error finding, do nothing.

    As long as the hieradata has another cookie than the store, as after an interruption, none is made.

    Raises:
        UsageError: the plan has no such cluster of ours.
        RotationError: a cookie is stated in the input.
        UnreadableFileError: a file is missing or may not be read, or the store is not usable.
        UnwritableFileError, LockedError: of the store or the tree.
    """
    store = open_store(options.store, options.inputs.key_file, beside=options.output)
    with store.lease():
        inputs = read_inputs(options.inputs)
        findings = (*inputs.findings, *check_input_secrets(inputs, all_needed=True))
        status = status_of(findings, strict=options.inputs.strict)
        if status is not Status.FINE or inputs.topology is None:
            return Rotated(options=options, findings=findings, status=status)
        return _rotate(options, store, inputs, inputs.topology, findings)


def _rotate(
    options: CookieOptions, store: Store, inputs: Inputs, topology: Topology, findings: tuple[Finding, ...]
) -> Rotated:
    chosen = _chosen(topology, options.cluster)
    _refuse_stated(inputs, chosen)
    former = read_former(options.output)
    is_rendered = all(_cookie(former, each) == inputs.secrets[each.cluster_secret] for each in chosen)
    made = _made(chosen) if is_rendered else {}
    levels = build(topology, inputs.secrets.updated(made))
    findings = (*findings, *check_last_rendering(options.output, inputs, levels))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE:
        return Rotated(options=options, findings=findings, status=status)
    # Before the tree: a cookie that members have and nobody knows would be worse than one nobody has.
    _keep(store, inputs, made)
    change = write_tree(options.output, levels)
    clusters, hosts = topology.clusters.values(), _hosts(change, inputs.hosts, topology)
    return Rotated(
        options=options,
        findings=findings,
        status=status,
        clusters=tuple(each for each in clusters if _cookie(former, each) != _cookie(levels, each)),
        hosts=hosts,
        is_everyone=hosts == inputs.hosts,
        made=tuple(made),
        levels=levels,
    )


def _chosen(topology: Topology, name: Optional[str]) -> tuple[Cluster, ...]:
    ours = {each.name: each for each in topology.clusters.values() if each.backend == "rabbitmq"}
    if name is None and ours:
        return tuple(ours.values())
    if name is None or name not in ours:
        wanted = "no cluster" if name is None else f"--cluster: no cluster {name}"
        raise UsageError(f"{wanted} of RabbitMQ is ours in this plan; there is {', '.join(ours) or 'none'}")
    return (ours[name],)


def _refuse_stated(inputs: Inputs, clusters: tuple[Cluster, ...]) -> None:
    """A cookie in an environment file would stand over the new one."""
    for name in {each.cluster_secret for each in clusters} & set(inputs.given_secrets):
        origin = inputs.given_secrets.origins.get(name)
        where = f"{origin}: " if origin else ""
        raise RotationError(f"{where}{name} is stated there, too; take it out, as the store keeps it")


def _cookie(levels: Levels, cluster: Cluster) -> Optional[Secret]:
    secrets = levels.get(f"clusters/{cluster.name}.json", {}).get(INSTANCE_SECRETS, {})
    cookie = secrets.get(cluster.instance, {}).get("erlang_cookie")
    return None if cookie is None else Secret(cookie)


def _made(clusters: tuple[Cluster, ...]) -> Mapping[str, Secret]:
    from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate

    return {each.cluster_secret: generate(PASSWORD_SPECS[each.cluster_secret]) for each in clusters}


def _keep(store: Store, inputs: Inputs, made: Mapping[str, Secret]) -> None:
    if not made or inputs.snapshot is None:
        return
    time = now()
    new = {
        name: StoredSecret(secret=secret, changed=time, source="generated") for name, secret in made.items()
    }
    content = inputs.snapshot.content.with_secrets(new).recorded(audit_entry(_ACTION, made, time))
    store.replace(content, expected_revision=inputs.snapshot.revision)


def _hosts(change: Change, hosts: tuple[str, ...], topology: Topology) -> tuple[str, ...]:
    """Return who needs an apply, in the inventory's order."""
    changed = {*change.written, *change.removed}
    members = {
        host: {f"nodes/{host}.json", *(f"clusters/{each.name}.json" for each in topology.clusters_of(host))}
        for host in hosts
    }
    return tuple(host for host in hosts if ALL in changed or members[host] & changed)


def report(rotated: Rotated) -> Iterator[str]:
    """Yield the lines that say what was made, and what to run where; of secrets only the names."""
    if rotated.status is not Status.FINE:
        return
    output = str(rotated.options.output)
    yield from _done(rotated)
    yield f"Hieradata in {output}"
    yield ""
    yield f"To run next, as root, and then Puppet, on {_named(rotated)}"
    yield f"  {command_line(program(), 'hieradata', 'install', '--node', 'HOST', '--data', output)}"
    for cluster in rotated.clusters:
        yield from _of_cluster(rotated.levels, cluster)


def _named(rotated: Rotated) -> str:
    if rotated.is_everyone and len(rotated.hosts) > _MOST_NAMES:
        return f"every host of the inventory ({counted(len(rotated.hosts), 'host')})"
    return ", ".join(rotated.hosts)


def _done(rotated: Rotated) -> Iterator[str]:
    names = ", ".join(each.cluster_secret for each in rotated.clusters)
    if rotated.made:
        yield f"Made {', '.join(rotated.made)}; kept in {rotated.options.store}"
    else:
        yield f"Made no new cookie: the hieradata did not have the store's {names} yet"


def _of_cluster(levels: Levels, cluster: Cluster) -> Iterator[str]:
    names = [member.name for member in cluster.members]
    config_dir = levels[f"clusters/{cluster.name}.json"][INSTANCES][cluster.instance]["config_dir"]
    yield ""
    yield f"The cluster {cluster.name}: {', '.join(names)}"
    yield "  Puppet tells the running brokers and restarts none. Until all have the new cookie, restart no"
    yield "  broker there and no host: who starts finds only members that have the same one."
    yield f"  Then, on {names[0]}, each of them answers to the new cookie:"
    for name in names:
        node = levels[f"nodes/{name}.json"][INSTANCES][cluster.instance]["node_name"]
        yield f"    {command_line(f'{config_dir}/run', 'rabbitmq-diagnostics', 'ping', '--node', node)}"


class CookieRotate(MessagingCommand):
    """Replace the Erlang cookie of a cluster."""

    _description = "Make a new Erlang cookie for a cluster of RabbitMQ, keep it in the store, and render it"
    _epilog: Any = """\
Puppet tells running brokers of the new cookie, so that none is restarted and
no connection ends. An interrupted command is run again: no other cookie is made
as long as the hieradata has not the one of the store.

Examples::

    tripleo-messaging passwords cookie rotate --plan plan.yaml -i inventory.yaml \\
        --store secrets.store --output hieradata --cluster rpc
"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        add_input_options(parser)
        parser.add_argument(
            "--output", metavar="DIR", type=Path, required=True, help="directory of the rendered hieradata"
        )
        parser.add_argument("--cluster", choices=SERVICES, help="this one's alone; all clusters' otherwise")
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Rotate, and show what to run where."""
        inputs = read_input_options(parsed_args)
        if inputs.store is None:
            raise UsageError("--store FILE is needed: it keeps the new cookie; see 'passwords import'")
        rotated = rotate_cookies(
            CookieOptions(
                inputs=inputs, store=inputs.store, output=parsed_args.output, cluster=parsed_args.cluster
            )
        )
        log_findings(rotated.findings)
        for line in report(rotated):
            self.app.stdout.write(f"{line}\n")
        return rotated.status
