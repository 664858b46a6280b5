# SPDX-License-Identifier: Apache-2.0
"""What a hiera.yaml must be for our levels to be read from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Optional

from tripleo_messaging.hierarchy.config import (
    Config,
    Level,
    duplicates,
    full_datadir,
    member,
    texts,
)
from tripleo_messaging.hierarchy.ours import FUNCTION, OurLevels, Version, flow_text, same_directory
from tripleo_messaging.model.finding import Finding, describe

_BACKEND = "json"
_V3_DEFAULT_BACKENDS = ("yaml",)
_SINGLE = ("version", "defaults", "hierarchy", "backends", _BACKEND)
_MERGE_KEY = "<<"


def check_form(config: Config) -> Version:
    """Return the version of a hierarchy that can be edited.

    Raises:
        InvalidInputError: Puppet or Hiera would not read the levels from it, or its form hides what it says.
    """
    twice = tuple(duplicates(config, _SINGLE))
    if twice:
        message = f"the key {twice[0]!r} is written twice, and readers take one of them"
        raise config.refuse("duplicate-key", config.line(twice[0]), message, "keep one")
    if config.values(_MERGE_KEY):
        line = config.line(_MERGE_KEY)
        message = "merges another mapping into the whole file, which may hold a hierarchy"
        raise config.refuse("exotic-form", line, message, "write the merged keys out")
    version = _supported(config)
    _check_list(config, version)
    return version


def _supported(config: Config) -> Version:
    versions: dict[int, Version] = {3: 3, 5: 5}
    if config.version in versions:
        return versions[config.version]
    found = f"version {config.version}" if config.version else "a version that is no number"
    message = f"is of {found}, and levels are put into files of version 3 and 5"
    hint = "convert it to version 5" if config.version == 4 else "write 'version: 5', or 3"  # noqa: PLR2004
    raise config.refuse("hiera-version", config.line("version"), message, hint)


def _check_list(config: Config, version: Version) -> None:
    node = config.hierarchy
    if node is None:
        return
    reason = _unfit(config, version)
    if any(reason):
        raise config.refuse("exotic-form", config.line("hierarchy"), *reason)


def _unfit(config: Config, version: Version) -> tuple[str, str]:
    node = config.hierarchy
    assert node is not None  # noqa: S101 (the caller has looked)
    if node.alias:
        return "the hierarchy is an alias of another list", "write the list out"
    if node.kind == "mapping" or node.tag:
        return "the hierarchy is no plain list", "write it as a list"
    is_list = node.kind == "sequence" or (version == 3 and not node.is_null)  # noqa: PLR2004
    if is_list or (version == 5 and node.is_empty and not config.root.flow):  # noqa: PLR2004
        return "", ""
    return "the hierarchy is no list", "write a list, or leave the key out for the default"


def check_v3(config: Config, ours: OurLevels, *, trust_datadir: bool) -> Iterator[Finding]:
    """Yield what hinders Hiera 3 from finding our levels."""
    backends = texts(config.value("backends")) or _V3_DEFAULT_BACKENDS
    line = config.line("backends")
    if _BACKEND not in backends:
        message = f"the backends are {', '.join(map(describe, backends))}, and the levels are JSON"
        hint = "name json in :backends: and its :datadir: in :json:"
        yield config.finding("no-json-backend", line, message, hint)
        return
    if backends[0] != _BACKEND:
        message = f"every level of the backend {describe(backends[0])} is searched before those of json"
        hint = "a key that is found there hides ours; name json first to have the order of the hierarchy"
        yield config.finding("backend-before-json", line, message, hint, "warning")
    if ours.sealed_file:
        message = "Hiera 3 opens no sealed secrets: they are not found through this file"
        hint = "name an environment's hiera.yaml of version 5 with --hiera-config, too"
        yield config.finding("sealed-in-version-3", None, message, hint, "warning")
    yield from _check_datadir(config, ours, trust_datadir=trust_datadir)


def _check_datadir(config: Config, ours: OurLevels, *, trust_datadir: bool) -> Iterator[Finding]:
    line = config.line(_BACKEND)
    extension = texts(member(config.value(_BACKEND), "extension"))
    if extension not in ((), (_BACKEND,)):
        message = "the backend json reads files with another ending than .json"
        yield config.finding("other-ending", line, message, "take its :extension: out")
    datadir = v3_datadir(config)
    if datadir is None or "%{" in datadir:
        yield _undecided(config, "is not set" if datadir is None else "depends on facts", trust=trust_datadir)
    elif not same_directory(datadir, ours.datadir):
        message = f"reads JSON levels from {describe(datadir)}, and ours are in {describe(ours.datadir)}"
        is_absolute = datadir.startswith("/")
        hint = f"install with --target {describe(datadir)}" if is_absolute else "write an absolute :datadir:"
        yield config.finding("other-datadir", line, message, hint)


def _undecided(config: Config, what: str, *, trust: bool) -> Finding:
    message = f"the data directory of the backend json {what}"
    hint = "make sure that it is the one of --target" if trust else "name the data directory with --target"
    severity: Literal["warning", "error"] = "warning" if trust else "error"
    return config.finding("undecided-datadir", config.line(_BACKEND), message, hint, severity)


def v3_datadir(config: Config) -> Optional[str]:
    """Return the data directory of the JSON backend as written."""
    found = texts(member(config.value(_BACKEND), "datadir"))
    return found[0] if found else None


def check_by_hand(
    config: Config, ours: OurLevels, levels: Sequence[Level], version: Version
) -> Iterator[Finding]:
    """Yield what is wrong with levels of ours that somebody wrote without our comments."""
    found = [level for level in levels if level.is_ours]
    differs = _v3_differs(ours, found) if version == 3 else _v5_differs(config, ours, found)  # noqa: PLR2004
    if differs:
        message = f"has messaging levels that were written by hand, {differs}"
        hint = f"take them out, or mend them to: {by_hand(ours, version)}"
        yield config.finding("levels-by-hand", found[0].line, message, hint)


def by_hand(ours: OurLevels, version: Version) -> str:
    """Return what an operator writes into a hierarchy."""
    if version == 3:  # noqa: PLR2004
        return ", ".join(f"- {name}" for name in ours.names)
    return f"- {flow_text(ours, version).replace('}, {', '} and - {')}"


def _v3_differs(ours: OurLevels, found: Sequence[Level]) -> str:
    return "" if tuple(level.name for level in found) == ours.names else _INCOMPLETE


_INCOMPLETE = "and not all of them, or not in their order"


def _v5_differs(config: Config, ours: OurLevels, found: Sequence[Level]) -> str:
    readers = [level for level in found if level.function != ("lookup_key", FUNCTION)]
    paths = [path for level in readers for path in level.paths]
    if paths != [f"{name}.json" for name in ours.names]:
        return _INCOMPLETE
    if any(level.function != ("data_hash", "json_data") for level in readers):
        return "and not all of them are read with data_hash: json_data"
    if not all(same_directory(full_datadir(config.file, level.datadir), ours.datadir) for level in readers):
        return f"and their datadir is not {describe(ours.datadir)}"
    is_sealed = bool(found) and found[0].function == ("lookup_key", FUNCTION)
    if is_sealed != bool(ours.sealed_file) or len(found) - len(readers) > 1:
        return "and the entry for sealed secrets " + (
            "reads what is not there" if is_sealed else "is missing"
        )
    return ""
