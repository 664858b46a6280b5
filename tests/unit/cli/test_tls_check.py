# SPDX-License-Identifier: Apache-2.0
"""``tls check``: the files that a plan names, of all hosts or of this one."""

from __future__ import annotations

import json

import pytest

from tests.support.certificates import authority, certificate
from tests.support.tls_cases import CLIENTS, NOTIFY, PLAN, RPC, input_words
from tripleo_messaging.tls.create import KeyPair


@pytest.fixture
def made(run, write, tmp_path):
    """Make the files of all hosts, and return their directory."""
    ran = run("tls", "create", *input_words(write), "--output", tmp_path / "made")
    assert ran.status == 0, ran.err
    return tmp_path / "made"


@pytest.fixture
def check(run, write, made):
    """Return a function that checks these files, and returns the status and findings but for the plan's."""

    def run_check(*words, plan=PLAN):
        ran = run("tls", "check", *input_words(write, plan), *(words or ("--files", made)), "-f", "json")
        rows = json.loads(ran.out) if ran.out else []
        return ran.status, [row for row in rows if row["Rule"].startswith("tls-")], ran.err

    return run_check


def short(rows, made):
    """Return findings as severity, rule and file."""
    return sorted((row["Severity"], row["Rule"], row["Where"].replace(f"{made}/", "")) for row in rows)


def test_what_was_made_is_good(check):
    """Nothing is found in the files that `tls create` makes."""
    assert check()[:2] == (0, [])


def put(made, where, pair):
    """Put a certificate and its key into the place of others."""
    (made / f"{where}.crt").write_bytes(pair.certificate)
    (made / f"{where}.key").write_bytes(pair.key)


def other_authority(made):
    """Another authority's certificate for the right names."""
    names = ("ctl-0.internalapi.example.org", "ctl-0")
    put(made, f"{RPC}/broker", certificate(authority("other"), *names, days=90))


def mixed_up(made):
    """A certificate and key of the right authority for another host."""
    put(made, f"{RPC}/broker", certificate(own_authority(made), "elsewhere.internalapi", days=90))


def own_authority(made):
    """Return the authority that signs for RPC's cluster."""
    files = made / "authorities"
    return KeyPair(certificate=(files / "rpc.crt").read_bytes(), key=(files / "rpc.key").read_bytes())


def key_of_another(made):
    """The other member's key."""
    (made / f"{RPC}/broker.key").write_bytes((made / "hosts/ctl-1/etc/rpc/broker.key").read_bytes())


def lost(made):
    """No key."""
    (made / f"{RPC}/broker.key").unlink()


def open_key(made):
    """A key for everybody."""
    (made / f"{RPC}/broker.key").chmod(0o644)


def swapped(made):
    """The authorities of one service in the place of the other's, on clients."""
    one, two = (made / CLIENTS / name / "ca.crt" for name in ("rpc", "notify"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def client_of_another(made):
    """A client's certificate of an authority that the broker does not know."""
    pair = certificate(authority("other"), usages=("client",), days=90)
    put(made, f"{CLIENTS}/notify/client", pair)


def server_alone(made):
    """A member's certificate for servers, where members speak TLS among themselves."""
    pair = certificate(own_authority(made), "ctl-0.internalapi.example.org", days=90, usages=("server",))
    put(made, f"{RPC}/broker", pair)


def directory(made):
    """A directory in the place of a file."""
    (made / f"{RPC}/broker.key").unlink()
    (made / f"{RPC}/broker.key").mkdir()


BROKER = f"{RPC}/broker"
FAULTS = {
    other_authority: [("error", "tls-untrusted", f"{BROKER}.crt")],
    mixed_up: [("error", "tls-wrong-host", f"{BROKER}.crt")],
    key_of_another: [("error", "tls-key-mismatch", f"{BROKER}.key")],
    lost: [("error", "tls-missing-file", f"{BROKER}.key")],
    directory: [("error", "tls-unreadable-file", f"{BROKER}.key")],
    open_key: [("error", "tls-open-key", f"{BROKER}.key")],
    swapped: [
        ("error", "tls-untrusted", f"{BROKER}.crt"),
        ("error", "tls-untrusted", "hosts/ctl-1/etc/rpc/broker.crt"),
        ("error", "tls-untrusted", f"{NOTIFY}/broker.crt"),
    ],
    client_of_another: [("error", "tls-untrusted", f"{CLIENTS}/notify/client.crt")],
    server_alone: [("error", "tls-wrong-usage", f"{BROKER}.crt")],
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_found(fault, check, made):
    """Just that, with its file; the status is that of errors."""
    fault(made)
    status, rows, _ = check()
    assert (status, short(rows, made)) == (1, sorted(FAULTS[fault]))


def of_this_host(made, name="ctl-0"):
    """Return the plan with paths as they are on a host whose ``/`` is a directory of the tree."""
    return PLAN.replace(" /etc/rpc", f" {made}/hosts/{name}/etc/rpc").replace(
        " /etc/notify", f" {made}/clients/etc/notify"
    )


def test_a_member_checks_its_own_files(check, made):
    """With --node what the member has is checked, and nothing of other members."""
    (made / "hosts/ctl-1/etc/rpc/broker.key").unlink()
    assert check("--node", "ctl-0", plan=of_this_host(made))[:2] == (0, [])
    lost(made)
    status, rows, _ = check("--node", "ctl-0", plan=of_this_host(made))
    assert (status, short(rows, made)) == (1, [("error", "tls-missing-file", f"{BROKER}.key")])
    assert rows[0]["Path"] == "$.rpc.tls.key_file"


def test_a_client_checks_what_clients_have(check, made):
    """Without --files and --node it is authorities and the client's certificate on this host."""
    plan = of_this_host(made)
    lost(made)
    assert check("--days", "30", plan=plan)[:2] == (0, [])
    (made / RPC / "ca.crt").unlink()
    (made / CLIENTS / "notify/client.key").chmod(0o604)
    status, rows, _ = check("--days", "30", plan=plan)
    assert (status, short(rows, made)) == (
        1,
        [
            ("error", "tls-missing-file", f"{RPC}/ca.crt"),
            ("error", "tls-open-key", f"{CLIENTS}/notify/client.key"),
        ],
    )


def test_days_and_strict_decide_on_warnings(check, made):
    """What ends within --days is a warning, which --strict makes an error of the status."""
    for words, expected in (((), 0), (("--strict",), 1)):
        status, rows, _ = check("--files", made, "--days", "400", *words)
        assert status == expected
        assert {row["Rule"] for row in rows} == {"tls-expires-soon"}
        assert {row["Severity"] for row in rows} == {"warning"}
        assert len(rows) == 4


def test_what_puppet_will_write_stands_for_a_missing_file(check, made):
    """Where the plan has the authorities, a file that is not there yet is a warning."""
    bundle = (made / CLIENTS / "rpc/ca.crt").read_text()
    text = "".join(f"      {line}\n" for line in bundle.splitlines())
    plan = PLAN.replace("notify:\n", f"    ca_certificates: |\n{text}notify:\n", 1)
    (made / CLIENTS / "rpc/ca.crt").unlink()
    status, rows, _ = check("--files", made, plan=plan)
    assert (status, short(rows, made)) == (0, [("warning", "tls-missing-file", f"{CLIENTS}/rpc/ca.crt")])
    assert rows[0]["Hint"] == "Puppet puts the plan's ca_certificates there: run it"


def test_a_wrong_plan_is_told_before_its_files(check, made):
    """With an error in the input there are no findings of files."""
    lost(made)
    status, rows, err = check("--files", made, plan=PLAN.replace("port: 5673", "port: 0"))
    assert (status, rows) == (1, [])
    assert "fault of the program" not in err


def test_wrong_usage(check, made):
    """A node that is no member, a directory that is not there, both options at once."""
    refused = {
        ("--node", "clt-0"): (2, "clt-0 is a member of no cluster with TLS; did you mean 'ctl-0'?"),
        ("--node", "ctl-7"): (2, "ctl-7 is a member of no cluster with TLS; without --node the files of"),
        ("--files", made / "nowhere"): (3, "nowhere: no such directory; `tls create` makes one"),
        ("--files", made, "--node", "ctl-0"): (2, "--files checks every member, --node this host"),
        ("--days", "0"): (2, "'0' is not a number of days (1 to 36500)"),
    }
    for words, (status, text) in refused.items():
        found, rows, err = check(*words)
        assert (found, rows) == (status, [])
        assert text in err


def test_no_key_is_shown(run, write, made):
    """Not in a table, in a log or in an error, even where a key is in the wrong place."""
    key = (made / f"{BROKER}.key").read_bytes()
    (made / f"{BROKER}.crt").write_bytes(key)
    (made / CLIENTS / "rpc/ca.crt").write_bytes(key[:-40])
    ran = run("--debug", "tls", "check", *input_words(write), "--files", made)
    assert ran.status == 1
    assert "tls-key-in-certificate-file" in ran.out
    assert not any(line.decode() in ran.out + ran.err for line in key.split() if len(line) > 20)


def test_the_plans_authorities_count_where_the_file_is_there(check, made):
    """Puppet writes them over what is there, so members' certificates of another authority will not do."""
    text = "".join(f"      {line}\n" for line in authority("other").certificate.decode().splitlines())
    plan = PLAN.replace("notify:\n", f"    ca_certificates: |\n{text}notify:\n", 1)
    status, rows, _ = check(plan=plan)
    assert status == 1
    found = short(rows, made)
    assert ("error", "tls-untrusted", f"{BROKER}.crt") in found
    assert ("warning", "tls-other-authorities", f"{CLIENTS}/rpc/ca.crt") in found
    own = (made / "authorities/rpc.crt").read_text()
    text = "".join(f"      {line}\n" for line in own.splitlines())
    plan = PLAN.replace("notify:\n", f"    ca_certificates: |\n{text}notify:\n", 1)
    assert check(plan=plan)[:2] == (0, [])
