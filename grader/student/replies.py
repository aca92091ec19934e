"""Valid answers: the shape of every verb's answer, checked in this one place.

The process that answers is the student's. What is not an answer to the question that was asked goes no further than
here: it is neither kept nor used, so everything behind the session may rely on these shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gymnasium

from grader.student.errors import StudentError, WireError, shortened
from grader.student.remote import Remote
from grader.student.tensors import is_tensor, torch

A_METHOD = object()
"""What stands for the answer to ``get`` which says that the name is that of a method."""

_KIND_CAP, _MESSAGE_CAP, _SOURCE_CAP, _TRACE_CAP, _PRINTED_CAP = 200, 2000, 300, 8000, 8000
_BASES_CAP = 20
_LINES = 1 << 31


class Reply(NamedTuple):
    """An answer that has the shape of one.

    Attributes:
        value: what was answered; None where it is an exception.
        printed: what the code printed meanwhile.
        graph: the number of the computation, for outputs that require grad.
        error: the exception that was answered.
    """

    value: Any
    printed: str
    graph: int = 0
    error: StudentError | None = None


def _anything(_: Any) -> bool:
    return True


def _nothing(value: Any) -> bool:
    return value is None


def _object(value: Any) -> bool:
    return isinstance(value, Remote)


def _kept(value: Any) -> bool:
    # What the grader lends stays what it is where it is put over there.
    return callable(value) or isinstance(value, gymnasium.Env | gymnasium.vector.VectorEnv)


def _length(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _item(value: Any) -> bool:
    return type(value) is tuple and len(value) == 2 and type(value[0]) is bool


def _gradients(value: Any) -> bool:
    return type(value) is dict and all(
        type(name) is str and (gradient is None or is_tensor(gradient)) for name, gradient in value.items()
    )


def _digest(value: Any) -> bool:
    return type(value) is str and len(value) <= 64


def _flag(value: Any) -> bool:
    return type(value) is bool


def _seconds(value: Any) -> bool:
    return type(value) is float and 0 <= value < 1e9


def _shown(value: Any) -> bool:
    return value is None or (type(value) is tuple and len(value) == 2 and type(value[0]) is str)


_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "load": (_nothing, "nothing"),
    "begin": (_nothing, "nothing"),
    "call": (_anything, "a value"),
    "get": (_anything, "a value"),
    "value": (_anything, "a value"),
    "item": (_anything, "a value"),
    "put": (_kept, "an object"),
    "len": (_length, "a length"),
    "iterate": (_object, "an iterator"),
    "next": (_item, "an item"),
    "gradients": (_gradients, "gradients by name"),
    "random": (_digest, "a digest"),
    "grad_mode": (_flag, "true or false"),
    "seconds": (_seconds, "a processor time"),
    "example": (_shown, "a text and its value"),
}
"""By verb: whether a value is an answer to it, and what one is in words. ``backward`` depends on its inputs."""


def reply(verb: str, parts: list[Any], like: Sequence[torch.Size] = ()) -> Reply:
    """The answer in a message.

    Args:
        verb: what was asked.
        parts: the message that came back.
        like: for ``backward``, the shapes of the tensors whose gradients were asked for.

    Raises:
        WireError: it has not the shape of an answer to that.
    """
    kinds = [type(part) for part in parts]
    if kinds == [str, str, list, str, int, str, str, str] and parts[0] == "raised":
        _, kind, bases, message, line, source, trace, printed = parts
        if not all(type(base) is str for base in bases) or not 0 <= line < _LINES:
            raise WireError("an exception with parts that are none")
        error = StudentError(
            shortened(kind, _KIND_CAP),
            tuple(shortened(base, _KIND_CAP) for base in bases[:_BASES_CAP]),
            shortened(message, _MESSAGE_CAP),
            line,
            shortened(source, _SOURCE_CAP),
            shortened(trace, _TRACE_CAP),
        )
        return Reply(None, shortened(printed, _PRINTED_CAP), error=error)
    if len(kinds) != 4 or kinds[0] is not str or parts[0] != "ok" or kinds[2:] != [str, int]:
        raise WireError("neither an answer nor an exception")
    _, value, printed, graph = parts
    if verb == "backward":
        if not _are_gradients_of(value, like):
            raise WireError("other things than the gradients of what was given")
    else:
        fits, words = _SHAPES[verb]
        if not fits(value):
            # Not its type's name: of a named tuple, that is what the student's side calls it.
            raise WireError(f"something else than {words}")
    return Reply(value, shortened(printed, _PRINTED_CAP), graph)


def _are_gradients_of(value: Any, like: Sequence[torch.Size]) -> bool:
    return (
        type(value) is list
        and len(value) == len(like)
        and all(
            gradient is None or (is_tensor(gradient) and gradient.shape == shape and gradient.is_floating_point())
            for gradient, shape in zip(value, like, strict=True)
        )
    )
