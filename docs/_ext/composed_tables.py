# SPDX-License-Identifier: Apache-2.0
"""Directives that write the code's own tables into the pages, so that the two cannot differ."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tripleo_messaging.capability import Capability, capability_table
from tripleo_messaging.hieradata.keys import KEYS

Row = tuple[str, ...]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tripleo_messaging"
ROOMS_TEST = ROOT / "tests" / "unit" / "test_rooms.py"


def list_table(rows: Iterable[Row], widths: str = "auto") -> Iterator[str]:
    """Yield the lines of a ``list-table`` whose first row is the header."""
    yield from (".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "")
    for row in rows:
        for marks, cell in zip(itertools.chain(["   * - "], itertools.repeat("     - ")), row):
            yield marks + " ".join(cell.split())


def is_there(room: str) -> bool:
    """Tell whether the package has a room of that name; the table has places for those to come."""
    return any((PACKAGE / name).exists() for name in (room, f"{room}.py"))


class ComposedTable(SphinxDirective):
    """A directive without content that stands for a table."""

    has_content: ClassVar[bool] = False

    def rows(self) -> Iterator[Row]:
        """Yield the header and the rows, as reStructuredText."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse the table in place of the directive."""
        return list(self.parse_lines(list_table(self.rows())))

    def parse_lines(self, lines: Iterable[str]) -> Iterator[nodes.Node]:
        """Parse lines of reStructuredText where the directive stands."""
        parent = nodes.container()
        self.state.nested_parse(StringList(list(lines), source=type(self).__name__), 0, parent)
        yield from parent.children


class RoomTable(ComposedTable):
    """The rooms of the package, row by row."""

    def rows(self) -> Iterator[Row]:
        """Read the rows where the test holds them."""
        yield "row", "rooms"
        tree = ast.parse(ROOMS_TEST.read_text())
        table = next(
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROWS"
        )
        rows = ([room for room in row if is_there(room)] for row in ast.literal_eval(table))
        for number, rooms in enumerate(filter(None, rows), start=1):
            yield str(number), ", ".join(f"``{room}``" for room in rooms)


class CapabilityTable(ComposedTable):
    """Which backend serves which messaging service in which release."""

    def rows(self) -> Iterator[Row]:
        """Draw the releases of one backend and service together."""
        yield "backend", "service", "releases", "in the others"

        def place(cell: Capability) -> Row:
            return cell.backend, cell.service

        for (backend, service), cells in itertools.groupby(sorted(capability_table(), key=place), place):
            yield (f"``{backend}``", f"``{service}``", *self.answer(list(cells)))

    def answer(self, cells: list[Capability]) -> Row:
        """Name the releases that can, and say why the others cannot; `cells` are in the releases' order."""
        allowed = [cell.release for cell in cells if cell.allowed]
        refused = {f"{cell.reason}; {cell.way_out}": None for cell in cells if not cell.allowed}
        ends = dict.fromkeys([allowed[0], allowed[-1]]) if allowed else ["none"]
        return " to ".join(ends), " ".join(refused)


class HieraKeys(ComposedTable):
    """Every hieradata key, a table for each dialect."""

    def run(self) -> list[nodes.Node]:
        """Say what each dialect is, and parse its table."""
        lines = (
            line
            for dialect, words in DIALECTS.items()
            for line in (f"**{words}**", "", *list_table(self.rows_of(dialect), WIDTHS), "")
        )
        return list(self.parse_lines(lines))

    def rows_of(self, dialect: str) -> Iterator[Row]:
        """Yield the header and the keys of one dialect, in the order of the code."""
        yield "key", "type", "in", "says"
        keys = [key for key in KEYS if key.dialect == dialect]
        if not keys:
            raise self.error(f"no key is of the dialect {dialect!r}")
        for key in keys:
            name = key.name.replace("{service}", "S" if len(key.services) > 1 else key.services[0])
            secret = " *Secret.*" if key.is_secret else ""
            merged = f" Levels are merged: {key.merge}." if key.merge else ""
            yield f"``{name}``", f"``{key.type}``", key.level, key.description + secret + merged


DIALECTS = {
    "messaging": "Our own, for clients",
    "puppet-tripleo": "For the service profiles of puppet-tripleo",
    "puppet-openstack": "For the puppet-openstack modules",
    "puppet": "For our own Puppet module",
}
WIDTHS = "36 18 8 38"


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    app.add_directive("room-table", RoomTable)
    app.add_directive("capability-table", CapabilityTable)
    app.add_directive("hiera-keys", HieraKeys)
    return {"parallel_read_safe": True}
