# SPDX-License-Identifier: Apache-2.0
"""Rendering for a large inventory, beside a template that is rendered for every host.

Usage: python benchmarks/render.py [--hosts 10000] [--sample 5] [--repeat 3]

Whole processes are measured, from the start of the interpreter to its end. The template is rendered for a
sample of the hosts, and its time for all is that of one times their number: it does the same for each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import measure

_HERE = Path(__file__).parent
_MESSAGING = ("oslo_messaging_rpc", "oslo_messaging_notify")
_CHANGED_HOST = "overcloud-controller-1"


def command(cloud: Path, inventory: str, tree: Path) -> list[str | Path]:
    """Return the command that renders a cloud."""
    inputs = ["--plan", cloud / "plan.yaml", "-i", cloud / inventory, "--secrets", cloud / "passwords.yaml"]
    return [*measure.PROGRAM, "hieradata", "render", *inputs, "--output", tree]


def files_of(tree: Path) -> dict[Path, tuple[int, int]]:
    """Return inode and size of every file of a tree; a file that is written anew has another inode."""
    status = {path: path.stat() for path in tree.rglob("*.json")}
    return {path: (found.st_ino, found.st_size) for path, found in status.items()}


def written(before: dict[Path, tuple[int, int]], after: dict[Path, tuple[int, int]]) -> int:
    """Return how many files are new or written anew."""
    return sum(before.get(path) != found for path, found in after.items())


def change_one_host(cloud: Path) -> None:
    """Give one member of RPC's cluster another address."""
    path = cloud / "inventory.json"
    inventory = json.loads(path.read_bytes())
    inventory["_meta"]["hostvars"][_CHANGED_HOST]["internal_api_ip"] = "11.250.250.250"
    (cloud / "changed.json").write_text(json.dumps(inventory))


def per_host(
    cloud: Path, work: Path, sample: int, services: Sequence[str] = ()
) -> tuple[dict[str, Any], float]:
    """Render the template for a sample, and return what it said and the peak memory in MB."""
    chosen = ["--services", *services] if services else []
    script = [sys.executable, _HERE / "per_host.py", cloud / "inventory.json", work / "per-host"]
    cost, text = measure.run([*script, "--sample", str(sample), *chosen], work)
    shutil.rmtree(work / "per-host")
    return json.loads(text), cost.peak_mb


def show_per_host(title: str, told: dict[str, Any], peak_mb: float, ours_s: float) -> float:
    """Print what a template per host costs, and return how many times our time that is."""
    total_s = told["load_s"] + told["host_s"] * told["hosts"]
    total_gb = told["host_bytes"] * told["hosts"] / 1e9
    hosts = f"{told['sample']:,} of {told['hosts']:,} hosts"
    print(f"{title}, {told['services']} services, extrapolated from {hosts}:")
    print(
        f"  one host {told['host_s'] * 1000:,.2f} ms, {told['host_bytes']:,.0f} bytes; peak {peak_mb:.0f} MB"
    )
    print(f"  all hosts {total_s:,.1f} s, {told['hosts']:,} files, {total_gb:,.3f} GB")
    print(f"  that is {total_s / ours_s:,.1f} times our cold rendering from JSON")
    return total_s / ours_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure rendering for a large inventory.")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"render, {arguments.hosts:,} hosts; {measure.machine()}; best of {arguments.repeat}")
    with tempfile.TemporaryDirectory(prefix="tripleo-messaging-benchmark.") as directory:
        measure_all(Path(directory), arguments)


def measure_all(work: Path, arguments: argparse.Namespace) -> None:
    """Measure both sides in a directory of our own."""
    cloud, tree = work / "cloud", work / "tree"
    generator = [sys.executable, _HERE / "inventories.py", "--output", cloud]
    measure.run([*generator, "--hosts", str(arguments.hosts)], work)

    def remove_tree() -> None:
        shutil.rmtree(tree, ignore_errors=True)

    costs = {}
    for kind in ("json", "yaml"):
        size_mb = (cloud / f"inventory.{kind}").stat().st_size / 1e6
        render = command(cloud, f"inventory.{kind}", tree)
        costs[kind, "cold"] = measure.best_of(arguments.repeat, work, render, before=remove_tree)
        before = files_of(tree)
        costs[kind, "nothing changed"] = measure.best_of(arguments.repeat, work, render)
        assert written(before, files_of(tree)) == 0
        for state in ("cold", "nothing changed"):
            print(f"{kind.upper()} inventory of {size_mb:.1f} MB, {state:<16}{costs[kind, state]}")
    print(f"files written: {len(before)}, bytes: {sum(size for _, size in before.values()):,}")

    change_one_host(cloud)
    cost, _ = measure.run(command(cloud, "changed.json", tree), work)
    print(f"one member's address changed       {cost}")
    print(f"files written: {written(before, files_of(tree))} of {len(before)}")

    ours_s = costs["json", "cold"].wall_s
    ratio = show_per_host("template per host, all services", *per_host(cloud, work, arguments.sample), ours_s)
    few = min(arguments.hosts, 1000)
    show_per_host("template per host, messaging alone", *per_host(cloud, work, few, _MESSAGING), ours_s)

    peak_mb = max(cost.peak_mb for cost in costs.values())
    unchanged_s = costs["json", "nothing changed"].wall_s
    print("goals for 10,000 hosts:")
    print(measure.goal("beside the template", measured=ratio, limit=100, unit="times", at_least=True))
    print(measure.goal("cold, JSON", measured=ours_s, limit=2, unit="s"))
    print(measure.goal("cold, YAML", measured=costs["yaml", "cold"].wall_s, limit=5, unit="s"))
    print(measure.goal("nothing changed, JSON", measured=unchanged_s, limit=0.5, unit="s"))
    print(measure.goal("peak memory", measured=peak_mb, limit=200, unit="MB"))


if __name__ == "__main__":
    main()
