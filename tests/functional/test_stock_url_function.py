# SPDX-License-Identifier: Apache-2.0
"""The keys of stock puppet-tripleo profiles, through the function that those build their URLs with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab

# Of Debian's modules only these, as others among them bring slow facts.
MODULES = ("openstacklib", "stdlib")

MANIFEST = """
['rpc', 'notify'].each |$service| {
  file { "/etc/puppet/${service}.stock":
    content => os_transport_url({
      'transport' => lookup("oslo_messaging_${service}_scheme"),
      'hosts'     => lookup("oslo_messaging_${service}_node_names"),
      'port'      => String(lookup("oslo_messaging_${service}_port")),
      'username'  => lookup("oslo_messaging_${service}_user_name"),
      'password'  => lookup("oslo_messaging_${service}_password"),
      'ssl'       => String(bool2num(str2bool(lookup("oslo_messaging_${service}_use_ssl")))),
    }),
  }
  file { "/etc/puppet/${service}.ours":
    content => lookup("messaging_${service}_transport_url"),
  }
}
"""

PASSWORDS = {
    "alphanumeric": "rpcCanary8Xq2",
    "interpolation": "a%{b}c%%{lookup('d')}",
    "quotes-and-backslashes": 'it\'s "quoted" \\ twice \\\\',
    "url-characters": "a@b:c&d=e+f~g",
    "unicode": "pässwörd-密码",
}


@pytest.fixture(scope="module")
def host() -> Iterator[NamespaceHost]:
    """A host that is only a client."""
    with lab({"ctl-0": "10.99.0.11", "cmp-0": "10.99.0.31"}, hieradata.DOMAIN) as hosts:
        yield hosts["cmp-0"]


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_stock_function_makes_our_url(host: NamespaceHost, tmp_path: Path, password: str):
    """From the dialect's keys os_transport_url makes, to the byte, the URL that we render."""
    notify = {"backend": "rabbitmq", "nodes": ["ctl-0"], "port": 5673}
    plan = {"rpc": {"nodes": ["ctl-0", "ctl-1"]}, "notify": notify}
    members = [NamespaceHost(name=f"ctl-{n}", address=f"10.99.0.1{n + 1}", holder=0) for n in range(2)]
    secrets = {**hieradata.SECRETS, "RpcPassword": password, "NotifyPassword": f"n{password}"}
    hieradata.render_plan(tmp_path, plan, {"messaging": members}, secrets).install(host)
    (tmp_path / "modules").mkdir()
    for module in MODULES:
        (tmp_path / "modules" / module).symlink_to(f"/usr/share/puppet/modules/{module}")
    run = puppet.apply(host, MANIFEST, modulepath=str(tmp_path / "modules"))
    assert run.code in {0, 2}, run.output
    for service in ("rpc", "notify"):
        stock = host.checks.file(f"/etc/puppet/{service}.stock").content_string
        ours = host.checks.file(f"/etc/puppet/{service}.ours").content_string
        assert stock.startswith("rabbit://")
        assert stock == ours
