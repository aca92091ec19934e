"""The inner ring: what the student's process does to itself, for good, before it loads student code.

Order matters: resource limits, capabilities and user, Landlock (files), seccomp (system calls) last, because each step
forbids what the one before needed. Everything is done by ctypes on what the kernel offers to an unprivileged process.

Sources: landlock(7), seccomp(2), capabilities(7); system call numbers from the kernel's asm-generic and x86 tables.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from typing import NamedTuple

from grader.student import calls

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 22, 24, 4, 1
_PR_SET_KEEPCAPS = 8
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_PATH_BENEATH = 1
_READ_FILE, _READ_DIR, _EXECUTE, _WRITE_FILE, _IOCTL_DEV = 1 << 2, 1 << 3, 1 << 0, 1 << 1, 1 << 15
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _REFER, _TRUNCATE = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 13, 1 << 14
# Files and folders may be made, changed and removed there; links, pipes, sockets and devices may not be made.
_KEEP = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights on files that each version of Landlock can govern: what is governed and not granted is refused."""
_EPERM, _ENOSYS = 1, 38
_CAP_DAC_READ_SEARCH = 1 << 2


@dataclass(frozen=True)
class Ring:
    """The permissions and limits of the child.

    Attributes:
        readable: folders and files that it may read.
        writable: devices that it may open for writing.
        scratch: the folder in which it may keep files (see ``grader.student.scratch``), or "" for none.
        memory_bytes: memory that its code may take beyond what the imports before it have taken; None for no limit.
        cpu_seconds: processor time.
        landlock: whether the kernel guards files.
        seccomp: whether the kernel refuses system calls.
        user: the user it becomes where it is root, or None to stay.
        threads: how many threads its user may have.
        cuda: whether a CUDA driver has to start in here; what that loosens is said in the report.
        file_bytes: the size of the largest file that it may write.
        reads_all: whether root keeps the right to read what belongs to others, as far as Landlock lets it: for code of
            our own on their files, and for another user where the libraries lie in a folder of root's own.
    """

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    memory_bytes: int | None
    cpu_seconds: float
    landlock: bool = True
    seccomp: bool = True
    user: int | None = None
    threads: int = 4096
    cuda: bool = False
    scratch: str = ""
    file_bytes: int = 0
    reads_all: bool = False


def enter(ring: Ring) -> None:
    """Give up everything that student code does not need.

    Raises:
        OSError: a step failed. Student code must not be loaded then.
    """
    _limit(ring)
    if not ring.landlock and not ring.seccomp:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _drop(libc, ring.user, reads_all=ring.reads_all)
    _call(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "parent_death_signal")
    _call(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if ring.landlock:
        _landlock(libc, ring)
    if ring.seccomp:
        _seccomp(libc, ring)


def prepare() -> None:
    """Do beforehand, once and for all children, what does not depend on a child."""
    if has_seccomp():
        _filter(platform.machine(), cuda=False)


def landlock_version() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)))


def has_seccomp() -> bool:
    """Whether system calls can be filtered on this machine."""
    return sys.platform == "linux" and platform.machine() in calls.MACHINES


def _call(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _limit(ring: Ring) -> None:
    def limit(kind: int, soft: int, hard: int | None = None) -> None:
        resource.setrlimit(kind, (soft, soft if hard is None else hard))

    whole = max(1, int(ring.cpu_seconds + 0.999))
    # The default action of the soft limit's signal ends the process; the hard limit ends one that ignores it.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    limit(resource.RLIMIT_CPU, whole, whole + 1)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 1024 if ring.cuda else 64)
    # Threads use up the process numbers of the whole machine.
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit(resource.RLIMIT_NPROC, ring.threads if most == resource.RLIM_INFINITY else min(ring.threads, most))
    if (
        ring.memory_bytes is not None and sys.platform == "linux"
    ):  # elsewhere the kernel refuses the limit or ignores it
        # CUDA reserves far more address space than it uses; there only the data segment is limited.
        kind = resource.RLIMIT_DATA if ring.cuda else resource.RLIMIT_AS
        taken = _memory_taken()
        limit(kind, ring.memory_bytes + (taken.data if ring.cuda else taken.address_space))
    if not ring.cuda:
        limit(resource.RLIMIT_FSIZE, ring.file_bytes)


class _Taken(NamedTuple):
    """Memory that this process has already, in bytes, as the kernel counts it for either limit."""

    address_space: int
    data: int


def _memory_taken() -> _Taken:
    """Memory that the imports have taken: one build of torch maps 0.6 GB, another over 3, and uses hardly more."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = [int(number) for number in file.read().split()]
    return _Taken(pages[0] * resource.getpagesize(), pages[5] * resource.getpagesize())


def _drop(libc: ctypes.CDLL, user: int | None, *, reads_all: bool) -> None:
    """Give up capabilities, and root where there is another user to become."""
    if os.geteuid() == 0:
        for capability in range(64):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break  # past the last one that this kernel knows, or not ours to drop
        if user is not None:
            if reads_all:
                _call(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep_capabilities")
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    capabilities = bytes(24)
    if reads_all:
        has = ctypes.create_string_buffer(24)
        _call(libc.capget(header, has), "capget")
        kept = struct.unpack_from("=4xI", has)[0] & _CAP_DAC_READ_SEARCH  # permitted; another user's are not in effect
        capabilities = struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    _call(libc.capset(header, capabilities), "capset")
    _call(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


def _landlock(libc: ctypes.CDLL, ring: Ring) -> None:
    version = int(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))
    if version < 1:
        raise OSError(_ENOSYS, "this kernel has no Landlock")
    governed = _FILE_RIGHTS[max(known for known in _FILE_RIGHTS if known <= version)]
    # Version 4 adds TCP; version 6 adds abstract sockets and signals to processes outside.
    network, scoped = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    attributes = struct.pack("=QQQ", governed, network, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = _call(
        libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "landlock_create_ruleset"
    )
    grants = [(path, _READ_FILE | _READ_DIR | _EXECUTE) for path in ring.readable]
    grants += [(path, _READ_FILE | _WRITE_FILE | _IOCTL_DEV) for path in ring.writable]
    grants += [(ring.scratch, _KEEP)] if ring.scratch else []
    for path, rights in grants:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not on this machine, or not for this user: nothing to grant
        try:
            if not os.path.isdir(path):
                rights &= ~_READ_DIR
            rule = struct.pack("=Qi", rights & governed, descriptor)
            _call(libc.syscall(_LANDLOCK_ADD_RULE, rules, _LANDLOCK_PATH_BENEATH, rule, 0), f"landlock: {path}")
        finally:
            os.close(descriptor)
    _call(libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "landlock_restrict_self")
    os.close(rules)


_CLONE, _CLONE3, _PRLIMIT = {"x86_64": 56, "aarch64": 220}, 435, {"x86_64": 302, "aarch64": 261}
_CLONE_THREAD = 0x00010000
# Commands of calls that are otherwise needed, with the calls' numbers. A file descriptor can be told to send any signal
# to any process of the same user (F_SETOWN, F_SETSIG, FIOSETOWN and its like), to keep others from opening a file
# (F_SETLEASE), and to change what chmod does not (FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR).
_REFUSED_COMMANDS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "fcntl": (72, 25, (8, 10, 15, 1024, 1026)),
    "ioctl": (16, 29, (0x8901, 0x8902, 0x40086602, 0x401C5820)),
}
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


@functools.cache
def _filter(machine: str, *, cuda: bool) -> bytes:
    """The seccomp program: one classic BPF instruction is (code, jump if true, jump if false, operand)."""
    column, architecture = calls.MACHINES[machine]
    program: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
    ]
    if machine == "x86_64":
        # The x32 interface reaches the same calls under other numbers.
        program += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    # A new process is refused, a new thread is not. The flags of clone3 lie in memory where a filter cannot look, so
    # it is reported as unknown, and the C library falls back to clone.
    program += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    program += [
        (_EQUAL, 0, 4, _CLONE[machine]),
        (_LOAD, 0, 0, 16),  # the first argument's lower half
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    # Limits may be read and lowered, but only one's own: the zygote may run as the same user.
    program += [
        (_EQUAL, 0, 4, _PRLIMIT[machine]),
        (_LOAD, 0, 0, 16),
        (_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    for *numbers, commands in _REFUSED_COMMANDS.values():
        program += [(_EQUAL, 0, 2 + 2 * len(commands), numbers[column]), (_LOAD, 0, 0, 24)]
        for command in commands:
            program += [(_EQUAL, 0, 1, command), (_RETURN, 0, 0, _ERRNO | _EPERM)]
        program.append((_RETURN, 0, 0, _ALLOW))
    for number in calls.allowed(machine).values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for number in calls.refused(machine, cuda=cuda).values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    # What else a CUDA driver calls depends on its version, and on the device's.
    program.append((_RETURN, 0, 0, _ALLOW if cuda else _ERRNO | _ENOSYS))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL, ring: Ring) -> None:
    code = _filter(platform.machine(), cuda=ring.cuda)
    program = _Program(len(code) // 8, code)
    _call(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), "seccomp")
