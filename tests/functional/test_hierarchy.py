# SPDX-License-Identifier: Apache-2.0
"""The real Hiera and the real Puppet read what we have edited: ours at its place, all else as before."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tests.support import hiera
from tests.support.hierarchy_cases import DATADIR, SUITE, cases, options, our_levels
from tripleo_messaging.hierarchy import managed, with_levels, without_levels

_ALL = "messaging_all.json"
_NODE = "messaging_node.json"
_OURS = "ours"

#: What no reader gets as far as looking up in, and why.
NOT_READ = {
    "v3-interpolated-datadir-trusted": "its data directory depends on a fact",
    "v5-sealed": "sealed secrets are not there, and Puppet stops",
    "v5-sealed-flow": "as v5-sealed",
    "v5-older-block-becomes-sealed": "as v5-sealed",
}
#: What the command of Hiera 3 does not read.
NOT_BY_HIERA_3 = {
    "v3-string-keys": "its keys are symbols only",
    "v3-anchor-and-alias-of-a-level": "it refuses aliases since Psych 4",
}
#: What Puppet does not read.
NOT_BY_PUPPET = {"v3-byte-order-mark": "Psych takes the mark for a letter where it is given a text"}

_ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}

_HIERA_3 = """
require 'hiera'
require 'json'
Hiera.logger = 'noop'
answers = JSON.parse($stdin.read).map do |config, keys|
  hiera = Hiera.new(config: config)
  Hiera.logger = 'noop'
  keys.to_h { |key| [key, hiera.lookup(key, nil, { '::uuid' => 'uuid' }, nil, :priority)] }
end
puts JSON.generate(answers)
"""

# What the application `puppet lookup` does, for many files in one process.
_PUPPET = """
require 'puppet'
require 'json'
work = ARGV[0]
Puppet.initialize_settings(%w[confdir vardir codedir].map { |name| "--#{name}=#{work}/#{name}" })
Puppet[:log_level] = 'err'
answers = JSON.parse($stdin.read).map do |config, keys|
  Puppet[:hiera_config] = config
  environment = Puppet::Node::Environment.create(:production, [])
  loaders = Puppet::Pops::Loaders.new(environment)
  facts = Puppet::Node::Facts.new('node', {})
  node = Puppet::Node.new('node', environment: environment, facts: facts)
  node.merge('uuid' => 'uuid', 'trusted' => { 'certname' => 'node' })
  environments = Puppet::Environments::Static.new(environment)
  Puppet.override(current_environment: environment, loaders: loaders, environments: environments) do
    compiler = Puppet::Parser::Compiler.new(node)
    found = nil
    compiler.compile do |catalog|
      found = keys.to_h do |key|
        invocation = Puppet::Pops::Lookup::Invocation.new(compiler.topscope)
        [key, Puppet::Pops::Lookup.lookup(key, nil, nil, true, nil, invocation)]
      end
      catalog
    end
    found
  end
rescue StandardError => error
  { 'error' => error.message }
end
puts "ANSWERS#{JSON.generate(answers)}"
"""


@attrs.frozen(kw_only=True)
class Laid:
    """A shape on the disk, with data in each level.

    Attributes:
        name: of the shape.
        before: its file as it was.
        after: the same with our levels.
        expected_before: what each key is without our levels.
        expected_after: what it is with them.
    """

    name: str
    before: Path
    after: Path
    expected_before: Mapping[str, Any]
    expected_after: Mapping[str, Any]


def lay(case: Path, work: Path) -> Laid:
    """Edit a shape for a directory of the test's own, and fill its levels."""
    datadir = work / "hieradata"
    datadir.mkdir(parents=True)
    before, after = work / "before.yaml", work / "after.yaml"
    before.write_bytes((case / "before.yaml").read_bytes().replace(DATADIR.encode(), str(datadir).encode()))
    done = with_levels(
        before.read_bytes(), str(after), **{**options(case), "ours": our_levels(datadir=str(datadir))}
    )
    after.write_bytes(done.content)
    # An older block, or one by hand, is there before.
    before.write_bytes(without_levels(before.read_bytes(), str(before)))
    paths = list(dict.fromkeys(_paths(after, datadir)))
    levels = [path for path in paths if "%{" not in str(path) and not path.name.startswith("messaging_")]
    place = paths.index(datadir / _ALL)
    for number, path in enumerate(levels):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({f"only_{number}": number, f"both_{number}": number, "every": number}))
    both = {f"both_{number}": _OURS for number in range(len(levels))}
    (datadir / _ALL).write_text(json.dumps({"all": _OURS, "node": "all", "every": _OURS, **both}))
    (datadir / _NODE).write_text(json.dumps({"node": "node"}))
    return Laid(
        name=case.name,
        before=before,
        after=after,
        expected_before=_expected(len(levels), len(levels)),
        expected_after=_expected(len(levels), sum(paths.index(path) < place for path in levels)),
    )


def _expected(levels: int, above: int) -> dict[str, Any]:
    """Return what each key is when so many of the levels stand above ours; all of them where ours are not."""
    if not levels:
        return {}
    return {
        **{f"only_{number}": number for number in range(levels)},
        **{f"both_{number}": number if number < above else _OURS for number in range(levels)},
        "every": 0 if above else _OURS,
    }


def _paths(config: Path, datadir: Path) -> Iterator[Path]:
    """Yield the file of each level that names one, in order, as a YAML reader that is not ours has it."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = next(iter(yaml.load_all(config.read_bytes().decode("utf-8-sig"), Loader=loader)))
    found = {str(key).lstrip(":"): value for key, value in data.items()}
    levels = found["hierarchy"]
    if isinstance(levels[0], str):
        yield from (datadir / f"{level}.json" for level in levels)
        return
    defaults = found.get("defaults") or {}
    for level in ({str(key).lstrip(":"): value for key, value in level.items()} for level in levels):
        directory = config.parent / (level.get("datadir") or defaults.get("datadir") or "data")
        yield from (directory / path for path in (level.get("paths") or [level.get("path")]) if path)


def _run(words: list[str], stdin: str) -> str:
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, env=_ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def by_hiera_3(questions: list[tuple[str, list[str]]], _: Path) -> list[dict[str, Any]]:
    """Ask Hiera 3 in one process."""
    answers: list[dict[str, Any]] = json.loads(_run(["ruby", "-e", _HIERA_3], json.dumps(questions)))
    return answers


def by_puppet(questions: list[tuple[str, list[str]]], work: Path) -> list[dict[str, Any]]:
    """Ask Puppet's lookup in one process."""
    said = _run(["ruby", "-e", _PUPPET, str(work)], json.dumps(questions))
    answers: list[dict[str, Any]] = json.loads(said.rpartition("ANSWERS")[2])
    return answers


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> list[Laid]:
    """Every shape that is edited and can be read."""
    shapes = [case for case in cases(edited=True) if case.name not in NOT_READ]
    return [lay(case, tmp_path_factory.mktemp(case.name)) for case in shapes]


@pytest.mark.parametrize(
    ("ask", "prefix", "left_out"),
    [
        pytest.param(by_hiera_3, "v3", NOT_BY_HIERA_3, id="hiera 3"),
        pytest.param(by_puppet, "v3", NOT_BY_PUPPET, id="puppet with version 3"),
        pytest.param(by_puppet, "v5", NOT_BY_PUPPET, id="puppet with version 5"),
    ],
)
def test_every_key_is_found_where_it_should_be(
    laid: list[Laid],
    tmp_path: Path,
    ask: Callable[[list[tuple[str, list[str]]], Path], list[dict[str, Any]]],
    prefix: str,
    left_out: Mapping[str, str],
):
    """Levels above ours win, ours win over those below, and keys of others are as before."""
    shapes = [shape for shape in laid if shape.name.startswith(prefix) and shape.name not in left_out]
    assert len(shapes) >= 12
    ours = {"all": _OURS, "node": "node"}
    questions = [(str(shape.before), list(shape.expected_before)) for shape in shapes]
    questions += [(str(shape.after), [*ours, *shape.expected_after]) for shape in shapes]
    answers = ask(questions, tmp_path)
    for number, shape in enumerate(shapes):
        if "by-hand" not in shape.name:
            assert answers[number] == shape.expected_before, f"{shape.name} before"
        assert answers[number + len(shapes)] == {**ours, **shape.expected_after}, f"{shape.name} after"


def test_an_override_wins_and_all_nodes_loses(tmp_path: Path):
    """In TripleO's hierarchy extraconfig decides over ours, and ours over Heat's and Ansible's values."""
    shape = lay(SUITE / "v3-tripleo-zed", tmp_path)
    levels = {"service_configs": "Heat", "all_nodes": "Ansible", "messaging_all": "ours"}
    name, port = "messaging_rpc_user_name", "messaging_rpc_port"
    datadir = tmp_path / "hieradata"
    (datadir / "extraconfig.json").write_text(json.dumps({name: "operator"}))
    for level, value in levels.items():
        (datadir / f"{level}.json").write_text(json.dumps({name: value, port: value}))
    expected = {name: "operator", port: "ours"}
    assert hiera.hiera_commands(shape.after, expected) == expected
    assert hiera.hiera_commands(shape.before, expected) == {name: "operator", port: "Heat"}
    found = hiera.puppet_finds(shape.after, tmp_path, dict.fromkeys(expected))
    assert {key: answer.value for key, answer in found.items()} == expected


def test_an_environment_is_read_below_the_global_file(tmp_path: Path):
    """The hiera.yaml of an environment, edited, is what `puppet lookup` finds ours through."""
    (tmp_path / "global.yaml").write_text("version: 5\nhierarchy: []\n")
    environment = tmp_path / "environments" / "production"
    (environment / "data").mkdir(parents=True)
    datadir = tmp_path / "hieradata"
    datadir.mkdir()
    (datadir / _ALL).write_text(json.dumps({"messaging_rpc_port": "ours"}))
    (environment / "data" / "all_nodes.yaml").write_text("messaging_rpc_port: Ansible\n")
    config = environment / "hiera.yaml"
    content = (SUITE / "v5-with-defaults" / "before.yaml").read_bytes()
    config.write_bytes(with_levels(content, str(config), our_levels(datadir=str(datadir))).content)
    found = hiera.puppet_lookup_commands(tmp_path / "global.yaml", tmp_path, ["messaging_rpc_port"])
    assert found["messaging_rpc_port"].value == "ours"


def test_managed_data_outrank_an_override(tmp_path: Path):
    """Keys in ansible_managed.json win over all that is told as shadowed, and nothing else changes.

    What is told as merged is; and lookup_options of other keys stay in force, which are not told.
    """
    shape = lay(SUITE / "v3-tripleo-zed", tmp_path)
    datadir = tmp_path / "hieradata"
    file = datadir / "ansible_managed.json"
    theirs = file.read_bytes()
    key, merged, other = "messaging_rpc_password", "messaging_hash", "site_list"
    lower = {"lookup_options": {key: {"merge": "unique"}, other: {"merge": "unique"}}}
    for level, more in (("extraconfig", lower), ("all_nodes", {})):
        (datadir / f"{level}.json").write_text(
            json.dumps({key: level, merged: {"a": level, level: 1}, other: [level], **more})
        )
    data = {
        key: "a%%{}{::x}'\"é",
        merged: {"a": "ours"},
        "lookup_options": {key: {"merge": "first"}, merged: {"merge": "deep"}},
    }
    file.write_bytes(managed.with_keys(theirs, str(file), data))
    assert hiera.hiera_commands(shape.before, [key]) == {key: "a%{::x}'\"é"}
    answers = {
        "every": 0,
        "only_2": 2,
        key: "a%{::x}'\"é",
        merged: {"a": "ours", "extraconfig": 1, "all_nodes": 1},
        other: ["extraconfig", "all_nodes"],
    }
    assert by_puppet([(str(shape.before), list(answers))], tmp_path) == [answers]

    def matching(pattern: str) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(Path("/").glob(pattern.lstrip("/")))}

    found = managed.shadowed(shape.before.read_bytes(), str(shape.before), "ansible_managed", data, matching)
    assert [(one.level, one.key, one.is_merged) for one in found] == [
        ("extraconfig", key, False),
        ("extraconfig", merged, True),
        ("extraconfig", f"lookup_options of {key}", False),
        ("all_nodes", key, False),
        ("all_nodes", merged, True),
    ]
    file.write_bytes(managed.without_keys(file.read_bytes(), str(file)))
    assert file.read_bytes() == theirs
