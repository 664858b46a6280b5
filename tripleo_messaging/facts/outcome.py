# SPDX-License-Identifier: Apache-2.0
"""What becomes of one file of external facts."""

from __future__ import annotations

from typing import Any, Optional

import attrs

from tripleo_messaging.model.finding import Finding, Origin, Severity, json_path

#: Facts in the order in which Facter meets them: name as written (a string, or an `OtherKey` of
#: `ruby_text`), value as parsed.
Pairs = list[tuple[Any, Any]]


class SpoiledError(ValueError):
    """A file, or a value in it, that Facter cannot use.

    Attributes:
        rule: of the finding that tells it.
        message: what was found; never a value.
        severity: ``note`` where Facter says nothing, ``warning`` and ``error`` where it logs one.
        line: line number from 1, where it is known.
    """

    def __init__(
        self, rule: str, message: str, severity: Severity = "error", line: Optional[int] = None
    ) -> None:
        super().__init__(rule, message)
        self.rule = rule
        self.message = message
        self.severity = severity
        self.line = line

    def finding(self, file: str, name: Optional[str] = None) -> Finding:
        """Return it as a finding about a file, and about one fact of it where `name` is given."""
        return problem(self.rule, self.severity, self.message, file, name=name, line=self.line)


@attrs.frozen(kw_only=True)
class Outcome:
    """What a file gives.

    Attributes:
        pairs: its facts.
        problems: what Facter would log, and what it would leave out without a word.
    """

    pairs: Pairs = attrs.Factory(list)
    problems: tuple[Finding, ...] = ()


_HINTS = {
    "not-utf-8": "write the file in UTF-8",
    "not-a-mapping": "write fact names and values: a mapping",
    "false-document": "write fact names and values: a mapping",
    "bad-json": "check it with `python3 -m json.tool`",
    "bad-yaml": "quote what YAML takes for something else, or write the file as JSON",
    "invalid-value": "write text in UTF-8, or encode bytes in base64",
    "unreadable": "make it a regular file that the reader may read, or remove it",
    "did-not-run": "check the interpreter that its first line names",
    "timed-out": "Facter waits 300 seconds; let the program end sooner",
    "too-much-output": "print facts only",
    "wrote-to-stderr": "keep standard error empty: Facter logs it as a warning in each run",
    "symbol": "put it in quotes",
    "no-facts": "write facts into it, or remove it",
}


def problem(
    rule: str,
    severity: Severity,
    message: str,
    file: str,
    *,
    name: Optional[str] = None,
    line: Optional[int] = None,
    hint: str = "",
) -> Finding:
    """Return a finding about a file of facts; `name` is the fact's, where it is about one."""
    return Finding(
        rule=rule,
        severity=severity,
        message=message,
        hint=hint or _HINTS.get(rule, ""),
        path="$" if name is None else json_path((name,)),
        origin=Origin(file=file, line=line),
    )
