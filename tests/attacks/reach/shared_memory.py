"""Read a shared segment of another process.

gains: what programs of the instructor's tell one another
canary: memory
control: process only
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p


def double(x):
    at = libc.shmat(libc.shmget(int("$KEY"), 0, 0), None, 0)
    if at in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "refused")
    print(ctypes.string_at(at, 30))
