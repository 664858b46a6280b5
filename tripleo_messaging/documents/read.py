# SPDX-License-Identifier: Apache-2.0
"""A file, or its content, to a document and findings about its form."""

from __future__ import annotations

import os
from typing import Optional

from tripleo_messaging import files
from tripleo_messaging.documents.json_text import parse_json
from tripleo_messaging.documents.problems import RejectedError, unreadable
from tripleo_messaging.documents.values import Document, Limits
from tripleo_messaging.documents.yaml_text import parse_yaml
from tripleo_messaging.errors import FileTooLargeError
from tripleo_messaging.model.finding import Finding, Origin


def read_document(
    path: str | os.PathLike[str], limits: Limits, *, with_lines: bool = True
) -> tuple[Optional[Document], tuple[Finding, ...]]:
    """Read and parse a file; as `parse_document`, and a file over its bound is a finding.

    Raises:
        UnreadableFileError: it is missing, is not a regular file, or may not be read.
    """
    file = os.fspath(path)
    try:
        text = files.read_bounded(file, limits.size_bytes)
    except FileTooLargeError as error:
        origin = Origin(file=file)
        return None, (
            Finding(rule="too-large", severity="error", message=f"is {error.reason}", origin=origin),
        )
    return parse_document(text, file=file, limits=limits, with_lines=with_lines)


def parse_document(
    text: bytes, *, file: str, limits: Limits, with_lines: bool = True
) -> tuple[Optional[Document], tuple[Finding, ...]]:
    """Parse JSON (``.json``) or YAML text.

    Args:
        text: the file's content.
        file: its name as the operator gave it; the ending decides the format.
        limits: bounds on depth and number of values.
        with_lines: collect line numbers (YAML only).

    Returns:
        The document and findings about its form. The document is ``None`` when the text as a
        whole cannot be read; a duplicate key, an unsafe tag or a merge of what is no mapping
        leaves a document behind.
    """
    try:
        decoded = text.decode("utf-8-sig")
        if file.endswith(".json"):
            data, findings = parse_json(decoded, file, limits)
            return Document(file=file, data=data), findings
        return parse_yaml(decoded, file, limits, with_lines=with_lines)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        return None, (unreadable(file, line, "is not UTF-8 text", "save the file in UTF-8"),)
    except RejectedError as rejected:
        return None, (rejected.finding,)
