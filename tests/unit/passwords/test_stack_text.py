# SPDX-License-Identifier: Apache-2.0
"""Secrets laid into text of others."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.passwords.stack_text import laid_into, new_text

NEW = {"RpcPassword": "new"}

CASES = {
    "no value": ("", 'parameter_defaults:\n  RpcPassword: "new"\n'),
    "a comment alone": ("# ours", '# ours\nparameter_defaults:\n  RpcPassword: "new"\n'),
    "a start alone": ("---\n", '---\nparameter_defaults:\n  RpcPassword: "new"\n'),
    "exchanged": (
        "parameter_defaults:\n  A: 0o17  # x\n  RpcPassword: old  # y\n  B: |\n    two\n    lines\n",
        'parameter_defaults:\n  A: 0o17  # x\n  RpcPassword: "new"  # y\n  B: |\n    two\n    lines\n',
    ),
    "exchanged, quoted": (
        "parameter_defaults: {A: {b: c}, RpcPassword: 'o''ld', B: [1]}\r\n",
        'parameter_defaults: {A: {b: c}, RpcPassword: "new", B: [1]}\r\n',
    ),
    "exchanged, several lines": (
        "parameter_defaults:\n  RpcPassword: |\n    old\n\n  A: b\n",
        'parameter_defaults:\n  RpcPassword: "new"\n  A: b\n',
    ),
    "exchanged, folded at the end": (
        "parameter_defaults:\n  A: b\n  RpcPassword: >-\n    old\n    old",
        'parameter_defaults:\n  A: b\n  RpcPassword: "new"\n',
    ),
    "exchanged, a plain one over two lines": (
        "parameter_defaults:\n  RpcPassword: old\n    older\n  A: b\n",
        'parameter_defaults:\n  RpcPassword: "new"\n  A: b\n',
    ),
    "typed as another": (
        "parameter_defaults:\n  RpcPassword: !!str new\n  A: new\n",
        "parameter_defaults:\n  RpcPassword: !!str new\n  A: new\n",
    ),
    "added": (
        "resource_registry: {}\nparameter_defaults:\n    # x\n    A: b\nlast: {}\n",
        'resource_registry: {}\nparameter_defaults:\n    # x\n    RpcPassword: "new"\n    A: b\nlast: {}\n',
    ),
    "added to an empty mapping": ("parameter_defaults: {}\n", 'parameter_defaults: {RpcPassword: "new"}\n'),
    "added in place of null": (
        "parameter_defaults: ~\nA: b\n",
        'parameter_defaults:  {RpcPassword: "new"}\nA: b\n',
    ),
    "added in place of nothing": ("parameter_defaults:\n", 'parameter_defaults: {RpcPassword: "new"}\n'),
    "a section added": (
        "resource_registry:\n  a: b\n",
        'parameter_defaults: {RpcPassword: "new"}\nresource_registry:\n  a: b\n',
    ),
    "a section added in braces": (
        "{resource_registry: {a: b}}",
        '{parameter_defaults: {RpcPassword: "new"}, resource_registry: {a: b}}',
    ),
    "beside aliases and tags": (
        "x: &x {a: b}\nparameter_defaults:\n  A: *x\n  B: !theirs c\n  <<: *x\n  RpcPassword: old\n",
        'x: &x {a: b}\nparameter_defaults:\n  A: *x\n  B: !theirs c\n  <<: *x\n  RpcPassword: "new"\n',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_other_character_stays(case: str) -> None:
    """Comments, order, quotes, line ends, and what is two lines or more."""
    before, after = CASES[case]
    assert laid_into(before, NEW) == after


REFUSED = {
    "behind an alias": "x: &x old\nparameter_defaults:\n  RpcPassword: *x\n",
    "with an anchor": "parameter_defaults:\n  RpcPassword: &x old\n  A: *x\n",
    "a section behind an alias": "x: &x {RpcPassword: old}\nparameter_defaults: *x\n",
    "no mapping": "[a]\n",
    "complex key": "parameter_defaults:\n  ? A\n  : b\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_change_more_is_refused(case: str) -> None:
    """A value that stands for others too is not exchanged, nor is a file broken."""
    assert laid_into(REFUSED[case], NEW) is None


SCALARS = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=20), st.integers(), st.none()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc"), inner))
)
OURS = st.dictionaries(st.sampled_from(["RpcPassword", "NotifyPassword"]), SCALARS)
OTHERS = st.dictionaries(st.sampled_from(["Other", "Keys", "RpcPassword2", "parameter_defaults"]), VALUES)
SECRETS = st.dictionaries(
    st.sampled_from(["RpcPassword", "NotifyPassword", "RabbitCookie"]),
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1),
    min_size=1,
)


STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, '"', "|", ">", "'"]),
        "indent": st.integers(2, 6),
        "allow_unicode": st.booleans(),
    }
)
FILES = st.builds(
    lambda top, ours, others: {**top, "parameter_defaults": {**ours, **others}},
    st.dictionaries(st.sampled_from(["resource_registry", "aa", "zz"]), VALUES),
    OURS,
    OTHERS,
)


@given(FILES, SECRETS, STYLES)
def test_whatever_is_written_there(
    before: dict[str, Any], secrets: dict[str, str], style: dict[str, Any]
) -> None:
    """What PyYAML writes, in any style, is read with the new values, the rest as it was; twice is once."""
    text = yaml.safe_dump(before, **style)
    # PyYAML does not read all that it writes: a lone U+0085 becomes a space.
    before = yaml.safe_load(text)
    after = laid_into(text, secrets)
    assert after is not None
    defaults = {**before["parameter_defaults"], **secrets}
    assert yaml.safe_load(after) == {**before, "parameter_defaults": defaults}
    assert laid_into(after, secrets) == after


@given(SECRETS)
def test_a_new_file(secrets: dict[str, str]) -> None:
    """Any text comes back."""
    assert yaml.safe_load(new_text(secrets)) == {"parameter_defaults": secrets}
