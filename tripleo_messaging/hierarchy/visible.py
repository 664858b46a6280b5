# SPDX-License-Identifier: Apache-2.0
"""What of a hiera.yaml may be shown: where things stand that are known to be no secret.

A hiera.yaml may hold secrets anywhere but in its structure: in options, in the sections of backends, in
comments. So nothing is shown for looking harmless, and a thing is shown only for where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Optional

import attrs

from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.config import Config, read
from tripleo_messaging.hierarchy.nodes import Node
from tripleo_messaging.hierarchy.ours import BEGIN, END, FUNCTION, LIST, has_our_name, plain_key
from tripleo_messaging.model.secret import MASK

_BACKENDS = frozenset({"json", "yaml", "eyaml", "hocon", "puppet"})
_PATHS = frozenset({"name", "path", "paths", "glob", "globs", "mapped_paths", "datadir"})
_FUNCTIONS = frozenset({"data_hash", "lookup_key", "data_dig", "hiera3_backend"})
_KNOWN_FUNCTIONS = (
    frozenset({"json_data", "yaml_data", "hocon_data", "eyaml_lookup_key", FUNCTION}) | _BACKENDS
)
#: Members of the whole file with a value of a few known words.
_WORDS = {
    "backends": _BACKENDS,
    "logger": frozenset({"console", "noop", "puppet"}),
    "merge_behavior": frozenset({"native", "deep", "deeper"}),
}
_DEFAULTS_KEYS = _FUNCTIONS | {"datadir", "options"}
_ENTRY_KEYS = _DEFAULTS_KEYS | _PATHS
_SECTION_KEYS = frozenset({"datadir", "extension"})
_ROOT_KEYS = frozenset({"version", "hierarchy", "defaults", *_WORDS, *_BACKENDS})
_OUR_OPTIONS = frozenset({"file", "private_key"})

_PUNCTUATION = frozenset(" \t-:?,[]{}")
_OUR_COMMENTS = frozenset({BEGIN, END, LIST})
# Not even a path: a URL with something before the host, and what hiera-eyaml has encrypted.
_OPENLY_SECRET = re.compile(r"://|@|ENC\[")
_COMMENT = "#"
_BOM = "\ufeff"


@attrs.frozen(kw_only=True)
class Line:
    """A line without its end.

    Attributes:
        text: as it is written.
        shown: as it may be seen.
    """

    text: str
    shown: str


def lines(content: bytes, path: str) -> tuple[tuple[Line, ...], bool]:
    """Return the lines of a hiera.yaml, and whether it could be read.

    Of one that could not, nothing but the indentation of its lines may be seen.
    """
    text = content.decode("utf-8", "replace")
    config = _read(content, path)
    body = len(_BOM) if text.startswith(_BOM) else 0
    known = _known_offsets(config) if config else frozenset()
    pieces = text.split("\n")
    if not pieces[-1]:
        pieces.pop()
    made: list[Line] = []
    offset = -body
    for piece in pieces:
        made.append(Line(text=piece, shown=_shown(piece, offset, known, is_read=config is not None)))
        offset += len(piece) + 1
    return tuple(made), config is not None or not text.strip()


def _read(content: bytes, path: str) -> Optional[Config]:
    try:
        return read(content.decode("utf-8-sig"), path)
    except (UnicodeDecodeError, InvalidInputError):
        return None


def _shown(piece: str, offset: int, known: frozenset[int], *, is_read: bool) -> str:
    """Return a line up to the first thing in it that is not known, and a mask for the rest."""
    bare = piece.lstrip(_BOM) if offset < 0 else piece
    start = offset + len(piece) - len(bare)
    bare = bare.rstrip(" \t\r")
    unknown = next((at for at in range(len(bare)) if start + at not in known), len(bare))
    if not is_read:
        unknown = len(bare) - len(bare.lstrip(" \t"))
    rest = bare[unknown:]
    if not rest or (is_read and rest in _OUR_COMMENTS):
        return bare
    return f"{bare[:unknown]}{'# ' if is_read and rest.startswith(_COMMENT) else ''}{MASK}"


def _known_offsets(config: Config) -> frozenset[int]:
    """Return the offsets of all characters that are known: of known scalars, and between scalars."""
    text = config.text
    known = {at for at in range(config.end) if text[at] in _PUNCTUATION}
    known -= {at for node in _scalars(config.root) for at in range(node.start, node.end)}
    for node in _harmless(config):
        if _is_plainly_written(text, node):
            known.update(range(node.start, node.end))
    return frozenset(known)


def _scalars(node: Node) -> Iterator[Node]:
    """Yield whatever is no collection, aliases included."""
    if node.kind == "scalar" or node.alias:
        yield node
        return
    for child in node.children:
        yield from _scalars(child)


def _is_plainly_written(text: str, node: Node) -> bool:
    """Tell whether a scalar's text is all that is written: no tag, anchor, escape or second line."""
    written = text[node.start : node.end]
    is_plain = written in (node.text, f'"{node.text}"', f"'{node.text}'")
    return is_plain and written.isprintable() and not _OPENLY_SECRET.search(written)


def _harmless(config: Config) -> Iterator[Node]:
    version_3 = config.version == 3  # noqa: PLR2004
    for key, value in config.root.pairs():
        name = plain_key(key)
        if name not in _ROOT_KEYS:
            continue
        yield key
        if name == "version":
            yield from (node for node in _texts(value) if node.text.isdigit() and len(node.text) == 1)
        elif name == "hierarchy":
            yield from _texts(value) if version_3 else _entries(value)
        elif name == "defaults":
            yield from _entry(value, _DEFAULTS_KEYS)
        elif name in _WORDS:
            yield from _words(value, _WORDS[name])
        else:
            yield from _section(value)


def _entries(node: Node) -> Iterator[Node]:
    if node.kind == "sequence" and not node.alias:
        for item in node.children:
            yield from _entry(item)


def _entry(node: Node, names: Container[str] = _ENTRY_KEYS) -> Iterator[Node]:
    if node.alias:
        return
    is_ours = any(
        plain_key(key) == "name" and value.kind == "scalar" and has_our_name(value.text)
        for key, value in node.pairs()
    )
    for key, value in node.pairs():
        name = plain_key(key)
        if name not in names:
            continue
        yield key
        if name in _PATHS:
            yield from _texts(value)
        elif name in _FUNCTIONS:
            yield from _words(value, _KNOWN_FUNCTIONS)
        elif name == "options" and is_ours:
            yield from _our_options(value)


def _our_options(node: Node) -> Iterator[Node]:
    for key, value in () if node.alias else node.pairs():
        if plain_key(key) in _OUR_OPTIONS and value.kind == "scalar" and value.text.startswith("/"):
            yield key
            yield value


def _section(node: Node) -> Iterator[Node]:
    for key, value in () if node.alias else node.pairs():
        name = plain_key(key)
        if name in _SECTION_KEYS:
            yield key
            yield from _texts(value) if name == "datadir" else _words(value, _BACKENDS)


def _words(node: Node, words: Container[str]) -> Iterator[Node]:
    """Yield what is one of some words, symbols of Ruby among them."""
    yield from (item for item in _texts(node) if plain_key(item) in words)


def _texts(node: Node) -> Iterator[Node]:
    """Yield a scalar, or the scalars of a list."""
    if node.alias:
        return
    nodes = node.children if node.kind == "sequence" else (node,)
    yield from (item for item in nodes if item.kind == "scalar" and not item.alias)
