# SPDX-License-Identifier: Apache-2.0
"""``eyaml``: keys, tokens and files of tokens on the command line."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.eyaml import SUITE, labelled_tokens, private_key_of, recipient_of, safe_copy
from tests.support.topologies import secrets, topology
from tripleo_messaging.cli.app import COMMANDS
from tripleo_messaging.cli.eyaml_recrypt import RecryptOptions, recrypt_file
from tripleo_messaging.errors import UnwritableFileError
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.tree import lookup, read_levels
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.sealing.eyaml_text import decrypt_text
from tripleo_messaging.sealing.eyaml_tokens import decrypt, encrypt
from tripleo_messaging.sealing.keys import fingerprint, load_private_key, load_public_key

PUBLIC_KEY = SUITE / "ours/public_key.pem"
NEW_PUBLIC_KEY = SUITE / "hiera-eyaml-5.0/public_key.pem"
KEY, NEW_KEY = private_key_of("ours"), private_key_of("hiera-eyaml-5.0")
TOKEN = encrypt(b"s3cret", recipient_of("ours")).decode()


@pytest.fixture
def private_key(tmp_path: Path) -> Path:
    """Return a copy of the private key that only its owner may read."""
    return safe_copy(SUITE / "ours/private_key.pem", tmp_path / "private_key.pem")


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch):
    """Return a function that sets what comes from standard input."""

    def set_stdin(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return set_stdin


def mode_of(path: Path) -> int:
    """Return the mode of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_created(run, tmp_path):
    """The private one is for its owner only; both belong together; what to run next is said."""
    private, public = tmp_path / "a.pem", tmp_path / "b.pem"
    ran = run("eyaml", "create-keys", "--private-key", private, "--public-key", public)
    assert (ran.status, ran.err) == (0, "")
    assert (mode_of(private), mode_of(public)) == (0o600, 0o644)
    key = load_private_key(private.read_bytes())
    assert fingerprint(key.public_key()) == fingerprint(load_public_key(public.read_bytes()))
    assert f"tripleo-messaging eyaml encrypt --public-key {public}" in ran.out
    assert "PRIVATE KEY--" not in ran.out


@pytest.mark.parametrize("former", ["a.pem", "b.pem"])
def test_former_keys_are_kept(former, run, tmp_path):
    """A file that is there is not written over, and the other one is not made."""
    (tmp_path / former).write_text("former")
    words = ("--private-key", tmp_path / "a.pem", "--public-key", tmp_path / "b.pem")
    ran = run("eyaml", "create-keys", *words)
    assert ran.status == 3
    assert f"{tmp_path / former}: is there already; name another file" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == [former]
    assert (tmp_path / former).read_text() == "former"


def test_keys_are_created_both_or_none(run, tmp_path):
    """Where the public key cannot be written, no private key is left."""
    words = ("--private-key", tmp_path / "a.pem", "--public-key", tmp_path / "missing" / "b.pem")
    assert run("eyaml", "create-keys", *words).status == 3
    assert list(tmp_path.iterdir()) == []


WRONG_USAGE = {
    ("--bits", "1024"): "error: --bits: a key of 1024 bits is not made, expected 2048 to 8192",
    ("--public-key", "a.pem"): "error: --private-key and --public-key name the same file",
}


@pytest.mark.parametrize("words", WRONG_USAGE)
def test_keys_that_cannot_be_are_not_created(words, run, tmp_path, monkeypatch):
    """The message names the option."""
    monkeypatch.chdir(tmp_path)
    ran = run("eyaml", "create-keys", "--private-key", "a.pem", "--public-key", "b.pem", *words)
    assert (ran.status, ran.err) == (2, f"{WRONG_USAGE[words]}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_encrypted(run, write):
    """To the last byte, and the token is on one line."""
    ran = run("eyaml", "encrypt", "--public-key", PUBLIC_KEY, "--file", write("secret", "s3cret"))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("\n") == 1
    assert decrypt(ran.out.encode(), KEY) == b"s3cret"


@pytest.mark.parametrize("form", ["string", "block", "examples"])
def test_standard_input_is_encrypted(form, run, type_in):
    """In the form that is asked for, behind the label."""
    type_in(b"s3cret")
    ran = run("eyaml", "encrypt", "--public-key", PUBLIC_KEY, "--output", form, "--label", "some::key")
    assert ran.status == 0
    document = ran.out.replace("\nOR\n", "")
    assert decrypt(yaml.safe_load(document)["some::key"].encode(), KEY) == b"s3cret"
    assert decrypt(labelled_tokens(document.replace("::", "-").encode())["some-key"], KEY) == b"s3cret"


WORTH_SAYING = {
    b"": "there is nothing to encrypt",
    b"s3cret\n": "ends with a line break",
    b"s3cret\r": "ends with a line break",
    b"s3%{cret": "write %%{}{ for it",
}


@pytest.mark.parametrize("payload", WORTH_SAYING)
def test_what_puppet_would_change_is_said(payload, run, type_in):
    """On stderr, without the secret; nothing is taken off it."""
    type_in(payload)
    ran = run("eyaml", "encrypt", "--public-key", PUBLIC_KEY)
    assert decrypt(ran.out.encode(), KEY) == payload
    assert f"{WORTH_SAYING[payload]}" in ran.err
    assert "s3" not in ran.err


def test_a_terminal_is_not_read(run, monkeypatch):
    """It would show the secret to who looks on."""

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"s3cret")))
    ran = run("eyaml", "encrypt", "--public-key", PUBLIC_KEY)
    assert ran.status == 2
    assert "standard input is a terminal" in ran.err


def test_no_option_takes_a_secret(run):
    """The help says why."""
    ran = run("eyaml", "encrypt", "--help")
    assert "--string" not in ran.out
    assert "cannot be given on the command line: others on the host see that" in " ".join(ran.out.split())
    assert run("eyaml", "encrypt", "--public-key", PUBLIC_KEY, "--string", "s3cret").status == 2


@pytest.mark.parametrize("label", ["a: b", "", "a b", "-a", "a:", "é"])
def test_a_label_is_a_key(label, run, type_in):
    """Nothing else can stand before the token."""
    type_in(b"s3cret")
    ran = run("eyaml", "encrypt", "--public-key", PUBLIC_KEY, f"--label={label}")
    assert ran.status == 2
    assert "expected a key of hieradata" in ran.err


def test_a_key_that_is_none_is_said(run, write, private_key):
    """With its file, and with what was expected."""
    ran = run("eyaml", "encrypt", "--public-key", private_key, "--file", write("secret", "s3cret"))
    assert ran.status == 1
    assert ran.err.startswith(f"{private_key}: error: $: holds a PEM block 'RSA PRIVATE KEY', expected")


def test_a_text_is_shown_in_plain(run, write, private_key, type_in):
    """From a file or from standard input, all else as it is."""
    text = f"a: {TOKEN}\r\nb: ä\n"
    ran = run("eyaml", "decrypt", "--private-key", private_key, write("a.eyaml", text))
    assert (ran.status, ran.out, ran.err) == (0, "a: s3cret\r\nb: ä\n", "")
    type_in(text.encode())
    assert run("eyaml", "decrypt", "--private-key", private_key).out == ran.out


def test_nothing_is_shown_when_a_token_does_not_open(run, write, private_key):
    """Each is named with its line."""
    other = encrypt(b"other", recipient_of("hiera-eyaml-5.0")).decode()
    file = write("a.eyaml", f"a: {TOKEN}\nb: {other}\n")
    ran = run("eyaml", "decrypt", "--private-key", private_key, file)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"{file}:2: error: $: the token does not open")
    assert other[20:40] not in ran.err


def test_a_text_without_tokens_is_said(run, write, private_key):
    """It may be the wrong file; what it holds is shown all the same."""
    file = write("a.eyaml", "a: 1\n")
    ran = run("eyaml", "decrypt", "--private-key", private_key, file)
    assert (ran.status, ran.out, ran.err) == (0, "a: 1\n", f"warning: {file}: holds no token\n")


def test_a_private_key_is_safely_kept(run, write, private_key):
    """One that others may read is refused, as passwords of a store are; a missing one is said."""
    file = write("a.eyaml", f"a: {TOKEN}\n")
    private_key.chmod(0o640)
    ran = run("eyaml", "decrypt", "--private-key", private_key, file)
    assert (ran.status, ran.out) == (3, "")
    assert f"{private_key}: has mode 0640" in ran.err
    missing = private_key.with_name("missing")
    ran = run("eyaml", "decrypt", "--private-key", missing, file)
    assert (ran.status, ran.err) == (3, f"error: {missing}: no such file\n")


def test_a_file_is_encrypted_for_another_key(run, write, private_key):
    """The file keeps its mode; the former one stands beside it; what was done is said."""
    text = f"# comment\na: {TOKEN}\n"
    file = write("a.eyaml", text)
    file.chmod(0o640)
    words = ("--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    ran = run("eyaml", "recrypt", file, *words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"{file}: 1 token encrypted for {NEW_PUBLIC_KEY}\n")
    assert decrypt_text(file.read_bytes(), NEW_KEY, "").content == b"# comment\na: s3cret\n"
    backup = file.with_name("a.eyaml.bak")
    assert backup.read_text() == text
    assert (mode_of(file), mode_of(backup)) == (0o640, 0o600)


@pytest.mark.parametrize("there", ["", "a: 1\n", "x" * 10_000])
def test_a_backup_of_something_else_is_kept(there, run, write, private_key):
    """It may be the only copy of what it holds; nothing is written."""
    text = f"a: {TOKEN}\n"
    file, backup = write("a.eyaml", text), write("a.eyaml.bak", there)
    ran = run("eyaml", "recrypt", file, "--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    assert (ran.status, ran.out) == (3, "")
    assert ran.err == (
        f"error: {backup}: is there already and holds something else than a.eyaml does now; move it away\n"
    )
    assert (file.read_text(), backup.read_text()) == (text, there)


def test_the_backup_of_a_killed_run_is_replaced(run, write, private_key):
    """It holds what the file does."""
    text = f"a: {TOKEN}\n"
    file, backup = write("a.eyaml", text), write("a.eyaml.bak", text)
    words = ("--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    assert run("eyaml", "recrypt", file, *words).status == 0
    assert decrypt_text(file.read_bytes(), NEW_KEY, "").content == b"a: s3cret\n"
    assert (backup.read_text(), mode_of(backup)) == (text, 0o600)


class _Overtaken(RecryptOptions):
    """Options of a run during which somebody else writes the file, before its place is taken."""

    @property
    def backup(self) -> Path:
        """Where the former file is kept."""
        self.file.write_text("a: theirs\n")
        return super().backup


def test_a_change_meanwhile_is_kept(write, private_key):
    """What somebody else wrote while the file was encrypted is not written over."""
    file = write("a.eyaml", f"a: {TOKEN}\n")
    options = _Overtaken(file=file, private_key=private_key, public_key=NEW_PUBLIC_KEY)
    with pytest.raises(UnwritableFileError, match=r"a\.eyaml: was changed meanwhile; run the command again"):
        recrypt_file(options)
    assert file.read_text() == "a: theirs\n"


def test_a_file_that_does_not_open_is_kept(run, write, private_key, tmp_path):
    """One token is enough; no backup is made either."""
    other = encrypt(b"other", recipient_of("hiera-eyaml-5.0")).decode()
    text = f"a: {TOKEN}\nb: {other}\n"
    file = write("a.eyaml", text)
    before = file.stat()
    ran = run("eyaml", "recrypt", file, "--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"{file}:2: error: $: the token does not open")
    assert (file.read_text(), file.stat().st_mtime_ns) == (text, before.st_mtime_ns)
    assert not (tmp_path / "a.eyaml.bak").exists()


def test_a_file_without_tokens_is_kept(run, write, private_key, tmp_path):
    """There is nothing to do."""
    file = write("a.eyaml", "a: 1\n")
    ran = run("eyaml", "recrypt", file, "--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    assert (ran.status, ran.out) == (0, f"{file}: holds no token, nothing was written\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.eyaml", "private_key.pem"]


def test_a_link_is_not_written_through(run, write, private_key, tmp_path):
    """The file that it points to must be named."""
    file = write("a.eyaml", f"a: {TOKEN}\n")
    link = tmp_path / "link.eyaml"
    link.symlink_to(file)
    ran = run("eyaml", "recrypt", link, "--private-key", private_key, "--public-key", NEW_PUBLIC_KEY)
    assert ran.status == 3
    assert "is a symbolic link; name the file that it points to" in ran.err
    assert file.read_text() == f"a: {TOKEN}\n"


def _export(run, tree, output, *words):
    return run("eyaml", "export", "--data", tree, "--public-key", PUBLIC_KEY, "--output", output, *words)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    # What keeps a line end from Puppet.
    return decrypt(value.encode(), KEY).decode().removesuffix("%{}")


def test_secrets_of_clients_are_exported(run, tree, tmp_path):
    """Every secret key of the level, encrypted, with what Puppet is told about it; nothing else."""
    output = tmp_path / "messaging.eyaml"
    ran = _export(run, tree, output)
    assert (ran.status, ran.err) == (0, "")
    data = yaml.safe_load(output.read_text())
    options = data.pop("lookup_options")
    (level,) = read_levels(tree, None).values()
    assert sorted(data) == sorted(
        name for name in level if name.endswith(("_password", "_transport_url")) and name != "lookup_options"
    )
    assert {name: _plain(value) for name, value in data.items()} == {name: level[name] for name in data}
    assert options == {name: level["lookup_options"][name] for name in data if name.startswith("messaging_")}
    assert mode_of(output) == 0o644
    for name in data:
        assert f"  {name}\n" in ran.out
        assert level[name] not in output.read_text() + ran.out


def test_secrets_of_a_member_are_exported(run, tree, tmp_path):
    """What is nested is encrypted text by text."""
    output = tmp_path / "messaging.eyaml"
    assert _export(run, tree, output, "--node", "localhost").status == 0
    data = yaml.safe_load(output.read_text())
    key = "tripleo_messaging::rabbitmq::instance_secrets"
    assert _plain(data[key]) == lookup(tree, key, "localhost")
    assert data["lookup_options"][key] == {"merge": "deep", "convert_to": "Sensitive"}
    assert data["lookup_options"].keys() <= data.keys()


def test_secrets_are_exported_for_an_interpolating_reader(run, tmp_path):
    """What looks like an interpolation is escaped before it is encrypted."""
    tree, output = tmp_path / "tree", tmp_path / "messaging.eyaml"
    write_tree(tree, build(topology("both consumers"), secrets(RpcPassword="a%{x}")))
    assert _export(run, tree, output).status == 0
    assert _plain(yaml.safe_load(output.read_text())["messaging_rpc_password"]) == "a%%{}{x}"


def test_an_export_replaces_only_an_export(run, tree, write, tmp_path):
    """An operator's own file of tokens would be lost."""
    output = tmp_path / "messaging.eyaml"
    assert _export(run, tree, output).status == 0
    first = output.read_bytes()
    assert _export(run, tree, output).status == 0
    assert output.read_bytes() != first
    own = write("own.eyaml", "a: 1\n")
    ran = _export(run, tree, own)
    assert (ran.status, own.read_text()) == (3, "a: 1\n")
    assert f"{own}: was not written by this command, and would be lost" in ran.err


def test_a_tree_without_secrets_is_said(run, tmp_path):
    """One that was sealed, for instance; no file is made."""
    write_tree(tmp_path / "tree", {"all.json": {"messaging_rpc_port": 5672}})
    ran = _export(run, tmp_path / "tree", tmp_path / "a.eyaml")
    assert ran.status == 2
    assert "holds no secret for this node: name the tree that was rendered" in ran.err
    assert not (tmp_path / "a.eyaml").exists()


def test_a_node_of_clients_is_said(run, tree, tmp_path):
    """A typing error in a member's name would give it the clients' secrets only."""
    ran = _export(run, tree, tmp_path / "a.eyaml", "--node", "localhos")
    assert ran.status == 0
    assert "warning: --node: localhos is a member of no cluster; did you mean 'localhost'?" in ran.err


@pytest.mark.parametrize("name", ["create-keys", "encrypt", "decrypt", "recrypt", "export"])
def test_every_command_has_help(name, run):
    """With examples."""
    ran = run("eyaml", name, "--help")
    assert ran.status == 0
    assert f"tripleo-messaging eyaml {name}" in ran.out
    assert f"eyaml {name}" in COMMANDS
