# SPDX-License-Identifier: Apache-2.0
"""Run the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tripleo_messaging.cli.main import main


@attrs.frozen(kw_only=True)
class Ran:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command with some arguments."""

    def run_command(*words: object) -> Ran:
        status = main([str(word) for word in words])
        said = capsys.readouterr()
        return Ran(status=status, out=said.out, err=said.err)

    return run_command


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a file, 0600, and returns its path."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write_file


@pytest.fixture
def tree(run: Run, tmp_path: Path) -> Path:
    """Render the default plan, and return the tree."""
    output = tmp_path / "hieradata"
    ran = run(
        "hieradata", "render", "--generate", "--secrets", tmp_path / "passwords.yaml", "--output", output
    )
    assert ran.status == 0, ran.err
    return output
