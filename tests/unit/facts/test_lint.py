# SPDX-License-Identifier: Apache-2.0
"""What is told of a directory of external facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.facts import CASES, lay_out, read_case
from tripleo_messaging.facts import lint, read_external_facts
from tripleo_messaging.facts.lint import unread_configuration

PROGRAM = {"text": "#!/bin/sh\necho ran >> ran\necho a=1\n", "mode": "755"}

#: What is wrong only with what other files, or Facter's cache, have beside it.
OF_THE_WHOLE = {"cached-name-twice", "nameless"}

FILES: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "yml": ({"a.yml": "a: 1\n"}, {("warning", "yml-extension")}),
    "not executable": ({"a": "a=1\n"}, {("warning", "not-executable")}),
    "hidden": ({".a.txt": "a=1\n"}, {("note", "hidden-file")}),
    "directory": ({"a": {"directory": {}}}, {("note", "directory")}),
    "structured directory": ({"a.json": {"directory": {}}}, {("error", "unreadable")}),
    "text that is a link to nothing": ({"a.txt": {"link": "nothing"}}, {("warning", "unreadable")}),
    "JSON that is a link to nothing": ({"a.json": {"link": "nothing"}}, {("error", "unreadable")}),
    "YAML that is a link to nothing": ({"a.YAML": {"link": "nothing"}}, {("error", "unreadable")}),
    "program that is a link to nothing": ({"a": {"link": "nothing"}}, {("warning", "unreadable")}),
    "symbol": ({"a.yaml": "a: :b\n"}, {("error", "symbol")}),
    "upper case": ({"a.json": '{"A": 1}'}, {("warning", "upper-case-name")}),
    "same name": ({"a.json": '{"a": 1, "A": 2}'}, {("warning", "same-name")}),
    "white space": ({"a.txt": "a = 1\n"}, {("warning", "white-space")}),
    "quotes": ({"a.txt": 'a="1"\n'}, {("warning", "quotes")}),
    "comment": ({"a.txt": "#a=1\n"}, {("warning", "comment")}),
    "byte order mark": ({"a.txt": "\ufeffa=1\n"}, {("warning", "byte-order-mark")}),
    "repeated": ({"a.txt": "a=1\nb=2\na=3\n"}, {("warning", "repeated-name")}),
    "no pair": ({"a.txt": "a\nb=1\n"}, {("note", "no-pair")}),
    "scalar": ({"a.yaml": "a\n"}, {("error", "not-a-mapping")}),
    "list": ({"a.json": '[["a", 1]]'}, {("error", "not-a-mapping")}),
    "bad JSON": ({"a.json": "{"}, {("error", "bad-json")}),
    "empty": ({"a.json": "{}"}, {("note", "no-facts")}),
    "dotted": ({"a.txt": "a.b=1\n"}, {("note", "dotted-name")}),
    "null": ({"a.yaml": "a: ~\n"}, {("note", "null-value")}),
    "NUL": ({"a.json": '{"a": ["\\u0000"]}'}, {("warning", "nul-character")}),
    "infinity": ({"a.yaml": "a: {b: .inf}\n"}, {("warning", "not-finite")}),
    "executable text": ({"a.txt": {"text": "a=1\n", "mode": "755"}}, {("warning", "never-run")}),
    "of Windows": ({"a.exe": PROGRAM}, {("warning", "windows-extension")}),
    "shell characters": ({"a;b": PROGRAM}, {("warning", "shell-name")}),
    "writable": ({"a": {**PROGRAM, "mode": "775"}}, {("warning", "writable-by-others")}),
    "no interpreter": ({"a": {"text": "echo a=1\n", "mode": "755"}}, {("note", "no-interpreter")}),
    "good": ({"a": PROGRAM, "b.txt": "b=1\n", "c.yaml": "c: [1]\n", "d.json": '{"d": {"e": 1}}'}, set()),
}


@pytest.mark.parametrize(("files", "expected"), FILES.values(), ids=FILES)
def test_what_is_told_of_a_file(
    files: dict[str, Any], expected: set[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is told of by one rule, with where it stands; no program is run."""
    monkeypatch.chdir(tmp_path)
    (directory,) = lay_out({"facts": files}, tmp_path)
    found = list(lint([directory]))
    assert {(finding.severity, finding.rule) for finding in found} == expected
    assert all(finding.origin.file.startswith(f"{directory}/") for finding in found)
    assert not (tmp_path / "ran").exists()


def test_overridden_facts(tmp_path: Path) -> None:
    """A fact that never counts is told of, with the file that wins, beside it or in another directory."""
    trees = {
        "one": {"a.txt": "x=1\n", "b.txt": "x=2\n", "c.yaml": "y: ~\n"},
        "two": {"z.txt": "x=3\ny=4\n"},
    }
    found = [finding for finding in lint(lay_out(trees, tmp_path)) if finding.rule == "overridden"]
    one, two = tmp_path / "one", tmp_path / "two"
    winner = f"the fact 'x' is overridden by {one}/b.txt, whose "
    assert [(finding.origin.file, finding.message) for finding in found] == [
        (f"{one}/a.txt", f"{winner}name comes later"),
        (f"{two}/z.txt", f"{winner}directory comes first"),
    ]


def test_missing_directory(tmp_path: Path) -> None:
    """A directory that is not there is told of, as Facter says nothing."""
    assert [finding.rule for finding in lint([tmp_path / "missing"])] == ["no-directory"]


def test_no_value_is_told(tmp_path: Path) -> None:
    """No finding shows a value of a fact."""
    canary = "Canary4711Canary"
    files = {
        "a.txt": f'Password = {canary}\n#{canary}\npassword="{canary}"\n',
        "b.yaml": f"password: {canary}\nb: [:{canary}]\n",
        "c.json": f'{{"password": "{canary}", "x": NaN}}',
        "d.yaml": f"{canary}\n",
        "e.json": f'{{"Password": "{canary}\\u0000"}}',
        "f.yaml": f"password: !str:{canary} x\n",
        "g.yaml": f"password: !ruby/object:{canary} {{}}\n",
        "h.yaml": f"password: *{canary}\n",
        "i.yaml": f"password: !{canary}!x y\n",
        "j.yaml": f"password: &{canary}! y\n",
        "k.yaml": f'password: "{canary}\\q"\n',
        "l.json": f'["{canary}", ["{canary}.x", 1], "{canary}"]',
        "m.json": f'{{"password": {canary}}}',
        "n.json": f'{{"password": "{canary}\t"}}',
    }
    directories = lay_out({"facts": files}, tmp_path)
    found = [*lint(directories), *read_external_facts(directories, {}).problems]
    assert {Path(finding.origin.file).name for finding in found} == set(files)
    assert not [str(finding) for finding in found if canary.lower() in str(finding).lower()]


@pytest.mark.parametrize(("script", "told"), [("set -x; PW=hunter2", "a line"), ("cat a b", "2 lines")])
def test_standard_error_is_not_told(script: str, told: str, tmp_path: Path) -> None:
    """Of what a program writes to standard error the number of lines is told, and none of it."""
    files = {"a": {"text": f"#!/bin/sh\n{script}\n", "mode": "755"}}
    (problem,) = read_external_facts(lay_out({"facts": files}, tmp_path), {"PATH": "/usr/bin:/bin"}).problems
    assert problem.message == f"it wrote {told} to standard error"
    assert "hunter2" not in str(problem)


def test_configuration_is_told(tmp_path: Path) -> None:
    """A configuration of Facter that is there is told of, as it is not read; one that is not, is not."""
    (tmp_path / "facter.conf").write_text("facts : {}")
    (found,) = unread_configuration([tmp_path / "other.conf", tmp_path / "facter.conf"])
    assert (found.rule, found.severity) == ("configuration-not-read", "note")
    assert found.origin.file == str(tmp_path / "facter.conf")


@pytest.mark.parametrize("name", CASES)
def test_every_failure_of_the_reader_is_told(name: str, tmp_path: Path) -> None:
    """What the reader finds wrong with files that are no programs, `lint` tells too."""
    case = read_case(name)
    directories = lay_out(case["directories"], tmp_path)[: case.get("given", len(case["directories"]))]
    told = [[finding.rule, Path(finding.origin.file).name] for finding in lint(directories)]
    structured = (".yaml", ".json", ".txt")
    problems = [pair for pair in case.get("problems", []) if pair[1].endswith(structured)]
    assert [pair for pair in problems if pair not in told and pair[0] not in OF_THE_WHOLE] == []
