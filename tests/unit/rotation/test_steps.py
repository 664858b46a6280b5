# SPDX-License-Identifier: Apache-2.0
"""The steps of a rotation: what each does, which are refused, and that nobody is ever cut off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Optional

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tripleo_messaging.errors import MissingSecretError, RotationError, UnusableStoreError
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.model.topology import Login
from tripleo_messaging.passwords.store import Content, StoredSecret, other_name
from tripleo_messaging.rotation.accounts import user_of
from tripleo_messaging.rotation.state import Rotation, read_rotation, write_rotation
from tripleo_messaging.rotation.steps import begin, finish, roll_back, rotation_of, switch

NAME = "RpcPassword"
LOGIN = Login(user_name="rpc", secret=NAME, virtual_hosts=("/",))
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATER = START + timedelta(days=1)


def stored(text: str, changed: datetime = START) -> StoredSecret:
    """Return a generated secret."""
    return StoredSecret(secret=Secret(text), changed=changed, source="generated")


BEFORE = Content(secrets={NAME: stored("old"), "RabbitCookie": stored("cookie")})


def begun(content: Content = BEFORE, new: str = "new") -> Content:
    """Begin."""
    return begin(content, LOGIN, stored(new, LATER), LATER)


def switched() -> Content:
    """Begin and switch."""
    return switch(begun(), NAME, LATER)


def rolled_back() -> Content:
    """Begin, switch and roll back."""
    return roll_back(switched(), NAME, LATER)


def user(rotation: Rotation, *, other: bool = False) -> str:
    """Return the user name of the account that clients have, or of the one beside it."""
    account = rotation.other if other else rotation.active
    assert account is not None
    return user_of("rpc", account, "rabbitmq")


def passwords(content: Content) -> tuple[str, Optional[str]]:
    """Return the password that clients have, and the one beside it."""
    beside = content.secrets.get(other_name(NAME))
    return content.secrets[NAME].secret.reveal(), beside.secret.reveal() if beside else None


STEPS = {
    "begin": begun,
    "switch": lambda content: switch(content, NAME, LATER),
    "rollback": lambda content: roll_back(content, NAME, LATER),
    "finish": lambda content: finish(content, NAME, "rpc", LATER),
}
#: What each step leads to, by phase; ``None`` is refused.
TURNS = {
    "never": {"begin": "begun", "switch": None, "rollback": None, "finish": None},
    "begun": {"begin": "begun", "switch": "switched", "rollback": "rolled-back", "finish": None},
    "switched": {"begin": None, "switch": "switched", "rollback": "rolled-back", "finish": "settled"},
    "rolled-back": {"begin": None, "switch": "switched", "rollback": "rolled-back", "finish": "settled"},
    "settled": {"begin": "begun", "switch": None, "rollback": None, "finish": "settled"},
}
CONTENTS: dict[str, Callable[[], Content]] = {
    "never": lambda: BEFORE,
    "begun": begun,
    "switched": switched,
    "rolled-back": rolled_back,
    "settled": lambda: finish(switched(), NAME, "rpc", LATER),
}


@pytest.mark.parametrize("phase", TURNS)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_from_every_phase(phase: str, step: str):
    """Each is taken, repeated without effect, or refused with the steps that may be taken."""
    content, expected = CONTENTS[phase](), TURNS[phase][step]
    if expected is None:
        with pytest.raises(RotationError, match=r"passwords rotate (begin|switch|finish|rollback)"):
            STEPS[step](content)
        return
    after = STEPS[step](content)
    rotation = rotation_of(after, NAME)
    assert rotation is not None
    assert rotation.phase == expected
    if phase == expected:
        assert after is content


def test_accounts_and_passwords_of_each_phase():
    """Name and password go together from one place to the other."""
    seen = []
    for content in (begun(), switched(), rolled_back()):
        rotation = rotation_of(content, NAME)
        assert rotation is not None
        seen.append((user(rotation), user(rotation, other=True), *passwords(content)))
    assert seen == [
        ("rpc", "rpc-2", "old", "new"),
        ("rpc-2", "rpc", "new", "old"),
        ("rpc", "rpc-2", "old", "new"),
    ]


def test_finish_forgets_the_password_and_remembers_the_name():
    """So that the account is deleted wherever it still is."""
    content = finish(switched(), NAME, "rpc", LATER)
    rotation = rotation_of(content, NAME)
    assert rotation is not None
    assert (passwords(content), rotation.retired) == (("new", None), ("rpc",))
    assert "old" not in [one.secret.reveal() for one in content.secrets.values()]


def test_numbers_are_not_used_twice():
    """Not even that of an account that was rolled back: a client may still have its password."""
    content = begun(finish(rolled_back(), NAME, "rpc-2", LATER), "newest")
    rotation = rotation_of(content, NAME)
    assert rotation is not None
    assert (user(rotation), user(rotation, other=True)) == ("rpc", "rpc-3")
    assert rotation.retired == ("rpc-2",)


def test_taken_numbers_are_passed_over():
    """And count as used."""
    content = begin(BEFORE, LOGIN, stored("new"), LATER, is_taken=lambda number: number in (2, 3))
    rotation = rotation_of(content, NAME)
    assert rotation is not None
    assert (user(rotation, other=True), rotation.last_number) == ("rpc-4", 4)


def test_other_secrets_stay():
    """A rotation is of one secret."""
    assert switched().secrets["RabbitCookie"] == BEFORE.secrets["RabbitCookie"]


def test_repeated_begin_keeps_the_first_password():
    """Puppet may have brought it to the brokers already."""
    assert passwords(begun(begun(new="first"), "second")) == ("old", "first")


def test_nothing_to_rotate():
    """A secret that the store has not."""
    with pytest.raises(MissingSecretError, match=NAME):
        begun(Content())


def test_operator_names_the_account_of_others():
    """Whatever it is, it goes with its password."""
    content = begin(BEFORE, LOGIN, stored("new"), LATER, user_name="nova2")
    for step, expected in ((switch, "nova2"), (roll_back, "rpc"), (switch, "nova2")):
        content = step(content, NAME, LATER)
        rotation = rotation_of(content, NAME)
        assert rotation is not None
        assert user(rotation) == expected


@pytest.mark.parametrize(
    "damage",
    [
        {"phase": "beginning"},
        {"other": None},
        {"active": {"number": 1}, "since": "yesterday"},
        {"last_number": "many"},
        {"active": 1},
        {"retired": 1},
    ],
)
def test_damaged_state_is_refused(damage: dict):
    """Not taken for another one."""
    state = {**begun().rotations[NAME], **damage}
    with pytest.raises(UnusableStoreError, match="restore the backup"):
        rotation_of(attrs.evolve(BEFORE, rotations={NAME: state}), NAME)


@pytest.mark.parametrize("phase", ["begun", "switched", "rolled-back", "settled"])
def test_written_states_are_read(phase: str):
    """Each is the same afterwards, and JSON all through."""
    rotation = rotation_of(CONTENTS[phase](), NAME)
    assert rotation is not None
    assert read_rotation(write_rotation(rotation)) == rotation


class Cloud(RuleBasedStateMachine):
    """Brokers and clients that Puppet brings up to date one by one, in any order, beside an operator.

    The operator may take any step at any time, as the commands allow it: switch once every member lets the
    new account in, finish once nobody is connected as the other.
    """

    def __init__(self) -> None:
        super().__init__()
        self.content = BEFORE
        self.made = 0
        self.brokers = [self._accounts(), self._accounts()]
        self.clients = [self._given(), self._given(), self._given()]

    def _accounts(self) -> dict[str, str]:
        """Return what a rendering gives brokers."""
        active, beside = passwords(self.content)
        rotation = rotation_of(self.content, NAME)
        known = {user(rotation) if rotation else "rpc": active}
        if rotation is not None and beside is not None:
            known[user(rotation, other=True)] = beside
        return known

    def _given(self) -> tuple[str, str]:
        """Return what a rendering gives clients."""
        rotation = rotation_of(self.content, NAME)
        return (user(rotation) if rotation else "rpc", passwords(self.content)[0])

    def _beside(self) -> Optional[str]:
        rotation = rotation_of(self.content, NAME)
        return user(rotation, other=True) if rotation and rotation.is_under_way else None

    @rule(number=st.integers(0, 1))
    def apply_on_a_broker(self, number: int) -> None:
        """An import adds and changes; what is retired is deleted."""
        rotation = rotation_of(self.content, NAME)
        retired = rotation.retired if rotation else ()
        kept = {name: text for name, text in self.brokers[number].items() if name not in retired}
        self.brokers[number] = {**kept, **self._accounts()}

    @rule(number=st.integers(0, 2))
    def restart_a_client(self, number: int) -> None:
        """It takes what its configuration has now."""
        self.clients[number] = self._given()

    @rule()
    def begin(self) -> None:
        """Refused while clients are on another account."""
        self.made += 1
        try:
            self.content = begun(self.content, f"password {self.made}")
        except RotationError:
            return

    @rule()
    def switch(self) -> None:
        """Only when every member lets the account in."""
        beside, password = self._beside(), passwords(self.content)[1]
        if beside and all(broker.get(beside) == password for broker in self.brokers):
            self.content = switch(self.content, NAME, LATER)

    @rule()
    def roll_back(self) -> None:
        """Brokers are not asked: they know both."""
        if self._beside():
            self.content = roll_back(self.content, NAME, LATER)

    @precondition(lambda self: self._beside() is not None)
    @rule()
    def finish(self) -> None:
        """Only when nobody is connected as the other."""
        beside = self._beside()
        assert beside is not None
        try:
            after = finish(self.content, NAME, beside, LATER)
        except RotationError:
            return
        if beside not in {name for name, _ in self.clients}:
            self.content = after

    @invariant()
    def every_client_is_let_in_everywhere(self) -> None:
        """At any time, by any member."""
        for name, password in self.clients:
            assert all(broker.get(name) == password for broker in self.brokers)

    @invariant()
    def whoever_restarts_is_let_in(self) -> None:
        """With the configuration of now, too."""
        name, password = self._given()
        assert all(broker.get(name) == password for broker in self.brokers)


TestCloud = Cloud.TestCase
