# SPDX-License-Identifier: Apache-2.0
"""Forked children, traced system call by system call, and killed or held at one of them.

strace does the same to a program that it starts; a child that is forked has everything imported already,
which makes a run several times cheaper. The counting is as exact: the tracer sees a child enter each call,
and a kill there comes before the kernel does anything of it.

Source: ptrace(2), for system-call-stops, ``PTRACE_GET_SYSCALL_INFO`` and what SIGKILL does at a stop.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from tests.support.forking import fork

_TABLE = """
write=1 pwrite64=18 writev=20 sendfile=40 connect=42 sendto=44 sendmsg=46 fsync=74 fdatasync=75
truncate=76 ftruncate=77 rename=82 mkdir=83 rmdir=84 creat=85 link=86 unlink=87 symlink=88 chmod=90
fchmod=91 chown=92 fchown=93 lchown=94 utime=132 mknod=133 sync=162 setxattr=188 lsetxattr=189
fsetxattr=190 removexattr=197 lremovexattr=198 fremovexattr=199 utimes=235 mkdirat=258 mknodat=259
fchownat=260 futimesat=261 unlinkat=263 renameat=264 linkat=265 symlinkat=266 fchmodat=268 splice=275
sync_file_range=277 utimensat=280 fallocate=285 pwritev=296 syncfs=306 sendmmsg=307 renameat2=316
copy_file_range=326 pwritev2=328 io_uring_enter=426 fchmodat2=452
"""
#: Calls that change files, or what somebody else sees, by their numbers on x86-64.
NUMBERS = {name: int(number) for name, number in (item.split("=") for item in _TABLE.split())}
#: ``open`` and ``openat`` where they may make or empty a file.
CREATE = "open to create"
#: ``fork``, ``vfork`` and ``clone`` of what is no thread; the new process is not traced.
FORK = "fork"
ANY = "any call"

_NAMES = {number: name for name, number in NUMBERS.items()}
_OPEN_FLAGS_AT = {2: 1, 257: 2}  # by the numbers of open and openat, which argument they are
_CLONE, _FORKS = 56, (57, 58)
_CLONE_THREAD = 0x10000

_TRACEME, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_TRACESYSGOOD, _TRACECLONE, _EXITKILL = 1, 8, 0x100000
_ENTRY = 1
_WALL = 0x40000000
_SYSTEM_CALL_STOP = signal.SIGTRAP | 0x80
# Ours: a child stops itself to be traced, and new threads of a tracee begin so.
_NOT_DELIVERED = (signal.SIGTRAP, signal.SIGSTOP, _SYSTEM_CALL_STOP)


class _SyscallInfo(ctypes.Structure):
    # struct ptrace_syscall_info of <linux/ptrace.h>, with the member of its union that is of an entry.
    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 2),
    )


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, pid: int, address: int | None, data: int | None) -> None:
    if _libc.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"ptrace {request:#x}")


@attrs.frozen
class Moment:
    """When a child is about to enter a call.

    Attributes:
        name: of `NUMBERS`, or `CREATE`, or `ANY`.
        number: which of its calls of that name, from 1.
    """

    name: str
    number: int


@attrs.frozen(kw_only=True)
class Ended:
    """How a child ended.

    Attributes:
        status: its exit status; that of a signal is negative, as `subprocess` has it.
        output: what it wrote to standard output.
        errors: what it wrote to standard error.
        calls: how often it entered each call of `NUMBERS`, `CREATE` and `ANY`; none when it was not traced.
    """

    status: int
    output: str
    errors: str
    calls: Counter[str]


def run_forked(action: Callable[[], int]) -> Ended:
    """Run something in a child, untraced."""
    return _in_child(action, lambda pid: (_wait(pid)[1], Counter()), is_traced=False)


def run_traced(
    action: Callable[[], int], moment: Moment | None = None, meanwhile: Callable[[], object] | None = None
) -> Ended:
    """Run something in a child, up to a moment or to its end.

    Args:
        action: returns the exit status.
        moment: at which the child is killed, before the call is executed; ``None`` lets it run.
        meanwhile: what is done at that moment instead, while the child is held; then it goes on.
    """
    assert platform.machine() == "x86_64", "the numbers of the system calls are those of x86-64"
    return _in_child(action, lambda pid: _trace(pid, moment, meanwhile), is_traced=True)


def _in_child(
    action: Callable[[], int], follow: Callable[[int], tuple[int, Counter[str]]], *, is_traced: bool
) -> Ended:
    # A lock that another thread holds would stay locked in the child.
    assert threading.active_count() == 1, threading.enumerate()
    streams = os.memfd_create("output"), os.memfd_create("errors")
    pid = fork()
    if pid == 0:
        _be_child(action, streams, is_traced=is_traced)
    status, calls = follow(pid)
    output, errors = map(_taken, streams)
    return Ended(status=os.waitstatus_to_exitcode(status), output=output, errors=errors, calls=calls)


def _be_child(action: Callable[[], int], streams: tuple[int, int], *, is_traced: bool) -> None:
    status = 99
    try:
        for number, stream in zip((1, 2), streams):
            os.dup2(stream, number)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
        if is_traced:
            _ptrace(_TRACEME, 0, None, None)
            os.kill(os.getpid(), signal.SIGSTOP)
        status = action()
    except BaseException:  # noqa: BLE001 - it must not get into what the parent was doing
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _taken(stream: int) -> str:
    os.lseek(stream, 0, os.SEEK_SET)
    with os.fdopen(stream, encoding="utf-8") as file:
        return file.read()


def _wait(pid: int) -> tuple[int, int]:
    return os.waitpid(pid, _WALL)


def _trace(
    pid: int, moment: Moment | None, meanwhile: Callable[[], object] | None
) -> tuple[int, Counter[str]]:
    assert os.WIFSTOPPED(_wait(pid)[1])
    _ptrace(_SETOPTIONS, pid, None, _TRACESYSGOOD | _TRACECLONE | _EXITKILL)
    _ptrace(_SYSCALL, pid, None, None)
    calls: Counter[str] = Counter()
    stopped, status = _wait(-1)
    while stopped != pid or os.WIFSTOPPED(status):
        names = _entered(stopped, status)
        calls.update(names)
        if moment and moment.name in names and calls[moment.name] == moment.number:
            _at_the_moment(pid, meanwhile)
        _go_on(stopped, status)
        stopped, status = _wait(-1)
    return status, calls


def _at_the_moment(pid: int, meanwhile: Callable[[], object] | None) -> None:
    if meanwhile is None:
        os.kill(pid, signal.SIGKILL)
    else:
        meanwhile()


def _go_on(task: int, status: int) -> None:
    if not os.WIFSTOPPED(status):
        return
    stop = os.WSTOPSIG(status)
    # It is gone when it was killed just now, or with its process.
    with contextlib.suppress(ProcessLookupError):
        _ptrace(_SYSCALL, task, None, 0 if stop in _NOT_DELIVERED else stop)


def _entered(task: int, status: int) -> list[str]:
    """Name the call that a task enters, in each way that it counts by; nothing at any other stop."""
    if not os.WIFSTOPPED(status) or os.WSTOPSIG(status) != _SYSTEM_CALL_STOP:
        return []
    info = _SyscallInfo()
    try:
        _ptrace(_GET_SYSCALL_INFO, task, ctypes.sizeof(info), ctypes.addressof(info))
    except ProcessLookupError:
        return []
    return [ANY, *_names(info.number, info.arguments)] if info.op == _ENTRY else []


def _names(number: int, arguments: Any) -> Iterator[str]:
    if number in _NAMES:
        yield _NAMES[number]
    if number in _OPEN_FLAGS_AT and arguments[_OPEN_FLAGS_AT[number]] & (os.O_CREAT | os.O_TRUNC):
        yield CREATE
    if number in _FORKS or (number == _CLONE and not arguments[0] & _CLONE_THREAD):
        yield FORK
