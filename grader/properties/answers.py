"""Decode recorded answers into plain values to display them, and compare values of two programs."""

from __future__ import annotations

import cmath
from typing import Any

import msgspec
import numpy as np

from grader.properties.code import code
from grader.properties.forms import written
from grader.student.errors import WireError
from grader.student.session import Session
from grader.student.tensors import is_tensor
from grader.student.transcript import Exchange, Transcript
from grader.student.wire import Decoder, Frame
from grader.testing.near import Near


class Thing(msgspec.Struct, frozen=True):
    """A reference to an object, of which only the kind can be compared."""

    kind: str

    def __repr__(self) -> str:
        """The kind of the object, as a phrase."""
        return f"an object of type {self.kind}"


def _reference(tag: str, rest: list[Any]) -> Thing:
    return Thing(str(rest[1]) if tag == "r" else tag)


def read(frame: Frame) -> list[Any] | None:
    """The message of a frame, with references as ``Thing``; None if it is not a message."""
    try:
        return Decoder(_reference, modules=True).message(frame)
    except WireError:
        return None


def last_answer(transcript: Transcript) -> str:
    """The last thing that came back, in words."""
    for exchange in reversed(transcript.exchanges):
        # What a transcript keeps is an answer or nothing: ``grader.student.replies`` has seen it.
        answer = read(exchange.answer)
        if answer and answer[0] == "raised":
            return f"raised {answer[1]}: {answer[3]}"
        if answer and answer[0] == "ok" and not isinstance(answer[1], Thing):
            return written(answer[1])
    return "no answer"


def last_value(transcript: Transcript) -> Any:
    """The last plain value that came back; None if there is none."""
    for exchange in reversed(transcript.exchanges):
        answer = read(exchange.answer)
        if answer and answer[0] == "ok" and not isinstance(answer[1], Thing):
            return answer[1]
    return None


def gives_again(session: Session, exchange: Exchange) -> bool:
    """Call the function that an exchange called, with the same plain arguments: whether the answer is the same.

    Raises:
        StudentError, StudentDied: it is none.
    """
    _, name, _, args, kwargs = Decoder(_reference, modules=True).message(exchange.question)
    before = read(exchange.answer)
    return before is not None and before[0] == "ok" and same(session.call(name, None, args, kwargs), before[1])


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal to float32 accuracy, and of one kind: the action 2 is not the number 2.0."""
    if isinstance(one, Near) or isinstance(other, Near):
        return same(getattr(one, "value", one), getattr(other, "value", other))
    if is_tensor(one) and is_tensor(other):
        return same(one.detach().numpy(), other.detach().numpy())
    if isinstance(one, _SCALARS) and isinstance(other, _SCALARS):
        return _kind(one) == _kind(other) and _close(one, other)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.shape != other.shape or _kind(one) != _kind(other):
            return False
        if one.dtype.kind not in "biufc":
            return same(one.tolist(), other.tolist())
        with np.errstate(all="ignore"):
            return bool(np.allclose(one, other, rtol=_RTOL, atol=_ATOL, equal_nan=True))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return same(list(one), list(other)) and all(map(same, one.values(), other.values()))
    if isinstance(one, set) and isinstance(other, set):
        # Each in the other: to compare sets may compare a number with a tuple, which numpy does item by item.
        return len(one) == len(other) and {code(item) for item in one} == {code(item) for item in other}
    return type(one) is type(other) and bool(one == other)


_SCALARS = (int, float, np.generic)
_RTOL, _ATOL = 1e-4, 1e-5


def _kind(value: Any) -> str:
    """Truth value, whole number or any other number: how wide it is does not matter."""
    kind = np.asarray(value).dtype.kind if isinstance(value, np.generic | np.ndarray) else np.dtype(type(value)).kind
    return "i" if kind == "u" else kind


def _close(one: Any, other: Any) -> bool:
    """As ``np.isclose``, for two numbers: it is a hundred times as slow, and answers have many of them."""
    try:
        left, right = (
            complex(value) if isinstance(value, np.complexfloating) else float(value) for value in (one, other)
        )
        if left != left or right != right:
            return left != left and right != right
        return left == right or (cmath.isfinite(right) and abs(left - right) <= _ATOL + _RTOL * abs(right))
    except OverflowError:  # a number that is none of a float's, or too far from 0 to say how far
        return type(one) is type(other) and bool(one == other)
