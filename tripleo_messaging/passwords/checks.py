# SPDX-License-Identifier: Apache-2.0
"""What makes a secret a bad one; no finding shows any of it. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import attrs

from tripleo_messaging.model.finding import Finding, Origin, Severity, json_path
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.url_checks import SEVERITIES, password_problems
from tripleo_messaging.passwords.ages import AgePolicy, due, way_to_replace
from tripleo_messaging.passwords.specs import PASSWORD_SPECS
from tripleo_messaging.passwords.store import Content

# Those of products, of examples in their manuals, and the first that anybody tries.
_DEFAULTS = frozenset(
    {
        *("guest", "password", "passw0rd", "rabbit", "rabbitmq", "openstack", "admin", "administrator"),
        *("secret", "changeme", "default", "test", "rpc", "notify", "unset", "none", "cookie"),
        *("rabbit_pass", "12345678", "qwerty", "letmein", "root"),
    }
)

# 14 random letters and digits; the cookies of TripleO, 20 of them, have 119.
_LEAST_BITS = 80
_REPEATS = 3

# A broker stores one salted round of a hash, so that a password has to be strong by itself.
_CLASSES = {r"[a-z]": 26, r"[A-Z]": 26, r"[0-9]": 10, r"[^A-Za-z0-9]": 32}

#: A password of releases before Rocky went on under two names.
_ONE_BY_INHERITANCE = frozenset({"RabbitPassword", "RpcPassword", "NotifyPassword"})


def check_content(content: Content, policy: AgePolicy, now: datetime, place: str) -> tuple[Finding, ...]:
    """Find weak, default, reused, URL-breaking and overdue secrets of a store.

    Args:
        content: of the store.
        policy: how old secrets may become.
        now: in UTC.
        place: where the store is.
    """
    return (*check_secrets(content.plain_secrets(), place), *_overdue(content, policy, now, place))


def check_secrets(secrets: Secrets, place: str) -> tuple[Finding, ...]:
    """Find weak, default, reused and URL-breaking secrets.

    Args:
        secrets: by name; those that are whole URLs are checked where a plan is known.
        place: where they are written, where they do not know it themselves.
    """
    passwords = {
        name: secret for name, secret in secrets.items() if not name.partition(".")[0].endswith("Url")
    }
    found = (*_weak(passwords), *_reused(passwords), *_url_breaking(passwords))
    return tuple(_at(finding, secrets, place) for finding in found)


def _base(name: str) -> str:
    """Name the secret that one stands beside while a rotation is under way."""
    return name.partition(".")[0]


def _at(finding: Finding, secrets: Secrets, place: str) -> Finding:
    name = finding.path.rpartition(".parameter_defaults.")[2]
    return attrs.evolve(finding, origin=secrets.origins.get(name, Origin(file=place)))


def _finding(name: str, rule: str, message: str, hint: str, severity: Severity) -> Finding:
    path = json_path(("parameter_defaults", name))
    return Finding(rule=rule, severity=severity, path=path, message=message, hint=hint)


def _replace(name: str) -> str:
    return f"replace it: '{way_to_replace(_base(name))}'"


def _weak(passwords: Mapping[str, Secret]) -> Iterator[Finding]:
    for name, secret in passwords.items():
        bits = strength_bits(secret)
        if secret.reveal().casefold() in _DEFAULTS:
            message = "is a default that everybody tries first"
            yield _finding(name, "default-password", message, _replace(name), "error")
        elif bits < _LEAST_BITS:
            message = (
                f"has at most {bits:.0f} bits, expected {_LEAST_BITS}: a broker's hash is one round,"
                " which is quickly tried"
            )
            yield _finding(name, "weak-password", message, _replace(name), "warning")


def strength_bits(secret: Secret) -> float:
    """Return how strong a secret can be at the best, in bits: by its length and kinds of characters.

    Of one that repeats few characters over and over, these are all there is to guess.
    """
    text = secret.reveal()
    alphabet = sum(size for kind, size in _CLASSES.items() if re.search(kind, text))
    different = len(set(text))
    return len(text) * math.log2(alphabet if different * _REPEATS > len(text) else max(different, 1))


def _reused(passwords: Mapping[str, Secret]) -> Iterator[Finding]:
    by_value: dict[Secret, list[str]] = {}
    for name, secret in passwords.items():
        by_value.setdefault(secret, []).append(name)
    for names in by_value.values():
        for name in names[1:]:
            is_inherited = {names[0], name} <= _ONE_BY_INHERITANCE and "RabbitPassword" in names
            severity: Severity = "note" if is_inherited else "error" if "Cookie" in name else "warning"
            message = f"is the same as {names[0]}: who learns one has the other"
            yield _finding(name, "reused-password", message, _replace(name), severity)


def _url_breaking(passwords: Mapping[str, Secret]) -> Iterator[Finding]:
    for name, secret in passwords.items():
        if not _is_in_urls(name):
            continue
        for problem in password_problems(secret):
            yield _finding(name, problem.rule, problem.message, problem.hint, SEVERITIES[problem.rule])


def _is_in_urls(name: str) -> bool:
    spec = PASSWORD_SPECS.get(_base(name))
    return spec is not None and spec.use != "rabbitmq"


def _overdue(content: Content, policy: AgePolicy, now: datetime, place: str) -> Iterable[Finding]:
    for one in due(content, policy, now):
        message = f"is {one.age_days} days old, and may become {one.max_age_days}"
        yield Finding(
            rule="overdue-password",
            severity="warning",
            path=json_path(("parameter_defaults", one.name)),
            message=message,
            hint=f"replace it: '{one.command}'",
            origin=Origin(file=place),
        )
