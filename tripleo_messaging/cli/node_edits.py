# SPDX-License-Identifier: Apache-2.0
"""Changes of a node's files as values: decided first, written afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Optional

import attrs

from tripleo_messaging import files
from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.model.finding import Finding

LIMIT_BYTES = 64_000_000

_FACTS_DIRECTORY_MODE = 0o755


@attrs.frozen(kw_only=True)
class Edit:
    """A change of one file.

    Attributes:
        path: of the file.
        before: its content; ``None`` where there is none.
        after: what it shall be; ``None`` when it goes.
        note: what is done, in a few words.
        mode: of a new file; one that is there keeps its own.
        shown: yields the lines that show what changes, secrets masked.
    """

    path: Path
    before: Optional[bytes] = attrs.field(repr=False)
    after: Optional[bytes] = attrs.field(repr=False)
    note: str = ""
    mode: int = files.SECRET_MODE
    shown: Callable[[], Iterator[str]] = attrs.field(default=lambda: iter(()), eq=False, repr=False)

    @property
    def state(self) -> str:
        """What becomes of the file: ``written``, ``removed`` or ``unchanged``."""
        if self.before == self.after:
            return "unchanged"
        return "removed" if self.after is None else "written"


@attrs.frozen(kw_only=True)
class Edits:
    """What is to be done beside the data directory.

    Attributes:
        edits: of the files.
        findings: warnings and notes.
        shadowed: what managed data hide, as ``level: key``; ``None`` where no hierarchy tells it.
    """

    edits: tuple[Edit, ...] = ()
    findings: tuple[Finding, ...] = ()
    shadowed: Optional[tuple[str, ...]] = ()


def carry_out(edits: Iterable[Edit]) -> None:
    """Write what was decided, each file at once.

    Raises:
        UnwritableFileError: a file cannot be written, or was changed since it was read.
        LockedError: another command is writing there.
    """
    for edit in edits:
        if edit.state == "unchanged":
            continue
        # Of what is written here only a directory of facts may be missing.
        files.make_directory(edit.path.parent, _FACTS_DIRECTORY_MODE)
        with files.locked(edit.path.parent):
            if files.read_if_there(edit.path, LIMIT_BYTES) != edit.before:
                raise UnwritableFileError(str(edit.path), "was changed meanwhile; run the command again")
            _write(edit)


def writable(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits; refuse what could not be written, before anything is.

    Raises:
        UnwritableFileError: what has the name of a file to write is none.
    """
    edits = tuple(edits)
    for edit in edits:
        if edit.state != "unchanged":
            files.refuse_irregular(edit.path)
    return edits


def _write(edit: Edit) -> None:
    if edit.after is None:
        files.remove(edit.path)
    elif edit.before is None:
        files.write_atomic(edit.path, edit.after, edit.mode)
    else:
        files.rewrite(edit.path, edit.after)
