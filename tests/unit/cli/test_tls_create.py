# SPDX-License-Identifier: Apache-2.0
"""``tls create``: what is made, what is kept, and how one authority takes the place of another."""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess

import pytest

from tests.support.certificates import Placed, certificate, refusal
from tests.support.tls_cases import CLIENTS, INVENTORY, NOTIFY, PLAN, RPC, input_words
from tripleo_messaging.tls.certificates import is_signed_by, read_pem
from tripleo_messaging.tls.create import KeyPair, create_authority


@pytest.fixture
def create(run, write, tmp_path):
    """Return a function that runs the command on the plan of two clusters."""

    def run_create(*words, plan=PLAN, inventory=INVENTORY):
        options = input_words(write, plan, inventory)
        return run("tls", "create", *options, "--output", tmp_path / "made", *words)

    return run_create


@pytest.fixture
def made(tmp_path):
    """Return the directory of the files."""
    return tmp_path / "made"


def contents(directory):
    """Return every file's content by its path."""
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def subjects(path):
    """Return the subjects of a file's certificates."""
    return [one.subject for one in read_pem(path.read_bytes()).certificates]


def first(path):
    """Return the first certificate of a file."""
    return read_pem(path.read_bytes()).certificates[0]


def placed(made, where, name="broker", ca="ca"):
    """Return the files of a certificate that was made."""
    return Placed(
        ca_file=made / where / f"{ca}.crt",
        certificate_file=made / where / f"{name}.crt",
        key_file=made / where / f"{name}.key",
    )


def test_the_report_says_what_was_made_and_what_is_next(create, made):
    """The files, what to write into the plan, and the commands that bring hosts what is theirs; no key."""
    ran = create()
    assert ran.status == 0, ran.err
    assert (
        ran.out
        == f"""\
Certificates in {made}
  authorities/notify.crt  notify: certificate of the authority               written
  authorities/notify.key  notify: its key, which signs for it; keep it here  written
  authorities/rpc.crt     rpc: certificate of the authority                  written
  authorities/rpc.key     rpc: its key, which signs for it; keep it here     written
  clients                 every host that runs clients                       4 written
  hosts                   a member each: certificate, key, authorities       9 written
To write into the plan, for Puppet to put the authorities in place on every host
  $.rpc.tls.ca_certificates: the text of {made}/clients/etc/rpc/ca.crt
  $.notify.tls.ca_certificates: the text of {made}/clients/etc/notify/ca.crt
To run next, for each host below hosts, e.g.
  tar -C {made}/hosts/ctl-0 --owner=root --group=root -c etc/rpc/ca.crt etc/rpc/broker.crt \
etc/rpc/broker.key | ssh ctl-0 'tar -x -C /'
  ssh ctl-0 'chown root:rabbitmq /etc/rpc/broker.key && chmod 0640 /etc/rpc/broker.key'
  ssh ctl-0 '/etc/rabbitmq/run rabbitmqctl eval '"'"'ssl:clear_pem_cache().'"'"''
  tar -C {made}/hosts/msg-0 --owner=root --group=root -c etc/notify/ca.crt etc/notify/broker.crt \
etc/notify/broker.key | ssh msg-0 'tar -x -C /'
  ssh msg-0 'chown root:rabbitmq /etc/notify/broker.key && chmod 0640 /etc/notify/broker.key'
  ssh msg-0 '/etc/rabbit_notify/run rabbitmqctl eval '"'"'ssl:clear_pem_cache().'"'"''
and for each host that runs clients
  tar -C {made}/clients --owner=root --group=root -c etc/rpc/ca.crt etc/notify/ca.crt \
etc/notify/client.crt etc/notify/client.key | ssh HOST 'tar -x -C /'
"""
    )
    assert "PRIVATE" not in ran.out + ran.err


def test_each_cluster_has_an_authority_of_its_own(create, made):
    """Brokers and clients of a service take each other, and the other service's not; names are verified."""
    assert create().status == 0
    rpc, notify = placed(made, RPC), placed(made, NOTIFY)
    client = placed(made, f"{CLIENTS}/notify", "client")
    host = "ctl-0.internalapi.example.org"
    # The other member's host name, for clients that go on from it; its other names are its own.
    for name in (host, "ctl-0", "172.17.0.10", "ctl-1.internalapi.example.org"):
        assert refusal(rpc, made / CLIENTS / "rpc/ca.crt", name) == ""
    assert "match" in refusal(rpc, made / CLIENTS / "rpc/ca.crt", "ctl-1")
    assert "issuer" in refusal(rpc, made / CLIENTS / "notify/ca.crt", host)
    assert refusal(notify, client.ca_file, "msg-0", client) == ""
    assert set(first(client.certificate_file).purposes) == {"client"}
    assert not (made / CLIENTS / "rpc/client.crt").exists()


def test_keys_are_for_their_owner_alone(create, made):
    """Keys are 0600 and certificates 0644, whatever the umask, below a directory that nobody else enters."""
    before = os.umask(0)
    try:
        assert create().status == 0
    finally:
        os.umask(before)
    files = [path for path in made.rglob("*") if path.is_file()]
    modes = {(path.suffix, stat.S_IMODE(path.stat().st_mode)) for path in files}
    assert modes == {(".key", 0o600), (".crt", 0o644)}
    assert sum(path.suffix == ".key" for path in files) == 6
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_what_is_good_stays(create, made):
    """Run again, nothing is written; a member's lost key costs that certificate alone."""
    create()
    before = contents(made)
    again = create()
    assert (contents(made), "written" in again.out) == (before, False)
    (made / RPC / "broker.key").unlink()
    ran = create()
    changed = {path for path, data in contents(made).items() if data != before[path]}
    assert changed == {f"{RPC}/broker.crt", f"{RPC}/broker.key"}
    assert "1 certificate made anew: could not be read, or the key was another's" in ran.out


def test_a_changed_member_gets_its_names(create, made):
    """Another address is another certificate; a new member gets one, and its cluster's others its name."""
    create()
    before = contents(made)
    new = "        ctl-2: {internal_api_ip: 172.17.0.12, internal_api_hostname: ctl-2.internalapi}\n"
    inventory = INVENTORY.replace("172.17.0.11", "172.17.0.99").replace(
        "        ctl-0:", f"{new}        ctl-0:"
    )
    assert "made anew: names or addresses were others" in create(inventory=inventory).out
    changed = {path for path, data in contents(made).items() if data != before.get(path)}
    assert {path.split("/")[1] for path in changed} == {"ctl-0", "ctl-1", "ctl-2"}
    assert not any("notify" in path for path in changed)
    assert first(made / "hosts/ctl-1/etc/rpc/broker.crt").addresses == ("172.17.0.99",)
    names = first(made / "hosts/ctl-2/etc/rpc/broker.crt").names
    assert names[:2] == ("ctl-2.internalapi", "ctl-2")
    for host in ("ctl-0", "ctl-1", "ctl-2"):
        assert "ctl-2.internalapi" in first(made / f"hosts/{host}/etc/rpc/broker.crt").names


def test_a_certificate_that_ends_soon_is_renewed(create, made):
    """Within a third of its days it is made anew, by the same authority and with another key."""
    create()
    authority = KeyPair(
        certificate=(made / "authorities/rpc.crt").read_bytes(),
        key=(made / "authorities/rpc.key").read_bytes(),
    )
    names = ("ctl-0.internalapi.example.org", "ctl-0", "172.17.0.10", "ctl-1.internalapi.example.org")
    old = certificate(authority, *names, days=2)
    (made / RPC / "broker.crt").write_bytes(old.certificate)
    (made / RPC / "broker.key").write_bytes(old.key)
    assert "made anew" not in create("--days", "5").out
    ran = create("--days", "9")
    assert "1 certificate made anew: ended soon" in ran.out
    renewed = first(made / RPC / "broker.crt")
    assert renewed.not_after - dt.datetime.now(dt.timezone.utc) > dt.timedelta(days=8)
    assert (made / RPC / "broker.key").read_bytes() != old.key
    assert is_signed_by(renewed, first(made / "authorities/rpc.crt"))


def test_a_rotation_never_cuts_anybody_off(create, made):
    """At each step what is in use is trusted by those who have this step's or the last one's authorities."""
    create()
    host = "ctl-0.internalapi.example.org"
    bundle, server = made / CLIENTS / "rpc/ca.crt", placed(made, RPC)
    notify = contents(made / "hosts/msg-0")
    (old,) = subjects(bundle)
    for step, next_step in (("new-authority", "switch"), ("switch", "retire"), ("retire", None)):
        before = made.parent / f"before-{step}.crt"
        before.write_bytes(bundle.read_bytes())
        leaf_before = contents(made / RPC)
        ran = create(f"--{step}", "rpc")
        assert ran.status == 0, ran.err
        assert refusal(server, before, host) == ""
        assert refusal(server, bundle, host) == ""
        assert (made / RPC / "ca.crt").read_bytes() == bundle.read_bytes()
        is_new = contents(made / RPC)["broker.crt"] != leaf_before["broker.crt"]
        assert is_new is (step == "switch")
        if next_step:
            assert f"--output {made} --{next_step} rpc\n" in ran.out
            assert len(subjects(bundle)) == 2
    (new,) = subjects(bundle)
    assert new != old
    assert sorted(path.name for path in (made / "authorities").iterdir()) == [
        "notify.crt",
        "notify.key",
        "rpc.crt",
        "rpc.key",
    ]
    assert contents(made / "hosts/msg-0") == notify
    assert "written" not in create().out


STEPS_OUT_OF_TURN = {
    (): {
        "--switch": "none waits; begin with --new-authority rpc",
        "--retire": "there is one authority alone, which stays",
    },
    ("--new-authority",): {
        "--new-authority": "a new one waits already; go on with --switch rpc",
        "--retire": "a new one waits; go on with --switch rpc",
    },
    ("--new-authority", "--switch"): {
        "--new-authority": "one is being retired; end that with --retire rpc",
        "--switch": "none waits; begin with --new-authority rpc",
    },
}


@pytest.mark.parametrize("taken", STEPS_OUT_OF_TURN, ids=lambda steps: " ".join(steps) or "none")
def test_steps_are_taken_in_turn(create, made, taken):
    """Another step than the next one is wrong usage, says which is next, and changes nothing."""
    create()
    for step in taken:
        assert create(step, "rpc").status == 0
    before = contents(made)
    for step, reason in STEPS_OUT_OF_TURN[taken].items():
        ran = create(step, "rpc")
        assert (ran.status, ran.out, ran.err) == (2, "", f"error: {step} rpc: {reason}\n")
    assert contents(made) == before


def test_steps_need_a_cluster_an_authority_and_time_between(create, made):
    """A mistyped cluster, a rotation of nothing, and two steps at once are refused, and nothing is made."""
    unknown = create("--switch", "rcp")
    nothing = create("--new-authority", "rpc")
    assert (unknown.status, nothing.status, made.exists()) == (2, 2, False)
    assert unknown.err == "error: --switch: no cluster 'rcp' has TLS; expected one of rpc, notify\n"
    assert "there is no authority yet; run the command without it to make the first" in nothing.err
    create()
    before = contents(made)
    hasty = create("--new-authority", "rpc", "--switch", "rpc")
    assert (hasty.status, contents(made)) == (2, before)
    assert hasty.err == "error: --switch rpc: take one step at a time, and let every host follow\n"


def test_the_plan_is_to_know_an_authority_before_it_signs(create, made):
    """Where Puppet writes the clients' file from the plan, a switch that the plan lacks is an error."""
    create()

    def planned():
        bundle = (made / CLIENTS / "rpc/ca.crt").read_text()
        text = "".join(f"      {line}\n" for line in bundle.splitlines())
        return PLAN.replace("notify:\n", f"    ca_certificates: |\n{text}notify:\n", 1)

    old = planned()
    assert "$.rpc.tls.ca_certificates" not in create(plan=old).out
    ran = create("--new-authority", "rpc", plan=old)
    assert ran.status == 0
    assert "warning: $.rpc.tls.ca_certificates: lacks 'rpc " in ran.err
    assert f"$.rpc.tls.ca_certificates: the text of {made}/clients/etc/rpc/ca.crt" in ran.out
    before = contents(made)
    refused = create("--switch", "rpc", plan=old)
    assert (refused.status, refused.out) == (1, "")
    assert "[tls-authority-not-in-plan]" in refused.err
    assert contents(made) == before
    assert create("--switch", "rpc", plan=planned()).status == 0


def test_an_authority_that_ended_is_told_of(create, made):
    """It signs nothing more: nothing is written, the way out is named; one that ends soon is a warning."""
    create()
    stem = made / "authorities/rpc"
    for days, status, text in ((-1, 1, "nobody trusts it now: remove"), (5, 0, "--new-authority rpc")):
        start = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=9)
        pair = create_authority("rpc", now=start, days=9 + days)
        stem.with_suffix(".crt").write_bytes(pair.certificate)
        stem.with_suffix(".key").write_bytes(pair.key)
        before = contents(made)
        ran = create()
        assert ran.status == status
        assert text in ran.err
        assert (contents(made) == before) is bool(status)


def test_half_an_authority_is_never_made_anew(create, made):
    """Without its key it cannot sign; a new one in its place would cut off everybody."""
    create()
    (made / "authorities/rpc.key").unlink()
    before = contents(made)
    ran = create()
    assert ran.status == 1
    assert "authorities/rpc.key: error: $.rpc.tls: holds no private key in PEM" in ran.err
    assert contents(made) == before


def test_one_path_for_two_things_is_an_error(create, made):
    """Clients have both authorities, so that these need a file each; so do two brokers on one host."""
    ran = create(plan=PLAN.replace("/etc/notify/ca.crt", "/etc/rpc//ca.crt"))
    assert ran.status == 1
    assert "error: $.notify.tls.ca_file: is the path of $.rpc.tls.ca_file too" in ran.err
    assert not made.exists()


def test_wrong_usage_makes_nothing(create, made):
    """No TLS in the plan, days out of bounds, and a directory with other files."""
    without = create(plan="version: 1\nconsumers: [none]\n")
    assert (without.status, "no cluster of this plan has TLS" in without.err) == (2, True)
    for days in ("0", "x", "99999999999", "-1"):
        assert create("--days", days).status == 2
    assert not made.exists()
    made.mkdir()
    (made / "precious").write_text("data")
    ran = create()
    assert ran.status == 3
    assert f"error: {made}: holds 'precious', which is no certificate of ours" in ran.err
    assert [path.name for path in made.iterdir()] == ["precious"]


def test_the_copy_leaves_directories_as_they_are(create, made, tmp_path):
    """The command that is printed brings the files, and no mode of a directory that is there."""
    out = create().out
    line = next(line for line in out.splitlines() if "| ssh ctl-0" in line)
    packing = line.partition(" | ")[0].replace("--owner=root --group=root ", "")
    host = tmp_path / "host"
    (host / "etc").mkdir(parents=True)
    (host / "etc").chmod(0o751)
    subprocess.run(["sh", "-c", f"{packing} | tar -x -C {host}"], check=True)
    assert stat.S_IMODE((host / "etc").stat().st_mode) == 0o751
    assert contents(host) == contents(made / "hosts/ctl-0")
    assert stat.S_IMODE((host / "etc/rpc/broker.key").stat().st_mode) == 0o600
