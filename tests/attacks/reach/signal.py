"""Send a signal to another process: $EACH.

gains: the end of a classmate's grading
canary: victim
control: process only
each: kill stop tgkill pidfd queue owner
sample: kill
"""

import ctypes
import fcntl
import os
import signal
import time

PID = int("$VICTIM")
libc = ctypes.CDLL(None, use_errno=True)


def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def owner():
    r, w = os.pipe()
    fcntl.fcntl(r, fcntl.F_SETOWN, PID)
    fcntl.fcntl(r, 10, signal.SIGKILL)  # F_SETSIG
    fcntl.fcntl(r, fcntl.F_SETFL, fcntl.fcntl(r, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(w, b"x")
    time.sleep(0.1)


WAYS = {
    "kill": lambda: os.kill(PID, signal.SIGKILL),
    "stop": lambda: os.kill(PID, signal.SIGSTOP),
    "tgkill": lambda: call(234, PID, PID, 9),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(PID), signal.SIGKILL),
    "queue": lambda: call(129, PID, 9, ctypes.create_string_buffer((9).to_bytes(4, "little") + b"\0\0\0\0\xff\xff\xff\xff", 128)),
    "owner": owner,
}


def double(x):
    WAYS["$EACH"]()
