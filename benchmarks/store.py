# SPDX-License-Identifier: Apache-2.0
"""The encrypted store of secrets, beside the same secrets in a plain YAML file.

Usage: python benchmarks/store.py [--secrets 1000] [--repeat 5]

What a store does is measured within a process, after its late imports; rendering as a whole process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import measure
import yaml

from tripleo_messaging import files
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.store import Content, StoredSecret

_HERE = Path(__file__).parent
_SMALL = 12


def shortest_s(repeat: int, call: Callable[[], object]) -> float:
    """Return the shortest time of several calls."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def secrets_of(cloud: Path, count: int) -> dict[str, str]:
    """Return the secrets that a cloud needs, and others up to a number."""
    needed = yaml.safe_load((cloud / "passwords.yaml").read_text())["parameter_defaults"]
    others = {f"Other{number:06}Password": f"{number:025}" for number in range(count - len(needed))}
    return {**needed, **others}


def content_of(secrets: dict[str, str]) -> Content:
    """Return what a store keeps of secrets."""
    now = datetime.now(tz=timezone.utc)
    return Content(
        secrets={
            name: StoredSecret(secret=Secret(text), changed=now, source="generated")
            for name, text in secrets.items()
        }
    )


def compare_files(work: Path, secrets: dict[str, str], repeat: int) -> dict[str, float]:
    """Measure a store and a plain file, print both, and return the times of the store."""
    store, content = EncryptedFileStore(work / "secrets.store", work / "store.key"), content_of(secrets)
    store.create_key()
    store.replace(content, expected_revision=0)
    plain, tree = work / "plain.yaml", {"parameter_defaults": secrets}

    def put() -> None:
        snapshot = store.read()
        store.replace(snapshot.content, expected_revision=snapshot.revision)

    def put_plain() -> None:
        files.write_atomic(plain, yaml.safe_dump(tree).encode(), files.SECRET_MODE)

    def get() -> str:
        return store.read().content.secrets["RpcPassword"].secret.reveal()

    def get_plain() -> object:
        return yaml.safe_load(plain.read_bytes())["parameter_defaults"]["RpcPassword"]

    put_plain()
    opened = store.read().content.secrets
    assert {name: stored.secret.reveal() for name, stored in opened.items()} == secrets
    times = {
        "open": shortest_s(repeat, lambda: EncryptedFileStore(store.path, store.key_file).read()),
        "put": shortest_s(repeat, put),
        "get": shortest_s(repeat, get),
    }
    theirs = {"open": shortest_s(repeat, get_plain), "put": shortest_s(repeat, put_plain)}
    theirs["get"] = theirs["open"]
    for name, seconds in times.items():
        print(f"{name:<6}store {seconds * 1000:8.1f} ms   plain YAML {theirs[name] * 1000:8.1f} ms")
    print(f"bytes: store {store.path.stat().st_size:,}, plain YAML {plain.stat().st_size:,}")
    return times


def compare_rendering(work: Path, cloud: Path, repeat: int) -> float:
    """Measure rendering with the secrets of either file, print both, and return the time with the store."""
    keys = ["--store", work / "secrets.store", "--key-file", work / "store.key"]
    sources = {"--secrets": ["--secrets", work / "plain.yaml"], "--store": keys}
    inputs = ["--plan", cloud / "plan.yaml", "-i", cloud / "inventory.json"]
    costs = {}
    for name, source in sources.items():
        render = [*measure.PROGRAM, "hieradata", "render", *inputs, *source, "--output", work / name]
        costs[name] = measure.best_of(repeat, work, render)
        print(f"hieradata render {name:<12}{costs[name]}")
    return costs["--store"].wall_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the store of secrets.")
    parser.add_argument("--secrets", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print(f"store of {arguments.secrets:,} secrets; {measure.machine()}; best of {arguments.repeat}")
    with tempfile.TemporaryDirectory(prefix="tripleo-messaging-benchmark.") as directory:
        work = Path(directory)
        cloud = work / "cloud"
        generator = [sys.executable, _HERE / "inventories.py", "--output", cloud]
        measure.run([*generator, "--hosts", str(_SMALL)], work)
        times = compare_files(work, secrets_of(cloud, arguments.secrets), arguments.repeat)
        render_s = compare_rendering(work, cloud, arguments.repeat)
    print("goals for 1,000 secrets:")
    print(measure.goal("open", measured=times["open"] * 1000, limit=50, unit="ms"))
    print(measure.goal("put", measured=times["put"] * 1000, limit=200, unit="ms"))
    print(measure.goal("get", measured=times["get"] * 1000, limit=50, unit="ms"))
    print(measure.goal("render with the store", measured=render_s, limit=0.6, unit="s"))


if __name__ == "__main__":
    main()
