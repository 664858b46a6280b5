# SPDX-License-Identifier: Apache-2.0
"""Render a template for every host, as TripleO does for its all_nodes data: the other side of render.py.

Usage: python benchmarks/per_host.py INVENTORY.json OUTPUT --sample 3 [--services oslo_messaging_rpc ...]

The template has the loops of the upstream one: over the services, and for each over its hosts, three times.
What Ansible does around a template, connecting to a host and copying the file there, is left out, so that the
template has the advantage. Prints what it did as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jinja2

_TEMPLATE = Path(__file__).with_name("per_host.json.j2")


def flat_groups(inventory: dict[str, Any]) -> dict[str, list[str]]:
    """Return the hosts of each group; no group is nested deeper than service, role, hosts."""
    own = {name: group.get("hosts", []) for name, group in inventory.items() if name != "_meta"}
    children = {name: inventory[name].get("children", []) for name in own}
    return {
        name: [*own[name], *(host for child in children[name] for host in own.get(child, []))] for name in own
    }


def main() -> None:
    """Render for a sample of the hosts, and say how long one of them takes."""
    parser = argparse.ArgumentParser(description="Render a template for every host.")
    parser.add_argument("inventory", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--services", nargs="*")
    arguments = parser.parse_args()

    begin = time.perf_counter()
    inventory = json.loads(arguments.inventory.read_bytes())
    groups = flat_groups(inventory)
    hosts = inventory["_meta"]["hostvars"]
    roles = ("all", "allovercloud", "Controller", "Messaging", "Compute")
    services = arguments.services or [name for name in groups if name not in roles]
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  JSON
    template = environment.from_string(_TEMPLATE.read_text())
    networks = {"oslo_messaging_rpc": "internal_api", "oslo_messaging_notify": "internal_api"}
    loaded = time.perf_counter()

    arguments.output.mkdir(parents=True, exist_ok=True)
    sample = list(hosts)[: arguments.sample]
    size = 0
    for host in sample:
        text = template.render(services=services, groups=groups, hostvars=hosts, networks=networks)
        size += (arguments.output / f"{host}.json").write_text(text)
    rendered = time.perf_counter()
    json.loads(text)
    result = {
        "hosts": len(hosts),
        "sample": len(sample),
        "services": len(services),
        "load_s": loaded - begin,
        "host_s": (rendered - loaded) / len(sample),
        "host_bytes": size / len(sample),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
