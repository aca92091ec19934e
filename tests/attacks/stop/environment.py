"""Ask what a test has lent for ever, or give it what nobody can keep: $EACH.

gains: the memory of the process that grades
canary: stopped
control: says within|times|gave more|larger|answers|time|bytes
each: loop large many
"""

import numpy


def play(env):
    env.reset()
    while True:
        if "$EACH" == "loop":
            env.reset()
        elif "$EACH" == "large":
            env.step(numpy.zeros(2_000_000))
        else:
            env.step([[i] for i in range(9000)])
