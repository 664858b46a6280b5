# SPDX-License-Identifier: Apache-2.0
"""What keys in a managed file hide is told by level and key."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping

import pytest

from tests.support.hierarchy_cases import SUITE
from tripleo_messaging.errors import InvalidInputError
from tripleo_messaging.hierarchy.managed import Shadow, shadowed

KEYS = ("messaging_rpc_port", "messaging_rpc_password")
DATADIR = "/etc/puppet/hieradata"
V3 = (SUITE / "v3-tripleo-zed" / "before.yaml").read_bytes()


class Files:
    """A disk of files, which notes what it was asked for."""

    def __init__(self, **files: Mapping[str, object]) -> None:
        self.asked: list[str] = []
        self.contents = {f"{DATADIR}/{name}.json": json.dumps(data).encode() for name, data in files.items()}

    def __call__(self, pattern: str) -> dict[str, bytes]:
        """Return what matches."""
        self.asked.append(pattern)
        return {path: text for path, text in self.contents.items() if fnmatch.fnmatchcase(path, pattern)}


def test_lower_levels_with_our_keys_are_told_in_order():
    """Levels above the managed one and keys of others are not; a level that depends on facts has its file."""
    files = Files(
        fqdn={"messaging_rpc_port": 1},
        heat_config_x={"messaging_rpc_port": 1, "other": 2},
        heat_config_y={},
        RedHat={"messaging_rpc_port": 1},
        all_nodes={"messaging_rpc_password": "canary"},
        extraconfig={"messaging_rpc_password": "canary", "messaging_rpc_port": 3},
    )
    found = shadowed(V3, "hiera.yaml", "ansible_managed", KEYS, files)
    assert found == [
        Shadow(
            level=f"heat_config_%{{::deploy_config_name}} ({DATADIR}/heat_config_x.json)",
            key="messaging_rpc_port",
        ),
        Shadow(level="extraconfig", key="messaging_rpc_password"),
        Shadow(level="extraconfig", key="messaging_rpc_port"),
        Shadow(level="all_nodes", key="messaging_rpc_password"),
        Shadow(level=f"%{{::osfamily}} ({DATADIR}/RedHat.json)", key="messaging_rpc_port"),
    ]
    assert files.asked[0] == f"{DATADIR}/heat_config_*.json"
    assert f"{DATADIR}/*.json" in files.asked


def test_our_own_levels_are_not_shadowed():
    """Levels that were installed before say the same."""
    content = (SUITE / "v3-tripleo-zed" / "after.yaml").read_bytes()
    files = Files(messaging_all={"messaging_rpc_port": 1})
    assert shadowed(content, "hiera.yaml", "ansible_managed", KEYS, files) == []
    assert shadowed(V3, "hiera.yaml", "ansible_managed", KEYS, files) == []


def test_entries_of_version_5_are_read_from_their_directories():
    """Paths, globs and YAML are followed, below the entry and within it; patterns are the operator's."""
    content = b"""version: 5
defaults: {datadir: data, data_hash: yaml_data}
hierarchy:
  - {name: Above, path: above.yaml}
  - name: Managed
    datadir: /srv/[hiera]
    data_hash: json_data
    paths: [ansible_managed.json, later.json]
  - {name: Common, path: "%{facts.site}/common.yaml"}
"""
    disk = {
        "/srv/[[]hiera]/later.json": {"/srv/[hiera]/later.json": b'{"messaging_rpc_port": 1}'},
        "/code/data/*/common.yaml": {"/code/data/x/common.yaml": b"messaging_rpc_password: canary\n"},
    }
    found = shadowed(content, "/code/hiera.yaml", "ansible_managed", KEYS, lambda pattern: disk[pattern])
    assert found == [
        Shadow(level="Managed (/srv/[hiera]/later.json)", key="messaging_rpc_port"),
        Shadow(level="Common (/code/data/x/common.yaml)", key="messaging_rpc_password"),
    ]


@pytest.mark.parametrize(
    ("content", "managed", "message"),
    [
        (V3, "site_managed", "hiera.yaml:6: error: $: no level reads 'site_managed'"),
        (b"", "ansible_managed", "hiera.yaml: error: $: is no mapping in UTF-8"),
        (b"\xff", "ansible_managed", "hiera.yaml: error: $: is no mapping in UTF-8"),
    ],
)
def test_a_hierarchy_without_the_file_is_refused(content: bytes, managed: str, message: str):
    """Keys in a file that no level reads would not be found."""
    with pytest.raises(InvalidInputError) as caught:
        shadowed(content, "hiera.yaml", managed, KEYS, Files())
    assert str(caught.value).startswith(message)


def test_a_damaged_level_does_not_end_the_search():
    """It is told as not looked into, with its file, and what is below it is told as well."""
    files = Files(all_nodes={"messaging_rpc_port": 1})
    files.contents[f"{DATADIR}/extraconfig.json"] = b'{"messaging_rpc_password": canary'
    assert shadowed(V3, "hiera.yaml", "ansible_managed", KEYS, files) == [
        Shadow(level=f"extraconfig ({DATADIR}/extraconfig.json)", key=""),
        Shadow(level="all_nodes", key="messaging_rpc_port"),
    ]


def test_a_level_that_is_no_mapping_says_nothing():
    """As Hiera has it; and lookup_options that are none say nothing of ours."""
    files = Files(all_nodes={"lookup_options": ["messaging_rpc_port"]})
    files.contents[f"{DATADIR}/extraconfig.json"] = b'["messaging_rpc_port"]'
    keys = {"messaging_rpc_port": 1, "lookup_options": {"messaging_rpc_port": {}}}
    assert shadowed(V3, "hiera.yaml", "ansible_managed", keys, files) == []


def test_lookup_options_are_merged_by_key():
    """Only options of a key that both speak of are hidden; names alone do not tell what ours say."""
    options = {"messaging_rpc_password": {"convert_to": "Sensitive"}}
    keys = {"messaging_rpc_password": "canary", "lookup_options": options}
    files = Files(
        extraconfig={"lookup_options": {"messaging_rpc_password": {"merge": "deep"}, "other": {}}},
        all_nodes={"lookup_options": {"other": {"merge": "deep"}}},
    )
    assert shadowed(V3, "hiera.yaml", "ansible_managed", keys, files) == [
        Shadow(level="extraconfig", key="lookup_options of messaging_rpc_password")
    ]
    assert shadowed(V3, "hiera.yaml", "ansible_managed", tuple(keys), files) == []


@pytest.mark.parametrize(
    ("merge", "is_merged"),
    [
        ("deep", True),
        ({"strategy": "deep", "knockout_prefix": "--"}, True),
        ("hash", True),
        ("unique", True),
        ("first", False),
        (None, False),
        ({}, False),
    ],
)
def test_what_is_merged_is_not_lost(merge: object, is_merged: bool):
    """By what our lookup_options say of the key."""
    keys = {"messaging_rpc_port": {}, "lookup_options": {"messaging_rpc_port": {"merge": merge}}}
    found = shadowed(V3, "hiera.yaml", "ansible_managed", keys, Files(all_nodes={"messaging_rpc_port": {}}))
    assert found == [Shadow(level="all_nodes", key="messaging_rpc_port", is_merged=is_merged)]
