# SPDX-License-Identifier: Apache-2.0
"""A node's installed keys, for the fact that is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.topologies import secrets, topology
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.report.installed import read_installed


def installed(directory: Path, case: str, node: str, **changed_secrets: str) -> Path:
    """Render a case of `tests.support.topologies` and install a node's part; return the data directory."""
    write_tree(directory / "tree", build(topology(case), secrets(**changed_secrets)))
    install(directory / "tree", node, directory / "hieradata")
    return directory / "hieradata"


def keys_of(directory: Path, case: str, node: str) -> dict[str, Any]:
    """Return the keys of a node."""
    return read_installed(installed(directory, case, node))
