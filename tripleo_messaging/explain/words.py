# SPDX-License-Identifier: Apache-2.0
"""An explanation in words: who decides, and whom that shadows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tripleo_messaging.explain.values import FIRST, Definer, Explanation

_IN_ORDER = ", and where they disagree the first of them decides"
_HOW = {"unique": ""}
_UNKNOWN_FILES = (
    "which other levels define it is not known, as their files cannot be told from the hiera.yaml"
)
_INCOMPLETE = "lower levels were not looked at, as one of them cannot be read"


def verdict(explanation: Explanation) -> str:
    """Say in one line who decides about the key."""
    parts = [_decision(explanation), *_shadows(explanation)]
    if not explanation.are_files_known:
        parts.append(_UNKNOWN_FILES)
    elif not explanation.is_complete:
        parts.append(_INCOMPLETE)
    return "; ".join(parts)


def _decision(explanation: Explanation) -> str:
    winners = [definer for definer in explanation.definers if definer.wins]
    if not winners:
        return "no level decides"
    if explanation.merge == FIRST or len(winners) == 1:
        return f"{_named(winners[:1])} decides"
    how = _HOW.get(explanation.merge, _IN_ORDER)
    return f"{_named(winners)} are merged ({explanation.merge}){how}"


def _shadows(explanation: Explanation) -> Iterator[str]:
    shadowed = [definer for definer in explanation.definers if not definer.wins]
    ours = [definer for definer in shadowed if definer.is_ours]
    others = [definer for definer in shadowed if not definer.is_ours]
    if ours:
        yield f"ours in {_listed(definer.name for definer in ours)} {_is(ours)} shadowed"
    if others:
        yield f"{_listed(definer.name for definer in others)} {_is(others)} shadowed"


def _is(definers: list[Definer]) -> str:
    return "is" if len(definers) == 1 else "are"


def _named(definers: list[Definer]) -> str:
    return _listed(f"{definer.name}{' (ours)' if definer.is_ours else ''}" for definer in definers)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
