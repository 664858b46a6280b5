# SPDX-License-Identifier: Apache-2.0
"""Sealed hieradata of one node, and real Puppet that reads it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import attrs
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.support.puppet import SHIMS, STRICT
from tests.support.topologies import secrets, topology
from tripleo_messaging.hieradata.build import Levels, build
from tripleo_messaging.hieradata.install import LEVEL_NAMES, SEALED_NAME, install
from tripleo_messaging.hieradata.seal import seal_tree
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.sealing.keys import create_key_pair, load_private_key

NODE = "ctl-0"
STAMP = "0123456789abcdef0123456789abcdef"

#: Given to Ruby before Puppet starts: counts what is decrypted with a private key.
COUNTER = """
require 'openssl'
$opened = 0
counting = Module.new do
  def private_decrypt(*words)
    $opened += 1
    super
  end
end
OpenSSL::PKey::RSA.prepend(counting)
at_exit { File.write(ENV['OPENED'], $opened.to_s) if ENV['OPENED'] && $PROGRAM_NAME.end_with?('puppet') }
"""

_COMPILER = """
require 'json'
require 'puppet'
request = JSON.parse($stdin.read)
Puppet.initialize_settings(request['settings'])
Puppet::Util::Log.level = :crit
def plain(value)
  value = value.unwrap while value.is_a?(Puppet::Pops::Types::PSensitiveType::Sensitive)
  value.is_a?(Hash) ? value.sort.to_h { |name, item| [name, plain(item)] } : value
end
answers = request['environments'].to_h do |name|
  environment = Puppet.lookup(:environments).get!(name)
  facts = Puppet::Node::Facts.new('ctl-0', request['facts'])
  node = Puppet::Node.new('ctl-0', environment: environment, facts: facts)
  node.merge(request['facts'])
  before = $opened
  answer = begin
    context = { current_environment: environment, loaders: Puppet::Pops::Loaders.new(environment) }
    catalog = Puppet.override(context) { Puppet::Parser::Compiler.compile(node) }
    parameters = ->(one) { one.to_hash.transform_values { |value| plain(value).to_s } }
    { resources: catalog.resources.to_h { |one| [one.ref, parameters.call(one)] } }
  rescue Puppet::Error, ArgumentError => error
    { error: error.message }
  end
  [name, answer.merge(opened: $opened - before)]
end
puts JSON.generate(answers)
"""


_PEMS: dict[str, str] = {}


def private_pem(name: str) -> str:
    """Return the private key of a node, made once for all tests."""
    if name not in _PEMS:
        _PEMS[name] = create_key_pair().private_pem.reveal()
    return _PEMS[name]


def private_key(name: str) -> RSAPrivateKey:
    """Return the same key, to use it."""
    return load_private_key(private_pem(name).encode())


@functools.cache
def _levels(changes: tuple[tuple[str, str], ...]) -> Levels:
    return build(topology("twice"), secrets(**dict(changes)))


@attrs.frozen(kw_only=True)
class Compiled:
    """What became of an environment.

    Attributes:
        resources: parameters as texts, Sensitive unwrapped, by the resource's reference.
        error: why there is no catalog; empty when there is one.
        opened: how often a private key decrypted something.
    """

    resources: Mapping[str, Mapping[str, str]]
    error: str
    opened: int


@attrs.frozen(kw_only=True)
class Place:
    """An environment of Puppet with hieradata of its own.

    Attributes:
        directory: of the environment.
    """

    directory: Path

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.directory / "data"

    @property
    def sealed(self) -> Path:
        """Return the sealed file."""
        return self.data / SEALED_NAME

    @property
    def key(self) -> Path:
        """Return the node's private key."""
        return self.directory / "private_key.pem"

    def write_manifest(self, manifest: str) -> None:
        """Write what the environment compiles."""
        (self.directory / "manifests").mkdir(parents=True, exist_ok=True)
        (self.directory / "manifests" / "site.pp").write_text(manifest, encoding="utf-8")

    def write_hierarchy(self, options: Optional[Mapping[str, Any]] = None, **entry: Any) -> None:
        """Write a hierarchy: an operator's level, the sealed file, our levels."""
        own = {"file": str(self.sealed), "private_key": str(self.key)} if options is None else options
        sealed = {"name": "sealed", "lookup_key": "tripleo_messaging::data", "options": own, **entry}
        levels = {"name": "tripleo-messaging", "paths": [f"{name}.json" for name in LEVEL_NAMES]}
        hierarchy = [{"name": "operator", "path": "operator.json"}, sealed, levels]
        defaults = {"datadir": str(self.data), "data_hash": "json_data"}
        text = json.dumps({"version": 5, "defaults": defaults, "hierarchy": hierarchy})
        (self.directory / "hiera.yaml").write_text(text, encoding="utf-8")

    def override(self, data: Mapping[str, Any]) -> None:
        """Write the operator's level."""
        (self.data / "operator.json").write_text(json.dumps(data), encoding="utf-8")


def place(directory: Path, manifest: str, *, is_sealed: bool = True, **changes: str) -> Place:
    """Make an environment with the data of a member of two clusters.

    Args:
        directory: of the environment.
        manifest: what it compiles.
        is_sealed: whether the secrets are sealed.
        changes: secrets.
    """
    made = Place(directory=directory)
    made.write_manifest(manifest)
    levels = _levels(tuple(changes.items()))
    tree = seal_tree(levels, {NODE: private_key(NODE).public_key()}, STAMP)
    if is_sealed:
        write_tree(directory / "tree", tree.levels, tree.sealed)
    else:
        write_tree(directory / "tree", levels)
    install(directory / "tree", NODE, made.data)
    made.key.touch(0o600)
    made.key.write_text(private_pem(NODE), encoding="utf-8")
    if is_sealed:
        made.write_hierarchy()
    else:
        made.write_hierarchy(lookup_key="tripleo_messaging::data", path="none")
    return made


def puppet_settings(work: Path) -> list[str]:
    """Return settings by which Puppet keeps to a directory of the test's own."""
    directories = [f"--{name}={work / name}" for name in ("confdir", "vardir", "codedir", "rundir", "logdir")]
    paths = [f"--environmentpath={work / 'environments'}", f"--basemodulepath={SHIMS}"]
    return [*paths, *directories, f"--hiera_config={work / 'hiera.yaml'}", *STRICT]


def counter(work: Path) -> Path:
    """Write `COUNTER`, and return its path."""
    path = work / "counter.rb"
    path.write_text(COUNTER, encoding="utf-8")
    return path


def compile_all(work: Path, facts: Mapping[str, Any]) -> dict[str, Compiled]:
    """Compile every environment below `work` with real Puppet, all in one process."""
    names = sorted(path.name for path in (work / "environments").iterdir())
    request = {"settings": puppet_settings(work), "environments": names, "facts": facts}
    done = subprocess.run(
        ["ruby", "-r", str(counter(work)), "-e", _COMPILER],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        name: Compiled(
            resources=answer.get("resources", {}), error=answer.get("error", ""), opened=answer["opened"]
        )
        for name, answer in json.loads(done.stdout).items()
    }


def apply(
    work: Path, environment: str, *options: str, in_terminal: Optional[int] = None
) -> subprocess.CompletedProcess[str]:
    """Run `puppet apply` for one environment; ``opened`` below `work` then holds the count of decryptions.

    Args:
        work: has the environments.
        environment: its name.
        options: of the command.
        in_terminal: a descriptor of the terminal that shall control it; none without.
    """
    manifest = work / "environments" / environment / "manifests" / "site.pp"
    words = ["puppet", "apply", *puppet_settings(work), f"--environment={environment}", *options]
    # Of a new session the first terminal that is opened becomes the controlling one.
    session = [] if in_terminal is None else ["setsid", "--ctty", "--wait"]
    return subprocess.run(
        [*session, *words, str(manifest)],
        stdin=subprocess.DEVNULL if in_terminal is None else in_terminal,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "RUBYOPT": f"-r{counter(work)}", "OPENED": str(work / "opened")},
        check=False,
    )
