"""Use up time: $EACH.

gains: a class that is not graded by the deadline
canary: stopped
control: naive
each: loop sleep below-the-deadline regular-expression big-power
"""

import re
import time


def below():
    time.sleep(2.5)


WAYS = {
    "loop": lambda: [None for _ in iter(int, 1)],
    "sleep": lambda: time.sleep(60),
    "below-the-deadline": below,
    "regular-expression": lambda: re.match("(a+)+$", "a" * 40 + "b"),
    "big-power": lambda: 10 ** (10**9),
}


def double(x):
    WAYS["$EACH"]()
    return 2 * x


mean = double
