# SPDX-License-Identifier: Apache-2.0
"""``hieradata seal``: for whom, and what to do next."""

from __future__ import annotations

import json

import pytest

from tests.support.sealed import private_key, private_pem
from tripleo_messaging.sealing.envelope import open_
from tripleo_messaging.sealing.keys import create_key_pair

CERTIFICATE = create_key_pair().certificate_pem


@pytest.fixture
def keys(tmp_path):
    """Return a directory with the public keys of a member and of a node of clients."""
    directory = tmp_path / "keys"
    directory.mkdir()
    for name in ("localhost", "compute-0"):
        (directory / f"{name}.pem").write_bytes(CERTIFICATE)
    return directory


@pytest.fixture
def seal(run, tree, keys, tmp_path):
    """Return a function that seals the default tree."""
    output = tmp_path / "sealed"
    return lambda: run("hieradata", "seal", "--data", tree, "--public-keys", keys, "--output", output)


def test_nodes_and_next_step_are_told(seal, tmp_path):
    """Members and clients apart, then the command for a node."""
    ran = seal()
    assert (ran.status, ran.err) == (0, "")
    install = "tripleo-messaging hieradata install --node localhost"
    assert ran.out.splitlines() == [
        f"Sealed hieradata in {tmp_path}/sealed",
        "  members of clusters  localhost",
        "  clients              compute-0",
        "",
        "To run next, on each node with a copy of the sealed hieradata",
        f"  {install} --data {tmp_path}/sealed --hiera-config ENVIRONMENT/hiera.yaml",
    ]
    files = {str(path.relative_to(tmp_path / "sealed")) for path in (tmp_path / "sealed").rglob("*.*")}
    assert files == {
        "all.json",
        "clusters/rpc.json",
        "nodes/localhost.json",
        "sealed/localhost.sealed",
        "sealed/compute-0.sealed",
    }


def test_every_run_has_a_stamp_of_its_own(seal, tmp_path):
    """128 random bits, the same in the levels and in every file."""
    stamps = set()
    for _ in range(2):
        seal()
        stamp = json.loads((tmp_path / "sealed/all.json").read_text())["tripleo_messaging::sealed"]
        line = (tmp_path / "sealed/sealed/localhost.sealed").read_bytes().split(b"\n")[0]
        assert json.loads(line)["stamp"] == stamp
        assert len(bytes.fromhex(stamp)) == 16
        stamps.add(stamp)
    assert len(stamps) == 2


def test_a_node_that_lost_its_key_loses_its_file(seal, keys, tmp_path):
    """What is sealed for nobody any more is removed, and named."""
    seal()
    (keys / "compute-0.pem").unlink()
    out = seal().out
    assert "  removed: sealed/compute-0.sealed\n" in out
    assert "  clients              none has a public key, so none can be installed from this tree\n" in out
    assert not (tmp_path / "sealed/sealed/compute-0.sealed").exists()


def test_a_member_without_a_key_stops_it(seal, keys, tmp_path):
    """An error finding names it and the file that is expected; nothing is written."""
    (keys / "localhost.pem").unlink()
    ran = seal()
    assert ran.status == 1
    assert f"{keys}/localhost.pem: error: $: the member localhost has no public key here" in ran.err
    assert not (tmp_path / "sealed").exists()


def test_a_sealed_tree_is_not_sealed_again(seal, run, keys, tmp_path):
    """Its secrets are not there to be sealed."""
    seal()
    again = ("--public-keys", keys, "--output", tmp_path / "again")
    ran = run("hieradata", "seal", "--data", tmp_path / "sealed", *again)
    assert ran.status == 2
    assert "is sealed already; give the tree that was rendered" in ran.err


def test_the_rendered_tree_is_kept(run, tree, keys):
    """It is not sealed onto itself: the next rendering compares with it."""
    before = (tree / "all.json").read_bytes()
    ran = run("hieradata", "seal", "--data", tree, "--public-keys", keys, "--output", f"{tree}/../hieradata")
    assert ran.status == 2
    assert "give the sealed one a directory of its own" in ran.err
    assert (tree / "all.json").read_bytes() == before


def test_many_names_are_cut(run, tree, keys, tmp_path):
    """A fleet's clients are counted after the first dozen."""
    for number in range(1, 30):
        (keys / f"compute-{number}.pem").write_bytes(CERTIFICATE)
    ran = run("hieradata", "seal", "--data", tree, "--public-keys", keys, "--output", tmp_path / "sealed")
    assert "compute-18, compute-19 and 18 more\n" in ran.out


def test_public_keys_are_taken_in_any_form(run, tree, keys, tmp_path):
    """A bare public key seals as a certificate does."""
    from cryptography.hazmat.primitives import serialization

    pem = (
        private_key("ctl-0")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (keys / "localhost.pem").write_bytes(pem)
    run("hieradata", "seal", "--data", tree, "--public-keys", keys, "--output", tmp_path / "sealed")
    data = (tmp_path / "sealed/sealed/localhost.sealed").read_bytes()
    assert "messaging_rpc_password" in open_(data, private_key("ctl-0")).contents.sensitive


def test_a_private_key_among_them_is_not_shown(seal, keys):
    """It is refused as what it is, and nothing of it is said."""
    (keys / "localhost.pem").write_text(private_pem("ctl-0"))
    ran = seal()
    assert ran.status == 1
    assert "RSA PRIVATE KEY" in ran.err
    assert "MII" not in ran.err


@pytest.mark.parametrize("kind", ["rendered over sealed", "sealed over rendered"])
def test_neither_kind_of_tree_takes_the_place_of_the_other(seal, run, tmp_path, kind):
    """Secrets that can be read do not come where they were sealed, and are not lost where they were not."""
    seal()
    other = tmp_path / "other"
    render = ("hieradata", "render", "--secrets", tmp_path / "passwords.yaml", "--output")
    assert run(*render, other).status == 0
    if kind == "rendered over sealed":
        ran, found = run(*render, tmp_path / "sealed"), "holds a tree that is sealed"
    else:
        where = ("--data", tmp_path / "hieradata", "--public-keys", tmp_path / "keys", "--output", other)
        ran = run("hieradata", "seal", *where)
        found = "holds a tree with readable secrets"
    assert ran.status == 3
    assert f"{found}; give a directory of its own" in ran.err
    assert (tmp_path / "sealed" / "sealed" / "localhost.sealed").exists()
    assert not (other / "sealed").exists()


def test_lookup_says_that_a_secret_is_sealed(seal, run, tmp_path):
    """Beside the key that was not found stands where it can be read."""
    seal()
    ran = run("lookup", "messaging_rpc_password", "--data", tmp_path / "sealed")
    assert ran.status == 1
    assert "it is sealed here; `puppet lookup` opens it on its node" in ran.err
    assert "sealed here" not in run("lookup", "messaging_rpc_pasword", "--data", tmp_path / "sealed").err
