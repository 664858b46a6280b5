# SPDX-License-Identifier: Apache-2.0
"""Values of several levels to one, as Hiera's deep merge does where lists stand in one level alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(higher: Any, lower: Any) -> Any:
    """Merge two values: of what is no mapping the higher one is taken; keys keep the lower one's order."""
    if not isinstance(higher, Mapping) or not isinstance(lower, Mapping):
        return higher
    merged = {key: merge(higher[key], value) if key in higher else value for key, value in lower.items()}
    return {**merged, **{key: value for key, value in higher.items() if key not in lower}}
