# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a text as a whole; no message quotes any of it."""

from __future__ import annotations

from typing import Optional

from tripleo_messaging.documents.values import Limits
from tripleo_messaging.model.finding import Finding, Origin


class RejectedError(Exception):
    """The text is not read any further; `parse_document` turns this into its finding.

    Attributes:
        finding: why.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


def unreadable(file: str, line: Optional[int], message: str, hint: str = "") -> Finding:
    """Say that a text is not of its format."""
    return _error("unreadable-document", file, line, message, hint)


def too_deep(file: str, line: Optional[int], limits: Limits) -> Finding:
    """Say that a text is nested too deeply."""
    return _error("too-deep", file, line, f"is nested deeper than {limits.depth} levels")


def too_many_values(file: str, line: Optional[int], limits: Limits) -> Finding:
    """Say that a text holds too much."""
    message = f"holds more than {limits.values:,} values, those behind aliases counted at each use"
    return _error("too-many-values", file, line, message)


def _error(rule: str, file: str, line: Optional[int], message: str, hint: str = "") -> Finding:
    origin = Origin(file=file, line=line)
    return Finding(rule=rule, severity="error", message=message, hint=hint, origin=origin)
