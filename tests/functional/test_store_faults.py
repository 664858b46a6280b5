# SPDX-License-Identifier: Apache-2.0
"""The encrypted store on disks that refuse, in processes that are killed, and with several at once.

strace delivers the signal, or the error, in place of the k-th call of one name; k goes up until the child
gets through. Each run is a process of its own on files of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.store_contents import CANARY, content_of
from tests.support.syscalls import NUMBERS
from tripleo_messaging.errors import LockedError, UnusableStoreError
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
from tripleo_messaging.passwords.key_file import make_key_file, read_keys
from tripleo_messaging.passwords.store import Content, Snapshot

CHILD = """
import os, sys
from pathlib import Path
from tests.support.store_contents import content_of
from tripleo_messaging.errors import LockedError, MessagingError, StaleStoreError
from tripleo_messaging.passwords.encrypted_file import EncryptedFileStore
os.umask(0)
action, directory, *more = sys.argv[1:]
store = EncryptedFileStore(Path(directory, "secrets.store"), Path(directory, "keys", "store.key"))

def replace():
    snapshot = store.read()
    store.replace(content_of(*more), expected_revision=snapshot.revision)

def make():
    with store.lease():
        store.create_key()
        replace()

def hold():
    with store.lease():
        print("held", flush=True)
        sys.stdin.read()

def count():
    done = 0
    while done < int(more[0]):
        try:
            snapshot = store.read()
            text = str(int(snapshot.content.secrets["RpcPassword"].secret.reveal()) + 1)
            store.replace(content_of(text), expected_revision=snapshot.revision)
        except (LockedError, StaleStoreError):
            continue
        done += 1

def rekeys():
    for _ in range(int(more[0])):
        store.rekey()

actions = {"replace": replace, "make": make, "hold": hold, "count": count, "rekeys": rekeys}
try:
    actions.get(action, store.rekey)()
except MessagingError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
#: Those that change files, or bring them to the disk; a test makes sure that there are no others.
SYSTEM_CALLS = ("write", "fsync", "fchmod", "mkdir", "rename", "unlink")
MOST_CALLS = 60
FILES = {"secrets.store", "secrets.store.bak", "keys/store.key"}


def store_in(directory: Path) -> EncryptedFileStore:
    """Return the store that `CHILD` works on."""
    return EncryptedFileStore(directory / "secrets.store", directory / "keys" / "store.key")


def command(action: str, directory: Path, *more: str) -> list[str]:
    """Return the command line of a child."""
    return [sys.executable, "-B", "-c", CHILD, action, str(directory), *more]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        list(map(str, arguments)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """Make a store of two revisions."""
    directory = tmp_path / "prepared"
    store = store_in(directory)
    store.create_key()
    store.replace(content_of("one"), expected_revision=0)
    store.replace(content_of("two"), expected_revision=1)
    return directory


def files_in(directory: Path) -> dict[str, bytes]:
    """Return the content of every file."""
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def interruptions(
    prepared: Path, how: str, action: str, *more: str
) -> Iterator[tuple[str, Path, subprocess.CompletedProcess[str]]]:
    """Yield every interrupted run: which call it was, the directory it left, and how it ended."""
    log = prepared.with_name("strace.log")
    # It stops at the traced calls only, and then strace 6.1 delivers no signal.
    quick = () if how.startswith("signal") else ("--seccomp-bpf",)
    for call in SYSTEM_CALLS:
        for number in range(1, MOST_CALLS):
            directory = prepared.with_name(f"{call}-{number}")
            if prepared.exists():
                shutil.copytree(prepared, directory)
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:{how}:when={number}")
            done = run("strace", "-f", "-qq", "-o", log, *quick, *inject, *command(action, directory, *more))
            if done.returncode != -signal.SIGKILL and "(INJECTED)" not in log.read_text():
                assert (done.returncode, done.stderr) == (0, ""), f"{call} {number}"
                break
            yield f"{call} {number}", directory, done
        else:
            pytest.fail(f"{call}: still interrupted after {MOST_CALLS} calls")


def assert_finished(directory: Path, where: str) -> None:
    """Make sure that the next command has left a whole store and nothing else."""
    found = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    assert found - {"secrets.store.bak"} == FILES - {"secrets.store.bak"}, where
    modes = {path.stat().st_mode & 0o777 for path in directory.rglob("*") if path.is_file()}
    assert modes == {0o600}, where


def test_replace_is_killed_at_every_call(prepared: Path) -> None:
    """The store holds the old content or the new one; the same command again makes the new one."""
    ends = {"two": 0, "three": 0}
    for where, directory, done in interruptions(prepared, "signal=KILL", "replace", "three"):
        assert done.returncode == -signal.SIGKILL, f"{where}: {done.stderr}"
        store = store_in(directory)
        found = store.read()
        assert found in (
            Snapshot(content=content_of("two"), revision=2),
            Snapshot(content=content_of("three"), revision=3),
        ), where
        backup = EncryptedFileStore(store.backup, store.key_file).read()
        assert backup.content in (content_of("one"), content_of("two")), where
        ends[found.content.secrets["RpcPassword"].secret.reveal()] += 1
        store.replace(content_of("three"), expected_revision=found.revision)
        assert store.read().content == content_of("three"), where
        assert_finished(directory, where)
    assert ends["two"] > 6
    assert ends["three"] > 1


def test_rekey_is_killed_at_every_call(prepared: Path) -> None:
    """The store is read at every point; the next rekey ends it, and the former key opens nothing then."""
    (former,) = read_keys(store_in(prepared).key_file)
    numbers = []
    for where, directory, done in interruptions(prepared, "signal=KILL", "rekey"):
        assert done.returncode == -signal.SIGKILL, f"{where}: {done.stderr}"
        store = store_in(directory)
        backup = EncryptedFileStore(store.backup, store.key_file)
        assert store.read() == Snapshot(content=content_of("two"), revision=2), where
        assert backup.read() == Snapshot(content=content_of("one"), revision=1), where
        numbers.append(len(read_keys(store.key_file)))
        store.rekey()
        assert store.read() == Snapshot(content=content_of("two"), revision=2), where
        assert backup.read() == Snapshot(content=content_of("one"), revision=1), where
        assert len(read_keys(store.key_file)) == 1, where
        assert_finished(directory, where)
        make_key_file(store.key_file, (former,))
        for opened in (store, backup):
            with pytest.raises(UnusableStoreError, match="cannot be opened with"):
                opened.read()
    assert {1, 2} <= set(numbers)
    assert len(numbers) > 15


def test_the_first_write_is_killed_at_every_call(tmp_path: Path) -> None:
    """No store or a whole one is there, and never one without its key; the same again makes it."""
    revisions = set()
    for where, directory, done in interruptions(tmp_path / "not-there", "signal=KILL", "make", "one"):
        assert done.returncode == -signal.SIGKILL, f"{where}: {done.stderr}"
        store = store_in(directory)
        found = store.read()
        assert found in (Snapshot.empty(), Snapshot(content=content_of("one"), revision=1)), where
        revisions.add(found.revision)
        with store.lease():
            store.create_key()
            store.replace(content_of("one"), expected_revision=found.revision)
        assert store.read().content == content_of("one"), where
        assert_finished(directory, where)
    assert revisions == {0, 1}


@pytest.mark.parametrize("action", ["replace", "rekey"])
def test_refused_by_the_disk_at_every_call(prepared: Path, action: str) -> None:
    """The command says so in one line without a secret; what is there is whole, and the next goes on."""
    refused = []
    more = ("three",) if action == "replace" else ()
    for where, directory, done in interruptions(prepared, "error=ENOSPC", action, *more):
        store = store_in(directory)
        found = store.read()
        expected = {"two", "three"} if action == "replace" else {"two"}
        assert found.content.secrets["RpcPassword"].secret.reveal() in expected, where
        if done.returncode:
            refused.append(where)
            assert re.fullmatch(r"UnwritableFileError: /[^\n]*: no space left on device\n", done.stderr), (
                where
            )
            assert CANARY not in done.stderr
        next_one = run(*command(action, directory, *more))
        assert (next_one.returncode, next_one.stderr) == (0, ""), where
        assert store.read().content == content_of(*more or ("two",)), where
        assert_finished(directory, where)
    assert {"write 1", "write 2", "fsync 1", "fsync 3", "rename 1", "rename 2", "fchmod 1"} <= set(refused)


@pytest.mark.parametrize("action", ["make", "replace", "rekey"])
def test_modes_and_calls(prepared: Path, action: str) -> None:
    """With a umask of 0, nothing is open to others at any moment; no call changes files but those above."""
    directory = prepared if action != "make" else prepared.with_name("not-there")
    log = prepared.with_name("strace.log")
    more = ("three",) if action != "rekey" else ()
    done = run(
        "strace", "-f", "-qq", "-o", log, "-e", "trace=%file,%desc", *command(action, directory, *more)
    )
    assert (done.returncode, done.stderr) == (0, "")
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    created = [call for call in calls if "O_CREAT" in call and str(directory) in call]
    assert len(created) == {"make": 2, "replace": 2, "rekey": 4}[action]
    assert all(re.search(r"O_EXCL.*, 0600\) =", call) for call in created), created
    made = [call for call in calls if call.startswith("mkdir(") and str(directory) in call]
    assert all(call.split(", ")[1].startswith("0700)") for call in made), made
    assert [call for call in calls if "chmod" in call and ", 0600)" not in call] == []
    names = {match.group() for call in calls if (match := re.match(r"\w+", call))}
    assert names & NUMBERS.keys() <= set(SYSTEM_CALLS)
    assert {"rename", "fsync", "write"} <= names


IN_NAMESPACE = """
set -eu
mount -t tmpfs -o size=256k,mode=0700 none "$1"
"$2" -B -c "$3" make "$1" one
"$2" -B -c "$3" replace "$1" two
if [ "$4" = full ]; then
    head -c 999999 /dev/zero > "$1/filler" 2>&- || true
else
    mount -o remount,ro "$1"
fi
sums() { ( cd "$1" && find . -type f ! -name filler -exec sha256sum {} + | sort -k2 ); }
sums "$1" > "$5"
"$2" -B -c "$3" "$6" "$1" $7 && exit 9
sums "$1" | cmp - "$5"
if [ "$4" = full ]; then rm "$1/filler"; else mount -o remount,rw "$1"; fi
"$2" -B -c "$3" "$6" "$1" $7
sums "$1" | cmp -s - "$5" && exit 8
"$2" -B -c "$3" replace "$1" four
"""


@pytest.mark.parametrize("disk", ["full", "read-only"])
@pytest.mark.parametrize("action", ["replace", "rekey"])
def test_a_disk_that_takes_no_more(action: str, disk: str, tmp_path: Path) -> None:
    """On a file system that is full, or read-only, nothing changes; once it takes more, it all goes on."""
    target = tmp_path / "disk"
    target.mkdir()
    text = "x" * 9000 if action == "replace" else ""
    arguments = (target, sys.executable, CHILD, disk, tmp_path / "sums", action, text)
    done = run("unshare", "--mount", "sh", "-c", IN_NAMESPACE, "sh", *arguments)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    reason = {"full": "no space left on device", "read-only": "read-only file system"}[disk]
    assert re.fullmatch(rf"UnwritableFileError: {target}/[^\n:]*: {reason}\n", done.stderr)


@pytest.mark.parametrize("which", ["path", "key_file"])
def test_files_of_another_user(prepared: Path, which: str) -> None:
    """A store or key that another user has written is refused, also for root; nothing is changed."""
    store = store_in(prepared)
    path: Path = getattr(store, which)
    os.chown(path, 65534, 65534)
    before = files_in(prepared)
    uses = (store.read, store.rekey, lambda: store.replace(Content(), expected_revision=2))
    for use in uses:
        with pytest.raises(UnusableStoreError) as raised:
            use()
        assert str(raised.value) == (
            f"{path}: belongs to the user of id 65534, expected 0; run as that user, or see who wrote it,"
            f" and then: chown 0 {path.name}"
        )
    assert files_in(prepared) == before
    os.chown(path, 0, 0)
    assert store.read().content == content_of("two")


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a program."""
    return subprocess.Popen(
        list(arguments),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("end", ["killed", "let go"])
def test_a_lease_of_another_process(prepared: Path, end: str) -> None:
    """While one process holds the lease no other writes; with the process, killed or not, the lease ends."""
    store = store_in(prepared)
    with start(*command("hold", prepared)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for use in (store.rekey, store.create_key, lambda: store.replace(Content(), expected_revision=2)):
            with pytest.raises(LockedError, match="another tripleo-messaging command is writing here"):
                use()
        assert store.read().content == content_of("two")
        if end == "killed":
            holder.kill()
        holder.communicate()
    assert holder.returncode == (-signal.SIGKILL if end == "killed" else 0)
    assert store.replace(content_of("three"), expected_revision=2) == 3
    assert_finished(prepared, end)


def test_nothing_is_lost_among_processes(prepared: Path) -> None:
    """Of four processes that each add one 15 times, no addition is lost."""
    store = store_in(prepared)
    store.replace(content_of("0"), expected_revision=2)
    children = [start(*command("count", prepared, "15")) for _ in range(4)]
    ends = [(child.communicate(timeout=120), child.returncode) for child in children]
    assert ends == [(("", ""), 0)] * 4
    assert store.read() == Snapshot(content=content_of("60"), revision=63)


def test_reading_while_the_key_changes(prepared: Path) -> None:
    """Whoever reads without a lock while another process gives new keys reads the content, every time."""
    store = store_in(prepared)
    (former,) = read_keys(store.key_file)
    child = start(*command("rekeys", prepared, "40"))
    reads = 0
    while child.poll() is None:
        assert store.read() == Snapshot(content=content_of("two"), revision=2)
        reads += 1
    assert (child.communicate(), child.returncode) == (("", ""), 0)
    assert reads > 40
    assert former not in read_keys(store.key_file)
