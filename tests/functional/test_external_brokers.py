# SPDX-License-Identifier: Apache-2.0
"""RPC and Notify on brokers that others run, each with a CA of its own: clients alone are configured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import brokers, certificates, hieradata, puppet
from tests.support.foreign_broker import ForeignBroker, start_foreign_broker
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

ADDRESSES = {"compute-0": "10.99.0.11", "mq-rpc": "10.99.0.31", "mq-events": "10.99.0.32"}
RPC_PASSWORD, NOTIFY_PASSWORD = "rpcCanary8Xq2", "eventsCanary5Tz7"
RPC_CA, NOTIFY_CA = "/etc/pki/messaging/rpc-ca.crt", "/etc/pki/messaging/events-ca.crt"
CLIENT_CERTIFICATE, CLIENT_KEY = "/etc/pki/messaging/client.crt", "/etc/pki/messaging/client.key"

# All that the catalog of a host of clients may hold; what only groups others has no effect of its own.
GROUPING = {"Class", "Stage", "Tripleo_messaging::Client"}
WANTED = {f"File[{RPC_CA}]"}


@attrs.frozen
class Deployment:
    """A host of clients, applied to, beside two brokers of others."""

    client_host: NamespaceHost
    rpc: ForeignBroker
    notify: ForeignBroker
    before: dict[str, object]
    run: puppet.PuppetRun
    rendered: hieradata.Rendered
    client: OsloClient


def fqdn(name: str) -> str:
    """Return the host name that clients use."""
    return f"{name}.{hieradata.DOMAIN}"


def start_brokers(hosts: dict[str, NamespaceHost]) -> tuple[ForeignBroker, ForeignBroker]:
    """Start the brokers; that for RPC demands certificates of its clients."""
    ca = {name: certificates.authority(f"CA of {name}") for name in ("mq-rpc", "mq-events")}
    rpc = start_foreign_broker(
        hosts["mq-rpc"],
        user="cloud",
        password=RPC_PASSWORD,
        virtual_host="calls",
        certificate=certificates.certificate(ca["mq-rpc"], fqdn("mq-rpc")),
        authority=ca["mq-rpc"],
        asks_for_certificates=True,
    )
    notify = start_foreign_broker(
        hosts["mq-events"],
        user="events",
        password=NOTIFY_PASSWORD,
        virtual_host="events",
        certificate=certificates.certificate(ca["mq-events"], fqdn("mq-events")),
        authority=ca["mq-events"],
        port=5681,
    )
    return rpc, notify


def access(broker: ForeignBroker) -> dict[str, object]:
    """Return what a deployment might change on a broker; queues come and go with those who use it."""
    definitions = broker.definitions()
    return {kind: definitions[kind] for kind in ("users", "vhosts", "permissions", "policies")}


def render(directory: Path, host: NamespaceHost) -> hieradata.Rendered:
    """Render a plan that lists the hosts for RPC, and has Notify's whole URL among the secrets."""
    plan = {
        "consumers": ["none"],
        "rpc": {
            "backend": "external",
            "nodes": [{"host": fqdn("mq-rpc"), "port": 5671}],
            "user_name": "cloud",
            "virtual_host": "calls",
            "options": {"heartbeat_timeout_threshold": 30},
            "tls": {
                "enabled": True,
                "ca_file": RPC_CA,
                "ca_certificates": certificates.authority("CA of mq-rpc").certificate.decode(),
                "client_certificate_file": CLIENT_CERTIFICATE,
                "client_key_file": CLIENT_KEY,
            },
        },
        "notify": {"backend": "external"},
    }
    url = f"rabbit://events:{NOTIFY_PASSWORD}@{fqdn('mq-events')}:5681/events?ssl=1&ssl_ca_file={NOTIFY_CA}"
    secrets = {"RpcPassword": RPC_PASSWORD, "NotifyTransportUrl": url}
    return hieradata.render_plan(directory, plan, {"compute": [host]}, secrets)


def place_by_hand(host: NamespaceHost) -> None:
    """Place what is a site's own to place: the clients' certificate, and the CA of a whole URL."""
    client = certificates.certificate(certificates.authority("CA of mq-rpc"), usages=("client",))
    host.write(CLIENT_CERTIFICATE, client.certificate.decode())
    host.write(CLIENT_KEY, client.key.decode())
    host.write(NOTIFY_CA, certificates.authority("CA of mq-events").certificate.decode())


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Start the brokers, then render, install and apply on the host of clients, once."""
    with lab(ADDRESSES, hieradata.DOMAIN) as hosts:
        host = hosts["compute-0"]
        rpc, notify = start_brokers(hosts)
        before = {"rpc": access(rpc), "notify": access(notify)}
        rendered = render(tmp_path_factory.mktemp("external"), host)
        rendered.install(host)
        place_by_hand(host)
        run = puppet.apply(host)
        with oslo_client(host) as client:
            yield Deployment(host, rpc, notify, before, run, rendered, client)


def effects(catalog: dict[str, Any]) -> set[str]:
    """Name every resource of a catalog that does something."""
    return {
        f"{resource['type']}[{resource['title']}]"
        for resource in catalog["resources"]
        if resource["type"] not in GROUPING
    }


def test_catalog_holds_what_clients_need_alone(deployment: Deployment):
    """The CA of the broker is placed, and no package, service, command or account of any broker."""
    catalog = puppet.compile_catalog(deployment.client_host, puppet.PROFILE)
    assert effects(catalog) == WANTED
    assert {resource["type"] for resource in catalog["resources"]} == {*GROUPING, "File"}
    assert "mq-" not in "".join(effects(catalog))


def test_run_changes_the_client_and_no_broker(deployment: Deployment):
    """The first run places, the second changes nothing, and who may do what on the brokers is what it was."""
    assert deployment.run.code == 2, deployment.run.output
    again = puppet.apply(deployment.client_host)
    assert again.code == 0, again.output
    assert access(deployment.rpc) == deployment.before["rpc"]
    assert access(deployment.notify) == deployment.before["notify"]


def test_nothing_of_a_broker_is_rendered(deployment: Deployment):
    """There is one level, for clients, and the host runs no broker."""
    rendered = {str(path.relative_to(deployment.rendered.directory)) for path in files(deployment.rendered)}
    assert rendered == {"all.json"}
    assert not deployment.client_host.checks.process.filter(comm="beam.smp")
    assert not deployment.client_host.checks.file("/etc/rabbitmq/definitions.json").exists


def files(rendered: hieradata.Rendered) -> list[Path]:
    """Return the levels of a rendered tree."""
    return [path.resolve() for path in rendered.directory.rglob("*.json")]


def test_rpc_goes_over_the_emitted_url(deployment: Deployment):
    """A call is answered over TLS, with the client's certificate, in the virtual host that the plan names."""
    url = deployment.rendered.url("rpc")
    assert {"ssl=1", f"ssl_ca_file={RPC_CA}"} <= set(url.partition("?")[2].split("&"))
    deployment.client.ask("serve", url=url, topic="rpc_topic", server="one")
    assert deployment.client.ask("call", url=url, topic="rpc_topic", text="hello") == "one heard hello"
    listed = deployment.rpc.run(
        "rabbitmqctl", "-s", "list_connections", "user", "vhost", "ssl", "peer_cert_subject"
    )
    assert {line.rstrip() for line in listed.splitlines()} == {
        "cloud\tcalls\ttrue\tCN=client,O=tripleo-messaging"
    }


def test_notification_goes_over_the_whole_url(deployment: Deployment):
    """A notification arrives through the broker of the URL among the secrets, and through no other."""
    url = deployment.rendered.url("notify")
    deployment.client.ask("listen", url=url, topic="notifications")
    deployment.client.ask("notify", url=url, topic="notifications", event="event", payload={})
    received = lambda: "tests event {}" in deployment.client.ask("received")  # noqa: E731
    assert brokers.wait_for(received, "the notification")
    queues = ("rabbitmqctl", "-s", "list_queues", "--vhost")
    assert "notifications.info" in deployment.notify.run(*queues, "events")
    assert "notifications.info" not in deployment.rpc.run(*queues, "calls")


def test_no_secret_is_printed(deployment: Deployment):
    """Neither rendering nor applying shows a password."""
    printed = deployment.rendered.output + deployment.run.output
    assert [secret for secret in (RPC_PASSWORD, NOTIFY_PASSWORD) if secret in printed] == []
