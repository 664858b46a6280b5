# SPDX-License-Identifier: Apache-2.0
"""The option that says how old secrets may become."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional

import attrs

from tripleo_messaging.cli.options import number_of_days
from tripleo_messaging.cli.store_work import check_names

if TYPE_CHECKING:
    from tripleo_messaging.passwords.ages import AgePolicy


@attrs.frozen(kw_only=True)
class MaxAge:
    """What one ``--max-age`` says.

    Attributes:
        name: of the secret; ``None`` is every one that has no age of its own.
        days: how old it may become.
    """

    name: Optional[str]
    days: int


def add_max_age_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--max-age``, which can be repeated."""
    parser.add_argument(
        "--max-age",
        metavar="[NAME=]DAYS",
        type=max_age,
        action="append",
        default=[],
        dest="max_ages",
        help="how old secrets may become, or one of them, e.g. 90 or RpcPassword=30; repeat it for more",
    )


def max_age(text: str) -> MaxAge:
    """Read an argument of ``--max-age``.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    name, equals, days = text.rpartition("=")
    if equals and not name:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} names no secret; expected [NAME=]DAYS")
    return MaxAge(name=name or None, days=number_of_days(days))


def age_policy(max_ages: Iterable[MaxAge]) -> AgePolicy:
    """Return the policy that the options ask for; later ones win, and what none says is the default.

    Raises:
        UsageError: a name is none of ours.
    """
    from tripleo_messaging.passwords.ages import AgePolicy
    from tripleo_messaging.passwords.stack_file import secret_names

    days = {given.name: given.days for given in max_ages}
    check_names((name for name in days if name), sorted(secret_names()), "one of our secrets", "--max-age")
    return AgePolicy(days=days)
