# SPDX-License-Identifier: Apache-2.0
"""Every shape of a hiera.yaml is edited as its folder says, or refused with the findings there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.hierarchy_cases import FILE, SUITE, cases, edit, expected, options, outcome
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hieradata.install import LEVEL_NAMES
from tripleo_messaging.hierarchy import without_levels

EDITED = cases(edited=True)
REFUSED = cases(edited=False)

# Only libyaml allows tabs where Ruby's reader does.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What is not taken out, or cannot be told from it.
_LEFT = {path for path in EDITED if "by-hand" in path.name}
_WITH_OURS = {path for path in EDITED if "block" in path.name and "block-text" not in path.name} | {
    SUITE / "v3-installed"
}
_OTHER_DEFAULTS: dict[str, list[Any]] = {
    "v3": ["nodes/%{::trusted.certname}", "common"],
    "v5": [{"name": "Common", "path": "common.yaml"}],
}


def ids(path: Path) -> str:
    """Name a shape in the report."""
    return path.name


def parsed(content: bytes) -> dict[str, Any]:
    """Read the first document with PyYAML, keys of version 3 without their colon."""
    text = content.decode("utf-8-sig")
    data = next(iter(yaml.load_all(text, Loader=_LOADER)))
    return {str(key).lstrip(":"): value for key, value in data.items()}


def hierarchy(content: bytes, version: str) -> list[Any]:
    """Return the levels that Hiera searches."""
    found = parsed(content).get("hierarchy")
    if found is None:
        return _OTHER_DEFAULTS[version]
    return found if isinstance(found, list) else [found]


def is_ours(level: Any) -> bool:
    """Tell whether a level is one that is put in."""
    name = level.get("name", "") if isinstance(level, dict) else level
    return str(name).startswith(("messaging_", "tripleo-messaging"))


def test_there_are_enough_shapes():
    """The suite was found, with what is edited and what is not."""
    assert len(EDITED) >= 50
    assert len(REFUSED) >= 30


@pytest.mark.parametrize("case", [*EDITED, *REFUSED], ids=ids)
def test_a_shape_becomes_what_its_folder_says(case: Path):
    """Content, findings and place are compared whole."""
    assert outcome(case) == expected(case)


@pytest.mark.parametrize("case", [*REFUSED], ids=ids)
def test_a_refusal_has_error_findings(case: Path):
    """What is not edited has at least one error, with the file."""
    with pytest.raises(InvalidInputError) as caught:
        edit(case)
    errors = [finding for finding in caught.value.findings if finding.severity == "error"]
    assert errors
    assert {finding.origin.file for finding in errors if finding.origin} == {FILE}


@pytest.mark.parametrize("case", EDITED, ids=ids)
def test_the_hierarchy_is_the_former_one_and_ours(case: Path):
    """A YAML reader that is not ours finds the levels of others in order, ours together, and all else."""
    before = (case / "before.yaml").read_bytes()
    after = edit(case).content
    version = case.name[:2]
    levels = hierarchy(after, version)
    assert [one for one in levels if not is_ours(one)] == [
        one for one in hierarchy(before, version) if not is_ours(one)
    ]
    others = {key: value for key, value in parsed(before).items() if key != "hierarchy"}
    assert {key: value for key, value in parsed(after).items() if key != "hierarchy"} == others
    if case not in _LEFT:
        places = [at for at, level in enumerate(levels) if is_ours(level)]
        assert places == [*range(places[0], places[-1] + 1)]
        assert_complete([levels[at] for at in places], case)


def assert_complete(levels: list[Any], case: Path):
    """See that these are all of our levels."""
    ours = options(case)["ours"]
    if isinstance(levels[0], str):
        assert levels == list(LEVEL_NAMES)
        return
    assert levels[-1] == {
        "name": "tripleo-messaging",
        "datadir": ours.datadir,
        "data_hash": "json_data",
        "paths": [f"{name}.json" for name in LEVEL_NAMES],
        "options": {},
    }
    sealed = {
        "name": "tripleo-messaging, sealed",
        "lookup_key": "tripleo_messaging::data",
        "options": {"file": ours.sealed_file, "private_key": ours.private_key},
    }
    assert levels[:-1] == ([sealed] if ours.sealed_file else [])


@pytest.mark.parametrize("case", EDITED, ids=ids)
def test_a_second_time_changes_nothing(case: Path):
    """What is edited is edited no further, and keeps its place without being told again."""
    done = edit(case)
    assert edit(case, done.content) == done
    if "above" in options(case):
        assert edit(SUITE / "v3-tripleo-zed", done.content).content == done.content


@pytest.mark.parametrize("case", [path for path in EDITED if path not in _WITH_OURS], ids=ids)
def test_taking_out_restores_every_byte(case: Path):
    """The file is again what it was."""
    before = (case / "before.yaml").read_bytes()
    assert without_levels(edit(case).content, FILE) == before
    assert without_levels(before, FILE) == before


@pytest.mark.parametrize("case", sorted(_WITH_OURS), ids=ids)
def test_taking_out_leaves_nothing_of_ours(case: Path):
    """Where an older installation was, both forms have the same bytes below it."""
    before = (case / "before.yaml").read_bytes()
    bare = without_levels(before, FILE)
    assert without_levels(edit(case).content, FILE) == bare
    assert b"messaging" not in bare
    assert [one for one in before.splitlines() if b"messaging" not in one and one in bare.splitlines()]


def test_taking_out_of_what_cannot_be_edited():
    """A file without a mapping, or of another version, is left as it is; a damaged pair is an error."""
    for name in ("empty-file", "a-list", "v4", "v6", "v5-merge-key", "v3-yaml-only"):
        content = (SUITE / name / "before.yaml").read_bytes()
        assert without_levels(content, FILE) == content
    for name in ("v3-marker-without-end", "v3-marker-without-begin", "v3-level-between-markers"):
        with pytest.raises(InvalidInputError, match="take our levels and these comments out by hand"):
            without_levels((SUITE / name / "before.yaml").read_bytes(), FILE)
