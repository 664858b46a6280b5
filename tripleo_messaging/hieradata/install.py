# SPDX-License-Identifier: Apache-2.0
"""A node's part of a rendered tree to the data directory that its Puppet reads.

The files have fixed names there, so that the hierarchy needs no fact: ``messaging_node``, one
``messaging_cluster_<cluster>`` for each cluster that the node is a member of, and ``messaging_all``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tripleo_messaging import files
from tripleo_messaging.errors import InvalidInputError, UnwritableFileError
from tripleo_messaging.file_set import Change, File, recover, replace_files
from tripleo_messaging.hieradata.build import ALL
from tripleo_messaging.hieradata.former import check_moves
from tripleo_messaging.hieradata.keys import LOCAL_NAME
from tripleo_messaging.hieradata.text import decode_level, encode_level
from tripleo_messaging.hieradata.tree import LEVEL_LIMIT_BYTES, read_levels

_PREFIX = "messaging_"
_CLUSTER_PREFIX = "messaging_cluster_"
_NODE = "messaging_node.json"
_ALL = "messaging_all.json"

#: Names of the levels for a hierarchy, the most specific first.
LEVEL_NAMES = ("messaging_node", "messaging_cluster_rpc", "messaging_cluster_notify", "messaging_all")


def install(tree: Path, node: str, target: Path) -> Change:
    """Make a data directory hold one node's levels, and no level of a cluster it has left.

    Other files of the directory are not touched.

    Args:
        tree: a directory that was rendered.
        node: inventory name; a name that no cluster has as a member gets the client's level alone.
        target: the data directory, e.g. ``/etc/puppet/hieradata``; made when it is not there.

    Raises:
        UnreadableFileError: the tree is missing, damaged or half written.
        UnwritableFileError: the target may not be written, or belongs to a member of another name
            while `node` is none: a mistyped name would take a broker's data from its host.
        InvalidInputError: queues of a virtual host would be declared otherwise than they are there.
        LockedError: another command is writing there.
    """
    return install_levels(read_levels(tree, node), node, target)


def install_levels(levels: Mapping[str, Mapping[str, Any]], node: str, target: Path) -> Change:
    """Do the same with the levels of the node as `tripleo_messaging.hieradata.tree.read_levels` gives them.

    Raises:
        UnwritableFileError, InvalidInputError, LockedError: as `install`.
    """
    wanted = {
        _installed_name(path): File(data=encode_level(path, data), mode=files.SECRET_MODE)
        for path, data in levels.items()
    }
    files.make_directory(target, files.SECRET_DIR_MODE)
    with files.locked(target):
        recover(target)
        _refuse_slip(target, node, wanted)
        _refuse_moves(target, levels)
        return replace_files(target, wanted, present=tuple(_present(target)))


def _refuse_slip(target: Path, node: str, wanted: Mapping[str, File]) -> None:
    content = files.read_if_there(target / _NODE, LEVEL_LIMIT_BYTES)
    if content is None or _NODE in wanted:
        return
    owner = (decode_level("nodes/.json", content) or {}).get(LOCAL_NAME)
    if owner is not None and owner != node:
        raise UnwritableFileError(
            str(target),
            f"holds the data of the member {owner}, and {node} is a member of no cluster;"
            f" mend --node, or remove {_NODE} there if the host has a new name",
        )


def _refuse_moves(target: Path, levels: Mapping[str, Mapping[str, Any]]) -> None:
    content = files.read_if_there(target / _ALL, LEVEL_LIMIT_BYTES)
    former = decode_level(ALL, content) if content is not None else None
    findings = check_moves(former or {}, levels[ALL])
    if findings:
        raise InvalidInputError(findings)


def _installed_name(path: str) -> str:
    kind, _, name = path.rpartition("/")
    return {
        "": f"{_PREFIX}{name}",
        "clusters": f"{_CLUSTER_PREFIX}{name}",
        "nodes": _NODE,
    }[kind]


def _present(target: Path) -> Iterator[str]:
    """Yield our files: by name, as another program's data may stand beside them."""
    for name in LEVEL_NAMES:
        if (target / f"{name}.json").exists():
            yield f"{name}.json"
