# SPDX-License-Identifier: Apache-2.0
"""The commands for the mappings of nova's cells."""

from __future__ import annotations

import subprocess

import attrs
import pytest

from tests.support.topologies import SECRETS, topology
from tripleo_messaging.model.topology import Topology
from tripleo_messaging.rotation.cells import cell_commands, uses_cells

# What nova-manage prints, with one name that begins like another.
TABLE = """\
+----------+--------------------------------------+----------------+---------------------+----------+
|   Name   |                 UUID                 | Transport URL  | Database Connection | Disabled |
+----------+--------------------------------------+----------------+---------------------+----------+
|  cell0   | 00000000-0000-0000-0000-000000000000 |    none:///    |  mysql://x/cell0    |  False   |
|  cell1   | 11111111-1111-1111-1111-111111111111 | rabbit://x     |  mysql://x/cell1    |  False   |
|  cell10  | 22222222-2222-2222-2222-222222222222 | rabbit://x     |  mysql://x/cell10   |  False   |
| default  | 33333333-3333-3333-3333-333333333333 | rabbit://x     |  mysql://x/nova     |  False   |
+----------+--------------------------------------+----------------+---------------------+----------+
"""


def with_services(*services: str) -> Topology:
    """Return a topology whose RPC is for these services."""
    plain = topology("shared")
    rpc = attrs.evolve(plain.services["rpc"], services=services)
    return attrs.evolve(plain, services={**plain.services, "rpc": rpc})


@pytest.mark.parametrize(
    ("services", "expected"),
    [((), True), (("nova", "neutron"), True), (("neutron",), False)],
    ids=["unnamed", "nova among them", "without nova"],
)
def test_only_nova_has_cells(services: tuple[str, ...], expected: bool):
    """A plan that names no service may serve any."""
    made = with_services(*services)
    assert uses_cells(made) is expected
    assert bool(list(cell_commands(made))) is expected


def test_commands_for_the_cell_of_the_api():
    """nova.conf of a controller has the URL already."""
    assert list(cell_commands(topology("shared"))) == [
        "",
        "Nova keeps a transport URL in the mapping of the cell default. Where that is a template, as",
        "TripleO writes it from Stein on ({username}:{password}@...), nothing is to be done. This says so,",
        "on a host of nova's API database; 'nova-manage cell_v2 list_cells' does not, as it fills it in",
        "  mysql nova_api -e \"SELECT name, transport_url LIKE '%{%' AS is_template FROM cell_mappings\"",
        "Where it is none, run on a controller whose nova.conf has the new URL",
        (
            "  nova-manage cell_v2 update_cell --cell_uuid "
            '"$(nova-manage cell_v2 list_cells | awk \'$2 == "default" {print $4}\')"'
        ),
        "and restart nova on the controllers: what runs there keeps the former URL until then.",
    ]


def test_commands_for_another_cell():
    """Its URL and database are those of no controller of the API, and so stand in a file of their own."""
    assert list(cell_commands(topology("cell")))[-4:] == [
        "Where it is none, write the cell's transport_url to [DEFAULT], and its connection to [database],",
        "of /root/cell.conf (mode 0600) on a controller of the API, run there",
        (
            "  nova-manage --config-file /etc/nova/nova.conf --config-file /root/cell.conf "
            "cell_v2 update_cell --cell_uuid "
            '"$(nova-manage cell_v2 list_cells | awk \'$2 == "cell1" {print $4}\')"'
        ),
        "and restart nova on the controllers: what runs there keeps the former URL until then.",
    ]


@pytest.mark.parametrize("case", ["shared", "cell"])
def test_no_command_holds_or_shows_a_url(case: str):
    """A command line is everybody's to read, and so is a terminal's history."""
    text = "\n".join(cell_commands(topology(case)))
    assert "--transport-url" not in text
    assert "--database_connection" not in text
    assert "--verbose" not in text
    assert "://" not in text
    assert not [name for name, secret in SECRETS.items() if secret in text]


@pytest.mark.parametrize(
    ("case", "uuid"),
    [("shared", "33333333-3333-3333-3333-333333333333"), ("cell", "11111111-1111-1111-1111-111111111111")],
)
def test_command_is_of_the_cell_alone(case: str, uuid: str, tmp_path):
    """A shell takes it as it is printed, and finds the UUID of that cell, not of one with a longer name."""
    program = tmp_path / "nova-manage"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *list_cells) cat <<"E"\n{TABLE}E\n;; *) echo "$@";; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    (command,) = (line for line in cell_commands(topology(case)) if "update_cell" in line)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ran = subprocess.run(  # noqa: S602  the line is for a shell
        command, shell=True, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.endswith(f"cell_v2 update_cell --cell_uuid {uuid}\n")
