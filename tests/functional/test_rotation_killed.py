# SPDX-License-Identifier: Apache-2.0
"""Commands on passwords killed at every system call that changes something, and two of them at once.

They work on a real store and tree and talk to a real broker. `tests.support.syscalls` kills them before the
k-th call of one name; k goes up until the command gets through.
"""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import yaml

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import lab
from tests.support.rotation_child import Commands, Run, commands_on
from tests.support.rotation_place import Kept, Place
from tests.support.syscalls import ANY, CREATE, FORK, NUMBERS, Moment
from tripleo_messaging.passwords.specs import PASSWORD_SPECS

MEMBER, ADDRESS = "ctl-0", "10.99.0.11"
#: Whatever a command does to files or to brokers, it does by one of these.
CALLS = (
    *("write", "fsync", "rename", "unlink", "unlinkat", "rmdir", "mkdir", "fchmod", CREATE),
    *("connect", "sendto"),
)
MOST_CALLS = 200
KILLED = -signal.SIGKILL
RANDOM_MOMENTS = 50
MOMENTS_OF_MEETINGS = 12
#: Is printed; the variable repeats a run.
SEED = int(os.environ.get("TRIPLEO_MESSAGING_TEST_SEED", random.SystemRandom().randrange(2**32)))

OTHER = "RpcPassword.other"
WAY_OUT = r"another (tripleo-messaging )?command.*; run this one"


@attrs.frozen(kw_only=True)
class Verb:
    """A command that is killed.

    Attributes:
        words: its name.
        before: the state that it starts from.
        makes: the secrets that it draws.
        options: further ones.
        renders: whether it reads a plan and writes the tree.
        repeats: whether it does its work once more when it is run again.
    """

    words: str
    before: str
    makes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    renders: bool = True
    repeats: bool = False

    @property
    def is_rotation(self) -> bool:
        """Whether ``passwords rotate status`` tells of it."""
        return self.words.startswith("passwords rotate ")


VERBS = {
    "generate": Verb(
        words="passwords generate", before="nothing", makes=tuple(PASSWORD_SPECS), renders=False
    ),
    "import": Verb(
        words="passwords import {place}/passwords.yaml",
        before="settled",
        options=("--replace",),
        renders=False,
    ),
    "rekey": Verb(words="passwords rekey", before="settled", renders=False, repeats=True),
    "cookie": Verb(words="passwords cookie rotate", before="settled", makes=("RabbitCookie",), repeats=True),
    "begin": Verb(words="passwords rotate begin", before="settled", makes=(OTHER,)),
    "switch": Verb(words="passwords rotate switch", before="begun"),
    "rollback": Verb(words="passwords rotate rollback", before="switched"),
    "finish": Verb(words="passwords rotate finish", before="switched"),
}
each_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


@attrs.frozen(kw_only=True)
class World:
    """Commands on a member of a running cluster, and what they work on."""

    place: Place
    commands: Commands
    _rendered: dict[str, dict[str, bytes]] = attrs.field(factory=dict, repr=False)

    def rendered_anew(self) -> dict[str, bytes]:
        """Return the tree that the store, as it is now, leads to."""
        kept = self.place.kept()
        content = json.dumps([dict(kept.secrets), dict(kept.rotations)], sort_keys=True)
        if content not in self._rendered:
            anew = attrs.evolve(self.place, tree_name="anew")
            run = self.commands.quick("hieradata", "render", *anew.tree_words)
            assert run.status == 0, run.errors
            self._rendered[content] = anew.levels()
            shutil.rmtree(anew.tree)
        return self._rendered[content]

    def argv(self, verb: Verb) -> tuple[str, ...]:
        """Return the arguments of a command."""
        words = verb.words.format(place=self.place.known_as).split()
        return (*words, *verb.options, *(self.place.tree_words if verb.renders else self.place.store_words))

    def must_run(self, *argv: str) -> Run:
        """Run a command that has to succeed."""
        run = self.commands.learn(*argv)
        assert run.status == 0, f"{shlex.join(argv)}: {run.output}{run.errors}"
        return run


@attrs.frozen(kw_only=True)
class Whole:
    """What a command does when nothing comes between.

    Attributes:
        old: what the store keeps before.
        new: what it keeps afterwards.
        old_levels: the tree before.
        run: of the command.
    """

    old: Kept
    new: Kept
    old_levels: dict[str, bytes]
    run: Run


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Bring a broker up to where it knows both accounts, and keep the states on the way there."""
    with lab({MEMBER: ADDRESS}, hieradata.DOMAIN) as hosts, commands_on(hosts[MEMBER]) as commands:
        # In the host's memory, where bringing something to the disk takes no time.
        known_as = Path("/run/place")
        place = Place(directory=Path(f"/proc/{hosts[MEMBER].holder}/root{known_as}"), known_as=known_as)
        place.now.mkdir(parents=True)
        write_inputs(place.directory)
        place.save("nothing")
        world = World(place=place, commands=commands)
        world.must_run("passwords", "generate", *place.store_words)
        world.must_run("hieradata", "render", *world.place.tree_words)
        place.save("settled")
        world.must_run(*world.argv(VERBS["begin"]))
        place.save("begun")
        rendered = hieradata.Rendered(directory=Path(place.word(place.tree)), output="")
        rendered.install(hosts[MEMBER])
        applied = puppet.apply(hosts[MEMBER])
        assert applied.code == 2, applied.output
        assert brokers.rabbitmqctl(hosts[MEMBER], "await_startup") is not None
        world.must_run(*world.argv(VERBS["switch"]))
        place.save("switched")
        yield world


def write_inputs(directory: Path) -> None:
    """Write plan, inventory, and a file of passwords to import."""
    names = {"internal_api_ip": ADDRESS, "internal_api_hostname": f"{MEMBER}.{hieradata.DOMAIN}"}
    inventory = {"_meta": {"hostvars": {MEMBER: names}}, "ctl": {"hosts": [MEMBER]}}
    documents = {
        "plan.yaml": yaml.safe_dump({"version": 1, "rpc": {"nodes": "ctl"}}),
        "inventory.json": json.dumps(inventory),
        "passwords.yaml": yaml.safe_dump({"parameter_defaults": {"NotifyPassword": "imported" * 4}}),
    }
    for name, text in documents.items():
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o600)


def run_whole(world: World, verb: Verb) -> Whole:
    """Run a command to its end, and learn the states before and after."""
    world.place.restore(verb.before)
    old, levels = world.place.kept(), world.place.levels()
    # The first imports what the others have by then.
    world.must_run(*world.argv(verb))
    world.place.restore(verb.before)
    run = world.commands.run(*world.argv(verb))
    assert run.status == 0, run.output + run.errors
    return Whole(old=old, new=world.place.kept(), old_levels=levels, run=run)


def told_by_status(world: World) -> list[str]:
    """Return the commands, without the program's name, that ``status`` says go on."""
    status = world.commands.quick("passwords", "rotate", "status", *world.place.tree_words)
    assert status.status == 0, status.output + status.errors
    told = re.findall(r"^ +tripleo-messaging (.*)$", status.output, re.MULTILINE)
    assert told or "No rotation is under way" in status.output, status.output
    return told


def go_on_as_told(world: World, verb: Verb, end: str, where: str) -> None:
    """Ask ``status`` how to go on, and where something was left to be done, run what it says."""
    told = told_by_status(world)
    if end in ("behind", "between"):
        run = world.commands.quick(*shlex.split(told[0]))
        assert run.status == 0, f"{where}: {run.output}{run.errors}"
    elif end == "old" and verb.words != VERBS["begin"].words:
        assert any(command.startswith(verb.words) for command in told), f"{where}: {told}"


def random_moments(what: str, whole: Run, number: int) -> list[Moment]:
    """Choose system calls of a whole run, others with each seed."""
    drawn = random.Random(f"{SEED} {what}")  # noqa: S311 - no secret
    return [Moment(ANY, call) for call in sorted(drawn.sample(range(1, whole.calls[ANY] + 1), number))]


def say(text: str) -> None:
    """Print what a test has done, which pytest shows with ``-s`` or when it fails."""
    sys.stdout.write(f"{text}\n")


def check_and_go_on(world: World, verb: Verb, whole: Whole, where: str) -> str:
    """Check what a killed command has left, go on, and check the end; return which state it was."""
    end = check_left(world, verb, whole, where)
    kept = world.place.kept()
    if verb.is_rotation:
        go_on_as_told(world, verb, end, where)
        if end != "old":
            check_end(world, verb, whole, where, may_leave=end == "new")
    again = world.commands.quick(*world.argv(verb))
    assert again.status == 0, f"{where}: {again.output}{again.errors}"
    check_end(world, verb, whole, where)
    # What was drawn before the kill and is not rendered yet is not drawn again.
    if end == "behind" or (end != "old" and not verb.repeats):
        assert world.place.kept() == kept, where
    return end


def check_left(world: World, verb: Verb, whole: Whole, where: str) -> str:
    """Check that the store is old or new, and the tree too, or told to be neither, and never ahead."""
    kept, levels, is_between = world.place.kept(), world.place.levels(), world.place.is_between()
    assert world.place.open_to_others() == [], where
    world.place.open_backup()
    if kept == whole.old:
        # A tree that is ahead of the store would have an account in use that nobody knows.
        assert (levels, is_between) == (whole.old_levels, False), where
        return "old"
    assert is_like(kept, whole.new, verb), where
    if not verb.renders:
        return "new"
    new_levels = world.rendered_anew()
    assert is_between or levels in (whole.old_levels, new_levels), where
    return "between" if is_between else "behind" if levels != new_levels else "new"


def is_like(kept: Kept, new: Kept, verb: Verb) -> bool:
    """Tell whether a store is as it is to be, but for the values that are drawn."""
    return kept.without(*verb.makes) == new.without(*verb.makes)


def check_end(world: World, verb: Verb, whole: Whole, where: str, *, may_leave: bool = False) -> None:
    """Store and tree are as if nothing had come between."""
    kept = world.place.kept()
    if verb.repeats:
        kept = attrs.evolve(kept, actions=tuple(dict.fromkeys(kept.actions)))
    assert is_like(kept, whole.new, verb), where
    drawn = [kept.secrets[name] for name in verb.makes]
    assert all(drawn), where
    assert not set(drawn) & set(whole.old.secrets.values()), where
    assert may_leave or world.place.leftovers() == [], where
    assert world.place.number_of_keys() == 1, where
    if verb.renders:
        assert world.place.levels() == world.rendered_anew(), where


@each_verb
def test_killed_at_every_call(world: World, verb: Verb):
    """Old or new is there, whole; the command that is named then goes on to the same end."""
    whole = run_whole(world, verb)
    ends: Counter[str] = Counter()
    for name in CALLS:
        for number in range(1, MOST_CALLS):
            where = f"{verb.words}, {name} {number}"
            world.place.restore(verb.before)
            run = world.commands.run(*world.argv(verb), at=Moment(name, number))
            if run.status != KILLED:
                assert (run.status, number) == (0, whole.run.calls.get(name, 0) + 1), where
                break
            ends[check_and_go_on(world, verb, whole, where)] += 1
        else:
            pytest.fail(f"{name}: still killed after {MOST_CALLS} calls")
    say(f"{verb.words}: killed {sum(ends.values())} times, left {dict(ends)}")
    assert min(ends["old"], ends["new"]) > 2
    assert (min(ends["between"], ends["behind"]) > 3) == verb.renders


@each_verb
def test_killed_at_random_moments(world: World, verb: Verb):
    """The same holds before any other system call, or what the processor does between two."""
    whole = run_whole(world, verb)
    ends: Counter[str] = Counter()
    for moment in random_moments(verb.words, whole.run, RANDOM_MOMENTS):
        where = f"{verb.words}, call {moment.number}, seed {SEED}"
        world.place.restore(verb.before)
        run = world.commands.run(*world.argv(verb), at=moment)
        # It may make some calls fewer than before.
        assert run.status in (KILLED, 0), where
        ends[check_and_go_on(world, verb, whole, where)] += 1
    say(f"{verb.words}: killed at {sum(ends.values())} random moments, seed {SEED}, left {dict(ends)}")


@each_verb
def test_the_calls_that_it_is_killed_at_are_all_there_are(world: World, verb: Verb):
    """No other system call changes files or says something to a broker, so that the tests above miss none."""
    calls = run_whole(world, verb).run.calls
    assert {*calls} & {*NUMBERS, CREATE, FORK} <= {*CALLS}
    assert {"write", "fsync", "rename", "unlink"} <= {*calls}


@attrs.frozen(kw_only=True)
class Meeting:
    """Two commands at once: while the first is held, the second is run.

    Attributes:
        first: the one that is held.
        second: the one that comes meanwhile.
        before: the state that both start from.
    """

    first: Verb
    second: Verb
    before: str

    @property
    def makes(self) -> tuple[str, ...]:
        """The secrets that either draws."""
        return (*self.first.makes, *self.second.makes)


RENDER = Verb(words="hieradata render", before="settled")
_PAIRS = {
    "settled": (
        *("begin+begin", "begin+import", "begin+rekey", "begin+cookie", "import+begin", "rekey+begin"),
        *("render+cookie", "cookie+render", "render+begin", "begin+render"),
    ),
    "begun": ("switch+switch", "switch+rollback", "render+switch", "import+switch"),
    "switched": ("finish+rollback", "rollback+finish", "finish+begin"),
    "nothing": ("generate+generate", "import+generate"),
}
MEETINGS = {
    f"{pair} {before}": Meeting(
        first={**VERBS, "render": RENDER}[pair.split("+")[0]],
        second={**VERBS, "render": RENDER}[pair.split("+")[1]],
        before=before,
    )
    for before, pairs in _PAIRS.items()
    for pair in pairs
}


@attrs.frozen(kw_only=True)
class Outcome:
    """What two commands came to: the status of each, that of a refused one `REFUSED`, and the store."""

    first: int
    second: int
    kept: Kept


REFUSED = 3


def in_turn(world: World, meeting: Meeting) -> list[Outcome]:
    """Return what comes of the two one after the other, in either order, and of each alone."""
    outcomes = []
    for order in (("first", "second"), ("second", "first"), ("first",), ("second",)):
        world.place.restore(meeting.before)
        runs = {name: world.commands.learn(*world.argv(getattr(meeting, name))) for name in order}
        statuses = {name: runs[name].status if name in runs else REFUSED for name in ("first", "second")}
        outcomes.append(Outcome(**statuses, kept=world.place.kept().without(*meeting.makes)))
    return outcomes


@pytest.mark.parametrize("meeting", MEETINGS.values(), ids=MEETINGS)
def test_two_at_once(world: World, meeting: Meeting):
    """Wherever the first is when the second comes, it is as if they came in turn, or one is refused.

    Who only looks is never refused.
    """
    possible = in_turn(world, meeting)
    world.place.restore(meeting.before)
    whole = world.commands.run(*world.argv(meeting.first))
    moments = [Moment("rename", number) for number in range(1, whole.calls.get("rename", 0) + 1)]
    moments += random_moments(f"{meeting}", whole, MOMENTS_OF_MEETINGS)
    status = ("passwords", "rotate", "status", "--offline", *world.place.tree_words)
    looking = [] if meeting.before == "nothing" else [status]
    refused: Counter[str] = Counter()
    for moment in moments:
        where = f"{moment}, seed {SEED}"
        world.place.restore(meeting.before)
        held = (world.argv(meeting.second), *looking)
        first = world.commands.run(*world.argv(meeting.first), at=moment, hold=held)
        second, *looked = first.meanwhile or (world.commands.quick(*world.argv(meeting.second)),)
        assert [run.status for run in looked] in ([], [0]), f"{where}: {looked}"
        for name, run in (("first", first), ("second", second)):
            refused[name] += run.status == REFUSED
            assert run.status != REFUSED or re.search(WAY_OUT, run.errors), f"{where}: {run.errors}"
        kept = world.place.kept().without(*meeting.makes)
        assert Outcome(first=first.status, second=second.status, kept=kept) in possible, where
        if world.place.tree.exists():
            assert world.place.levels() == world.rendered_anew(), where
    say(f"{len(moments)} moments, seed {SEED}, refused {dict(refused)}")
    assert refused["second"] > 0
