# SPDX-License-Identifier: Apache-2.0
"""Ask the programs that read a node's hierarchy.

No text of theirs is passed on unless it was asked for: what they say of an error may quote data, passwords
among them.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, Optional

import attrs

from tripleo_messaging.errors import UnansweredError, UnknownKeyError
from tripleo_messaging.explain import hiera3, puppet
from tripleo_messaging.explain.hiera3 import Directories, ReadLevel
from tripleo_messaging.explain.values import Explanation

Program = Literal["puppet", "hiera"]
PROGRAMS: tuple[Program, ...] = ("puppet", "hiera")

#: A first run with all facts of many modules took half a minute.
TIMEOUT_S = 120.0

_ANSWER_LIMIT_CHARACTERS = 64_000_000
_AFTER_KILL_S = 2.0

# What Ruby says of a directory that somebody else has made meanwhile.
_COLLIDED = "File exists"

_NOT_INSTALLED = (
    "not on PATH; put its directory there, e.g. /opt/puppetlabs/bin, or look into a tree with --data"
)

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# What may be shown of an error: parts that hold names alone.
_SHOWABLE = tuple(
    re.compile(pattern)
    for pattern in (
        r"No facts available for target node: [\w.-]+",
        r"When overriding any of the [\w, ]+? facts with [^ ]+ given via the --facts flag",
        r"Could not find a directory environment named '[\w-]+' anywhere in the path: [^\n]*?\.",
        r"This runtime does not support hiera\.yaml version \d+",
        r"hiera\.yaml version \d cannot be used in [a-z ]+",
        r"v5 hiera\.yaml is only to be used inside an environment or a module",
        r"Unable to parse \([^()\n]+\)",
        # Of our own function for sealed files; a text with quotes or braces would be another's.
        r"(?<=failed: )/[^\n\x1b'\"{}]+; run: tripleo-messaging hieradata [^\n\x1b'\"{}]+",
        r"Unable to find '[\w:]+' function[^\n]*",
        r"Hierarchy name '[^'\n]*' defined more than once",
    )
)


@attrs.frozen(kw_only=True)
class Question:
    """What to ask, and with which hierarchy.

    Attributes:
        key: whose value is explained.
        hiera_config: the global ``hiera.yaml``; ``None`` is Puppet's own.
        node: name of the node whose facts are in `facts`; else it is this host.
        facts: a file of facts, JSON or YAML; ``None`` is this host's.
        environment: name of a Puppet environment.
        environment_path: the directories of environments.
        module_path: the directories of modules.
        scope: variables that `hiera` puts into its hierarchy, by name without colons.
        directories: the data directory of each backend in a hierarchy of version 3.
        reveal: whether an error may quote what the program said.
        timeout_s: how long a program may take.
    """

    key: str
    hiera_config: Optional[str] = None
    node: Optional[str] = None
    facts: Optional[str] = None
    environment: Optional[str] = None
    environment_path: Optional[str] = None
    module_path: Optional[str] = None
    scope: Mapping[str, str] = attrs.field(factory=dict)
    directories: Directories = attrs.field(factory=dict)
    reveal: bool = False
    timeout_s: float = TIMEOUT_S


@attrs.frozen(kw_only=True)
class _Said:
    status: int
    out: str
    err: str = attrs.field(repr=False)


def explain(question: Question, program: Optional[Program], read_level: ReadLevel) -> Explanation:
    """Ask a program about a key.

    Args:
        question: what to ask.
        program: which; ``None`` is Puppet, and Hiera where Puppet is not installed.
        read_level: reads the file of a level, for Hiera.

    Raises:
        UnansweredError: no program is installed, or it failed, or took too long.
        UnknownKeyError: no level has the key; it names the hierarchy.
    """
    explanation = _asked(question, (program,) if program else PROGRAMS, read_level)
    if not explanation.is_found:
        raise UnknownKeyError(question.key, question.hiera_config or explanation.program)
    return explanation


def _asked(question: Question, programs: Iterable[Program], read_level: ReadLevel) -> Explanation:
    ask: Mapping[Program, Callable[[], Explanation]] = {
        "puppet": lambda: _ask_puppet(question),
        "hiera": lambda: _ask_hiera(question, read_level),
    }
    for program in programs:
        with contextlib.suppress(FileNotFoundError):
            return ask[program]()
    raise UnansweredError(" or ".join(programs), _NOT_INSTALLED)


def _ask_puppet(question: Question) -> Explanation:
    commands = (puppet_command(question), puppet_command(question, "--merge", "deep"))
    # Puppet takes two seconds to start, so both of them start at once. Where directories of Puppet's are
    # missing both would make them, so one that fails is asked again alone.
    at_once = _run_all(commands, question.timeout_s)
    as_it_is, merged = (
        _run_all((command,), question.timeout_s)[0] if said.status and _COLLIDED in said.err else said
        for said, command in zip(at_once, commands)
    )
    if as_it_is.status or not as_it_is.out.strip():
        raise UnansweredError(puppet.PROGRAM, _failure(as_it_is, reveal=question.reveal))
    every = merged.out if not merged.status and merged.out.strip() else None
    return puppet.explain(question.key, as_it_is.out, every)


def puppet_command(question: Question, *more: str) -> list[str]:
    """Return the words of ``puppet lookup`` for a question, with more options."""
    options = {
        "--hiera_config": question.hiera_config,
        "--environment": question.environment,
        "--environmentpath": question.environment_path,
        "--basemodulepath": question.module_path,
        # Without facts of its own Puppet would ask its database for those of a node that is named.
        "--node": question.node if question.facts else None,
        "--facts": question.facts,
    }
    words = [word for name, value in options.items() if value is not None for word in (name, value)]
    return ["puppet", "lookup", *words, *more, "--explain", "--render-as", "json", "--", question.key]


def _ask_hiera(question: Question, read_level: ReadLevel) -> Explanation:
    command = ["hiera", "-d", "-f", "json", *(("-c", question.hiera_config) if question.hiera_config else ())]
    # A hierarchy names a fact with or without the colons in front.
    scope = [f"{colons}{name}={value}" for name, value in question.scope.items() for colons in ("", "::")]
    keys = (question.key, hiera3.NOBODYS_KEY)
    said = _run_all([[*command, key, hiera3.NO_VALUE, *scope] for key in keys], question.timeout_s)
    hiera3.refuse_other_backends(question.directories)
    for one in said:
        if one.status:
            raise UnansweredError(hiera3.PROGRAM, _failure(one, reveal=question.reveal))
    answer = hiera3.Answer(value=said[0].out, debug=said[0].err, debug_of_all=said[1].err)
    return hiera3.explain(question.key, answer, question.directories, read_level)


def _failure(said: _Said, *, reveal: bool) -> str:
    text = f"{said.out}\n{said.err}"
    shown = dict.fromkeys(found.group() for pattern in _SHOWABLE for found in pattern.finditer(text))
    if reveal:
        return f"failed with exit status {said.status}: {_COLOURS.sub('', said.err).strip()}"
    if shown:
        return f"failed with exit status {said.status}: {'; '.join(shown)}"
    return (
        f"failed with exit status {said.status}; what it says may quote data, and is shown with --reveal:"
        " a level may be damaged, or a function missing on the module path"
    )


def _run_all(commands: Iterable[Sequence[str]], timeout_s: float) -> list[_Said]:
    """Run commands side by side, and wait for all of them.

    Raises:
        FileNotFoundError: a program is not installed.
        UnansweredError: one cannot be run, takes too long or says too much.
    """
    running: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            running += [_started(command)]
        return [_ended(process, timeout_s) for process in running]
    finally:
        for process in running:
            _stop(process)


def _started(command: Sequence[str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603  words of our own, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C", "LANG": "C"},
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", "") or "is no usable program").lower()
        raise UnansweredError(command[0], f"cannot be run: {reason}") from error


def _ended(process: subprocess.Popen[str], timeout_s: float) -> _Said:
    name = str(process.args[0]) if isinstance(process.args, list) else "the program"
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise UnansweredError(name, f"took more than {timeout_s:g} seconds, and was stopped") from None
    if len(out) > _ANSWER_LIMIT_CHARACTERS:
        raise UnansweredError(name, f"answered with more than {_ANSWER_LIMIT_CHARACTERS:,} characters")
    return _Said(status=process.returncode, out=out, err=err)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
        # Not until the pipes end: a program that it left behind may hold them.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_AFTER_KILL_S)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
