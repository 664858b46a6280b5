# SPDX-License-Identifier: Apache-2.0
"""A key in a rendered tree alone: which of a node's levels have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tripleo_messaging.errors import UnknownKeyError
from tripleo_messaging.explain.values import FIRST, Definer, Explanation
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.tree import lookup_in


def explain_in_tree(levels: Mapping[str, Mapping[str, Any]], key: str, tree: Path) -> Explanation:
    """Explain a key in the levels that a node sees, the most specific first.

    Raises:
        UnknownKeyError: no level has it.
    """
    value = lookup_in(levels, key, tree)
    merge = _merge(levels, key)
    paths = [path for path, level in levels.items() if key in level]
    if not paths:
        raise UnknownKeyError(key, str(tree))
    definers = (
        Definer(
            layer="tree",
            level=path,
            file=str(tree / path),
            value=levels[path][key],
            is_ours=True,
            wins=merge != FIRST or number == 0,
        )
        for number, path in enumerate(paths)
    )
    return Explanation(
        key=key,
        program="the rendered tree",
        merge=merge,
        definers=tuple(definers),
        is_found=True,
        value=value,
    )


def _merge(levels: Mapping[str, Mapping[str, Any]], key: str) -> str:
    stated = (level.get(LOOKUP_OPTIONS, {}) for level in levels.values())
    options: Mapping[str, Any] = next((options[key] for options in stated if key in options), {})
    return str(options.get("merge", FIRST))
