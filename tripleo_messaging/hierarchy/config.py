# SPDX-License-Identifier: Apache-2.0
"""A hiera.yaml as far as it matters where levels are put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Optional

import attrs

from tripleo_messaging.documents.problems import RejectedError
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.nodes import Node, Shape, read_nodes
from tripleo_messaging.hierarchy.ours import (
    FUNCTION,
    Version,
    default_lines,
    has_our_name,
    is_level_name,
    plain_key,
    stem,
)
from tripleo_messaging.model.finding import Finding, Origin, Severity, describe

_PATHS = ("path", "paths", "glob", "globs", "mapped_paths")
_FUNCTIONS = ("data_hash", "lookup_key", "data_dig", "hiera3_backend")
_DEFAULT_FUNCTION = ("data_hash", "yaml_data")
_DEFAULT_DATADIR = "data"


@attrs.frozen(kw_only=True)
class Level:
    """An item of a hierarchy.

    Attributes:
        name: of the level, or of the entry.
        paths: that it reads, as written; of version 3 the name.
        is_ours: whether it has a name of ours, or reads what has.
        line: from 1.
        shape: all that it says.
        datadir: as written for the entry or in the defaults; empty for version 3.
        function: kind and name of the function that reads it; empty for version 3.
    """

    name: str
    paths: tuple[str, ...]
    is_ours: bool
    line: int
    shape: Shape
    datadir: str = ""
    function: tuple[str, str] = ("", "")

    @property
    def words(self) -> frozenset[str]:
        """Every name that it may be called by."""
        return frozenset({self.name, *self.paths, *(stem(path) for path in self.paths)})


@attrs.frozen(kw_only=True)
class Config:
    """A hiera.yaml.

    Attributes:
        file: the file as the operator named it.
        text: its text, without a byte order mark.
        end: offset where the first document ends; Hiera reads no further.
        root: the mapping that it is.
        version: as the file says it; 0 for what is none.
    """

    file: str
    text: str
    end: int
    root: Node
    version: int

    def values(self, name: str) -> list[tuple[Node, Node]]:
        """Return key and value of every member of that name."""
        return [pair for pair in self.root.pairs() if plain_key(pair[0]) == name]

    def value(self, name: str) -> Optional[Node]:
        """Return the value of a member; of two the last, as YAML's readers do."""
        found = self.values(name)
        return found[-1][1] if found else None

    @property
    def hierarchy(self) -> Optional[Node]:
        """The value of the member `hierarchy`."""
        return self.value("hierarchy")

    def line(self, name: str) -> Optional[int]:
        """Return where a member stands."""
        found = self.values(name)
        return found[-1][0].line if found else None

    def levels(self) -> tuple[Level, ...]:
        """Return the levels that Hiera searches, the default ones included."""
        make = _entry if self.version != 3 else _level  # noqa: PLR2004
        return tuple(make(self, item) for item in self._items())

    def _items(self) -> tuple[Node, ...]:
        node = self.hierarchy
        if node is None or node.is_null:
            return default_items(3 if self.version == 3 else 5)  # noqa: PLR2004
        return node.children if node.kind == "sequence" else (node,)

    def others(self) -> tuple[Shape, ...]:
        """Return all that the file says but for the hierarchy."""
        pairs = (pair for pair in self.root.pairs() if plain_key(pair[0]) != "hierarchy")
        return tuple((key.shape, value.shape) for key, value in pairs)

    def refuse(self, rule: str, line: Optional[int], message: str, hint: str = "") -> InvalidInputError:
        """Return the error of a file that is not edited."""
        return InvalidInputError((self.finding(rule, line, message, hint),))

    def finding(
        self, rule: str, line: Optional[int], message: str, hint: str = "", severity: Severity = "error"
    ) -> Finding:
        """Return a finding of this file."""
        origin = Origin(file=self.file, line=line)
        return Finding(rule=rule, severity=severity, message=message, hint=hint, origin=origin)


class UnprovenError(Exception):
    """An edit did not do what it should; the operator is told in other words."""


def read(text: str, file: str) -> Optional[Config]:
    """Read a hiera.yaml without a byte order mark; ``None`` when it is no mapping.

    Raises:
        InvalidInputError: it is not YAML, or goes beyond the limits.
    """
    try:
        root, end = read_nodes(text, file)
    except RejectedError as rejected:
        raise InvalidInputError((rejected.finding,)) from None
    if root is None or root.kind != "mapping":
        return None
    config = Config(file=file, text=text, end=end, root=root, version=0)
    return attrs.evolve(config, version=_version(config.value("version")))


def require(text: str, file: str) -> Config:
    """Read a hiera.yaml that we have edited.

    Raises:
        UnprovenError: it is one no longer.
    """
    try:
        config = read(text, file)
    except InvalidInputError:
        raise UnprovenError from None
    if config is None:
        raise UnprovenError
    return config


def default_items(version: Version) -> tuple[Node, ...]:
    """Return the hierarchy of a file that has none."""
    lines = (line for item in default_lines(version) for line in item)
    root, _ = read_nodes("\n".join(lines), "")
    return root.children if root else ()


def _version(node: Optional[Node]) -> int:
    if node is None or node.is_null:
        return 3
    # A text in quotes is none: Puppet wants an Integer.
    is_number = node.kind == "scalar" and not node.style and node.text.isascii() and node.text.isdigit()
    return int(node.text) if is_number and len(node.text) < 3 else 0  # noqa: PLR2004


def _level(_: Config, item: Node) -> Level:
    name = item.text if item.kind == "scalar" else ""
    return Level(
        name=name,
        paths=(name,) if name else (),
        is_ours=is_level_name(name),
        line=item.line,
        shape=item.shape,
    )


def _entry(config: Config, item: Node) -> Level:
    members = _members(item)
    defaults = _members(config.value("defaults"))
    name = texts(members.get("name"))
    paths = tuple(path for kind in _PATHS for path in _located(kind, members.get(kind)))
    function = _function(members) or _function(defaults) or _DEFAULT_FUNCTION
    datadir = (*texts(members.get("datadir")), *texts(defaults.get("datadir")), _DEFAULT_DATADIR)[0]
    is_ours = (
        any(has_our_name(text) for text in name)
        or any(is_level_name(stem(path)) for path in paths)
        or function == ("lookup_key", FUNCTION)
    )
    return Level(
        name=name[0] if name else "",
        paths=paths,
        is_ours=is_ours,
        line=item.line,
        shape=item.shape,
        datadir=datadir,
        function=function,
    )


def _members(node: Optional[Node]) -> dict[str, Node]:
    return {plain_key(key): value for key, value in node.pairs()} if node else {}


def _located(kind: str, node: Optional[Node]) -> tuple[str, ...]:
    found = texts(node)
    # The other two of mapped_paths are a variable and the name of its values.
    return found[2:] if kind == "mapped_paths" else found


def _function(members: dict[str, Node]) -> Optional[tuple[str, str]]:
    found = ((kind, text) for kind in _FUNCTIONS for text in texts(members.get(kind)))
    return next(found, None)


def texts(node: Optional[Node]) -> tuple[str, ...]:
    """Return the text of a scalar, or those of a list of scalars; nothing for anything else."""
    if node is None or node.is_null:
        return ()
    nodes = node.children if node.kind == "sequence" else (node,)
    return tuple(item.text for item in nodes if item.kind == "scalar")


def full_datadir(file: str, datadir: str) -> str:
    """Return a data directory of version 5, which is relative to the file's."""
    return str(PurePosixPath(file).parent / datadir)


def shown(level: Level) -> str:
    """Name a level in a message."""
    return describe(level.name or (level.paths or ("without a name",))[0])


def member(node: Optional[Node], name: str) -> Optional[Node]:
    """Return the value of a member of a mapping of hiera.yaml."""
    return _members(node).get(name)


def duplicates(config: Config, names: tuple[str, ...]) -> Iterator[str]:
    """Yield which of some members are written more than once."""
    yield from (name for name in names if len(config.values(name)) > 1)
