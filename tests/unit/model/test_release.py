# SPDX-License-Identifier: Apache-2.0
"""Releases: their order is in no name."""

from __future__ import annotations

import pytest

from tripleo_messaging.model.release import DEFAULT_RELEASE, RELEASES


def test_releases_are_ordered() -> None:
    """By position, not by name; each has a later oslo.messaging than the one before."""
    releases = list(RELEASES.values())
    assert all(older < newer for older, newer in zip(releases, releases[1:]))
    assert RELEASES["zed"] < RELEASES["2023.1"]
    assert RELEASES["queens"] > RELEASES["pike"]
    versions = [release.oslo_messaging for release in releases]
    assert sorted(set(versions)) == versions


def test_names() -> None:
    """Each is found by its own name; code names end with zed."""
    assert all(release.name == name for name, release in RELEASES.items())
    names = list(RELEASES)
    code_names, numbers = names[: names.index("zed") + 1], names[names.index("zed") + 1 :]
    assert code_names == sorted(code_names, key=lambda name: name[0])
    assert all(name.isalpha() and name.islower() for name in code_names)
    assert numbers == sorted(numbers)
    assert all(name.replace(".", "").isdigit() for name in numbers)


def test_the_default_is_one_of_them() -> None:
    """And nobody can change the table."""
    assert DEFAULT_RELEASE in RELEASES
    with pytest.raises(TypeError):
        RELEASES["x"] = RELEASES["zed"]  # type: ignore[index]
