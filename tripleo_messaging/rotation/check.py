# SPDX-License-Identifier: Apache-2.0
"""What a plan may not change while a rotation is under way; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tripleo_messaging.model.finding import Finding, describe
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.rotation.accounts import Principal, principals, user_of
from tripleo_messaging.rotation.state import Rotation


def check_rotations(topology: Topology, rotations: Mapping[str, Rotation]) -> Iterator[Finding]:
    """Find plans that would take an account from clients that still have it.

    Args:
        topology: as the plan means it.
        rotations: by name of the secret.
    """
    known = {principal.login.secret: principal for principal in principals(topology)}
    for name, rotation in rotations.items():
        principal = known.get(name)
        if not rotation.is_under_way:
            continue
        if principal is None:
            yield Finding(
                rule="rotation-under-way",
                severity="warning",
                path="$",
                message=f"nobody uses {name} in this plan, and its rotation is {rotation.phase}",
                hint="bring the service back, and end it with 'passwords rotate finish' or 'rollback'",
            )
        elif principal.login.user_name != rotation.base:
            yield Finding(
                rule="rotation-under-way",
                severity="error",
                path=f"$.{principal.services[0]}.user_name",
                message=(
                    f"found {describe(principal.login.user_name)}, and the rotation of {name} was begun for "
                    f"{describe(rotation.base)}, which clients still have"
                ),
                hint=f"write 'user_name: {rotation.base}' until 'passwords rotate finish' has ended it",
            )
    for principal in known.values():
        if principal.login.secret in rotations:
            yield from _names_in_two_uses(topology, principal, rotations[principal.login.secret])


def _names_in_two_uses(topology: Topology, principal: Principal, rotation: Rotation) -> Iterator[Finding]:
    """Find accounts of others with the name of one that takes turns: one password would hold for both."""
    cluster = topology.clusters.get(principal.cluster or "")
    if cluster is None:
        return
    base = principal.login.user_name
    accounts = (rotation.active, *((rotation.other,) if rotation.other else ()))
    names = {user_of(base, account, cluster.backend) for account in accounts}
    for service in topology.services.values():
        if service.cluster == cluster.name and service.user_name != base and service.user_name in names:
            yield Finding(
                rule="rotated-user-name",
                severity="error",
                path=f"$.{service.name}.user_name",
                message=(
                    f"found {describe(service.user_name)}, which is an account that takes turns with "
                    f"{describe(base)} on the same brokers"
                ),
                hint="choose another name that is not this one and a number",
            )
