# SPDX-License-Identifier: Apache-2.0
"""TLS of clients: two services with an authority each."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import brokers, certificates, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client
from tripleo_messaging.tls.create import KeyPair

ADDRESS, CLIENTS_ADDRESS = "10.99.0.11", "10.99.0.31"
BROKER = f"ctl-0.{hieradata.DOMAIN}"
PORTS = {"rpc": 5671, "notify": 5673}
DIRECTORIES = {"rpc": "rabbitmq", "notify": "rabbit_notify"}
OTHER = {"rpc": "notify", "notify": "rpc"}
DISTRIBUTION_PORT = 25672

AMQP_HEADER = b"AMQP\x00\x00\x09\x01".hex()
AMQP_START = "01"


def plan(authorities: Mapping[str, Sequence[KeyPair]]) -> dict[str, Any]:
    """Return a plan of two brokers on one host; Notify's takes only clients with a certificate."""
    shown = {"client_certificate_file": "/etc/pki/client.crt", "client_key_file": "/etc/pki/client.key"}
    rpc = certificates.tls_settings("rpc", authorities["rpc"], versions=["1.3"])
    notify = certificates.tls_settings("notify", authorities["notify"], verify_clients=True, **shown)
    nodes = {"nodes": "messaging"}
    return {
        "consumers": ["none"],
        "rpc": {**nodes, "port": PORTS["rpc"], "tls": rpc},
        "notify": {**nodes, "backend": "rabbitmq", "port": PORTS["notify"], "tls": notify},
    }


@attrs.define
class Deployment:
    """Both brokers on one host, and a host of clients with one process of a service.

    Attributes:
        host: of the brokers.
        clients: the other.
        authorities: by service, those in use; the first signs.
        rendered: the hieradata of now.
        first_run: of Puppet on the brokers' host.
        client: the process.
        directory: for plans and hieradata.
    """

    host: NamespaceHost
    clients: NamespaceHost
    authorities: dict[str, list[KeyPair]]
    rendered: hieradata.Rendered
    first_run: puppet.PuppetRun
    client: OsloClient
    directory: Path

    def trust(self, authorities: Mapping[str, list[KeyPair]]) -> None:
        """Render with these authorities, install, and apply on both hosts."""
        self.rendered = render(self.directory, self.host, self.clients, authorities)
        self.authorities = dict(authorities)
        hosts = (self.host, self.clients)
        for host in hosts:
            self.rendered.install(host)
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(puppet.apply, hosts))
        assert [run.code for run in runs] == [2, 2], [run.output for run in runs]

    def certify(self, signers: Mapping[str, KeyPair], *names: str) -> dict[str, str]:
        """Give brokers other certificates, tell them by a run of Puppet, and return the SHA-256 of each."""
        made = {
            service: certificates.certificate(signer, *(names or (BROKER, ADDRESS)))
            for service, signer in signers.items()
        }
        for service, pair in made.items():
            certificates.put(self.host, service, pair)
        run = puppet.apply(self.host)
        assert run.code == 2, run.output
        return {service: fingerprint(pair) for service, pair in made.items()}

    def pids(self) -> list[int]:
        """Return the brokers' process ids."""
        return [brokers.broker_pid(self.host, directory) for directory in DIRECTORIES.values()]

    def url(self, service: str, ca_file: str = "") -> str:
        """Return a service's URL, with another file of authorities."""
        url = self.rendered.url(service)
        own = f"ssl_ca_file=/etc/pki/{service}-ca.crt&"
        assert url.count(own) == 1
        return url.replace(own, f"ssl_ca_file={ca_file}&") if ca_file else url

    def handshake(self, service: str, files: Sequence[str] = (), **more: Any) -> dict[str, str]:
        """Greet a broker over TLS, and return what came of it."""
        more = {"ca_file": f"/etc/pki/{service}-ca.crt", "says": AMQP_HEADER, **more}
        return self.client.ask("handshake", address=(BROKER, PORTS[service]), files=files, **more)


def fingerprint(pair: KeyPair) -> str:
    """Return the SHA-256 of a certificate as it goes over the wire."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate.decode())).hexdigest()


def render(
    directory: Path,
    host: NamespaceHost,
    clients: NamespaceHost,
    authorities: Mapping[str, Sequence[KeyPair]],
) -> hieradata.Rendered:
    """Render the plan with these authorities."""
    return hieradata.render_plan(directory, plan(authorities), {"messaging": [host], "clients": [clients]})


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Place certificates, render, install and apply, once."""
    directory = tmp_path_factory.mktemp("tls")
    authorities = {service: [certificates.authority(service)] for service in PORTS}
    with lab({"ctl-0": ADDRESS, "compute-0": CLIENTS_ADDRESS}, hieradata.DOMAIN) as hosts:
        host, clients = hosts["ctl-0"], hosts["compute-0"]
        for service, (authority,) in authorities.items():
            certificates.put(host, service, certificates.certificate(authority, BROKER, ADDRESS))
        certificates.put(clients, "client", certificates.certificate(authorities["notify"][0]), owner="root")
        rendered = render(directory, host, clients, authorities)
        rendered.install(host)
        rendered.install(clients)
        with ThreadPoolExecutor() as pool:
            first_run, of_clients = pool.map(puppet.apply, (host, clients))
        assert of_clients.code == 2, of_clients.output
        with oslo_client(clients) as client:
            yield Deployment(host, clients, authorities, rendered, first_run, client, directory)


CLIENT_FILES = ("/etc/pki/client.crt", "/etc/pki/client.key")


def test_one_process_uses_both(deployment: Deployment):
    """A call and a notification in one process, over two verified URLs, each with an authority of its own."""
    assert deployment.first_run.code == 2, deployment.first_run.output
    rpc, notify = deployment.url("rpc"), deployment.url("notify")
    assert "ssl_ca_file=/etc/pki/rpc-ca.crt&ssl=1" in rpc
    assert "ssl_ca_file=/etc/pki/notify-ca.crt&ssl_cert_file=/etc/pki/client.crt" in notify
    deployment.client.ask("serve", url=rpc, topic="rpc_topic", server="one")
    assert deployment.client.ask("call", url=rpc, topic="rpc_topic", text="hello") == "one heard hello"
    deployment.client.ask("listen", url=notify, topic="notifications")
    deployment.client.ask("notify", url=notify, topic="notifications", event="event", payload={})
    heard = brokers.wait_for(lambda: deployment.client.ask("received"), "the notification")
    assert heard == ["tests event {}"]


@pytest.mark.parametrize("service", PORTS)
def test_authorities_of_a_service_are_on_its_clients(deployment: Deployment, service: str):
    """Puppet puts exactly the plan's certificates there, for everybody to read."""
    file = deployment.clients.checks.file(f"/etc/pki/{service}-ca.crt")
    assert file.content_string == deployment.authorities[service][0].certificate.decode()
    assert (file.user, file.mode) == ("root", 0o644)


@pytest.mark.parametrize("service", PORTS)
def test_authority_of_the_other_service_is_refused(deployment: Deployment, service: str):
    """The same URLs with their authorities swapped fail at the verification of the broker's certificate."""
    url = deployment.url(service, ca_file=f"/etc/pki/{OTHER[service]}-ca.crt")
    errors = deployment.client.ask("refusal", url=url, service=service)
    assert [error for error in errors if error.startswith("SSLCertVerificationError: ")]
    assert "CERTIFICATE_VERIFY_FAILED" in errors[-1]
    assert "Hostname mismatch" not in errors[-1]


@pytest.mark.parametrize("service", PORTS)
def test_what_is_refused_is_taken_otherwise(deployment: Deployment, service: str):
    """The way of sending that shows refusals meets none on the emitted URL."""
    assert deployment.client.ask("refusal", url=deployment.url(service), service=service) == []


@pytest.mark.parametrize("service", PORTS)
def test_listeners_speak_nothing_but_tls(deployment: Deployment, service: str):
    """What greets without TLS gets no AMQP, and the host has no other listener for clients."""
    answer = deployment.client.ask("say", host=BROKER, port=PORTS[service], text=AMQP_HEADER, length=8)
    assert not answer.startswith(AMQP_START)
    listening = deployment.host.checks.socket.get_listening_sockets()
    outside = {int(spec.rpartition(":")[2]) for spec in listening if spec.startswith(f"tcp://{ADDRESS}:")}
    assert outside == {*PORTS.values(), DISTRIBUTION_PORT, 25692, 4369}


def test_second_run_changes_nothing(deployment: Deployment):
    """Puppet reports no change on either host, and both brokers are the same processes."""
    pids = deployment.pids()
    runs = [puppet.apply(host) for host in (deployment.host, deployment.clients)]
    assert [run.code for run in runs] == [0, 0], [run.output for run in runs]
    assert deployment.pids() == pids


def test_versions_of_the_plan_alone_are_spoken(deployment: Deployment):
    """RPC's listener takes TLS 1.3 and refuses 1.2; Notify's, of which the plan says nothing, takes both."""
    assert deployment.handshake("rpc", version="TLSv1_3")["version"] == "TLSv1.3"
    assert "PROTOCOL_VERSION" in deployment.handshake("rpc", version="TLSv1_2")["error"]
    assert deployment.handshake("notify", CLIENT_FILES, version="TLSv1_2")["version"] == "TLSv1.2"


@pytest.mark.parametrize(
    ("version", "alert"), [("TLSv1_2", "HANDSHAKE_FAILURE"), ("TLSv1_3", "CERTIFICATE_REQUIRED")]
)
def test_clients_without_a_certificate_are_refused(deployment: Deployment, version: str, alert: str):
    """Notify's broker ends the handshake of who shows none; who shows one gets AMQP."""
    assert alert in deployment.handshake("notify", version=version)["error"]
    assert deployment.handshake("notify", CLIENT_FILES, version=version)["answer"].startswith(AMQP_START)


def test_key_that_the_broker_cannot_read_fails_the_run(deployment: Deployment):
    """Puppet says which file it is and leaves the running broker alone, until the file is mended."""
    pids, key = deployment.pids(), "/etc/pki/rpc.key"
    deployment.host.must_run("chown", "root", key)
    run = puppet.apply(deployment.host)
    assert run.code == 4, run.output
    assert f"the user rabbitmq cannot read {key}" in run.output
    deployment.host.must_run("chown", "rabbitmq", key)
    assert puppet.apply(deployment.host).code == 0
    assert deployment.pids() == pids


def test_certificate_of_another_host_is_refused(deployment: Deployment):
    """A broker whose certificate does not name it is refused for that, until it has one that does."""
    pids = deployment.pids()
    (signer,) = deployment.authorities["rpc"]
    deployment.certify({"rpc": signer}, f"ctl-1.{hieradata.DOMAIN}")
    errors = deployment.client.ask("refusal", url=deployment.url("rpc"), service="rpc")
    assert [error for error in errors if error.startswith("SSLCertVerificationError: ")]
    assert "Hostname mismatch" in errors[-1]
    shown = deployment.certify({"rpc": signer})
    assert deployment.handshake("rpc")["certificate"] == shown["rpc"]
    assert deployment.client.ask("refusal", url=deployment.url("rpc"), service="rpc") == []
    assert deployment.pids() == pids


def test_rotation_of_both_authorities_fails_no_call(deployment: Deployment):
    """With two authorities for a while, brokers and clients change certificates, and nothing restarts."""
    pids = deployment.pids()
    old = {service: used[0] for service, used in deployment.authorities.items()}
    new = {service: certificates.authority(f"{service} renewed") for service in PORTS}
    url, topic = deployment.url("rpc"), "rotation_topic"
    deployment.client.ask("serve", url=url, topic=topic, server="one")
    # As long as a call may take on a busy machine: none is to fail.
    deployment.client.ask("start_calling", url=url, topic=topic, timeout_s=60)

    deployment.trust({service: [old[service], new[service]] for service in PORTS})
    certificates.put(deployment.clients, "former", certificates.certificate(old["notify"]), owner="root")
    certificates.put(deployment.clients, "client", certificates.certificate(new["notify"]), owner="root")
    shown = deployment.certify(new)
    for service in PORTS:
        assert deployment.handshake(service, CLIENT_FILES)["certificate"] == shown[service]
    formers_files = ("/etc/pki/former.crt", "/etc/pki/former.key")
    assert deployment.handshake("notify", formers_files)["answer"].startswith(AMQP_START)

    deployment.trust({service: [new[service]] for service in PORTS})
    for service in PORTS:
        assert deployment.client.ask("refusal", url=deployment.url(service), service=service) == []
    deployment.clients.write("/etc/pki/former-ca.crt", old["rpc"].certificate.decode())
    refused = deployment.handshake("rpc", ca_file="/etc/pki/former-ca.crt")
    assert "CERTIFICATE_VERIFY_FAILED" in refused["error"]
    assert "UNKNOWN_CA" in deployment.handshake("notify", formers_files)["error"]

    deployment.client.ask("stop_calling")
    calls = deployment.client.ask("calls")
    assert calls["failed"] == []
    assert calls["answered"] > 0
    assert deployment.pids() == pids
