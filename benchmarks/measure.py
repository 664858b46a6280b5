# SPDX-License-Identifier: Apache-2.0
"""Run a program as a whole process and say what it cost."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timezone
from pathlib import Path

import attrs

#: The command line of the checkout or installation that this interpreter has.
PROGRAM = (sys.executable, "-m", "tripleo_messaging")


@attrs.frozen(kw_only=True)
class Cost:
    """What a process cost.

    Attributes:
        wall_s: from start to end.
        cpu_s: user and system time.
        peak_mb: largest resident set; at least that of the process that measures, so that stays small.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float

    def __str__(self) -> str:
        return f"{self.wall_s:8.3f} s  (CPU {self.cpu_s:.3f} s)  {self.peak_mb:6.0f} MB"


class FailedError(Exception):
    """A measured program ended with an error; its output is the text."""


def run(command: Sequence[str | Path], work: Path, accepted: Collection[int] = (0,)) -> tuple[Cost, str]:
    """Run a program to its end.

    Args:
        command: program and arguments.
        work: directory for what it prints.
        accepted: exit statuses of a program that did its work.

    Returns:
        What it cost, and its standard output.

    Raises:
        FailedError: it ended with another status.
    """
    output, errors = work / "printed", work / "errors"
    with output.open("w+b") as printed, errors.open("w+b") as said:
        begin = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=printed, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin
        # Popen must not wait for a process that is no more.
        process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(errors="replace")
    if process.returncode not in accepted:
        said_text = errors.read_text(errors="replace")
        raise FailedError(
            f"{' '.join(map(str, command))}\nexit status {process.returncode}\n{text}{said_text}"
        )
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(wall_s=wall_s, cpu_s=cpu_s, peak_mb=usage.ru_maxrss / 1024), text


def best_of(
    count: int,
    work: Path,
    command: Sequence[str | Path],
    before: Callable[[], None] = lambda: None,
    accepted: Collection[int] = (0,),
) -> Cost:
    """Run a program several times, and return the shortest time and the largest memory.

    The shortest, because whatever else the machine does can only make a run longer.

    Args:
        count: how many times.
        work: as for `run`.
        command: as for `run`.
        before: is called before each run and not measured.
        accepted: as for `run`.
    """
    costs = []
    for _ in range(count):
        before()
        costs.append(run(command, work, accepted)[0])
    best = min(costs, key=lambda cost: cost.wall_s)
    return attrs.evolve(best, peak_mb=max(cost.peak_mb for cost in costs))


def machine() -> str:
    """Name the day, the interpreter and the size of the machine."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    day = datetime.now(tz=timezone.utc).date().isoformat()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{day}, {python}, {os.cpu_count()} cores, {memory_gib:.0f} GiB"


def goal(name: str, *, measured: float, limit: float, unit: str, at_least: bool = False) -> str:
    """Say whether a goal was met."""
    met = measured >= limit if at_least else measured <= limit
    sign = ">=" if at_least else "<="
    return f"  {'met   ' if met else 'MISSED'}  {name}: {measured:,.3g} {unit}, goal {sign} {limit:g} {unit}"
