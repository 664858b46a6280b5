# SPDX-License-Identifier: Apache-2.0
"""What a JSON level says is what goes in, whatever Hiera would make of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given

from tests.support.strategies import awkward_texts, level_data
from tripleo_messaging.hieradata.text import checksum_key, decode_level, encode_level

_PATHS = ("all.json", "clusters/rpc.json", "nodes/ctl-0.json")


def hiera_reads(text: str) -> str:
    """Interpolate a text as Hiera 3 and 5 do; nothing but the empty interpolation may stand in it."""

    def nothing(match: re.Match[str]) -> str:
        assert match[1] == "", f"{match[0]!r} would be looked up"
        return ""

    return re.sub(r"%\{([^}]*)\}", nothing, text)


@pytest.mark.parametrize("path", _PATHS)
@given(data=level_data)
@example(data={"%{x}": ["%{literal('%')}{", "%%{}{x}", "%%%{{", {"%%{}{": "\\'\""}]})
def test_what_was_encoded_is_decoded(path: str, data: dict[str, Any]):
    """Any data comes back, texts that look like our own escape among it."""
    assert decode_level(path, encode_level(path, data)) == data


@given(text=awkward_texts)
@example(text="%%{}{x}")
@example(text="%{%{%{}}}")
def test_hiera_reads_what_went_in(text: str):
    """Interpolating an encoded text gives the text, and looks nothing up."""
    encoded = json.loads(encode_level("all.json", {"key": text}))
    assert hiera_reads(encoded["key"]) == text


@given(data=level_data)
def test_the_same_data_gives_the_same_bytes(data: dict[str, Any]):
    """Encoding twice, also what was decoded in between, gives the same ASCII bytes."""
    encoded = encode_level("all.json", data)
    decoded = decode_level("all.json", encoded)
    assert decoded is not None
    assert encoded == encode_level("all.json", data) == encode_level("all.json", decoded)
    assert encoded.isascii()


def test_what_was_changed_by_hand_is_refused():
    """A level whose content and checksum disagree is not read."""
    encoded = encode_level("all.json", {"messaging_rpc_port": 5672})
    assert decode_level("all.json", encoded.replace(b"5672", b"5673")) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_damaged_content_is_refused(content: bytes):
    """What is no JSON object, is cut short or has no checksum is not read."""
    assert decode_level("all.json", content) is None


def test_levels_of_one_node_have_checksums_of_their_own():
    """No level hides the checksum of another that is installed beside it."""
    installed_together = ("all.json", "clusters/rpc.json", "clusters/notify.json", "nodes/ctl-0.json")
    assert len({checksum_key(path) for path in installed_together}) == len(installed_together)


def test_another_levels_file_is_refused():
    """A level that was copied over another one is not taken for it."""
    assert decode_level("clusters/rpc.json", encode_level("clusters/notify.json", {"a": 1})) is None
