"""Make a POSIX message queue, which stays when the process has ended.

gains: a store that outlives the session
canary: says
control: process only
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    if libc.syscall(240, b"$TOKEN", 0o102, 0o600, None) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    libc.syscall(241, b"$TOKEN")
    print("$ECHO"[::-1])
