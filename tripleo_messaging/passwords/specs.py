# SPDX-License-Identifier: Apache-2.0
"""The table of the secrets that are generated, keyed by Heat parameter name."""

from __future__ import annotations

import functools
import math
import random
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import attrs

from tripleo_messaging.model.secret import Secret

Use = Literal["rpc", "notify", "rabbitmq"]

MINIMUM_ENTROPY_BITS = 128

_CHARSET = "ascii_62"
_BITS_PER_CHARACTER = math.log2(62)
_LENGTH = 25


@attrs.frozen(kw_only=True)
class PasswordSpec:
    """One secret: what it is for, and how it is made.

    Attributes:
        name: Heat parameter name, e.g. ``RpcPassword``.
        use: the messaging service that logs in with it; ``rabbitmq`` where that is not one of the two.
        description: what holds the secret, in one sentence.
        length: characters of a new value, each one of 0-9, A-Z, a-z.
        rotates_with_the_rest: whether a rotation that names no secret replaces it.
    """

    name: str
    use: Use
    description: str
    length: int = _LENGTH
    rotates_with_the_rest: bool = True

    @property
    def entropy_bits(self) -> float:
        """The strength of a new value, in bits."""
        return self.length * _BITS_PER_CHARACTER


# The length of cookies is not upstream's: 20 characters are 119 bits, and whoever has the cookie runs
# code on every broker. Cookies do not rotate with the rest: a member of a cluster talks to nobody with
# another cookie, and the public Puppet module wipes the database when the cookie changes.
_SPECS = (
    PasswordSpec(name="RpcPassword", use="rpc", description="Password of the RPC user."),
    PasswordSpec(name="NotifyPassword", use="notify", description="Password of the Notification user."),
    PasswordSpec(
        name="RabbitPassword",
        use="rabbitmq",
        description="Password of both services before Rocky; upstream's templates still demand it.",
    ),
    PasswordSpec(
        name="RabbitMonitorPassword",
        use="rabbitmq",
        description="Password of the account that asks brokers who is connected, and may do nothing else.",
    ),
    PasswordSpec(
        name="RabbitCookie",
        use="rabbitmq",
        description="Erlang cookie of the RabbitMQ cluster that serves RPC, or both services.",
        rotates_with_the_rest=False,
    ),
    PasswordSpec(
        name="RabbitNotifyCookie",
        use="rabbitmq",
        description="Erlang cookie of a RabbitMQ cluster for Notifications alone; never RabbitCookie's.",
        rotates_with_the_rest=False,
    ),
)

PASSWORD_SPECS: Mapping[str, PasswordSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every secret of ours by name, in the order in which tables show them."""


def generate(spec: PasswordSpec, rng: random.Random | None = None) -> Secret:
    """Make a new value for `spec`.

    Args:
        spec: an entry of `PASSWORD_SPECS`.
        rng: source of randomness; ``None`` is the operating system's, the only one fit for use outside tests.

    Returns:
        `spec.length` characters out of 0-9, A-Z and a-z: nothing that a URL, a shell, YAML or Hiera's
        interpolation would read as its own.
    """
    # Not passlib's default source: where os.urandom is missing that falls back to a guessable one.
    source = rng or random.SystemRandom()
    return Secret(_genword()(length=spec.length, charset=_CHARSET, rng=source))


@functools.cache
def _genword() -> Callable[..., str]:
    # Late, as it takes 0.1 s; silent, as what passlib imports in turn is deprecated (crypt, pkg_resources)
    # and the operator can do nothing about it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from passlib.pwd import genword
    return genword
