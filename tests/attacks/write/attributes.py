"""Change a file that belongs to the grader: $EACH.

gains: tests that are no longer read, or that somebody else may change
canary: changed
control: process only
each: append truncate chmod utime
"""

import os

PATH = "$WATCHED"
WAYS = {
    "append": lambda: open(PATH, "a").write("more"),
    "truncate": lambda: os.truncate(PATH, 0),
    "chmod": lambda: os.chmod(PATH, 0o666),
    "utime": lambda: os.utime(PATH),
}


def double(x):
    WAYS["$EACH"]()
