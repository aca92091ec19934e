"""Print without an end: $EACH.

gains: a full disk, or a report of gigabytes
canary: stopped
control: says x
each: print stderr descriptor line
"""

import os
import sys


def double(x):
    text = "x" * 10_000
    for _ in range(3000):
        if "$EACH" == "print":
            print(text)
        elif "$EACH" == "stderr":
            sys.stderr.write(text)
        elif "$EACH" == "descriptor":
            os.write(1, text.encode())
        else:
            print(text, end="")
    print("xx")
    return 0
