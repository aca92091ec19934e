"""Arbitrary messages, well formed and nearly so: what a process that runs student code may say to the grader."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable
from typing import Any

import hypothesis.extra.numpy as hnp
import msgspec
import numpy as np
import torch
from hypothesis import strategies as st

from grader.student.frames import Frame
from grader.student.wire import Encoder

# Values that may cross.

DTYPES = "?bhilqBHILQefdFD"
arrays = st.sampled_from(DTYPES).flatmap(
    lambda char: hnp.arrays(np.dtype(char), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
tensors = (
    st.sampled_from("?bhiqBefd")
    .flatmap(lambda char: hnp.arrays(np.dtype(char), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
    .map(lambda array: torch.from_numpy(np.array(array)))
)
integers = st.integers(-(2**512) + 1, 2**512 - 1) | st.integers(-(2**65), 2**65) | st.integers(-9, 9)
scalars = st.none() | st.booleans() | integers | st.floats() | st.text(st.characters(codec="utf-8")) | st.binary()
leaves = scalars | arrays | tensors | arrays.filter(lambda a: a.ndim == 0).map(lambda a: a[()])


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text("abc") | st.integers() | st.tuples(st.integers()), inner, max_size=3)
        | st.sets(st.integers() | st.text("ab"), max_size=3)
        | st.tuples(inner, inner).map(lambda pair: collections.namedtuple("Step", "state reward")(*pair))
    )


values = st.recursive(leaves, _containers, max_leaves=8)


# Heads written by hand: of the right form, with any parts in them.


def ok(value: Any, printed: Any = "", graph: Any = 1) -> list[Any]:
    """The head of an answer."""
    return ["ok", value, printed, graph]


def raised(**parts: Any) -> list[Any]:
    """The head of an exception."""
    usual = {
        "kind": "E", "bases": ["l", ["E"]], "message": "m", "line": 1, "source": "s", "trace": "t", "printed": "",
    }  # fmt: skip
    return ["raised", *(usual | parts).values()]


plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5)
plain |= st.binary(max_size=3).map(lambda data: ["b", data])
words = st.sampled_from(["ok", "raised", "method", "object", "module", "iterator", "class", "None", "x y", ""])
tagged = st.recursive(
    plain
    | words
    | st.sampled_from(["d", "f", "?", "B", "D", "e"]).flatmap(lambda char: st.just(["x", char, bytes(16)]))
    | st.builds(lambda n, name, kind: ["r", n, name, kind], st.integers(-1, 5), words, words)
    | st.builds(lambda tag, n: [tag, n], st.sampled_from(["c", "h"]), st.integers(-1, 3))
    | st.builds(lambda shape: ["a", "d", shape, 0], st.sampled_from([[0], [0, 5], [5, 0], [0, 70_000], [10**9, 0]]))
    | st.builds(lambda flag, n: ["T", "float32", [0], 0, flag, n], st.booleans(), st.integers(-1, 2)),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: ["l", items])
        | st.lists(inner, max_size=3).map(lambda items: ["t", items])
        | st.lists(inner, max_size=3).map(lambda items: ["s", items])
        | st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: ["d", [x for pair in pairs for x in pair]])
        | st.lists(inner, max_size=3).map(lambda items: ["n", "Pair", ["one", "two", "three"][: len(items)], items])
    ),
    max_leaves=8,
)
heads = st.one_of(
    st.builds(ok, tagged),
    st.builds(ok, tagged, tagged, tagged),
    st.lists(tagged, max_size=9),
    st.lists(tagged, min_size=7, max_size=7).map(lambda parts: ["raised", *parts]),
    st.builds(lambda kind, message, bases: raised(kind=kind, message=message, bases=bases), tagged, tagged, tagged),
)


# Frames as an encoder makes them, with arrays in their bodies, and references, tensors and their flags at will.


class Tag:
    """A reference that an encoder writes as it is."""

    def __init__(self, *parts: Any) -> None:
        self.parts = list(parts)

    def __repr__(self) -> str:
        return f"Tag{tuple(self.parts)!r}"


def frame_of(message: list[Any], flags: Iterable[bool] = ()) -> Frame:
    """A frame; the n-th tensor in it claims a graph over there if the n-th flag says so."""
    positions, claims = itertools.count(), iter(flags)
    return Encoder(
        lambda value: value.parts, lambda tensor: (True, next(positions)) if next(claims, False) else (False, -1)
    ).frame(message)


names = st.sampled_from(["Thing", "list", "Linear", "function", "generator", "self", "é"])
references = st.one_of(
    st.builds(Tag, st.just("r"), st.integers(1, 4), names, st.sampled_from(["object", "module", "iterator"])),
    st.builds(Tag, st.just("c"), st.integers(1, 3)),
    st.just(Tag("r", 0, "method", "method")),
    st.builds(Tag, st.sampled_from(["r", "c", "h"]), st.integers(-1, 9), names, names),
)
anything = st.recursive(leaves | references, _containers, max_leaves=6)
fitting = st.one_of(
    anything,
    references,
    st.none(),
    st.integers(0, 5),
    st.tuples(st.booleans(), anything),
    st.floats(0, 100),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.dictionaries(st.sampled_from(["weight", "bias"]), tensors | st.none(), max_size=2),
    st.lists(tensors | st.none(), max_size=3),
    st.tuples(st.text(max_size=5), anything),
    st.builds(torch.zeros, st.integers(0, 3)),
    st.builds(np.zeros, st.integers(0, 4), st.sampled_from("lfd")),
)
printed = st.text(st.characters(codec="utf-8"), max_size=20)
flags = st.lists(st.booleans(), max_size=3)
answers = st.builds(
    lambda value, said, graph, claims: frame_of(["ok", value, said, graph], claims),
    fitting,
    printed,
    st.integers(-1, 3),
    flags,
)
exceptions = st.builds(
    lambda kind, bases, message, line, source, trace, said: frame_of(
        ["raised", kind, [kind, *bases], message, line, source, trace, said]
    ),
    st.sampled_from(["ValueError", "NotImplementedError", "ModuleNotFoundError", "AssertionError", "é\n", ""]),
    st.lists(printed, max_size=2),
    printed,
    st.integers(0, 1 << 31),
    printed,
    printed | st.just('  File "work.py", line 1\n' * 3),
    printed,
)
methods = st.sampled_from(["__call__", "reset", "step", "render", "close", "__class__", "unwrapped"])
options = st.sampled_from(["seed", "options", "env", "self", "action"])
asks = st.builds(
    lambda number, method, args, kwargs, mode, claims: frame_of(["ask", number, method, args, kwargs, mode], claims),
    st.integers(0, 2),
    methods,
    st.lists(fitting, max_size=2).map(tuple) | fitting,
    st.dictionaries(options, fitting, max_size=2) | fitting,
    st.booleans() | fitting,
    flags,
)
by_hand = st.builds(lambda head, body: Frame(msgspec.msgpack.encode(head), body), heads, st.binary(max_size=16))
frames = st.one_of(answers, exceptions, asks, by_hand)
