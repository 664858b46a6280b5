# SPDX-License-Identifier: Apache-2.0
"""What an edit of a hiera.yaml changes, for the operator's eyes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from tripleo_messaging.hierarchy.visible import Line, lines

_CONTEXT = 3
_NO_END = " (no newline at the end)"


def diff(before: bytes, after: bytes, path: str) -> Iterator[str]:
    """Yield the lines of a unified diff, without line ends; nothing where nothing changes.

    Shown is the structure of the file, the names and paths of its levels, its data directories, and what we
    write. All else is masked: comments of others, options, sections of other backends, and every line of
    what cannot be read as a hiera.yaml, which is shown without the lines around a change.

    Args:
        before: the file's content; empty where there is none.
        after: what it is to be; empty where it goes.
        path: its name.
    """
    (old, old_is_read), (new, new_is_read) = lines(before, path), lines(after, path)
    context = _CONTEXT if old_is_read and new_is_read else 0
    matcher = difflib.SequenceMatcher(None, _compared(old, before), _compared(new, after), autojunk=False)
    groups = list(matcher.get_grouped_opcodes(context))
    if groups:
        yield f"--- {path}"
        yield f"+++ {path}"
    shown_old, shown_new = _shown(old, before), _shown(new, after)
    for group in groups:
        yield _header(group)
        for kind, first, last, new_first, new_last in group:
            if kind == "equal":
                yield from (f" {line}" for line in shown_old[first:last])
                continue
            yield from (f"-{line}" for line in shown_old[first:last])
            yield from (f"+{line}" for line in shown_new[new_first:new_last])


def _compared(of: Sequence[Line], content: bytes) -> list[str]:
    return _with_end([line.text for line in of], content)


def _shown(of: Sequence[Line], content: bytes) -> list[str]:
    return _with_end([line.shown for line in of], content)


def _with_end(texts: list[str], content: bytes) -> list[str]:
    # A line that ends otherwise is another line.
    is_ended = content.endswith(b"\n") or not texts
    return texts if is_ended else [*texts[:-1], f"{texts[-1]}{_NO_END}"]


def _header(group: list[tuple[str, int, int, int, int]]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1 if length else start},{length}"
