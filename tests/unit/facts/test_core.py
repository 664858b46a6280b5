# SPDX-License-Identifier: Apache-2.0
"""Core facts from Facter and from Ansible."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.facts import ansible_facts, default_directories, facter_facts, merge
from tripleo_messaging.facts.ansible import human_size

GATHERED = {
    "ansible_architecture": "x86_64",
    "ansible_br_ex": {
        "device": "br-ex",
        "ipv4": {"address": "192.0.2.2", "netmask": "255.255.255.0", "network": "192.0.2.0"},
        "ipv6": [{"address": "fd00::2", "prefix": "64"}],
        "macaddress": "02:00:00:00:00:01",
        "mtu": 1500,
    },
    "ansible_date_time": {"tz": "UTC"},
    "ansible_default_ipv4": {"address": "192.0.2.2", "interface": "br-ex"},
    "ansible_distribution": "CentOS",
    "ansible_distribution_major_version": "9",
    "ansible_distribution_version": "9.3",
    "ansible_fqdn": "ctl-0.example.org",
    "ansible_hostname": "ctl-0",
    "ansible_interfaces": ["lo", "br-ex"],
    "ansible_kernel": "5.14.0-362.el9.x86_64",
    "ansible_memtotal_mb": 1536,
    "ansible_os_family": "RedHat",
    "ansible_processor": ["0", "AuthenticAMD", "AMD EPYC", "1", "AuthenticAMD", "AMD EPYC"],
    "ansible_processor_vcpus": 2,
    "ansible_selinux": {"status": "disabled"},
    "ansible_system": "Linux",
    "ansible_virtualization_role": "guest",
}

EXPECTED = {
    "is_virtual": True,
    "kernel": "Linux",
    "kernelmajversion": "5.14",
    "kernelrelease": "5.14.0-362.el9.x86_64",
    "kernelversion": "5.14.0",
    "memory": {"system": {"total": "1.50 GiB", "total_bytes": 1610612736}},
    "networking": {
        "fqdn": "ctl-0.example.org",
        "hostname": "ctl-0",
        "interfaces": {
            "br-ex": {
                "ip": "192.0.2.2",
                "ip6": "fd00::2",
                "mac": "02:00:00:00:00:01",
                "mtu": 1500,
                "netmask": "255.255.255.0",
                "network": "192.0.2.0",
            }
        },
        "ip": "192.0.2.2",
        "primary": "br-ex",
    },
    "os": {
        "architecture": "x86_64",
        "distro": {"id": "CentOS", "release": {"full": "9.3", "major": "9"}},
        "family": "RedHat",
        "name": "CentOS",
        "release": {"full": "9.3", "major": "9", "minor": "3"},
        "selinux": {"enabled": False},
    },
    "processors": {"count": 2, "models": ["AMD EPYC", "AMD EPYC"]},
    "timezone": "UTC",
}


@pytest.mark.parametrize("shape", ["cache", "setup", "bare"])
def test_facts_of_ansible(shape: str, tmp_path: Path) -> None:
    """What Ansible gathered becomes Facter's structure, however it was kept."""
    bare = {name.replace("ansible_", ""): value for name, value in GATHERED.items()}
    shapes = {"cache": GATHERED, "setup": {"ansible_facts": GATHERED, "changed": False}, "bare": bare}
    path = tmp_path / "ctl-0"
    path.write_text(json.dumps(shapes[shape]))
    assert ansible_facts(path) == EXPECTED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', "[" * 100_000])
def test_what_is_no_cache(text: str, tmp_path: Path) -> None:
    """A file without facts of Ansible is refused, with what is expected."""
    path = tmp_path / "cache"
    path.write_text(text)
    with pytest.raises(UnreadableFileError, match="expected the JSON of the setup module"):
        ansible_facts(path)


def program(tmp_path: Path, text: str) -> list[str]:
    """Write what stands for Facter; return its command."""
    path = tmp_path / "facter"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return [str(path)]


def test_facts_of_facter_whatever_its_status(tmp_path: Path) -> None:
    """Facter ends with 1 when one of its own facts failed; the others are taken."""
    words = program(tmp_path, 'echo \'{"kernel": "Linux"}\'; exit 1')
    assert facter_facts(os.environ, words=words) == {"kernel": "Linux"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("sleep 60", "had not ended after 0.5 seconds"), ("exec true", "printed no JSON object of facts")],
)
def test_facter_that_fails(tmp_path: Path, text: str, reason: str) -> None:
    """A Facter that hangs or prints nothing is an error that says so."""
    with pytest.raises(UnreadableFileError, match=reason):
        facter_facts(os.environ, words=program(tmp_path, text), timeout_s=0.5)


def test_facter_that_is_not_there(tmp_path: Path) -> None:
    """Without Facter the error says the ways out."""
    with pytest.raises(UnreadableFileError, match="install Facter, or name an Ansible cache"):
        facter_facts(os.environ, words=[str(tmp_path / "none")])


def test_external_facts_replace_whole_ones() -> None:
    """An external fact takes the place of the whole core fact of its name."""
    assert merge({"os": {"name": "x"}, "kernel": "y"}, {"os": "flat"}) == {"os": "flat", "kernel": "y"}


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.00 KiB"),
        (1610612736, "1.50 GiB"),
        (2**60, "1024.00 PiB"),
    ],
)
def test_sizes_as_facter_writes_them(size: int, text: str) -> None:
    """Sizes have two digits and a binary unit."""
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("environ", "is_root", "expected"),
    [
        (
            {"HOME": "/home/u"},
            True,
            ("/etc/puppetlabs/facter/facts.d", "/etc/facter/facts.d", "/opt/puppetlabs/facter/facts.d"),
        ),
        (
            {"HOME": "/home/u"},
            False,
            ("/home/u/.facter/facts.d", "/home/u/.puppetlabs/opt/facter/facts.d"),
        ),
        ({}, False, ()),
    ],
    ids=["root", "a user", "nobody"],
)
def test_own_directories(environ: dict[str, str], is_root: bool, expected: tuple[str, ...]) -> None:
    """Root has the directories of Puppet's packages, others theirs below the home directory."""
    assert default_directories(environ, is_root=is_root) == expected
