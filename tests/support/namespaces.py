# SPDX-License-Identifier: Apache-2.0
"""Hosts made of Linux namespaces: own processes, files, name and network, and gone without a trace.

A host sees the machine's programs, but what it writes below /etc, /var, /run and /dev/shm is its own. Its
first process is the holder: when that ends, the kernel ends all others and drops the mounts and the
network. The holder ends when its standard input is closed, so also when the tests are killed.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from testinfra.backend.base import CommandResult
from testinfra.backend.local import LocalBackend
from testinfra.host import Host

LAB_ADDRESS = "10.99.0.1"

# CHLD ignored: the kernel reaps what is orphaned in the namespace, as an init would.
_HOLDER = """
set -e
mount -t tmpfs none /mnt
for directory in etc var; do
    mkdir -p /mnt/$directory/upper /mnt/$directory/work
    mount -t overlay none /$directory \\
        -o lowerdir=/$directory,upperdir=/mnt/$directory/upper,workdir=/mnt/$directory/work
done
mount -t tmpfs none /run
mount -t tmpfs none /dev/shm
hostname "$1"
ip link set lo up
trap '' CHLD
echo ready
exec cat
"""


class _NamespaceBackend(LocalBackend):
    """Testinfra's local backend, its commands run inside a host."""

    def __init__(self, prefix: tuple[str, ...]) -> None:
        super().__init__()
        self._prefix = shlex.join(prefix)

    def run(self, command: str, *args: str, **_options: Any) -> CommandResult:
        inner = self.get_command(command, *args)
        return self.run_local(f"{self._prefix} sh -c {shlex.quote(inner)}")


@attrs.frozen(kw_only=True)
class NamespaceHost:
    """A running host.

    Attributes:
        name: its host name, without a domain.
        address: its IPv4 address in the lab's network.
        holder: process id of its first process, as seen from outside.
    """

    name: str
    address: str
    holder: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command so that it runs inside."""
        return ("nsenter", "--target", str(self.holder), "--all", "--wd=/", "--")

    @property
    def checks(self) -> Host:
        """Testinfra's view of this host."""
        return Host(_NamespaceBackend(self.prefix))

    def run(self, *command: str, text_in: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command inside; its output is captured, its exit code not judged."""
        return subprocess.run(
            [*self.prefix, *command], check=False, capture_output=True, text=True, input=text_in, timeout=600
        )

    def must_run(self, *command: str, text_in: str | None = None) -> str:
        """Run a command inside and return its output; it must exit with 0."""
        done = self.run(*command, text_in=text_in)
        assert done.returncode == 0, f"{shlex.join(command)} on {self.name}: {done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file inside, with its directories."""
        self.must_run("mkdir", "-p", str(Path(path).parent))
        self.must_run("tee", path, text_in=text)


@contextlib.contextmanager
def started_host(name: str, address: str) -> Iterator[NamespaceHost]:
    """Start a host without a network but loopback, and end it with all that runs on it."""
    unshare = ("unshare", "--fork", "--pid", "--mount-proc", "--mount", "--uts", "--ipc", "--net")
    command = [*unshare, "sh", "-c", _HOLDER, "holder", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        is_ready = process.stdout.readline() == "ready\n"
        assert is_ready, f"the namespaces of {name} could not be made; they need root"
        # Leaving the block closes the holder's standard input, at which it ends.
        yield NamespaceHost(name=name, address=address, holder=child_of(process.pid))


def child_of(pid: int) -> int:
    """Return the process id of the only child of a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    assert len(children) == 1, f"process {pid} has {len(children)} children"
    return int(children[0])


@contextlib.contextmanager
def lab(addresses: Mapping[str, str], domain: str) -> Iterator[dict[str, NamespaceHost]]:
    """Start hosts that reach one another by name and address.

    Args:
        addresses: IPv4 address in 10.99.0.0/24 by host name.
        domain: what follows the host names in the long form, e.g. ``internalapi.localdomain``.

    Yields:
        The hosts by name, and as ``lab`` the one they are all plugged into, with `LAB_ADDRESS`.
    """
    names = {"lab": LAB_ADDRESS, **addresses}
    with contextlib.ExitStack() as stack:
        hosts = {name: stack.enter_context(started_host(name, address)) for name, address in names.items()}
        hosts["lab"].must_run("ip", "link", "add", "bridge0", "type", "bridge")
        _plug_in(hosts["lab"], "bridge0")
        for number, name in enumerate(addresses):
            _connect(hosts["lab"], hosts[name], f"port{number}")
        _write_names(hosts, domain)
        yield hosts


def _plug_in(host: NamespaceHost, device: str) -> None:
    host.must_run("ip", "address", "add", f"{host.address}/24", "dev", device)
    host.must_run("ip", "link", "set", device, "up")


def _connect(switch: NamespaceHost, host: NamespaceHost, port: str) -> None:
    # Only from outside do the process ids of both hosts mean anything.
    within_network = ("nsenter", "--target", str(switch.holder), "--net", "--", "ip", "link")
    veth = ("add", port, "type", "veth", "peer", "name", "eth0", "netns", str(host.holder))
    subprocess.run([*within_network, *veth], check=True)
    switch.must_run("ip", "link", "set", port, "master", "bridge0", "up")
    _plug_in(host, "eth0")


def _write_names(hosts: Mapping[str, NamespaceHost], domain: str) -> None:
    lines = [f"{host.address} {host.name}.{domain} {host.name}" for host in hosts.values()]
    for host in hosts.values():
        host.write("/etc/hosts", "\n".join(["127.0.0.1 localhost", *lines, ""]))
