# SPDX-License-Identifier: Apache-2.0
"""No content of a file makes the reader fail, hang, or grow."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tripleo_messaging.facts import lint, read_external_facts

BOMB = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 30))

EXCESSIVE = {
    "bomb.yaml": f"b0: &b0 [1]\n{BOMB}",
    "bomb as key.yaml": f"b0: &b0 [1]\n{BOMB}? *b29\n: 1\n",
    "itself.yaml": "a: &a [*a]\nb: &b {c: *b}\n",
    "itself as key.yaml": "a: &a [*a]\n? *a\n: 1\n",
    "list of itself.yaml": "&a [*a, 1]\n",
    "deep.yaml": "a: " + "[" * 10_000,
    "deep blocks.yaml": "".join(f"{' ' * n}a:\n" for n in range(300)),
    "deep.json": '{"a": ' * 100_000,
    "digits.json": f'{{"a": {"9" * 10_000}}}',
    "digits.yaml": f"a: {'9' * 10_000}\n",
}


@pytest.mark.parametrize("name", EXCESSIVE)
def test_excess_is_a_problem_of_its_file(name: str, tmp_path: Path) -> None:
    """What is too deep, too large or holds itself is a problem, at once, and hides nothing."""
    (tmp_path / name).write_text(EXCESSIVE[name])
    (tmp_path / "z.txt").write_text("z=1\n")
    begin = time.monotonic()
    read = read_external_facts([tmp_path], {})
    assert time.monotonic() - begin < 20
    assert {Path(found.origin.file).name for found in read.problems if found.severity == "error"} == {name}
    assert read.values["z"] == "1"


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.text("&*a<:{}[]!?-|>%@`'\"#,=\n \t0123.:é\ufeff\0", max_size=40).map(str.encode),
    ),
    suffix=st.sampled_from(["yaml", "json", "txt"]),
)
def test_any_content_is_read(content: bytes, suffix: str) -> None:
    """No content raises, in the reader or in `lint`; values have string keys and UTF-8 strings alone."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / f"a.{suffix}").write_bytes(content)
        read = read_external_facts([directory], {})
        list(lint([directory]))
    repr(read.values).encode()
    assert all(isinstance(name, str) for name in read.values)
