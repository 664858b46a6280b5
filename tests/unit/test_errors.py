# SPDX-License-Identifier: Apache-2.0
"""The exceptions: one tree, drawn as it is, whose texts say where, what and the way out."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from tripleo_messaging import errors
from tripleo_messaging.errors import MessagingError
from tripleo_messaging.model.finding import Finding

FINDINGS = (
    Finding(rule="a", severity="error", message="is bad"),
    Finding(rule="b", severity="warning", message="is odd"),
)
MADE = {
    "InvalidInputError": (errors.InvalidInputError(FINDINGS), "error: $: is bad [a]\nwarning: $: is odd [b]"),
    "InvalidPlanError": (
        errors.InvalidPlanError(list(FINDINGS)),
        "error: $: is bad [a]\nwarning: $: is odd [b]",
    ),
    "InvalidTransportUrlError": (
        errors.InvalidTransportUrlError("has no scheme"),
        "not a valid transport URL: has no scheme",
    ),
    "UsageError": (errors.UsageError("--a: not with --b"), "--a: not with --b"),
    "UnreadableFileError": (errors.UnreadableFileError("f", "is missing"), "f: is missing"),
    "FileTooLargeError": (
        errors.FileTooLargeError("f", 1000),
        "f: larger than the 1,000 bytes that are read at the most",
    ),
    "UnusableStoreError": (errors.UnusableStoreError("a.store", "is cut off"), "a.store: is cut off"),
    "UnusableKeyError": (errors.UnusableKeyError("holds no RSA key"), "holds no RSA key"),
    "StaleStoreError": (
        errors.StaleStoreError("a.store"),
        "a.store: was changed by another command; run this one again",
    ),
    "RotationError": (errors.RotationError("no rotation is under way"), "no rotation is under way"),
    "UnansweredError": (errors.UnansweredError("ctl-0:5672", "no answer"), "ctl-0:5672: no answer"),
    "RefusedLoginError": (errors.RefusedLoginError("ctl-0:5672", "refused"), "ctl-0:5672: refused"),
    "IncompleteAnswerError": (errors.IncompleteAnswerError("ctl-0", "not all"), "ctl-0: not all"),
    "UnwritableFileError": (errors.UnwritableFileError("f", "is full"), "f: is full"),
    "LockedError": (errors.LockedError("d", "is in use"), "d: is in use"),
    "UnknownPasswordError": (
        errors.UnknownPasswordError("RpcPasword", "RpcPassword"),
        "no password is named 'RpcPasword'; did you mean 'RpcPassword'?",
    ),
    "MissingSecretError": (
        errors.MissingSecretError("RpcPassword"),
        "no secret named 'RpcPassword': put it into the file given with --secrets",
    ),
    "UnknownKeyError": (errors.UnknownKeyError("k", "d"), "d: no value for the key 'k'"),
}


def classes() -> dict[str, type[Exception]]:
    """Return every public exception of the module."""
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: one for name, one in found if issubclass(one, Exception) and not name.startswith("_")}


def public_parent(one: type) -> str:
    """Return the nearest base class that is public."""
    return next(base.__name__ for base in one.__mro__[1:] if not base.__name__.startswith("_"))


def test_the_tree_is_drawn_as_it_is() -> None:
    """The picture in the module's docstring has every class below its parent."""
    parents: list[tuple[int, str]] = []
    drawn = {}
    for match in re.finditer(r"^    ([│ ├└─]*)(\w+Error)", str(errors.__doc__), re.MULTILINE):
        indent, name = len(match[1]), match[2]
        parents = [parent for parent in parents if parent[0] < indent]
        drawn[name] = parents[-1][1] if parents else "Exception"
        parents.append((indent, name))
    assert drawn == {name: public_parent(one) for name, one in classes().items()}


def test_each_has_a_case() -> None:
    """A new exception has its text tested."""
    assert set(MADE) == set(classes()) - {"MessagingError"}


@pytest.mark.parametrize("name", MADE)
def test_texts(name: str) -> None:
    """The text is made of the fields, and one class catches them all."""
    error, text = MADE[name]
    assert type(error).__name__ == name
    assert str(error) == text
    assert isinstance(error, MessagingError)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301
def test_copies(name: str, twin: object) -> None:
    """An error may cross to another thread or process and says the same there."""
    error, text = MADE[name]
    other = twin(error)  # type: ignore[operator]
    assert type(other) is type(error)
    assert str(other) == text
    assert vars(other) == vars(error)
