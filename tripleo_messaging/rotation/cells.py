# SPDX-License-Identifier: Apache-2.0
"""What a new account means to nova's cells, whose mappings may hold a transport URL of their own.

Source: the manual of nova-manage, ``cell_v2 update_cell`` (Pike to 2025.1); openstack/nova
``nova/objects/cell_mapping.py`` at 0d1dd103d1431400b04f5f3edcb0d48453a79151: whoever reads a mapping through
nova, ``list_cells`` included, sees a template filled in.
"""

from __future__ import annotations

from collections.abc import Iterator

from tripleo_messaging.model.topology import Topology

# TripleO's name of the cell that is not cell0.
_DEFAULT_CELL = "default"
_CELL_CONF = "/root/cell.conf"
# Braces are in no URL but a template. Shows no URL, as those hold passwords.
_LOOK = "SELECT name, transport_url LIKE '%{%' AS is_template FROM cell_mappings"


def uses_cells(topology: Topology) -> bool:
    """Tell whether nova may use RPC; a plan that names no service may serve any."""
    rpc = topology.services.get("rpc")
    return rpc is not None and (not rpc.services or "nova" in rpc.services)


def cell_commands(topology: Topology) -> Iterator[str]:
    """Yield what to run, and where, so that a cell's mapping has the URL of now.

    Nothing here runs it. No command holds a URL: what is not given is read from a configuration file, the
    cell's database included.

    Args:
        topology: of the plan; its cell, where it is one's.
    """
    if not uses_cells(topology):
        return
    name = topology.cell or _DEFAULT_CELL
    yield ""
    yield f"Nova keeps a transport URL in the mapping of the cell {name}. Where that is a template, as"
    yield "TripleO writes it from Stein on ({username}:{password}@...), nothing is to be done. This says so,"
    yield "on a host of nova's API database; 'nova-manage cell_v2 list_cells' does not, as it fills it in"
    yield f'  mysql nova_api -e "{_LOOK}"'
    yield from _own_cell(name) if topology.cell else _default_cell(name)
    yield "and restart nova on the controllers: what runs there keeps the former URL until then."


def _default_cell(name: str) -> Iterator[str]:
    yield "Where it is none, run on a controller whose nova.conf has the new URL"
    yield f"  {_update(name, '')}"


def _own_cell(name: str) -> Iterator[str]:
    yield "Where it is none, write the cell's transport_url to [DEFAULT], and its connection to [database],"
    yield f"of {_CELL_CONF} (mode 0600) on a controller of the API, run there"
    yield f"  {_update(name, f' --config-file /etc/nova/nova.conf --config-file {_CELL_CONF}')}"


def _update(name: str, files: str) -> str:
    uuid = f"nova-manage cell_v2 list_cells | awk '$2 == \"{name}\" {{print $4}}'"
    return f'nova-manage{files} cell_v2 update_cell --cell_uuid "$({uuid})"'
