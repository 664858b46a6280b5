# SPDX-License-Identifier: Apache-2.0
"""``tls create``: what is made, what is kept, and how one authority takes the place of another."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
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
  tar -C {made}/hosts/ctl-0 --owner=root --group=root '--transform=s/$/.new/' -c etc/rpc/ca.crt \
etc/rpc/broker.crt etc/rpc/broker.key | ssh ctl-0 'cd / && tar -x && \
chown root:rabbitmq etc/rpc/broker.key.new && chmod 0640 etc/rpc/broker.key.new && \
for f in etc/rpc/ca.crt etc/rpc/broker.crt etc/rpc/broker.key; do mv -f "$f.new" "$f" || exit; done'
  ssh ctl-0 '/etc/rabbitmq/run rabbitmqctl eval '"'"'ssl:clear_pem_cache().'"'"''
  tar -C {made}/hosts/msg-0 --owner=root --group=root '--transform=s/$/.new/' -c etc/notify/ca.crt \
etc/notify/broker.crt etc/notify/broker.key | ssh msg-0 'cd / && tar -x && \
chown root:rabbitmq etc/notify/broker.key.new && chmod 0640 etc/notify/broker.key.new && \
for f in etc/notify/ca.crt etc/notify/broker.crt etc/notify/broker.key; do mv -f "$f.new" "$f" || exit; done'
  ssh msg-0 '/etc/rabbit_notify/run rabbitmqctl eval '"'"'ssl:clear_pem_cache().'"'"''
and for each host that runs clients
  tar -C {made}/clients --owner=root --group=root '--transform=s/$/.new/' -c etc/rpc/ca.crt \
etc/notify/ca.crt etc/notify/client.crt etc/notify/client.key | ssh HOST 'cd / && tar -x && \
if [ -e etc/notify/client.key ]; then chown --reference=etc/notify/client.key etc/notify/client.key.new && \
chmod --reference=etc/notify/client.key etc/notify/client.key.new; fi && \
for f in etc/rpc/ca.crt etc/notify/ca.crt etc/notify/client.crt etc/notify/client.key; \
do mv -f "$f.new" "$f" || exit; done'
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


def test_directories_are_for_their_owner_alone(create, made):
    """Each has 0700 under the usual umask, the ones between as well, so that what is moved stays closed."""
    before = os.umask(0o022)
    try:
        assert create().status == 0
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made.rglob("*") if path.is_dir()}
    assert made / "hosts/ctl-0/etc" in modes
    assert set(modes.values()) == {0o700}


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
    assert "1 certificate made anew: certificate or key was missing" in ran.out


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
    for days, status, text in ((-1, 1, "nobody trusts it now: run again"), (5, 0, "--new-authority rpc")):
        for folder in ("hosts", "clients"):
            shutil.rmtree(made / folder, ignore_errors=True)
        start = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=9)
        pair = create_authority("rpc", now=start, days=9 + days)
        stem.with_suffix(".crt").write_bytes(pair.certificate)
        stem.with_suffix(".key").write_bytes(pair.key)
        before = contents(made)
        ran = create()
        assert ran.status == status
        assert text in ran.err
        assert (contents(made) == before) is bool(status)


def test_a_key_kept_elsewhere_is_missed_when_it_is_to_sign(create, made):
    """Without it all that is good stays; nothing is made anew, and no other authority either."""
    create()
    (made / "authorities/rpc.key").unlink()
    before = contents(made)
    assert create().status == 0
    assert contents(made) == before
    (made / RPC / "broker.key").unlink()
    del before[f"{RPC}/broker.key"]
    ran = create()
    assert (ran.status, ran.out) == (1, "")
    assert f"authorities/rpc.key: error: $.rpc.tls: is not there, and is to sign {RPC}/broker.crt" in ran.err
    assert "(put authorities/rpc.key back, or begin with a directory that is empty)" in ran.err
    assert contents(made) == before


def test_a_rotation_needs_the_key_that_is_to_sign_alone(create, made):
    """The first authority's key may be away throughout; the second's has to be there for the switch."""
    create()
    first_key, next_key = made / "authorities/rpc.key", made / "authorities/rpc-next.key"
    first_key.unlink()
    assert create("--new-authority", "rpc").status == 0
    kept = next_key.read_bytes()
    next_key.unlink()
    before = contents(made)
    ran = create("--switch", "rpc")
    assert (ran.status, contents(made)) == (1, before)
    assert "put authorities/rpc-next.key back" in ran.err
    next_key.write_bytes(kept)
    assert create("--switch", "rpc").status == 0
    assert not (made / "authorities/rpc-previous.key").exists()
    assert first_key.read_bytes() == kept
    assert create("--retire", "rpc").status == 0


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


def run_copy(out, host, directory, access=()):
    """Run the printed command that copies to a host, with a directory in the place of the host's ``/``.

    What only root can do is replaced, by `access` if that is given.
    """
    line = next(line for line in out.splitlines() if f"| ssh {host} " in line)
    packing, _, remote = line.partition(f" | ssh {host} ")
    (script,) = shlex.split(remote)
    for old, new in {
        "cd /": f"cd {directory}",
        "chown root:rabbitmq": f"chown {os.getuid()}:{os.getgid()}",
        **dict(access),
    }.items():
        script = script.replace(old, new)
    packing = packing.replace("--owner=root --group=root ", "")
    command = f"{packing} | sh -c {shlex.quote(script)}"
    return subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)


def test_the_copy_leaves_directories_as_they_are(create, made, tmp_path):
    """The command that is printed brings the files, and no mode of a directory that is there."""
    host = tmp_path / "host"
    (host / "etc").mkdir(parents=True)
    (host / "etc").chmod(0o751)
    ran = run_copy(create().out, "ctl-0", host)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert stat.S_IMODE((host / "etc").stat().st_mode) == 0o751
    assert contents(host) == contents(made / "hosts/ctl-0")
    assert stat.S_IMODE((host / "etc/rpc/broker.key").stat().st_mode) == 0o640
    assert stat.S_IMODE((host / "etc/rpc/broker.crt").stat().st_mode) == 0o644


def test_the_copy_replaces_files_when_the_broker_can_read_the_new_ones(create, made, tmp_path):
    """Nothing in use changes before the new key has its group; where that fails, all is as it was."""
    out, host = create().out, tmp_path / "host"
    host.mkdir()
    assert run_copy(out, "ctl-0", host).returncode == 0
    used = contents(host)
    (made / RPC / "broker.key").unlink()
    out = create().out
    assert run_copy(out, "ctl-0", host, {"chmod 0640": "false"}).returncode != 0
    now = contents(host)
    assert {name: data for name, data in now.items() if not name.endswith(".new")} == used
    assert stat.S_IMODE((host / "etc/rpc/broker.key").stat().st_mode) == 0o640
    assert stat.S_IMODE((host / "etc/rpc/broker.key.new").stat().st_mode) == 0o600
    assert run_copy(out, "ctl-0", host).returncode == 0
    assert contents(host) == contents(made / "hosts/ctl-0") != used


def test_the_copy_keeps_who_reads_the_key_of_clients(create, made, tmp_path):
    """It is the services' own: the mode that the last one had, the next one has."""
    out, host = create().out, tmp_path / "host"
    host.mkdir()
    key = host / "etc/notify/client.key"
    for mode in (0o600, 0o640):
        assert run_copy(out, "HOST", host).returncode == 0
        assert stat.S_IMODE(key.stat().st_mode) == mode
        key.chmod(0o640)
    assert contents(host) == contents(made / "clients")


@pytest.mark.parametrize(
    "lost", [("rpc.crt", "rpc.key"), ("rpc.crt", "rpc.key", "notify.crt", "notify.key")], ids=["one", "all"]
)
def test_a_lost_authority_is_never_made_anew(create, made, tmp_path, lost):
    """Its key may be kept elsewhere: nothing is written, and what is there is named; put back, it goes on."""
    create()
    before = contents(made)
    for name in lost:
        (made / "authorities" / name).rename(tmp_path / name)
    left = contents(made)
    ran = create()
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("[tls-authority-missing]") == len(lost) / 2
    assert "put authorities/rpc.crt and .key back" in ran.err
    assert contents(made) == left
    for name in lost:
        (tmp_path / name).rename(made / "authorities" / name)
    assert create().status == 0
    assert contents(made) == before


def test_authorities_are_missed_whatever_the_paths_are(create, made, tmp_path):
    """Without any authority, files at paths that the plan named before tell that there was one."""
    create()
    (made / "authorities").rename(tmp_path / "offline")
    before = contents(made)
    ran = create(plan=PLAN.replace("/etc/", "/opt/"))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("[tls-authority-missing]") == 2
    assert contents(made) == before


def test_an_authority_of_a_rotation_alone_is_none(create, made):
    """Where only the one is left that waited, the one that signs is missing."""
    create()
    create("--new-authority", "rpc")
    for name in ("rpc.crt", "rpc.key"):
        (made / "authorities" / name).unlink()
    before = contents(made)
    ran = create()
    assert ran.status == 1
    assert "authorities/rpc-next is there" in ran.err
    assert contents(made) == before


def test_what_was_not_made_here_is_kept(create, made):
    """A certificate of another authority, put there by hand, is not lost with its key."""
    create()
    pair = certificate(create_authority("corporate", now=dt.datetime.now(dt.timezone.utc), days=9), "ctl-0")
    (made / RPC / "broker.crt").write_bytes(pair.certificate)
    (made / RPC / "broker.key").write_bytes(pair.key)
    before = contents(made)
    ran = create()
    assert (ran.status, ran.out) == (1, "")
    assert "broker.crt: error: $.rpc.tls: 'ctl-0' was not made here" in ran.err
    assert contents(made) == before


NOT_MADE_HERE = {
    "its key with our certificate": ("broker.key", "key"),
    "a certificate that cannot be read": ("broker.crt", "text"),
}


@pytest.mark.parametrize("case", NOT_MADE_HERE)
def test_half_of_what_was_not_made_here_is_kept(create, made, case):
    """A key that belongs to no certificate of ours may be the only copy; so may what cannot be read."""
    create()
    name, kind = NOT_MADE_HERE[case]
    other = certificate(create_authority("corporate", now=dt.datetime.now(dt.timezone.utc), days=9), "ctl-0")
    (made / RPC / name).write_bytes({"key": other.key, "text": b"0\x82 DER"}[kind])
    before = contents(made)
    ran = create()
    assert (ran.status, ran.out) == (1, "")
    assert f"{RPC}/{name}: error: $.rpc.tls: " in ran.err
    assert "(remove certificate and key to have new ones made, or give another directory)" in ran.err
    assert contents(made) == before
    for half in ("broker.crt", "broker.key"):
        (made / RPC / half).unlink()
    assert create().status == 0


@pytest.mark.parametrize("steps", [("--new-authority",), ("--new-authority", "--switch")], ids=" ".join)
def test_what_a_former_authority_of_ours_signed_is_renewed(create, made, steps):
    """An old pair that came back during a rotation is ours, whichever of our authorities signed it."""
    create()
    old = {name: (made / RPC / name).read_bytes() for name in ("broker.crt", "broker.key")}
    for step in steps:
        create(step, "rpc")
    for name, data in old.items():
        (made / RPC / name).write_bytes(data)
    ran = create()
    assert ran.status == 0, ran.err
    is_new = (made / RPC / "broker.key").read_bytes() != old["broker.key"]
    assert is_new is ("--switch" in steps)
    assert is_signed_by(first(made / RPC / "broker.crt"), first(made / "authorities/rpc.crt"))


@pytest.mark.parametrize(
    ("steps", "lost"),
    [
        (("--new-authority",), "rpc-next"),
        (("--new-authority", "--switch"), "rpc-previous"),
    ],
    ids=["next", "previous"],
)
def test_a_bundle_drops_no_root_but_when_it_is_retired(create, made, steps, lost):
    """An authority whose files are gone in a rotation is still trusted by hosts: nothing is written."""
    create()
    for step in steps:
        create(step, "rpc")
    for ending in ("crt", "key"):
        (made / f"authorities/{lost}.{ending}").unlink()
    before = contents(made)
    subject = subjects(made / CLIENTS / "rpc/ca.crt")[1]
    ran = create()
    assert (ran.status, ran.out) == (1, "")
    assert f"ca.crt: error: $.rpc.tls: holds {subject!r}, which no file of authorities does" in ran.err
    assert "(and in 2 files more)" in ran.err
    assert contents(made) == before


def test_the_certificate_of_an_authority_that_waits_is_missed(create, made):
    """A key alone is no authority that a bundle could hold."""
    create()
    create("--new-authority", "rpc")
    (made / "authorities/rpc-next.crt").unlink()
    before = contents(made)
    ran = create()
    assert ran.status == 1
    assert "authorities/rpc-next.crt: error: $.rpc.tls: is not there, or holds no certificate" in ran.err
    assert contents(made) == before


def test_what_is_left_of_members_and_paths_is_named(create, made):
    """Files of a member that left and of a path that changed stay, and a warning names each."""
    create()
    assert "tls-leftover" not in create().err
    inventory = "".join(line for line in INVENTORY.splitlines(keepends=True) if "ctl-1" not in line)
    plan = PLAN.replace("/etc/notify/client.key", "/etc/notify/services.key")
    plan = plan.replace("/etc/notify/client.crt", "/etc/notify/services.crt")
    before = contents(made)
    ran = create(plan=plan, inventory=inventory)
    assert ran.status == 0
    warned = [line for line in ran.err.splitlines() if "[tls-leftover]" in line]
    assert all("warning: $: is of no member and no path of this plan now" in line for line in warned)
    named = [line.partition(": warning")[0] for line in warned]
    assert named == [
        f"{made}/hosts/ctl-1",
        f"{made}/clients/etc/notify/client.crt",
        f"{made}/clients/etc/notify/client.key",
    ]
    assert set(before) <= set(contents(made))
