# SPDX-License-Identifier: Apache-2.0
"""A reader beside a writer gets the levels of one rendering."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.topologies import secrets, topology
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.hieradata.build import GENERATION, build
from tripleo_messaging.hieradata.tree import read_levels
from tripleo_messaging.hieradata.write import write_tree

ROUNDS = 150

WRITER = """
import sys
from pathlib import Path
from tests.support.topologies import secrets, topology
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.write import write_tree
trees = [build(topology(name), secrets()) for name in ("shared", "twice")]
for number in range(int(sys.argv[2])):
    write_tree(Path(sys.argv[1]), trees[number % 2])
"""


def test_no_mixture_is_read(tmp_path: Path) -> None:
    """While a tree changes between two plans, what is read is one of the two, whole."""
    tree = tmp_path / "tree"
    wanted = [build(topology(name), secrets()) for name in ("shared", "twice")]
    write_tree(tree, wanted[1])
    nodes = [path for path in wanted[1] if path.startswith("nodes/")]
    node = next(path for path in nodes if len(_seen(wanted[0], path)) != len(_seen(wanted[1], path)))
    name = node.removeprefix("nodes/").removesuffix(".json")
    sizes = {str(levels["all.json"][GENERATION]): len(_seen(levels, node)) for levels in wanted}
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tree), str(ROUNDS)])
    accepted = 0
    try:
        while writer.poll() is None:
            try:
                levels = read_levels(tree, name)
            except UnreadableFileError:
                continue
            accepted += 1
            assert len(levels) == sizes[levels["all.json"][GENERATION]]
    finally:
        writer.kill()
        writer.wait()
    assert writer.returncode == 0
    assert accepted > ROUNDS


def _seen(levels: object, node: str) -> list[str]:
    assert isinstance(levels, dict)
    own = levels.get(node, {})
    clusters = own.get("tripleo_messaging::local_clusters", [])
    return [*([node] if own else []), *clusters, "all.json"]
