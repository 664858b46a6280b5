# SPDX-License-Identifier: Apache-2.0
"""How old secrets may become; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Optional

import attrs

from tripleo_messaging.passwords.specs import PASSWORD_SPECS
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name

#: Days by name; ``None`` is for all others. A cookie is on no network, and to replace one is another work.
DEFAULT_DAYS: Mapping[Optional[str], int] = MappingProxyType(
    {None: 90, "RabbitCookie": 365, "RabbitNotifyCookie": 365}
)

_COMMANDS = {
    True: "passwords rotate begin --name {name}",
    False: "passwords generate --replace --name {name}",
}
_COOKIE = "passwords cookie rotate --cluster {cluster}"
_CLUSTERS = {"RabbitCookie": "rpc", "RabbitNotifyCookie": "notify"}


@attrs.frozen(kw_only=True)
class AgePolicy:
    """How many days old each secret may become.

    Attributes:
        days: by name; ``None`` is for all that have no age of their own. The rest is of `DEFAULT_DAYS`.
    """

    days: Mapping[Optional[str], int] = attrs.field(factory=dict)

    def days_of(self, name: str) -> int:
        """Return how many days old a secret may become: what was said of it, of all, or else the default."""
        said = (self.days.get(name), self.days.get(None), DEFAULT_DAYS.get(name), DEFAULT_DAYS[None])
        return next(days for days in said if days is not None)


@attrs.frozen(kw_only=True)
class Due:
    """A secret that has become too old.

    Attributes:
        name: of the secret.
        changed: when it got its value, in UTC.
        age_days: whole days since then.
        max_age_days: how many it may become.
        command: what replaces it, without the options of the place.
    """

    name: str
    changed: datetime
    age_days: int
    max_age_days: int
    command: str


def due(content: Content, policy: AgePolicy, now: datetime) -> tuple[Due, ...]:
    """Return what has become too old, the oldest first.

    While a rotation is under way, the value beside it, which is to go or to come, counts for nothing.

    Args:
        content: of a store.
        policy: how old secrets may become.
        now: in UTC.
    """
    beside = {other_name(name) for name in content.secrets}
    found = (
        _due(name, stored, policy, now) for name, stored in content.secrets.items() if name not in beside
    )
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.changed, one.name)))


def _due(name: str, stored: StoredSecret, policy: AgePolicy, now: datetime) -> Optional[Due]:
    age, most = now - stored.changed, policy.days_of(name)
    if age < timedelta(days=most):
        return None
    return Due(
        name=name, changed=stored.changed, age_days=age.days, max_age_days=most, command=way_to_replace(name)
    )


def way_to_replace(name: str) -> str:
    """Return the command that replaces a secret without an outage, without the options of the place."""
    if name in _CLUSTERS:
        return _COOKIE.format(cluster=_CLUSTERS[name])
    spec = PASSWORD_SPECS.get(name)
    # Whole URLs, of brokers of others, are no generated ones and rotate, too.
    return _COMMANDS[spec is None or spec.use != "rabbitmq"].format(name=name)
