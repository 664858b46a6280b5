# SPDX-License-Identifier: Apache-2.0
"""From a file to an `Inventory`."""

from __future__ import annotations

import os
from typing import Optional

from tripleo_messaging import files
from tripleo_messaging.documents import INVENTORY_LIMITS, parse_document
from tripleo_messaging.errors import FileTooLargeError
from tripleo_messaging.inventory.parse import ini_finding, looks_like_ini, parse_inventory
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.model.inventory import Inventory

# Line numbers of every value cost as much again as the values.
_WITH_LINES_UP_TO_BYTES = 2_000_000


def load_inventory(path: str | os.PathLike[str]) -> tuple[Optional[Inventory], tuple[Finding, ...]]:
    """Read an inventory file: YAML, or the JSON of ``ansible-inventory --list``.

    Returns:
        As `parse_inventory`; without line numbers for a YAML file over 2 MB.

    Raises:
        UnreadableFileError: it is missing, is not a regular file, or may not be read.
    """
    file = os.fspath(path)
    try:
        text = files.read_bounded(file, INVENTORY_LIMITS.size_bytes)
    except FileTooLargeError as error:
        return None, (_too_large(file, error),)
    if looks_like_ini(text):
        return None, (ini_finding(file),)
    with_lines = len(text) <= _WITH_LINES_UP_TO_BYTES
    document, findings = parse_document(text, file=file, limits=INVENTORY_LIMITS, with_lines=with_lines)
    del text
    if document is None:
        return None, findings
    inventory, more = parse_inventory(document)
    return (None if findings else inventory), (*findings, *more)


def _too_large(file: str, error: FileTooLargeError) -> Finding:
    return Finding(rule="too-large", severity="error", message=f"is {error.reason}", origin=Origin(file=file))
