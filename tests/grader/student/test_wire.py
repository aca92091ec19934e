"""The wire: what crosses arrives as it was; what is malformed is refused, with one kind of error and little memory."""

import collections
import contextlib
import enum
import math
import socket
import struct
import threading
import time
import tracemalloc
import typing
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from arbitrary import values
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.student.errors import WireError
from grader.student.frames import BODY_CAP, HEAD_CAP, Frame, Receiver, send
from grader.student.stopped import Deadline
from grader.student.wire import Decoder, Encoder
from grader.testing import read_only, strided

# Derandomised: these tests have no false alarms that come and go.
quietly = settings(derandomize=True, database=None, deadline=None, max_examples=150)


def refuse(value):
    raise WireError(f"{type(value).__name__} has no plain form")


def resolve(tag, rest):
    raise WireError(f"unknown tag {tag!r}")


def across(value, *, modules=False):
    frame = Encoder(refuse, modules=modules).frame([value])
    return Decoder(resolve, modules=modules).message(frame)[0]


def decode(head, body=b""):
    """What the grader makes of a message that somebody wrote by hand."""
    if not isinstance(head, bytes):
        head = msgspec.msgpack.encode(head)
    return Decoder(resolve).message(Frame(head, body))


def alike(one, other):
    """Equal, of exactly the same types, with NaN equal to itself."""
    if type(one) is not type(other) and not (hasattr(one, "_fields") and hasattr(other, "_fields")):
        return False
    if isinstance(one, torch.Tensor):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and torch.equal(
            one.nan_to_num(7) if one.is_floating_point() else one,
            other.nan_to_num(7) if other.is_floating_point() else other,
        )
    if isinstance(one, np.ndarray | np.generic):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other) or (one != one and other != other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(map(alike, one.items(), other.items()))
    return one == other


@quietly
@given(values)
def test_values_arrive_as_they_were(value):
    assert alike(across(value), value)


@quietly
@given(st.lists(st.integers(-(2**63), 2**64), min_size=60, max_size=70) | st.lists(st.floats(), min_size=64))
def test_long_lists_of_numbers_arrive_as_they_were(value):
    assert alike(across(value), value)


def test_arrays_need_not_lie_in_order():
    array = np.arange(24.0).reshape(4, 6)
    for view in (array.T, array[::-2, 1::2], np.asfortranarray(array), array.astype(">f8"), array.view(np.matrix)):
        got = across(view)
        assert type(got) is np.ndarray
        assert got.dtype == np.float64
        assert got.dtype.isnative
        assert (got == np.asarray(view)).all()
    tensor = torch.arange(24.0).reshape(4, 6)
    for view in (tensor.T, tensor[:, ::2], tensor[1].expand(3, 6)):
        assert torch.equal(across(view), view)


def test_what_arrives_can_be_written_to():
    array, tensor = across(np.zeros(2)), across(torch.zeros(2))
    array += 1
    tensor += 1
    assert array.tolist() == tensor.tolist() == [1, 1]


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.arange(4), np.array([True, False])])
def test_arrays_of_the_grader_are_laid_out_as_they_were(array):
    """So a property can give out what is read-only or not contiguous; from the other side, every array is plain."""
    for sent in (array, read_only(array), strided(array), read_only(strided(array))):
        got, plain = across(sent, modules=True), across(sent)
        assert alike(got, array)
        assert (got.flags.writeable, got.flags.c_contiguous) == (sent.flags.writeable, sent.flags.c_contiguous)
        assert plain.flags.writeable
        assert plain.flags.c_contiguous
    with pytest.raises(WireError):
        Decoder(resolve).message(Encoder(refuse, modules=True).frame([read_only(array)]))


class Level(enum.IntEnum):
    HIGH = 1 << 70


class Words(str):
    def __str__(self):
        return "a lie"


class Half(float):
    def __float__(self):
        return 0.0


class Pair(typing.NamedTuple):
    one: int
    other: int


def test_subclasses_arrive_as_their_base():
    class Shouting(list):
        def __eq__(self, other):
            return True

        __hash__ = None

    class Loud(torch.Tensor):
        def __eq__(self, other):
            return True

        __hash__ = torch.Tensor.__hash__

    class Odd(tuple):
        _fields = ("one", "not a name")

    given_ = [Level.HIGH, Words("truth"), Half(0.5), Shouting([1]), collections.OrderedDict(a=1), Odd((1, 2))]
    needed = [1 << 70, "truth", 0.5, [1], {"a": 1}, (1, 2)]
    for value, base in zip(given_, needed):
        assert type(across(value)) is type(base)
        assert across(value) == base
    assert type(across(torch.zeros(2).as_subclass(Loud))) is torch.Tensor
    assert type(across(torch.nn.Parameter(torch.zeros(2)))) is torch.Tensor
    pair = across(Pair(1, 2))
    assert (pair.one, pair.other, type(pair).__name__) == (1, 2, "Pair")


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.PCG64DXSM, np.random.SFC64])
def test_generators_keep_their_state(kind):
    ours = np.random.Generator(kind(5))
    ours.integers(9, size=3, dtype=np.int32)  # leaves half a number over, which is part of the state
    theirs = across(ours)
    assert ours.random(8).tolist() == theirs.random(8).tolist()
    ours = torch.Generator().manual_seed(3)
    torch.randn(3, generator=ours)
    theirs = across(ours)
    assert torch.equal(torch.randn(9, generator=ours), torch.randn(9, generator=theirs))


def test_networks_of_plain_layers_arrive_and_nothing_is_drawn():
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2, bias=False))
    before = torch.get_rng_state()
    got = across(network, modules=True)
    assert torch.equal(before, torch.get_rng_state())
    x = torch.randn(5, 3)
    assert torch.equal(got(x), network(x))
    assert str(got) == str(network)

    class Linear(torch.nn.Linear):
        pass

    for other in (Linear(2, 2), torch.nn.Sequential(Linear(2, 2)), torch.nn.Conv1d(1, 1, 1)):
        with pytest.raises(WireError):
            across(other, modules=True)
    frame = Encoder(refuse, modules=True).frame([network])
    with pytest.raises(WireError):
        Decoder(resolve).message(frame)  # the grader accepts no network, whoever sends it


@pytest.mark.parametrize(
    "value",
    [
        1 << 512,
        np.array([object()]),
        np.zeros(2, "M8[s]"),
        torch.zeros(2, dtype=torch.bfloat16),
        torch.zeros(2, 2).to_sparse(),
        np.random.Generator(np.random.MT19937(0)),
        1j,
        object(),
        np.zeros(BODY_CAP + 1, np.uint8),
        "x" * (HEAD_CAP + 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_cross_is_refused_where_it_is(value):
    with pytest.raises(WireError):
        across(value)


def test_a_list_that_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(WireError):
        across(value)


# Malformed messages


@quietly
@given(st.binary(max_size=300), st.binary(max_size=50))
@example(b"", b"")
@example(b"\x91" * 5000, b"")
@example(b"\x91" * 100_000 + b"\xc0", b"")
@example(b"\xdd\xff\xff\xff\xff", b"")
@example(b"\xdf\xff\xff\xff\xff", b"")
@example(b"\x91\xdb\xff\xff\xff\xff", b"")
@example(b"\x91\xa3\xed\xa0\x80", b"")  # a lone surrogate
@example(b"\x91\xd6\xff\x00\x00\x00\x00", b"")  # an extension: a time
def test_any_bytes_are_a_message_or_a_wire_error(head, body):
    with contextlib.suppress(WireError):
        decode(head, body)


@settings(quietly, max_examples=400)
@given(value=values, data=st.data())
def test_mutated_frames_are_a_message_or_a_wire_error(value, data):
    frame = Encoder(refuse).frame(["ok", value, "", 1])
    head = bytearray(frame.head)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(head) - 1))
        head[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    cut = data.draw(st.integers(0, len(frame.body)))
    with contextlib.suppress(WireError):
        decode(bytes(head), frame.body[:cut])


class Stream:
    """A connection that gives these bytes, and then its end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def recv(self, most):
        self.at += (given_ := min(most, len(self.data) - self.at))
        return self.data[self.at - given_ : self.at]


@quietly
@given(data=st.binary(max_size=300))
@example(data=struct.pack("<II", 2, 0) + b"\x91\x01" + struct.pack("<II", 9, 0))
def test_any_stream_is_messages_or_refused(data):
    receiver, decoder = Receiver(Stream(data)), Decoder(resolve)
    with contextlib.suppress(EOFError, WireError):
        while True:
            decoder.message(receiver.receive())


def mutants(parts):
    """Heads of the right form with wrong things in them."""
    wrong = st.sampled_from(
        [None, -1, 0, 2**62, 2**64 - 1, 1e308, math.nan, "", "a", "d", b"", b"12345678", [], [[]], {}, {"a": 1}, True]
    )
    return st.lists(wrong | parts, max_size=5)


@settings(quietly, max_examples=600)
@given(
    st.sampled_from(["l", "t", "d", "a", "T", "L", "n", "s", "b", "i", "x", "g", "G", "m", "r", "h", "c", ""]),
    mutants(st.lists(st.integers(-2, 2**63), max_size=3) | st.sampled_from(["float32", "PCG64", "f", "O"])),
)
def test_every_tag_with_any_parts_is_a_message_or_a_wire_error(tag, parts):
    with contextlib.suppress(WireError):
        decode([[tag, *parts]], b"\0" * 16)


BOMBS = {
    "bytes of a length": [["b", 1 << 40]],
    "a shape": [["a", "d", [1 << 31, 1 << 31], 0]],
    "a shape that overflows to nothing": [["a", "d", [1 << 32, 1 << 32], 0]],
    "a negative shape": [["a", "d", [-1, -8], 0]],
    "a negative offset": [["a", "b", [1], -1]],
    "no elements, and huge": [["a", "d", [0, 1 << 62, 1 << 62], 0]],
    "a list of a length": [["L", "d", 0, 1 << 40]],
    "the same bytes again and again": [["l", [["a", "b", [1 << 20], 0]] * 5000]],
    "the same bytes as lists": [["l", [["L", "q", 0, 1 << 17]] * 5000]],
    "a long number": [["i", "f" * 500_000]],
    "rows of nothing": [["a", "d", [400_000_000, 0], 0]],
    "a tensor with rows of nothing": [["T", "float32", [0, 400_000_000], 0, False, -1]],
    "a great many empty sets": [["l", [["s", []]] * 200_000]],
    "a great many empty lists": [["l", [["l", []]] * 200_000]],
    "a great many maps": [["l", [{}] * 500_000]],
    "a great many small arrays": [["l", [["a", "b", [0], 0]] * 60_000]],
    "a great many generators": [["l", [["G", b"1234"]] * 40_000]],
    "an object array": [["a", "O", [1], 0]],
    "a type of objects": [["x", "O", b"12345678"]],
    "a network": [["m", ["Linear", 1 << 20, 1 << 20, True], ["d", []]]],
    "a named tuple of thousands": [["n", "T", [f"f{i}" for i in range(5000)], [1] * 5000]],
    "thousands of named tuples": [["l", [["n", f"T{i}", ["a"], [1]] for i in range(5000)]]],
    "a named tuple that is code": [["n", "T", ["a=print(1)"], [1]]],
    "a named tuple of keywords": [["n", "class", ["def"], [1]]],
    "a key twice": [["d", [1, 2, 1, 3]]],
    "a key without a value": [["d", [1]]],
    "a key that is a list": [["d", [["l", []], 1]]],
    "a set of lists": [["s", [["l", []]]]],
    "a state that points beyond its end": [
        ["g", "MT19937", ["d", ["bit_generator", "MT19937", "state", ["d", ["pos", 1 << 30]]]]]
    ],
    "another bit generator": [["g", "SeedSequence", ["d", []]]],
    "a short state": [["G", b"1234"]],
    "an empty value": [[]],
    "a map": [{"a": 1}],
    "no list": {"a": 1},
    "nothing": [],
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_without_memory(name):
    head, body = msgspec.msgpack.encode(BOMBS[name]), bytes(1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode(head, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The message itself, unpacked, is what is needed at most.
    assert peak < 4 * (len(head) + len(body)) + (1 << 18)


def test_bytes_that_belong_to_nothing_are_refused():
    with pytest.raises(WireError):
        decode([1], b"left over")


def test_keys_with_the_same_hash_cost_no_time():
    """Integers that are equal modulo 2⁶¹ - 1 have the same hash: a dict of 20,000 such keys takes minutes to fill."""
    keys = [["i", hex(i * (2**61 - 1))] for i in range(1, 20_001)]
    start = time.process_time()
    with pytest.raises(WireError):
        decode([["d", [part for key in keys for part in (key, 0)]]])
    with pytest.raises(WireError):
        decode([["s", keys]])
    assert time.process_time() - start < 5
    # A table of action values by state is a dict of that size, and its keys may be pairs with -1 and -2 in them.
    table = {(i, -j): 0.0 for i in range(100) for j in range(30)}
    assert across(table) == table


def test_distinct_named_tuples_do_not_use_up_anything():
    """What one submission sends does not take anything from the next."""
    for i in range(3000):
        assert across(collections.namedtuple(f"T{i}", "a")(1)).a == 1


# Frames


def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    return ours, theirs


def test_frames_arrive_whole():
    ours, theirs = pair()
    sent = Frame(b"head" * 9, bytes(range(256)) * 8192)
    with ours, theirs:
        sender = threading.Thread(target=send, args=(theirs, sent))
        sender.start()
        assert Receiver(ours).receive() == sent
        sender.join()
        send(theirs, Frame(b"h", b""))
        assert Receiver(ours).receive() == Frame(b"h", b"")


def test_what_comes_after_a_frame_waits_for_its_turn():
    ours, theirs = pair()
    with ours, theirs:
        receiver = Receiver(ours)
        assert not receiver.waiting()
        frames = [Frame(b"a", b""), Frame(b"b", b"12"), Frame(b"c" * 20_000, b"3")]
        for frame in frames:
            send(theirs, frame)
        for frame in frames:
            assert receiver.waiting()
            assert receiver.receive() == frame
        assert not receiver.waiting()
        theirs.close()
        assert not receiver.waiting()
        with pytest.raises(EOFError):
            receiver.receive()


@pytest.mark.parametrize(("head", "body"), [(HEAD_CAP + 1, 0), (1, BODY_CAP + 1), (2**32 - 1, 2**32 - 1)])
def test_lengths_above_the_caps_are_refused_at_once(head, body):
    ours, theirs = pair()
    with ours, theirs:
        theirs.sendall(struct.pack("<II", head, body))
        with pytest.raises(WireError):
            Receiver(ours).receive()


def test_nothing_is_allocated_for_what_was_only_announced():
    ours, theirs = pair()
    with ours:
        with theirs:
            theirs.sendall(struct.pack("<II", HEAD_CAP, BODY_CAP) + b"a little")
        tracemalloc.start()
        try:
            with pytest.raises(EOFError):
                Receiver(ours).receive()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 1 << 20


def test_a_deadline_is_for_the_whole_frame():
    ours, theirs = pair()
    stop = threading.Event()

    def trickle():
        theirs.sendall(struct.pack("<II", 1000, 0))
        while not stop.wait(0.02):
            theirs.sendall(b"x")

    with ours, theirs:
        thread = threading.Thread(target=trickle)
        thread.start()
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            Receiver(ours).receive(Deadline(lambda now: now + 0.3))
        taken = time.monotonic() - start
        stop.set()
        thread.join()
    assert taken < 5


def test_a_deadline_is_also_for_sending():
    ours, theirs = pair()
    with ours, theirs, pytest.raises(TimeoutError):
        send(ours, Frame(b"", bytes(1 << 23)), Deadline(lambda now: now + 0.2))


def test_two_objects_are_two_keys_whatever_stands_for_them():
    """Whoever reads a transcript puts one thing in the place of all objects of a kind."""
    objects = [["r", number, "State", "State"] for number in range(40)]

    def told(*message: Any) -> Any:
        frame = Frame(msgspec.msgpack.encode(list(message)), b"")
        return Decoder(lambda tag, rest: rest[1], modules=True).message(frame)[0]

    assert told(["d", [part for number, key in enumerate(objects) for part in (key, number)]]) == {"State": 39}
    assert told(["s", objects]) == {"State"}
    with pytest.raises(WireError, match="a key that comes twice"):
        told(["d", [objects[0], 0, 1, 1, 1, 2]])
    with pytest.raises(WireError, match="all have the same hash"):
        told(["s", [*objects, *(["i", f"{(2**61 - 1) * n:x}"] for n in range(1, 20))]])
