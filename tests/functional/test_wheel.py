# SPDX-License-Identifier: Apache-2.0
"""The wheel alone does the main job: installed in an empty venv, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest

from tests.support.checkout import build, copy_checkout

WHERE = "from importlib.resources import files; print(files('tripleo_messaging.{folder}'))"


class Installed:
    """A venv that holds the wheel, used from an empty working directory."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self.cwd = folder / "elsewhere"
        self.cwd.mkdir()
        venv.create(folder / "venv", with_pip=True)
        self.run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the venv without our environment's Python settings; return what it printed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def folder(self, name: str) -> Path:
        """Return where one of the data folders was installed."""
        return Path(self.run("python", "-c", WHERE.format(folder=name)).strip())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build("wheel", copy_checkout(folder / "source"), folder / "dist")
    return Installed(folder, wheel)


def test_requirements_agree(installed: Installed) -> None:
    """What the wheel requires can be installed together."""
    installed.run("python", "-m", "pip", "check")


def test_the_default_plan_is_valid(installed: Installed) -> None:
    """The embedded plan needs no file and no schema but those installed."""
    installed.run("tripleo-messaging", "plan", "validate")


def test_the_default_plan_is_rendered_and_installed(installed: Installed) -> None:
    """Render writes the tree and install this node's levels; whatever holds a secret is its owner's alone."""
    where = ("--secrets", "passwords.yaml", "--output", "data")
    installed.run("tripleo-messaging", "hieradata", "render", "--generate", *where)
    node = next((installed.cwd / "data" / "nodes").iterdir()).stem
    installed.run(
        "tripleo-messaging", "hieradata", "install", "--node", node, "--data", "data", "--target", "node"
    )
    levels = {path.name: path for path in (installed.cwd / "node").glob("*.json")}
    assert set(levels) == {"messaging_node.json", "messaging_cluster_rpc.json", "messaging_all.json"}
    clients = json.loads(levels["messaging_all.json"].read_text())
    assert clients["messaging_rpc_transport_url"].startswith("rabbit://")
    assert clients["messaging_notify_transport_url"].startswith("rabbit://")
    for path in (installed.cwd / "passwords.yaml", *levels.values()):
        assert path.stat().st_mode & 0o077 == 0


def test_the_schemas_are_there(installed: Installed) -> None:
    """Each schema that was installed says that it is JSON Schema 2020-12."""
    schemas = list(installed.folder("schemas").glob("*.json"))
    dialects = {json.loads(schema.read_text())["$schema"] for schema in schemas}
    assert dialects == {"https://json-schema.org/draft/2020-12/schema"}


def test_the_puppet_code_is_there_and_parses(installed: Installed) -> None:
    """Puppet itself accepts every manifest that was installed, the thin classes among them."""
    shims = installed.folder("puppet_shims")
    manifests = [str(path) for path in sorted(shims.rglob("*.pp"))]
    assert str(shims / "tripleo/manifests/profile/base/messaging.pp") in manifests
    done = subprocess.run(
        ["puppet", "parser", "validate", "--strict=error", *manifests],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
