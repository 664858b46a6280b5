# SPDX-License-Identifier: Apache-2.0
"""Weak, default, reused, URL-breaking and overdue secrets."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.passwords.ages import AgePolicy
from tripleo_messaging.passwords.checks import check_content, check_secrets, strength_bits
from tripleo_messaging.passwords.specs import PASSWORD_SPECS, generate
from tripleo_messaging.passwords.store import Content, StoredSecret

GOOD = "kV7w2QmZ9rXc4TnB8sLd3FhJ6"
OTHER = "pY5t1GqW8eRu2IoA7sDf4GhK9"


def rules(**secrets: str) -> dict[str, set[str]]:
    """Return the rules that are broken, by name of the secret."""
    found: dict[str, set[str]] = {}
    for finding in check_secrets(Secrets(secrets), "a.store"):
        found.setdefault(finding.path.rpartition(".")[2], set()).add(f"{finding.severity} {finding.rule}")
    return found


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (GOOD, set()),
        ("guest", {"error default-password"}),
        ("Password", {"error default-password"}),
        ("short1", {"warning weak-password"}),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", {"warning weak-password"}),
        ("abababababababababababababababab", {"warning weak-password"}),
        (f"{GOOD}/", {"error password-breaks-url"}),
        (f"{GOOD}@", {"warning password-needs-encoding"}),
    ],
)
def test_rules_of_one_password(password: str, expected: set[str]):
    """Each is found, and a good one is left alone."""
    assert rules(RpcPassword=password).get("RpcPassword", set()) == expected


def test_cookies_are_in_no_url():
    """So that nothing in them can break one; a weak one is weak all the same."""
    assert rules(RabbitCookie=f"{GOOD}/@") == {}
    assert rules(RabbitCookie="cookie") == {"RabbitCookie": {"error default-password"}}


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (("RpcPassword", "NotifyPassword"), "warning"),
        (("RabbitCookie", "RabbitNotifyCookie"), "error"),
        (("RpcPassword", "RabbitCookie"), "error"),
        (("RabbitPassword", "RpcPassword"), "note"),
    ],
)
def test_reused(names: tuple[str, str], severity: str):
    """Two cookies alike let a member run code on the other cluster; a legacy password goes on by design."""
    found = rules(**dict.fromkeys(names, GOOD))
    assert set().union(*found.values()) == {f"{severity} reused-password"}


def test_former_value_counts_as_reused():
    """A rotation to the same password would be none."""
    secrets = Secrets({"RpcPassword": GOOD, "RpcPassword.other": GOOD})
    (finding,) = check_secrets(secrets, "a.store")
    assert finding.rule == "reused-password"


def test_whole_urls_are_no_passwords():
    """They are checked where the plan is known that they are for."""
    assert rules(RpcTransportUrl="rabbit://rpc:guest@broker:5672/") == {}


@given(st.integers())
def test_generated_ones_are_never_found(seed: int):
    """Whatever the generator draws."""
    rng = random.Random(seed)  # noqa: S311  the same each time
    made = {name: generate(spec, rng) for name, spec in PASSWORD_SPECS.items()}
    assert check_secrets(Secrets(made), "a.store") == ()


# No message has any three of these in a row.
@given(st.text(alphabet="XQZ79#@/%é", min_size=3, max_size=60))
def test_no_finding_shows_a_secret(text: str):
    """Not a piece of three characters of it."""
    findings = check_secrets(Secrets({"RpcPassword": text, "NotifyPassword": text}), "a.store")
    said = "\n".join(map(str, findings))
    assert said
    assert not [text[i : i + 3] for i in range(len(text) - 2) if text[i : i + 3] in said]


def test_strength_is_that_of_the_alphabet():
    """25 letters and digits are what the generator promises."""
    assert round(strength_bits(Secret(GOOD))) == round(PASSWORD_SPECS["RpcPassword"].entropy_bits)


def test_overdue_names_the_command():
    """What is too old, by how much, and what replaces it."""
    now = datetime(2026, 6, 1, tzinfo=timezone.utc)
    stored = StoredSecret(secret=Secret(GOOD), changed=now - timedelta(days=100), source="imported")
    new = StoredSecret(secret=Secret(OTHER), changed=now, source="generated")
    content = Content(secrets={"RpcPassword": stored, "NotifyPassword": new})
    (finding,) = check_content(content, AgePolicy(), now, "a.store")
    assert str(finding) == (
        "a.store: warning: $.parameter_defaults.RpcPassword: is 100 days old, and may become 90 "
        "(replace it: 'passwords rotate begin --name RpcPassword') [overdue-password]"
    )
