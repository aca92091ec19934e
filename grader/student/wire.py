"""Values: all that crosses between the grader and a student's code, and what it looks like in a frame.

Values are rebuilt by their exact base type, so what arrives behaves as plain data whatever class it had on the other
side; pickle is never used. What has no plain form stays where it is, and a reference crosses instead: ``refer`` and
``resolve`` decide what that means on each side.

What a message unpacks to is bounded by its own size: arrays lie in the body one after the other, none twice, and the
number of lists, of generators and of empty rows has a cap.
Malformed input raises ``WireError`` and nothing else.

All that may cross. What is not in this table does not; ``both`` means from the grader and from the student's side:

    tag  value                                        sent by  arrives as
    ---  None, bool, float, str, int of 64 bits       both     the same, of exactly that type
    i    a larger int, up to 512 bits                 both     int
    b    bytes                                        both     bytes
    l    list                                         both     list
    L    list of 64 or more plain floats or ints      both     list
    t    tuple                                        both     tuple
    n    named tuple                                  both     a named tuple of the same name and fields
    d    dict                                         both     dict
    s    set, frozenset                               both     set
    a    numpy array of numbers or bools              both     numpy array, a copy
    f    numpy array that is read-only                grader   the same, read-only
    v    numpy array that is not contiguous           grader   the same, not contiguous
    x    numpy scalar                                 both     numpy scalar
    T    dense tensor                                 both     CPU tensor; in the student's code with its grad flag
    g    numpy.random.Generator                       both     a generator in the same state
    G    torch.Generator                              both     a generator in the same state
    m    a plain network (Linear, ReLU, Tanh, ...)    grader   a network with the same weights
    c    an object that the grader lends              grader   a stand-in (``lent``), which may be asked what
                                                               ``lent.ALLOWED`` lists, and nothing else
    h    an object of the student's, by its number    grader   the object itself
    c    an object that the grader has lent           student  the object itself
    r    an object of the student's                   student  a ``remote.Remote``, which may be asked by name
"""

from __future__ import annotations

import collections
import functools
import keyword
import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from grader.student.errors import WireError
from grader.student.frames import BODY_CAP, HEAD_CAP
from grader.student.frames import Frame as Frame
from grader.student.tensors import empty_linear, is_loaded, is_tensor, torch

_DEPTH_CAP = 40
_CONTAINERS_CAP = 50_000
"""Of one message: a list that is empty is one byte on its way and hundreds of them in memory."""
_CONTAINER_BYTES = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
_EMPTY_CELLS_CAP = 1 << 16
"""Of an array without numbers, the product of its sides that are not zero: 400 million rows of nothing are no bytes,
and as many lists once they are printed."""
_GENERATORS_CAP = 64
_INT_BITS = 512
"""Larger integers may not cross: Python refuses to print those of some thousand digits, or to make floats of them."""
_FIELDS_CAP = 32
_NEW_TUPLES_CAP = 64
_REFERENCES = ("r", "h", "c")
"""Tags of what stays on its own side: an object that was made, one that was handed back, and one that was lent."""
_SAME_HASH_CAP = 16
_PACK_FROM = 64
"""Lists of this many plain floats or ints travel as raw bytes: the rewards of a long episode fit into the head cap."""

T = TypeVar("T")

_DTYPES = frozenset("?bhilqBHILQefdFD")
_TORCH_DTYPES = {
    name: np.dtype(name).char
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
}
"""The types of numbers that a tensor may have, and numpy's code for each."""
# Not MT19937 and Philox: numpy takes a position from their state that it does not check, and reads memory there.
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "SFC64")
_MODULES = ("Linear", "ReLU", "Tanh", "Identity")


class Tensor(NamedTuple):
    """A tensor on its way in, before the receiving side decides what its gradient flag means there.

    Attributes:
        data: the values.
        requires_grad: the flag on the sending side.
        output: its position among the outputs of a kept graph, or -1.
    """

    data: torch.Tensor
    requires_grad: bool
    output: int


class Encoder:
    """Turns one message into a frame.

    Args:
        refer: gives the tagged reference for a value that has no plain form.
        tensor: called for every tensor; gives its (requires_grad, output position).
        modules: whether networks of plain layers are copied across, and what an array is besides its numbers:
            read-only, not contiguous. Only the grader sends that.
    """

    def __init__(
        self,
        refer: Callable[[Any], list[Any]],
        tensor: Callable[[torch.Tensor], tuple[bool, int]] | None = None,
        *,
        modules: bool = False,
    ) -> None:
        self._refer = refer
        self._tensor = tensor
        self._modules = modules
        self._chunks: list[bytes] = []
        self._size = 0

    def frame(self, message: list[Any]) -> Frame:
        """Encode the message, whose items may be any values.

        Raises:
            WireError: it is larger or nested deeper than allowed.
        """
        head = msgspec.msgpack.encode([self._value(item, 0) for item in message])
        if len(head) > HEAD_CAP:
            raise WireError(f"a value of {len(head):,} bytes is larger than may cross ({HEAD_CAP:,})")
        return Frame(head, b"".join(self._chunks))

    def _store(self, data: bytes) -> int:
        offset = self._size
        self._size += len(data)
        if self._size > BODY_CAP:
            raise WireError(f"arrays of more than {BODY_CAP:,} bytes may not cross")
        self._chunks.append(data)
        return offset

    def _value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is float or kind is str:
            return value
        if kind is int:
            return _integer(value)
        if depth > _DEPTH_CAP:
            raise WireError(f"a value nested more than {_DEPTH_CAP} deep may not cross")
        if isinstance(value, np.ndarray) and value.dtype.char in _DTYPES:
            if not value.dtype.isnative:
                value = value.astype(value.dtype.newbyteorder("="))
            plain = ["a", value.dtype.char, list(value.shape), self._store(value.tobytes())]
            if not self._modules:
                return plain
            laid_out = plain if value.flags.c_contiguous else ["v", plain]
            return laid_out if value.flags.writeable else ["f", laid_out]
        if isinstance(value, np.generic) and value.dtype.char in _DTYPES:
            return ["x", value.dtype.char, value.tobytes()]
        if is_tensor(value) and (dtype := _dtype_name(value)) in _TORCH_DTYPES and value.layout is torch.strided:
            data = value.detach().cpu().contiguous()
            flag, output = self._tensor(value) if self._tensor else (value.requires_grad, -1)
            stored = self._store(data.numpy().tobytes())
            return ["T", dtype, list(value.shape), stored, flag, output]
        if isinstance(value, list | tuple):
            return self._sequence(value, depth)
        if isinstance(value, dict):
            return ["d", [self._value(part, depth + 1) for pair in dict.items(value) for part in pair]]
        if kind in (set, frozenset):
            return ["s", [self._value(item, depth + 1) for item in value]]
        if kind is bytes:
            return ["b", value]
        if isinstance(value, int):
            return _integer(int.__index__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            return str.__str__(value)
        if kind is np.random.Generator and type(value.bit_generator).__name__ in _BIT_GENERATORS:
            state = value.bit_generator.state
            return ["g", state["bit_generator"], self._value(state, depth + 1)]
        if is_loaded() and kind is torch.Generator and value.device.type == "cpu":
            return ["G", value.get_state().numpy().tobytes()]
        if self._modules and is_loaded() and (spec := module_spec(value)) is not None:
            return ["m", spec, self._value(dict(value.state_dict()), depth + 1)]
        return self._refer(value)

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        if type(value) is list and len(value) >= _PACK_FROM:
            for tag, kind in (("d", float), ("q", int)):
                if all(type(item) is kind for item in value):
                    try:
                        packed = np.array(value, dtype=tag)
                    except OverflowError:
                        break
                    return ["L", tag, self._store(packed.tobytes()), len(value)]
        items = [self._value(item, depth + 1) for item in value]
        if isinstance(value, list):
            return ["l", items]
        name, fields = type(value).__name__, getattr(type(value), "_fields", None)
        if isinstance(fields, tuple) and len(fields) == len(items) and _may_be_named(name, fields):
            return ["n", name, list(fields), items]
        return ["t", items]


class Decoder:
    """Turns a frame back into a message.

    Args:
        resolve: gives the value for a tagged reference; raises ``WireError`` for one it does not know.
        tensor: called for every tensor; gives what stands in its place.
        modules: whether networks, and arrays that are read-only or not contiguous, are accepted; the grader does not.

    Attributes:
        objects: how many values all messages so far were made of, packed numbers included.
    """

    def __init__(
        self,
        resolve: Callable[[str, list[Any]], Any],
        tensor: Callable[[Tensor], Any] | None = None,
        *,
        modules: bool = False,
    ) -> None:
        self._resolve = resolve
        self._tensor = tensor
        self._modules = modules
        self._body = b""
        self._at = 0
        self.objects = 0
        self._generators = 0
        self._tuples: set[tuple[str, tuple[str, ...]]] = set()

    def message(self, frame: Frame) -> list[Any]:
        """Decode a whole frame.

        Raises:
            WireError: it is malformed in any way.
        """
        self._body, self._at, self._generators = frame.body, 0, 0
        self._tuples.clear()
        _check_containers(frame.head)
        try:
            head = _exactly(list, msgspec.msgpack.decode(frame.head))
            if not head:
                raise WireError("an empty message")
            values = [self._value(item, 0) for item in head]
            if self._at != len(frame.body):
                raise WireError("bytes that belong to no array")
            return values
        except WireError:
            raise
        except RecursionError:
            raise WireError("a message nested too deep") from None
        except Exception as error:
            # Whatever else goes wrong while rebuilding values is the sender's doing: sizes, names, dtypes.
            raise WireError(f"a malformed message ({type(error).__name__})") from None

    def plain(self, value: Any) -> Any:
        """Decode one value of a head that carries no arrays."""
        return self._value(value, 0)

    def _value(self, value: Any, depth: int) -> Any:
        self.objects += 1
        if type(value) is not list:
            if value is None or type(value) in (bool, int, float, str):
                return value
            raise WireError(f"an untagged {type(value).__name__}")
        if depth > _DEPTH_CAP:
            raise WireError("a value nested too deep")
        tag, *rest = value
        deeper = depth + 1
        if tag == "l":
            return [self._value(item, deeper) for item in _exactly(list, rest[0])]
        if tag == "t":
            return tuple(self._value(item, deeper) for item in _exactly(list, rest[0]))
        if tag == "d":
            raw = _exactly(list, rest[0])
            parts = [self._value(part, deeper) for part in raw]
            keys = _keys_to_check(raw[::2], parts[::2])
            made = dict(zip(parts[::2], parts[1::2], strict=True))
            if len(dict.fromkeys(keys)) < len(keys):
                raise WireError("a dict with a key that comes twice")
            return made
        if tag == "a":
            dtype, shape, offset = rest
            return self._array(dtype, shape, offset)
        if tag in ("f", "v") and self._modules:
            array = self._value(rest[0], deeper)
            if tag == "v":
                # Every second number of a larger array, where it has axes to take them along.
                return np.repeat(array, 2, axis=-1)[..., ::2]
            array.flags.writeable = False
            return array
        if tag == "T":
            name, shape, offset, flag, output = rest
            if name not in _TORCH_DTYPES:
                raise WireError("a tensor of a type that may not cross")
            data = torch.from_numpy(self._array(_TORCH_DTYPES[name], shape, offset))
            tensor = Tensor(data, flag is True, _exactly(int, output))
            return self._tensor(tensor) if self._tensor else data
        if tag == "L":
            dtype, offset, count = rest
            if dtype not in ("d", "q"):
                raise WireError("a packed list of another type")
            numbers: list[Any] = self._array(dtype, [count], offset).tolist()
            self.objects += len(numbers)
            return numbers
        if tag == "n":
            name, fields, items = rest
            key = _exactly(str, name), tuple(_exactly(list, fields))
            self._tuples.add(key)
            if len(self._tuples) > _NEW_TUPLES_CAP or not _may_be_named(*key):
                raise WireError("named tuples that may not cross")
            return _named_tuple(*key)(*(self._value(item, deeper) for item in _exactly(list, items)))
        if tag == "s":
            members = [self._value(item, deeper) for item in _exactly(list, rest[0])]
            _keys_to_check(rest[0], members)
            return set(members)
        if tag == "b":
            return _exactly(bytes, rest[0])
        if tag == "i":
            if len(_exactly(str, rest[0])) > _INT_BITS // 4 + 3:
                raise WireError("an integer that is too large")
            return int(rest[0], 16)
        if tag == "x":
            return np.frombuffer(rest[1], dtype=_dtype(rest[0]), count=1)[0]
        if tag in ("g", "G"):
            self._generators += 1
            if self._generators > _GENERATORS_CAP:
                raise WireError("more generators than may cross")
        if tag == "g":
            if rest[0] not in _BIT_GENERATORS:
                raise WireError("an unknown bit generator")
            generator = np.random.Generator(getattr(np.random, rest[0])())
            generator.bit_generator.state = self._value(rest[1], deeper)
            return generator
        if tag == "G":
            torch_generator = torch.Generator()
            torch_generator.set_state(torch.frombuffer(bytearray(_exactly(bytes, rest[0])), dtype=torch.uint8))
            return torch_generator
        if tag == "m" and self._modules:
            state = self._value(rest[1], deeper)
            plain = {key: item.data if isinstance(item, Tensor) else item for key, item in state.items()}
            module = _module(rest[0])
            module.load_state_dict({key: item.detach() for key, item in plain.items()})
            return module
        return self._resolve(tag, rest)

    def _array(self, dtype: str, shape: list[int], offset: int) -> np.ndarray:
        if not all(type(n) is int and n >= 0 for n in [*_exactly(list, shape), offset]) or len(shape) > 16:
            raise WireError("an array with an impossible shape")
        count = math.prod(shape)
        if count == 0 and math.prod(max(n, 1) for n in shape) > _EMPTY_CELLS_CAP:
            raise WireError("an array of no numbers with sides that are too long")
        kind = _dtype(dtype)
        size = count * kind.itemsize
        # One after the other: many arrays made of the same bytes would need far more memory than their message.
        if offset != self._at or offset + size > len(self._body):
            raise WireError("an array that is not where its bytes are")
        self._at += size
        # A copy: the receiver may write to it, and the frame is kept.
        return np.frombuffer(self._body, dtype=kind, count=count, offset=offset).reshape(shape).copy()


def _exactly(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise WireError(f"a {type(value).__name__} where a {kind.__name__} belongs")
    return value


def _integer(value: int) -> Any:
    if -(1 << 63) <= value < 1 << 63:
        return value
    if value.bit_length() > _INT_BITS:
        raise WireError(f"an integer of more than {_INT_BITS} bits may not cross")
    return ["i", hex(value)]


def _check_containers(head: bytes) -> None:
    """Refuse a head with too many lists before it is unpacked; bytes that only look like one count as well."""
    if len(head) > _CONTAINERS_CAP and len(head) - len(head.translate(None, _CONTAINER_BYTES)) > _CONTAINERS_CAP:
        raise WireError(f"a message of more than {_CONTAINERS_CAP:,} lists")


def _keys_to_check(raw: list[Any], keys: list[Any]) -> list[Any]:
    """The keys that are values. Objects are as many keys, although one thing may stand for all where somebody reads.

    Raises:
        WireError: they were chosen to have the same hash: a dict of some ten thousand of them takes minutes to make.
    """
    values = [key for part, key in zip(raw, keys, strict=True) if not (type(part) is list and part[0] in _REFERENCES)]
    if len(values) > _SAME_HASH_CAP and max(collections.Counter(map(hash, values)).values()) > _SAME_HASH_CAP:
        raise WireError("keys that all have the same hash")
    return values


def _dtype(char: str) -> np.dtype[Any]:
    if type(char) is not str or char not in _DTYPES:
        raise WireError("an array of a type that may not cross")
    return np.dtype(char)


def _dtype_name(tensor: torch.Tensor) -> str:
    """The name of its type of numbers: ``float32``."""
    return str(tensor.dtype).removeprefix("torch.")


def _may_be_named(name: str, fields: tuple[Any, ...]) -> bool:
    """Whether a named tuple with these names can be rebuilt."""
    names = (name, *fields)
    return (
        len(fields) <= _FIELDS_CAP
        and all(type(n) is str and len(n) < 100 and n.isidentifier() and not keyword.iskeyword(n) for n in names)
        and len(set(fields)) == len(fields)
        and not any(field.startswith("_") for field in fields)
    )


@functools.lru_cache(maxsize=256)
def _named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    return collections.namedtuple(name, fields)


def module_spec(value: Any) -> list[Any] | None:
    """A network made of plain torch layers as nested lists, or None where it has another part."""
    kind = type(value)
    if kind is torch.nn.Sequential:
        parts = [module_spec(part) for part in value]
        return None if None in parts else ["Sequential", parts]
    if kind is torch.nn.Linear:
        return ["Linear", value.in_features, value.out_features, value.bias is not None]
    name = getattr(kind, "__name__", "")
    return [name] if name in _MODULES and getattr(torch.nn, name) is kind else None


def _module(spec: list[Any]) -> Any:
    name, *rest = spec
    if name == "Sequential":
        return torch.nn.Sequential(*(_module(part) for part in rest[0]))
    if name == "Linear":
        inputs, outputs, bias = rest
        if inputs * outputs > 1 << 22:
            raise WireError("a layer that is too large")
        return empty_linear(inputs, outputs, bias=bias)
    if name not in _MODULES:
        raise WireError("a layer that may not cross")
    return getattr(torch.nn, name)()
