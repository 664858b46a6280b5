# SPDX-License-Identifier: Apache-2.0
"""Our levels out of the text of a hiera.yaml."""

from __future__ import annotations

import json
from typing import Optional

import attrs

from tripleo_messaging.hierarchy.config import Config, Level, UnprovenError, require
from tripleo_messaging.hierarchy.markers import Region, find_region, take_list_marker
from tripleo_messaging.hierarchy.ours import has_our_name, is_level_name

COMMA = ", "


@attrs.frozen(kw_only=True)
class Taken:
    """A text without our levels, and where they were.

    Attributes:
        text: what is left.
        offset: where whole lines were.
        index: of the level that they stood above.
    """

    text: str
    offset: Optional[int] = None
    index: Optional[int] = None


def take_out(config: Config) -> Taken:
    """Take out what was put in, and nothing that was written by hand.

    Raises:
        InvalidInputError: our lines were changed so that they cannot be told from others'.
    """
    region = find_region(config)
    return _out_of_lines(config, region) if region else _out_of_brackets(config)


def _out_of_lines(config: Config, region: Region) -> Taken:
    text = config.text[: region.start] + config.text[region.end :]
    for key, _ in config.values("hierarchy"):
        if key.start < region.start:
            text = take_list_marker(text, key.end)
    if not _only_ours_is_gone(config, text):
        message = "what stands between our comments is not what was written there"
        hint = "take our levels and these comments out by hand, and install again"
        raise config.refuse("changed-between-markers", region.line, message, hint)
    index = next((at for at, level in enumerate(config.levels()) if level.is_ours), None)
    return Taken(text=text, offset=region.start, index=index)


def _only_ours_is_gone(config: Config, text: str) -> bool:
    try:
        bare = require(text, config.file)
    except UnprovenError:
        return False
    theirs = [level.shape for level in config.levels() if not level.is_ours]
    left = [level.shape for level in bare.levels() if not level.is_ours]
    return left == theirs and bare.others() == config.others()


def _out_of_brackets(config: Config) -> Taken:
    untouched = Taken(text=config.text)
    node = config.hierarchy
    if node is None or node.kind != "sequence" or not node.flow or node.alias:
        return untouched
    levels = config.levels()
    indexes = [at for at, level in enumerate(levels) if level.is_ours]
    if not indexes or indexes != [*range(indexes[0], indexes[-1] + 1)]:
        return untouched
    first, last = indexes[0], indexes[-1]
    start, end = node.children[first].start, node.children[last].end
    if not _is_as_written(config.text[start:end], levels[first : last + 1]):
        return untouched
    before = COMMA if first and last + 1 == len(levels) else ""
    behind = COMMA if last + 1 < len(levels) else ""
    text = _cut(config.text, start - len(before), end + len(behind), before, behind)
    is_whole = text is not None and _only_ours_is_gone(config, text)
    return Taken(text=text, index=first) if text is not None and is_whole else untouched


def _cut(text: str, start: int, end: int, before: str, behind: str) -> Optional[str]:
    """Cut a piece out, if it begins and ends as it should."""
    piece = text[start:end]
    is_whole = piece.startswith(before) and piece.endswith(behind)
    return text[:start] + text[end:] if is_whole else None


def _is_as_written(text: str, levels: tuple[Level, ...]) -> bool:
    if not all(has_our_name(level.name) or is_level_name(level.name) for level in levels):
        return False
    try:
        items = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return False
    return COMMA.join(json.dumps(item, ensure_ascii=False) for item in items) == text
