"""End the process in a way that no exception is: $EACH.

gains: the end of whatever else runs in that process
canary: stopped
control: naive
each: segfault abort recursion kill close-descriptors import-exit
sample: segfault
"""

import ctypes
import os
import signal
import sys


def recursion():
    sys.setrecursionlimit(1 << 30)

    def deeper(x):
        return deeper((x,)) + 1

    return deeper(0)


def close():
    os.closerange(0, 64)
    os._exit(3)


WAYS = {
    "segfault": lambda: ctypes.string_at(1),
    "abort": os.abort,
    "recursion": recursion,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL) if os.name else 0,
    "close-descriptors": close,
}
def imported(function):
    if "$EACH" == "import-exit":
        os._exit(5)
    return function


@imported
def double(x):
    WAYS["$EACH"]()
    os._exit(1)
