# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain values, bounded, safe, and with line numbers.

No tag builds an object, and no scalar of YAML is typed here: the schema of the document says what
``05672``, ``2024.2``, ``1:30`` or ``yes`` is, so that each stays what was written. A scalar without
quotes comes out as `Plain`, one with quotes as ``str``.
"""

from __future__ import annotations

from tripleo_messaging.documents.read import parse_document, read_document
from tripleo_messaging.documents.values import (
    ENVIRONMENT_LIMITS,
    INVENTORY_LIMITS,
    PLAN_LIMITS,
    Data,
    Document,
    Limits,
    Plain,
    is_null,
)

__all__ = [
    "ENVIRONMENT_LIMITS",
    "INVENTORY_LIMITS",
    "PLAN_LIMITS",
    "Data",
    "Document",
    "Limits",
    "Plain",
    "is_null",
    "parse_document",
    "read_document",
]
