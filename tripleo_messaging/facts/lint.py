# SPDX-License-Identifier: Apache-2.0
"""What Facter would make of directories of external facts, and why it would ignore or spoil a file.

No program is run: what an executable prints is not looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Union

import attrs

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.facts.contents import content_remarks, line_remarks
from tripleo_messaging.facts.discover import (
    STRUCTURED,
    WINDOWS_EXTENSIONS,
    Entry,
    discover,
    extension,
    is_hidden,
    names_in,
)
from tripleo_messaging.facts.external import Candidates, collect
from tripleo_messaging.facts.outcome import problem
from tripleo_messaging.facts.structured import MAX_FILE_BYTES, read_structured
from tripleo_messaging.files import read_bounded
from tripleo_messaging.model.finding import Finding, describe

#: Where Facter's configuration is: of Puppet's packages, and of Debian.
CONFIGURATIONS = ("/etc/puppetlabs/facter/facter.conf", "/etc/facter/facter.conf")

#: Rules of which Facter before 4.11 may die, without a single fact; a list for a mapping does not kill it.
FATAL_RULES = frozenset({"not-a-mapping", "name-not-utf-8", "nameless"})

_SHELL_CHARACTERS = frozenset("*?{}[]<>()~&|\\$;'`\"\n#=% \t")
_ANY_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

Remarks = Iterator[Finding]


@attrs.frozen
class _File:
    """A file that Facter reads, and what is known of it."""

    entry: Entry
    mode: int

    @property
    def path(self) -> str:
        return self.entry.path

    @property
    def is_structured(self) -> bool:
        return extension(self.entry.name) in STRUCTURED

    def remark(self, rule: str, severity: Any, message: str, hint: str = "") -> Finding:
        return problem(rule, severity, message, self.path, hint=hint)


def lint(directories: Sequence[Union[str, os.PathLike[str]]]) -> Iterator[Finding]:
    """Yield what is wrong, or surprising, in directories of external facts.

    Args:
        directories: as Facter would be given them; an earlier one wins.
    """
    candidates: Candidates = {}
    for directory in directories:
        if not Path(directory).is_dir():
            yield _missing(os.fspath(directory))
            continue
        yield from _hidden(os.fspath(directory))
        for found in discover([directory]):
            yield from [found] if isinstance(found, Finding) else _remarks(found, candidates)


def unread_configuration(paths: Sequence[Union[str, os.PathLike[str]]] = CONFIGURATIONS) -> Iterator[Finding]:
    """Yield a note for each file of Facter's configuration that is there, as it is not read.

    Args:
        paths: where it may be.
    """
    for path in paths:
        if Path(path).exists():
            message = "not read: what it blocks and caches Facter takes otherwise than it is told here"
            hint = "ask `facter` itself where it has a blocklist or ttls"
            yield problem("configuration-not-read", "note", message, os.fspath(path), hint=hint)


def _missing(directory: str) -> Finding:
    message = "no such directory; Facter passes over it without a word"
    return problem("no-directory", "warning", message, directory, hint="make it, or name another one")


def _hidden(directory: str) -> Remarks:
    try:
        names = [name for name in names_in(directory) if is_hidden(name)]
    except OSError:
        return  # told where it is read
    for name in names:
        message = "its name begins with a dot; Facter ignores it"
        hint = "rename the file if it holds facts"
        yield problem("hidden-file", "note", message, f"{directory}/{name}", hint=hint)


def _remarks(entry: Entry, candidates: Candidates) -> Remarks:
    try:
        mode = Path(entry.path).stat().st_mode
    except OSError:
        yield _dangling(entry)
        return
    file = _File(entry, mode)
    for check in _CHECKS:
        yield from check(file)
    if file.is_structured:
        yield from _facts(file, candidates)


def _dangling(entry: Entry) -> Finding:
    # A text that is not there is an empty one to Facter.
    if entry.kind in {"yaml", "json"}:
        return problem("unreadable", "error", "a link to nothing, which Facter fails on", entry.path)
    return problem("unreadable", "warning", "a link to nothing; there are no facts in it", entry.path)


def _facts(file: _File, candidates: Candidates) -> Remarks:
    outcome = read_structured(file.path, file.entry.kind)
    yield from outcome.problems
    mine: Candidates = {}
    yield from collect(file.entry, outcome, mine)
    if any(found.rule == "not-a-mapping" for found in outcome.problems):
        return  # the names would be values of a list
    yield from content_remarks(file.path, outcome.pairs)
    for name, values in mine.items():
        yield from _overridden(file, name, candidates)
        candidates.setdefault(name, []).extend(values)


def _overridden(file: _File, name: str, candidates: Candidates) -> Remarks:
    # A value of null leaves the place to the next one.
    winner = next((one.file for one in candidates.get(name, ()) if one.value is not None), None)
    if winner is None:
        return
    is_beside = Path(winner).parent == Path(file.path).parent
    why = "whose name comes later" if is_beside else "whose directory comes first"
    message = f"the fact {describe(name)} is overridden by {winner}, {why}"
    yield problem("overridden", "warning", message, file.path, name=name, hint="keep one of the two")


def _directory(file: _File) -> Remarks:
    if stat.S_ISDIR(file.mode) and not file.is_structured:
        yield file.remark("directory", "note", "a directory; Facter reads the top level only")


def _special(file: _File) -> Remarks:
    if not stat.S_ISDIR(file.mode) and not stat.S_ISREG(file.mode) and not file.is_structured:
        yield file.remark("special-file", "warning", "not a regular file; Facter ignores it")


def _ignored(file: _File) -> Remarks:
    """Tell why a regular file is ignored."""
    if file.entry.kind != "ignored" or not stat.S_ISREG(file.mode):
        return
    known = extension(file.entry.name)
    if known in WINDOWS_EXTENSIONS:
        message = f"Facter runs a .{known} file on Windows only, and ignores it here"
        yield file.remark("windows-extension", "warning", message, "rename it")
    elif known == "yml":
        yield file.remark(
            "yml-extension", "warning", "Facter reads .yaml, and ignores .yml", "rename it to .yaml"
        )
    else:
        message = "neither .yaml, .json or .txt nor executable; Facter ignores it"
        yield file.remark("not-executable", "warning", message, "make it executable, or name it by its kind")


def _needlessly_executable(file: _File) -> Remarks:
    if file.is_structured and stat.S_ISREG(file.mode) and file.mode & _ANY_EXECUTE:
        kind = file.entry.kind
        message = f"executable, but Facter reads it as {kind}, and never runs it"
        yield file.remark(
            "never-run", "warning", message, f"take .{kind} off its name, or the bits off its mode"
        )


def _shell_name(file: _File) -> Remarks:
    odd = sorted(_SHELL_CHARACTERS.intersection(file.path)) if file.entry.kind == "executable" else []
    if odd and odd != [" "]:
        shown = " ".join(repr(character) for character in odd)
        message = f"its path holds {shown}: Facter hands it to a shell, which takes it apart"
        yield file.remark(
            "shell-name", "warning", message, "use letters, digits, dots, dashes and underscores"
        )


def _writable(file: _File) -> Remarks:
    if file.entry.kind == "executable" and file.mode & _OTHERS_WRITE:
        message = f"mode {stat.S_IMODE(file.mode):04o}: others than its owner may write what Facter runs"
        yield file.remark("writable-by-others", "warning", message, "chmod go-w")


def _interpreter(file: _File) -> Remarks:
    if file.entry.kind == "executable" and not _head(file.path).startswith((b"#!", b"\x7fELF")):
        message = "its first line names no interpreter; /bin/sh runs it"
        yield file.remark("no-interpreter", "note", message, "begin it with #!")


def _lines(file: _File) -> Remarks:
    if file.entry.kind == "txt" and stat.S_ISREG(file.mode):
        yield from line_remarks(file.path, _head(file.path))


def _head(path: str) -> bytes:
    try:
        return read_bounded(path, MAX_FILE_BYTES)
    except UnreadableFileError:
        return b""


_CHECKS: tuple[Callable[[_File], Remarks], ...] = (
    _directory,
    _special,
    _ignored,
    _needlessly_executable,
    _shell_name,
    _writable,
    _interpreter,
    _lines,
)
