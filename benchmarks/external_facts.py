# SPDX-License-Identifier: Apache-2.0
"""Reading external facts beside Facter, and our fact's executable beside it.

Usage: python benchmarks/external_facts.py [--files 500] [--repeat 5]

The files are of all three kinds that hold data, in equal parts; both sides read the same directory, as whole
processes, and must find the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import measure
import yaml

from tripleo_messaging.sealing.keys import create_key_pair

# Facter ends with 1 where a core fact may not be read, as the environment of process 1 in some containers.
_FACTER_STATUSES = (0, 1)

_READ = """
import json, sys
from pathlib import Path
from tripleo_messaging.facts import read_external_facts
print(json.dumps(read_external_facts([Path(sys.argv[1])], {}).values))
"""


def write_facts(directory: Path, count: int) -> None:
    """Write files with a few facts each, a third of each kind."""
    for number in range(count):
        data = {f"site_{number}_role": "compute", f"site_{number}_rack": f"r{number % 40}"}
        nested = {**data, f"site_{number}": {"disks": [number, number + 1], "ssd": number % 2 == 0}}
        name = directory / f"site_{number:04}"
        if number % 3 == 0:
            name.with_suffix(".json").write_text(json.dumps(nested))
        elif number % 3 == 1:
            name.with_suffix(".yaml").write_text(yaml.safe_dump(nested))
        else:
            name.with_suffix(".txt").write_text("".join(f"{key}={value}\n" for key, value in data.items()))


def compare_reading(work: Path, count: int, repeat: int) -> float:
    """Measure both readers, print them, and return how many times faster ours is than Facter with all."""
    directory = work / "facts.d"
    directory.mkdir()
    write_facts(directory, count)
    ours = (sys.executable, "-c", _READ, directory)
    theirs = ("facter", "--json", "--external-dir", directory)
    mine, facter = (json.loads(measure.run(command, work, _FACTER_STATUSES)[1]) for command in (ours, theirs))
    assert {name: value for name, value in facter.items() if name.startswith("site_")} == mine
    # Facter finds its core facts, too; asked for one external fact it finds what that needs.
    one = (*theirs, "site_0_role")
    costs = [
        measure.best_of(repeat, work, command, accepted=_FACTER_STATUSES) for command in (ours, one, theirs)
    ]
    for name, cost in zip(("ours", "facter, one of them", "facter, all"), costs):
        print(f"  {name:<22} {cost}")
    return costs[2].wall_s / costs[0].wall_s


def install_broker(work: Path) -> Path:
    """Render a broker that speaks TLS, install it, and return its data directory."""
    tree, target, plan, certificate = (
        work / name for name in ("tree", "hieradata", "plan.yaml", "broker.crt")
    )
    certificate.write_bytes(create_key_pair().certificate_pem)
    names = ("ca_file", "certificate_file", "key_file")
    tls = {"enabled": True, **dict.fromkeys(names, str(certificate))}
    plan.write_text(yaml.safe_dump({"version": 1, "release": "2024.2", "rpc": {"tls": tls}}))
    inputs = ("--plan", plan, "--generate", "--secrets", work / "passwords.yaml")
    measure.run((*measure.PROGRAM, "hieradata", "render", *inputs, "--output", tree), work)
    where = ("--node", "localhost", "--data", tree, "--target", target)
    measure.run((*measure.PROGRAM, "hieradata", "install", *where), work)
    return target


def compare_executables(work: Path, repeat: int) -> tuple[float, float]:
    """Measure the executable of our fact and Facter; return its seconds and how many times faster it is."""
    ours = (sys.executable, "-m", "tripleo_messaging.report.live", "--data", install_broker(work))
    service = json.loads(measure.run(ours, work)[1])["tripleo_messaging"]["rpc"]
    assert service["part"] == "server"
    assert service["tls"]["certificate_expires"]
    costs = [
        measure.best_of(repeat, work, command, accepted=_FACTER_STATUSES)
        for command in (ours, ("facter", "hostname"), ("facter",))
    ]
    for name, cost in zip(("the fact's executable", "facter hostname", "facter"), costs):
        print(f"  {name:<22} {cost}")
    return costs[0].wall_s, costs[1].wall_s / costs[0].wall_s


def main() -> int:
    """Measure, and say whether the goals were met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print(measure.machine())
    with tempfile.TemporaryDirectory() as work:
        print(f"{arguments.files} files of external facts")
        faster = compare_reading(Path(work), arguments.files, arguments.repeat)
        print("our own fact, of a broker's host")
        wall_s, ratio = compare_executables(Path(work), arguments.repeat)
    print(f"  reading: {faster:.1f} times faster than facter with all of them")
    print(f"  the executable: {ratio:.1f} times faster than facter with one fact")
    print(measure.goal("the fact's executable", measured=wall_s, limit=0.15, unit="s"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
