# SPDX-License-Identifier: Apache-2.0
"""What was found out about a key."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import attrs

from tripleo_messaging.hieradata.install import LEVEL_NAMES

#: How the names of our entries in a hierarchy of version 5 begin.
OUR_ENTRIES = "tripleo-messaging"

FIRST = "first"


@attrs.frozen(kw_only=True)
class Definer:
    """A level that has a value for the key.

    Attributes:
        layer: ``global``, ``environment`` or ``module`` of Puppet; ``tree`` of a rendered tree.
        level: as the hierarchy names it: a path before interpolation, or an entry without a path.
        file: that was read; empty where the level is none, or it is not known.
        value: what the level says; it may be secret, and is left out of `repr`.
        is_ours: whether this is a level that we install, or a key that we manage in another's file.
        wins: whether its value is that of the key, or goes into it where values are merged.
    """

    layer: str
    level: str
    file: str = ""
    value: Any = attrs.field(repr=False)
    is_ours: bool
    wins: bool

    @property
    def name(self) -> str:
        """What to call the level in a sentence: its file's name, or that of the level."""
        return PurePath(self.file).name or self.level


@attrs.frozen(kw_only=True)
class Explanation:
    """Where the value of a key comes from.

    Attributes:
        key: that was asked for.
        program: who was asked, e.g. ``puppet lookup``.
        merge: ``first``, ``unique``, ``hash`` or ``deep``.
        definers: the levels that have a value, the highest first.
        is_found: whether the key has a value.
        value: that value, before it may be wrapped as Sensitive; it may be secret.
        is_complete: whether every level was looked at; without, only those that decide are known.
        is_interpolated: whether a level's value is filled in from elsewhere, which may be from a secret.
        are_files_known: whether the file of every level could be told; without, it is not complete either.
    """

    key: str
    program: str
    merge: str = FIRST
    definers: tuple[Definer, ...] = ()
    is_found: bool = False
    value: Any = attrs.field(default=None, repr=False)
    is_complete: bool = True
    is_interpolated: bool = False
    are_files_known: bool = True


def is_our_level(level: str, file: str = "", entry: str = "") -> bool:
    """Tell by its names whether a level is one that we install."""
    stems = {PurePath(name).name.removesuffix(".json") for name in (level, file)}
    return bool(stems & set(LEVEL_NAMES)) or entry.startswith(OUR_ENTRIES)
