# SPDX-License-Identifier: Apache-2.0
"""The checkout that the tests run from, or the unpacked sdist."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Top-level folders that are installed as packages below ``tripleo_messaging``.
DATA_FOLDERS = ("heat_templates", "hiera", "puppet_shims", "schemas")

_NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".tox", ".venv", "build", "dist", "*.egg-info", "__pycache__", "*.pyc", ".*_cache", ".hypothesis"
)


def setup_cfg() -> ConfigParser:
    """Return the parsed setup.cfg."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def copy_checkout(target: Path) -> Path:
    """Copy the sources, and nothing that was built from them, to `target`."""
    shutil.copytree(ROOT, target, ignore=_NOT_SOURCE)
    return target


def source_files(folder: str) -> set[str]:
    """Return the files below a folder of the checkout, as paths relative to the checkout."""
    paths = (ROOT / folder).rglob("*")
    return {
        str(path.relative_to(ROOT))
        for path in paths
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
    }


def build(kind: str, source: Path, target: Path) -> Path:
    """Build an ``sdist`` or a ``wheel`` with the setuptools at hand, and return the archive."""
    target.mkdir(parents=True, exist_ok=True)
    script = f"import setuptools.build_meta as m; print(m.build_{kind}({str(target)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target / done.stdout.splitlines()[-1]
