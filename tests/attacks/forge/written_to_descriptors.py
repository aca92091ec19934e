"""Write frames of its own to every descriptor: $EACH.

gains: full marks, if what comes first is taken for the answer
canary: points
control: says not an answer|not allowed|ended|answers|asked|larger|True|"0"
each: early twice half late huge unknown-object private-method ask-back junk
sample: private-method
"""

import os
import socket
import stat

import msgspec

from grader.student import frames, wire


def connections():
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
        except OSError:
            pass


def made(head):
    return wire.Encoder(list).frame(head)


def raw(frame):
    return len(frame.head).to_bytes(4, "little") + len(frame.body).to_bytes(4, "little") + frame.head + frame.body


YES = made(["ok", True, "", 1])
WORDS = {
    "early": raw(YES),
    "twice": raw(YES) * 20,
    "half": raw(YES)[:-3],
    "late": raw(made(["ok", 0, "", 1])) + raw(YES) * 9,
    "huge": b"\xff\xff\xff\xff" * 2,
    "unknown-object": raw(made(["ask", 77, "step", (), {}, True])),
    "private-method": raw(made(["ask", 1, "__class__", (), {}, True])),
    "ask-back": raw(made(["load", {}, "work"])),
    "junk": bytes(range(256)) * 40,
}


def double(x):
    for connection in connections():
        connection.send(WORDS["$EACH"])
    if "$EACH" == "half":
        os._exit(0)
    return 0


def play(env):
    for connection in connections():
        connection.send(WORDS["$EACH"])
    return 0


def mean(values):
    return double(0)
