# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for hieradata."""

from __future__ import annotations

from hypothesis import strategies as st

#: What Hiera, JSON, YAML or Ruby reads as its own, and what our escape is made of.
PIECES = (
    "%",
    "{",
    "}",
    "%{",
    "%%{}",
    "%{}",
    "%{::x}",
    "%{literal('%')}",
    "%{literal('%')}{",
    "literal('%')}{",
    "%{lookup('messaging_rpc_password')}",
    "'",
    '"',
    "\\",
    "\\u0041",
    "#{1}",
    "é",
    "\u2028",
    "𝄞",
    "a",
)

#: Texts that are likely to hold something that Hiera interpolates.
awkward_texts = st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)

_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)

#: Whatever JSON can say.
json_values = st.recursive(
    _scalars | awkward_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(awkward_texts, inner, max_size=4),
    max_leaves=12,
)

#: The data of a level.
level_data = st.dictionaries(awkward_texts, json_values, max_size=5)
