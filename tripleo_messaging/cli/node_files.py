# SPDX-License-Identifier: Apache-2.0
"""What enters a node's levels into its hierarchy, or takes them out: ``hiera.yaml``, managed data, a fact."""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, TypeVar

import attrs

from tripleo_messaging import files, hierarchy
from tripleo_messaging.cli.key_changes import key_changes
from tripleo_messaging.cli.masking import is_secret_key
from tripleo_messaging.cli.node_edits import LIMIT_BYTES, Edit, Edits, writable
from tripleo_messaging.cli.words import counted
from tripleo_messaging.errors import InvalidInputError, UnreadableFileError, UsageError
from tripleo_messaging.hieradata.build import LOOKUP_OPTIONS
from tripleo_messaging.hieradata.install import LEVEL_NAMES, SEALED_NAME
from tripleo_messaging.hieradata.text import escaped
from tripleo_messaging.hieradata.tree import is_sealed, lookup_in
from tripleo_messaging.hierarchy import managed
from tripleo_messaging.hierarchy.config import read
from tripleo_messaging.hierarchy.diff import diff
from tripleo_messaging.model.finding import Finding, Origin, has_errors
from tripleo_messaging.report.write import LIVE_MODE, LIVE_NAME, STATIC_NAME

DEFAULT_TARGET = Path("/etc/puppet/hieradata")
DEFAULT_PRIVATE_KEY = Path("/etc/puppet/tripleo_messaging/private_key.pem")

_HIERA_3 = 3
_WITH_FUNCTIONS = 5

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


def entering(places: Places, levels: Levels) -> Edits:
    """Decide what enters a node's levels into its hierarchy.

    Args:
        places: where.
        levels: of the node, the most specific first.

    Raises:
        InvalidInputError: files are of a form that cannot be changed safely; the findings of all of them.
        UsageError: secrets are sealed, or were, and no file is named that reaches them by a function.
        UnreadableFileError: a file cannot be read.
        UnwritableFileError: what has the name of a file to write is none.
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
    with_function = sealed or (datadir / SEALED_NAME).exists()
    if with_function:
        _refuse_without_functions(places, sealed=sealed)
    edited = places.hiera_configs if places.managed_data is None or with_function else ()
    made = _all_or_findings(lambda path: _with_levels(path, ours, places), edited)
    kept = [one for one in made if places.managed_data is None or one[1] == _WITH_FUNCTIONS]
    edits = [edit for edit, _, _ in kept]
    shadowed: Optional[tuple[str, ...]] = ()
    if places.managed_data is not None:
        keys = flattened(levels)
        _refuse_unread(places.managed_data, places.hiera_configs)
        edits.append(_with_keys(places.managed_data, keys))
        shadowed = _shadowed(places, keys)
    findings = tuple(finding for _, _, found in kept for finding in found)
    return Edits(edits=writable(edits), findings=findings, shadowed=shadowed)


def leaving(places: Places) -> Edits:
    """Decide what takes our levels out of the hierarchy, and the fact away.

    Raises:
        InvalidInputError, UsageError, UnreadableFileError, UnwritableFileError: as `entering`.
    """
    if (places.data_directory() / SEALED_NAME).exists():
        _refuse_without_functions(places, sealed=False)
    configs = _all_or_findings(_without_levels, places.hiera_configs)
    data = _all_or_findings(_without_keys, filter(None, (places.managed_data,)))
    return Edits(edits=writable((*configs, *data, *_without_facts(places.facts_dir))))


def with_fact(directory: Path, content: bytes, *, is_live: bool) -> tuple[Edit, ...]:
    """Decide what gives a directory of external facts ours, in one of its two forms."""
    name, other = (LIVE_NAME, STATIC_NAME) if is_live else (STATIC_NAME, LIVE_NAME)
    mode = LIVE_MODE if is_live else files.PUBLIC_MODE
    path = directory / name
    before = files.read_if_there(path, LIMIT_BYTES)
    edit = Edit(
        path=path,
        before=before,
        after=content,
        note="the fact tripleo_messaging",
        mode=mode,
        shown=lambda: _fact_changes(path, before or b"", content),
    )
    return writable((edit, *_removed(directory / other)))


def flattened(levels: Levels) -> dict[str, Any]:
    """Return all keys of a node as one file has to say them, merged and escaped."""
    names = [key for level in levels.values() for key in level if key != LOOKUP_OPTIONS]
    options = [level.get(LOOKUP_OPTIONS, {}) for level in reversed(tuple(levels.values()))]
    merged = {key: lookup_in(levels, key, Path()) for key in dict.fromkeys(names)}
    lookup_options = {key: value for level in options for key, value in level.items()}
    return escaped({**merged, LOOKUP_OPTIONS: lookup_options})


def _read(path: Path) -> bytes:
    return files.read_bounded(path, LIMIT_BYTES)


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
    before = files.read_if_there(path, LIMIT_BYTES)
    shown = _text_changes(path, before or b"", after or b"")
    return Edit(path=path, before=before, after=after, note=note, mode=mode, shown=shown)


def _text_changes(path: Path, before: bytes, after: bytes) -> Callable[[], Iterator[str]]:
    return lambda: diff(before, after, str(path))


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
    _refuse_readers(path, keys)
    before = files.read_if_there(path, LIMIT_BYTES)
    after = managed.with_keys(before or b"", str(path), keys, is_there=before is not None)
    return Edit(
        path=path,
        before=before,
        after=after,
        note=counted(len(keys), "key"),
        shown=lambda: key_changes(_managed_keys(before), keys),
    )


def _without_keys(path: Path) -> Edit:
    before = files.read_if_there(path, LIMIT_BYTES)
    made = managed.without_keys(before or b"", str(path))
    return Edit(
        path=path,
        before=before,
        # What installing has made goes; an empty file that was there before is somebody's.
        after=None if before is None or (before and not made) else made,
        note="without our keys",
        shown=lambda: key_changes(_managed_keys(before), {}),
    )


def _managed_keys(content: Optional[bytes]) -> Mapping[str, Any]:
    data = json.loads(content) if content and content.strip() else {}
    return {name: data[name] for name in data.get(managed.MANAGED, ()) if name in data}


def _shadowed(places: Places, keys: Mapping[str, Any]) -> Optional[tuple[str, ...]]:
    """Return what managed data hide, by the first ``hiera.yaml`` named, or by one beside the data."""
    if places.managed_data is None:
        return ()
    level = places.managed_data.name.removesuffix(".json")
    beside = places.managed_data.absolute().parent.parent / "hiera.yaml"
    # One of version 3 outranks an environment's, and is the one that reads such a file.
    configs = sorted(places.hiera_configs, key=lambda path: _version(path) != _HIERA_3)
    for path in configs[:1] or ([beside] if beside.is_file() else []):
        hidden = managed.shadowed(_read(path), str(path), level, keys, _matching)
        return tuple(_told(one) for one in hidden)
    return None


def _told(hidden: managed.Shadow) -> str:
    if not hidden.key:
        return f"{hidden.level}: not looked into, as it cannot be read"
    return f"{hidden.level}: {hidden.key}{' (merged with ours)' if hidden.is_merged else ''}"


def _matching(pattern: str) -> Mapping[str, bytes]:
    # Its patterns may begin at the root.
    found = sorted(path for path in glob.glob(pattern) if Path(path).is_file())  # noqa: PTH207
    return {path: _content_or_nothing(path) for path in found}


def _content_or_nothing(path: str) -> bytes:
    try:
        return files.read_bounded(path, LIMIT_BYTES)
    except UnreadableFileError:
        # No data file is this, so it is listed as one that was not looked into.
        return b"\0"


def _without_facts(directory: Optional[Path]) -> Iterator[Edit]:
    if directory is not None:
        yield from _removed(directory / STATIC_NAME)
        yield from _removed(directory / LIVE_NAME)


def _removed(path: Path) -> Iterator[Edit]:
    if path.exists():
        yield _edit(path, None, "")


def _fact_changes(path: Path, before: bytes, after: bytes) -> Iterator[str]:
    if before == after:
        return
    yield str(path)
    now = _said(after)
    yield from (f"  {line}" for line in key_changes(_said(before), now))
    if not now:
        yield "  a program that gives the values of the moment"


def _said(content: bytes) -> Mapping[str, Any]:
    """Return what a fact says, of one that is written down."""
    try:
        data = json.loads(content or b"{}")
    except ValueError:
        return {}
    fact = data.get("tripleo_messaging", {}) if isinstance(data, dict) else {}
    return fact if isinstance(fact, dict) else {}


def _refuse_without_functions(places: Places, *, sealed: bool) -> None:
    """Keep a node from looking its secrets up where they no longer, or not yet, are."""
    if any(_version(path) == _WITH_FUNCTIONS for path in places.hiera_configs):
        return
    state = "the tree is sealed" if sealed else f"the secrets in {places.data_directory()} are sealed"
    reason = "only a function in the environment's hiera.yaml, of version 5, opens them"
    raise UsageError(f"--hiera-config: {state}, and {reason}; name that file, too")


def _version(path: Path) -> Optional[int]:
    try:
        config = read(_read(path).decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        return None
    return config.version if config else None


def _refuse_unread(managed_data: Path, hiera_configs: Iterable[Path]) -> None:
    """Refuse a file that has a level's name and stands where that level is not read."""
    for path in hiera_configs:
        named = hierarchy.data_directory(_read(path), str(path)) if _version(path) == _HIERA_3 else None
        if named and managed_data.absolute().parent.resolve() != Path(named).resolve():
            message = f"{path} reads its levels in {named}, so that keys in this file would not be found"
            raise InvalidInputError((_error("unread-file", managed_data, message),))


def _refuse_readers(path: Path, keys: Mapping[str, Any]) -> None:
    """Refuse to put secrets into a file that others may read."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0
    if mode & 0o077 and any(is_secret_key(key) for key in keys):
        message = f"may be read by others (mode {mode:04o}), and the keys hold secrets"
        raise InvalidInputError((_error("readable-by-others", path, message, f"chmod 0600 {path}"),))


def _error(rule: str, path: Path, message: str, hint: str = "") -> Finding:
    return Finding(rule=rule, severity="error", message=message, hint=hint, origin=Origin(file=str(path)))
