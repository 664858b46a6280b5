# SPDX-License-Identifier: Apache-2.0
"""Every rule of external facts has a case, and a fault of the reader that the case finds."""

from __future__ import annotations

import builtins
import importlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tripleo_messaging.facts
from tests.support.facts import (
    CASES,
    SUITE,
    environ_of,
    lay_out,
    lay_out_cache,
    read_case,
    read_mutant,
    survivors,
)

PACKAGE = Path(tripleo_messaging.facts.__file__).parent
#: The rules of Facter's external facts. Source: facter 4.3.0, `parser.rb`, `directory_loader.rb`,
#: `normalization.rb`, `loader.rb`, `cache_manager.rb`; psych 4.0.3 and json 2.6.1 for what stands in files.
RULES = (
    "blocked-facts",
    "blocked-facts-with-a-dot",
    "blocked-files",
    "cached-files",
    "cached-files-of-old",
    "cached-name-in-two-directories",
    "cached-ttl-units",
    "cached-twin-beside-an-uncached-one",
    "directories-given-are-all",
    "directory-missing-is-passed-over",
    "dotted-names-stay-flat",
    "empty-files-say-nothing",
    "environment-beats-files",
    "environment-in-any-case",
    "environment-values-are-strings",
    "environment-without-underscore",
    "executable-of-any-name",
    "executable-through-a-link",
    "extension-in-any-case",
    "external-beats-core",
    "first-directory-wins",
    "hidden-by-a-line-of-the-name",
    "hidden-files-are-ignored",
    "json-broken",
    "json-comments",
    "json-depth",
    "json-depth-of-a-hundred",
    "json-no-infinity",
    "kinds-do-not-rank",
    "last-name-wins",
    "last-of-a-file-wins",
    "link-to-nothing-fails",
    "list-makes-names",
    "name-not-utf-8-ends-facter",
    "nameless-with-a-value",
    "nameless-without-value-ends-facter",
    "names-are-ordered-by-bytes",
    "names-in-small-letters",
    "no-mapping-ends-facter",
    "not-executable-is-ignored",
    "nul-characters-stay",
    "null-leaves-the-place",
    "program-exit-status-does-not-matter",
    "program-inside-facter",
    "program-locale",
    "program-mixed-output",
    "program-no-aliases",
    "program-no-dates",
    "program-output-as-lines",
    "program-output-as-yaml",
    "program-output-is-stripped",
    "program-output-not-utf-8",
    "program-standard-error-is-a-warning",
    "program-standard-error-not-utf-8",
    "program-symbols",
    "program-that-cannot-run",
    "program-timeout",
    "program-timeout-ends-its-group",
    "program-times",
    "program-with-space-in-its-path",
    "program-without-first-line",
    "program-working-directory",
    "strings-not-utf-8",
    "structured-directory-fails",
    "structured-even-if-executable",
    "text-first-equals-splits",
    "text-has-no-comments",
    "text-is-not-stripped",
    "text-line-ends",
    "text-not-utf-8",
    "text-values-are-strings",
    "text-without-name-or-value",
    "top-level-only",
    "windows-extensions-are-ignored",
    "yaml-alias-of-no-anchor",
    "yaml-aliases",
    "yaml-broken",
    "yaml-byte-order-mark",
    "yaml-dates",
    "yaml-depth",
    "yaml-depth-by-aliases",
    "yaml-depth-of-a-hundred",
    "yaml-false-is-a-warning",
    "yaml-first-document-only",
    "yaml-keys-that-are-no-strings",
    "yaml-merge-key",
    "yaml-no-objects-of-ruby",
    "yaml-number-that-ruby-fails-on",
    "yaml-scalars",
    "yaml-symbol-spoils-the-file",
    "yaml-time-within-a-line",
    "yaml-times-stay-texts",
    "yml-is-ignored",
    "yml-is-run-if-executable",
)

CORE = {"os": {"name": "Debian"}, "kernel": "Linux"}

NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local times be UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def answer(package: Any, case: dict[str, Any], root: Path) -> dict[str, Any]:
    """Read a case with a copy of the package; return what the case tells of the result."""
    directories = lay_out(case["directories"], root)
    read = package.read_external_facts(
        directories[: case.get("given", len(directories))],
        environ_of(case, root),
        timeout_s=case.get("timeout_s", 20.0),
        blocked=case.get("blocked", ()),
        cache=cache_of(package, case, root),
    )
    problems = [[found.rule, Path(found.origin.file).name] for found in read.problems]
    merged = package.merge(CORE, read.values)
    return {"values": read.values, "problems": problems, "merged": merged, "alive": survivors(root)}


def cache_of(package: Any, case: dict[str, Any], root: Path) -> Any:
    """Return the cache of a case, in a directory of its own."""
    if "cache" not in case:
        return None
    (root / "cache").mkdir(parents=True)
    lay_out_cache(case, root / "cache")
    ttls = ((name, package.ttl_s(text)) for name, text in case["cache"]["ttls"].items())
    ttls_s = {name: seconds for name, seconds in ttls if seconds is not None}
    return package.FactCache(directory=root / "cache", ttls_s=ttls_s)


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Return what `answer` is to be."""
    values = case["values"]
    problems = case.get("problems", [])
    return {"values": values, "problems": problems, "merged": {**CORE, **values}, "alive": []}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    """The reader gives the facts and problems that the case expects, of the same types."""
    case = read_case(name)
    got = answer(tripleo_messaging.facts, case, tmp_path)
    assert got == expected(case)
    assert repr(sorted_deep(got["values"])) == repr(sorted_deep(case["values"]))


def sorted_deep(value: Any) -> Any:
    """Return a value with its mappings in order, so that its text tells types, too: 1, 1.0 and true."""
    if isinstance(value, dict):
        return {key: sorted_deep(value[key]) for key in sorted(value)}
    return [sorted_deep(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def mutated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Any]:
    """Return what imports a copy of the package with a fault put into one of its modules."""

    def load(mutant: dict[str, str]) -> Any:
        name = f"mutated_facts_{next(NUMBERS)}"
        copy = tmp_path / "packages" / name
        copy.mkdir(parents=True)
        for module in PACKAGE.glob("*.py"):
            text = module.read_text()
            if module.stem == mutant["module"]:
                assert text.count(mutant["old"]) == 1, f"{module.name} has not exactly one {mutant['old']!r}"
                text = text.replace(mutant["old"], mutant["new"])
            (copy / module.name).write_text(text.replace("tripleo_messaging.facts", name))
        monkeypatch.syspath_prepend(copy.parent)
        return importlib.import_module(name)

    yield load
    for name in [name for name in sys.modules if name.startswith("mutated_facts_")]:
        del sys.modules[name]


@pytest.mark.parametrize("name", CASES)
def test_mutant_fails_its_case(name: str, tmp_path: Path, mutated: Callable[[dict[str, str]], Any]) -> None:
    """A reader with the fault of the case gives another answer, or fails where the mutant says how."""
    case = read_case(name)
    mutant = read_mutant(name)
    package = mutated(mutant)
    if "raises" in mutant:
        with pytest.raises(getattr(builtins, mutant["raises"])) as caught:
            answer(package, case, tmp_path / "root")
        assert type(caught.value).__name__ == mutant["raises"]
        return
    got = answer(package, case, tmp_path / "root")
    assert (got, repr(sorted_deep(got["values"]))) != (expected(case), repr(sorted_deep(case["values"])))


def test_every_rule_has_a_case_and_a_mutant() -> None:
    """Each rule has a folder of its name with a case and a mutant, and there is no other folder."""
    assert set(CASES) == set(RULES)
    for name in RULES:
        assert {path.name for path in (SUITE / name).iterdir()} == {"case.yaml", "mutant.yaml"}, name
