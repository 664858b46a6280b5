# SPDX-License-Identifier: Apache-2.0
"""Directories of external facts as data, and what the real Facter makes of them."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

SUITE = Path(__file__).parents[1] / "suites" / "facts"
CASES = sorted(path.name for path in SUITE.iterdir() if path.is_dir())

#: Times to live as `facter.conf` has them, and their seconds.
TTLS = {
    "30 days": 2592000,
    "1 day": 86400,
    "2 d": 172800,
    "3 hours": 10800,
    "1 h": 3600,
    "10 minute": 600,
    "10 m": 600,
    "90 seconds": 90,
    "90 s": 90,
    "2500 milliseconds": 2,
    "2500 mili": 2,
    "2500 ms": 2,
    "2500": 2,
    "999": 0,
    "3000000 us": 3,
    "3000000 micro": 3,
    "3000000000 nanoseconds": 3,
    "5000000000 ns": 5,
    "30days": 0,
    " 7  days": 604800,
    "1_000 s": 1000,
    "-3 s": -3,
    "x days": 0,
    "30 sec": None,
    "30 min": None,
    "30 Days": None,
    "1 week": None,
}

_FAILED = re.compile(r"Failed to handle (.*) as \S+ facts")

# Reads directories one after the other with the classes that `facter` itself uses, in one process.
_SERVER = """
require 'facter'
require 'json'
answers = STDOUT.dup
STDOUT.reopen(File::NULL) # where the classes log
STDIN.each_line do |line|
  job = JSON.parse(line)
  environment = ENV.to_h
  job['environ'].each { |name, value| ENV[name] = value }
  answer = begin
    Facter.reset
    loader = LegacyFacter::Util::DirectoryLoader.new(job['directories'])
    LegacyFacter::Util::Config.ext_fact_loader = loader
    collection = LegacyFacter.collection
    collection.load_all
    facts = collection.external_facts.map do |name, fact|
      [name.to_s, Facter::Utils.deep_stringify_keys(fact.value)]
    end
    { values: facts.to_h.compact }
  rescue StandardError => error
    { died: error.class.name, message: error.message }
  end
  ENV.replace(environment)
  answers.puts(JSON.generate(answer, allow_nan: true))
  answers.flush
end
"""


def read_case(name: str) -> dict[str, Any]:
    """Return a case of the suite."""
    loaded: dict[str, Any] = yaml.safe_load((SUITE / name / "case.yaml").read_text())
    return loaded


def read_mutant(name: str) -> dict[str, str]:
    """Return the fault of the reader that a case of the suite finds."""
    loaded: dict[str, str] = yaml.safe_load((SUITE / name / "mutant.yaml").read_text())
    return loaded


def lay_out(directories: Mapping[str, Mapping[str, Any] | None], root: Path) -> list[Path]:
    """Make the directories of a case below `root`; return their paths, in order."""
    for name, files in directories.items():
        for file, what in (files or {}).items():
            (root / name).mkdir(parents=True, exist_ok=True)
            _make(root / name, file, {"text": what} if isinstance(what, str) else what)
    return [root / name for name in directories]


def _make(directory: Path, name: str, what: Mapping[str, Any]) -> None:
    path = directory / name
    if "link" in what:
        path.symlink_to(what["link"])
    elif "directory" in what:
        path.mkdir(parents=True)
        lay_out({".": what["directory"]}, path)
    else:
        content = base64.b64decode(what["base64"]) if "base64" in what else what["text"].encode()
        path.write_bytes(content)
        path.chmod(int(str(what.get("mode", "644")), 8))


def lay_out_cache(case: Mapping[str, Any], directory: Path) -> list[Path]:
    """Write the cached facts of a case, as old as it says; return the paths that have to do with it."""
    cache = case["cache"]
    since = time.time() - cache.get("age_days", 0) * 86400
    for name, text in cache["files"].items():
        (directory / name).write_text(text)
        os.utime(directory / name, (since, since))
    return [directory / name for name in cache["ttls"]]


def survivors(root: Path) -> list[int]:
    """Return the processes of ``pid`` files below `root` that still run after a while, and end them."""
    pids = [int(path.read_text()) for path in root.glob("pid")]
    alive = [pid for pid in pids if not is_gone(pid)]
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return alive


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, or is ending, within five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def environ_of(case: Mapping[str, Any], root: Path) -> dict[str, str]:
    """Return the environment of a case; ``{root}`` in a value is the directory of its files."""
    given = {name: value.replace("{root}", str(root)) for name, value in case.get("environ", {}).items()}
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent", **given}


def ask_facter(
    directories: Sequence[Path], environ: Mapping[str, str], *words: str
) -> tuple[dict[str, Any] | None, str]:
    """Return all facts that ``facter --json`` prints, ``None`` where it dies, and its standard error."""
    options = [word for directory in directories for word in ("--external-dir", str(directory))]
    done = subprocess.run(
        ["facter", "--json", *words, *options],
        env=dict(environ),
        capture_output=True,
        timeout=60,
        check=False,
    )
    text = done.stdout.decode(errors="surrogateescape")
    return (json.loads(text) if text.strip() else None), done.stderr.decode(errors="replace")


def failed_files(errors: str) -> set[str]:
    """Return the names of the files that Facter says it failed on."""
    return {Path(match[1]).name for match in _FAILED.finditer(errors)}


class FacterServer:
    """One process of Facter's classes that reads directories on demand."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["ruby", "-e", _SERVER],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def read(self, directories: Sequence[Path], environ: Mapping[str, str]) -> dict[str, Any]:
        """Return ``{"values": …}``, or ``{"died": class of the exception}``."""
        job = {"directories": [str(path) for path in directories], "environ": dict(environ)}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline().decode(errors="surrogateescape"))
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)
