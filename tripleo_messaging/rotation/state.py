# SPDX-License-Identifier: Apache-2.0
"""Where the rotation of one account is; pure.

::

    settled ──begin──▶ begun ──switch──▶ switched ──finish──▶ settled
                         │                 │   ▲
                      rollback          rollback switch
                         ▼                 ▼   │
    settled ◀──finish── rolled-back ◀──────┘   │
                         └─────────────────────┘

Brokers know two accounts in every phase but ``settled``; while it is ``switched``, clients are given the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Optional

import attrs

Phase = Literal["settled", "begun", "switched", "rolled-back"]
PHASES: tuple[Phase, ...] = ("settled", "begun", "switched", "rolled-back")


@attrs.frozen(kw_only=True)
class Account:
    """One of the accounts that take turns.

    Attributes:
        number: 1 is the one that the plan names.
        user_name: where the operator of the brokers chose it; ``None`` is the plan's name and the number.
    """

    number: int = 1
    user_name: Optional[str] = None


@attrs.frozen(kw_only=True)
class Rotation:
    """The rotation of one secret, and the accounts that log in with it.

    Attributes:
        phase: see above.
        base: the plan's user name when it began; another one meanwhile would cut off clients.
        active: whom clients are given; its password is the secret itself.
        other: who is known to the brokers beside it, by the secret `other_name`; ``None`` when settled.
        last_number: highest ever used; a number is not used twice, as a client may still have its password.
        retired: user names that are to be deleted wherever they are.
        since: when this phase began, in UTC.
        was_switched: whether clients have been given the second account.
    """

    phase: Phase = "settled"
    base: str
    active: Account = Account()
    other: Optional[Account] = None
    last_number: int = 1
    retired: tuple[str, ...] = ()
    since: datetime
    was_switched: bool = False

    @property
    def is_under_way(self) -> bool:
        """Whether the brokers know two accounts."""
        return self.other is not None


def write_rotation(rotation: Rotation) -> dict[str, Any]:
    """Return a JSON object that `read_rotation` reads."""
    return {**attrs.asdict(rotation), "since": rotation.since.isoformat(), "retired": list(rotation.retired)}


def read_rotation(data: Mapping[str, Any]) -> Rotation:
    """Read what `write_rotation` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is nothing of the kind.
    """
    if data["phase"] not in PHASES:
        raise ValueError("phase")
    other = data["other"]
    rotation = Rotation(
        phase=data["phase"],
        base=str(data["base"]),
        active=Account(**data["active"]),
        other=None if other is None else Account(**other),
        last_number=int(data["last_number"]),
        retired=tuple(map(str, data["retired"])),
        since=datetime.fromisoformat(data["since"]),
        was_switched=data["was_switched"] is True,
    )
    if rotation.is_under_way == (rotation.phase == "settled"):
        raise ValueError("other")
    return rotation
