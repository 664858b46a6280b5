# SPDX-License-Identifier: Apache-2.0
"""Lookups of secrets in one ``puppet apply``: sealed by us, and from the data that Puppet knows beside.

Usage: python benchmarks/hiera_lookups.py [--keys 1000] [--repeat 5]

Each side has the same keys with the same values in the environment's hierarchy: ``json_data``,
``yaml_data``, ``eyaml_lookup_key`` with each value encrypted, and ``tripleo_messaging::data`` with all
of them in one sealed file. The manifest reads the clock before the first lookup and after the last; each
key is looked up once, and the first lookup reads the file, and opens it where it is sealed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import measure
import yaml

from tripleo_messaging import files
from tripleo_messaging.sealing import envelope
from tripleo_messaging.sealing.eyaml_tokens import encrypt
from tripleo_messaging.sealing.keys import KeyPair, create_key_pair, load_recipient

_MODULES = Path(__file__).parents[1] / "puppet_shims"
_STAMP = "0" * 32
_NOW = "inline_template('<%= Process.clock_gettime(Process::CLOCK_MONOTONIC) %>')"
_MANIFEST = (
    f"$begin = {_NOW}\n"
    "$found = Integer[1, {count}].map |$number| {{ lookup(sprintf('bench::secret_%05d', $number)) }}\n"
    f"$end = {_NOW}\n"
    "$plain = $found.map |$value| {{ if $value =~ Sensitive {{ $value.unwrap }} else {{ $value }} }}\n"
    "notice(\"lookups from ${{begin}} to ${{end}} found ${{sha256($plain.join(''))}}\")\n"
)
_SAID = re.compile(r"lookups from (\S+) to (\S+) found (\S+)")


@attrs.frozen(kw_only=True)
class Side:
    """One way to the data.

    Attributes:
        name: the function that Hiera calls.
        entry: the hierarchy's entry, beside its name.
        write: puts the values into the directory ``data`` of an environment.
    """

    name: str
    entry: Mapping[str, Any]
    write: Callable[[Path, Mapping[str, str]], None]


def sides(keys: KeyPair, key_file: Path) -> Iterator[Side]:
    """Yield ours last."""
    recipient = load_recipient(keys.certificate_pem)

    def write_eyaml(data: Path, values: Mapping[str, str]) -> None:
        tokens = {name: encrypt(value.encode(), recipient).decode() for name, value in values.items()}
        (data / "all.eyaml").write_text(yaml.safe_dump(tokens))

    def write_sealed(data: Path, values: Mapping[str, str]) -> None:
        sealed = envelope.seal("bench", _STAMP, envelope.Contents(sensitive=values), recipient.key)
        files.write_atomic(data / "all.sealed", sealed, files.SECRET_MODE)
        (data / "all.json").write_text(json.dumps({"tripleo_messaging::sealed": _STAMP}))

    def write_json(data: Path, values: Mapping[str, str]) -> None:
        (data / "all.json").write_text(json.dumps(values))

    def write_yaml(data: Path, values: Mapping[str, str]) -> None:
        (data / "all.yaml").write_text(yaml.safe_dump(dict(values)))

    certificate = str(key_file.with_suffix(".crt"))
    eyaml_keys = {"pkcs7_private_key": str(key_file), "pkcs7_public_key": certificate}
    yield Side(name="json_data", entry={"data_hash": "json_data", "path": "all.json"}, write=write_json)
    yield Side(name="yaml_data", entry={"data_hash": "yaml_data", "path": "all.yaml"}, write=write_yaml)
    yield Side(
        name="eyaml_lookup_key",
        entry={"lookup_key": "eyaml_lookup_key", "path": "all.eyaml", "options": eyaml_keys},
        write=write_eyaml,
    )
    yield Side(
        name="tripleo_messaging::data", entry={"lookup_key": "tripleo_messaging::data"}, write=write_sealed
    )


def make_environment(work: Path, side: Side, values: Mapping[str, str], key_file: Path) -> str:
    """Write one side's environment, and return its name."""
    name = side.name.replace("::", "_")
    data = work / "environments" / name / "data"
    data.mkdir(parents=True)
    side.write(data, values)
    options = {"file": str(data / "all.sealed"), "private_key": str(key_file)}
    entry = side.entry if "path" in side.entry else {**side.entry, "options": options}
    levels = [{"name": side.name, **entry}]
    if "path" not in side.entry:
        levels.append({"name": "plain", "data_hash": "json_data", "path": "all.json"})
    (data.parent / "hiera.yaml").write_text(yaml.safe_dump({"version": 5, "hierarchy": levels}))
    return name


def apply(work: Path, environment: str, count: int) -> tuple[str | Path, ...]:
    """Return the command that looks up that many keys, each of them once."""
    own = [f"--{name}={work / name}" for name in ("confdir", "vardir", "codedir")]
    where = [
        f"--environmentpath={work / 'environments'}",
        f"--environment={environment}",
        f"--modulepath={_MODULES}",
    ]
    return ("puppet", "apply", "--color=false", *own, *where, "-e", _MANIFEST.format(count=count))


def took_s(printed: str, values: Mapping[str, str]) -> float:
    """Return the time between the first lookup and the last, by the clock that the manifest read.

    Raises:
        FailedError: not just these values were found.
    """
    said = _SAID.search(printed)
    digest = hashlib.sha256("".join(values.values()).encode()).hexdigest()
    if said is None or said[3] != digest:
        raise measure.FailedError(printed)
    return float(said[2]) - float(said[1])


def compare(work: Path, count: int, repeat: int) -> dict[str, float]:
    """Measure every side, print it, and return the milliseconds that a lookup costs."""
    keys, key_file = create_key_pair(), work / "node.pem"
    files.write_atomic(key_file, keys.private_pem.reveal().encode(), files.SECRET_MODE)
    key_file.with_suffix(".crt").write_bytes(keys.certificate_pem)
    values = {f"bench::secret_{number:05}": f"{number:025}" for number in range(1, count + 1)}
    per_lookup = {}
    for side in sides(keys, key_file):
        environment = make_environment(work, side, values, key_file)
        runs = [measure.run(apply(work, environment, count), work) for _ in range(repeat)]
        per_lookup[side.name] = min(took_s(printed, values) for _, printed in runs) / count * 1000
        whole = min((cost for cost, _ in runs), key=lambda cost: cost.wall_s)
        print(f"{side.name:<24} {per_lookup[side.name]:.3f} ms a lookup; the process {whole}")
    return per_lookup


def main() -> int:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print(measure.machine())
    print(f"{arguments.keys} secrets looked up in one puppet apply")
    with tempfile.TemporaryDirectory() as work:
        cost = compare(Path(work), arguments.keys, arguments.repeat)
    ours = cost.pop("tripleo_messaging::data")
    for name, other in cost.items():
        print(f"  ours / {name}: {ours / other:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
