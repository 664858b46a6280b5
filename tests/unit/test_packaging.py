# SPDX-License-Identifier: Apache-2.0
"""The wheel holds what runs, the sdist holds what tests it, and the version is written once."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from importlib import metadata, resources
from pathlib import Path

import pytest

from tests.support.checkout import DATA_FOLDERS, ROOT, build, copy_checkout, setup_cfg, source_files


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    return build("sdist", copy_checkout(folder / "source"), folder / "dist")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the unpacked sdist, as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(["tar", "-xf", str(sdist), "-C", str(folder)], check=True)
    return build("wheel", next(folder.iterdir()), folder / "dist")


def test_every_package_is_named() -> None:
    """setup.cfg lists the packages of the tree and the data folders that hold anything."""
    code = {file.rpartition("/")[0].replace("/", ".") for file in source_files("tripleo_messaging")}
    data = {f"tripleo_messaging.{folder}" for folder in DATA_FOLDERS if source_files(folder)}
    assert set(setup_cfg()["options"]["packages"].split()) == code | data


def test_the_wheel_holds_all_that_runs(wheel: Path) -> None:
    """Every source file of the package and of the data folders is in the wheel, and nothing else is."""
    expected = source_files("tripleo_messaging") | {
        f"tripleo_messaging/{file}" for folder in DATA_FOLDERS for file in source_files(folder)
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == expected


def test_the_sdist_holds_what_tests_it(sdist: Path) -> None:
    """The tests run from the sdist: it has them, the documentation, and the files of the tools."""
    tools = {"LICENSE", "Makefile", "bindep.txt", "ruff.toml", "setup.cfg", "tox.ini", ".ci/run"}
    expected = tools.union(*map(source_files, ("tests", "docs", "benchmarks", "releasenotes")))
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    assert expected - found == set()


@pytest.mark.parametrize("folder", [folder for folder in DATA_FOLDERS if source_files(folder)])
def test_data_is_found_through_the_package(folder: str) -> None:
    """importlib.resources finds the top-level folders below the installed package."""
    found = {item.name for item in resources.files(f"tripleo_messaging.{folder}").iterdir()}
    assert {file.split("/")[1] for file in source_files(folder)} <= found


def test_the_version_is_written_once() -> None:
    """What is installed has setup.cfg's version, and no source file repeats it."""
    version = setup_cfg()["metadata"]["version"]
    files = [ROOT / file for file in source_files("tripleo_messaging") | source_files("docs")]
    repeating = {str(file) for file in files if f'"{version}"' in file.read_text()}
    assert metadata.version("tripleo-messaging") == version
    assert repeating == set()


def test_the_puppet_module_has_the_same_version() -> None:
    """Puppet reads the version in a file of its own, so that file is compared."""
    module = json.loads((ROOT / "puppet_shims/tripleo_messaging/metadata.json").read_text())
    assert module["version"] == setup_cfg()["metadata"]["version"]


def test_the_lowest_requirements_are_the_ones_tested() -> None:
    """tests/lower-constraints.txt pins each requirement of setup.cfg at its lower bound."""
    lines = setup_cfg()["options"]["install_requires"].split("\n")
    bounds = {line.replace(">=", "==").partition(",")[0] for line in lines if line and line[0] != "#"}
    assert bounds == set((ROOT / "tests/lower-constraints.txt").read_text().split())
