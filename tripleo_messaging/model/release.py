# SPDX-License-Identifier: Apache-2.0
"""OpenStack releases, and the oslo.messaging that each of them ends with.

Source: the tags of openstack/oslo.messaging and openstack/releases (last version of each series).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

Version = tuple[int, ...]

DEFAULT_RELEASE = "wallaby"


@attrs.frozen(kw_only=True, order=True)
class Release:
    """One OpenStack release.

    Attributes:
        position: 0 for the oldest known release; orders releases, whose names do not sort.
        name: code name in lower case up to zed, ``YEAR.N`` from 2023.1 on.
        oslo_messaging: last oslo.messaging of the series, e.g. ``(12, 7, 3)``.
    """

    position: int
    name: str = attrs.field(order=False)
    oslo_messaging: Version = attrs.field(order=False)


_LAST_OSLO_MESSAGING: tuple[tuple[str, Version], ...] = (
    ("mitaka", (4, 6, 1)),
    ("newton", (5, 10, 2)),
    ("ocata", (5, 17, 4)),
    ("pike", (5, 30, 8)),
    ("queens", (5, 35, 6)),
    ("rocky", (8, 1, 4)),
    ("stein", (9, 5, 2)),
    ("train", (10, 2, 4)),
    ("ussuri", (12, 1, 6)),
    ("victoria", (12, 5, 2)),
    ("wallaby", (12, 7, 3)),
    ("xena", (12, 9, 4)),
    ("yoga", (12, 13, 3)),
    ("zed", (14, 0, 3)),
    ("2023.1", (14, 2, 5)),
    ("2023.2", (14, 4, 2)),
    ("2024.1", (14, 7, 3)),
    ("2024.2", (14, 9, 3)),
    ("2025.1", (16, 1, 2)),
    ("2025.2", (17, 1, 1)),
    ("2026.1", (17, 3, 2)),
)

RELEASES: Mapping[str, Release] = MappingProxyType(
    {
        name: Release(position=position, name=name, oslo_messaging=version)
        for position, (name, version) in enumerate(_LAST_OSLO_MESSAGING)
    }
)
