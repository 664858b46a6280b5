# SPDX-License-Identifier: Apache-2.0
"""Commands killed, or refused by the disk, at every system call that changes a file.

strace delivers the signal, or the error, in place of the k-th call of one name; k goes up until the
command gets through. Each run is a process of its own on files of its own.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support.checkout import ROOT
from tests.support.syscalls import NUMBERS
from tripleo_messaging.errors import UnreadableFileError
from tripleo_messaging.file_set import is_interrupted
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.tree import read_levels
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.stack_file import read_secrets, write_secrets

CHILD = """
import json, os, sys
from pathlib import Path
from tripleo_messaging.errors import MessagingError
from tripleo_messaging.hieradata.install import install
from tripleo_messaging.hieradata.write import write_tree
from tripleo_messaging.model.secret import Secret
from tripleo_messaging.passwords.stack_file import write_secrets
os.umask(0)
action, target, source = sys.argv[1:]
try:
    if action == "write":
        write_tree(Path(target), json.loads(Path(source).read_text()))
    elif action == "install":
        install(Path(source), "ctl-0", Path(target))
    else:
        write_secrets(Path(target), {"RpcPassword": Secret(Path(source).read_text())})
except MessagingError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
#: By name, which of the calls are interrupted: each that moves or removes, of the others each third.
SYSTEM_CALLS = {
    **dict.fromkeys(("rename", "unlink", "unlinkat", "rmdir"), 1),
    **dict.fromkeys(("write", "fsync", "mkdir", "fchmod"), 3),
}
MOST_CALLS = 200

LOCAL_CLUSTERS = "tripleo_messaging::local_clusters"
OLD = {
    "all.json": {"v": "old", "same": 1},
    "clusters/rpc.json": {"v": "old"},
    "clusters/notify.json": {"v": "old"},
    "nodes/ctl-0.json": {LOCAL_CLUSTERS: ["rpc", "notify"], "v": "old"},
    "nodes/ctl-1.json": {LOCAL_CLUSTERS: ["rpc"], "v": "stays"},
    "nodes/gone.json": {LOCAL_CLUSTERS: ["rpc"], "v": "old"},
}
NEW = {
    "all.json": {"v": "new", "same": 1},
    "clusters/rpc.json": {"v": "new"},
    "nodes/ctl-0.json": {LOCAL_CLUSTERS: ["rpc"], "v": "new"},
    "nodes/ctl-1.json": {LOCAL_CLUSTERS: ["rpc"], "v": "stays"},
    "nodes/come.json": {LOCAL_CLUSTERS: ["rpc"], "v": "new"},
}
FOREIGN = "service_configs.json"

Files = Mapping[str, tuple[bytes, int]]


def files_below(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and mode of every file that a reader may take for one of the set.

    A backup of what the file itself still holds is left out: it is made before the change, loses
    nothing, and is written over by the next.
    """
    found = {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in directory.rglob("*")
        if path.is_file() and not path.relative_to(directory).parts[0].startswith(".tripleo-messaging.")
    }
    return {
        name: file
        for name, file in found.items()
        if found.get(name.removesuffix(".bak")) != file or not name.endswith(".bak")
    }


def leftovers(directory: Path) -> list[str]:
    """Return what a command may only leave behind when it is killed."""
    return [path.name for path in directory.rglob("*") if "tripleo-messaging." in path.name]


@attrs.frozen(kw_only=True)
class Work:
    """A command that is interrupted.

    Attributes:
        action: what `CHILD` is told to do.
        source: from what.
        prepare: makes the old state in a directory that is there.
        finish: does the same in this process, as the next command would.
        old: files before.
        new: files after.
        read: reads as another command does, and raises where it may not.
    """

    action: str
    source: Path
    prepare: Callable[[Path], Any]
    finish: Callable[[Path], Any]
    old: Files
    new: Files
    read: Callable[[Path], Any]

    def target(self, directory: Path) -> Path:
        """Return what the command is given to write to."""
        return directory / "passwords.yaml" if self.action == "secrets" else directory


def make_work(action: str, folder: Path) -> Work:
    """Make the sources of a command, and learn the states before and after by running it whole."""
    sources = {name: folder / name for name in ("levels.json", "old-tree", "new-tree", "password")}
    sources["levels.json"].write_text(json.dumps(NEW))
    sources["password"].write_text("new")
    for name, levels in (("old-tree", OLD), ("new-tree", NEW)):
        write_tree(sources[name], levels)

    def prepare_install(target: Path) -> None:
        (target / FOREIGN).write_text("{}")
        install(sources["old-tree"], "ctl-0", target)

    def secret(text: str) -> Callable[[Path], None]:
        return lambda target: write_secrets(target / "passwords.yaml", {"RpcPassword": Secret(text)})

    prepare, finish, source, read = {
        "write": (
            lambda target: write_tree(target, OLD),
            lambda target: write_tree(target, NEW),
            sources["levels.json"],
            lambda target: read_levels(target, "ctl-0"),
        ),
        "install": (
            prepare_install,
            lambda target: install(sources["new-tree"], "ctl-0", target),
            sources["new-tree"],
            lambda _: None,
        ),
        "secrets": (
            secret("old"),
            secret("new"),
            sources["password"],
            lambda t: read_secrets(t / "passwords.yaml"),
        ),
    }[action]
    states = []
    for steps in ((prepare,), (prepare, finish)):
        directory = folder / f"state-{len(states)}"
        directory.mkdir()
        for step in steps:
            step(directory)
        states.append(files_below(directory))
    return Work(
        action=action, source=source, prepare=prepare, finish=finish, old=states[0], new=states[1], read=read
    )


@pytest.fixture(scope="module", params=["write", "install", "secrets"])
def work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Work:
    """Each command that replaces files."""
    return make_work(request.param, tmp_path_factory.mktemp(request.param))


def run_child(work: Work, directory: Path, *strace: str) -> subprocess.CompletedProcess[str]:
    """Run the command under strace, which tells of itself only in files it is given."""
    child = (sys.executable, "-B", "-c", CHILD, work.action, str(work.target(directory)), str(work.source))
    return subprocess.run(
        ["strace", "-f", "-qq", *strace, *child],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def interruptions(
    work: Work, tmp_path: Path, how: str, calls: Iterable[str] = SYSTEM_CALLS
) -> Iterator[tuple[str, Path, subprocess.CompletedProcess[str]]]:
    """Yield every interrupted run: which call it was, the directory it left, and how it ended."""
    log = tmp_path / "strace.log"
    for call in calls:
        for number in range(1, MOST_CALLS, SYSTEM_CALLS[call]):
            directory = tmp_path / f"{call}-{number}"
            directory.mkdir()
            work.prepare(directory)
            inject = ("-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:{how}:when={number}")
            # It stops at the traced calls only, and then strace 6.1 delivers no signal.
            quick = () if how.startswith("signal") else ("--seccomp-bpf",)
            done = run_child(work, directory, *quick, *inject)
            if done.returncode != -signal.SIGKILL and "(INJECTED)" not in log.read_text():
                assert (done.returncode, done.stderr) == (0, ""), f"{call} {number}"
                break
            yield f"{call} {number}", directory, done
        else:
            pytest.fail(f"{call}: still interrupted after {MOST_CALLS} calls")


def whole(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Return the files of the set, without what may be left behind."""
    return {path: file for path, file in files_below(directory).items() if "tripleo-messaging." not in path}


def test_killed_at_every_call(work: Work, tmp_path: Path) -> None:
    """The old files or the new ones are there, whole; what is between is refused, and the next ends it."""
    ends = {"old": 0, "new": 0, "between": 0}
    for where, directory, done in interruptions(work, tmp_path, "signal=KILL"):
        assert done.returncode == -signal.SIGKILL, f"{where}: {done.stderr}"
        if is_interrupted(directory):
            ends["between"] += 1
            if work.action == "write":
                with pytest.raises(
                    UnreadableFileError, match="was interrupted here; if none is, render again"
                ):
                    work.read(directory)
        else:
            assert whole(directory) in (work.old, work.new), where
            ends["old" if whole(directory) == work.old else "new"] += 1
            work.read(directory)
        work.finish(directory)
        assert files_below(directory) == work.new, where
        assert leftovers(directory) == [], where
    assert ends["old"] > 2
    assert ends["new"] > 0
    assert (ends["between"] > 3) == (work.action != "secrets")


def test_killed_and_then_wanted_otherwise(work: Work, tmp_path: Path) -> None:
    """The next command need not want the same: what it wants is there then, whole."""
    for where, directory, _ in interruptions(work, tmp_path, "signal=KILL", calls=("rename",)):
        work.prepare(directory)
        assert files_below(directory) == work.old, where
        assert leftovers(directory) == [], where


def test_refused_by_the_disk_at_every_call(work: Work, tmp_path: Path) -> None:
    """The command says so without a traceback, and leaves the old files, or what the next one finishes."""
    refused = []
    for where, directory, done in interruptions(work, tmp_path, "error=ENOSPC"):
        if done.returncode:
            refused.append(where)
            assert done.returncode == 1, where
            assert re.fullmatch(r"UnwritableFileError: /[^\n]*\n", done.stderr), f"{where}: {done.stderr}"
        if not is_interrupted(directory):
            assert whole(directory) in (work.old, work.new), where
            # A file that may not be removed stays, until it may be.
            assert leftovers(directory) == [] or where.startswith(("unlink", "rmdir", "rename")), where
        work.finish(directory)
        assert files_below(directory) == work.new, where
        assert leftovers(directory) == [], where
    assert {"write 1", "fsync 1", "rename 1"} <= set(refused)


def test_modes_from_the_first_byte(work: Work, tmp_path: Path) -> None:
    """With a umask of 0, no file with a secret and no directory is open to others at any moment."""
    directory = tmp_path / "target"
    directory.mkdir(mode=0o700)
    log = tmp_path / "strace.log"
    done = run_child(
        work, directory, "-o", str(log), "-e", "trace=openat,creat,mkdir,chmod,fchmod,fchmodat,write"
    )
    assert (done.returncode, done.stderr) == (0, "")
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    created = [call for call in calls if "O_CREAT" in call and str(directory) in call]
    assert created
    assert all(re.search(r"O_EXCL.*, 0600\) =", call) for call in created), created
    made = [call for call in calls if call.startswith("mkdir(") and str(directory) in call]
    assert all(call.split(", ")[1].startswith("0700)") for call in made), made
    widened = [call for call in calls if "chmod" in call and ", 0600)" not in call]
    public = [path for path, (_, mode) in files_below(directory).items() if mode != 0o600]
    assert len(widened) == len(public)
    assert all(path.startswith("nodes/") for path in public)


def test_the_calls_that_are_interrupted_are_all_there_are(work: Work, tmp_path: Path) -> None:
    """No other system call changes files, so that the tests above miss none."""
    directory = tmp_path / "target"
    directory.mkdir()
    work.prepare(directory)
    log = tmp_path / "strace.log"
    run_child(work, directory, "-o", str(log), "-e", "trace=%file,%desc")
    names = {match.group(1) for match in re.finditer(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)}
    assert names & NUMBERS.keys() <= set(SYSTEM_CALLS)
    assert {"rename", "fsync", "write"} <= names


IN_NAMESPACE = """
set -eu
mount -t tmpfs -o size=64k,mode=0700 none "$1"
"$2" -B -c "$3" "$4" "$1/target" "$5"
if [ "$6" = full ]; then
    head -c 99999 /dev/zero > "$1/filler" 2>&- || true
else
    mount -o remount,ro "$1"
fi
( cd "$1" && find . -type f -path '*target*' -exec sha256sum {} + | sort -k2 ) > "$7"
"$2" -B -c "$3" "$4" "$1/target" "$8" && exit 9
( cd "$1" && find . -type f -path '*target*' -exec sha256sum {} + | sort -k2 ) | cmp - "$7"
if [ "$6" = full ]; then rm "$1/filler"; else mount -o remount,rw "$1"; fi
"$2" -B -c "$3" "$4" "$1/target" "$8"
"""


@pytest.mark.parametrize("disk", ["full", "read-only"])
@pytest.mark.parametrize("action", ["write", "secrets"])
def test_a_disk_that_takes_no_more(action: str, disk: str, tmp_path: Path) -> None:
    """On a file system that is full, or read-only, nothing changes; once it takes more, it all goes on."""
    (tmp_path / "disk").mkdir()
    for name in ("old", "new"):
        levels = {**OLD, "clusters/rpc.json": {"v": name, "filling": name * 5000}}
        (tmp_path / name).write_text(json.dumps(levels) if action == "write" else name * 1000)
    arguments = (tmp_path / "disk", sys.executable, CHILD, action, tmp_path / "old", disk, tmp_path / "sums")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", IN_NAMESPACE, "sh", *map(str, arguments), str(tmp_path / "new")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    reason = {"full": "no space left on device", "read-only": "read-only file system"}[disk]
    assert re.fullmatch(rf"UnwritableFileError: {tmp_path}/disk/target[^\n:]*: {reason}\n", done.stderr)
