# SPDX-License-Identifier: Apache-2.0
"""Which backend serves which messaging service in which release, composed from the backends' own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

import attrs

from tripleo_messaging.backends import BACKEND_MODULES, find_backend, spoken_backend
from tripleo_messaging.backends.protocol import Backend
from tripleo_messaging.model.plan import SERVICES, ServiceName
from tripleo_messaging.model.release import RELEASES, Release


@attrs.frozen(kw_only=True)
class Capability:
    """One cell of the table.

    Attributes:
        backend: product name.
        service: messaging service.
        release: OpenStack release.
        allowed: whether the services of the release can use the product so.
        reason: why not, one clause; empty when they can.
        way_out: what to use instead, one clause; empty when they can.
    """

    backend: str
    service: ServiceName
    release: str
    allowed: bool
    reason: str = ""
    way_out: str = ""


def capability(
    backend: Backend, service: ServiceName, release: Release, scheme: Optional[str] = None
) -> Capability:
    """Look up one cell.

    Args:
        backend: the product.
        service: the messaging service.
        release: of the services that use it.
        scheme: of an external backend: what the far side speaks decides, not who runs it.
    """
    support = spoken_backend(backend, scheme).support[service]
    allowed = support.holds_for(release)
    return Capability(
        backend=backend.name,
        service=service,
        release=release.name,
        allowed=allowed,
        reason="" if allowed else support.reason,
        way_out="" if allowed else support.way_out,
    )


def capability_table() -> Iterator[Capability]:
    """Yield every cell, release by release from the oldest."""
    for release in RELEASES.values():
        for name in BACKEND_MODULES:
            backend = find_backend(name)
            if backend is not None:
                yield from (capability(backend, service, release) for service in SERVICES)
