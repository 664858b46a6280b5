# SPDX-License-Identifier: Apache-2.0
"""What a new account means to nova's cells, whose mappings may hold a transport URL of their own.

Source: the manual of nova-manage, ``cell_v2 list_cells`` and ``cell_v2 update_cell`` (Pike to 2025.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from tripleo_messaging.model.topology import Topology

# TripleO's name of the cell that is not cell0.
_DEFAULT_CELL = "default"
_CELL_CONF = "/root/cell.conf"


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
    yield f"Nova keeps a transport URL in the mapping of the cell {name}. Where it is a template, as TripleO"
    yield "writes it from Stein on ({username}:{password}@...), there is nothing to do; look at it by"
    yield "  nova-manage cell_v2 list_cells"
    if topology.cell is None:
        yield "Where it is not, run on a controller whose nova.conf has the new URL, and restart nova there"
        yield f"  {_update(name, '')}"
        return
    yield "Where it is not, write the cell's transport_url to [DEFAULT], and its connection to [database], of"
    yield f"{_CELL_CONF} (mode 0600) on a controller of the API, and run there"
    yield f"  {_update(name, f' --config-file /etc/nova/nova.conf --config-file {_CELL_CONF}')}"


def _update(name: str, files: str) -> str:
    uuid = f"nova-manage cell_v2 list_cells | awk '$2 == \"{name}\" {{print $4}}'"
    return f'nova-manage{files} cell_v2 update_cell --cell_uuid "$({uuid})"'
