# SPDX-License-Identifier: Apache-2.0
"""Services that stock puppet-tripleo configures: what it cannot carry is refused, or set over its URLs.

The modules of the services are the real ones; the manifest does what puppet-tripleo's profiles do.
"""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from oslo_config import cfg

from tests.support import hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tripleo_messaging.model.stock_services import STOCK_SERVICES

with warnings.catch_warnings():
    # oslo.service imports eventlet, which calls itself deprecated.
    warnings.simplefilter("ignore")
    import oslo_messaging

MODULES = ("glance", "inifile", "ironic", "keystone", "nova", "openstacklib", "oslo", "stdlib", "swift")

# Debian's modules are of zed, which is older than Puppet's strict settings.
LENIENT = ("--strict=warning",)

# As in puppet-tripleo: ironic is told RPC's URL alone, and Swift's notifications go to RPC's.
STOCK = """
$urls = ['rpc', 'notify'].map |$service| {
  os_transport_url({
    'transport' => lookup("oslo_messaging_${service}_scheme"),
    'hosts'     => lookup("oslo_messaging_${service}_node_names"),
    'port'      => String(lookup("oslo_messaging_${service}_port")),
    'username'  => lookup("oslo_messaging_${service}_user_name"),
    'password'  => lookup("oslo_messaging_${service}_password"),
    'ssl'       => String(bool2num(str2bool(lookup("oslo_messaging_${service}_use_ssl")))),
  })
}
class { 'nova':
  default_transport_url      => $urls[0],
  notification_transport_url => $urls[1],
}
class { 'glance::notify::rabbitmq':
  default_transport_url      => $urls[0],
  notification_transport_url => $urls[1],
}
class { 'ironic':
  default_transport_url => $urls[0],
}
class { 'swift':
  swift_hash_path_suffix => 'suffix',
}
class { 'swift::proxy::ceilometer':
  default_transport_url => $urls[0],
  password              => 'password',
}
"""

# Neither order of profile and service may matter.
ORDERS = {
    "ours-first": f"{puppet.PROFILE}\n{STOCK}",
    "ours-last": f"{STOCK}\n{puppet.PROFILE}",
    "override-alone": f"include tripleo_messaging::stock\n{STOCK}",
}

# Where each URL stands, by what stock gives it: RPC's, that for notifications, or none.
RPC = {
    "Nova_config": "DEFAULT/transport_url",
    "Glance_api_config": "DEFAULT/transport_url",
    "Ironic_config": "DEFAULT/transport_url",
}
NOTIFY = {
    "Nova_config": "oslo_messaging_notifications/transport_url",
    "Glance_api_config": "oslo_messaging_notifications/transport_url",
    "Ironic_config": "oslo_messaging_notifications/transport_url",
    "Swift_proxy_config": "filter:ceilometer/url",
}

SERVICES = {
    "rpc": ["nova", "glance", "ironic"],
    "notify": ["nova", "glance", "ironic", "swift"],
}
TLS = {"enabled": True, "certificate_file": "/etc/m.crt", "key_file": "/etc/m.key", "inter_node": True}
BEYOND_STOCK: dict[str, Any] = {
    "rpc": {
        "nodes": ["ctl-0", "ctl-1"],
        "virtual_host": "cloud/rpc",
        "tls": {**TLS, "ca_file": "/etc/pki/rpc-ca.pem"},
        "options": {"heartbeat_rate": 3},
    },
    "notify": {
        "backend": "rabbitmq",
        "nodes": ["ctl-1"],
        "port": 5673,
        "virtual_host": "cloud/notify",
        "tls": {**TLS, "ca_file": "/etc/pki/notify-ca.pem"},
    },
}
WITHIN_STOCK: dict[str, Any] = {
    "rpc": {"nodes": ["ctl-0", "ctl-1"]},
    "notify": {"backend": "rabbitmq", "nodes": ["ctl-1"], "port": 5673},
}


@pytest.fixture(scope="module")
def host() -> Iterator[NamespaceHost]:
    """A host that is only a client."""
    with lab({"cmp-0": "10.99.0.31"}, hieradata.DOMAIN) as hosts:
        yield hosts["cmp-0"]


@pytest.fixture
def modulepath(tmp_path: Path) -> str:
    """Our modules and, of Debian's, only those of the services, as others among them bring slow facts."""
    (tmp_path / "modules").mkdir()
    for module in MODULES:
        (tmp_path / "modules" / module).symlink_to(f"/usr/share/puppet/modules/{module}")
    return f"{puppet.SHIMS}:{tmp_path / 'modules'}"


def overridden(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan whose URLs are set over the stock ones."""
    named = {name: {**plan[name], "services": services} for name, services in SERVICES.items()}
    return {**plan, **named, "override_stock": True}


def install(host: NamespaceHost, directory: Path, plan: dict[str, Any]) -> hieradata.Rendered:
    """Render a plan and install it on the host."""
    members = [NamespaceHost(name=f"ctl-{n}", address=f"10.99.0.1{n + 1}", holder=0) for n in range(2)]
    rendered = hieradata.render_plan(directory, {"release": "zed", **plan}, {"messaging": members})
    rendered.install(host)
    return rendered


def values(catalog: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """Return the values of settings, by their types."""
    return {kind: puppet.resources(catalog, kind)[title]["value"] for kind, title in titles.items()}


def shown(catalog: dict[str, Any], text: str) -> Iterator[str]:
    """Name the parameters that hold a text and are not marked sensitive."""
    for resource in catalog["resources"]:
        for parameter, value in resource.get("parameters", {}).items():
            if text in json.dumps(value) and parameter not in resource.get("sensitive_parameters", []):
                yield f"{resource['type']}[{resource['title']}]/{parameter}"


def test_what_stock_cannot_carry_is_refused(tmp_path: Path):
    """Without an override the plan is refused with a finding for each feature, and nothing is written."""
    plan, inventory = tmp_path / "plan.yaml", tmp_path / "inventory.json"
    plan.write_text(yaml.safe_dump({"release": "zed", **BEYOND_STOCK}), encoding="utf-8")
    hosts = {f"ctl-{n}": {"internal_api_ip": f"10.99.0.1{n + 1}"} for n in range(2)}
    inventory.write_text(
        json.dumps({"_meta": {"hostvars": hosts}, "messaging": {"hosts": list(hosts)}}), encoding="utf-8"
    )
    secrets, output = tmp_path / "passwords.yaml", tmp_path / "hieradata"
    secrets.touch(mode=0o600)
    secrets.write_text(yaml.safe_dump({"parameter_defaults": hieradata.SECRETS}), encoding="utf-8")
    files = ("--plan", plan, "-i", inventory, "--secrets", secrets, "--output", output)
    command = [hieradata.PROGRAM, "hieradata", "render", *map(str, files)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    refused = [line for line in done.stderr.splitlines() if line.endswith("[consumer-cannot-carry]")]
    assert done.returncode == 1
    assert [line.split(": ")[2] for line in refused] == [
        "$.rpc.virtual_host",
        "$.rpc.tls.ca_file",
        "$.rpc.options",
        "$.notify.virtual_host",
        "$.notify.tls.ca_file",
    ]
    assert all("write 'override_stock: true' and name the services" in line for line in refused)
    assert not output.exists()


@pytest.mark.parametrize("manifest", ORDERS.values(), ids=ORDERS)
def test_every_service_has_our_urls(host: NamespaceHost, tmp_path: Path, modulepath: str, manifest: str):
    """The catalog has the whole URLs for RPC and for notifications, secret, wherever our class stands."""
    rendered = install(host, tmp_path, overridden(BEYOND_STOCK))
    rpc, notify = rendered.url("rpc"), rendered.url("notify")
    assert "/cloud%2Frpc?heartbeat_rate=3&ssl_ca_file=/etc/pki/rpc-ca.pem" in rpc
    assert "/cloud%2Fnotify?ssl_ca_file=/etc/pki/notify-ca.pem" in notify
    catalog = puppet.compile_catalog(host, manifest, modulepath, LENIENT)
    assert values(catalog, RPC) == dict.fromkeys(RPC, rpc)
    # Paste takes a single % for the start of an interpolation.
    swift = {"Swift_proxy_config": notify.replace("%", "%%")}
    assert values(catalog, NOTIFY) == {**dict.fromkeys(NOTIFY, notify), **swift}
    settings = [puppet.resources(catalog, kind)[title] for kind, title in (*RPC.items(), *NOTIFY.items())]
    assert all(setting["secret"] for setting in settings)
    assert list(shown(catalog, "cloud%2F")) == []


def test_stock_urls_stay_without_an_override(host: NamespaceHost, tmp_path: Path, modulepath: str):
    """Without an override each service keeps what it was given, which within stock's means is our URL."""
    rendered = install(host, tmp_path, {**overridden(WITHIN_STOCK), "override_stock": False})
    rpc, notify = rendered.url("rpc"), rendered.url("notify")
    catalog = puppet.compile_catalog(host, ORDERS["ours-first"], modulepath, LENIENT)
    assert values(catalog, RPC) == dict.fromkeys(RPC, rpc)
    stock = {"Ironic_config": "<SERVICE DEFAULT>", "Swift_proxy_config": rpc}
    assert values(catalog, NOTIFY) == {**dict.fromkeys(NOTIFY, notify), **stock}


def test_services_that_are_not_named_keep_their_urls(host: NamespaceHost, tmp_path: Path, modulepath: str):
    """An override reaches the named services and the named messaging service alone."""
    plan = overridden(BEYOND_STOCK)
    rendered = install(host, tmp_path, {**plan, "notify": {**plan["notify"], "services": ["glance"]}})
    catalog = puppet.compile_catalog(host, ORDERS["ours-first"], modulepath, LENIENT)
    assert values(catalog, RPC) == dict.fromkeys(RPC, rendered.url("rpc"))
    found = values(catalog, NOTIFY)
    assert found["Glance_api_config"] == rendered.url("notify")
    assert found["Nova_config"].endswith("@ctl-1.internalapi.localdomain:5673/?ssl=1")
    assert found["Ironic_config"] == "<SERVICE DEFAULT>"


def test_kafka_for_notifications(host: NamespaceHost, tmp_path: Path, modulepath: str):
    """Notifications go to Kafka by a URL that its driver takes, where stock's own would be refused."""
    kafka = {"backend": "external", "scheme": "kafka", "nodes": [{"host": "k.example.com", "port": 9092}]}
    rendered = install(host, tmp_path, overridden({"rpc": WITHIN_STOCK["rpc"], "notify": kafka}))
    notify = rendered.url("notify")
    assert notify.startswith("kafka://")
    assert "?ssl=" not in notify
    catalog = puppet.compile_catalog(host, ORDERS["ours-first"], modulepath, LENIENT)
    assert values(catalog, NOTIFY) == dict.fromkeys(NOTIFY, notify)


def test_a_host_without_the_services_modules(host: NamespaceHost, tmp_path: Path):
    """Where no module of a named service is installed, the catalog compiles and has nothing of them."""
    plan = overridden(BEYOND_STOCK)
    every = {name: {**plan[name], "services": list(STOCK_SERVICES)} for name in ("rpc", "notify")}
    install(host, tmp_path, {**plan, **every})
    catalog = puppet.compile_catalog(host, puppet.PROFILE)
    overrides = puppet.resources(catalog, "Tripleo_messaging::Stock::Url")
    assert {override["service"] for override in overrides.values()} == set(STOCK_SERVICES)
    assert not [found for found in catalog["resources"] if found["type"].endswith("_config")]


def test_oslo_messaging_reads_what_nova_was_given(host: NamespaceHost, tmp_path: Path, modulepath: str):
    """Puppet writes nova.conf and tells no password; a real driver has virtual host, CA and options of it."""
    rendered = install(host, tmp_path, overridden(BEYOND_STOCK))
    host.must_run("mkdir", "-p", "/etc/nova")
    host.write(
        "/etc/nova/nova.conf", "[DEFAULT]\ntransport_url = rabbit://rpc:formerCanary@old:5672/?ssl=1\n"
    )
    # As TripleO does it for the configuration of a container.
    first, second = (
        puppet.apply(
            host, STOCK + puppet.PROFILE, "--tags", "nova_config", modulepath=modulepath, strictness=LENIENT
        )
        for _ in range(2)
    )
    assert (first.code, second.code) == (2, 0), first.output + second.output
    assert "Nova_config[DEFAULT/transport_url]/value" in first.output
    for password in ("formerCanary", hieradata.SECRETS["RpcPassword"], hieradata.SECRETS["NotifyPassword"]):
        assert password not in first.output
    written = tmp_path / "nova.conf"
    written.write_text(host.checks.file("/etc/nova/nova.conf").content_string, encoding="utf-8")
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[str(written)], default_config_dirs=[])
    rpc = oslo_messaging.get_rpc_transport(conf)
    notify = oslo_messaging.get_notification_transport(conf)
    for transport, name in ((rpc, "rpc"), (notify, "notify")):
        driver = transport._driver  # noqa: SLF001 - there is no public way to it
        assert driver._url == oslo_messaging.TransportURL.parse(conf, rendered.url(name))  # noqa: SLF001
        assert driver._url.virtual_host == f"cloud/{name}"  # noqa: SLF001
        group = driver.conf.oslo_messaging_rabbit
        assert (group.ssl, group.ssl_ca_file) == (True, f"/etc/pki/{name}-ca.pem")
        transport.cleanup()
    assert rpc._driver.conf.oslo_messaging_rabbit.heartbeat_rate == 3  # noqa: SLF001
