# SPDX-License-Identifier: Apache-2.0
"""``lookup --explain``: which level gives a value, who else defines it, and whom that shadows."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, cast

import attrs

from tripleo_messaging import files
from tripleo_messaging.cli.masking import is_secret_key, level_of, looks_secret, masked
from tripleo_messaging.cli.words import table
from tripleo_messaging.errors import UnreadableFileError, UsageError
from tripleo_messaging.explain import hiera3
from tripleo_messaging.explain.ask import PROGRAMS, Program, Question, explain
from tripleo_messaging.explain.puppet import REDACTED
from tripleo_messaging.explain.rendered import explain_in_tree
from tripleo_messaging.explain.values import FIRST, Definer, Explanation
from tripleo_messaging.explain.words import verdict
from tripleo_messaging.hieradata.tree import LEVEL_LIMIT_BYTES, read_levels
from tripleo_messaging.model.secret import MASK

_CONFIG_LIMIT_BYTES = 1_000_000
_VARIABLE = re.compile(rb"%\{(?:::)?(\w+)\}")
_HOW_TO_REVEAL = "the value may be a secret, or hold one: --reveal shows it"
_HEADINGS = ("LAYER", "LEVEL", "WHOSE", "", "FILE")
_OF_THE_HIERARCHY = ("hiera_config", "environment", "environmentpath", "modulepath", "facts", "program")


@attrs.frozen(kw_only=True)
class Hierarchy:
    """The whole hierarchy of a node.

    Attributes:
        hiera_config: the global ``hiera.yaml``.
        environment: name of a Puppet environment.
        environment_path: directories of environments, as Puppet's setting has them.
        module_path: directories of modules, likewise.
        facts: a file of facts; this host's otherwise.
        program: who is asked; ``None`` is whoever is installed.
    """

    hiera_config: Optional[Path] = None
    environment: Optional[str] = None
    environment_path: Optional[str] = None
    module_path: Optional[str] = None
    facts: Optional[Path] = None
    program: Optional[Program] = None


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `read_hierarchy` reads, ``--explain`` and ``-f``."""
    group = parser.add_argument_group(
        "explain", "with one of the options below --explain asks puppet, or hiera, for all that a node reads"
    )
    group.add_argument(
        "--explain", action="store_true", help="show which levels define the key, and which decides"
    )
    group.add_argument(
        "-f", "--format", choices=("text", "json"), default="text", help="how to write the explanation"
    )
    group.add_argument("--hiera-config", metavar="FILE", type=Path, help="the node's global hiera.yaml")
    group.add_argument("--environment", metavar="NAME", help="the node's Puppet environment")
    group.add_argument("--environmentpath", metavar="PATH", help="directories of Puppet environments")
    group.add_argument("--modulepath", metavar="PATH", help="directories of Puppet modules")
    group.add_argument(
        "--facts", metavar="FILE", type=Path, help="facts of the node, JSON or YAML; this host's otherwise"
    )
    group.add_argument(
        "--program",
        choices=PROGRAMS,
        help="who is asked; puppet, and hiera where it is not installed, otherwise",
    )


def read_hierarchy(parsed_args: argparse.Namespace) -> Optional[Hierarchy]:
    """Return the hierarchy that the options name; ``None`` where they name none.

    Raises:
        UsageError: options do not go together.
    """
    named = [name for name in _OF_THE_HIERARCHY if getattr(parsed_args, name) is not None]
    if named and not parsed_args.explain:
        raise UsageError(f"{_option(named[0])} goes with --explain alone")
    if parsed_args.format != "text" and not parsed_args.explain:
        raise UsageError("--format goes with --explain alone")
    if named and parsed_args.data is not None:
        raise UsageError(
            f"--data looks into a rendered tree, {_option(named[0])} into a node: give one of them"
        )
    if not named:
        return None
    _refuse_node_without_facts(parsed_args.node, parsed_args.facts)
    default = Path(hiera3.DEFAULT_CONFIG) if parsed_args.program == "hiera" else None
    return Hierarchy(
        hiera_config=parsed_args.hiera_config or default,
        environment=parsed_args.environment,
        environment_path=parsed_args.environmentpath,
        module_path=parsed_args.modulepath,
        facts=parsed_args.facts,
        program=cast("Optional[Program]", parsed_args.program),
    )


def _refuse_node_without_facts(node: Optional[str], facts: Optional[Path]) -> None:
    """Make sure that the facts of this host do not pass for those of another node."""
    host = socket.gethostname()
    if node is not None and facts is None and node not in (host, host.partition(".")[0]):
        raise UsageError("--node: needs --facts FILE, what `facter -j` says on that node")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def explain_rendered(data: Path, key: str, node: Optional[str]) -> Explanation:
    """Explain a key of a rendered tree.

    Raises:
        UnknownKeyError, UnreadableFileError, UsageError: as `tripleo_messaging.hieradata.tree.lookup`.
    """
    return explain_in_tree(read_levels(data, node), key, data)


def explain_on_node(hierarchy: Hierarchy, key: str, node: Optional[str], *, reveal: bool) -> Explanation:
    """Explain a key with all that a node reads, its operator's overrides among it.

    Raises:
        UnknownKeyError: no level has it.
        UnreadableFileError: the hierarchy or the facts cannot be read.
        UnansweredError: no program is installed, or it failed.
    """
    config = _config(hierarchy)
    scope = _scope(hierarchy.facts, config)
    question = Question(
        key=key,
        hiera_config=_absolute(hierarchy.hiera_config),
        node=node,
        facts=_absolute(hierarchy.facts),
        environment=hierarchy.environment,
        environment_path=hierarchy.environment_path,
        module_path=hierarchy.module_path,
        scope=scope,
        directories=hiera3.directories(_read_yaml(config), scope),
        reveal=reveal,
    )
    explanation = explain(question, hierarchy.program, read_level)
    definers = tuple(_with_managed(definer, key) for definer in explanation.definers)
    return attrs.evolve(explanation, definers=definers)


def _absolute(path: Optional[Path]) -> Optional[str]:
    return None if path is None else str(path.absolute())


def _config(hierarchy: Hierarchy) -> bytes:
    """Return the hiera.yaml that Hiera would read; Puppet may have another one, or none."""
    if hierarchy.hiera_config is not None:
        return files.read_bounded(hierarchy.hiera_config, _CONFIG_LIMIT_BYTES)
    with contextlib.suppress(UnreadableFileError):
        return files.read_bounded(hiera3.DEFAULT_CONFIG, _CONFIG_LIMIT_BYTES)
    return b""


def _scope(file: Optional[Path], config: bytes) -> Mapping[str, str]:
    """Return the facts that a hierarchy names; Hiera 3 takes them from its command line."""
    if file is None:
        return {}
    from tripleo_messaging.documents import INVENTORY_LIMITS, read_document

    document, _ = read_document(file, INVENTORY_LIMITS, with_lines=False)
    facts = document.data if document else None
    if not isinstance(facts, Mapping):
        raise UnreadableFileError(str(file), "holds no mapping of facts, in JSON or YAML")
    names = {name.decode() for name in _VARIABLE.findall(config)}
    flat = {name: facts[name] for name in sorted(names & set(facts))}
    return {
        name: str(value)
        for name, value in flat.items()
        if isinstance(value, (str, int, float)) and value != ""
    }


def _read_yaml(content: bytes) -> Any:
    """Return what a text of YAML holds, as YAML 1.1 types it; ``None`` where it cannot be read.

    An empty one is a mapping of nothing, as Hiera has it.
    """
    from tripleo_messaging.documents import INVENTORY_LIMITS, is_null, parse_document

    document, _ = parse_document(content, file="", limits=INVENTORY_LIMITS, with_lines=False)
    if document is None:
        return None
    return {} if is_null(document.data) else _typed(document.data)


def _typed(value: Any) -> Any:
    from tripleo_messaging.plan.heat_values import as_heat_reads

    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _typed(item) for name, item in value.items()}
    return as_heat_reads(value)


def read_level(file: str) -> Optional[Mapping[str, Any]]:
    """Read a level of JSON or YAML as it stands there; ``None`` where it is none."""
    try:
        content = files.read_bounded(file, LEVEL_LIMIT_BYTES)
        data = _read_yaml(content) if file.endswith(".yaml") else json.loads(content)
    except (UnreadableFileError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _with_managed(definer: Definer, key: str) -> Definer:
    """Take a key for ours where it stands in another's file, and we put it there."""
    if definer.is_ours or not definer.file.endswith(".json"):
        return definer
    from tripleo_messaging.hierarchy.managed import MANAGED

    managed = (read_level(definer.file) or {}).get(MANAGED)
    is_ours = isinstance(managed, list) and key.partition(".")[0] in managed
    return attrs.evolve(definer, is_ours=is_ours)


def as_text(explanation: Explanation, *, reveal: bool) -> Iterator[str]:
    """Yield the value, the levels that define it, and who decides."""
    value = _shown(explanation, explanation.value, reveal=reveal)
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    yield f"{explanation.key}: {text}"
    yield f"as {explanation.program} finds it; merge: {explanation.merge}"
    rows = (
        (one.layer, one.level, _whose(one), _part(one, explanation.merge), one.file)
        for one in explanation.definers
    )
    yield from table((_HEADINGS, *rows))
    yield verdict(explanation)
    if _is_revealable(explanation, reveal=reveal):
        yield _HOW_TO_REVEAL


def _is_revealable(explanation: Explanation, *, reveal: bool) -> bool:
    masked = _shown(explanation, explanation.value, reveal=False)
    return not reveal and explanation.value not in (masked, REDACTED)


def _whose(definer: Definer) -> str:
    return "ours" if definer.is_ours else "other"


def _part(definer: Definer, merge: str) -> str:
    if not definer.wins:
        return "shadowed"
    return "decides" if merge == FIRST else "merged"


def as_json(explanation: Explanation, *, reveal: bool) -> str:
    """Return a JSON object with the same, and with the value of each level."""
    key = explanation.key
    definers = [
        {**attrs.asdict(definer, recurse=False), "value": _shown(explanation, definer.value, reveal=reveal)}
        for definer in explanation.definers
    ]
    shown = {
        "key": key,
        "value": _shown(explanation, explanation.value, reveal=reveal),
        "program": explanation.program,
        "merge": explanation.merge,
        "is_complete": explanation.is_complete,
        "verdict": verdict(explanation),
        "definers": definers,
        **({"note": _HOW_TO_REVEAL} if _is_revealable(explanation, reveal=reveal) else {}),
    }
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _shown(explanation: Explanation, value: Any, *, reveal: bool) -> Any:
    """Return a value to show; what Puppet redacts cannot be revealed here."""
    if value == REDACTED:
        return MASK
    if reveal:
        return value
    is_hidden = explanation.is_interpolated or _is_secret(explanation.key)
    return MASK if is_hidden else masked(value)


def _is_secret(key: str) -> bool:
    """Judge a dotted key by where it starts, and by what it leads to.

    What others keep in a key of theirs nobody here knows: its name may say nothing of the password inside.
    """
    root = key.partition(".")[0]
    is_theirs = level_of(root) is None
    return is_theirs or is_secret_key(root) or (key != root and looks_secret(key))
