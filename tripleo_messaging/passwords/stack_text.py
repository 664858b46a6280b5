# SPDX-License-Identifier: Apache-2.0
"""Secrets laid into the text of a ``<stack>-passwords.yaml``, of which every other character stays."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Optional, Union

import yaml

_SECTION = "parameter_defaults"
_NEVER_FOLDED = 1 << 30
_TEXT = "tag:yaml.org,2002:str"
_MAP = "tag:yaml.org,2002:map"
_SECTION_KEY = (_TEXT, _SECTION)

#: First and last character of what is replaced, and by what.
_Edit = tuple[int, int, str]


def new_text(secrets: Mapping[str, str]) -> str:
    """Return the text of a file that holds secrets alone."""
    return f"{_SECTION}:\n" + "".join(f"  {name}: {quoted(secrets[name])}\n" for name in sorted(secrets))


def quoted(text: str) -> str:
    """Return a text as it stands in YAML, in one line and between quotes, so that nothing is typed."""
    return yaml.safe_dump(text, default_style='"', width=_NEVER_FOLDED).rstrip("\n")


def laid_into(text: str, secrets: Mapping[str, str]) -> Optional[str]:
    """Return YAML text with some secrets exchanged or added, and nothing else changed, comments included.

    Args:
        text: one document whose keys are unique; a mapping, or empty.
        secrets: values by name.

    Returns:
        The text; ``None`` where that is not done by exchanging values alone, as with one behind an alias.
    """
    root = _compose(text)
    changed = text
    for start, end, new in sorted(_edits(text, root, secrets), reverse=True):
        changed = changed[:start] + new + changed[end:]
    try:
        is_right = _meaning(_compose(changed)) == _expected(root, secrets)
    except yaml.YAMLError:
        is_right = False
    return changed if is_right else None


def _compose(text: str) -> Optional[yaml.Node]:
    node: Optional[yaml.Node] = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _edits(text: str, root: Optional[yaml.Node], secrets: Mapping[str, str]) -> Iterator[_Edit]:
    if not isinstance(root, yaml.MappingNode):
        yield len(text), len(text), ("" if text.endswith("\n") or not text else "\n") + new_text(secrets)
        return
    section = _values(root).get(_SECTION)
    if isinstance(section, yaml.MappingNode):
        yield from _entry_edits(text, section, secrets)
    elif section is None:
        yield _insertion(text, root, ((_SECTION, _flow(secrets)),))
    else:
        yield section.start_mark.index, section.end_mark.index, f" {_flow(secrets)}"


def _entry_edits(text: str, section: yaml.MappingNode, secrets: Mapping[str, str]) -> Iterator[_Edit]:
    values = _values(section)
    for name, node in values.items():
        if name in secrets and _scalar(node) != (_TEXT, secrets[name]):
            # What a block scalar (| or >) ends with is its own.
            end = "\n" if getattr(node, "style", None) in ("|", ">") else ""
            yield node.start_mark.index, node.end_mark.index, quoted(secrets[name]) + end
    new = tuple((name, quoted(secrets[name])) for name in sorted(secrets) if name not in values)
    if new:
        yield _insertion(text, section, new)


def _insertion(text: str, mapping: yaml.MappingNode, entries: tuple[tuple[str, str], ...]) -> _Edit:
    """Put entries before all others."""
    if mapping.flow_style:
        place = text.index("{", mapping.start_mark.index) + 1
        written = ", ".join(f"{name}: {value}" for name, value in entries)
        return place, place, written + (", " if mapping.value else "")
    first = mapping.value[0][0].start_mark
    indent = " " * first.column
    return first.index, first.index, "".join(f"{name}: {value}\n{indent}" for name, value in entries)


def _flow(secrets: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {quoted(secrets[name])}" for name in sorted(secrets)) + "}"


def _values(mapping: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in mapping.value if isinstance(key, yaml.ScalarNode)}


def _scalar(node: Any) -> tuple[str, Union[str, None]]:
    return (node.tag, node.value) if isinstance(node, yaml.ScalarNode) else (node.tag, None)


def _meaning(node: Optional[yaml.Node]) -> Hashable:
    """Return what a reader makes of a node, whatever its reader makes of tags."""
    if isinstance(node, yaml.MappingNode):
        return node.tag, frozenset((_meaning(key), _meaning(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return node.tag, tuple(_meaning(value) for value in node.value)
    return None if node is None else _scalar(node)


def _expected(root: Optional[yaml.Node], secrets: Mapping[str, str]) -> Hashable:
    """Return the meaning that the changed text must have."""
    top = _entries(root)
    section = _entries(top.pop(_SECTION_KEY, None))
    new: dict[Hashable, Hashable] = {(_TEXT, name): (_TEXT, value) for name, value in secrets.items()}
    return _map({**_meanings(top), _SECTION_KEY: _map({**_meanings(section), **new})})


def _entries(node: Optional[yaml.Node]) -> dict[Hashable, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {_meaning(key): value for key, value in node.value}


def _meanings(entries: Mapping[Hashable, yaml.Node]) -> dict[Hashable, Hashable]:
    return {key: _meaning(value) for key, value in entries.items()}


def _map(meanings: Mapping[Hashable, Hashable]) -> Hashable:
    return _MAP, frozenset(meanings.items())
