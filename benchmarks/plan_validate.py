# SPDX-License-Identifier: Apache-2.0
"""`plan validate` as a whole process, beside an interpreter that does nothing.

Usage: python benchmarks/plan_validate.py [--repeat 10]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import measure

_SMALL = 12


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure plan validate.")
    parser.add_argument("--repeat", type=int, default=10)
    repeat = parser.parse_args().repeat
    print(f"plan validate; {measure.machine()}; best of {repeat}")
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="tripleo-messaging-benchmark.") as directory:
        work = Path(directory)
        cloud = work / "cloud"
        generator = [sys.executable, here / "inventories.py", "--output", cloud]
        measure.run([*generator, "--hosts", str(_SMALL)], work)
        program = [*measure.PROGRAM, "plan", "validate"]
        files = {"--plan": "plan.yaml", "--inventory": "inventory.yaml", "--secrets": "passwords.yaml"}
        inputs = [part for option, name in files.items() for part in (option, cloud / name)]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "plan validate, default plan": program,
            "plan validate, plan and inventory": [*program, *inputs],
        }
        costs = {name: measure.best_of(repeat, work, command) for name, command in commands.items()}
    for name, cost in costs.items():
        print(f"{name:<36}{cost}  {cost.wall_s / costs['python -c pass'].wall_s:5.1f} times an empty process")
    worst_s = max(cost.wall_s for cost in costs.values())
    print(measure.goal("the slower of the two", measured=worst_s, limit=0.45, unit="s"))


if __name__ == "__main__":
    main()
