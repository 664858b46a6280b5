# SPDX-License-Identifier: Apache-2.0
"""A diff shows what changes, and no secret."""

from __future__ import annotations

import difflib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hierarchy_cases import SUITE
from tripleo_messaging.cli.masking import looks_secret
from tripleo_messaging.hierarchy.diff import diff, masked

CANARY = "canaryCANARY42"


def shown(text: str) -> list[str]:
    """Return lines as they may be seen."""
    return masked(text.splitlines(), looks_secret)


def test_it_is_a_unified_diff():
    """For a file without secrets it is the one of the standard library."""
    case = SUITE / "v3-tripleo-zed"
    before, after = ((case / name).read_bytes() for name in ("before.yaml", "after.yaml"))
    expected = difflib.unified_diff(
        before.decode().splitlines(), after.decode().splitlines(), "hiera.yaml", "hiera.yaml", lineterm=""
    )
    assert list(diff(before, after, "hiera.yaml", looks_secret)) == list(expected)


def test_nothing_changes_nothing_is_shown():
    """Equal contents have no diff."""
    assert list(diff(b"a: 1\n", b"a: 1\n", "f", looks_secret)) == []


def test_a_changed_secret_is_seen_to_change():
    """Both values are masked, and the line is there twice."""
    before, after = b"a_password: one\n", b"a_password: two\n"
    assert list(diff(before, after, "f", looks_secret))[3:] == [
        "-a_password: ********",
        "+a_password: ********",
    ]


def test_a_missing_end_of_line_is_told():
    """The last line differs from one with its end."""
    lines = list(diff(b"a: 1", b"a: 1\n", "f", looks_secret))
    assert lines[3:] == ["-a: 1 (no newline at the end)", "+a: 1"]


@pytest.mark.parametrize(
    "text",
    [
        f"password: {CANARY}",
        f"  - password: {CANARY}",
        f"# password: {CANARY}",
        f"'a password': {CANARY}",
        f'{{"a": 1, "rpc_password": "{CANARY}"}}',
        f"options: {{gpg_passphrase: {CANARY}}}",
        f"passphrase: |\n  {CANARY}\n\n  {CANARY}\nname: x",
        f"passphrase: >-\n  {CANARY}: {CANARY}",
        f"passwords:\n- {CANARY}\n- {CANARY}\nname: x",
        f"passwords:\n  - {CANARY}\n  - a: {CANARY}",
        f"password:\n  {CANARY}",
        f"password: first\n  {CANARY}",
        f'"rpc_passwords": [\n"{CANARY}",\n"{CANARY}"\n],\n"a": 1',
        f'{{\n"password":\n"{CANARY}"\n}}',
        f'  "secrets": {{\n    "rabbit": {{\n      "x": "{CANARY}"\n    }}\n  }}',
        f'  "secrets":\n  {{\n    "x": "{CANARY}"\n  }}',
        f"where: amqp://user:{CANARY}@host",
        f"- ENC[PKCS7,{CANARY}]",
        f"plain: >\n  ENC[PKCS7,{CANARY}",
        f"the {CANARY} is a password",
    ],
)
def test_a_secret_is_masked(text: str):
    """However it is written, it is not in what is shown, and what is no secret stays."""
    assert CANARY not in "\n".join(shown(text))
    if "name: x" in text:
        assert shown(text)[-1] == "name: x"


@pytest.mark.parametrize("name", ["v5-sealed", "v5-eyaml-entry", "v3-tripleo-rocky", "v5-with-defaults"])
def test_a_hierarchy_is_shown(name: str):
    """Lines of levels, of our entries too, are not secret; a passphrase beside them is."""
    text = (SUITE / name / "after.yaml").read_text()
    assert "not for anybody" not in "\n".join(shown(text))
    hidden = [line for line in shown(text) if "****" in line]
    assert len(hidden) == (2 if "gpg_passphrase" in text else 0)


@given(
    st.recursive(
        st.just(CANARY) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
        max_leaves=5,
    ),
    st.sampled_from([None, 0, 1, 2, 4]),
    st.booleans(),
)
def test_a_secret_of_any_shape_is_masked(value: object, indent: int | None, as_yaml: bool):
    """A value behind a secret name is hidden in JSON of any indentation and in YAML; what follows is not."""
    data = {"a": 1, "rpc_password": value, "z": 2}
    text = (
        yaml.safe_dump(data, sort_keys=False) if as_yaml else json.dumps(data, indent=indent, sort_keys=False)
    )
    lines = shown(text)
    assert CANARY not in "\n".join(lines)
    if as_yaml:
        assert lines[-1] == "z: 2"
