# SPDX-License-Identifier: Apache-2.0
"""What of a hierarchy is ours, as text and as it is found again."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Literal, Union

import attrs

from tripleo_messaging.hierarchy.nodes import Node

Version = Literal[3, 5]

#: Name of our entry in a hierarchy of version 5.
ENTRY = "tripleo-messaging"
#: Name of the entry above it that opens sealed secrets.
SEALED_ENTRY = "tripleo-messaging, sealed"
#: The Puppet function that opens them.
FUNCTION = "tripleo_messaging::data"

BEGIN = "# tripleo-messaging: begin (kept by hieradata install, removed by hieradata uninstall)"
END = "# tripleo-messaging: end"
#: Stands behind the key where a single level was made a list.
LIST = "# tripleo-messaging: one level is a list from here"

_LEVEL_NAME = re.compile(r"messaging_(?:node|all|cluster_[a-z][a-z0-9_]*)")
_ENDINGS = re.compile(r"\.(?:json|ya?ml|eyaml|conf)\Z")

_DEFAULTS: dict[Version, tuple[tuple[str, ...], ...]] = {
    3: (('- "nodes/%{::trusted.certname}"',), ("- common",)),
    5: (("- name: Common", "  path: common.yaml"),),
}


def _absolute(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value.startswith("/") or "%{" in value or not value.isprintable():
        raise ValueError(f"{attribute.name}: {value!r} is not an absolute path without an interpolation")


def _absolute_or_empty(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value:
        _absolute(instance, attribute, value)


@attrs.frozen(kw_only=True)
class OurLevels:
    """What shall stand in a hierarchy.

    Attributes:
        datadir: absolute path of the directory that holds the levels.
        names: of the levels, the most specific first, without ending.
        sealed_file: absolute path of the node's sealed secrets; empty where there are none.
        private_key: absolute path of the key that opens them.
    """

    datadir: str = attrs.field(validator=_absolute)
    names: tuple[str, ...]
    sealed_file: str = attrs.field(default="", validator=_absolute_or_empty)
    private_key: str = attrs.field(default="", validator=_absolute_or_empty)

    def __attrs_post_init__(self) -> None:
        if not all(_LEVEL_NAME.fullmatch(name) for name in self.names) or not self.names:
            raise ValueError(f"names: {self.names!r} are not names of our levels")
        if bool(self.sealed_file) != bool(self.private_key):
            raise ValueError("sealed_file and private_key go together")


Entry = dict[str, Union[str, list[str], dict[str, str]]]


def entries(ours: OurLevels) -> tuple[Entry, ...]:
    """Return what stands in a hierarchy of version 5."""
    plain: Entry = {
        "name": ENTRY,
        "datadir": ours.datadir,
        "data_hash": "json_data",
        "paths": [f"{name}.json" for name in ours.names],
        # json_data takes no options, and those of the file's defaults would be handed to it.
        "options": {},
    }
    if not ours.sealed_file:
        return (plain,)
    options = {"file": ours.sealed_file, "private_key": ours.private_key}
    return ({"name": SEALED_ENTRY, "lookup_key": FUNCTION, "options": options}, plain)


def flow_text(ours: OurLevels, version: Version) -> str:
    """Return our items for a list in brackets; JSON, so that a JSON file stays one."""
    items: tuple[Union[str, Entry], ...] = ours.names if version == 3 else entries(ours)  # noqa: PLR2004
    return ", ".join(json.dumps(item, ensure_ascii=False) for item in items)


def block_lines(ours: OurLevels, version: Version) -> tuple[str, ...]:
    """Return our items for a list with dashes, one line each and without indentation."""
    if version == 3:  # noqa: PLR2004
        return tuple(f"- {name}" for name in ours.names)
    return tuple(line for entry in entries(ours) for line in _entry_lines(entry))


def default_lines(version: Version) -> tuple[tuple[str, ...], ...]:
    """Return the hierarchy that Hiera takes where a file has none: the lines of each item.

    Source: puppet 7.23, lib/puppet/pops/lookup/hiera_config.rb, DEFAULT_CONFIG_HASH of versions 3 and 5.
    """
    return _DEFAULTS[version]


def _entry_lines(entry: Entry) -> tuple[str, ...]:
    lines = [line for key, value in entry.items() for line in _member_lines(key, value)]
    return tuple(f"{'  ' if number else '- '}{line}" for number, line in enumerate(lines))


def _member_lines(key: str, value: Union[str, list[str], dict[str, str]]) -> tuple[str, ...]:
    if isinstance(value, list):
        return (f"{key}:", *(f"  - {item}" for item in value))
    if isinstance(value, dict) and not value:
        return (f"{key}: {{}}",)
    if isinstance(value, dict):
        return (f"{key}:", *(f"  {name}: {_quoted(text)}" for name, text in value.items()))
    return (f"{key}: {_quoted(value)}",)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if text.startswith("/") else text


def stem(path: str) -> str:
    """Return the level's name in a path: its last part without the ending of a data file."""
    return _ENDINGS.sub("", path.rpartition("/")[2])


def is_level_name(name: str) -> bool:
    """Tell whether a level has a name of ours."""
    return bool(_LEVEL_NAME.fullmatch(name))


def has_our_name(name: str) -> bool:
    """Tell whether an entry of version 5 has the name of one of ours."""
    return name in (ENTRY, SEALED_ENTRY)


def same_directory(one: str, other: str) -> bool:
    """Tell whether two paths are written alike, but for slashes and dots."""
    return PurePosixPath(one) == PurePosixPath(other)


def plain_key(node: Node) -> str:
    """Return the name of a key of hiera.yaml, which may be a Ruby symbol (``:name``)."""
    if node.kind != "scalar":
        return ""
    if node.style or not node.text.startswith(":"):
        return node.text
    return node.text[1:].strip("\"'")
