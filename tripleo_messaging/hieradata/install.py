# SPDX-License-Identifier: Apache-2.0
"""A node's part of a rendered tree to the data directory that its Puppet reads.

The files have fixed names there, so that the hierarchy needs no fact: ``messaging_node``, one
``messaging_cluster_<cluster>`` for each cluster that the node is a member of, and ``messaging_all``; of a
sealed tree, beside these levels, the file of the node's secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from tripleo_messaging import files
from tripleo_messaging.errors import InvalidInputError, UnreadableFileError, UnwritableFileError
from tripleo_messaging.file_set import Change, File, compare_files, recover, replace_files
from tripleo_messaging.hieradata.build import ALL
from tripleo_messaging.hieradata.former import check_moves
from tripleo_messaging.hieradata.keys import LOCAL_NAME, SEALED
from tripleo_messaging.hieradata.text import decode_level, encode_level
from tripleo_messaging.hieradata.tree import LEVEL_LIMIT_BYTES, read_part, sealed_path
from tripleo_messaging.sealing.header import read_header

_PREFIX = "messaging_"
_CLUSTER_PREFIX = "messaging_cluster_"
_NODE = "messaging_node.json"
_ALL = "messaging_all.json"

#: Names of the levels for a hierarchy, the most specific first.
LEVEL_NAMES = ("messaging_node", "messaging_cluster_rpc", "messaging_cluster_notify", "messaging_all")

# One path below a tree for each of these names.
_SOURCES = ("nodes/.json", "clusters/rpc.json", "clusters/notify.json", ALL)

#: The file of a node's secrets: no level, and nothing that a hierarchy's JSON backend reads.
SEALED_NAME = "messaging_secrets.sealed"


def install(tree: Path, node: str, target: Path) -> Change:
    """Make a data directory hold one node's levels, and no level of a cluster it has left.

    Other files of the directory are not touched.

    Args:
        tree: a directory that was rendered.
        node: inventory name; a name that no cluster has as a member gets the client's level alone.
        target: the data directory, e.g. ``/etc/puppet/hieradata``; made when it is not there.

    Raises:
        UnreadableFileError: the tree is missing, damaged or half written, or sealed and not for this node.
        UnwritableFileError: the target may not be written, or belongs to a member of another name
            while `node` is none: a mistyped name would take a broker's data from its host.
        InvalidInputError: queues of a virtual host would be declared otherwise than they are there.
        LockedError: another command is writing there.
    """
    part = read_part(tree, node)
    return install_levels(part.levels, node, target, part.sealed)


def install_levels(
    levels: Mapping[str, Mapping[str, Any]], node: str, target: Path, sealed: Optional[bytes] = None
) -> Change:
    """Do the same with what `tripleo_messaging.hieradata.tree.read_part` gives of the node.

    The levels and the sealed file change as one; a sealed file stays only while the levels are sealed.

    Raises:
        UnreadableFileError: the levels are sealed, and the sealed file is missing, damaged, another
            node's, or of another run.
        UnwritableFileError, InvalidInputError, LockedError: as `install`.
    """
    wanted = installed_files(levels, node, sealed)
    files.make_directory(target, files.SECRET_DIR_MODE)
    with files.locked(target):
        recover(target)
        _refuse(target, node, wanted, levels)
        return replace_files(target, wanted, present=tuple(_present(target)))


def planned_change(
    levels: Mapping[str, Mapping[str, Any]], node: str, target: Path, sealed: Optional[bytes] = None
) -> Change:
    """Say what `install_levels` would do now; nothing is written, and the target need not be there.

    Raises:
        UnreadableFileError, UnwritableFileError, InvalidInputError: as `install_levels`.
    """
    wanted = installed_files(levels, node, sealed)
    _refuse(target, node, wanted, levels)
    return compare_files(target, wanted, present=tuple(_present(target)))


def uninstall_levels(target: Path) -> Change:
    """Remove what `install` puts into a data directory; other files of it are not touched.

    Raises:
        UnwritableFileError, LockedError: as `install`.
    """
    if not target.is_dir():
        return Change(written=(), removed=(), unchanged=())
    with files.locked(target):
        recover(target)
        return replace_files(target, {}, present=tuple(_present(target)))


def planned_removal(target: Path) -> Change:
    """Say what `uninstall_levels` would do now; nothing is written."""
    return Change(written=(), removed=tuple(_present(target)), unchanged=())


def read_installed_level(target: Path, name: str) -> Mapping[str, Any]:
    """Read an installed level by its fixed name; nothing where it is missing or damaged."""
    content = files.read_if_there(target / name, LEVEL_LIMIT_BYTES)
    path = next((path for path in _SOURCES if installed_name(path) == name), ALL)
    return (decode_level(path, content) if content is not None else None) or {}


def installed_files(
    levels: Mapping[str, Mapping[str, Any]], node: str, sealed: Optional[bytes] = None
) -> dict[str, File]:
    """Return every file that the data directory of a node is to hold, by name.

    Raises:
        UnreadableFileError: as `install_levels`.
    """
    wanted = {
        installed_name(path): File(data=encode_level(path, data), mode=files.SECRET_MODE)
        for path, data in levels.items()
    }
    if SEALED in levels[ALL]:
        wanted[SEALED_NAME] = File(data=_fitting(sealed, node, levels[ALL][SEALED]), mode=files.SECRET_MODE)
    return wanted


def _fitting(sealed: Optional[bytes], node: str, stamp: str) -> bytes:
    path = sealed_path(node)
    if sealed is None:
        raise UnreadableFileError(
            path,
            f"is not in the tree, whose secrets are sealed; put the public key of {node} as {node}.pem into"
            " the directory of public keys, and run: tripleo-messaging hieradata seal",
        )
    header = read_header(sealed, path)
    if header.node != node:
        raise UnreadableFileError(path, f"was sealed for the node {header.node!r}; seal the hieradata again")
    if header.stamp != stamp:
        raise UnreadableFileError(
            path, "was not sealed with the levels of the tree; seal the hieradata again"
        )
    return sealed


def _refuse(
    target: Path, node: str, wanted: Mapping[str, File], levels: Mapping[str, Mapping[str, Any]]
) -> None:
    _refuse_slip(target, node, wanted)
    _refuse_moves(target, levels)


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


def installed_name(path: str) -> str:
    """Return the fixed name that a level, by its path below a tree, has where it is installed."""
    kind, _, name = path.rpartition("/")
    return {
        "": f"{_PREFIX}{name}",
        "clusters": f"{_CLUSTER_PREFIX}{name}",
        "nodes": _NODE,
    }[kind]


def _present(target: Path) -> Iterator[str]:
    """Yield our files: by name, as another program's data may stand beside them."""
    for name in (*(f"{level}.json" for level in LEVEL_NAMES), SEALED_NAME):
        if (target / name).exists():
            yield name
