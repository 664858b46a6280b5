# SPDX-License-Identifier: Apache-2.0
"""Our levels into a hiera.yaml, and out again, with everything else as it was, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

import attrs

from tripleo_messaging.documents.problems import unreadable
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.checks import by_hand, check_by_hand, check_form, check_v3, v3_datadir
from tripleo_messaging.hierarchy.config import Config, UnprovenError, read, require
from tripleo_messaging.hierarchy.insert import prove, put_in
from tripleo_messaging.hierarchy.ours import ENTRY, OurLevels, Version
from tripleo_messaging.hierarchy.place import Place, find_place, hidden_or_hiding, in_words
from tripleo_messaging.hierarchy.remove import take_out
from tripleo_messaging.model.finding import Finding, has_errors

_BOM = b"\xef\xbb\xbf"


@attrs.frozen(kw_only=True)
class Edit:
    """A hiera.yaml with our levels.

    Attributes:
        content: the file's new content; the old one when there is nothing to do.
        version: of the hierarchy.
        place: where our levels stand, in words.
        findings: warnings.
    """

    content: bytes
    version: Version
    place: str
    findings: tuple[Finding, ...] = ()


def with_levels(
    content: bytes, path: str, ours: OurLevels, above: Optional[str] = None, *, trust_datadir: bool = False
) -> Edit:
    """Put our levels into a hierarchy; those that are there already are replaced, and keep their place.

    They go above the first of `service_names`, `service_configs` and `all_nodes`; to the end where none of
    these is. What was written by hand, complete and in order, stays as it is.

    Args:
        content: of the hiera.yaml.
        path: its name as the operator gave it; a relative datadir of version 5 is relative to it.
        ours: what to put in.
        above: name, path or stem of the level to stand above, instead.
        trust_datadir: the operator named the data directory, so that one that depends on facts may be it.

    Raises:
        InvalidInputError: the file is not edited; the findings say why and what to do.
    """
    bom, text = _decoded(content, path)
    config = read(text, path)
    if config is None:
        message = "is empty or no mapping, and which version of Hiera reads it cannot be told"
        hint = "write 'version: 5' into it, or the node's levels of version 3"
        raise InvalidInputError((unreadable(path, None, message, hint),))
    version = check_form(config)
    warnings = (*_mark(config, bom), *_check(config, ours, version, trust_datadir=trust_datadir))
    taken = take_out(config)
    bare = require(taken.text, path)
    if any(level.is_ours for level in bare.levels()):
        left = _left(content, bare, ours, version, above)
        return attrs.evolve(left, findings=(*warnings, *left.findings))
    place = find_place(bare, bare.levels(), above, taken.index)
    offset = taken.offset if above is None else None
    try:
        new = put_in(bare, version, ours, place.index, offset)
        prove(bare, require(new, path), ours, version, place.index)
    except (UnprovenError, InvalidInputError):
        raise _exotic(bare, ours, version, place) from None
    findings = (*warnings, *place.findings)
    return Edit(content=bom + new.encode(), version=version, place=place.text, findings=findings)


def without_levels(content: bytes, path: str) -> bytes:
    """Take out what `with_levels` put in; what was written by hand stays.

    Raises:
        InvalidInputError: our lines were changed so that they cannot be told from others'.
    """
    bom, text = _decoded(content, path)
    config = read(text, path)
    return content if config is None else bom + take_out(config).text.encode()


def data_directory(content: bytes, path: str) -> Optional[str]:
    """Return the directory that a hierarchy reads our levels from.

    Returns:
        That of the JSON backend of version 3, or of our entry in version 5; ``None`` where the file names
        none, or one that depends on facts.

    Raises:
        InvalidInputError: the file cannot be read.
    """
    config = read(_decoded(content, path)[1], path)
    if config is None:
        return None
    if config.version == 3:  # noqa: PLR2004
        found = v3_datadir(config)
    else:
        found = next((level.datadir for level in config.levels() if level.name == ENTRY), None)
    return None if found is None or "%{" in found else found


def _decoded(content: bytes, path: str) -> tuple[bytes, str]:
    bom = _bom(content)
    try:
        return bom, content[len(bom) :].decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        finding = unreadable(path, line, "is not UTF-8 text", "save the file in UTF-8")
        raise InvalidInputError((finding,)) from None


def _bom(content: bytes) -> bytes:
    return _BOM if content.startswith(_BOM) else b""


def _mark(config: Config, bom: bytes) -> Iterator[Finding]:
    if bom:
        message = "begins with a byte order mark, which Puppet does not read"
        yield config.finding("byte-order-mark", 1, message, "save the file without it", "warning")


def _check(config: Config, ours: OurLevels, version: Version, *, trust_datadir: bool) -> tuple[Finding, ...]:
    is_3 = version == 3  # noqa: PLR2004
    findings = tuple(check_v3(config, ours, trust_datadir=trust_datadir)) if is_3 else ()
    if has_errors(findings):
        raise InvalidInputError(findings)
    return findings


def _left(content: bytes, bare: Config, ours: OurLevels, version: Version, above: Optional[str]) -> Edit:
    """Leave levels alone that somebody wrote by hand, if they are all there."""
    levels = bare.levels()
    findings = tuple(check_by_hand(bare, ours, levels, version))
    if findings:
        raise InvalidInputError(findings)
    last = max(at for at, level in enumerate(levels) if level.is_ours)
    theirs = [level for level in levels if not level.is_ours]
    index = sum(not level.is_ours for level in levels[:last])
    moves = above is not None and find_place(bare, theirs, above, None).index != index
    if moves or len(content) != len(bare.text.encode()) + len(_bom(content)):
        message = "has messaging levels that were written by hand, and others would be put beside them"
        hint = "take those that were written by hand out"
        raise bare.refuse("levels-by-hand", levels[last].line, message, hint)
    place = f"{in_words(theirs, index)}, written by hand"
    hiding = tuple(hidden_or_hiding(bare, theirs, index))
    return Edit(content=content, version=version, place=place, findings=hiding)


def _exotic(config: Config, ours: OurLevels, version: Version, place: Place) -> InvalidInputError:
    message = "the hierarchy has a form that is not edited safely"
    first = "" if config.hierarchy else "write the hierarchy out that is the default, and "
    hint = f"{first}write into it by hand, {place.text}: {by_hand(ours, version)}"
    return config.refuse("exotic-form", config.line("hierarchy"), message, hint)
