# SPDX-License-Identifier: Apache-2.0
"""Names of nodes, as operators mistype them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tripleo_messaging.hieradata.tree import member_names
from tripleo_messaging.model.finding import did_you_mean


def member_meant(tree: Path, node: str) -> str:
    """Ask for the member that a name is a slip of; a name with another number is another node."""
    return name_meant(node, member_names(tree))


def name_meant(node: str, names: Iterable[str]) -> str:
    """Ask for the one of some names that a name is a slip of."""
    numbers = re.findall("[0-9]+", node)
    return did_you_mean(node, (name for name in names if re.findall("[0-9]+", name) == numbers))
