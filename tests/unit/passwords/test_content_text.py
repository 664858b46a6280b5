# SPDX-License-Identifier: Apache-2.0
"""What a store keeps, as a text."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.store_contents import CANARY, NOW, content_of, contents, stored
from tripleo_messaging.errors import UsageError
from tripleo_messaging.passwords.content_text import read_content, write_content
from tripleo_messaging.passwords.store import AuditEntry, Content, Snapshot


@given(contents, st.integers(1, 2**63))
def test_round_trip(content: Content, revision: int) -> None:
    """What is written is read again, all of it."""
    assert read_content(write_content(content, revision)) == Snapshot(content=content, revision=revision)


def test_text() -> None:
    """The text is this one: another is another format."""
    assert json.loads(write_content(content_of("é"), 7)) == {
        "format": 1,
        "revision": 7,
        "secrets": {
            "RpcPassword": {"value": "é", "changed": "2026-11-21T10:00:00+00:00", "source": "generated"},
            "RpcPassword.other": {
                "value": CANARY,
                "changed": "2026-11-21T10:00:00+00:00",
                "source": "generated",
            },
        },
        "rotations": {
            "RpcPassword": {"phase": "begun", "last_number": 2, "other": None, "retired": ["rpc"]},
        },
        "audit": [
            {
                "time": "2026-11-21T10:00:00+00:00",
                "actor": "root",
                "action": "passwords generate",
                "names": ["RpcPassword"],
            }
        ],
    }


def at(*path: str | int) -> Callable[[Any, Any], None]:
    """Return a change of the value at a place of a tree."""

    def change(tree: Any, value: Any) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


_TIME = "2026-11-21T10:00:00+00:00"
#: By name, where in the text another value stands, and which.
CHANGES = {
    "another format": (at("format"), 2),
    "a format that is true": (at("format"), True),
    "a revision that is none": (at("revision"), 0),
    "a revision that is true": (at("revision"), True),
    "a revision that is a text": (at("revision"), "7"),
    "another key": (at("more"), 1),
    "no mapping of secrets": (at("secrets"), []),
    "a secret that is no mapping": (at("secrets", "RpcPassword"), CANARY),
    "a secret of another kind": (at("secrets", "RpcPassword", "value"), 1),
    "a secret with another key": (at("secrets", "RpcPassword", "more"), 1),
    "another source": (at("secrets", "RpcPassword", "source"), "found"),
    "a time without a zone": (at("secrets", "RpcPassword", "changed"), _TIME[:-6]),
    "a time of another zone": (at("secrets", "RpcPassword", "changed"), "2026-11-21T10:00:00+01:00"),
    "a time written otherwise": (at("secrets", "RpcPassword", "changed"), _TIME.replace("T", " ")),
    "no time": (at("secrets", "RpcPassword", "changed"), "today"),
    "no name": (at("secrets", "a b"), {"value": "", "changed": _TIME, "source": "generated"}),
    "a rotation that is no mapping": (at("rotations", "RpcPassword"), None),
    "an audit that is no list": (at("audit"), {}),
    "an entry with another key": (at("audit", 0, "secret"), CANARY),
    "an entry whose name is none": (at("audit", 0, "names"), ["\n"]),
    "an entry whose names are a text": (at("audit", 0, "names"), "RpcPassword"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_anything_else_is_refused(name: str) -> None:
    """What writing does not make is not read, and the error shows nothing of it."""
    tree = json.loads(write_content(content_of(CANARY), 7))
    assert read_content(json.dumps(tree).encode()).revision == 7
    change, value = CHANGES[name]
    change(tree, value)
    assert_refused(json.dumps(tree).encode())


@pytest.mark.parametrize("key", ["format", "revision", "secrets", "rotations", "audit"])
def test_a_missing_key_is_refused(key: str) -> None:
    """A part that is missing is damage, not an empty part."""
    tree = json.loads(write_content(content_of(CANARY), 7))
    del tree[key]
    assert_refused(json.dumps(tree).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"' + CANARY.encode(),
        b"[" * 100_000,
        write_content(content_of(CANARY), 7) + b" x",
        write_content(content_of(CANARY), 7).replace(b'{"format":1', b'{"format":1,"format":1'),
        write_content(content_of(CANARY), 7).replace(b'"last_number":2', b'"last_number":NaN'),
    ],
    ids=["empty", "null", "list", "not UTF-8", "cut off", "deep", "more behind", "key twice", "NaN"],
)
def test_no_such_text_is_refused(data: bytes) -> None:
    """What is no JSON of ours is not read, and the error shows nothing of it."""
    assert_refused(data)


def assert_refused(data: bytes) -> None:
    """Make sure that a text is refused without being shown."""
    with pytest.raises(ValueError, match="not what a store writes") as raised:
        read_content(data)
    shown = "".join(traceback.format_exception(raised.type, raised.value, raised.tb))
    assert CANARY not in shown
    assert raised.value.__context__ is None


#: By name, a content that cannot be kept, and how it is named.
UNKEEPABLE = {
    "surrogate": (Content(secrets={"A": stored(f"{CANARY}\udc00")}), "the secret A"),
    "surrogates that are a pair": (Content(secrets={"A": stored("\ud800\udc00")}), "the secret A"),
    "no name": (Content(secrets={"a b": stored("x")}), "a secret of such a name"),
    "no zone": (
        Content(secrets={"A": attrs.evolve(stored(CANARY), changed=datetime(2026, 1, 1))}),  # noqa: DTZ001
        "the secret A",
    ),
    "state with a secret": (Content(rotations={"A": {"x": stored(CANARY).secret}}), "a state or an audit"),
    "state with NaN": (Content(rotations={"A": {"x": float("nan")}}), "a state or an audit"),
    "state with a tuple": (Content(rotations={"A": {"x": ()}}), "a state or an audit"),
    "entry": (Content(audit=(AuditEntry(time=NOW, actor="\ud800", action=""),)), "a state or an audit"),
}


@pytest.mark.parametrize("name", UNKEEPABLE)
def test_what_could_not_be_read_back_is_not_written(name: str) -> None:
    """A content that would come back otherwise, or not at all, is refused without being shown."""
    content, named = UNKEEPABLE[name]
    with pytest.raises(UsageError, match=f"the store cannot keep {named}") as raised:
        write_content(content, 1)
    assert CANARY not in "".join(traceback.format_exception(raised.type, raised.value, raised.tb))
    assert raised.value.__context__ is None
