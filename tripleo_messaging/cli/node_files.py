# SPDX-License-Identifier: Apache-2.0
"""A node's files beside its levels: ``hiera.yaml``, managed data, and the fact.

All edits are decided before the first is written, and none is written over what it was not decided on.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, TypeVar

import attrs

from tripleo_messaging import files, hierarchy
from tripleo_messaging.cli.key_changes import key_changes
from tripleo_messaging.cli.masking import looks_secret
from tripleo_messaging.cli.words import counted
from tripleo_messaging.errors import InvalidInputError, UnwritableFileError, UsageError
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.install import LEVEL_NAMES, SEALED_NAME
from tripleo_messaging.hieradata.text import escaped
from tripleo_messaging.hieradata.tree import is_sealed, lookup_in
from tripleo_messaging.hierarchy import managed
from tripleo_messaging.hierarchy.diff import diff
from tripleo_messaging.model.finding import Finding, has_errors
from tripleo_messaging.report.write import LIVE_MODE, LIVE_NAME, STATIC_NAME

DEFAULT_TARGET = Path("/etc/puppet/hieradata")
DEFAULT_PRIVATE_KEY = Path("/etc/puppet/tripleo_messaging/private_key.pem")

_LIMIT_BYTES = 64_000_000
_WITH_FUNCTIONS = 5
_FACTS_DIRECTORY_MODE = 0o755

Levels = Mapping[str, Mapping[str, Any]]
Decided = TypeVar("Decided")


@attrs.frozen(kw_only=True)
class Places:
    """Where on a node something of ours is, or is to be.

    Attributes:
        target: the data directory; ``None`` is the one that the first ``hiera.yaml`` names, or the default.
        hiera_configs: files named ``hiera.yaml``, of version 3 or 5.
        managed_data: a JSON file of a level that somebody else manages; then a ``hiera.yaml`` is only read.
        facts_dir: a directory of external facts.
        above: the level above which ours shall stand; ``None`` leaves that to the rules.
        private_key: what the node opens its sealed secrets with.
    """

    target: Optional[Path] = None
    hiera_configs: tuple[Path, ...] = ()
    managed_data: Optional[Path] = None
    facts_dir: Optional[Path] = None
    above: Optional[str] = None
    private_key: Path = DEFAULT_PRIVATE_KEY

    def data_directory(self) -> Path:
        """Return the data directory that is meant.

        Raises:
            UnreadableFileError: a ``hiera.yaml`` cannot be read.
            InvalidInputError: it is none.
        """
        if self.target is not None:
            return self.target
        named = (hierarchy.data_directory(_read(path), str(path)) for path in self.hiera_configs)
        return next((Path(directory) for directory in named if directory), DEFAULT_TARGET)


@attrs.frozen(kw_only=True)
class Edit:
    """A change of one file.

    Attributes:
        path: of the file.
        before: its content; ``None`` where there is none.
        after: what it shall be; ``None`` when it goes.
        note: what is done, in a few words.
        mode: of a new file; one that is there keeps its own.
        shown: yields the lines that show what changes, secrets masked.
    """

    path: Path
    before: Optional[bytes] = attrs.field(repr=False)
    after: Optional[bytes] = attrs.field(repr=False)
    note: str = ""
    mode: int = files.SECRET_MODE
    shown: Callable[[], Iterator[str]] = attrs.field(default=lambda: iter(()), eq=False, repr=False)

    @property
    def state(self) -> str:
        """What becomes of the file: ``written``, ``removed`` or ``unchanged``."""
        if self.before == self.after:
            return "unchanged"
        return "removed" if self.after is None else "written"


@attrs.frozen(kw_only=True)
class Edits:
    """What is to be done beside the data directory.

    Attributes:
        edits: of the files.
        findings: warnings and notes.
        shadowed: what managed data hide, as ``level: key``.
    """

    edits: tuple[Edit, ...] = ()
    findings: tuple[Finding, ...] = ()
    shadowed: tuple[str, ...] = ()


def entering(places: Places, levels: Levels) -> Edits:
    """Decide what enters a node's levels into its hierarchy.

    Args:
        places: where.
        levels: of the node, the most specific first.

    Raises:
        InvalidInputError: files are of a form that cannot be changed safely; the findings of all of them.
        UsageError: none of the files can reach sealed secrets.
        UnreadableFileError: a file cannot be read.
    """
    datadir = places.data_directory().absolute()
    sealed = is_sealed(levels)
    ours = hierarchy.OurLevels(
        datadir=str(datadir),
        names=LEVEL_NAMES,
        sealed_file=str(datadir / SEALED_NAME) if sealed else "",
        private_key=str(places.private_key.absolute()) if sealed else "",
    )
    # Managed data are the way into a hierarchy, too, but for what only a function reaches.
    edited = places.hiera_configs if places.managed_data is None or sealed else ()
    made = _all_or_findings(lambda path: _with_levels(path, ours, places), edited)
    if sealed and made and not any(version == _WITH_FUNCTIONS for _, version, _ in made):
        raise UsageError(_no_functions(places.hiera_configs[0]))
    kept = [one for one in made if places.managed_data is None or one[1] == _WITH_FUNCTIONS]
    edits = [edit for edit, _, _ in kept]
    shadowed: tuple[str, ...] = ()
    if places.managed_data is not None:
        keys = flattened(levels)
        edits.append(_with_keys(places.managed_data, keys))
        shadowed = tuple(_shadowed(places, keys))
    findings = tuple(finding for _, _, found in kept for finding in found)
    return Edits(edits=tuple(edits), findings=findings, shadowed=shadowed)


def leaving(places: Places) -> Edits:
    """Decide what takes our levels out of the hierarchy, and the fact away.

    Raises:
        InvalidInputError, UnreadableFileError: as `entering`.
    """
    configs = _all_or_findings(_without_levels, places.hiera_configs)
    data = _all_or_findings(_without_keys, filter(None, (places.managed_data,)))
    return Edits(edits=(*configs, *data, *_without_facts(places.facts_dir)))


def with_fact(directory: Path, content: bytes, *, is_live: bool) -> tuple[Edit, ...]:
    """Decide what gives a directory of external facts ours, in one of its two forms."""
    name, other = (LIVE_NAME, STATIC_NAME) if is_live else (STATIC_NAME, LIVE_NAME)
    mode = LIVE_MODE if is_live else files.PUBLIC_MODE
    path = directory / name
    return (_edit(path, content, "the fact tripleo_messaging", mode=mode), *_removed(directory / other))


def carry_out(edits: Iterable[Edit]) -> None:
    """Write what was decided, each file at once.

    Raises:
        UnwritableFileError: a file cannot be written, or was changed since it was read.
        LockedError: another command is writing there.
    """
    for edit in edits:
        if edit.state == "unchanged":
            continue
        # Of what is written here only a directory of facts may be missing.
        files.make_directory(edit.path.parent, _FACTS_DIRECTORY_MODE)
        with files.locked(edit.path.parent):
            if files.read_if_there(edit.path, _LIMIT_BYTES) != edit.before:
                raise UnwritableFileError(str(edit.path), "was changed meanwhile; run the command again")
            _write(edit)


def flattened(levels: Levels) -> dict[str, Any]:
    """Return all keys of a node as one file has to say them, merged and escaped."""
    names = [key for level in levels.values() for key in level if key != LOOKUP_OPTIONS]
    options = [level.get(LOOKUP_OPTIONS, {}) for level in reversed(tuple(levels.values()))]
    merged = {key: lookup_in(levels, key, Path()) for key in dict.fromkeys(names)}
    lookup_options = {key: value for level in options for key, value in level.items()}
    return escaped({**merged, LOOKUP_OPTIONS: lookup_options})


def _write(edit: Edit) -> None:
    if edit.after is None:
        files.remove(edit.path)
    elif edit.before is None:
        files.write_atomic(edit.path, edit.after, edit.mode)
    else:
        files.rewrite(edit.path, edit.after)


def _read(path: Path) -> bytes:
    return files.read_bounded(path, _LIMIT_BYTES)


def _all_or_findings(decide: Callable[[Path], Decided], paths: Iterable[Path]) -> list[Decided]:
    """Decide for all paths; where some are refused, refuse with the findings of all."""
    made: list[Decided] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            made.append(decide(path))
        except InvalidInputError as error:
            findings += error.findings
    if has_errors(findings):
        raise InvalidInputError(findings)
    return made


def _edit(path: Path, after: Optional[bytes], note: str, mode: int = files.SECRET_MODE) -> Edit:
    before = files.read_if_there(path, _LIMIT_BYTES)
    shown = _text_changes(path, before or b"", after or b"")
    return Edit(path=path, before=before, after=after, note=note, mode=mode, shown=shown)


def _text_changes(path: Path, before: bytes, after: bytes) -> Callable[[], Iterator[str]]:
    return lambda: diff(before, after, str(path), looks_secret)


def _with_levels(
    path: Path, ours: hierarchy.OurLevels, places: Places
) -> tuple[Edit, int, tuple[Finding, ...]]:
    content = _read(path)
    made = hierarchy.with_levels(
        content, str(path), ours, places.above, trust_datadir=places.target is not None
    )
    shown = _text_changes(path, content, made.content)
    edit = Edit(path=path, before=content, after=made.content, note=f"levels {made.place}", shown=shown)
    return edit, made.version, made.findings


def _without_levels(path: Path) -> Edit:
    content = _read(path)
    return _edit(path, hierarchy.without_levels(content, str(path)), "without our levels")


def _with_keys(path: Path, keys: Mapping[str, Any]) -> Edit:
    before = files.read_if_there(path, _LIMIT_BYTES)
    after = managed.with_keys(before or b"", str(path), keys)
    return Edit(
        path=path,
        before=before,
        after=after,
        note=counted(len(keys), "key"),
        shown=lambda: key_changes(_managed_keys(before), keys),
    )


def _without_keys(path: Path) -> Edit:
    before = files.read_if_there(path, _LIMIT_BYTES)
    after = managed.without_keys(before or b"", str(path)) or None
    return Edit(
        path=path,
        before=before,
        after=after if before is not None else None,
        note="without our keys",
        shown=lambda: key_changes(_managed_keys(before), {}),
    )


def _managed_keys(content: Optional[bytes]) -> Mapping[str, Any]:
    data = json.loads(content or b"{}")
    return {name: data[name] for name in data.get(managed.MANAGED, ()) if name in data}


def _shadowed(places: Places, keys: Mapping[str, Any]) -> Iterator[str]:
    """Yield what managed data hide, by what the hierarchy of the first ``hiera.yaml`` says."""
    if places.managed_data is None:
        return
    for path in places.hiera_configs[:1]:
        level = places.managed_data.name.removesuffix(".json")
        for hidden in managed.shadowed(_read(path), str(path), level, keys, _matching):
            yield f"{hidden.level}: {hidden.key}"


def _matching(pattern: str) -> Mapping[str, bytes]:
    # Its patterns may begin at the root.
    found = sorted(path for path in glob.glob(pattern) if Path(path).is_file())  # noqa: PTH207
    return {path: files.read_bounded(path, _LIMIT_BYTES) for path in found}


def _without_facts(directory: Optional[Path]) -> Iterator[Edit]:
    if directory is not None:
        yield from _removed(directory / STATIC_NAME)
        yield from _removed(directory / LIVE_NAME)


def _removed(path: Path) -> Iterator[Edit]:
    if path.exists():
        yield _edit(path, None, "")


def _no_functions(path: Path) -> str:
    return (
        f"--hiera-config: the tree is sealed, and {path} is of version 3, which calls no function; name the"
        " environment's hiera.yaml, of version 5, with another --hiera-config"
    )
