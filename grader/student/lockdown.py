"""The inner ring: what the student's process does to itself, for good, before it loads student code.

Order matters: resource limits, capabilities and user, Landlock (files), seccomp (system calls) last, because each step
forbids what the one before needed. Everything is done by ctypes on what the kernel offers to an unprivileged process.

Sources: landlock(7), seccomp(2), capabilities(7); system call numbers from the kernel's asm-generic and x86 tables.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from typing import NamedTuple

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 22, 24, 4, 1
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
        reads_all: whether root keeps the right to read what belongs to others; for code of our own on their files.
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


def landlock_version() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)))


def has_seccomp() -> bool:
    """Whether system calls can be filtered on this machine."""
    return sys.platform == "linux" and platform.machine() in _NUMBERS


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
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    capabilities = bytes(24)
    if reads_all:
        has = ctypes.create_string_buffer(24)
        _call(libc.capget(header, has), "capget")
        effective, permitted = struct.unpack_from("=II", has)
        kept = effective & permitted & _CAP_DAC_READ_SEARCH
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


# Refused system calls, by name, with their numbers on x86-64 and on the architectures that use the generic table.
# Starting programs, touching other processes, sockets, files without a path (they escape the memory limit), what
# Landlock does not govern (modes, owners, times, attributes, truncation by path), and everything that administers a
# machine. A file that is open for writing may be cut off: there is none outside of the scratch folder.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272),
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201), "connect": (42, 203),
    "accept": (43, 202), "accept4": (288, 242), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466),
    "truncate": (76, 45), "fallocate": (285, 47),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224),
    "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "personality": (135, 92), "setpriority": (141, 140),
    "ioprio_set": (251, 30), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "sched_setaffinity": (203, 122), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "inotify_init": (253, None), "inotify_init1": (294, 26), "file_setattr": (469, 469),
    "lookup_dcookie": (212, 18), "vhangup": (153, 58),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "timer_create": (222, 107),
    "setitimer": (38, 103), "setpgid": (109, 154), "setsid": (112, 157),
}  # fmt: skip
# What a CUDA driver needs of these: shared memory files for its own buffers, and local sockets.
_CUDA_NEEDS = frozenset(
    {"memfd_create", "fallocate", "socket", "connect", "socketpair", "sendmsg", "sched_setaffinity"}
)
_NUMBERS = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
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


def refused(machine: str, *, cuda: bool = False) -> dict[str, int]:
    """Names and numbers of the system calls that are refused whatever their arguments are."""
    column = _NUMBERS[machine][0]
    numbers = ((name, both[column]) for name, both in _REFUSED.items() if not (cuda and name in _CUDA_NEEDS))
    return {name: number for name, number in numbers if number is not None}


def _filter(machine: str, cuda: bool) -> bytes:
    """The seccomp program: one classic BPF instruction is (code, jump if true, jump if false, operand)."""
    column, architecture = _NUMBERS[machine]
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
    for number in refused(machine, cuda=cuda).values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL, ring: Ring) -> None:
    code = _filter(platform.machine(), ring.cuda)
    program = _Program(len(code) // 8, code)
    _call(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), "seccomp")
