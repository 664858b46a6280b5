# SPDX-License-Identifier: Apache-2.0
"""From a plan to a node's hieradata, by the commands an operator uses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import yaml

from tests.support.namespaces import NamespaceHost
from tests.support.puppet import DATA_DIR, HIERA_YAML, REPOSITORY

DOMAIN = "internalapi.localdomain"
PROGRAM = str(Path(sys.executable).with_name("tripleo-messaging"))
SECRETS = {
    "RpcPassword": "rpcCanary8Xq2",
    "NotifyPassword": "notifyCanary5Tz7",
    "RabbitCookie": "COOKIECANARYRPC",
    "RabbitNotifyCookie": "COOKIECANARYNOTIFY",
}


@attrs.frozen(kw_only=True)
class Rendered:
    """A rendered tree.

    Attributes:
        directory: where it is.
        output: what the command printed, standard error included.
    """

    directory: Path
    output: str

    def url(self, service: str) -> str:
        """Return the transport URL of a service."""
        level = json.loads((self.directory / "all.json").read_text(encoding="utf-8"))
        return str(level[f"messaging_{service}_transport_url"])

    def install(self, host: NamespaceHost, node: str | None = None) -> None:
        """Install a node's part, by default the host's own, with the hierarchy of our example."""
        source, target = ("--data", str(self.directory)), ("--target", DATA_DIR)
        host.must_run(PROGRAM, "hieradata", "install", "--node", node or host.name, *source, *target)
        host.write(HIERA_YAML, (REPOSITORY / "hiera" / "hiera.yaml").read_text(encoding="utf-8"))


def render(
    directory: Path, prefix: Sequence[str], *options: str, secrets: Mapping[str, str] = SECRETS
) -> Rendered:
    """Run ``hieradata render``.

    Args:
        directory: where input and output go.
        prefix: what to put before the command, e.g. so that it runs on a host.
        options: further options; with neither plan nor inventory among them the default plan is rendered.
        secrets: by Heat parameter name.
    """
    secrets_file = directory / "passwords.yaml"
    secrets_file.touch(mode=0o600)
    secrets_file.write_text(yaml.safe_dump({"parameter_defaults": dict(secrets)}), encoding="utf-8")
    output = directory / "hieradata"
    files = ("--secrets", str(secrets_file), "--output", str(output))
    command = [*prefix, PROGRAM, "hieradata", "render", *files, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Rendered(directory=output, output=done.stdout + done.stderr)


def render_plan(
    directory: Path,
    plan: Mapping[str, Any],
    groups: Mapping[str, Sequence[NamespaceHost]],
    secrets: Mapping[str, str] = SECRETS,
) -> Rendered:
    """Render a plan for hosts in inventory groups, as ``ansible-inventory --list`` writes them."""
    hosts = {host.name: host for members in groups.values() for host in members}
    variables = {
        name: {"internal_api_ip": host.address, "internal_api_hostname": f"{name}.{DOMAIN}"}
        for name, host in hosts.items()
    }
    inventory = {
        "_meta": {"hostvars": variables},
        **{group: {"hosts": [host.name for host in members]} for group, members in groups.items()},
    }
    plan_file, inventory_file = directory / "plan.yaml", directory / "inventory.json"
    plan_file.write_text(yaml.safe_dump({"version": 1, **plan}), encoding="utf-8")
    inventory_file.write_text(json.dumps(inventory), encoding="utf-8")
    return render(directory, (), "--plan", str(plan_file), "-i", str(inventory_file), secrets=secrets)
