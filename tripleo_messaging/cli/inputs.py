# SPDX-License-Identifier: Apache-2.0
"""Read what the input options name, and find everything that is wrong with it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.cli.options import InputOptions
from tripleo_messaging.cli.store_options import open_store
from tripleo_messaging.errors import FileTooLargeError
from tripleo_messaging.hieradata.build import required_secrets
from tripleo_messaging.hieradata.check import check_secrets
from tripleo_messaging.inventory import load_inventory
from tripleo_messaging.model.finding import Finding, json_path
from tripleo_messaging.model.inventory import Inventory, inventory_of_this_host
from tripleo_messaging.model.plan import Plan
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.plan.load import PlanReading, read_plan
from tripleo_messaging.plan.resolve import resolve
from tripleo_messaging.plan.rules import check_plan

if TYPE_CHECKING:
    from tripleo_messaging.passwords.store import Snapshot

LOG = logging.getLogger("tripleo_messaging.cli")

_LEGACY_PASSWORD = "RabbitPassword"  # noqa: S105  the name of one
_HEIRS_OF_LEGACY = ("RpcPassword", "NotifyPassword")


@attrs.frozen(kw_only=True)
class Inputs:
    """What was read.

    Attributes:
        options: where from.
        plan: ``None`` when nothing in the input is a plan.
        plain_topology: as the plan means it; ``None`` when the input is too wrong for one, or was not asked
            for.
        kept_secrets: those of the ``--secrets`` file, or of the store.
        given_secrets: those of Heat environment files, which stand over `kept_secrets`.
        findings: about the plan, the inventory, and the form of the secrets.
        hosts: inventory name of every host.
        host_names: the same by the addresses of each host.
        snapshot: what the store holds; ``None`` where none was named.
    """

    options: InputOptions
    plan: Optional[Plan]
    plain_topology: Optional[Topology] = None
    kept_secrets: Secrets = attrs.field(factory=Secrets)
    given_secrets: Secrets = attrs.field(factory=Secrets)
    findings: tuple[Finding, ...] = ()
    hosts: tuple[str, ...] = ()
    host_names: Mapping[str, str] = attrs.field(factory=dict)
    snapshot: Optional[Snapshot] = None

    @property
    def topology(self) -> Optional[Topology]:
        """The topology with the accounts that rotations have come to."""
        if self.plain_topology is None or self.snapshot is None or not self.snapshot.content.rotations:
            return self.plain_topology
        # Here and below, as most commands are called without a store.
        from tripleo_messaging.rotation.accounts import rotated
        from tripleo_messaging.rotation.steps import rotations_of

        return rotated(self.plain_topology, rotations_of(self.snapshot.content))

    @property
    def secrets(self) -> Secrets:
        """All secrets: what an operator states in an environment file stands over what was generated.

        The legacy password stands in for the two of today only where nothing states these.
        """
        legacy = self.given_secrets.get(_LEGACY_PASSWORD)
        inherited = [name for name in _HEIRS_OF_LEGACY if self.given_secrets.get(name) == legacy]
        yielding = [name for name in inherited if self._is_kept_by_itself(name)]
        return self.kept_secrets.updated(self.given_secrets.without(yielding))

    def _is_kept_by_itself(self, name: str) -> bool:
        kept = self.kept_secrets.get(name)
        return kept is not None and kept != self.kept_secrets.get(_LEGACY_PASSWORD)


def read_inputs(options: InputOptions, *, may_lack_secrets: bool = False) -> Inputs:
    """Read and check everything that the options name, but for what the secrets hold.

    Args:
        options: what to read.
        may_lack_secrets: a missing file of secrets is an empty one.

    Raises:
        UsageError: options do not go together.
        UnreadableFileError: a file is missing or may not be read.
    """
    reading = read_plan(options.plan, options.environments, options.release)
    kept, secret_problems = _read_secrets(options.secrets, may_be_missing=may_lack_secrets)
    snapshot = _read_store(options)
    inventory, inventory_problems = _read_inventory(options.inventory)
    topology, plan_problems = _understand(reading.plan, inventory)
    inputs = Inputs(
        options=options,
        plan=reading.plan,
        plain_topology=topology,
        kept_secrets=snapshot.content.plain_secrets() if snapshot else kept,
        given_secrets=reading.secrets,
        findings=(*reading.findings, *inventory_problems, *plan_problems, *secret_problems),
        hosts=tuple(inventory.hosts) if inventory else (),
        host_names=_host_names(inventory) if inventory and snapshot else {},
        snapshot=snapshot,
    )
    return attrs.evolve(inputs, findings=(*inputs.findings, *_check_store(inputs)))


def _host_names(inventory: Inventory) -> Mapping[str, str]:
    hosts = inventory.hosts.values()
    return {_normal(address): host.name for host in hosts for address in host.addresses.values()}


def _normal(address: str) -> str:
    """Write an address as brokers do."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _read_store(options: InputOptions) -> Optional[Snapshot]:
    if options.store is None:
        return None
    store = open_store(options.store, options.key_file)
    snapshot = store.read()
    LOG.debug("%s: revision %d, %d secrets", store.place, snapshot.revision, len(snapshot.content.secrets))
    return snapshot


def _check_store(inputs: Inputs) -> Iterator[Finding]:
    """Find what cannot be together with what the store holds."""
    if inputs.snapshot is None:
        return
    held = inputs.secrets
    for name in sorted(inputs.kept_secrets):
        if held[name] != inputs.kept_secrets[name]:
            yield Finding(
                rule="secret-in-two-places",
                severity="error",
                path=json_path(("parameter_defaults", name)),
                message="is another value than the store holds",
                hint=f"take {name} out of the environment file, or import it by 'passwords import --replace'",
                origin=inputs.given_secrets.origins.get(name),
            )
    if inputs.plain_topology is not None and inputs.plan is not None and inputs.snapshot.content.rotations:
        from tripleo_messaging.rotation.check import check_rotations
        from tripleo_messaging.rotation.steps import rotations_of

        for finding in check_rotations(inputs.plain_topology, rotations_of(inputs.snapshot.content)):
            yield attrs.evolve(finding, origin=inputs.plan.origin(finding.path))


def read_plan_alone(options: InputOptions) -> Inputs:
    """Read and check the plan, without the hosts and secrets it is for."""
    reading: PlanReading = read_plan(options.plan, options.environments, options.release)
    problems = check_plan(reading.plan) if reading.plan else ()
    return Inputs(options=options, plan=reading.plan, findings=(*reading.findings, *problems))


def _read_inventory(path: Optional[Path]) -> tuple[Optional[Inventory], tuple[Finding, ...]]:
    if path is None:
        return inventory_of_this_host(), ()
    inventory, findings = load_inventory(path)
    LOG.debug("%s: %s hosts", path, len(inventory.hosts) if inventory else "no")
    return inventory, findings


def _understand(
    plan: Optional[Plan], inventory: Optional[Inventory]
) -> tuple[Optional[Topology], tuple[Finding, ...]]:
    if plan is None:
        return None, ()
    findings = check_plan(plan)
    if inventory is None:
        return None, findings
    topology, problems = resolve(plan, inventory)
    return topology, (*findings, *problems)


def _read_secrets(path: Optional[Path], *, may_be_missing: bool) -> tuple[Secrets, tuple[Finding, ...]]:
    if path is None or (may_be_missing and not _is_there(path)):
        return Secrets(), ()
    # Here, as most commands are called without.
    from tripleo_messaging.passwords.stack_file import read_secrets

    secrets, findings = read_secrets(path)
    LOG.debug("%s: %s", path, ", ".join(sorted(secrets)) or "no secret of ours")
    return secrets, findings


def _is_there(path: Path) -> bool:
    try:
        return files.read_if_there(path, 0) is not None
    except FileTooLargeError:
        return True


def check_input_secrets(
    inputs: Inputs, made: Mapping[str, Secret] | None = None, *, all_needed: bool
) -> tuple[Finding, ...]:
    """Find what is wrong with the secrets that the topology needs.

    Args:
        inputs: what was read.
        made: secrets generated beside those read.
        all_needed: whether a missing one is wrong.
    """
    if inputs.topology is None:
        return ()
    secrets = inputs.secrets.updated(made or {})
    needed = set(required_secrets(inputs.topology))
    if not (all_needed or needed & set(secrets)):
        return ()
    file = inputs.options.store or inputs.options.secrets
    findings = check_secrets(inputs.topology, secrets, str(file) if file else None)
    told = (_told_of_store(finding) if inputs.options.store else finding for finding in findings)
    return tuple(finding for finding in told if all_needed or finding.rule != "missing-secret")


def _told_of_store(finding: Finding) -> Finding:
    if finding.rule != "missing-secret":
        return finding
    hint = "make it by 'passwords generate', or take it over by 'passwords import'"
    return attrs.evolve(finding, hint=hint)
