# SPDX-License-Identifier: Apache-2.0
"""The real eyaml, Puppet's function for it and Hiera 3's backend read what we encrypt, and we read theirs."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tests.support import hiera
from tests.support.eyaml import PAYLOADS, SUITE, labelled_tokens, safe_copy
from tests.support.syscalls import ANY, Moment, run_traced
from tests.support.topologies import BOTH, topology
from tripleo_messaging.cli.main import main
from tripleo_messaging.hieradata.build import build
from tripleo_messaging.hieradata.text import escaped
from tripleo_messaging.hieradata.tree import lookup
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.secret import Secrets
from tripleo_messaging.sealing.eyaml_text import decrypt_text, recrypt_text
from tripleo_messaging.sealing.eyaml_tokens import decrypt, encrypt
from tripleo_messaging.sealing.eyaml_yaml import encrypted_yaml
from tripleo_messaging.sealing.keys import fingerprint, load_private_key, load_recipient

_NEWER = "hiera-eyaml-5.0"
# How eyaml writes a whole file in plain, to be edited.
_EDITED = re.compile(rb"^([\w-]+): (?:>\n *)?DEC::PKCS7\[(.*?)\]!$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Keys:
    """A pair of keys in files."""

    private: Path
    public: Path

    @property
    def options(self) -> tuple[str, ...]:
        """What tells eyaml of them."""
        return ("--pkcs7-private-key", str(self.private), "--pkcs7-public-key", str(self.public))


def eyaml(*words: str | Path) -> bytes:
    """Run eyaml, and return what it prints."""
    done = subprocess.run(["eyaml", *map(str, words)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["ours", "theirs", _NEWER])
def keys(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Pairs made by our command, by eyaml, and by a later eyaml whose serial number is 0."""
    place = tmp_path_factory.mktemp("keys")
    pair = Keys(place / "private_key.pem", place / "public_key.pem")
    if request.param == "ours":
        words = ("--private-key", str(pair.private), "--public-key", str(pair.public))
        assert main(["eyaml", "create-keys", *words]) == 0
    elif request.param == "theirs":
        eyaml("createkeys", *pair.options)
    else:
        safe_copy(SUITE / request.param / "private_key.pem", pair.private)
        pair.public.write_bytes((SUITE / request.param / "public_key.pem").read_bytes())
    return pair


def test_eyaml_decrypts_ours(keys, tmp_path):
    """Every payload, in both forms, comes out of eyaml to the byte; also after we recrypted the file."""
    recipient = load_recipient(keys.public.read_bytes())
    key = load_private_key(keys.private.read_bytes())
    lines = [b"%s: %s\n" % (name.encode(), encrypt(data, recipient)) for name, data in PAYLOADS.items()]
    content = b"".join(lines) + _in_a_block(encrypt(PAYLOADS["multi-line"], recipient))
    expected = {**PAYLOADS, "block": PAYLOADS["multi-line"]}
    for number, written in enumerate((content, recrypt_text(content, key, recipient, "").content)):
        file = tmp_path / f"{number}.eyaml"
        file.write_bytes(written)
        edited = eyaml("decrypt", *keys.options, "-e", file)
        assert {name.decode(): text for name, text in _EDITED.findall(edited)} == expected


def _in_a_block(token: bytes) -> bytes:
    lines = (token[start : start + 60] for start in range(0, len(token), 60))
    return b"block: >\n  " + b"\n  ".join(lines) + b"\n"


def test_we_decrypt_eyaml(keys, tmp_path):
    """Every payload that eyaml encrypted, in its forms, comes out of our token to the byte."""
    file, empty = tmp_path / "plain.eyaml", tmp_path / "empty"
    edited = (b"%s: DEC::PKCS7[%s]!\n" % (name.encode(), data) for name, data in PAYLOADS.items() if data)
    file.write_bytes(b"".join(edited))
    empty.touch()
    content = eyaml("encrypt", *keys.options, "-e", file)
    content += eyaml("encrypt", *keys.options, "-f", empty, "-o", "block", "-l", "empty")
    key = load_private_key(keys.private.read_bytes())
    tokens = labelled_tokens(content)
    assert {name: decrypt(token, key) for name, token in tokens.items()} == PAYLOADS


def _interruptions(place: Path, former: Mapping[str, bytes], action: Callable[[Path], int]) -> Iterator[Path]:
    """Yield a directory for each call that changes files, where a command was killed before it."""
    whole = _directory(place / "whole", former)
    calls = run_traced(lambda: action(whole)).calls
    moments = [Moment(name, number + 1) for name in calls if name != ANY for number in range(calls[name])]
    assert {moment.name for moment in moments} >= {"rename", "fsync", "fchmod"}
    for moment in moments:
        directory = _directory(place / f"{moment.name}-{moment.number}", former)
        assert run_traced(lambda: action(directory), moment).status == -signal.SIGKILL  # noqa: B023
        yield directory


def _directory(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def test_a_killed_recrypt_loses_nothing(tmp_path):
    """The file is the former or the new one, whole; the next run goes through, and leaves no rest behind."""
    key, new_key = (safe_copy(SUITE / case / "private_key.pem", tmp_path / case) for case in ("ours", _NEWER))
    content = (SUITE / "ours/tokens.eyaml").read_bytes()
    plain = decrypt_text(content, load_private_key(key.read_bytes()), "").content
    words = ("--private-key", str(key), "--public-key", str(SUITE / _NEWER / "public_key.pem"))

    def recrypt(directory: Path) -> int:
        return main(["eyaml", "recrypt", str(directory / "a.eyaml"), *words])

    states = set()
    for directory in _interruptions(tmp_path, {"a.eyaml": content}, recrypt):
        file = directory / "a.eyaml"
        is_former = file.read_bytes() == content
        states.add(is_former)
        if is_former:
            assert recrypt(directory) == 0
        assert decrypt_text(file.read_bytes(), load_private_key(new_key.read_bytes()), "").content == plain
        assert (directory / "a.eyaml.bak").read_bytes() == content
        assert sorted(path.name for path in directory.iterdir()) == ["a.eyaml", "a.eyaml.bak"]
    assert states == {True, False}


def test_killed_making_of_keys_leaves_no_half(tmp_path):
    """A public key is there only with its private key, which nobody else can read at any time."""

    def create(directory: Path) -> int:
        words = ("--private-key", f"{directory}/private.pem", "--public-key", f"{directory}/public.pem")
        return main(["eyaml", "create-keys", *words])

    statuses = set()
    for directory in _interruptions(tmp_path, {}, create):
        private, public = directory / "private.pem", directory / "public.pem"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir() if "private" in path.name}
        assert modes <= {0o600}
        if public.exists():
            key, recipient = load_private_key(private.read_bytes()), load_recipient(public.read_bytes())
            assert fingerprint(key.public_key()) == fingerprint(recipient.key)
        expected = 3 if private.exists() else 0
        assert create(directory) == expected
        statuses.add(expected)
    assert statuses == {0, 3}


_HIERARCHY_5 = """\
---
version: 5
defaults:
  datadir: {place}
hierarchy:
  - name: secrets
    lookup_key: eyaml_lookup_key
    path: secrets.eyaml
    options:
      pkcs7_private_key: {keys.private}
      pkcs7_public_key: {keys.public}
"""
_HIERARCHY_3 = """\
---
:backends: [eyaml]
:hierarchy: [secrets]
:eyaml:
  :datadir: {place}
  :extension: eyaml
  :pkcs7_private_key: {keys.private}
  :pkcs7_public_key: {keys.public}
"""


def _hierarchy(template: str, place: Path, keys: Keys) -> Path:
    path = place / "hiera.yaml"
    path.write_text(template.format(place=place, keys=keys))
    return path


def test_hiera_finds_every_payload(keys, tmp_path):
    """Hiera 5 and 3 agree, also on line ends at the end, and on what looks like an interpolation."""
    texts = {name.replace("-", "_"): data.decode() for name, data in PAYLOADS.items()}
    texts["carriage_return"] = "one\r"
    texts["twice"] = "%{x}%{}%{literal('%')}{%%{}{\n\n"
    values: Mapping[str, Any] = {**texts, "nested": {"a": [texts["twice"], 1, None, True], "%{x}": "b"}}
    recipient = load_recipient(keys.public.read_bytes())
    (tmp_path / "secrets.eyaml").write_bytes(encrypted_yaml(escaped(values), {}, recipient))
    modern = _hierarchy(_HIERARCHY_5, tmp_path, keys)
    found = hiera.puppet_finds(modern, tmp_path, dict.fromkeys(values))
    assert {name: answer.value for name, answer in found.items()} == values
    assert hiera.hiera_3(_hierarchy(_HIERARCHY_3, tmp_path, keys), values) == values


_SECRETS = {
    "RpcPassword": "%{literal('%')}{literal('%')}{%{::fqdn}%{alias('y')}\\",
    "NotifyPassword": "ENC[PKCS7,abcd]%{}",
    "RabbitCookie": "RPCCOOKIE",
    "RabbitNotifyCookie": "NOTIFYCOOKIE",
}


def test_an_export_serves_as_the_tree_does(tmp_path):
    """Puppet finds the same values through eyaml as in the tree, as Sensitive where the tree says so."""
    tree = tmp_path / "tree"
    write_tree(tree, build(topology("both consumers"), Secrets(_SECRETS)))
    pair = Keys(tmp_path / "private_key.pem", tmp_path / "public_key.pem")
    create = ("--private-key", str(pair.private), "--public-key", str(pair.public))
    assert main(["eyaml", "create-keys", *create]) == 0
    output = tmp_path / "secrets.eyaml"
    export = ("--data", str(tree), "--node", BOTH, "--public-key", str(pair.public), "--output", str(output))
    assert main(["eyaml", "export", *export]) == 0
    names = [name for name in yaml.safe_load(output.read_text()) if name != "lookup_options"]
    config = _hierarchy(_HIERARCHY_5, tmp_path, pair)
    found = hiera.puppet_finds(config, tmp_path, dict.fromkeys(names))
    assert {name: answer.value for name, answer in found.items()} == {
        name: lookup(tree, name, BOTH) for name in names
    }
    ours = {name for name in names if name.startswith(("messaging_", "tripleo_messaging::"))}
    assert {name for name, answer in found.items() if answer.is_sensitive} == ours
    assert "tripleo_messaging::rabbitmq::instance_secrets" in ours
    some = ("messaging_rpc_password", "oslo_messaging_notify_password")
    assert hiera.puppet_lookup_commands(config, tmp_path, some) == {name: found[name] for name in some}
