# SPDX-License-Identifier: Apache-2.0
"""What a document is made of, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Union

import attrs

from tripleo_messaging.model.finding import Origin, Path

Data = Union[dict[str, Any], list[Any], str, int, float, bool, None]

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Plain(str):
    """The text of a YAML scalar written without quotes; its type is the schema's to decide."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        """Whether YAML reads this text as null."""
        return self in _NULLS


def is_null(value: object) -> bool:
    """Tell whether a value of a document is null: JSON's, or what YAML reads so."""
    return value is None or (isinstance(value, Plain) and value.is_null)


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds on a document.

    Attributes:
        size_bytes: of the file.
        depth: of nesting.
        values: scalars and collections, those behind an alias counted at every use.
    """

    size_bytes: int
    depth: int = 32
    values: int = 100_000


PLAN_LIMITS = Limits(size_bytes=1_000_000)
ENVIRONMENT_LIMITS = Limits(size_bytes=8_000_000, values=500_000)
INVENTORY_LIMITS = Limits(size_bytes=64_000_000, values=5_000_000)


@attrs.frozen(kw_only=True)
class Document:
    """One parsed document.

    Attributes:
        file: the file as the operator named it; used in findings.
        data: mappings with text keys, lists, and scalars (`Plain` or ``str`` from YAML).
        lines: line number of each value by its path; empty for JSON.
    """

    file: str
    data: Data
    lines: Mapping[Path, int] = MappingProxyType({})

    def origin(self, path: Path) -> Origin:
        """Return where the value of `path`, or its nearest written parent, stands."""
        while path and path not in self.lines:
            path = path[:-1]
        return Origin(file=self.file, line=self.lines.get(path))
