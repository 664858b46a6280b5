# SPDX-License-Identifier: Apache-2.0
"""What a command that changes a node's files says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from tripleo_messaging.cli.node_edits import Edit
from tripleo_messaging.cli.words import table


def edit_report(edits: Iterable[Edit]) -> Iterator[str]:
    """Yield what became of the files beside the levels."""
    rows = [(str(edit.path), edit.state, edit.note) for edit in edits]
    if rows:
        yield "Beside it"
        yield from table(rows)


def shadow_report(shadowed: Optional[Iterable[str]]) -> Iterator[str]:
    """Yield the values of levels that managed data hide; ``None`` is not known."""
    if shadowed is None:
        yield "What it hides is listed when --hiera-config names the node's hiera.yaml; it is only read then"
        return
    lines = tuple(shadowed)
    if lines:
        yield "Hidden by it, as that file is read before these levels"
        yield from (f"  {line}" for line in lines)


def change_report(changes: Iterable[str]) -> Iterator[str]:
    """Yield the differences of a command that only looked."""
    lines = tuple(changes)
    yield ""
    yield from lines or ("Nothing would change.",)
