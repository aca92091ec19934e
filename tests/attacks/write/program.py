"""Start another program: $EACH.

gains: a process that no limit of the grader's holds
canary: file
control: process only
each: subprocess posix_spawn system popen exec
"""

import ctypes
import os
import subprocess

TOUCH = ["/bin/sh", "-c", ": > $TRAP"]
WAYS = {
    "subprocess": lambda: subprocess.run(TOUCH, check=True),
    "posix_spawn": lambda: os.waitpid(os.posix_spawn(TOUCH[0], TOUCH, {}), 0),
    "system": lambda: ctypes.CDLL(None).system(TOUCH[2].encode()) and 1 / 0,
    "popen": lambda: os.popen(TOUCH[2]).read(),
    "exec": lambda: os.execv(TOUCH[0], TOUCH),
}


def double(x):
    WAYS["$EACH"]()
