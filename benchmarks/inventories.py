# SPDX-License-Identifier: Apache-2.0
"""Write an inventory as TripleO has it, of any size: groups per role and per service, six networks.

Usage: python benchmarks/inventories.py --hosts 10000 --output DIRECTORY

Makes inventory.json (as ansible-inventory --list prints it), inventory.yaml, plan.yaml and passwords.yaml.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

NETWORKS = ("ctlplane", "internal_api", "storage", "storage_mgmt", "tenant", "external")


def read_roles(text: str) -> dict[str, tuple[str, ...]]:
    """Read the services of each role: a role's name ends with a colon, its services follow."""
    roles: dict[str, list[str]] = {}
    for word in text.split():
        if word.endswith(":"):
            services = roles[word[:-1]] = []
        else:
            services.append(word)
    return {role: tuple(services) for role, services in roles.items()}


#: Services of each role, by the names that TripleO gives their groups.
ROLES = read_roles(Path(__file__).with_name("roles.txt").read_text())
_MEMBERS = 3

_PLAN = "version: 1\nnotify:\n  backend: rabbitmq\n"
_PASSWORDS = """parameter_defaults:
  RpcPassword: RpcRpcRpcRpcRpcRpcRpcRpc
  NotifyPassword: NotifyNotifyNotifyNotify
  RabbitCookie: CookieCookieCookieCookie
  RabbitNotifyCookie: BiscuitBiscuitBiscuitBis
"""


def role_hosts(count: int) -> dict[str, list[str]]:
    """Share hosts among the roles: three controllers, three for messaging, and computes."""
    sizes = {"Controller": _MEMBERS, "Messaging": _MEMBERS, "Compute": max(count - 2 * _MEMBERS, 0)}
    return {role: [f"overcloud-{role.lower()}-{index}" for index in range(sizes[role])] for role in ROLES}


def host_variables(name: str, number: int) -> dict[str, str]:
    """Return the variables of a host; every host has addresses of its own."""
    low = f"{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
    variables = {"ansible_host": f"10.{low}", "canonical_hostname": f"{name}.localdomain"}
    for offset, network in enumerate(NETWORKS):
        variables[f"{network}_ip"] = f"{10 + offset}.{low}"
        variables[f"{network}_hostname"] = f"{name}.{network.replace('_', '')}.localdomain"
    return variables


def role_of_service() -> dict[str, list[str]]:
    """Return the roles of each service."""
    services = dict.fromkeys(service for names in ROLES.values() for service in names)
    return {service: [role for role, names in ROLES.items() if service in names] for service in services}


def role_variables(role: str, hosts: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the variables of a role's group."""
    first = hosts[role][0] if hosts[role] else ""
    return {"ansible_ssh_user": "tripleo-admin", "bootstrap_server_id": first, "tripleo_role_name": role}


def as_json(hosts: Mapping[str, list[str]]) -> str:
    """Write the inventory as ``ansible-inventory --list`` does."""
    names = (name for role in ROLES for name in hosts[role])
    groups: dict[str, object] = {
        "_meta": {"hostvars": {name: host_variables(name, number) for number, name in enumerate(names, 10)}},
        "all": {"children": ["ungrouped", "allovercloud", *role_of_service()]},
        "allovercloud": {"children": list(ROLES)},
    }
    groups.update({role: {"hosts": hosts[role]} for role in ROLES})
    groups.update({service: {"children": roles} for service, roles in role_of_service().items()})
    return json.dumps(groups, indent=4)


def as_yaml(hosts: Mapping[str, list[str]]) -> Iterator[str]:
    """Write the inventory as TripleO does, line by line."""
    number = 10
    for role in ROLES:
        yield f"{role}:\n  hosts:\n" if hosts[role] else f"{role}:\n  hosts: {{}}\n"
        for name in hosts[role]:
            yield f"    {name}:\n"
            yield from (f"      {key}: {value}\n" for key, value in host_variables(name, number).items())
            number += 1
        yield "  vars:\n"
        yield from (f"    {key}: '{value}'\n" for key, value in role_variables(role, hosts).items())
    for service, roles in {"allovercloud": list(ROLES), **role_of_service()}.items():
        yield f"{service}:\n  children:\n"
        yield from (f"    {role}: {{}}\n" for role in roles)


def write(count: int, output: Path) -> None:
    """Write all files of a cloud of that many hosts."""
    output.mkdir(parents=True, exist_ok=True)
    hosts = role_hosts(count)
    (output / "inventory.json").write_text(as_json(hosts))
    with (output / "inventory.yaml").open("w") as file:
        file.writelines(as_yaml(hosts))
    (output / "plan.yaml").write_text(_PLAN)
    (output / "passwords.yaml").write_text(_PASSWORDS)
    (output / "passwords.yaml").chmod(0o600)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write an inventory as TripleO has it.")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    write(arguments.hosts, arguments.output)
