# SPDX-License-Identifier: Apache-2.0
"""What the tests ask of a running RabbitMQ."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.support.namespaces import NamespaceHost

Answer = TypeVar("Answer")

TIMEOUT_S = 120
_PAUSE_S = 0.2


def wait_for(question: Callable[[], Answer], what: str, timeout_s: float = TIMEOUT_S) -> Answer:
    """Ask until the answer is true, and return it; an AssertionError counts as not yet."""
    end = time.monotonic() + timeout_s
    last: object = None
    while time.monotonic() < end:
        try:
            answer = question()
        except AssertionError as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        time.sleep(_PAUSE_S)
    raise AssertionError(f"{what}: not within {timeout_s} s; last: {last}")


def broker_pid(host: NamespaceHost, instance: str = "rabbitmq") -> int:
    """Return the process id, inside the host, of the broker with that run directory."""
    return int(host.checks.file(f"/run/{instance}/pid").content_string)


def rabbitmqctl(host: NamespaceHost, *arguments: str, instance: str = "rabbitmq") -> str:
    """Run rabbitmqctl on a broker, by its directory in /etc, and return what it printed."""
    return host.must_run(f"/etc/{instance}/run", "rabbitmqctl", "-s", *arguments)


def running_members(host: NamespaceHost, instance: str = "rabbitmq") -> set[str]:
    """Return the node names that a broker sees running in its cluster."""
    term = 'lists:foreach(fun(N) -> io:format("~s~n", [N]) end, rabbit_nodes:all_running()).'
    lines = rabbitmqctl(host, "eval", term, instance=instance).splitlines()
    return {line for line in lines if "@" in line}


def peers(host: NamespaceHost, pid: int, port: int) -> set[str]:
    """Return the addresses that a process of a host is connected to on a port."""
    lines = host.must_run("ss", "-Htnp", "state", "established", f"( dport = :{port} )").splitlines()
    return {line.split()[3].rsplit(":", 1)[0] for line in lines if f"pid={pid}," in line}
