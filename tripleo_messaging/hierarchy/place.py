# SPDX-License-Identifier: Apache-2.0
"""Where in a hierarchy our levels belong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Optional

import attrs

from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.config import Config, Level, shown
from tripleo_messaging.model.finding import Finding, did_you_mean

#: Levels of TripleO that say the same keys: what Heat and Ansible make of the plan.
BELOW_OURS = frozenset({"service_names", "service_configs", "all_nodes"})

_OVERRIDES = "extraconfig"


@attrs.frozen(kw_only=True)
class Place:
    """Where our levels go.

    Attributes:
        index: of the level that they stand above; the number of levels for the end.
        text: the same in words.
        findings: warnings.
    """

    index: int
    text: str
    findings: tuple[Finding, ...] = ()


def find_place(config: Config, levels: Sequence[Level], above: Optional[str], former: Optional[int]) -> Place:
    """Choose the place of our levels.

    Args:
        config: the file, for its findings.
        levels: those of others, in order.
        above: the level that the operator named.
        former: where ours stood before.

    Raises:
        InvalidInputError: there is no such level, or ours would hide the operator's overrides unasked.
    """
    if above is not None:
        return _place(config, levels, _named(config, levels, above))
    if former is not None:
        return _place(config, levels, former)
    index = next((at for at, level in enumerate(levels) if level.words & BELOW_OURS), len(levels))
    hidden = _hidden(levels, index)
    if hidden:
        raise _refused(config, levels[index], hidden)
    return _place(config, levels, index)


def in_words(levels: Sequence[Level], index: int) -> str:
    """Say where an index is."""
    if index < len(levels):
        return f"above {shown(levels[index])}"
    return f"at the end, below {shown(levels[-1])}" if levels else "alone"


def _place(config: Config, levels: Sequence[Level], index: int) -> Place:
    findings = overridden(config, levels, index)
    return Place(index=index, text=in_words(levels, index), findings=tuple(findings))


def hidden_or_hiding(config: Config, levels: Sequence[Level], index: int) -> Iterator[Finding]:
    """Yield warnings of a place that was chosen by hand."""
    yield from overridden(config, levels, index)
    for level in levels[:index]:
        if level.words & BELOW_OURS:
            message = f"{shown(level)} stands above the messaging levels, and what it says of them wins"
            yield config.finding("stale-above", level.line, message, severity="warning")


def overridden(config: Config, levels: Sequence[Level], index: int) -> Iterator[Finding]:
    """Yield a warning for each level of the operator's overrides that stands below ours."""
    for level in _hidden(levels, index):
        message = f"{shown(level)} stands below the messaging levels: an override there has no effect"
        yield config.finding("overrides-below", level.line, message, severity="warning")


def _hidden(levels: Sequence[Level], index: int) -> list[Level]:
    return [level for level in levels[index:] if any(word.endswith(_OVERRIDES) for word in level.words)]


def _refused(config: Config, target: Level, hidden: Sequence[Level]) -> InvalidInputError:
    if target in hidden:
        message = f"{shown(target)} reads both an extraconfig and what belongs below the messaging levels"
        hint = "make two entries of it, or name a place with --above LEVEL"
        return config.refuse("overrides-below", target.line, message, hint)
    names = " and ".join(shown(level) for level in hidden)
    message = (
        f"the messaging levels belong above {shown(target)} and below {names},"
        f" where an operator's override wins, and here the two stand the other way round"
    )
    hint = f"put {names} above {shown(target)}, or name a place with --above LEVEL"
    return config.refuse("overrides-below", hidden[0].line, message, hint)


def _named(config: Config, levels: Sequence[Level], above: str) -> int:
    found = [at for at, level in enumerate(levels) if level.name == above]
    found = found or [at for at, level in enumerate(levels) if above in level.words]
    if len(found) == 1:
        return found[0]
    words = sorted(word for level in levels for word in level.words)
    message = f"--above: the hierarchy has {'more than one' if found else 'no'} level {above!r}"
    raise config.refuse("unknown-level", config.line("hierarchy"), message, did_you_mean(above, words))
