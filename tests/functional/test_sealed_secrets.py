# SPDX-License-Identifier: Apache-2.0
"""Sealed secrets as Puppet finds them, and what it says when they cannot be had."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from tests.support import canary, sealed
from tests.support.sealed import NODE, Compiled, Place, place
from tests.support.topologies import SECRETS
from tripleo_messaging.hieradata.keys import SEALED
from tripleo_messaging.hieradata.text import decode_level, encode_level
from tripleo_messaging.sealing.keys import fingerprint

INSTANCE_SECRETS = "tripleo_messaging::rabbitmq::instance_secrets"
ALL_LEVEL = "messaging_all.json"
FACTS = {
    "clientcert": NODE,
    "tripleo_messaging_systemd": False,
    "os": {"family": "Debian", "name": "Debian"},
    "networking": {"hostname": NODE, "fqdn": NODE},
}

CONSUMER = """
class consumer(Sensitive[String] $password, Sensitive[String] $url = lookup('messaging_rpc_transport_url')) {
  notify { 'password': message => $password.unwrap }
  notify { 'url': message => $url.unwrap }
}
"""
LOOK = """
$found = lookup('messaging_rpc_password')
notify { 'kind': message => String(type($found, 'generalized')) }
notify { 'value': message => $found.unwrap }
"""
RABBITMQ = "class { 'tripleo_messaging::rabbitmq': stop_stock_service => false }"
PARAMETERS = """
class needs(Sensitive[String] $secret) { notify { 'secret': message => $secret.unwrap } }
class { 'needs': secret => lookup('messaging_rpc_password') }
"""
EVERY_KIND = """
notify { 'stock': message => lookup('oslo_messaging_rpc_password') }
notify { 'stock type': message => String(type(lookup('oslo_messaging_rpc_password'), 'generalized')) }
notify { 'by hiera()': message => hiera('oslo_messaging_notify_password') }
notify { 'ours': message => lookup('messaging_rpc_password').unwrap }
notify { 'url': message => lookup('messaging_rpc_transport_url').unwrap }
notify { 'absent': message => lookup('messaging_rpc_nothing', { default_value => 'none' }) }
notify { 'absent again': message => lookup('messaging_rpc_nothing', { default_value => 'none' }) }
"""
NOTHING_SECRET = """
notify { 'port': message => String(lookup('messaging_rpc_port')) }
notify { 'one': message => lookup('messaging_rpc_nothing', { default_value => 'none' }) }
notify { 'two': message => lookup('messaging_rpc_nothing', { default_value => 'none' }) }
"""
INTERPOLATED = "a%{facts.networking.hostname}b%{literal('%')}{x}"


def replace(change: Callable[[bytes], bytes]) -> Callable[[Place], None]:
    """Return what changes the sealed file's bytes."""

    def act(where: Place) -> None:
        where.sealed.write_bytes(change(where.sealed.read_bytes()))

    return act


def header(**changes: Any) -> Callable[[Place], None]:
    """Return what changes the header of the sealed file."""

    def act(where: Place) -> None:
        line, _, rest = where.sealed.read_bytes().partition(b"\n")
        text = json.dumps({**json.loads(line), **changes}, sort_keys=True, separators=(",", ":"))
        where.sealed.write_bytes(text.encode() + b"\n" + rest)

    return act


def flip(data: bytes) -> bytes:
    """Change one character of the body."""
    place_ = len(data) - 40
    return data[:place_] + (b"A" if data[place_ : place_ + 1] != b"A" else b"B") + data[place_ + 1 :]


def stamp(new: str | None = None) -> Callable[[Place], None]:
    """Return what gives the levels another stamp, or none."""

    def act(where: Place) -> None:
        path = where.data / ALL_LEVEL
        data = decode_level("all.json", path.read_bytes())
        assert data is not None
        data.pop(SEALED)
        path.write_bytes(encode_level("all.json", data if new is None else {**data, SEALED: new}))

    return act


def encrypt_key(where: Place) -> None:
    """Give the private key a passphrase."""
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:canary", "-in", str(where.key)]
    done = subprocess.run(command, capture_output=True, check=True)
    where.key.write_bytes(done.stdout)


@attrs.frozen
class Failure:
    """A case of secrets that cannot be had.

    Attributes:
        spoil: makes it so.
        message: what is said, ``FILE`` and ``KEY`` stand for the paths.
    """

    spoil: Callable[[Place], object]
    message: str


_EXPECTED = ", expected a file of root or user 0 with mode "
_OTHER = fingerprint(sealed.private_key("another").public_key())[:16]
_OWN = fingerprint(sealed.private_key(NODE).public_key())[:16]

FAILURES: Mapping[str, Failure] = {
    "no_header": Failure(replace(lambda _: b"nonsense\nand more\n"), "FILE has no header of the format"),
    "empty": Failure(replace(lambda _: b""), "FILE has no header of the format"),
    "not_text": Failure(replace(lambda _: b"\xff\xfe\n\xff\n"), "FILE has no header of the format"),
    "header_of_a_list": Failure(replace(lambda _: b"[1]\nx\n"), "FILE has no header of the format"),
    "other_version": Failure(
        header(format="tripleo-messaging sealed 2"),
        "FILE has no header of the format 'tripleo-messaging sealed 1'",
    ),
    "header_alone": Failure(replace(lambda data: data.split(b"\n")[0]), "FILE is damaged or cut short"),
    "no_body": Failure(replace(lambda data: data.split(b"\n")[0] + b"\n\n"), "FILE is damaged or cut short"),
    "last_byte_gone": Failure(replace(lambda data: data[:-1]), "FILE is damaged or cut short"),
    "half_a_body": Failure(replace(lambda data: data[: len(data) - 100]), "FILE is damaged or cut short"),
    "short_body": Failure(
        replace(lambda data: data.split(b"\n")[0] + b"\nAAAA\n"), "FILE was changed after it was sealed"
    ),
    "body_of_28_bytes": Failure(
        replace(lambda data: data.split(b"\n")[0] + b"\n" + b"A" * 36 + b"AA==\n"),
        "FILE was changed after it was sealed",
    ),
    "names_no_list": Failure(header(names="x"), "FILE was changed after it was sealed"),
    "no_names": Failure(header(names=[]), "FILE was changed after it was sealed"),
    "another_node": Failure(header(node="ctl-1"), "FILE was changed after it was sealed"),
    "more_names": Failure(header(names=["messaging_rpc_password"]), "FILE was changed after it was sealed"),
    "wrapped_gone": Failure(header(wrapped=None), "FILE was changed after it was sealed"),
    "wrapped_short": Failure(header(wrapped="AAAA"), "FILE was changed after it was sealed"),
    "body_changed": Failure(replace(flip), "FILE was changed after it was sealed"),
    "wrong_key": Failure(
        lambda where: where.key.write_text(sealed.private_pem("another")),
        f"FILE is sealed for the key {_OWN} of node {NODE}, and KEY has the key {_OTHER}",
    ),
    "key_missing": Failure(lambda where: where.key.unlink(), f"KEY is missing{_EXPECTED}0600 or less"),
    "key_for_all": Failure(
        lambda where: where.key.chmod(0o640), f"KEY has owner 0 and mode 0640{_EXPECTED}0600 or less"
    ),
    "key_of_another": Failure(
        lambda where: os.chown(where.key, 12345, 0), f"KEY has owner 12345 and mode 0600{_EXPECTED}"
    ),
    "key_no_key": Failure(lambda where: where.key.write_text("canary"), "KEY holds no RSA private key"),
    "key_encrypted": Failure(encrypt_key, "KEY holds no RSA private key without a passphrase"),
    "file_missing": Failure(lambda where: where.sealed.unlink(), f"FILE is missing{_EXPECTED}0644 or less"),
    "file_for_all": Failure(
        lambda where: where.sealed.chmod(0o662), f"FILE has owner 0 and mode 0662{_EXPECTED}0644 or less"
    ),
    "file_of_another": Failure(
        lambda where: os.chown(where.sealed, 12345, 0), f"FILE has owner 12345 and mode 0600{_EXPECTED}"
    ),
    "stale": Failure(stamp("f" * 32), "FILE is stale: the levels have another tripleo_messaging::sealed"),
    "levels_not_sealed": Failure(stamp(), "FILE is stale: the levels have no tripleo_messaging::sealed"),
}

_FORM = "expected just file: /PATH and private_key: /PATH, no path, glob or uri"
MISUSES: Mapping[str, Callable[[Place], None]] = {
    "no_options": lambda where: where.write_hierarchy({}),
    "no_key": lambda where: where.write_hierarchy({"file": str(where.sealed)}),
    "relative": lambda where: where.write_hierarchy({"file": "x.sealed", "private_key": str(where.key)}),
    "not_text": lambda where: where.write_hierarchy({"file": 1, "private_key": str(where.key)}),
    "one_more": lambda where: where.write_hierarchy(
        {"file": str(where.sealed), "private_key": str(where.key), "stamp": "x"}
    ),
    "with_path": lambda where: where.write_hierarchy(path=ALL_LEVEL),
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Place, Compiled]]:
    """Compile every environment that these tests speak of, in one process."""
    work = tmp_path_factory.mktemp("compiled")
    environments = work / "environments"
    places = {f"fails_{name}": place(environments / f"fails_{name}", PARAMETERS) for name in FAILURES}
    for name, failure in FAILURES.items():
        failure.spoil(places[f"fails_{name}"])
    for name, misuse in MISUSES.items():
        places[f"misuse_{name}"] = place(environments / f"misuse_{name}", PARAMETERS)
        misuse(places[f"misuse_{name}"])
    for name in ("plain", "sealed"):
        is_sealed = name == "sealed"
        places[name] = place(environments / name, EVERY_KIND, is_sealed=is_sealed)
        places[f"broker_{name}"] = place(environments / f"broker_{name}", RABBITMQ, is_sealed=is_sealed)
        manifest = f"{CONSUMER} include consumer"
        automatic = place(environments / f"automatic_{name}", manifest, is_sealed=is_sealed)
        automatic.override({"consumer::password": "own", "lookup_options": _sensitive("consumer::password")})
        places[f"automatic_{name}"] = automatic
    places["nothing_secret"] = place(environments / "nothing_secret", NOTHING_SECRET)
    places["interpolated"] = place(environments / "interpolated", LOOK, RpcPassword=INTERPOLATED)
    places["override"] = place(environments / "override", LOOK)
    places["override"].override({"messaging_rpc_password": "operators"})
    places["override_instance"] = place(environments / "override_instance", RABBITMQ)
    places["override_instance"].override({INSTANCE_SECRETS: {"rabbit": {"erlang_cookie": "OPERATORS"}}})
    answers = sealed.compile_all(work, FACTS)
    return {name: (where, answers[name]) for name, where in places.items()}


def _sensitive(key: str) -> dict[str, Any]:
    return {key: {"convert_to": "Sensitive"}}


def test_sealed_is_as_plain(compiled):
    """Every kind of key has the same value, whether its level says it or the sealed file."""
    (_, plain), (_, found) = compiled["plain"], compiled["sealed"]
    assert found.error == plain.error == ""
    assert found.resources == plain.resources
    assert found.resources["Notify[ours]"]["message"] == SECRETS["RpcPassword"]
    assert found.resources["Notify[by hiera()]"]["message"] == SECRETS["NotifyPassword"]
    assert found.resources["Notify[stock type]"]["message"] == "String"


def test_parameters_are_looked_up(compiled):
    """A class gets Sensitive parameters from plain and from sealed data, and from the operator's."""
    (_, plain), (_, found) = compiled["automatic_plain"], compiled["automatic_sealed"]
    assert found.error == plain.error == ""
    assert found.resources == plain.resources
    assert found.resources["Notify[password]"]["message"] == "own"
    assert SECRETS["RpcPassword"] in found.resources["Notify[url]"]["message"]


def test_brokers_are_the_same(compiled):
    """A host on two clusters has one catalog, by deep merge of its levels or from the one sealed file."""
    (_, plain), (_, found) = compiled["broker_plain"], compiled["broker_sealed"]
    assert found.error == plain.error == ""
    assert found.resources == plain.resources
    cookies = {one["content"] for ref, one in found.resources.items() if ref.endswith("erlang_cookie]")}
    assert cookies == {SECRETS["RabbitCookie"], SECRETS["RabbitNotifyCookie"]}


def test_an_operators_text_wins(compiled):
    """A level above the sealed file decides, and what it says becomes Sensitive."""
    _, found = compiled["override"]
    assert found.error == ""
    assert found.resources["Notify[value]"]["message"] == "operators"
    assert found.resources["Notify[kind]"]["message"].startswith("Sensitive")


def test_an_operator_overrides_a_part(compiled):
    """One secret of one instance is replaced; the others are those of the sealed file."""
    (_, whole), (_, found) = compiled["broker_sealed"], compiled["override_instance"]
    assert found.error == ""
    differing = [ref for ref, one in found.resources.items() if one != whole.resources[ref]]
    contents = {ref: one.get("content") for ref, one in found.resources.items() if ref in differing}
    assert "OPERATORS" in contents.values()
    assert SECRETS["RabbitCookie"] not in str(found.resources)
    assert SECRETS["RabbitNotifyCookie"] in str(found.resources)


def test_nothing_is_interpolated(compiled):
    """A password with what Hiera would replace arrives as it is."""
    _, found = compiled["interpolated"]
    assert found.resources["Notify[value]"]["message"] == INTERPOLATED


def test_one_decryption_for_all_keys(compiled):
    """However many keys are looked up, a private key is used once."""
    assert compiled["sealed"][1].opened == 1
    assert compiled["broker_sealed"][1].opened == 1
    assert compiled["plain"][1].opened == 0


def test_other_keys_are_not_found(compiled):
    """Keys that are not inside come from elsewhere; the file is believed once it was opened."""
    _, found = compiled["nothing_secret"]
    assert found.error == ""
    assert found.opened == 1


@pytest.mark.parametrize("name", FAILURES)
def test_what_fails_is_said(compiled, name):
    """The file, what was found, and what to run; no catalog, and no secret in the text."""
    where, found = compiled[f"fails_{name}"]
    message = FAILURES[name].message.replace("FILE", str(where.sealed)).replace("KEY", str(where.key))
    assert message in found.error
    assert "run: tripleo-messaging hieradata install --data SEALED --node NODE" in found.error
    assert found.resources == {}
    assert SECRETS["RpcPassword"] not in found.error
    assert "canary" not in found.error


@pytest.mark.parametrize("name", MISUSES)
def test_wrong_options_are_said(compiled, name):
    """The function's name, what the entry has, and the form that it must have."""
    _, found = compiled[f"misuse_{name}"]
    assert "'tripleo_messaging::data' is in hiera.yaml with the options {" in found.error
    assert _FORM in found.error
    assert found.resources == {}


@pytest.fixture
def work(tmp_path):
    """Return a directory with one environment, whose manifest writes a secret to a file."""
    content = "lookup('messaging_rpc_password')"
    more = f"lookup('messaging_rpc_transport_url').unwrap.length + lookup('{INSTANCE_SECRETS}').unwrap.length"
    manifest = f"$n = {more}\nfile {{ '{tmp_path}/written': content => {content} }}"
    place(tmp_path / "environments" / "production", manifest, RpcPassword=canary.PLAIN)
    return tmp_path


def test_apply_shows_no_secret(work):
    """`puppet apply --debug` writes the secret where it belongs, says it nowhere, and decrypts once."""
    done = sealed.apply(work, "production", "--debug", "--show_diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (work / "written").read_text() == canary.PLAIN
    said = (done.stdout + done.stderr).encode()
    assert b"messaging_rpc_password" in said
    assert not canary.betrays(said)
    assert (work / "opened").read_text() == "1"


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "plain"])
@pytest.mark.parametrize("override", [{}, {"messaging_rpc_password": "operators"}], ids=["ours", "override"])
def test_apply_looks_parameters_up(tmp_path, is_sealed, override):
    """In `puppet apply` a class gets its Sensitive parameter, ours or what an operator says above."""
    file = f"file {{ '{tmp_path}/written': content => $password }}"
    manifest = f"class consumer(Sensitive[String] $password) {{ {file} }} include consumer"
    where = place(tmp_path / "environments" / "production", manifest, is_sealed=is_sealed)
    where.override({"consumer::password": "%{alias('messaging_rpc_password')}", **override})
    done = sealed.apply(tmp_path, "production", "--show_diff")
    assert done.returncode == 0, done.stdout + done.stderr
    expected = override.get("messaging_rpc_password", SECRETS["RpcPassword"])
    assert (tmp_path / "written").read_text() == expected
    assert expected not in done.stdout + done.stderr


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "plain"])
def test_apply_takes_the_secrets_of_brokers(tmp_path, is_sealed):
    """In `puppet apply` our own class finds its secrets, and with a wrong one there is no catalog."""
    where = place(tmp_path / "environments" / "production", RABBITMQ, is_sealed=is_sealed)
    done = sealed.apply(tmp_path, "production", "--noop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "erlang_cookie" in done.stdout
    where.override({INSTANCE_SECRETS: {"rabbit": {"erlang_cookie": ""}}})
    done = sealed.apply(tmp_path, "production", "--noop")
    assert done.returncode == 1
    assert "instance_secrets" in done.stderr


def test_apply_fails_closed(work):
    """Nothing is written without the secret, and the exit code is an error's."""
    where = Place(directory=work / "environments" / "production")
    where.sealed.write_bytes(flip(where.sealed.read_bytes()))
    done = sealed.apply(work, "production")
    assert done.returncode == 1
    assert "was changed after it was sealed; run: tripleo-messaging hieradata install" in done.stderr
    assert not (work / "written").exists()


@pytest.mark.parametrize("is_stale", [False, True])
def test_beside_tripleos_hierarchy(work, is_stale):
    """Levels in the global hierarchy of version 3, the sealed file in the environment's: both are found."""
    where = Place(directory=work / "environments" / "production")
    levels = [path.stem for path in sorted(where.data.glob("messaging_*.json"))]
    lines = [":backends:", "  - json", ":json:", f"  :datadir: {where.data}", ":hierarchy:"]
    (work / "hiera.yaml").write_text("\n".join([*lines, *(f"  - {name}" for name in levels)]) + "\n")
    own = json.loads((where.directory / "hiera.yaml").read_text())
    own["hierarchy"] = [entry for entry in own["hierarchy"] if entry["name"] == "sealed"]
    (where.directory / "hiera.yaml").write_text(json.dumps(own))
    if is_stale:
        stamp("f" * 32)(where)
    done = sealed.apply(work, "production")
    assert done.returncode == int(is_stale), done.stderr
    assert (work / "written").exists() is not is_stale
    assert ("is stale: the levels have another" in done.stderr) is is_stale


def test_the_function_is_ruby_of_every_version():
    """It has fewer than 60 lines, and Ruby has nothing to warn of."""
    path = sealed.SHIMS / "tripleo_messaging/lib/puppet/functions/tripleo_messaging/data.rb"
    done = subprocess.run(["ruby", "-wc", str(path)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("Syntax OK\n", "")
    assert len(path.read_text().splitlines()) < 60


def test_a_passphrase_is_asked_of_nobody(work):
    """At a terminal, too, a private key that wants one is an error and not a question."""
    where = Place(directory=work / "environments" / "production")
    encrypt_key(where)
    controller, terminal = pty.openpty()
    try:
        done = sealed.apply(work, "production", in_terminal=terminal)
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 1
    assert f"{where.key} holds no RSA private key without a passphrase" in done.stderr
