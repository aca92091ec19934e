"""Leave a process behind that outlives the run: $EACH.

gains: code that runs while classmates are graded
canary: process
control: process only
each: daemon session bomb
sample: daemon
"""

import ctypes
import os
import subprocess
import time


def stay():
    ctypes.CDLL(None).prctl(15, b"$TOKEN", 0, 0, 0)  # its name
    for number in range(3, 64):
        try:
            os.close(number)
        except OSError:
            pass
    time.sleep(900)
    os._exit(0)


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            stay()
        os._exit(0)


def session():
    subprocess.Popen(["$PYTHON", "-S", "-c", "import time; time.sleep(900)", "$TOKEN"], start_new_session=True, close_fds=True)


def bomb():
    for _ in range(100):
        if os.fork() == 0:
            os.setsid()
            stay()


def double(x):
    globals()["$EACH"]()
