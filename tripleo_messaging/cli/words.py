# SPDX-License-Identifier: Apache-2.0
"""Plain text for terminals."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield indented lines with the cells of `rows` in columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths))
        yield f"  {'  '.join(cells)}".rstrip()


def command_line(*words: str) -> str:
    """Return words as they are typed into a shell."""
    return shlex.join(words)


def counted(number: int, noun: str) -> str:
    """Return ``1 file`` or ``2 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
