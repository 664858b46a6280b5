# SPDX-License-Identifier: Apache-2.0
"""Any document gives an inventory or findings, never a traceback."""

from __future__ import annotations

import json
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.documents import INVENTORY_LIMITS, Document, parse_document
from tripleo_messaging.inventory.parse import looks_like_ini, parse_inventory
from tripleo_messaging.inventory.ranges import HostRangeError, expand_host_pattern
from tripleo_messaging.model.finding import has_errors
from tripleo_messaging.model.inventory import Inventory

SECTIONS = ["_meta", "hostvars", "all", "hosts", "children", "vars", "plugin"]
NAMES = ["a", "b", "c", "ctl-[0:2]", "h:22", "x_ip", "x_hostname", "ansible_group_priority"]
TEXTS = ["10.0.0.1", "[fd00::1]", "fe80::1%eth0", "", "~", "../x", "\x00", "é", "two words"]
WORDS = st.sampled_from([*SECTIONS, *NAMES, *TEXTS])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


def read(data: object) -> Inventory:
    """Read an inventory that has no problem."""
    inventory, findings = parse_inventory(Document(file="inventory.json", data=data))
    assert findings == ()
    assert inventory is not None
    return inventory


@given(VALUES)
def test_any_value(data: object):
    """Whatever a JSON file holds, there is an inventory exactly where no finding is an error."""
    inventory, findings = parse_inventory(Document(file="x.json", data=data))
    assert (inventory is None) == has_errors(findings)
    if inventory is not None:
        assert all(host in inventory.hosts for hosts in inventory.groups.values() for host in hosts)


@given(VALUES)
def test_any_yaml(data: object):
    """The same written as YAML, whose scalars have no type, and with lines."""
    text = yaml.safe_dump(data, allow_unicode=False).encode()
    document, _ = parse_document(text, file="x.yaml", limits=INVENTORY_LIMITS)
    if document is not None:
        inventory, findings = parse_inventory(document)
        assert (inventory is None) == has_errors(findings)


@given(st.binary(max_size=200))
def test_any_bytes(text: bytes):
    """Bytes of no format at all are told apart from INI without an exception."""
    assert looks_like_ini(text) in (True, False)


@given(st.text(alphabet="ab01:[]-z", max_size=14))
def test_any_pattern(pattern: str):
    """A host pattern is expanded to names without brackets, or refused."""
    try:
        names = expand_host_pattern(pattern)
    except HostRangeError:
        return
    assert names
    assert not any("[" in name or "]" in name for name in names)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("h", ("h",)),
        ("h[9:11]", ("h9", "h10", "h11")),
        ("h[09:11]", ("h09", "h10", "h11")),
        ("h[:1]", ("h0", "h1")),
        ("h[0:10:5]x", ("h0x", "h5x", "h10x")),
        ("h[a:c:2]", ("ha", "hc")),
        ("h[Y:Z]", ("hY", "hZ")),
        ("h[z:B]", ("hz", "hA", "hB")),
        ("r[1:2]n[1:2]", ("r1n1", "r1n2", "r2n1", "r2n2")),
        ("h[1:2]:22", ("h1", "h2")),
    ],
    ids=str,
)
def test_range(pattern: str, names: tuple[str, ...]):
    """Ranges stand for what they stand for in Ansible, both ends included, the first outermost."""
    assert expand_host_pattern(pattern) == names


def test_deep_chain_of_groups():
    """A chain of groups longer than Python's stack is followed all the same."""
    names = [f"g{number}" for number in range(sys.getrecursionlimit() + 100)]
    groups = {name: {"children": [child]} for name, child in zip(names, names[1:])}
    inventory = read({"_meta": {"hostvars": {}}, **groups, names[-1]: {"hosts": ["h"]}})
    assert inventory.groups["g0"] == ("h",)


def test_cycle_through_all():
    """A group that has ``all`` as its child is a cycle, as in Ansible."""
    document = Document(file="x.json", data={"a": {"children": {"all": None}, "hosts": {"h": None}}})
    _, findings = parse_inventory(document)
    assert [finding.rule for finding in findings] == ["group-cycle"]


def test_order_is_the_documents():
    """Groups and hosts keep the order of the text; nothing is sorted, nothing repeated."""
    data = {"z": {"hosts": {"h10": None, "h2": None}}, "a": {"hosts": {"h2": None, "h1": None}}}
    inventory = read(data)
    assert list(inventory.groups) == ["all", "z", "a"]
    assert inventory.groups["all"] == ("h10", "h2", "h1")


def test_other_variables_are_not_kept():
    """What is not an address or host name of a network is gone after reading."""
    data = json.loads('{"a": {"hosts": {"h": {"password": "hunter2", "x_ip": "10.0.0.1", "use_ip": true}}}}')
    assert "hunter2" not in repr(read(data))
    assert read(data).hosts["h"].addresses == {"x": "10.0.0.1"}
