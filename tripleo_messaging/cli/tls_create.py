# SPDX-License-Identifier: Apache-2.0
"""``tls create``."""

from __future__ import annotations

import argparse
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import attrs

from tripleo_messaging.backends.rabbitmq.ports import config_dir
from tripleo_messaging.cli.app import program
from tripleo_messaging.cli.command import MessagingCommand
from tripleo_messaging.cli.findings import log_findings
from tripleo_messaging.cli.inputs import read_inputs
from tripleo_messaging.cli.options import (
    InputOptions,
    add_input_options,
    input_words,
    number_of_days,
    read_input_options,
)
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.cli.words import command_line, counted, table
from tripleo_messaging.errors import UsageError
from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.topology import Cluster, Topology
from tripleo_messaging.tls.authorities import FOLDER, STEPS, Authorities, certificates_of
from tripleo_messaging.tls.certificates import read_pem
from tripleo_messaging.tls.layout import CLIENTS, HOSTS, below, check_paths, encrypted_clusters
from tripleo_messaging.tls.make import Made, Order, make

DEFAULT_DAYS = 365
DEFAULT_AUTHORITY_DAYS = 3650


@attrs.frozen(kw_only=True)
class CreateOptions:
    """What to make and where.

    Attributes:
        inputs: what to read.
        output: directory of the files.
        order: how long it is valid, and steps of rotations.
    """

    inputs: InputOptions
    output: Path
    order: Order


@attrs.frozen(kw_only=True)
class Created:
    """What was done.

    Attributes:
        options: what was asked for.
        findings: about the input and the directory.
        status: that these lead to.
        made: what was made; ``None`` when nothing was.
        topology: what for.
    """

    options: CreateOptions
    findings: tuple[Finding, ...]
    status: Status
    made: Optional[Made] = None
    topology: Optional[Topology] = None


def create(options: CreateOptions, now: dt.datetime) -> Created:
    """Make the certificates of a plan that are missing; with an error finding, nothing.

    Raises:
        UsageError: no cluster has TLS, or it is not a step's turn.
        UnreadableFileError, UnwritableFileError, LockedError: of the input or the directory.
    """
    inputs = read_inputs(options.inputs)
    findings, topology = inputs.findings, inputs.topology
    if topology is not None:
        findings = (*findings, *check_paths(topology))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE or topology is None:
        return Created(options=options, findings=findings, status=status)
    if not encrypted_clusters(topology):
        raise UsageError("no cluster of this plan has TLS; write tls: {enabled: true, ...} into the plan")
    made = make(options.output, topology, options.order, now)
    findings = (*findings, *made.findings)
    status = status_of(findings, strict=options.inputs.strict)
    return Created(options=options, findings=findings, status=status, made=made, topology=topology)


def report(created: Created) -> Iterator[str]:
    """Yield the lines that say what was made, what to write into the plan and what to run next."""
    made, topology = created.made, created.topology
    if made is None or topology is None or made.change is None:
        return
    clusters = encrypted_clusters(topology)
    yield f"Certificates in {created.options.output}"
    yield from table(_rows(made))
    for reason, number in Counter(filter(None, made.renewed.values())).items():
        yield f"{counted(number, 'certificate')} made anew: {reason}"
    yield from _plan_lines(created.options.output, clusters, made)
    yield "To run next, for each host below hosts, e.g."
    yield from (f"  {line}" for line in _commands_for_members(created.options.output, clusters))
    yield "and for each host that runs clients"
    yield f"  {_command_for_clients(created.options.output, clusters)}"
    yield from _rotation_lines(created.options, made)


_WHAT = {HOSTS: "a member each: certificate, key, authorities", CLIENTS: "every host that runs clients"}
_STATES = ("written", "unchanged", "removed")


def _rows(made: Made) -> Iterator[tuple[str, ...]]:
    """Yield a row for each file of an authority, one for all members' files, and one for clients'."""
    states: dict[str, Counter[str]] = {}
    for state in _STATES:
        for path in getattr(made.change, state):
            top = path.partition("/")[0]
            states.setdefault(path if top == FOLDER else top, Counter())[state] += 1
    for kind in sorted(states):
        counts = states[kind]
        text = ", ".join(f"{number:,} {state}" for state, number in counts.items())
        yield (
            kind,
            _WHAT.get(kind) or _authority_file(kind),
            next(iter(counts)) if kind not in _WHAT else text,
        )


def _authority_file(path: str) -> str:
    name, _, ending = path.removeprefix(f"{FOLDER}/").rpartition(".")
    cluster = name.partition("-")[0]
    what = "certificate of the authority" if ending == "crt" else "its key, which signs for it; keep it here"
    return f"{cluster}: {what}"


def _plan_lines(output: Path, clusters: tuple[Cluster, ...], made: Made) -> Iterator[str]:
    lines = [line for cluster in clusters for line in _plan_line(output, cluster, made.authorities)]
    if lines:
        yield "To write into the plan, for Puppet to put the authorities in place on every host"
        yield from (f"  {line}" for line in lines)


def _plan_line(output: Path, cluster: Cluster, authorities: Mapping[str, Authorities]) -> Iterator[str]:
    text = cluster.tls.ca_certificates or ""
    written = {one.der for one in read_pem(text.encode("utf-8", "replace")).certificates}
    wanted = {one.der for one in certificates_of(authorities[cluster.name])}
    if cluster.tls.ca_file is None:
        yield f"$.{cluster.name}.tls.ca_file: a path, else clients verify nothing; then run this again"
    elif written != wanted:
        file = output / below(CLIENTS, cluster.tls.ca_file)
        yield f"$.{cluster.name}.tls.ca_certificates: the text of {file}"


_GROUPS = {"rabbitmq": "rabbitmq", "qdrouterd": "qdrouterd"}
_NEW = ".new"


def _commands_for_members(output: Path, clusters: tuple[Cluster, ...]) -> Iterator[str]:
    """Yield what brings one member of each cluster its files, and has the broker read them."""
    seen: set[str] = set()
    for cluster in clusters:
        host = cluster.members[0].name
        if host not in seen:
            mine = [one for one in clusters if any(member.name == host for member in one.members)]
            paths = _paths_of_members(mine)
            yield _copy(output, f"{HOSTS}/{host}", paths, host, [_given_group(one) for one in mine])
        seen.add(host)
        if cluster.backend == "rabbitmq":
            script = f"{config_dir(cluster)}/run rabbitmqctl eval 'ssl:clear_pem_cache().'"
            yield command_line("ssh", host, script)


def _command_for_clients(output: Path, clusters: tuple[Cluster, ...]) -> str:
    keys = [cluster.tls.client_key_file for cluster in clusters if cluster.tls.client_key_file]
    return _copy(output, CLIENTS, _paths_of_clients(clusters), "HOST", map(_like_the_last, keys))


def _given_group(cluster: Cluster) -> str:
    """Return what lets the broker read the new key of a member."""
    group = _GROUPS.get(cluster.backend, cluster.backend)
    new = command_line(_relative(cluster.tls.key_file or "") + _NEW)
    return f"chown root:{group} {new} && chmod 0640 {new}"


def _like_the_last(key: str) -> str:
    """Return what lets those read the new key of clients who can read the one that is there."""
    last, new = command_line(_relative(key)), command_line(_relative(key) + _NEW)
    commands = " && ".join(f"{command} --reference={last} {new}" for command in ("chown", "chmod"))
    return f"if [ -e {last} ]; then {commands}; fi"


def _copy(output: Path, tree: str, paths: list[str], host: str, access: Iterable[str]) -> str:
    """Return a command that copies files, and leaves the modes of directories that are there alone.

    They are unpacked beside those in use and moved when the right users can read them: a broker or a
    service may read its files at any time.
    """
    names = [_relative(path) for path in dict.fromkeys(paths)]
    options = ("--owner=root", "--group=root", f"--transform=s/$/{_NEW}/")
    packing = command_line("tar", "-C", str(output / tree), *options, "-c", *names)
    moving = f'for f in {command_line(*names)}; do mv -f "$f{_NEW}" "$f" || exit; done'
    script = " && ".join(("cd /", "tar -x", *dict.fromkeys(access), moving))
    return f"{packing} | {command_line('ssh', host, script)}"


def _relative(path: str) -> str:
    return below("", path).lstrip("/")


def _paths_of_members(clusters: list[Cluster]) -> list[str]:
    names = ("ca_file", "certificate_file", "key_file")
    return [path for cluster in clusters for name in names if (path := getattr(cluster.tls, name))]


def _paths_of_clients(clusters: tuple[Cluster, ...]) -> list[str]:
    names = ("ca_file", "client_certificate_file", "client_key_file")
    return [path for cluster in clusters for name in names if (path := getattr(cluster.tls, name))]


def _rotation_lines(options: CreateOptions, made: Made) -> Iterator[str]:
    words = (program(), "tls", "create", *input_words(options.inputs), "--output", str(options.output))
    for name, authorities in made.authorities.items():
        if authorities.following:
            yield f"Then, when every host trusts both authorities of {name}"
            yield f"  {command_line(*words, '--switch', name)}"
        if authorities.previous:
            yield f"Then, when every member of {name} has its new certificate"
            yield f"  {command_line(*words, '--retire', name)}"


_HELP_OF_STEPS = {
    "new-authority": "begin a rotation: make a second authority, which is trusted and signs nothing yet",
    "switch": "go on with it: the second authority signs, and the first is still trusted",
    "retire": "end it: the first authority is trusted no more, and its key removed",
}


class TlsCreate(MessagingCommand):
    """Make the certificates of a plan."""

    _description = "Make an authority for each cluster with TLS, and certificates for its members and clients"
    _epilog: Any = """\
For test beds and small clouds; a cloud with an authority of its own, as of
FreeIPA, has no use for it. What is there and good is kept: run it again to
renew what ends soon, and after members have changed. Keys have mode 0600; on a
member the group of the broker must be able to read its key.

Examples::

    tripleo-messaging tls create --plan plan.yaml -i inventory.yaml \\
        --output certificates
    tripleo-messaging tls create --plan plan.yaml -i inventory.yaml \\
        --output certificates --new-authority rpc
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
            help="directory of the files; made when it is not there",
        )
        for name, what, default in (
            ("--days", "a new certificate", DEFAULT_DAYS),
            ("--ca-days", "a new authority", DEFAULT_AUTHORITY_DAYS),
        ):
            parser.add_argument(
                name,
                metavar="N",
                type=number_of_days,
                default=default,
                help=f"how long {what} is valid; {default} otherwise",
            )
        for step in STEPS:
            parser.add_argument(
                f"--{step}", metavar="CLUSTER", action="append", default=[], help=_HELP_OF_STEPS[step]
            )
        return parser

    def act(self, parsed_args: argparse.Namespace) -> int:
        """Make what is missing, and show what was done."""
        order = Order(
            days=parsed_args.days,
            authority_days=parsed_args.ca_days,
            steps={step: tuple(getattr(parsed_args, step.replace("-", "_"))) for step in STEPS},
        )
        options = CreateOptions(
            inputs=read_input_options(parsed_args), output=parsed_args.output, order=order
        )
        created = create(options, dt.datetime.now(dt.timezone.utc))
        log_findings(created.findings)
        for line in report(created):
            self.app.stdout.write(f"{line}\n")
        return created.status
