# SPDX-License-Identifier: Apache-2.0
"""TLS of a cluster: its members among themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from tests.support import brokers, certificates, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client

DISTRIBUTION_PORT = 25672
# The first message of Erlang's distribution: tag, capabilities, creation, name. The answer is a status. Both
# come behind their length, which over TLS is of four bytes.
_NODE = f"probe@lab.{hieradata.DOMAIN}".encode()
_HELLO = b"N" + (0x01070F94).to_bytes(8, "big") + b"\x00\x00\x00\x01" + len(_NODE).to_bytes(2, "big") + _NODE
_STATUS = b"sok"


def framed(message: bytes, length_bytes: int) -> str:
    """Return a message of the distribution behind its length, in hexadecimal."""
    return (len(message).to_bytes(length_bytes, "big") + message).hex()


MEMBERS = {"ctl-0": "10.99.0.11", "ctl-1": "10.99.0.12", "ctl-2": "10.99.0.13"}
CLUSTER = {f"rabbit@{name}.{hieradata.DOMAIN}" for name in MEMBERS}


@attrs.frozen
class Members:
    """Three members of one cluster, and a process of a service on one of their hosts."""

    hosts: dict[str, NamespaceHost]
    rendered: hieradata.Rendered
    first_runs: list[puppet.PuppetRun]
    client: OsloClient

    def handshake(self, **more: Any) -> dict[str, str]:
        """Speak TLS with the distribution of a member."""
        more = {"ca_file": "/etc/pki/rpc-ca.crt", **more}
        address = (f"ctl-1.{hieradata.DOMAIN}", DISTRIBUTION_PORT)
        return self.client.ask("handshake", address=address, **more)


def apply_everywhere(hosts: Mapping[str, NamespaceHost]) -> list[puppet.PuppetRun]:
    """Apply on all hosts at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(puppet.apply, hosts.values()))


def wait_for_calls(client: OsloClient) -> None:
    """Wait until ten more calls were answered than now."""
    before = client.ask("calls")["answered"]
    brokers.wait_for(lambda: client.ask("calls")["answered"] >= before + 10, "ten calls")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """Place certificates, render, install and apply everywhere at the same time, once."""
    authority = certificates.authority("rpc")
    rpc = {"nodes": "messaging", "tls": certificates.tls_settings("rpc", [authority], inter_node=True)}
    with lab(MEMBERS, hieradata.DOMAIN) as hosts:
        of_cluster = {name: hosts[name] for name in MEMBERS}
        rendered = hieradata.render_plan(
            tmp_path_factory.mktemp("members"),
            {"consumers": ["none"], "rpc": rpc},
            {"messaging": list(of_cluster.values())},
        )
        # Of a URL with several hosts kombu compares every certificate with the first that it tried.
        names = sorted(f"{name}.{hieradata.DOMAIN}" for name in MEMBERS)
        for host in of_cluster.values():
            certificates.put(host, "rpc", certificates.certificate(authority, *names, host.address))
            rendered.install(host)
        first_runs = apply_everywhere(of_cluster)
        with oslo_client(of_cluster["ctl-0"]) as client:
            yield Members(of_cluster, rendered, first_runs, client)


def test_members_join_over_tls(members: Members):
    """Applied at the same time, the three are one cluster, and the tools of each reach its broker."""
    assert [run.code for run in members.first_runs] == [2] * 3, [run.output for run in members.first_runs]
    for host in members.hosts.values():
        assert brokers.running_members(host) == CLUSTER


def test_distribution_wants_a_certificate(members: Members):
    """A member proves to be itself, and takes nobody who shows no certificate of the authority."""
    files = ["/etc/pki/rpc.crt", "/etc/pki/rpc.key"]
    assert members.handshake(files=files)["version"].startswith("TLSv1.")
    assert "HANDSHAKE_FAILURE" in members.handshake(files=[])["error"]


def test_plain_distribution_is_refused(members: Members):
    """A node that speaks no TLS gets no status from a member, and the same greeting over TLS gets one."""
    files = ["/etc/pki/rpc.crt", "/etc/pki/rpc.key"]
    over_tls = members.handshake(files=files, says=framed(_HELLO, 4))
    # What a node says after its status may come in the same packet.
    assert over_tls["answer"].startswith(framed(_STATUS, 4)), over_tls
    address = {"host": f"ctl-1.{hieradata.DOMAIN}", "port": DISTRIBUTION_PORT}
    for length_bytes in (2, 4):
        status = framed(_STATUS, length_bytes)
        answer = members.client.ask(
            "say", **address, text=framed(_HELLO, length_bytes), length=len(status) // 2
        )
        assert not answer.startswith(status[:4])


def test_killed_member_comes_back(members: Members):
    """Calls go on over TLS while a member is down, and Puppet brings it back into the cluster."""
    url, topic = members.rendered.url("rpc"), "rpc_topic"
    victim = members.hosts["ctl-2"]
    members.client.ask("serve", url=url, topic=topic, server="one")
    members.client.ask("start_calling", url=url, topic=topic)
    wait_for_calls(members.client)
    victim.must_run("kill", "-9", str(brokers.broker_pid(victim)))
    wait_for_calls(members.client)
    runs = dict(zip(members.hosts, apply_everywhere(members.hosts)))
    assert {name: run.code for name, run in runs.items()} == {"ctl-0": 0, "ctl-1": 0, "ctl-2": 2}, runs
    assert all(brokers.running_members(host) == CLUSTER for host in members.hosts.values())
    wait_for_calls(members.client)
    members.client.ask("stop_calling")
