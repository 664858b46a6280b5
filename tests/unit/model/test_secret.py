# SPDX-License-Identifier: Apache-2.0
"""Secrets: nothing shows them but `reveal`."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import yaml

from tripleo_messaging.errors import MissingSecretError
from tripleo_messaging.model.finding import Origin
from tripleo_messaging.model.secret import MASK, Secret, Secrets

CANARY = "CANARY"


@attrs.frozen(kw_only=True)
class Holder:
    """A value that holds a secret."""

    secret: Secret


SHOWN: dict[str, Callable[[Any], str]] = {
    "str": str,
    "repr": repr,
    "format": "{}".format,
    "format repr": "{!r}".format,
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031  what is tested
    "ascii": ascii,
    "pprint": pprint.pformat,
    "list": lambda value: str([value]),
    "mapping": lambda value: repr({"a": value}),
    "attrs": lambda value: repr(Holder(secret=value)),
    "attrs as a mapping": lambda value: repr(attrs.asdict(Holder(secret=value))),
    "secrets": lambda value: repr(Secrets({"a": value})) + str(Secrets({"a": value})),
    "exception": lambda value: "".join(traceback.format_exception_only(ValueError, ValueError(value))),
    "dir": lambda value: repr([name for name in dir(value) if CANARY in name]),
}
REFUSED: dict[str, Callable[[Any], Any]] = {
    "json": json.dumps,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "yaml": yaml.dump,
    "safe yaml": yaml.safe_dump,
    "format width": "{:>20}".format,
    "vars": vars,
    "add": lambda value: "a" + value,
    "join": "".join,
    "iterate": list,
    "encode": bytes,
}


@pytest.mark.parametrize("how", SHOWN)
def test_it_is_masked(how: str) -> None:
    """However it is made a text."""
    assert CANARY not in SHOWN[how](Secret(CANARY))


@pytest.mark.parametrize("how", REFUSED)
def test_it_is_refused(how: str) -> None:
    """What would make a copy that nobody masks fails, and the error does not show it."""
    with pytest.raises((TypeError, yaml.YAMLError)) as caught:
        REFUSED[how](Secret(CANARY))
    assert CANARY not in str(caught.value)


def test_it_is_masked_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    """As an argument too."""
    logging.getLogger("test").warning("%s %r %s", Secret(CANARY), Secret(CANARY), {"a": Secret(CANARY)})
    assert caplog.messages == [f"{MASK} Secret('{MASK}') {{'a': Secret('{MASK}')}}"]


def test_the_mask_tells_nothing() -> None:
    """Not even the length."""
    assert repr(Secret("")) == repr(Secret("x" * 100)) == "Secret('********')"


def test_it_compares_with_secrets_only() -> None:
    """A text is not equal, so that no comparison reveals by mistake."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("a").reveal() == "a"


def test_secrets_are_a_mapping() -> None:
    """Texts become secrets; a secret stays the one it is."""
    one = Secret("a")
    secrets = Secrets({"A": one, "B": "b"})
    assert secrets["A"] is one
    assert secrets["B"] == Secret("b")
    assert dict(secrets) == {"A": Secret("a"), "B": Secret("b")}
    assert (list(secrets), len(secrets), "A" in secrets, "C" in secrets) == (["A", "B"], 2, True, False)
    assert secrets == Secrets({"B": "b", "A": "a"})
    assert Secrets() == Secrets({}) == {}


@pytest.mark.parametrize("value", [None, 5, b"CANARY", ["CANARY"], True])
def test_only_a_text_is_a_secret(value: Any) -> None:
    """`None` would be the password None."""
    with pytest.raises(TypeError, match=f"^RpcPassword: a secret is a text, not {type(value).__name__}$"):
        Secrets({"RpcPassword": value})


def test_require() -> None:
    """A missing one is named with the way out, and nothing else is in the error."""
    secrets = Secrets({"A": CANARY})
    assert secrets.require("A").reveal() == CANARY
    with pytest.raises(MissingSecretError) as caught:
        secrets.require("B")
    assert str(caught.value) == "no secret named 'B': put it into the file given with --secrets"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_updated() -> None:
    """A new value; neither of the two it was made of changes."""
    old, other = Secrets({"A": "a", "B": "b"}), {"B": Secret("B"), "C": Secret("c")}
    assert old.updated(other) == Secrets({"A": "a", "B": "B", "C": "c"})
    assert old == Secrets({"A": "a", "B": "b"})


def test_origins_go_with_their_secrets() -> None:
    """What is laid over brings its own origin or none; a secret that goes takes its own along."""
    old = Secrets(dict.fromkeys("ABC", "old"), {name: Origin(file="old", line=1) for name in "ABCD"})
    new = Secrets({"B": "new"}, {"B": Origin(file="new", line=2)})
    assert set(old.origins) == {"A", "B", "C"}
    assert dict(old.updated(new).updated({"C": Secret("made")}).origins) == {
        "A": Origin(file="old", line=1),
        "B": Origin(file="new", line=2),
    }
    assert old.without(["A", "C", "E"]) == {"B": Secret("old")}
    assert dict(old.without(["A", "C", "E"]).origins) == {"B": Origin(file="old", line=1)}


def test_origins_are_no_part_of_equality() -> None:
    """The same secret from another file is the same secret."""
    assert Secrets({"A": "a"}, {"A": Origin(file="one")}) == Secrets({"A": "a"}, {"A": Origin(file="two")})
