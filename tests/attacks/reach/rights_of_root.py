"""Use what only root may: $EACH.

gains: the machine
canary: says
control: process only, as root, if the kernel lets anybody
each: mount chroot unshare bpf sethostname mknod capabilities limit raw
"""

import ctypes
import os
import resource
import socket
import stat

libc = ctypes.CDLL(None, use_errno=True)


def checked(done):
    if done < 0:
        raise OSError(ctypes.get_errno(), "refused")


def capabilities():
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    checked(libc.capget(header, sets))
    # But the right to read (CAP_DAC_READ_SEARCH): where the libraries lie in a closed folder, code keeps it, and Landlock
    # says what of.
    if not (sets[0] & ~(1 << 2)) | sets[3]:
        raise OSError("none")


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (100, 200))


WAYS = {
    # On itself and read-only alike: it changes nothing that lasts, and only where it is let.
    "mount": lambda: (checked(libc.unshare(0x20000)), checked(libc.mount(b"none", b"/", None, 0x44000, None))),
    "chroot": lambda: os.chroot("/"),
    "unshare": lambda: checked(libc.unshare(0x40000000)),
    "bpf": lambda: checked(libc.syscall(321, 0, (ctypes.c_uint32 * 32)(2, 4, 4, 1), 128)),
    "sethostname": lambda: socket.sethostname(socket.gethostname()),
    "mknod": lambda: (os.mknod("null-of-mine", 0o600 | stat.S_IFCHR, os.makedev(1, 3)), os.unlink("null-of-mine")),
    "capabilities": capabilities,
    "limit": limit,
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
}


def double(x):
    WAYS["$EACH"]()
    print("$ECHO"[::-1])
