# SPDX-License-Identifier: Apache-2.0
"""Whether a step may be taken now, by what brokers said; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

import attrs

from tripleo_messaging.backends.protocol import Connection


@attrs.frozen(kw_only=True)
class Answer:
    """What one member, or one cluster, said when it was asked.

    Attributes:
        where: inventory name of the member, or name of the cluster.
        refusal: why it is not as it must be; empty when it is.
    """

    where: str
    refusal: str = ""


@attrs.frozen(kw_only=True)
class Straggler:
    """A client that still has the account which is to go.

    Attributes:
        host: inventory name, or the address where the inventory has it not.
        process: what it calls itself; empty where it does not.
        age_s: seconds since it connected; ``None`` where the broker does not say.
        user_name: the account.
    """

    host: str
    process: str
    age_s: Optional[float]
    user_name: str

    def __str__(self) -> str:
        age = "of unknown age" if self.age_s is None else f"connected {duration(self.age_s)} ago"
        return f"{self.host}: {self.process or 'a process without a name'}, {age}, as {self.user_name}"


def stragglers(
    connections: Iterable[Connection], user_name: str, hosts: Mapping[str, str]
) -> tuple[Straggler, ...]:
    """Return who is connected as a user, by host and process.

    Args:
        connections: everyone who is connected to a cluster.
        user_name: the account that is to go.
        hosts: names of hosts by address, as far as they are known.
    """
    found = (
        Straggler(
            host=hosts.get(one.address, one.address),
            process=one.process,
            age_s=one.age_s,
            user_name=user_name,
        )
        for one in connections
        if one.user_name == user_name
    )
    return tuple(sorted(found, key=lambda one: (one.host, one.process, one.age_s or 0)))


def refusals(answers: Iterable[Answer]) -> Iterator[str]:
    """Yield a line for each that is not as it must be."""
    yield from (f"{answer.where}: {answer.refusal}" for answer in answers if answer.refusal)


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """Write a duration in its largest whole unit, e.g. ``3 h``."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
