# SPDX-License-Identifier: Apache-2.0
"""What the commands of a rotation have in common: accounts, what brokers say, store and hieradata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

import attrs

from tripleo_messaging.backends import find_backend
from tripleo_messaging.backends.protocol import Connection, Probes
from tripleo_messaging.cli.app import program
from tripleo_messaging.cli.hieradata_render import check_last_rendering
from tripleo_messaging.cli.inputs import Inputs, check_input_secrets, read_inputs
from tripleo_messaging.cli.options import InputOptions, input_words
from tripleo_messaging.cli.statuses import Status, status_of
from tripleo_messaging.cli.store_options import actor, now, open_store
from tripleo_messaging.errors import (
    IncompleteAnswerError,
    MissingSecretError,
    RefusedLoginError,
    UnansweredError,
    UsageError,
)
from tripleo_messaging.file_set import Change
from tripleo_messaging.hieradata.build import ALL, build
from tripleo_messaging.hieradata.tree import holds
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.finding import Finding, did_you_mean
from tripleo_messaging.model.plan import ServiceName
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Cluster, Member, Topology
from tripleo_messaging.passwords.store import AuditEntry, Content, Snapshot, Store, other_name
from tripleo_messaging.rotation.accounts import Principal, principals, user_of
from tripleo_messaging.rotation.readiness import Answer
from tripleo_messaging.rotation.state import Account, Rotation
from tripleo_messaging.rotation.steps import rotation_of

DEFAULT_TIMEOUT_S = 10.0
_MOST_AT_ONCE = 16


@attrs.frozen(kw_only=True)
class RotateOptions:
    """Whose account, and how far.

    Attributes:
        inputs: what to read.
        store: where secrets and states are kept.
        output: directory of the hieradata; a step has one.
        service: of messaging; ``None`` is both.
        names: of secrets; empty is all of the service.
        force: whether to go on against what brokers say, or do not.
        timeout_s: how long a broker may take to answer.
        management: URLs of management APIs by name of the cluster; ``""`` is any.
        new_secret: what the operator of brokers of others supplied.
        new_user: user name that goes with it.
    """

    inputs: InputOptions
    store: Path
    output: Path
    service: Optional[ServiceName] = None
    names: tuple[str, ...] = ()
    force: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    management: Mapping[str, str] = attrs.field(factory=dict)
    new_secret: Optional[Secret] = None
    new_user: Optional[str] = None


@attrs.frozen(kw_only=True)
class Work:
    """What a step works on.

    Attributes:
        options: what was asked for.
        inputs: what was read, the store under its lease.
        topology: as the plan means it.
        principals: the accounts that were chosen.
        content: of the store.
    """

    options: RotateOptions
    inputs: Inputs
    topology: Topology
    principals: tuple[Principal, ...]
    content: Content

    def cluster(self, principal: Principal) -> Optional[Cluster]:
        """Return the cluster of ours that knows an account; ``None`` where others run the brokers."""
        return self.topology.clusters[principal.cluster] if principal.cluster else None

    def user(self, principal: Principal, account: Account) -> str:
        """Return the user name of one of the accounts that take turns."""
        service = self.topology.services[principal.services[0]]
        return user_of(principal.login.user_name, account, service.backend)

    def rotation(self, principal: Principal) -> Optional[Rotation]:
        """Return how far the rotation of an account is; ``None`` where it never rotated."""
        return rotation_of(self.content, principal.login.secret)


Step = Callable[[Work], Content]


@attrs.frozen(kw_only=True)
class Outcome:
    """What a command of a rotation did.

    Attributes:
        options: what was asked for.
        findings: about the input.
        status: that these lead to; without `Status.FINE` nothing was done.
        work: with the content as it is now.
        has_changed: whether the store has.
        change: of the hieradata.
    """

    options: RotateOptions
    findings: tuple[Finding, ...]
    status: Status
    work: Optional[Work] = None
    has_changed: bool = False
    change: Optional[Change] = None


def run_step(options: RotateOptions, action: str, step: Step) -> Outcome:
    """Take a step, keep what it makes, and render it; with an error finding, do nothing.

    The store is written before the hieradata: passwords in use that nobody knows would be worse than ones
    that nobody uses. Whatever comes between, the same command again goes on.

    Args:
        options: what was asked for.
        action: of the audit entry.
        step: from the work to the content as it is to be; it may ask brokers.

    Raises:
        RotationError: the step is out of turn, or not safe now; nothing was written.
        UsageError, UnreadableFileError, UnwritableFileError, LockedError: as for a rendering.
    """
    store = open_store(options.store, options.inputs.key_file, beside=options.output)
    with store.lease():
        inputs = read_inputs(options.inputs)
        status = status_of(inputs.findings, strict=options.inputs.strict)
        if status is not Status.FINE:
            return Outcome(options=options, findings=inputs.findings, status=status)
        work = look(options, inputs)
        return _written(store, work, step(work), action)


def look(options: RotateOptions, inputs: Inputs) -> Work:
    """Choose the accounts that the options mean.

    Raises:
        UsageError: there are none, or no store.
    """
    if inputs.plain_topology is None or inputs.snapshot is None or inputs.snapshot.revision == 0:
        raise UsageError(
            f"{options.store}: no such store; 'passwords import' or 'passwords generate' makes one"
        )
    chosen = _chosen(principals(inputs.plain_topology), options)
    return Work(
        options=options,
        inputs=inputs,
        topology=inputs.plain_topology,
        principals=chosen,
        content=inputs.snapshot.content,
    )


def _chosen(found: tuple[Principal, ...], options: RotateOptions) -> tuple[Principal, ...]:
    of_service = [each for each in found if options.service is None or options.service in each.services]
    known = {each.login.secret: each for each in of_service}
    for name in options.names:
        if name not in known:
            meant = did_you_mean(name, known) or f"expected one of {', '.join(known) or 'none'}"
            raise UsageError(f"--name: no account of this plan logs in with {name!r}; {meant}")
    chosen = tuple(known[name] for name in dict.fromkeys(options.names)) or tuple(of_service)
    if not chosen:
        raise UsageError("no account of this plan can rotate: no service logs in with a password")
    return chosen


def _written(store: Store, work: Work, content: Content, action: str) -> Outcome:
    options, snapshot = work.options, work.inputs.snapshot or Snapshot.empty()
    has_changed = content != snapshot.content
    inputs = attrs.evolve(
        work.inputs, snapshot=attrs.evolve(snapshot, content=content), kept_secrets=content.plain_secrets()
    )
    findings = (*inputs.findings, *check_input_secrets(inputs, all_needed=True))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE or inputs.topology is None:
        return Outcome(options=options, findings=findings, status=status)
    levels = build(inputs.topology, inputs.secrets)
    findings = (*findings, *check_last_rendering(options.output, inputs, levels))
    status = status_of(findings, strict=options.inputs.strict)
    if status is not Status.FINE:
        return Outcome(options=options, findings=findings, status=status)
    if has_changed:
        entry = AuditEntry(time=now(), actor=actor(), action=action, names=_touched(work.content, content))
        store.replace(content.recorded(entry), expected_revision=snapshot.revision)
    change = write_tree(options.output, levels)
    return Outcome(
        options=options,
        findings=findings,
        status=status,
        work=attrs.evolve(work, inputs=inputs, content=content),
        has_changed=has_changed,
        change=change,
    )


def _touched(before: Content, now_kept: Content) -> tuple[str, ...]:
    """Name the secrets that a step was about: those that rotate, and what was made beside."""
    rotating = [name for name, state in now_kept.rotations.items() if state != before.rotations.get(name)]
    made = sorted(set(now_kept.secrets) - set(before.secrets) - set(map(other_name, rotating)))
    return (*rotating, *made)


def under_way(work: Work) -> tuple[Principal, ...]:
    """Return those of the chosen accounts that a step is about.

    Where none was named these are the ones whose rotation is under way, or, as a step may be repeated, was.
    """
    options = work.options
    if options.service or options.names:
        return work.principals
    known = {each: work.rotation(each) for each in work.principals}
    begun = tuple(each for each, rotation in known.items() if rotation and rotation.is_under_way)
    return begun or tuple(each for each, rotation in known.items() if rotation) or work.principals


def is_rendered(work: Work) -> bool:
    """Tell whether the hieradata is what the store's state leads to."""
    if work.inputs.topology is None:
        return False
    try:
        return holds(work.options.output, build(work.inputs.topology, work.inputs.secrets))
    except MissingSecretError:
        return False


def render_words(options: RotateOptions) -> tuple[str, ...]:
    """Return the words of the command that renders the store's state."""
    where = ("--output", str(options.output))
    return (program(), "hieradata", "render", *input_words(options.inputs), *where)


# What brokers say.


def probes_of(cluster: Cluster) -> Optional[Probes]:
    """Return how the brokers of a cluster are asked; ``None`` where they cannot be."""
    backend = find_backend(cluster.backend)
    return backend.server.probes if backend and backend.server else None


def ask_members(work: Work, principal: Principal, account: Account, secret: str) -> tuple[Answer, ...]:
    """Log in to every member of an account's cluster.

    Args:
        work: whose topology and content are meant.
        principal: whose account.
        account: the one of those that take turns.
        secret: name of its password in the store.
    """
    cluster = work.cluster(principal)
    probes = probes_of(cluster) if cluster else None
    if cluster is None or probes is None:
        services = " and ".join(principal.services)
        reason = "its brokers are run by others and cannot be asked; make sure that they take both accounts"
        return (Answer(where=services, refusal=reason),)
    login = attrs.evolve(principal.login, user_name=work.user(principal, account))
    password = work.content.secrets[secret].secret

    def log_in(member: Member) -> None:
        probes.log_in(cluster, member, login, password, work.options.timeout_s)

    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        return tuple(pool.map(lambda member: _ask_member(member, log_in), cluster.members))


def _ask_member(member: Member, log_in: Callable[[Member], None]) -> Answer:
    try:
        log_in(member)
    except RefusedLoginError as error:
        return Answer(where=member.name, refusal=f"{error}; has Puppet run there since 'begin'?")
    except UnansweredError as error:
        return Answer(where=member.name, refusal=str(error))
    return Answer(where=member.name)


def ask_connections(work: Work, cluster: Cluster) -> tuple[Connection, ...]:
    """List who is connected to a cluster.

    Raises:
        UnansweredError: nobody can say; the text has the way out.
    """
    probes = probes_of(cluster)
    if probes is None:
        raise UnansweredError(cluster.name, "its brokers cannot say who is connected")
    management = work.options.management
    here = probes.management_url(cluster)
    url = management.get(cluster.name) or management.get("") or here
    try:
        password = work.inputs.secrets.require(probes.monitor_secret)
        return probes.connections(cluster, url, password, work.options.timeout_s)
    except MissingSecretError:
        reason = (
            f"the store has no {probes.monitor_secret}; 'passwords generate' makes it, then render and apply"
        )
        raise UnansweredError(url, reason) from None
    except (IncompleteAnswerError, RefusedLoginError):
        raise
    except UnansweredError as error:
        reason = f"{error.reason}; {_tunnel(cluster, here)}"
        raise UnansweredError(url, reason) from None


def _tunnel(cluster: Cluster, url: str) -> str:
    end = url.rpartition("/")[2]
    port = end.rpartition(":")[2]
    return (
        f"run this on a member of {cluster.name}, or reach its management API by 'ssh -N -L {port}:{end} "
        f"{cluster.members[0].name}' and give --management {cluster.name}={url}"
    )


def clusters_of(work: Work) -> tuple[Cluster, ...]:
    """Return the clusters of ours that know the chosen accounts, each once."""
    names = dict.fromkeys(principal.cluster for principal in work.principals if principal.cluster)
    return tuple(work.topology.clusters[name] for name in names)


def former_secret(principal: Principal) -> str:
    """Name the secret of the account beside the one that clients have."""
    return other_name(principal.login.secret)


# Who needs an apply.


def hosts_to_apply(outcome: Outcome) -> tuple[str, ...]:
    """Return the hosts that need an apply, in the inventory's order.

    Those whose hieradata changed, and those that the phase is about: when a command is repeated, nobody knows
    which of these have had theirs.
    """
    work, change = outcome.work, outcome.change
    if work is None or change is None:
        return ()
    changed = {*change.written, *change.removed}
    hosts = work.inputs.hosts
    reach = [_reach(work, principal) for principal in work.principals]
    if ALL in changed or "clients" in reach:
        return hosts
    clusters = work.topology.clusters
    names = {each.cluster for each, whom in zip(work.principals, reach) if whom == "members"}
    names |= {name for name in clusters if f"clusters/{name}.json" in changed}
    needed = {member.name for name in names if name for member in clusters[name].members}
    needed |= {path[len("nodes/") : -len(".json")] for path in changed if path.startswith("nodes/")}
    return tuple(host for host in hosts if host in needed)


def _reach(work: Work, principal: Principal) -> str:
    """Tell whom the phase of an account is about: ``clients``, ``members`` of its cluster, or nobody."""
    rotation = work.rotation(principal)
    if rotation is None:
        return ""
    if rotation.phase in ("switched", "rolled-back"):
        return "clients" if rotation.was_switched else ""
    return "members"
