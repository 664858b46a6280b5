# SPDX-License-Identifier: Apache-2.0
"""A problem in the operator's input, as a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Literal, Optional, Union

import attrs

Severity = Literal["error", "warning", "note"]
Path = tuple[Union[str, int], ...]

_MAX_SHOWN_CHARACTERS = 80

# Small and capital letters and digits in one word, as in generated passwords and in hardly a name.
_LIKE_A_PASSWORD = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{12,}"
)


@attrs.frozen(kw_only=True)
class Origin:
    """Where a value was written.

    Attributes:
        file: the file as the operator named it.
        line: line number from 1; ``None`` where the format has none.
    """

    file: str
    line: Optional[int] = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@attrs.frozen(kw_only=True)
class Finding:
    """One problem: where, what was found, what was expected, the way out.

    Attributes:
        rule: stable kebab-case name of the rule, e.g. ``unknown-key``.
        severity: ``error`` stops the work, ``warning`` only with ``--strict``, ``note`` never.
        message: what was found and what was expected; never a secret.
        hint: the way out; empty where the message says it.
        path: JSON path of the value, ``$`` for the whole document.
        origin: file and line; ``None`` where nothing was written (a default).
    """

    rule: str
    severity: Severity
    message: str
    hint: str = ""
    path: str = "$"
    origin: Optional[Origin] = None

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.severity}: {self.path}: {self.message}{hint} [{self.rule}]"


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding is an error."""
    return any(finding.severity == "error" for finding in findings)


def json_path(path: Path) -> str:
    """Write a path of keys and indices as ``$.rpc.nodes[0].port``.

    A key that `describe` would not show is ``?``.
    """
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_shown_key(step)}" for step in path)


def _shown_key(key: str) -> str:
    return key if _is_showable(key) else "?"


def _is_showable(text: str) -> bool:
    may_be_secret = "@" in text or "://" in text or _LIKE_A_PASSWORD.search(text)
    return len(text) <= _MAX_SHOWN_CHARACTERS and text.isprintable() and not may_be_secret


def describe(value: object) -> str:
    """Name a value in a message: its text where that is safe to show, else its kind.

    A text that holds ``@`` or ``://`` may be a URL with a password in it, one of mixed letters and
    digits a password itself, and control characters or great length would spoil a terminal; of these
    only the kind is told.
    """
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > _MAX_SHOWN_CHARACTERS:
        return f"a text of {len(text)} characters"
    if not _is_showable(text):
        return "a text (not shown, as it may hold a secret)"
    return repr(text) if isinstance(value, str) else text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say ``did you mean 'x'?`` for the known word nearest to `word`, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
