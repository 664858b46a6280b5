# SPDX-License-Identifier: Apache-2.0
"""What ``hiera -d`` says of the levels it goes through.

Hiera 3 stops at the first level that has the key, and tells only which levels it looks at and which have no
file. So it is asked twice: for the key, where the last level that it looks at decides, and for a key that
nobody has, where it goes through all of them. Which of the files below define the key, too, is then seen in
them. Hiera names the file of no level that it finds, so that it is told by the backend's data directory.
Source: hiera 3.10, ``lib/hiera/backend.rb`` and ``lib/hiera/backend/json_backend.rb``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Optional

import attrs

from tripleo_messaging.errors import UnansweredError
from tripleo_messaging.explain.values import Definer, Explanation, is_our_level

PROGRAM = "hiera"

#: A key that no data have, and the value that is asked for where a key has none.
NOBODYS_KEY = "tripleo_messaging::nobodys_key"
NO_VALUE = "tripleo-messaging: no value"

#: What Hiera reads when it is told nothing else.
DEFAULT_CONFIG = "/etc/puppet/hiera.yaml"

# The backends that come with Hiera, whose files end as they are named.
_BACKENDS = ("json", "yaml")
_DEFAULT_BACKEND = "yaml"
_DEFAULT_DATADIR = "/etc/puppet/environments/%{environment}/hieradata"
_VARIABLE = re.compile(r"%\{(?:::)?(\w+)\}")

_TOLD = re.compile(r"DEBUG: \S+ \S+ \S+: (?P<text>.*)")
_KEY = re.compile(r"Looking up (?P<key>.*) in (?P<backend>\w+) backend")
_SOURCE = re.compile(r"Looking for data source (?P<source>.*)")
_ABSENT = re.compile(r"Cannot find datafile (?P<file>.*), skipping")

#: Reads a level's file: its keys and values; ``None`` where that cannot be told.
ReadLevel = Callable[[str], Optional[Mapping[str, Any]]]

#: The data directory of each backend in their order; ``None`` where that is not to be told.
Directories = Mapping[str, Optional[str]]


@attrs.frozen(kw_only=True)
class Source:
    """A level that Hiera looked at.

    Attributes:
        backend: that looked, in small letters.
        name: after interpolation.
        is_there: whether there is a file.
    """

    backend: str
    name: str
    is_there: bool = True


def directories(config: Any, scope: Mapping[str, str]) -> dict[str, Optional[str]]:
    """Return the backends of a hiera.yaml of version 3, and their data directories.

    Args:
        config: what the file holds; nothing comes of what is no mapping.
        scope: values of the variables that Hiera knows; others are empty, as they are for Hiera.
    """
    if not isinstance(config, Mapping):
        return {}
    named = config.get(":backends", _DEFAULT_BACKEND)
    names = named if isinstance(named, list) else [named]
    return {str(name): _directory(config.get(f":{name}"), scope) for name in names}


def _directory(options: Any, scope: Mapping[str, str]) -> Optional[str]:
    stated = options.get(":datadir") if isinstance(options, Mapping) else None
    found = _VARIABLE.sub(lambda variable: scope.get(variable[1], ""), str(stated or _DEFAULT_DATADIR))
    # What is left is a function, or a part of a fact.
    return None if "%{" in found else found


def refuse_other_backends(known: Directories) -> None:
    """Make sure that all backends are of those that come with Hiera.

    Raises:
        UnansweredError: one is not; where it has its levels nobody else knows.
    """
    others = [name for name in known if name not in _BACKENDS]
    if others:
        raise UnansweredError(
            PROGRAM,
            f"the hierarchy has the backend {others[0]}, whose levels cannot be told;"
            f" known are {' and '.join(_BACKENDS)}, and puppet knows all: --program puppet",
        )


def sources(debug: str, key: str) -> Iterator[Source]:
    """Yield the levels that Hiera looked at for a key, in its order; not those for keys in its value."""
    wanted = key.partition(".")[0]
    backend, current, last = "", "", None
    for told in _TOLD.finditer(debug):
        text = told["text"]
        looked_up, absent, source = _KEY.fullmatch(text), _ABSENT.fullmatch(text), _SOURCE.fullmatch(text)
        if absent and last:
            last = attrs.evolve(last, is_there=False)
            continue
        if last:
            yield last
            last = None
        if looked_up:
            backend, current = looked_up["backend"].lower(), looked_up["key"]
        elif source and current == wanted:
            last = Source(backend=backend, name=source["source"])
    if last:
        yield last


@attrs.frozen(kw_only=True)
class Answer:
    """What Hiera said.

    Attributes:
        value: what it printed, in JSON, `NO_VALUE` for none; it may be secret.
        debug: what it told of its way to that.
        debug_of_all: what it told when it was asked for `NOBODYS_KEY`.
    """

    value: str = attrs.field(repr=False)
    debug: str = attrs.field(repr=False)
    debug_of_all: str = attrs.field(repr=False)


def explain(key: str, answer: Answer, known: Directories, read_level: ReadLevel) -> Explanation:
    """Read Hiera's two answers.

    Args:
        key: that was asked for.
        answer: both of them.
        known: the backends' data directories.
        read_level: reads a level's file.

    Raises:
        UnansweredError: the answer is no JSON; the text holds nothing of it.
    """
    value = _parsed(answer.value)
    is_found = value != NO_VALUE
    looked_at = _there(answer.debug, key)
    deciding = looked_at[-1] if is_found and looked_at else None
    files = {level: _file(level, known) for level in _there(answer.debug_of_all, NOBODYS_KEY)}
    read = {level: read_level(file) if file else None for level, file in files.items()}
    definers = (
        _definer(level.name, files[level], (data or {}).get(_root(key)), wins=level == deciding)
        for level, data in read.items()
        if level == deciding or (data is not None and _root(key) in data)
    )
    return Explanation(
        key=key,
        program=PROGRAM,
        definers=tuple(definers) if is_found else (),
        is_found=is_found,
        value=value if is_found else None,
        is_complete=all(data is not None for data in read.values()),
        is_interpolated=_looks_elsewhere(answer.debug, key)
        or any(_is_interpolated(data.get(_root(key))) for data in read.values() if data),
        are_files_known=all(files.values()),
    )


def _root(key: str) -> str:
    return key.partition(".")[0]


def _parsed(answer: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise UnansweredError(PROGRAM, "answered with no JSON, as Hiera 3 does with -f json") from None


def _looks_elsewhere(debug: str, key: str) -> bool:
    """Tell whether Hiera looked up another key to make a value."""
    lookups = (_KEY.fullmatch(told["text"]) for told in _TOLD.finditer(debug))
    return any(lookup["key"] != _root(key) for lookup in lookups if lookup)


def _is_interpolated(value: Any) -> bool:
    """Tell whether a value has something for Hiera to fill in."""
    if isinstance(value, Mapping):
        return any(_is_interpolated(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(_is_interpolated(item) for item in value)
    return isinstance(value, str) and "%{" in value


def _definer(name: str, file: str, value: Any, *, wins: bool) -> Definer:
    return Definer(
        layer="global", level=name, file=file, value=value, is_ours=is_our_level(name, file), wins=wins
    )


def _there(debug: str, key: str) -> list[Source]:
    return [level for level in sources(debug, key) if level.is_there]


def _file(level: Source, known: Directories) -> str:
    """Return the file of a level; empty where that is not to be told."""
    directory = known.get(level.backend)
    if directory is None:
        return ""
    return str(PurePosixPath(directory, f"{level.name.lstrip('/')}.{level.backend}"))
