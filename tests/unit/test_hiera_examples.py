# SPDX-License-Identifier: Apache-2.0
"""The example hierarchies find what `hieradata install` writes."""

from __future__ import annotations

import yaml

from tests.support.checkout import ROOT
from tripleo_messaging.hieradata.install import LEVEL_NAMES


def example(name: str) -> dict[object, object]:
    """Read one of the examples."""
    return yaml.safe_load((ROOT / "hiera" / name).read_text())


def test_the_hiera_5_example_has_every_level() -> None:
    """The paths of the hierarchy are the installed levels, the most specific first."""
    entries = example("hiera.yaml")["hierarchy"]
    paths = [path for entry in entries for path in entry.get("paths", [entry.get("path")])]
    assert paths == [f"{name}.json" for name in LEVEL_NAMES]


def test_the_hiera_3_example_has_every_level() -> None:
    """The installed levels stand above what Heat and Ansible say of the same keys."""
    levels = example("hiera3.yaml")[":hierarchy"]
    first = levels.index(LEVEL_NAMES[0])
    assert levels[first : first + len(LEVEL_NAMES)] == list(LEVEL_NAMES)
    assert {"service_configs", "all_nodes"} <= {*levels[first:]}
    assert {"ansible_managed", "role_extraconfig", "extraconfig"} <= {*levels[:first]}
