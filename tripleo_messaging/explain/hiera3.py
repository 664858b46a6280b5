# SPDX-License-Identifier: Apache-2.0
"""What ``hiera -d`` says of the levels it goes through.

Hiera 3 stops at the first level that has the key, and tells only which levels it looks at and which have no
file. So it is asked twice: for the key, where the last level that it looks at decides, and for a key that
nobody has, where it goes through all of them. Which of the files below define the key, too, is then seen in
them. Source: hiera 3.10, ``lib/hiera/backend/json_backend.rb``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Optional

import attrs

from tripleo_messaging.errors import UnansweredError
from tripleo_messaging.explain.values import Definer, Explanation, is_our_level

PROGRAM = "hiera"

#: A key that no data have, and the value that is asked for where a key has none.
NOBODYS_KEY = "tripleo_messaging::nobodys_key"
NO_VALUE = "tripleo-messaging: no value"

_TOLD = re.compile(r"DEBUG: \S+ \S+ \S+: (?P<text>.*)")
_KEY = re.compile(r"Looking up (?P<key>.*) in (?P<backend>\w+) backend")
_SOURCE = re.compile(r"Looking for data source (?P<source>.*)")
_ABSENT = re.compile(r"Cannot find datafile (?P<file>.*), skipping")

#: Reads a level's file: its keys and values; ``None`` where that cannot be told.
ReadLevel = Callable[[str], Optional[Mapping[str, Any]]]


@attrs.frozen(kw_only=True)
class Source:
    """A level that Hiera looked at.

    Attributes:
        name: after interpolation.
        file: that would hold it; empty where Hiera found one, as it does not name that.
        is_there: whether there is a file.
    """

    name: str
    file: str = ""
    is_there: bool = True


def sources(debug: str, key: str) -> Iterator[Source]:
    """Yield the levels that Hiera looked at for a key, in its order; not those for keys in its value."""
    wanted = key.partition(".")[0]
    current, last = "", None
    for told in _TOLD.finditer(debug):
        text = told["text"]
        looked_up, absent, source = _KEY.fullmatch(text), _ABSENT.fullmatch(text), _SOURCE.fullmatch(text)
        if absent and last:
            last = attrs.evolve(last, file=absent["file"], is_there=False)
            continue
        if last:
            yield last
            last = None
        if looked_up:
            current = looked_up["key"]
        elif source and current == wanted:
            last = Source(name=source["source"])
    if last:
        yield last


def explain(key: str, answer: str, debug: str, debug_of_all: str, read_level: ReadLevel) -> Explanation:
    """Read Hiera's two answers.

    Args:
        key: that was asked for.
        answer: what it printed, in JSON, `NO_VALUE` for none.
        debug: what it told of its way to that.
        debug_of_all: what it told when it was asked for `NOBODYS_KEY`.
        read_level: reads a level's file.

    Raises:
        UnansweredError: the answer is no JSON; the text holds nothing of it.
    """
    value = _parsed(answer)
    is_found = value != NO_VALUE
    levels = tuple(sources(debug_of_all, NOBODYS_KEY))
    there = [level for level in levels if level.is_there]
    looked_at = [level.name for level in sources(debug, key) if level.is_there]
    deciding = looked_at[-1] if is_found and looked_at else None
    place = _place_of_files(levels)
    read = {level.name: read_level(place(level.name)) if place(level.name) else None for level in there}
    definers = (
        _definer(name, place(name), (data or {}).get(_root(key)), wins=name == deciding)
        for name, data in read.items()
        if name == deciding or (data is not None and _root(key) in data)
    )
    return Explanation(
        key=key,
        program=PROGRAM,
        definers=tuple(definers) if is_found else (),
        is_found=is_found,
        value=value if is_found else None,
        is_complete=all(data is not None for data in read.values()),
    )


def _root(key: str) -> str:
    return key.partition(".")[0]


def _parsed(answer: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise UnansweredError(PROGRAM, "answered with no JSON, as Hiera 3 does with -f json") from None


def _definer(name: str, file: str, value: Any, *, wins: bool) -> Definer:
    return Definer(
        layer="global", level=name, file=file, value=value, is_ours=is_our_level(name, file), wins=wins
    )


def _place_of_files(levels: tuple[Source, ...]) -> Callable[[str], str]:
    """Tell the file of a level from that of one that has none: they are in one directory, of one kind."""
    absent = next((level for level in levels if not level.is_there and level.name in level.file), None)
    if absent is None:
        return lambda _: ""
    before, _, after = absent.file.rpartition(absent.name)
    return lambda name: f"{before}{name}{after}"
