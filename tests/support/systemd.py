# SPDX-License-Identifier: Apache-2.0
"""A host of namespaces with a systemd of its own, that knows only the units a test needs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from tests.support.brokers import wait_for
from tests.support.namespaces import NamespaceHost, child_of

# Without the machine's other units nothing of it is started a second time.
_STANDARD_UNITS = (
    "basic.target",
    "multi-user.target",
    "network.target",
    "network-online.target",
    "paths.target",
    "shutdown.target",
    "slices.target",
    "sockets.target",
    "sysinit.target",
    "timers.target",
)

# Own cgroup first, so that what this systemd makes below it can be removed.
_CGROUP = """
set -e
mount -t tmpfs none /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/$1
shift
mkdir -p "$group"
echo 0 > "$group/cgroup.procs"
exec unshare --cgroup --mount --pid --fork --mount-proc sh -c "$@"
"""

# The kernel's settings, which no namespace holds, can only be read.
_BOOT = """
set -e
umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
hostname > /etc/hostname
mkdir /mnt/units
cd /usr/lib/systemd/system
cp "$@" /mnt/units
printf '[Unit]\\nDescription=Nothing\\n' | tee /mnt/units/lab.target > /mnt/units/sysinit.target
mount --bind /mnt/units /usr/lib/systemd/system
rm -rf /etc/systemd/system/*
exec env -i PATH="$PATH" container=lab /lib/systemd/systemd --system --unit=lab.target
"""

_REMOVE_CGROUP = """
mount -t cgroup2 none /mnt
find "/mnt$(sed -n 's/^0:://p' /proc/self/cgroup)/$1" -depth -type d -exec rmdir {} +
"""


@contextlib.contextmanager
def booted(host: NamespaceHost, units: Sequence[str]) -> Iterator[NamespaceHost]:
    """Boot a systemd on a host, and yield the host as processes under that systemd see it.

    Args:
        host: as `lab` yields it; no two of a name at a time.
        units: the distribution's unit files that there shall be, beside some standard targets.
    """
    group = f"tripleo-messaging-{os.getpid()}-{host.name}"
    inner = ("sh", "-c", _CGROUP, "cgroup", group, _BOOT, "boot", *_STANDARD_UNITS, *units)
    command = [*host.prefix, "unshare", "--mount", *inner]
    remove = ["unshare", "--mount", "sh", "-c", _REMOVE_CGROUP, "remove", group]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            inside = attrs.evolve(host, holder=wait_for(lambda: _systemd_below(process.pid), "systemd"))
            is_up = ("systemctl", "is-system-running", "--wait")
            wait_for(lambda: inside.run(*is_up).stdout == "running\n", "systemd is running")
            yield inside
        finally:
            os.kill(_systemd_below(process.pid) or process.pid, signal.SIGKILL)
    wait_for(lambda: subprocess.run(remove, check=False).returncode == 0, "the cgroup is removed")


def _systemd_below(pid: int) -> int:
    """Return the process id of systemd, or 0: it is the child of nsenter's child on the other side."""
    try:
        grandchild = child_of(child_of(pid))
        name = Path(f"/proc/{grandchild}/comm").read_text(encoding="ascii")
    except (AssertionError, FileNotFoundError):
        return 0
    return grandchild if name == "systemd\n" else 0
