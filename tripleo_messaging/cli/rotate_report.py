# SPDX-License-Identifier: Apache-2.0
"""What the commands of a rotation tell: how far each account is, who needs an apply, what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from tripleo_messaging.cli.app import program
from tripleo_messaging.cli.options import input_words
from tripleo_messaging.cli.rotate_work import Outcome, RotateOptions, Work, hosts_to_apply
from tripleo_messaging.cli.words import command_line, counted, table
from tripleo_messaging.rotation.accounts import Principal
from tripleo_messaging.rotation.state import Phase

_MOST_NAMES = 20
_HEADS = ("SECRET", "SERVICES", "PHASE", "CLIENTS LOG IN AS", "BESIDE IT", "SINCE")

#: By phase, the commands that go on, each with what it does; the first is the usual one.
NEXT: Mapping[Phase, tuple[tuple[str, str], ...]] = {
    "settled": (),
    "begun": (
        ("switch", "when Puppet has run on these hosts"),
        ("rollback", "instead, to take the new account back"),
    ),
    "switched": (
        ("finish", "when Puppet has run on these hosts and the services there were restarted"),
        ("rollback", "instead, to give clients the former account again"),
    ),
    "rolled-back": (
        ("finish", "when Puppet has run on these hosts and the services there were restarted"),
        ("switch", "instead, to go on with the new account"),
    ),
}


@attrs.frozen(kw_only=True)
class AccountRow:
    """How far the rotation of one account is.

    Attributes:
        secret: name of its password.
        services: of messaging that use it.
        phase: of the rotation.
        since: when that began, in UTC; empty of one that never rotated.
        active: whom clients log in as.
        other: who is known to the brokers beside; empty where nobody is.
    """

    secret: str
    services: tuple[str, ...]
    phase: Phase
    since: str
    active: str
    other: str


def account_row(work: Work, principal: Principal) -> AccountRow:
    """Tell how far the rotation of an account is."""
    rotation = work.rotation(principal)
    if rotation is None:
        return AccountRow(
            secret=principal.login.secret,
            services=principal.services,
            phase="settled",
            since="",
            active=principal.login.user_name,
            other="",
        )
    return AccountRow(
        secret=principal.login.secret,
        services=principal.services,
        phase=rotation.phase,
        since=rotation.since.isoformat(),
        active=work.user(principal, rotation.active),
        other=work.user(principal, rotation.other) if rotation.other else "",
    )


def accounts(work: Work, *, tells_since: bool = False) -> Iterator[str]:
    """Yield a table of the chosen accounts."""
    rows = (_cells(account_row(work, principal)) for principal in work.principals)
    columns = len(_HEADS) if tells_since else len(_HEADS) - 1
    yield from table(row[:columns] for row in (_HEADS, *rows))


def _cells(row: AccountRow) -> tuple[str, ...]:
    services, active = ", ".join(row.services), row.active or "(in the URL)"
    return (row.secret, services, row.phase, active, row.other or "-", row.since or "never rotated")


def report(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what was done, which hosts need an apply, and what comes next."""
    work = outcome.work
    if work is None:
        return
    yield from accounts(work)
    if not outcome.has_changed:
        yield "The store was so already; the hieradata is rendered again."
    yield ""
    yield from _applies(work, hosts_to_apply(outcome))
    yield from next_commands(work)


def _applies(work: Work, hosts: tuple[str, ...]) -> Iterator[str]:
    output = str(work.options.output)
    if not hosts:
        yield "No host needs an apply."
        return
    yield f"Hosts that need an apply ({_counted(work, hosts)})"
    yield f"  {' '.join(hosts)}" if len(hosts) <= _MOST_NAMES else "  --hosts-file FILE writes their names"
    yield "To run on each of them, as root, and Puppet after it"
    yield f"  {command_line(program(), 'hieradata', 'install', '--node', 'HOST', '--data', output)}"


def _counted(work: Work, hosts: tuple[str, ...]) -> str:
    is_all = set(hosts) == set(work.inputs.hosts) and len(hosts) > 1
    everyone = ", every host of the inventory" if is_all else ""
    return f"{counted(len(hosts), 'host')}{everyone}"


def next_commands(work: Work) -> Iterator[str]:
    """Yield the commands that go on from here, with the options of this one."""
    by_phase: dict[Phase, list[str]] = {}
    for principal in work.principals:
        phase = account_row(work, principal).phase
        if NEXT[phase]:
            by_phase.setdefault(phase, []).append(principal.login.secret)
    for phase, secrets in by_phase.items():
        for verb, when in NEXT[phase]:
            yield f"Next, {when}"
            yield f"  {command_line(*_words(_of_phase(work.options, secrets, len(by_phase)), verb))}"


def _of_phase(options: RotateOptions, secrets: list[str], phases: int) -> RotateOptions:
    """Name the accounts of a phase where others are in another: a bare step would be about all of them."""
    return attrs.evolve(options, service=None, names=tuple(secrets)) if phases > 1 else options


def _words(options: RotateOptions, verb: str) -> Iterator[str]:
    yield from (program(), "passwords", "rotate", verb, *input_words(options.inputs))
    # Of a status that was asked without.
    yield from ("--output", str(options.output or "DIR"))
    if options.service:
        yield from ("--service", options.service)
    for name in options.names:
        yield from ("--name", name)
