# SPDX-License-Identifier: Apache-2.0
"""What is ours, how it is said, and that values stay unseen."""

from __future__ import annotations

import pytest

from tests.support.canary import PLAIN, betrays
from tripleo_messaging.explain.values import Definer, Explanation, is_our_level
from tripleo_messaging.explain.words import verdict
from tripleo_messaging.hierarchy.ours import ENTRY, SEALED_ENTRY


def definer(name: str, *, ours: bool = False, wins: bool = False) -> Definer:
    """Return a definer with a secret value."""
    return Definer(layer="global", level=name, file=f"/d/{name}.json", value=PLAIN, is_ours=ours, wins=wins)


LEVELS = {
    ("messaging_all", "/etc/puppet/hieradata/messaging_all.json", "json"): True,
    ("messaging_node.json", "", "Anything"): True,
    ("other", "/d/messaging_cluster_notify.json", ""): True,
    ("tripleo-messaging, sealed", "", "tripleo-messaging, sealed"): True,
    ("messaging_mine", "/d/messaging_mine.json", "json"): False,
    ("ansible_managed", "/d/ansible_managed.json", "json"): False,
    ("common.yaml", "/messaging_all/common.yaml", "Common"): False,
}


@pytest.mark.parametrize("names", LEVELS)
def test_our_levels_are_known_by_their_names(names):
    """A level of ours has one of our files, or stands in an entry of our name."""
    assert is_our_level(*names) is LEVELS[names]


@pytest.mark.parametrize("entry", [ENTRY, SEALED_ENTRY])
def test_our_entries_are_known_by_their_names(entry):
    """Both entries that an installation writes into a hierarchy are ours."""
    assert is_our_level("anything.yaml", "", entry)


def test_no_value_is_in_the_repr():
    """Neither a level's value nor that of the key shows in what a traceback or a log may print."""
    explanation = Explanation(key="k", program="p", definers=(definer("a"),), is_found=True, value=PLAIN)
    assert not betrays(repr(explanation).encode())


IN_ORDER = ", and where they disagree the first of them decides"

VERDICTS = {
    "an override": (
        (definer("extraconfig", wins=True), definer("messaging_all", ours=True)),
        "first",
        "extraconfig.json decides; ours in messaging_all.json is shadowed",
    ),
    "ours": (
        (definer("messaging_node", ours=True, wins=True), definer("all_nodes"), definer("upgrade")),
        "first",
        "messaging_node.json (ours) decides; all_nodes.json and upgrade.json are shadowed",
    ),
    "several of ours": (
        (definer("x", wins=True), definer("messaging_node", ours=True), definer("messaging_all", ours=True)),
        "first",
        "x.json decides; ours in messaging_node.json and messaging_all.json are shadowed",
    ),
    "one alone, merged": ((definer("x", wins=True),), "deep", "x.json decides"),
    "deep": (
        (definer("x", wins=True), definer("messaging_all", ours=True, wins=True)),
        "deep",
        "x.json and messaging_all.json (ours) are merged (deep)" + IN_ORDER,
    ),
    "unique": (
        (definer("x", wins=True), definer("y", wins=True)),
        "unique",
        "x.json and y.json are merged (unique)",
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict_is_a_sentence(case):
    """Who decides comes first, then what of ours is shadowed, then the rest."""
    definers, merge, text = VERDICTS[case]
    assert verdict(Explanation(key="k", program="p", merge=merge, definers=definers, is_found=True)) == text


def test_an_incomplete_answer_says_so():
    """Where a lower level cannot be read, nobody knows whether it has the key, too."""
    explanation = Explanation(
        key="k", program="p", definers=(definer("x", wins=True),), is_found=True, is_complete=False
    )
    assert verdict(explanation) == (
        "x.json decides; lower levels were not looked at, as one of them cannot be read"
    )


def test_files_that_cannot_be_told_are_not_called_unreadable():
    """Nothing is wrong with a level then, and nobody should look for what is."""
    explanation = Explanation(
        key="k",
        program="p",
        definers=(definer("x", wins=True),),
        is_found=True,
        is_complete=False,
        are_files_known=False,
    )
    assert verdict(explanation) == (
        "x.json decides; which other levels define it is not known, as their files cannot be told from the"
        " hiera.yaml"
    )
