# SPDX-License-Identifier: Apache-2.0
"""cliff's output formats, from a table: searching installed packages for them takes its time."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cliff.formatters.commaseparated import CSVLister
from cliff.formatters.json_format import JSONFormatter
from cliff.formatters.table import TableFormatter
from cliff.formatters.value import ValueFormatter
from cliff.formatters.yaml_format import YAMLFormatter

LIST_FORMATS: Mapping[str, Callable[[], Any]] = {
    "csv": CSVLister,
    "json": JSONFormatter,
    "table": TableFormatter,
    "value": ValueFormatter,
    "yaml": YAMLFormatter,
}


class Formats:
    """Formatters by name, in the shape that cliff asks of a plugin manager."""

    def __init__(self, classes: Mapping[str, Callable[[], Any]]) -> None:
        self._plugins = {name: types.SimpleNamespace(name=name, obj=made()) for name, made in classes.items()}

    def __getitem__(self, name: str) -> Any:
        return self._plugins[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._plugins.values())

    def names(self) -> list[str]:
        """Return the names of the formats."""
        return list(self._plugins)
