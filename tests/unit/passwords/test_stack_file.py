# SPDX-License-Identifier: Apache-2.0
"""The secrets' file."""

from __future__ import annotations

import os
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tripleo_messaging.errors import (
    InvalidInputError,
    LockedError,
    MessagingError,
    UnreadableFileError,
    UnwritableFileError,
    UsageError,
)
from tripleo_messaging.files import locked
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.passwords.specs import PASSWORD_SPECS
from tripleo_messaging.passwords.stack_file import read_secrets, secret_names, write_secrets

CANARY = "CANARY"

# RabbitPassword stands for others too.
NAMES = st.sampled_from(sorted(secret_names() - {"RabbitPassword"}))
TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a file that is not there."""
    return tmp_path / "passwords.yaml"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file as an operator does."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def read(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read a file; secrets and findings as texts, the file's name as ``F``."""
    secrets, findings = read_secrets(path)
    texts = [str(finding).replace(str(path), "F") for finding in findings]
    return {name: secret.reveal() for name, secret in secrets.items()}, texts


def test_names() -> None:
    """Every generated password has its place in the file, and whole URLs beside them."""
    assert secret_names() == {*PASSWORD_SPECS, "RpcTransportUrl", "NotifyTransportUrl"}


TYPED = [
    "yes",
    "no",
    "0123",
    "1e5",
    "0x10",
    "1:30",
    "2024.2",
    "null",
    "~",
    "true",
    "=",
    "2024-01-02",
    ".inf",
    "-",
]
INTERPOLATED = ["%{lookup('x')}", "%%{}{", "a'b", 'a"b', "a\\b", "a\\nb"]
LINES = ["line\nline", "line\n", "\r\n", "\ttab", " lead", "trail ", "\u2028x\x85", "a " * 200, "x" * 4096]
SYNTAX = [
    "# no comment",
    "a: b",
    "!!str x",
    "&a",
    "*a",
    "@x",
    "`x`",
    "[a]",
    "{a}",
    "<<",
    "\ufeff",
    "\x00\x07",
]
WORDS = ["pässwörd", "密码", "\U0001f511"]


@pytest.mark.parametrize("text", [*TYPED, *INTERPOLATED, *LINES, *SYNTAX, *WORDS])
def test_any_text_comes_back(path: Path, text: str) -> None:
    """What YAML would type, cut, fold or interpolate is still the same text, for us and for Heat."""
    write_secrets(path, {"RpcPassword": Secret(text)})
    assert read(path) == ({"RpcPassword": text}, [])
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {"parameter_defaults": {"RpcPassword": text}}


@given(st.dictionaries(NAMES, TEXTS, min_size=1))
@example({"RpcPassword": "\u2028x\x85"})
def test_any_texts_come_back(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    """Whatever the secrets are."""
    path = tmp_path_factory.mktemp("store") / "passwords.yaml"
    write_secrets(path, {name: Secret(text) for name, text in texts.items()})
    assert read(path) == (texts, [])


@pytest.mark.parametrize(
    ("written_as", "text"),
    [
        ("yes", "yes"),
        ("0123", "0123"),
        ("1e5", "1e5"),
        ("1_0", "1_0"),
        ("5672", "5672"),
        ("'~'", "~"),
        ('"null"', "null"),
    ],
)
def test_passwords_written_by_hand(path: Path, written_as: str, text: str) -> None:
    """A password without quotes is the text that stands there, but for null."""
    written(path, f"parameter_defaults:\n  RpcPassword: {written_as}\n")
    assert read(path) == ({"RpcPassword": text}, [])


def test_a_file_that_was_written_is_for_its_owner(path: Path) -> None:
    """Also where the old one was not, whatever the umask; a new directory too."""
    path = path.parent / "new" / path.name
    before = os.umask(0)
    try:
        write_secrets(path, {"RpcPassword": Secret("a")})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    write_secrets(path, {"RpcPassword": Secret("b")})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o644, 0o601])
def test_a_file_open_to_others_is_a_warning(path: Path, mode: int) -> None:
    """It is read all the same."""
    written(path, "parameter_defaults: {RpcPassword: a}", mode)
    message = f"has mode {mode:04o}, so that others than its owner may read or change it"
    warning = f"F: warning: $: {message} (chmod 0600 passwords.yaml) [exposed-secrets]"
    assert read(path) == ({"RpcPassword": "a"}, [warning])


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_closed_file_is_none(path: Path, mode: int) -> None:
    """There is nothing to say of it."""
    assert read(written(path, "parameter_defaults: {RpcPassword: a}", mode)) == ({"RpcPassword": "a"}, [])


def test_other_services_passwords_pass_by(path: Path) -> None:
    """A whole cloud's file is read for ours alone, whatever else it holds."""
    defaults = {"NovaPassword": "a", "RpcPassword": "b", "CephKeys": ["c", {"d": 1}]}
    text = yaml.safe_dump({"resource_registry": {}, "parameter_defaults": defaults})
    assert read(written(path, text)) == ({"RpcPassword": "b"}, [])


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ({"RabbitPassword": "a"}, {"RabbitPassword": "a", "RpcPassword": "a", "NotifyPassword": "a"}),
        (
            {"RabbitPassword": "a", "RpcPassword": "b"},
            {"RabbitPassword": "a", "RpcPassword": "b", "NotifyPassword": "a"},
        ),
        (
            {"RabbitPassword": "a", "RpcPassword": "b", "NotifyPassword": "c"},
            {"RabbitPassword": "a", "RpcPassword": "b", "NotifyPassword": "c"},
        ),
        ({"RpcPassword": "b"}, {"RpcPassword": "b"}),
    ],
)
def test_an_old_password_stands_for_both(
    path: Path, defaults: dict[str, str], expected: dict[str, str]
) -> None:
    """What a release before Rocky called RabbitPassword is what its brokers have."""
    assert read(written(path, yaml.safe_dump({"parameter_defaults": defaults}))) == (expected, [])


def test_each_secret_knows_its_line(path: Path) -> None:
    """One that an old password stands for has that one's; where a format has no lines, the file is known."""
    written(path, "parameter_defaults:\n  RabbitCookie: a\n\n  RabbitPassword: b\n  RpcPassword: c\n")
    lines = {
        name: str(origin).replace(str(path), "F") for name, origin in read_secrets(path)[0].origins.items()
    }
    assert lines == {
        "RabbitCookie": "F:2",
        "RabbitPassword": "F:4",
        "NotifyPassword": "F:4",
        "RpcPassword": "F:5",
    }
    without_lines = written(path.with_suffix(".json"), '{"parameter_defaults": {"RpcPassword": "a"}}')
    assert str(read_secrets(without_lines)[0].origins["RpcPassword"]) == str(without_lines)


@pytest.mark.parametrize("text", ["", "# nothing\n", "parameter_defaults: {}\n"])
def test_an_empty_file_has_no_secrets(path: Path, text: str) -> None:
    """It is where a new file starts."""
    assert read(written(path, text)) == ({}, [])
    write_secrets(path, {"RpcPassword": Secret("a")})
    assert read(path) == ({"RpcPassword": "a"}, [])


_PASSWORD = "$.parameter_defaults.RpcPassword"
_HIDDEN = "a text (not shown, as it may hold a secret)"
_NO_TEXT = "is not a text of 1 to 4096 characters"
BAD = {
    "a list": ("[CANARY]", "F:1: error: $: a list is not a mapping with parameter_defaults [wrong-type]"),
    "a text": (
        "CANARY",
        f"F:1: error: $: {_HIDDEN} is not a mapping with parameter_defaults [wrong-type]",
    ),
    "no section": ("RpcPassword: CANARY", "F:1: error: $: lacks the key 'parameter_defaults' [missing-key]"),
    "a list for a password": (
        "parameter_defaults:\n  RpcPassword: [CANARY]",
        f"F:2: error: {_PASSWORD}: what stands here (not shown) {_NO_TEXT} [wrong-type]",
    ),
    "a password too long": (
        f"parameter_defaults:\n  RpcPassword: {'CANARY' * 1000}",
        f"F:2: error: {_PASSWORD}: what stands here (not shown) {_NO_TEXT} [bad-value]",
    ),
    "null": (
        "parameter_defaults:\n  RpcPassword: ~",
        f"F:2: error: {_PASSWORD}: nothing {_NO_TEXT} (remove the key for the default) [wrong-type]",
    ),
    "no YAML": (
        'parameter_defaults:\n  RpcPassword: "CANARY\n',
        "F:3: error: $: is not YAML: found unexpected end of stream [unreadable-document]",
    ),
    "written twice": (
        "parameter_defaults:\n  RpcPassword: CANARY\n  RpcPassword: CANARY2\n",
        f"F:3: error: {_PASSWORD}: is written twice, first on line 2 (keep one of them) [duplicate-key]",
    ),
    "an unsafe tag": (
        "parameter_defaults:\n  RpcPassword: !!python/object/apply:os.system [CANARY]\n",
        f"F:2: error: {_PASSWORD}: has a YAML tag, and tags are not read here (remove the tag) [unsafe-tag]",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_without_the_value(path: Path, name: str) -> None:
    """The finding says where and what was expected."""
    text, expected = BAD[name]
    _, findings = read(written(path, text))
    assert expected in findings
    assert CANARY not in " ".join(findings)


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_not_overwritten(path: Path, name: str) -> None:
    """The operator may still need it; no error, and nothing that an error came from, shows a value."""
    written(path, BAD[name][0])
    new = {"RpcPassword": Secret(f"{CANARY}-new")}
    with pytest.raises(MessagingError) as caught:
        write_secrets(path, new)
    assert path.read_text() == BAD[name][0]
    assert CANARY not in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(None, caught.value, caught.value.__traceback__))
    assert all(CANARY not in repr(error) for error in chain(caught.value))


def chain(error: Any) -> list[BaseException]:
    """Return an error and everything it came from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize(
    "text",
    [
        "parameter_defaults: {NovaPassword: a}",
        "parameter_defaults: {RpcPassword: a}\nresource_registry: {}",
        "RpcPassword: a",
    ],
)
def test_a_file_of_others_is_not_rewritten(path: Path, text: str) -> None:
    """What we do not know would be lost."""
    written(path, text)
    with pytest.raises(UnwritableFileError) as caught:
        write_secrets(path, {"RpcPassword": Secret("b")})
    reason = "holds more than our secrets, which would be lost; give --secrets a file of its own"
    assert str(caught.value) == f"{path}: {reason}"
    assert path.read_text() == text


def test_what_another_command_has_written_since_stays(path: Path) -> None:
    """Of two commands that make the same missing secret, the second is told to run again."""
    write_secrets(path, {"RpcPassword": Secret("first")}, replaces=Secrets())
    with pytest.raises(UnwritableFileError, match="was changed by another command; run this one again"):
        write_secrets(path, {"RpcPassword": Secret("second")}, replaces=Secrets())
    assert read(path) == ({"RpcPassword": "first"}, [])
    kept, _ = read_secrets(path)
    write_secrets(path, kept.updated({"NotifyPassword": Secret("more")}), replaces=kept)
    assert read(path) == ({"RpcPassword": "first", "NotifyPassword": "more"}, [])


def test_a_broken_file_is_refused_with_its_findings(path: Path) -> None:
    """They are those of reading it."""
    written(path, "a: [")
    with pytest.raises(InvalidInputError) as caught:
        write_secrets(path, {})
    assert [finding.rule for finding in caught.value.findings] == ["unreadable-document"]


@pytest.mark.parametrize(
    "secrets", [{"RpcPassword": ""}, {"RpcPassword": "CANARY\ud800"}, {"NovaPassword": "CANARY"}]
)
def test_what_could_not_be_read_back_is_not_written(path: Path, secrets: dict[str, str]) -> None:
    """The error names the secret and does not show it."""
    with pytest.raises(UsageError, match=f"^{next(iter(secrets))}: is ") as caught:
        write_secrets(path, Secrets(secrets))
    assert CANARY not in str(caught.value)
    assert not path.exists()


def test_a_link_is_not_written_through(path: Path) -> None:
    """Nor replaced: the old secrets would stay where it points."""
    target = written(path.parent / "elsewhere.yaml", "parameter_defaults: {RpcPassword: a}")
    path.symlink_to(target)
    assert read(path) == ({"RpcPassword": "a"}, [])
    with pytest.raises(UnwritableFileError, match="is a symbolic link; name the file that it points to"):
        write_secrets(path, {"RpcPassword": Secret("b")})
    assert read(target) == ({"RpcPassword": "a"}, [])


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_neither_read_nor_replaced(path: Path, make: Any) -> None:
    """A pipe would wait for ever."""
    make(path)
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        read_secrets(path)
    with pytest.raises((UnreadableFileError, UnwritableFileError), match="not a regular file"):
        write_secrets(path, {"RpcPassword": Secret("b")})


def test_a_missing_file_is_told(path: Path) -> None:
    """Reading makes none."""
    with pytest.raises(UnreadableFileError, match="no such file or directory"):
        read_secrets(path)
    assert not path.exists()


def test_two_do_not_write_at_once(path: Path) -> None:
    """The second is refused while the first holds the directory's lock."""
    write_secrets(path, {"RpcPassword": Secret("a")})
    with locked(path.parent), pytest.raises(LockedError):
        write_secrets(path, {"RpcPassword": Secret("b")})
    assert read(path) == ({"RpcPassword": "a"}, [])


def test_what_a_killed_command_left_is_removed(path: Path) -> None:
    """It holds secrets too; files of others stay."""
    leftover = written(path.parent / f".{path.name}.tripleo-messaging.abcdefgh", CANARY)
    other = written(path.parent / f".{path.name}.swp", "theirs")
    write_secrets(path, {"RpcPassword": Secret("a")})
    assert not leftover.exists()
    assert other.exists()


def test_the_former_file_is_backed_up(tmp_path: Path) -> None:
    """A change keeps what was there, comments too, for its owner only; no change keeps nothing."""
    path = tmp_path / "passwords.yaml"
    former = "# ours since 2019\nparameter_defaults: {RpcPassword: old}\n"
    path.write_text(former, encoding="utf-8")
    path.chmod(0o600)
    write_secrets(path, {"RpcPassword": Secret("new")})
    backup = tmp_path / "passwords.yaml.bak"
    assert backup.read_text(encoding="utf-8") == former
    assert backup.stat().st_mode & 0o777 == 0o600
    backup.unlink()
    write_secrets(path, {"RpcPassword": Secret("new")})
    assert not backup.exists()
