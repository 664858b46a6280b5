# SPDX-License-Identifier: Apache-2.0
"""A rendered tree to one that holds no secret in the clear: each node's own are sealed for its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tripleo_messaging import files
from tripleo_messaging.errors import UnreadableFileError, UnusableKeyError
from tripleo_messaging.hieradata.build import ALL, LOOKUP_OPTIONS, Levels
from tripleo_messaging.hieradata.keys import LOCAL_CLUSTERS, SEALED
from tripleo_messaging.hieradata.secret_keys import is_secret_key, is_sensitive_key
from tripleo_messaging.hieradata.tree import is_node_name, lookup_in
from tripleo_messaging.model.finding import Finding, Origin
from tripleo_messaging.sealing.envelope import Contents, seal
from tripleo_messaging.sealing.keys import MOST_PEM_BYTES, load_public_key

KEY_SUFFIX = ".pem"


@attrs.frozen(kw_only=True)
class SealedTree:
    """What `tripleo_messaging.hieradata.write.write_tree` writes of a tree that is sealed.

    Attributes:
        levels: without any secret.
        sealed: a sealed file for each node, by inventory name.
    """

    levels: Levels
    sealed: Mapping[str, bytes]


@attrs.frozen(kw_only=True)
class PublicKeys:
    """The public keys of a directory.

    Attributes:
        keys: by inventory name.
        findings: an error for each file that gives no key, and for each member without a file.
    """

    keys: Mapping[str, RSAPublicKey]
    findings: tuple[Finding, ...]


def seal_tree(levels: Levels, public_keys: Mapping[str, RSAPublicKey], stamp: str) -> SealedTree:
    """Take the secrets out of a tree's levels, and seal for every node with a key those that it sees.

    Args:
        levels: all of a rendered tree, not sealed yet.
        public_keys: by inventory name, one for each member at least; a node that is no member gets the
            secrets of clients.
        stamp: random, new with every run; the levels and the sealed files bear it. Nothing can be learnt
            from it, as it is made of no secret.
    """
    secret = frozenset(key for level in levels.values() for key in level if _is_sealed_key(key))
    without = {
        path: {key: value for key, value in level.items() if key not in secret}
        for path, level in levels.items()
    }
    without[ALL] = {SEALED: stamp, **without[ALL]}
    sealed = {
        node: seal(node, stamp, _contents(_seen_by(levels, node), secret), key)
        for node, key in public_keys.items()
    }
    return SealedTree(levels=without, sealed=sealed)


def _is_sealed_key(key: str) -> bool:
    return key != LOOKUP_OPTIONS and is_secret_key(key)


def _seen_by(levels: Levels, node: str) -> Levels:
    """Return the levels of a node, the most specific first."""
    own = f"nodes/{node}.json"
    clusters = levels.get(own, {}).get(LOCAL_CLUSTERS, ())
    paths = (own, *(f"clusters/{name}.json" for name in clusters), ALL)
    return {path: levels[path] for path in paths if path in levels}


def _contents(levels: Levels, secret: Iterable[str]) -> Contents:
    held = {key for level in levels.values() for key in level}
    found: dict[str, Any] = {key: lookup_in(levels, key, Path()) for key in secret if key in held}
    return Contents(
        sensitive={key: value for key, value in found.items() if is_sensitive_key(key)},
        plain={key: value for key, value in found.items() if not is_sensitive_key(key)},
    )


def members_of(levels: Levels) -> tuple[str, ...]:
    """Return the inventory names of the members of clusters, sorted."""
    paths = (path for path in levels if path.startswith("nodes/"))
    return tuple(sorted(path[len("nodes/") : -len(".json")] for path in paths))


def read_public_keys(directory: Path, members: Iterable[str]) -> PublicKeys:
    """Read the public key or certificate of every node that has one: ``<inventory name>.pem``.

    Args:
        directory: files with another ending in it are not looked at.
        members: the nodes that must have one.

    Raises:
        UnreadableFileError: there is no such directory.
    """
    if not directory.is_dir():
        raise UnreadableFileError(str(directory), "is no directory; give the one with the nodes' public keys")
    found = {path.stem: _read_key(path) for path in sorted(directory.glob(f"*{KEY_SUFFIX}"))}
    bad = tuple(key for key in found.values() if isinstance(key, Finding))
    missing = tuple(_missing(directory, name) for name in members if name not in found)
    keys = {name: key for name, key in found.items() if not isinstance(key, Finding)}
    return PublicKeys(keys=keys, findings=(*bad, *missing))


def _read_key(path: Path) -> RSAPublicKey | Finding:
    if not is_node_name(path.stem):
        return _finding(path, "its name before .pem is no inventory name", "name it after its node")
    try:
        return load_public_key(files.read_bounded(path, MOST_PEM_BYTES))
    except UnusableKeyError as error:
        return _finding(path, error.reason, "copy the node's public key or certificate here")
    except UnreadableFileError as error:
        return _finding(path, error.reason, "")


def _missing(directory: Path, node: str) -> Finding:
    return _finding(
        directory / f"{node}{KEY_SUFFIX}",
        f"the member {node} has no public key here, so its secrets cannot be sealed",
        "copy its public key or certificate to this file",
        rule="missing-public-key",
    )


def _finding(path: Path, message: str, hint: str, *, rule: str = "unusable-public-key") -> Finding:
    return Finding(rule=rule, severity="error", message=message, hint=hint, origin=Origin(file=str(path)))
