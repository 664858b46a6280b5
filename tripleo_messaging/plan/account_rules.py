# SPDX-License-Identifier: Apache-2.0
"""Rules on what is to be gone from a cluster: accounts and virtual hosts that it had once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Optional

from tripleo_messaging.model.finding import Finding, describe
from tripleo_messaging.model.plan import SERVICES, Plan, ServicePlan
from tripleo_messaging.plan.defaults import deployed_services
from tripleo_messaging.plan.report import finding_at

_LOST: Mapping[str, str] = {
    "absent_users": "their connections are closed then",
    "absent_virtual_hosts": "their queues and every message in them are lost then",
}


def _with_clusters(filled: Plan) -> Iterator[ServicePlan]:
    """Yield the services that have brokers of their own which we run."""
    return (service for service, backend in deployed_services(filled) if backend.server is not None)


def _check_absent_unused(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Who serves somebody is never deleted, whether or not deleting is switched on."""
    for service in _with_clusters(filled):
        for key, names in _in_use(filled, service).items():
            for index, name in enumerate(getattr(service, key)):
                users = [user for user, used in names.items() if used == name]
                if users:
                    path = f"$.{service.service}.{key}[{index}]"
                    message = f"{describe(name)} is to be gone, and is used by {' and '.join(users)}"
                    hint = "take it off the list, or give the service another"
                    yield finding_at(plan, path, "absent-but-used", message, hint)


def _in_use(filled: Plan, home: ServicePlan) -> Mapping[str, Mapping[str, Optional[str]]]:
    """Return what the services on a cluster use of it, by service, for each list of absent names."""
    on_it = [filled.service(name) for name in SERVICES]
    on_it = [service for service in on_it if home.service in (service.service, service.share)]
    return {
        "absent_users": {service.service: service.user_name for service in on_it},
        "absent_virtual_hosts": {service.service: service.virtual_host for service in on_it},
    }


def _check_absent_removed(plan: Plan, filled: Plan) -> Iterator[Finding]:
    """Deleting cannot be taken back, so it is asked for twice."""
    for service in _with_clusters(filled):
        for key, lost in _LOST.items():
            if getattr(service, key) and not service.remove_absent:
                path = f"$.{service.service}.{key}"
                message = "are listed, and kept as long as remove_absent is not true"
                hint = f"write 'remove_absent: true' when no service uses them any more; {lost}"
                yield finding_at(plan, path, "absent-is-kept", message, hint, severity="note")


ACCOUNT_RULES = (_check_absent_unused, _check_absent_removed)
