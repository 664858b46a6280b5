# SPDX-License-Identifier: Apache-2.0
"""``passwords import`` and ``passwords export``: TripleO's file and the store."""

from __future__ import annotations

import stat

import pytest
import yaml

from tests.support.stores import store_files, switched
from tripleo_messaging.files import locked

TRIPLEOS = """\
# of the deployment
parameter_defaults:
  AdminPassword: theirs
  KeystoneFernetKeys: {/etc/keystone/0: {content: "a="}}   # a mapping
  RpcPassword: aaa
  MigrationSshKey: |
    -----BEGIN
    b

  RabbitCookie: ccc
resource_registry: {}
"""


@pytest.fixture
def store(tmp_path):
    """Name a store that is not there."""
    return store_files(tmp_path)


@pytest.fixture
def file(write):
    """Write a file as TripleO does."""
    return write("overcloud-passwords.yaml", TRIPLEOS)


def test_ours_are_taken_over(run, store, file):
    """The rest of the file is nobody's business here; no value is said."""
    ran = run("passwords", "import", file, *store.words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "Imported: RabbitCookie, RpcPassword\n"
        f"Store {store.path}, key {store.key_file} (both mode 0600)\n"
        "Nobody reads the store without its key: keep a copy of the key, apart from copies of the store\n"
        f"{file} still holds the passwords for everybody who may read it\n"
    )
    assert store.texts == {"RpcPassword": "aaa", "RabbitCookie": "ccc"}
    assert {stored.source for stored in store.content.secrets.values()} == {"imported"}
    assert store.actions == [("passwords import", ("RabbitCookie", "RpcPassword"))]


def test_again_nothing_is_written(run, store, file):
    """What is the same is named."""
    run("passwords", "import", file, *store.words)
    before = store.path.read_bytes()
    ran = run("passwords", "import", file, *store.words, "--replace")
    assert (ran.status, ran.out, ran.err) == (0, "The same: RabbitCookie, RpcPassword\n", "")
    assert store.path.read_bytes() == before


def test_a_value_that_differs_is_an_error(run, store, file):
    """Each is named with its line; nothing is written, not even what is new."""
    store.put({"RpcPassword": "other"})
    before = store.path.read_bytes()
    ran = run("passwords", "import", file, *store.words)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"{file}:5: error: $.parameter_defaults.RpcPassword: is another value than the store's, which stays"
        " (take it out of the file, or replace the store's with --replace) [secret-differs]\n"
    )
    assert store.path.read_bytes() == before


LOGIN = (
    "clients get it with the next rendering: an outage, unless the brokers have that value already"
    " ('passwords rotate begin' gives clients another one without)"
)
COOKIE = (
    "members get it with the next rendering, and speak with none that has the former one: an outage, unless"
    " they have that value already ('passwords cookie rotate' changes it while they run)"
)
MEANINGS = {
    "RpcPassword": LOGIN,
    "NotifyPassword": LOGIN,
    "RpcTransportUrl": LOGIN,
    "NotifyTransportUrl": LOGIN,
    "RabbitCookie": COOKIE,
    "RabbitNotifyCookie": COOKIE,
}


@pytest.mark.parametrize("name", MEANINGS)
def test_replacing_what_is_in_use_says_what_it_means(run, store, write, name):
    """It is done all the same."""
    store.put({name: "former"})
    file = write("p.yaml", f"parameter_defaults: {{{name}: new}}\n")
    ran = run("passwords", "import", file, *store.words, "--replace")
    assert ran.status == 0
    assert ran.err == f"{file}:1: warning: $.parameter_defaults.{name}: {MEANINGS[name]} [secret-in-use]\n"
    assert ran.out.startswith(f"Replaced: {name}\n")
    assert store.texts == {name: "new"}


def test_replacing_what_nobody_uses_says_nothing(run, store, write):
    """RabbitPassword is there for upstream's templates alone."""
    store.put({"RabbitPassword": "former", "RpcPassword": "a", "NotifyPassword": "b"})
    ran = run(
        "passwords",
        "import",
        write("p.yaml", "parameter_defaults: {RabbitPassword: new}\n"),
        *store.words,
        "--replace",
    )
    assert (ran.status, ran.err) == (0, "")
    assert store.texts == {"RabbitPassword": "new", "RpcPassword": "a", "NotifyPassword": "b"}


@pytest.mark.parametrize("words", [(), ("--replace",)])
def test_what_rotates_is_not_replaced(run, store, file, words):
    """Neither account's password; nothing is written."""
    store.put({"RpcPassword": "new", "RpcPassword.other": "aaa"}, switched())
    before = store.path.read_bytes()
    ran = run("passwords", "import", file, *store.words, *words)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"{file}:5: error: $.parameter_defaults.RpcPassword: is another value than the store's, and a"
        " rotation of it is under way (end that first: 'passwords rotate status' says how)"
        " [rotation-under-way]\n"
    )
    assert store.path.read_bytes() == before


LEGACY = {
    "nothing else": ({}, {"RabbitPassword": "a", "RpcPassword": "a", "NotifyPassword": "a"}),
    "one in the store": (
        {"RpcPassword": "b"},
        {"RabbitPassword": "a", "RpcPassword": "b", "NotifyPassword": "a"},
    ),
    "both in the store": (
        {"RpcPassword": "b", "NotifyPassword": "c"},
        {"RabbitPassword": "a", "RpcPassword": "b", "NotifyPassword": "c"},
    ),
}


@pytest.mark.parametrize("case", LEGACY)
def test_an_old_password_stands_for_what_nobody_states(run, store, write, case):
    """What a release before Rocky called RabbitPassword is no other value of what the store has by itself."""
    held, expected = LEGACY[case]
    store.put(held)
    ran = run(
        "passwords", "import", write("p.yaml", "parameter_defaults: {RabbitPassword: a}\n"), *store.words
    )
    assert (ran.status, ran.err) == (0, "")
    assert store.texts == expected


@pytest.mark.parametrize("text", ["", "parameter_defaults: {}\n", "parameter_defaults: {AdminPassword: a}\n"])
def test_a_file_without_ours_is_an_error(run, store, write, text):
    """It is surely not the one that was meant."""
    file = write("p.yaml", text)
    ran = run("passwords", "import", file, *store.words)
    assert ran.status == 1
    assert ran.err == (
        f"{file}: error: $: holds no secret of messaging"
        " (expected parameter_defaults with RpcPassword, RabbitCookie and the like) [nothing-to-import]\n"
    )
    assert not store.path.exists()


def test_findings_of_the_file_are_told(run, store, write):
    """An error among them imports nothing."""
    file = write("p.yaml", "parameter_defaults: {RpcPassword: [a], RabbitCookie: b}\n")
    ran = run("passwords", "import", file, *store.words)
    assert (ran.status, ran.out) == (1, "")
    assert "$.parameter_defaults.RpcPassword" in ran.err
    assert not store.path.exists()


def test_a_file_open_to_others_is_a_warning(run, store, file):
    """It is imported all the same: who could read it may have done so."""
    file.chmod(0o644)
    ran = run("passwords", "import", file, *store.words)
    assert ran.status == 0
    assert "[exposed-secrets]" in ran.err


def test_all_else_stays_to_the_byte(run, store, file):
    """Comments, mappings, keys of several lines, and secrets of ours that the store lacks."""
    store.put({"RpcPassword": "new", "NotifyPassword": "made", "RpcPassword.other": "no", "Foreign": "no"})
    ran = run("passwords", "export", file, *store.words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "Exported: NotifyPassword, RpcPassword\n"
        f"File {file} (mode 0600); what it held before, if anything, is in {file}.bak\n"
    )
    expected = TRIPLEOS.replace("RpcPassword: aaa", 'RpcPassword: "new"')
    added = '  NotifyPassword: "made"\n  AdminPassword'
    assert file.read_text() == expected.replace("  AdminPassword", added)
    assert store.actions == [("passwords export", ("NotifyPassword", "RpcPassword"))]


def test_the_former_file_is_kept(run, store, file):
    """Both are for their owner only, whatever the file was."""
    store.put({"RpcPassword": "new"})
    file.chmod(0o644)
    run("passwords", "export", file, *store.words)
    backup = file.with_name(f"{file.name}.bak")
    assert backup.read_text() == TRIPLEOS
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, backup)] == [0o600, 0o600]


def test_exporting_again_writes_nothing(run, store, file):
    """Neither to the file nor to the store."""
    store.put({"RpcPassword": "aaa"})
    before = (file.read_bytes(), store.path.read_bytes())
    ran = run("passwords", "export", file, *store.words)
    assert (ran.status, ran.out) == (0, "The same: RpcPassword\n")
    assert (file.read_bytes(), store.path.read_bytes()) == before


def test_a_new_file_is_made(run, store, tmp_path):
    """In a directory that may be new; beside the store as well."""
    store.put({"RpcPassword": "new"})
    for file in (tmp_path / "new" / "overcloud-passwords.yaml", store.path.with_name("p.yaml")):
        assert run("passwords", "export", file, *store.words).status == 0
        assert yaml.safe_load(file.read_text()) == {"parameter_defaults": {"RpcPassword": "new"}}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_clients_log_in_as_is_told(run, store, file):
    """Heat's own templates know but the name of the plan."""
    store.put({"RpcPassword": "new", "RpcPassword.other": "old"}, switched())
    ran = run("passwords", "export", file, *store.words)
    assert ran.err == (
        f"{file}: note: $.parameter_defaults.RpcUserName: clients log in as rpc-2 since a rotation, not"
        " as rpc (where Heat's own templates configure clients, give them RpcUserName: rpc-2 in an"
        " environment file that is no input of tripleo-messaging: the plan keeps rpc) [rotated-user]\n"
    )


UNWRITABLE = {
    "a value behind an alias": (
        "x: &x a\nparameter_defaults: {RpcPassword: *x}\n",
        3,
        "has one of our values where it cannot be changed alone, as behind an alias; write it out there",
    ),
    "a list of passwords": (
        "parameter_defaults: {RpcPassword: [a]}\n",
        1,
        "$.parameter_defaults.RpcPassword",
    ),
    "no mapping": ("[a]\n", 1, "a list is not a mapping with parameter_defaults"),
    "no YAML": ("parameter_defaults: {\n", 1, "[unreadable-document]"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_cannot_be_kept_is_not_written(run, store, write, case):
    """Neither is that it was exported."""
    text, status, message = UNWRITABLE[case]
    store.put({"RpcPassword": "new"})
    file = write("p.yaml", text)
    ran = run("passwords", "export", file, *store.words)
    assert (ran.status, ran.out) == (status, "")
    assert message in ran.err
    assert file.read_text() == text
    assert store.actions == []


def test_a_link_is_not_followed(run, store, file, tmp_path):
    """What it points to stays."""
    store.put({"RpcPassword": "new"})
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    ran = run("passwords", "export", link, *store.words)
    assert ran.err == f"error: {link}: is a symbolic link; name the file that it points to\n"
    assert file.read_text() == TRIPLEOS


def test_a_json_name_is_wrong_usage(run, store, tmp_path):
    """TripleO writes YAML."""
    store.put({"RpcPassword": "new"})
    ran = run("passwords", "export", tmp_path / "p.json", *store.words)
    expected = f"error: {tmp_path / 'p.json'}: is named as JSON, expected YAML as TripleO writes it (.yaml)\n"
    assert (ran.status, ran.err) == (2, expected)


def test_a_file_that_another_command_writes_stays(run, store, file):
    """The directory's lock is the same for all commands."""
    store.put({"RpcPassword": "new"})
    with locked(file.parent):
        ran = run("passwords", "export", file, *store.words)
    assert ran.status == 3
    assert file.read_text() == TRIPLEOS


def test_what_was_exported_is_imported(run, store, tmp_path):
    """Whatever the values are."""
    texts = {"RpcPassword": "0123", "NotifyPassword": "%{x}: 'é'\n#", "RpcTransportUrl": "rabbit://a:b@c:5/"}
    store.put(texts)
    file = tmp_path / "p.yaml"
    run("passwords", "export", file, *store.words)
    other = store_files(tmp_path / "other")
    assert run("passwords", "import", file, *other.words).status == 0
    assert other.texts == texts
