# SPDX-License-Identifier: Apache-2.0
"""The table of names and the form of what is made for them."""

from __future__ import annotations

import random
import re
import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.passwords.specs import MINIMUM_ENTROPY_BITS, PASSWORD_SPECS, PasswordSpec, generate

EVERY_SPEC = pytest.mark.parametrize("spec", PASSWORD_SPECS.values(), ids=PASSWORD_SPECS)


def test_names_in_order() -> None:
    """The table has the names of the messaging services, in the order in which they are shown."""
    assert list(PASSWORD_SPECS) == [
        "RpcPassword",
        "NotifyPassword",
        "RabbitPassword",
        "RabbitMonitorPassword",
        "RabbitCookie",
        "RabbitNotifyCookie",
    ]


def test_table_cannot_be_changed() -> None:
    """Nobody can add a name behind the table's back."""
    with pytest.raises(TypeError):
        PASSWORD_SPECS["MyPassword"] = PASSWORD_SPECS["RpcPassword"]  # type: ignore[index]


def test_cookies_do_not_rotate_with_the_rest() -> None:
    """The cookies alone stay when everything is rotated."""
    staying = [name for name, spec in PASSWORD_SPECS.items() if not spec.rotates_with_the_rest]
    assert staying == ["RabbitCookie", "RabbitNotifyCookie"]


@EVERY_SPEC
def test_strength(spec: PasswordSpec) -> None:
    """Every secret has at least 128 bits, by its length and the 62 characters it is drawn from."""
    assert 62**spec.length >= 2**MINIMUM_ENTROPY_BITS == 2**128
    assert 2 ** (spec.entropy_bits - 0.001) < 62**spec.length < 2 ** (spec.entropy_bits + 0.001)


@EVERY_SPEC
def test_generated_form(spec: PasswordSpec) -> None:
    """A value has the length of its spec and nothing but letters and digits of ASCII."""
    assert re.fullmatch(rf"[0-9A-Za-z]{{{spec.length}}}", generate(spec).reveal())


@EVERY_SPEC
def test_system_randomness_differs(spec: PasswordSpec) -> None:
    """Two values from the system's randomness differ."""
    assert generate(spec) != generate(spec)


def test_whole_alphabet() -> None:
    """Every one of the 62 characters comes up, and no other."""
    rng = random.Random(7)  # noqa: S311 - a test that repeats
    spec = PASSWORD_SPECS["RpcPassword"]
    seen = set("".join(generate(spec, rng).reveal() for _ in range(100)))
    assert seen == set(string.ascii_letters + string.digits)


# The first example pays for imports, and other work may share the machine.
@given(seed=st.integers())
def test_injected_randomness_repeats(seed: int) -> None:
    """The same source gives the same value, so nothing else goes into it."""
    spec = PASSWORD_SPECS["RabbitCookie"]
    first, second = (random.Random(seed) for _ in range(2))  # noqa: S311 - a test that repeats
    assert generate(spec, first) == generate(spec, second)


def test_value_is_masked() -> None:
    """A generated value does not show itself."""
    value = generate(PASSWORD_SPECS["RpcPassword"])
    assert value.reveal() not in f"{value!r} {value}"


def test_passlib_is_imported_late_and_silently() -> None:
    """Importing the room does not pay for passlib; generating does, and prints none of its warnings."""
    program = (
        "import sys, tripleo_messaging.passwords as p; print('passlib' in sys.modules);"
        "p.generate_passwords(); print('passlib' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("False\nTrue\n", "")
