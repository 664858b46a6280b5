# SPDX-License-Identifier: Apache-2.0
"""The real Hiera programs, asked for the keys that a node's Puppet reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import yaml

from tests.support.checkout import ROOT
from tests.support.puppet import SHIMS, STRICT

_INSTALLED_DATADIR = "/etc/puppet/hieradata"

#: The examples that we ship, by what they are named in tests.
EXAMPLES: Mapping[str, Path] = {"v5": ROOT / "hiera/hiera.yaml", "v3": ROOT / "hiera/hiera3.yaml"}

# The levels must not need a locale that knows more than ASCII.
_ENVIRONMENT = {**os.environ, "LC_ALL": "C"}

_HIERA_3_SCRIPT = """
require 'hiera'
require 'json'
hiera = Hiera.new(config: ARGV[0])
Hiera.logger = 'noop'
keys = JSON.parse($stdin.read)
puts JSON.generate(keys.to_h { |key| [key, hiera.lookup(key, :missing, {}, nil, :priority)] })
"""

# ERB is in Puppet's core; a function that writes JSON is not.
_MANIFEST = """
%(lookups)s
file { '%(output)s': content => inline_template("<%%= require 'json'; JSON.generate(@found) %%>") }
"""
_LOOKUP = """
$value_%(index)s = %(function)s('%(key)s'%(type)s)
$sensitive_%(index)s = $value_%(index)s =~ Sensitive
$plain_%(index)s = if $sensitive_%(index)s { $value_%(index)s.unwrap } else { $value_%(index)s }
"""


@attrs.frozen
class Found:
    """What Puppet found.

    Attributes:
        value: as JSON would have it.
        is_sensitive: whether Puppet had it wrapped.
    """

    value: Any
    is_sensitive: bool


def hierarchy(name: str, datadir: Path, target: Path) -> Path:
    """Write the example of that name with another data directory, and return its path."""
    text = EXAMPLES[name].read_text()
    assert text.count(_INSTALLED_DATADIR) == 1
    path = target / f"hiera-{name}.yaml"
    path.write_text(text.replace(_INSTALLED_DATADIR, str(datadir)))
    return path


def _run(command: Iterable[str | Path], stdin: str = "") -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, env=_ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def hiera_3(config: Path, keys: Iterable[str]) -> dict[str, Any]:
    """Ask Hiera 3 for the first value of each key, without facts, through its Ruby API."""
    found: dict[str, Any] = json.loads(_run(["ruby", "-e", _HIERA_3_SCRIPT, config], json.dumps(list(keys))))
    return found


def hiera_commands(config: Path, keys: Iterable[str]) -> dict[str, Any]:
    """Run the command `hiera` as TripleO's scripts do, for one key after the other."""
    keys = list(keys)
    said = _many("hiera", [["-c", str(config), "-f", "json", key] for key in keys])
    return {key: json.loads(text) for key, text in zip(keys, said)}


def _many(program: str, jobs: list[list[str]]) -> list[str]:
    """Run a Ruby program's command many times, and return what each time it printed."""
    done = json.loads(_run(["ruby", ROOT / "tests/support/many_commands.rb", program], json.dumps(jobs)))
    for job, (status, out) in zip(jobs, done):
        assert status == 0, f"{job}: {out}"
    return [out for _, out in done]


def _settings(config: Path, work: Path) -> list[str]:
    environments = work / "environments"
    (environments / "production").mkdir(parents=True, exist_ok=True)
    directories = {name: work / name for name in ("confdir", "vardir", "codedir")}
    return [
        f"--hiera_config={config}",
        f"--environmentpath={environments}",
        f"--basemodulepath={SHIMS}",
        *(f"--{name}={path}" for name, path in directories.items()),
    ]


def puppet_lookup_commands(config: Path, work: Path, keys: Iterable[str]) -> dict[str, Found]:
    """Run the command `puppet lookup` for one key after the other."""
    keys = list(keys)
    facts = work / "facts.json"
    facts.write_text('{"any": "fact"}')
    settings = [*_settings(config, work), "--node", "node", "--facts", str(facts), "--render-as", "yaml"]
    said = _many("puppet", [["lookup", *settings, key] for key in keys])
    return {key: _printed(text) for key, text in zip(keys, said)}


def _printed(text: str) -> Found:
    """Read what `puppet lookup` prints; of a Sensitive it shows the object with its value."""
    marked = "--- !ruby/object:Puppet::Pops::Types::PSensitiveType::Sensitive\n"
    if not text.startswith(marked):
        return Found(value=yaml.safe_load(text), is_sensitive=False)
    return Found(value=yaml.safe_load(text[len(marked) :])["value"], is_sensitive=True)


def puppet_finds(
    config: Path, work: Path, keys: Mapping[str, str | None], function: str = "lookup"
) -> dict[str, Found]:
    """Let one `puppet apply` look keys up in a manifest.

    Args:
        config: the global hiera.yaml.
        work: a directory of the test's own.
        keys: the Puppet type that each key's value must have, ``None`` for any.
        function: `lookup`, or `hiera`, which older manifests call.

    With the hiera.yaml of version 5 Puppet is as strict as Puppet 8 is; TripleO's hierarchy names facts that
    a node may not have, and TripleO's Puppet is not strict.
    """
    output = work / "found.json"
    lookups = [
        _LOOKUP % {"index": index, "function": function, "key": key, "type": f", {kind}" if kind else ""}
        for index, (key, kind) in enumerate(keys.items())
    ]
    results = (f"'{key}' => [$plain_{index}, $sensitive_{index}]" for index, key in enumerate(keys))
    lookups.append(f"$found = {{ {', '.join(results)} }}")
    manifest = work / "found.pp"
    manifest.write_text(_MANIFEST % {"lookups": "".join(lookups), "output": output})
    strictness = STRICT if "\nversion: 5\n" in config.read_text() else ()
    said = _run(["puppet", "apply", *_settings(config, work), *strictness, manifest])
    assert output.exists(), said
    found = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    return {key: Found(*answer) for key, answer in found.items()}
