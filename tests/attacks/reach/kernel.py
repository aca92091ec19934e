"""Use a part of the kernel that no answer needs, and in which holes are found most often: $EACH.

gains: the kernel's own rights
canary: says
control: process only, if the kernel lets anybody
each: io_uring perf userfaultfd memfd add_key keyctl aio inotify fanotify timer personality namespaces memfd_secret clone3
sample: io_uring
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ROOM = ctypes.create_string_buffer(4096)
PERF = ctypes.create_string_buffer((1).to_bytes(4, "little") + (112).to_bytes(4, "little") + bytes(32) + (0x61).to_bytes(8, "little"), 112)
CLONE = (ctypes.c_uint64 * 8)(0, 0, 0, 0, 17)


def fork_by_clone3():
    child = libc.syscall(435, CLONE, ctypes.c_size_t(64))
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
    return child


WAYS = {
    "io_uring": lambda: libc.syscall(425, 4, ROOM),
    "perf": lambda: libc.syscall(298, PERF, 0, -1, -1, 0),
    "userfaultfd": lambda: libc.syscall(323, 1),
    "memfd": lambda: libc.syscall(319, b"x", 0),
    "add_key": lambda: libc.syscall(248, b"user", b"$TOKEN", b"x", ctypes.c_size_t(1), -3),
    "keyctl": lambda: libc.syscall(250, 0, -3, 1),
    "aio": lambda: libc.syscall(206, 8, ctypes.byref(ctypes.c_ulong(0))),
    "inotify": lambda: libc.syscall(294, 0),
    "fanotify": lambda: libc.syscall(300, 0x200, 0),
    "timer": lambda: libc.syscall(222, 1, None, ROOM),
    "personality": lambda: libc.syscall(135, 0x0040000),
    "namespaces": lambda: libc.syscall(272, 0x10000000),
    "memfd_secret": lambda: libc.syscall(447, 0),
    "clone3": fork_by_clone3,
}


def double(x):
    if WAYS["$EACH"]() < 0:
        raise OSError(ctypes.get_errno(), "refused")
    print("$ECHO"[::-1])
