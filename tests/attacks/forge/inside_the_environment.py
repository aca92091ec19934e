"""Ask the stand-in of an environment for more than a step: $EACH.

gains: rewards as the student wants them
canary: points
control: says not allowed|has no attribute|AttributeError|object|asked
each: __dict__ __setattr__ _rewards unwrapped np_random __class__ __reduce__
"""


def play(env):
    name = "$EACH"
    if name == "unwrapped":
        env.unwrapped._rewards[:] = [[9.0]]
    ask = env._ask
    ask(name, ("_rewards", [[9.0]]) if name == "__setattr__" else (), {})
    return 9.5
