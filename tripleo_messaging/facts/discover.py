# SPDX-License-Identifier: Apache-2.0
"""Which files of a directory hold external facts, of which kind, and in which order they count.

Source: facter 4.3.0, ``lib/facter/custom_facts/util/directory_loader.rb`` (``entries``,
``should_parse?``) and ``parser.rb`` (the registrations).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Union

import attrs

from tripleo_messaging.facts.outcome import problem
from tripleo_messaging.model.finding import Finding

Kind = Literal["yaml", "txt", "json", "executable", "ignored"]

#: Kinds that an extension decides, before anything else is looked at.
STRUCTURED: dict[str, Kind] = {"yaml": "yaml", "txt": "txt", "json": "json"}

#: Extensions that are run on Windows, and nowhere else.
WINDOWS_EXTENSIONS = frozenset({"bat", "cmd", "com", "exe"})

# Ruby's ^ is the begin of any line, and a file name may have more than one.
_HIDDEN = re.compile(r"^\.", re.MULTILINE)


@attrs.frozen
class Entry:
    """A file of a directory of facts.

    Attributes:
        path: directory and name.
        name: its name.
        kind: what Facter takes it for.
    """

    path: str
    name: str
    kind: Kind


def extension(name: str) -> str:
    """Return what follows the last dot of a file name, in small letters; nothing where none does."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem.strip(".") else ""


def kind_of(path: str, name: str) -> Kind:
    """Tell what Facter takes a file for: ``.yaml``, ``.txt`` and ``.json`` even if executable."""
    known = extension(name)
    if known in STRUCTURED:
        return STRUCTURED[known]
    return "executable" if known not in WINDOWS_EXTENSIONS and is_program(path) else "ignored"


def is_program(path: str) -> bool:
    """Tell whether a path is a regular file, or a link to one, that this process may execute."""
    try:
        is_file = stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False
    return is_file and os.access(path, os.X_OK, effective_ids=True)


def is_hidden(name: str) -> bool:
    """Tell whether Facter passes over a name, as its text, or a line of it, begins with a dot."""
    return _HIDDEN.search(name) is not None


def names_in(directory: str) -> list[str]:
    """Return the names in a directory, the one that wins first: by bytes, from the last to the first.

    Raises:
        OSError: it cannot be listed.
    """
    names = (path.name for path in Path(directory).iterdir())
    return sorted(names, key=lambda name: name.encode(errors="surrogateescape"), reverse=True)


def discover(
    directories: Iterable[Union[str, os.PathLike[str]]], blocked: Collection[str] = ()
) -> Iterator[Union[Entry, Finding]]:
    """Yield the files of directories in the order in which Facter reads them, the one that wins first.

    What cannot be listed, or has a name that Facter cannot handle, is yielded as a finding. A directory
    that is not there is passed over without one, as Facter does.

    Args:
        directories: of which an earlier one wins.
        blocked: names of files that ``facter.conf`` blocks; other names do nothing.
    """
    for directory in directories:
        if Path(directory).is_dir():
            yield from _entries(os.fspath(directory), blocked)


def _entries(directory: str, blocked: Collection[str]) -> Iterator[Union[Entry, Finding]]:
    try:
        names = names_in(directory)
    except OSError as error:
        reason = (error.strerror or "cannot be listed").lower()
        yield problem("unreadable", "error", f"the directory cannot be listed: {reason}", directory)
        return
    for name in names:
        if not _is_text(name):
            yield _unspeakable(directory, name)
        elif not is_hidden(name) and name not in blocked:
            path = f"{directory.rstrip('/')}/{name}"
            yield Entry(path, name, kind_of(path, name))


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _unspeakable(directory: str, name: str) -> Finding:
    shown = name.encode(errors="surrogateescape").decode("ascii", "backslashreplace")
    message = f"the file name {shown} is not UTF-8: Facter ends with an error, and has no facts at all"
    return problem("name-not-utf-8", "error", message, directory, hint="rename the file")


def default_directories(environ: Mapping[str, str], *, is_root: bool) -> tuple[str, ...]:
    """Return the directories that Facter reads when it is given none, the one that wins first.

    Root's are those of Puppet's packages, in the order of upstream's Facter 4.11, of which Debian's reads
    ``/etc/facter/facts.d`` alone; those of another user are below the home directory.
    """
    if is_root:
        return ("/etc/puppetlabs/facter/facts.d", "/etc/facter/facts.d", "/opt/puppetlabs/facter/facts.d")
    home = environ.get("HOME")
    return (f"{home}/.facter/facts.d", f"{home}/.puppetlabs/opt/facter/facts.d") if home else ()
