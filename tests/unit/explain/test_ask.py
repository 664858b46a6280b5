# SPDX-License-Identifier: Apache-2.0
"""The programs are started with words alone, waited for in bounds, and never quoted unasked."""

from __future__ import annotations

import json
import stat
import sys
import time

import pytest

from tests.support.canary import PLAIN, betrays
from tripleo_messaging.errors import UnansweredError, UnknownKeyError
from tripleo_messaging.explain import puppet
from tripleo_messaging.explain.ask import Question, explain, puppet_command


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A directory that is the whole of PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def program(directory, name, body):
    """Put a program in Python of a few lines there."""
    file = directory / name
    file.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    file.chmod(stat.S_IRWXU)


def no_level(_: str) -> None:
    """Read no level."""


FOUND = {"type": "path", "event": "found", "key": "k", "value": 1, "original_path": "a", "path": "/d/a.json"}
ANSWER = json.dumps({"branches": [{"type": "root", "key": "k", "branches": [FOUND]}]})


@pytest.mark.usefixtures("path")
def test_nothing_installed_is_said_with_the_way_out():
    """Where neither program is on PATH, both are named, and what helps."""
    with pytest.raises(UnansweredError) as raised:
        explain(Question(key="k"), None, no_level)
    assert str(raised.value) == (
        "puppet or hiera: not on PATH; put its directory there, e.g. /opt/puppetlabs/bin, or look into a tree"
        " with --data"
    )


def test_a_program_that_was_named_is_not_replaced(path):
    """Who asks for hiera gets no answer of puppet."""
    program(path, "puppet", f"print({ANSWER!r})")
    with pytest.raises(UnansweredError, match=r"^hiera: not on PATH"):
        explain(Question(key="k"), "hiera", no_level)


def test_puppet_is_asked_first(path):
    """Both are there, and it is Puppet that knows lookup_options and environments."""
    program(path, "puppet", f"print({ANSWER!r})")
    program(path, "hiera", "sys.exit(1)")
    assert explain(Question(key="k"), None, no_level).program == "puppet lookup"


def test_two_puppets_that_meet_are_asked_one_by_one(path, tmp_path):
    """One that fails because both make the same directory is asked again, alone, and the answer is whole."""
    # Both wait until the other has come, and then one of them fails; who comes third is alone.
    program(
        path,
        "puppet",
        f"""import os, pathlib, time
place = pathlib.Path({str(tmp_path)!r})
own = place / f"{{os.getpid()}}.run"
own.touch()
while len(runs := sorted(place.glob("*.run"))) < 2:
    time.sleep(0.01)
if len(runs) == 2 and own == runs[1]:
    sys.exit("File exists")
print({ANSWER!r})""",
    )
    explanation = explain(Question(key="k"), None, no_level)
    assert explanation.is_complete
    assert len(list(tmp_path.glob("*.run"))) == 3


def test_the_words_are_puppets():
    """Every option is a word of its own, and the key stands behind the last of them."""
    question = Question(key="-k", hiera_config="/h.yaml", node="n", facts="/f.json", module_path="/m")
    assert puppet_command(question, "--merge", "deep") == [
        *("puppet", "lookup", "--hiera_config", "/h.yaml", "--basemodulepath", "/m", "--node", "n"),
        *("--facts", "/f.json", "--merge", "deep", "--explain", "--render-as", "json", "--", "-k"),
    ]
    assert "--node" not in puppet_command(Question(key="k", node="n"))


def test_an_unknown_key_names_the_hierarchy(path):
    """A key without a value is the same error as in a rendered tree."""
    program(path, "puppet", f"print({json.dumps({'branches': [{'type': 'root', 'key': 'k'}]})!r})")
    with pytest.raises(UnknownKeyError, match=r"^/h\.yaml: no value for the key 'k'$"):
        explain(Question(key="k", hiera_config="/h.yaml"), None, no_level)


def test_hiera_is_not_asked_about_backends_of_others(path):
    """Whatever it answers, which levels define the key would be a guess."""
    program(path, "hiera", "print(1)")
    question = Question(key="k", directories={"eyaml": "/e", "json": "/d"})
    with pytest.raises(UnansweredError, match="the backend eyaml"):
        explain(question, "hiera", no_level)


def test_what_a_program_says_of_an_error_is_not_quoted(path):
    """Puppet quotes the data that it cannot read; they are shown when that is asked for, and not before."""
    text = (
        f"""Unable to parse (/d/x.json): 859: unexpected token at '{{"messaging_rpc_password": "{PLAIN}"'"""
    )
    program(path, "puppet", f"print({text!r}, file=sys.stderr); sys.exit(1)")
    with pytest.raises(UnansweredError) as raised:
        explain(Question(key="k"), None, no_level)
    assert not betrays(str(raised.value).encode())
    assert str(raised.value) == "puppet lookup: failed with exit status 1: Unable to parse (/d/x.json)"
    with pytest.raises(UnansweredError) as revealed:
        explain(Question(key="k", reveal=True), None, no_level)
    assert betrays(str(revealed.value).encode())


def test_what_our_own_function_says_is_shown(path):
    """It names a file and what to run, and no data."""
    advice = "/k.pem has mode 0644; run: tripleo-messaging hieradata install --data SEALED --node NODE"
    text = f"\x1b[1;31mError: Could not run: Lookup of key 'k' failed: {advice}\x1b[0m"
    program(path, "puppet", f"print({text!r}, file=sys.stderr); sys.exit(1)")
    with pytest.raises(UnansweredError) as raised:
        explain(Question(key="k"), None, no_level)
    assert str(raised.value) == f"puppet lookup: failed with exit status 1: {advice}"


def test_an_error_without_a_known_part_is_told_where_to_see(path):
    """Nothing of an unknown text is shown, but how to see it is."""
    program(path, "puppet", f"print({PLAIN!r}); print({PLAIN!r}, file=sys.stderr); sys.exit(1)")
    with pytest.raises(UnansweredError) as raised:
        explain(Question(key="k"), None, no_level)
    assert not betrays(str(raised.value).encode())
    assert "shown with --reveal" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"branches": 1}', '{"branches": [{"type": "root"}]}']
)
def test_an_answer_that_is_none_is_an_error(text):
    """What is not an explanation of the key is no answer, whatever it is; its text stays unseen."""
    with pytest.raises(UnansweredError, match="no explanation in JSON"):
        puppet.explain("k", text, None)


def test_notices_before_the_answer_are_passed_over():
    """Puppet tells of directories that it makes on standard output, before it answers."""
    notice = "\x1b[mNotice: /File[/etc/puppet/code/environments/production]/ensure: created\x1b[0m\n"
    assert puppet.explain("k", notice + ANSWER, notice + ANSWER).value == 1


def test_an_endless_answer_is_an_error():
    """No hierarchy is so deep."""
    node = FOUND
    for _ in range(200):
        node = {"type": "merge", "branches": [node]}
    text = json.dumps({"branches": [{"type": "root", "key": "k", "branches": [node]}]})
    with pytest.raises(UnansweredError, match="nested deeper"):
        puppet.explain("k", text, None)


def test_a_program_that_hangs_is_stopped(path):
    """After a time it is an error, and the program is gone, though one it left behind holds its pipes."""
    program(path, "puppet", "import os, time\nos.fork()\ntime.sleep(3)")
    started = time.monotonic()
    with pytest.raises(UnansweredError, match=r"^puppet: took more than 0\.3 seconds, and was stopped$"):
        explain(Question(key="k", timeout_s=0.3), None, no_level)
    assert time.monotonic() - started < 2.5


def test_the_locale_is_that_of_no_country(path):
    """Texts that are read come in English, and the environment is passed on."""
    check = "import os; assert os.environ['LC_ALL'] == 'C' and os.environ['PATH']"
    program(path, "puppet", f"{check}; print({ANSWER!r})")
    assert explain(Question(key="k"), None, no_level).value == 1
