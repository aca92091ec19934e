"""Answer every question with $EACH, in a frame that is well formed.

gains: the end of the run; or hours in which it prints what has come
canary: stopped
control: says not an answer|answers|ended|double|larger
each: array-for-the-word rows-of-nothing no-number empty-sets bad-name many-tuples surrogates big-number
"""

import msgspec
import numpy

from grader.student import frames, server, wire

answered = server.Server.answer


def packed(head, body=b""):
    return frames.Frame(msgspec.msgpack.encode(head), body)


def answer(self, question):
    known = answered(self, question)
    if b"call" not in bytes(question.head[:9]):
        return known
    return {
        "array-for-the-word": lambda: wire.Encoder(list).frame([numpy.zeros(3), 1, "", 1]),
        "rows-of-nothing": lambda: packed(["ok", ["a", "d", [400_000_000, 0], 0], "", 1]),
        "no-number": lambda: packed(["ok", ["r", [], "object", "object"], "", 1]),
        "empty-sets": lambda: packed(["ok", ["l", [["s", []]] * 200_000], "", 1]),
        "bad-name": lambda: packed(["ok", ["n", "class", ["def", "__dict__"], [1, 2]], "", 1]),
        "many-tuples": lambda: packed(["ok", ["l", [["n", f"T{i}", ["a"], [1]] for i in range(5000)]], "", 1]),
        "surrogates": lambda: frames.Frame(b"\x94\xa2ok\xa3\xed\xa0\x80\xa0\x01", b""),
        "big-number": lambda: packed(["ok", ["i", b"\x7f" * 100_000], "", 1]),
    }["$EACH"]()


def installed(function):
    """Statements that no answer needs are left out where work is read, so this one is needed."""
    server.Server.answer = answer
    return function


@installed
def double(x): return 0
