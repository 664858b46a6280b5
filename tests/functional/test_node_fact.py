# SPDX-License-Identifier: Apache-2.0
"""Facter reads the fact ``tripleo_messaging`` from the file and from the executable, and reads the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.canary import PLAIN, TRICKY, betrays
from tests.support.certificates import authority, certificate, place
from tests.support.topologies import BOTH, CLIENT, INVENTORY, RPC_ONLY
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.plan.mapping import plan_from_mapping
from tripleo_messaging.plan.resolve import resolve
from tripleo_messaging.report.write import LIVE_MODE, LIVE_NAME, STATIC_NAME, render_fact, render_live

_SECRETS = {
    "RpcPassword": TRICKY,
    "NotifyPassword": PLAIN,
    "RabbitCookie": PLAIN,
    "RabbitNotifyCookie": PLAIN,
}
_HOST = "ctl-10.internalapi.localdomain"


def node(directory: Path, plan: dict[str, Any], name: str) -> Path:
    """Install a node's part of a plan, and return its data directory."""
    topology, _ = resolve(plan_from_mapping(plan), INVENTORY)
    assert topology is not None
    write_tree(directory / "tree", build(topology, Secrets(_SECRETS)))
    install(directory / "tree", name, directory / "hieradata")
    return directory / "hieradata"


def program(directory: Path) -> Path:
    """Write the console script as an installer does, and return its path."""
    path = directory / "tripleo-messaging-fact"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom tripleo_messaging.report.live import main\nsys.exit(main())\n"
    )
    path.chmod(LIVE_MODE)
    return path


def facts_d(directory: Path, name: str, content: bytes, mode: int) -> Path:
    """Make a directory of external facts with one file, and return it."""
    made = directory / f"facts.d-{name}"
    made.mkdir()
    (made / name).write_bytes(content)
    (made / name).chmod(mode)
    return made


def facter(directory: Path) -> tuple[bytes, bytes]:
    """Run Facter with one directory of external facts; return what it prints of ours, and its warnings."""
    words = ["facter", "-j", "--external-dir", str(directory), "tripleo_messaging"]
    done = subprocess.run(words, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    warnings = b"\n".join(line for line in done.stderr.splitlines() if b"/proc/1/environ" not in line)
    return done.stdout, warnings


def both(directory: Path, target: Path, name: str) -> dict[str, Any]:
    """Return the fact, which Facter reads alike from the file and from the executable, without a warning."""
    static, said = facter(facts_d(directory, STATIC_NAME, render_fact(target, name), 0o644))
    wrapper = render_live(str(program(directory)), target, name)
    live, said_live = facter(facts_d(directory, LIVE_NAME, wrapper, LIVE_MODE))
    assert (said, said_live) == (b"", b"")
    assert static == live
    assert not betrays(static)
    fact: dict[str, Any] = json.loads(static)["tripleo_messaging"]
    assert fact == json.loads(render_fact(target, name))["tripleo_messaging"]
    return fact


def end_of(file: Path) -> str:
    """Return when a certificate ends, as a library for certificates reads it."""
    end = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_member_with_tls(tmp_path):
    """The ends are those of the certificates: the authority's for everybody, the listener's for a member."""
    ca = authority("fact")
    placed = place(tmp_path / "pki", "rpc", certificate(ca, _HOST, days=9), ca)
    plan = {"version": 1, "release": "2024.2", "consumers": ["none"], "rpc": {"tls": placed.as_tls()}}
    target = node(tmp_path, plan, RPC_ONLY)
    fact = both(tmp_path, target, RPC_ONLY)
    ends = {
        **dict.fromkeys(("ca_expires", "ca_expires_last"), end_of(placed.ca_file)),
        "certificate_expires": end_of(placed.certificate_file),
    }
    assert fact["node"] == RPC_ONLY
    assert fact["rpc"]["part"] == fact["notify"]["part"] == "server"
    assert fact["notify"]["shared_with_rpc"] is True
    assert fact["rpc"]["tls"] == {"enabled": True, **ends}
    client = node(tmp_path / "client", plan, CLIENT)
    said = json.loads(render_fact(client, CLIENT))["tripleo_messaging"]
    assert said["rpc"]["part"] == "client"
    assert said["rpc"]["tls"] == {"enabled": True, **ends, "certificate_expires": None}
    for file in (tmp_path / "pki").glob("*.key"):
        assert file.read_text().splitlines()[1] not in json.dumps(fact)


def test_types_are_kept(tmp_path):
    """Numbers, booleans, nulls, and texts that YAML would take for something else stay what they are."""
    plan = {
        "version": 1,
        "consumers": ["none"],
        "rpc": {"virtual_host": "05672", "user_name": "yes"},
        "notify": {"backend": "rabbitmq", "port": 5673, "virtual_host": "é𝄞: 1:30 #{x} *y"},
    }
    fact = both(tmp_path, node(tmp_path, plan, BOTH), BOTH)
    assert (fact["rpc"]["virtual_host"], fact["notify"]["virtual_host"]) == ("05672", "é𝄞: 1:30 #{x} *y")
    assert fact["rpc"]["port"] == 5672
    assert fact["rpc"]["enabled"] is True
    assert fact["rpc"]["tls"]["ca_expires"] is None
    assert fact["notify"]["ports"]["members"] == [4369, "6250-6499", 25692, "25693-25703"]


def test_a_service_that_is_none(tmp_path):
    """Without notifications that is what the fact says."""
    plan = {"version": 1, "consumers": ["none"], "notify": {"driver": "noop"}}
    fact = both(tmp_path, node(tmp_path, plan, CLIENT), CLIENT)
    assert fact["node"] == CLIENT
    assert fact["notify"] == {"enabled": False, "part": "none"}


def test_an_error_is_a_fact(tmp_path):
    """Where nothing is installed, Facter has a fact that says so, and no warning."""
    wrapper = render_live(str(program(tmp_path)), tmp_path / "none")
    out, said = facter(facts_d(tmp_path, LIVE_NAME, wrapper, LIVE_MODE))
    assert said == b""
    assert "no hieradata of messaging" in json.loads(out)["tripleo_messaging"]["error"]


@pytest.mark.parametrize("first_written", [STATIC_NAME, LIVE_NAME])
def test_the_file_hides_the_executable(first_written, tmp_path):
    """Of both in one directory Facter reads the file alone, whichever came last: its name does."""
    target = node(tmp_path, {"version": 1, "consumers": ["none"]}, CLIENT)
    files = {
        STATIC_NAME: (render_fact(target, "of-the-file"), 0o644),
        LIVE_NAME: (render_live(str(program(tmp_path)), target, "of-the-program"), LIVE_MODE),
    }
    directory = facts_d(tmp_path, first_written, *files[first_written])
    (other,) = set(files) - {first_written}
    (directory / other).write_bytes(files[other][0])
    (directory / other).chmod(files[other][1])
    assert json.loads(facter(directory)[0])["tripleo_messaging"]["node"] == "of-the-file"
