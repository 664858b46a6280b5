# SPDX-License-Identifier: Apache-2.0
"""What a hieradata key is: the unit of the contract with Puppet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Optional

import attrs

from tripleo_messaging.model.plan import SERVICES, ServiceName

Level = Literal["all", "cluster", "node"]
Dialect = Literal["messaging", "puppet-tripleo", "puppet-openstack", "puppet"]


@attrs.frozen(kw_only=True)
class HieraKey:
    """One key, or one for each messaging service.

    Attributes:
        name: the key; ``{service}`` stands for ``rpc`` or ``notify``.
        type: its JSON type, in Puppet's words, e.g. ``Array[String]``.
        description: what it says, in one sentence; behaviour owed to others names its source.
        level: the rendered file that holds it.
        dialect: whose words these are: ``messaging`` is ours, ``puppet`` is read by our Puppet module alone.
        services: the services that have the key.
        is_secret: whether the value must not be seen.
        is_sensitive: whether Puppet sees it as ``Sensitive``; stock functions refuse that.
        merge: how Puppet merges the levels that hold it; ``None`` is the first one found.
        value: makes the value; ``None`` where a backend makes several at once.
    """

    name: str
    type: str
    description: str
    level: Level = "all"
    dialect: Dialect = "messaging"
    services: tuple[ServiceName, ...] = SERVICES
    is_secret: bool = False
    is_sensitive: bool = False
    merge: Optional[Literal["deep"]] = None
    value: Optional[Callable[[Any], Any]] = attrs.field(default=None, eq=False, repr=False)

    @property
    def lookup_options(self) -> dict[str, Any]:
        """What Hiera is told about the key; empty for its defaults."""
        merge = {"merge": self.merge} if self.merge else {}
        return {**merge, "convert_to": "Sensitive"} if self.is_sensitive else dict(merge)
