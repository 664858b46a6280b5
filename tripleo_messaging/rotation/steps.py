# SPDX-License-Identifier: Apache-2.0
"""The steps of a rotation over what a store keeps; pure.

Each returns the content as it is to be, and the same content when the step is done already. What a step needs
of the world (the time, a new secret, what brokers say) comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Optional

import attrs

from tripleo_messaging.errors import MissingSecretError, RotationError, UnusableStoreError
from tripleo_messaging.model.topology import Login
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name
from tripleo_messaging.rotation.state import Account, Phase, Rotation, read_rotation, write_rotation

_VERB = "passwords rotate"


def rotation_of(content: Content, name: str) -> Optional[Rotation]:
    """Return the rotation of a secret; ``None`` where it never rotated.

    Raises:
        UnusableStoreError: what the store has there is no rotation.
    """
    written = content.rotations.get(name)
    if written is None:
        return None
    try:
        return read_rotation(written)
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = f"holds a state of {name} that no version of ours has written; restore the backup"
        raise UnusableStoreError("the store", reason) from None


def rotations_of(content: Content) -> dict[str, Rotation]:
    """Return every rotation by the name of its secret.

    Raises:
        UnusableStoreError: what the store has there is no rotation.
    """
    found = {name: rotation_of(content, name) for name in content.rotations}
    return {name: rotation for name, rotation in found.items() if rotation is not None}


def begin(
    content: Content,
    login: Login,
    new: StoredSecret,
    now: datetime,
    user_name: Optional[str] = None,
    *,
    is_taken: Callable[[int], bool] = lambda _number: False,
) -> Content:
    """Add a second account beside the one of a login.

    Args:
        content: of the store.
        login: the account as the plan names it, and its secret.
        new: the second account's password, or URL.
        now: in UTC.
        user_name: of the second account, where somebody else runs the brokers; ``None`` is the plan's name
            and the next number.
        is_taken: whether an account of a number would have the name of another's, see
            `tripleo_messaging.rotation.accounts.taken_numbers`; it is passed over.

    Raises:
        MissingSecretError: there is nothing to rotate.
        RotationError: clients are on the new account already.
    """
    name = login.secret
    if name not in content.secrets:
        raise MissingSecretError(name)
    rotation = rotation_of(content, name) or Rotation(base=login.user_name, since=now)
    if rotation.phase == "begun":
        return content
    if rotation.is_under_way:
        raise RotationError(
            f"{name}: a rotation is under way and {rotation.phase}; end it first with '{_VERB} finish',"
            f" or go on with '{_VERB} {'rollback' if rotation.phase == 'switched' else 'switch'}'"
        )
    number = next(number for number in count(rotation.last_number + 1) if not is_taken(number))
    other = Account(number=number, user_name=user_name)
    begun = attrs.evolve(
        rotation,
        phase="begun",
        base=login.user_name,
        other=other,
        last_number=number,
        since=now,
        was_switched=False,
    )
    return _with(content.with_secrets({other_name(name): new}), name, begun)


def switch(content: Content, name: str, now: datetime) -> Content:
    """Give clients the new account.

    Raises:
        RotationError: no rotation was begun.
    """
    rotation = _under_way(content, name)
    return content if rotation.phase == "switched" else _swapped(content, name, rotation, "switched", now)


def roll_back(content: Content, name: str, now: datetime) -> Content:
    """Give clients the account that they had before the rotation; `finish` then removes the new one.

    Raises:
        RotationError: no rotation was begun, or it is finished.
    """
    rotation = _under_way(content, name)
    if rotation.phase == "switched":
        return _swapped(content, name, rotation, "rolled-back", now)
    return _with(content, name, attrs.evolve(rotation, phase="rolled-back", since=_since(rotation, now)))


def finish(content: Content, name: str, former_user: str, now: datetime) -> Content:
    """Retire the account that clients no longer have.

    Args:
        content: of the store.
        name: of the secret.
        former_user: user name of that account; empty where somebody else runs the brokers.
        now: in UTC.

    Raises:
        RotationError: no rotation was begun, or clients have not been given another account.
    """
    rotation = rotation_of(content, name)
    if rotation is not None and rotation.phase == "settled":
        return content
    rotation = _under_way(content, name)
    if rotation.phase == "begun":
        raise RotationError(
            f"{name}: clients still have the old account; give them the new one with '{_VERB} switch',"
            f" or take it back with '{_VERB} rollback'"
        )
    retired = (*rotation.retired, former_user) if former_user else rotation.retired
    settled = attrs.evolve(
        rotation, phase="settled", other=None, retired=tuple(dict.fromkeys(retired)), since=now
    )
    return _with(content.without_secrets(other_name(name)), name, settled)


def _under_way(content: Content, name: str) -> Rotation:
    rotation = rotation_of(content, name)
    if rotation is None or not rotation.is_under_way:
        raise RotationError(f"{name}: no rotation is under way; begin one with '{_VERB} begin'")
    return rotation


def _since(rotation: Rotation, now: datetime) -> datetime:
    return rotation.since if rotation.phase == "rolled-back" else now


def _swapped(content: Content, name: str, rotation: Rotation, phase: Phase, now: datetime) -> Content:
    other = other_name(name)
    secrets = {name: content.secrets[other], other: content.secrets[name]}
    swapped = attrs.evolve(
        rotation,
        phase=phase,
        active=rotation.other or rotation.active,
        other=rotation.active,
        since=now,
        was_switched=True,
    )
    return _with(content.with_secrets(secrets), name, swapped)


def _with(content: Content, name: str, rotation: Rotation) -> Content:
    written = write_rotation(rotation)
    if content.rotations.get(name) == written:
        return content
    return attrs.evolve(content, rotations={**content.rotations, name: written})
