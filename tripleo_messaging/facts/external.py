# SPDX-License-Identifier: Apache-2.0
"""The reader of external facts."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional, Union

import attrs

from tripleo_messaging.facts.cache import FactCache
from tripleo_messaging.facts.discover import Entry, discover
from tripleo_messaging.facts.environment import environment_facts
from tripleo_messaging.facts.normalize import normalized
from tripleo_messaging.facts.outcome import Outcome, SpoiledError, problem
from tripleo_messaging.facts.ruby_text import OtherKey
from tripleo_messaging.facts.structured import read_structured
from tripleo_messaging.model.finding import Finding

#: How long Facter lets a program run, in seconds.
TIMEOUT_S = 300.0


@attrs.frozen(kw_only=True)
class ExternalFacts:
    """What directories of external facts, and the environment, hold.

    Attributes:
        values: value by name of the fact, in small letters; strings, numbers, Booleans, lists and
            mappings. A fact without a value is none, and leaves the place to a core fact.
        problems: what Facter would log, or pass over without a word.
    """

    values: Mapping[str, Any]
    problems: tuple[Finding, ...] = ()


@attrs.frozen
class Candidate:
    """A value that a fact may have.

    Attributes:
        file: where it stands; empty in the environment.
        value: as parsed.
    """

    file: str
    value: Any


Found = Union[Entry, Finding]
Candidates = dict[str, list[Candidate]]


def read_external_facts(
    directories: Sequence[Union[str, os.PathLike[str]]],
    environ: Mapping[str, str],
    *,
    timeout_s: float = TIMEOUT_S,
    blocked: Collection[str] = (),
    cache: Optional[FactCache] = None,
) -> ExternalFacts:
    """Read external facts as Facter does.

    Executable files are run, one after the other, without a shell, with `environ` and in the
    current directory. What is wrong with a file never hides the facts of the others.

    Args:
        directories: of which an earlier one wins; one that is not there is passed over.
        environ: the environment: ``FACTER_<name>`` is a fact, and beats all files.
        timeout_s: how long each program may run.
        blocked: what ``facter.conf`` blocks: names of files, and names of facts, in small letters; of
            a group its names, as its own says nothing here. ``a`` blocks a fact ``a.b``, too.
        cache: facts of files that are kept for a time; they beat those of all other files.

    Source: facter 4.3.0, ``lib/facter/custom_facts``; `docs/facts.rst` tells what 4.11 does otherwise.
    """
    problems: list[Finding] = []
    candidates: Candidates = {}
    for name, value in environment_facts(environ):
        candidates.setdefault(name, []).append(Candidate("", value))
    everything = discover(directories, blocked)
    kept, others = ([], list(everything)) if cache is None else _kept(everything, cache)
    fresh = ((found, _read(found, environ, timeout_s)) for found in others)
    for found, outcome in itertools.chain(kept, fresh):
        problems.extend(outcome.problems)
        problems.extend(collect(found, outcome, candidates))
    shown = {name: several for name, several in candidates.items() if not _is_blocked(name, blocked)}
    values = ((name, _first_value(name, several, problems)) for name, several in shown.items())
    return ExternalFacts(
        values={name: value for name, value in values if value is not None}, problems=tuple(problems)
    )


def _is_blocked(name: str, blocked: Collection[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in blocked)


def _kept(everything: Iterable[Found], cache: FactCache) -> tuple[list[tuple[Found, Outcome]], list[Found]]:
    """Part the files that the cache answers for from those to be read."""
    now = time.time()
    kept: list[tuple[Found, Outcome]] = []
    others: list[Found] = []
    names: set[str] = set()
    for found in everything:
        name = found.name if isinstance(found, Entry) else ""
        pairs = cache.pairs(name, now)
        if name in cache.ttls_s and name in names:
            kept.append((found, Outcome(problems=(_twin(found),))))
        elif pairs is not None:
            kept.append((found, Outcome(pairs=pairs)))
        else:
            others.append(found)
        names.add(name)
    return kept, others


def _twin(found: Found) -> Finding:
    file = found.path if isinstance(found, Entry) else ""
    message = (
        "a file of this name is cached, and stands in a directory before: Facter reads nothing of this one"
    )
    return problem("cached-name-twice", "error", message, file, hint="rename one of the two")


def _read(found: Found, environ: Mapping[str, str], timeout_s: float) -> Outcome:
    if isinstance(found, Finding):
        return Outcome(problems=(found,))
    if found.kind == "ignored":
        return Outcome()
    if found.kind != "executable":
        return read_structured(found.path, found.kind)
    from tripleo_messaging.facts.program import read_program  # subprocess takes its time to import

    return read_program(found.path, environ, timeout_s)


def collect(found: Found, outcome: Outcome, candidates: Candidates) -> Iterator[Finding]:
    """Add the facts of a file to those met before it; yield names that Facter fails on."""
    file = found.path if isinstance(found, Entry) else ""
    for key, value in outcome.pairs:
        name = lowered(key.text if isinstance(key, OtherKey) else key)
        if name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name):
            candidates.setdefault(name, []).append(Candidate(file, value))
        else:
            message = "the name of a fact is not UTF-8: Facter ends with an error, and has no facts at all"
            yield problem("name-not-utf-8", "error", message, file, hint="write the file in UTF-8")


def lowered(name: str) -> str:
    """Return the name of a fact in small letters, each for itself, as Ruby's ``downcase`` does."""
    return name.lower() if name.isascii() else "".join(letter.lower() for letter in name)


def _first_value(name: str, candidates: Sequence[Candidate], problems: list[Finding]) -> Any:
    for candidate in candidates:
        try:
            value = normalized(candidate.value)
        except SpoiledError as error:
            problems.append(error.finding(candidate.file, name))
            continue
        if value is not None:
            return value
    if not name:
        message = "a fact without name and value: Facter ends with an error, and has no facts at all"
        problems.append(problem("nameless", "error", message, candidates[0].file, hint="give it a name"))
    return None
