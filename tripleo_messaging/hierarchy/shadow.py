# SPDX-License-Identifier: Apache-2.0
"""Which levels below a file say the keys that it is to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Optional

import attrs

from tripleo_messaging.documents import Limits, parse_document
from tripleo_messaging.documents.problems import unreadable
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.checks import v3_datadir
from tripleo_messaging.hierarchy.config import Config, Level, full_datadir, read
from tripleo_messaging.hierarchy.ours import is_level_name, stem

#: Gives the content of each file that matches a pattern, by its path. A pattern is an absolute path, or one
#: relative to the working directory, in which ``*`` stands for anything but a slash; ``[*]`` is a star.
Reader = Callable[[str], Mapping[str, bytes]]

_LIMITS = Limits(size_bytes=64_000_000, values=5_000_000)
_INTERPOLATION = re.compile(r"%\{[^}]*\}")
_SPECIAL = re.compile(r"[*?\[]")
_LOOKUP_OPTIONS = "lookup_options"
# Strategies that take what a lower level says into account.
_MERGING = frozenset({"deep", "hash", "unique"})


@attrs.frozen(kw_only=True, order=True)
class Shadow:
    """A key that has no effect any more where it is said, or not the whole of it.

    Attributes:
        level: name of the level; with a name that depends on facts also the file.
        key: its name; ``lookup_options of KEY`` for what a level says of the lookup of one of our keys; empty
            where the level was not looked into, because the file (then named in `level`) cannot be read.
        is_merged: our ``lookup_options`` merge what is said there with ours, so that it loses only where both
            say the same.
    """

    level: str
    key: str
    is_merged: bool = False


def shadowed(
    hiera_yaml: bytes, path: str, managed: str, keys: Collection[str], matching: Reader
) -> list[Shadow]:
    """Find what keys in a managed file would hide.

    Args:
        hiera_yaml: content of the node's hiera.yaml, of version 3 or 5.
        path: its name as the operator gave it.
        managed: name of the level that the file is, e.g. ``ansible_managed``.
        keys: that the file is to say; as a mapping with their values also what its `lookup_options` say.
        matching: reads the data files.

    Returns:
        In the order of the hierarchy; levels of ours are none of it. A damaged file does not end the search.

    Raises:
        InvalidInputError: no level reads that file, and its keys would not be found.
    """
    try:
        config = read(hiera_yaml.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        config = None
    if config is None:
        raise InvalidInputError((unreadable(path, None, "is no mapping in UTF-8"),))
    below, known = _below(config, managed)
    ours = _Ours.of(keys)
    found: list[Shadow] = []
    for place in below:
        files = dict(matching(_pattern(place.path)))
        if place.depends_on_facts:
            # What a fact may name is not what has a level of its own, or was told already.
            files = {file: text for file, text in files.items() if _is_new(file, known)}
            known |= files.keys()
        found += _shadows(place, files, ours)
    return found


def _is_new(file: str, known: Collection[str]) -> bool:
    return file not in known and not is_level_name(stem(file))


@attrs.frozen(kw_only=True)
class _Place:
    """A level and where one of its files is, as written."""

    level: Level
    path: str

    @property
    def depends_on_facts(self) -> bool:
        return "%{" in self.path


def _below(config: Config, managed: str) -> tuple[list[_Place], set[str]]:
    """Return where is read below a file, and the paths that are the same on every node."""
    places = [
        _Place(level=level, path=_path(config, level, name))
        for level in config.levels()
        for name in level.paths
    ]
    first = next((at for at, place in enumerate(places) if stem(place.path) == managed), None)
    if first is None:
        message = f"no level reads {managed!r}, so that keys in it would not be found"
        hint = "name a file that one reads, or install levels of their own with --hiera-config"
        raise config.refuse("unread-file", config.line("hierarchy"), message, hint)
    known = {place.path for place in places if not place.depends_on_facts}
    return [place for place in places[first + 1 :] if not place.level.is_ours], known


def _path(config: Config, level: Level, name: str) -> str:
    if config.version == 3:  # noqa: PLR2004
        ending = "" if name.endswith(".json") else ".json"
        return f"{v3_datadir(config) or ''}/{name}{ending}"
    return str(PurePosixPath(full_datadir(config.file, level.datadir)) / name)


def _pattern(path: str) -> str:
    return "*".join(_SPECIAL.sub(r"[\g<0>]", part) for part in _INTERPOLATION.split(path))


@attrs.frozen(kw_only=True)
class _Ours:
    """What our file is to say.

    Attributes:
        keys: but for `lookup_options`.
        options: what it says of the lookup of some of them.
    """

    keys: frozenset[str]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, keys: Collection[str]) -> _Ours:
        options = keys.get(_LOOKUP_OPTIONS) if isinstance(keys, Mapping) else None
        return cls(keys=frozenset(keys) - {_LOOKUP_OPTIONS}, options=_mapping(options))

    def merges(self, key: str) -> bool:
        """Tell whether a lookup of a key goes on to lower levels."""
        merge = _mapping(self.options.get(key)).get("merge")
        strategy = merge.get("strategy") if isinstance(merge, dict) else merge
        return isinstance(strategy, str) and strategy in _MERGING


def _shadows(place: _Place, files: Mapping[str, bytes], ours: _Ours) -> Iterator[Shadow]:
    is_named = place.level.name in place.level.paths and not place.depends_on_facts
    for file, content in files.items():
        with_file = f"{place.level.name} ({file})"
        data = _data(file, content)
        if data is None:
            yield Shadow(level=with_file, key="")
            continue
        yield from _shadows_in(data, place.level.name if is_named else with_file, ours)


def _shadows_in(data: Mapping[str, Any], level: str, ours: _Ours) -> Iterator[Shadow]:
    for key, value in data.items():
        if key in ours.keys:
            yield Shadow(level=level, key=key, is_merged=ours.merges(key))
        elif key == _LOOKUP_OPTIONS:
            # Puppet merges the options of all levels by key, and of one key takes the highest level's.
            both = (name for name in _mapping(value) if name in ours.options)
            yield from (Shadow(level=level, key=f"{_LOOKUP_OPTIONS} of {name}") for name in both)


def _data(file: str, content: bytes) -> Optional[Mapping[str, Any]]:
    """Return what a data file says; ``None`` when it cannot be read."""
    try:
        document, _ = parse_document(content, file=file, limits=_LIMITS, with_lines=False)
    except InvalidInputError:
        return None
    return _mapping(document.data) if document else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
