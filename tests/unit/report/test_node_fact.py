# SPDX-License-Identifier: Apache-2.0
"""The fact says what a node is to its messaging services, and nothing that is secret."""

from __future__ import annotations

import json

import pytest

from tests.support.canary import PLAIN, betrays
from tests.support.facts_of_nodes import installed, keys_of
from tests.support.topologies import BOTH, CLIENT, NOTIFY_ONLY, PLANS, RPC_ONLY
from tripleo_messaging.hieradata import keys
from tripleo_messaging.report import node_fact as module
from tripleo_messaging.report.installed import read_installed
from tripleo_messaging.report.node_fact import NAME, node_fact


def never(_: str) -> None:
    """Know no end of any certificate."""


def fact(tmp_path, case, node, expires=never, verdicts=None):
    """Return what the fact says of a node."""
    return node_fact(keys_of(tmp_path, case, node), expires, verdicts or {})[NAME]


def test_a_member_in_whole(tmp_path):
    """Every word of the fact of a member of RPC's cluster, with TLS, which is a client of Notify's."""
    ends = {
        "/etc/ipa/ca.crt": ("2031-01-01T00:00:00Z", "2041-01-01T00:00:00Z"),
        "/etc/pki/tls/certs/rabbitmq.crt": ("2030-01-01T00:00:00Z", "2032-01-01T00:00:00Z"),
    }
    verdicts = {"rpc": {"verdict": "ok", "checked_at": "2030-01-01T10:00:00Z", "password": PLAIN}}
    said = fact(tmp_path, "twice, with TLS", RPC_ONLY, ends.get, verdicts)
    assert len(said.pop("generation")) == 64
    assert said == {
        "node": RPC_ONLY,
        "rpc": {
            "enabled": True,
            "part": "server",
            "backend": "rabbitmq",
            "scheme": "rabbit",
            "members": ["ctl-2", "ctl-10", "ctl-0"],
            "hosts": [f"{name}.internalapi.localdomain" for name in ("ctl-2", "ctl-10", "ctl-0")],
            "port": 5672,
            "virtual_host": "/",
            "tls": {
                "enabled": True,
                "ca_expires": "2031-01-01T00:00:00Z",
                "ca_expires_last": "2041-01-01T00:00:00Z",
                "certificate_expires": "2030-01-01T00:00:00Z",
            },
            "health": {"verdict": "ok", "checked_at": "2030-01-01T10:00:00Z"},
            "instance": "rabbit",
            "ports": {
                "clients": [5672],
                "members": [4369, "6000-6249", 25672, "25673-25683"],
                "management": 15672,
                "prometheus": 15692,
            },
        },
        "notify": {
            "enabled": True,
            "part": "client",
            "backend": "rabbitmq",
            "scheme": "rabbit",
            "members": ["msg-1", "ctl-0", "msg-0"],
            "hosts": [f"{name}.internalapi.localdomain" for name in ("msg-1", "ctl-0", "msg-0")],
            "port": 5673,
            "virtual_host": "/",
            "tls": {
                "enabled": True,
                "ca_expires": None,
                "ca_expires_last": None,
                "certificate_expires": None,
            },
            "health": {"verdict": "unknown", "checked_at": None},
            "shared_with_rpc": False,
        },
    }


# part in RPC and Notify, instance of each, and whether they share.
PARTS = {
    ("twice", BOTH): ("server", "server", "rabbit", "rabbit_notify", False),
    ("twice", RPC_ONLY): ("server", "client", "rabbit", None, False),
    ("twice", NOTIFY_ONLY): ("client", "server", None, "rabbit_notify", False),
    ("twice", CLIENT): ("client", "client", None, None, False),
    ("shared", RPC_ONLY): ("server", "server", "rabbit", "rabbit", True),
    ("shared", CLIENT): ("client", "client", None, None, True),
    ("shared, IPv6", RPC_ONLY): ("server", "server", "rabbit", "rabbit", True),
    ("cell", CLIENT): ("client", "client", None, None, True),
    ("external hosts", CLIENT): ("client", "client", None, None, False),
    ("external Kafka", RPC_ONLY): ("server", "client", "rabbit", None, False),
    ("external URL", RPC_ONLY): ("server", "client", "rabbit", None, False),
    ("no notify", RPC_ONLY): ("server", "none", "rabbit", None, None),
    ("no notify", CLIENT): ("client", "none", None, None, None),
}


@pytest.mark.parametrize(("case", "node"), PARTS)
def test_the_part_of_a_node(case, node, tmp_path):
    """Server where the node is a member of the service's cluster, none without a service, client else."""
    said = fact(tmp_path, case, node)
    rpc, notify = said["rpc"], said["notify"]
    found = (
        *(rpc["part"], notify["part"], rpc.get("instance"), notify.get("instance")),
        notify.get("shared_with_rpc"),
    )
    assert found == PARTS[case, node]


def test_no_service_is_said_in_two_words(tmp_path):
    """Of a service that is off nothing else is told, though stock consumers have keys of it."""
    assert fact(tmp_path, "no notify", CLIENT)["notify"] == {"enabled": False, "part": "none"}


@pytest.mark.parametrize("case", PLANS)
@pytest.mark.parametrize("node", [BOTH, CLIENT])
def test_no_secret_is_in_the_fact(case, node, tmp_path):
    """Whatever the deployment is, none of its secrets can be read out of the fact."""
    url = f"rabbit://alien:{PLAIN}@mq.example.org:5672/?ssl=0"
    planted = {
        **dict.fromkeys(("RpcPassword", "NotifyPassword", "RabbitCookie", "RabbitNotifyCookie"), PLAIN),
        **dict.fromkeys(("RpcTransportUrl", "NotifyTransportUrl"), url),
    }
    target = installed(tmp_path, case, node, **planted)
    assert any(betrays(path.read_bytes()) for path in target.iterdir())
    document = node_fact(read_installed(target), never, {})
    assert not betrays(json.dumps(document).encode())
    assert json.loads(json.dumps(document)) == document


HEALTH = {
    "degraded": ({"verdict": "degraded", "checked_at": "2030-01-01T10:00:00+00:00"}, "degraded", True),
    "a time with parts of seconds": ({"verdict": "ok", "checked_at": "2030-01-01T10:00:00.123Z"}, "ok", True),
    "no time": ({"verdict": "failed"}, "failed", False),
    "a time that is none": (
        {"verdict": "failed", "checked_at": f"2030-01-01T10:00:00Z {PLAIN}"},
        "failed",
        False,
    ),
    "a number": ({"verdict": "ok", "checked_at": 1}, "ok", False),
    "another verdict": ({"verdict": PLAIN, "checked_at": "2030-01-01T10:00:00Z"}, "unknown", False),
    "a list": ({"verdict": ["ok"]}, "unknown", False),
    "no mapping": ("ok", "unknown", False),
}


@pytest.mark.parametrize("case", HEALTH)
def test_only_a_verdict_and_a_time_pass(case, tmp_path):
    """Who may write the file of verdicts brings nothing else into the fact."""
    said, verdict, has_time = HEALTH[case]
    health = fact(tmp_path, "shared", CLIENT, verdicts={"rpc": said})["rpc"]["health"]
    assert (health["verdict"], health["checked_at"] is not None) == (verdict, has_time)
    assert not betrays(json.dumps(health).encode())


def test_certificates_are_looked_at_where_tls_is_on(tmp_path):
    """Without TLS no file is read, and a client has no listener."""
    asked: list[str] = []
    switched_off = {"messaging_rpc_use_ssl": False, "messaging_notify_use_ssl": False}
    node_fact({**keys_of(tmp_path / "off", "twice, with TLS", BOTH), **switched_off}, asked.append, {})
    assert asked == []
    fact(tmp_path / "client", "twice, with TLS", CLIENT, asked.append)
    assert asked == ["/etc/ipa/ca.crt", "/etc/pki/notify-ca.crt"]


def test_a_node_of_clients_has_the_name_it_is_given(tmp_path):
    """Its data do not say who it is; those of a member do, whatever it is given."""
    client, member = keys_of(tmp_path / "c", "shared", CLIENT), keys_of(tmp_path / "m", "shared", RPC_ONLY)
    assert node_fact(client, never, {})[NAME]["node"] is None
    assert node_fact(client, never, {}, CLIENT)[NAME]["node"] == CLIENT
    assert node_fact(member, never, {}, CLIENT)[NAME]["node"] == RPC_ONLY


def test_the_keys_are_those_that_are_written():
    """The names are spelled again, as the table of keys takes long to import; they are the same."""
    names = ("GENERATION", "LOCAL_NAME", "LOCAL_CLUSTERS")
    assert [getattr(module, name) for name in names] == [getattr(keys, name) for name in names]
    written = {key.name for key in keys.KEYS}
    assert {text.format(backend="rabbitmq") for text in (module.INSTANCES, module.FIREWALL_PORTS)} <= written
