"""Find where a value came from: an expression that gives it, made of what a script has."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from grader.properties.code import is_too_large
from grader.properties.forms import detached
from grader.student.tensors import is_array, is_tensor

_PARTS_CAP = 400
"""Parts of one value that are looked at."""
_DEPTH = 3
_KNOWN_CAP = 600
"""Answers that are looked at, the last ones: a list of more is compared by no test."""
_LONG = 5000
_ITEMS = 64
_REAL = (bool, int, float, np.bool_, np.integer, np.floating)
_PLAIN = (bool, int, float, str, bytes, type(None), np.generic)


PLACE = re.compile("\0(\\d+)\0")
"""The place of what a statement gives, in an expression."""


class Origin(NamedTuple):
    r"""An expression for a value.

    Attributes:
        text: the expression; ``\0<n>\0`` stands for what statement n gives.
        uses: the statements that it needs, in order.
        items: the same for each item of a list, one after the other, if the value is such a list.
        wrap: makes the value from that list.
    """

    text: str
    uses: tuple[int, ...]
    items: tuple[Origin, ...] = ()
    wrap: str = "{}"


class Known(NamedTuple):
    """Something that a script has: the answer to a statement, or the diary of an object that was lent.

    Attributes:
        text: an expression for it.
        uses: the statements that it needs.
        value: what it was.
        last: the last statement that it may depend on.
        is_diary: whether it is one.
    """

    text: str
    uses: tuple[int, ...]
    value: Any
    last: int
    is_diary: bool = False


def place_of(number: int) -> str:
    """The place of what statement ``number`` gives, in an expression."""
    return f"\0{number}\0"


def answer_of(number: int, value: Any) -> Known:
    """The answer to statement ``number``."""
    return Known(place_of(number), (number,), value, number)


def find(value: Any, known: Sequence[Known], *, inside: bool = False, at: int | None = None) -> Origin | None:
    """An expression that gives this value; None if there is none.

    What a student's code has answered comes before the diaries: an environment's notes may say the same, but what was
    wrong is the answer, and whoever mends it has to see it change.

    Args:
        value: the value.
        known: what the script has, in order.
        inside: it is an item of a list.
        at: its place in an answer, if there is one that is likely, as for a row of an array or an item of a list:
            another one may look the same.
    """
    if is_too_large(value):
        return None
    value, is_it, known = detached(value), _is_inside if inside else _is, known[-_KNOWN_CAP:]
    for of_diaries in (False, True):
        some = [each for each in known if each.is_diary is of_diaries]
        if at is not None and (found := _single(value, some, _EVERYTHING, is_it, f"[{at}]")) is not None:
            return found
        if (found := _single(value, some, _EVERYTHING, is_it)) is not None:
            return found
    if isinstance(value, list) and value and (items := _each(value, known, _is_inside)):
        return _list(items, "{}")
    if (
        isinstance(value, np.ndarray)
        and value.ndim
        and 0 < len(value) <= _ITEMS
        and (items := _each(value, known, _is))
    ):
        return _list(items, "np.array({})")
    if is_tensor(value) and value.dim() and 0 < len(value) <= _ITEMS and (items := _each(value, known, _is)):
        return _list(items, "torch.tensor({})" if value.dim() == 1 else "torch.stack({})")
    if type(value) in (tuple, list) and 0 < len(value) <= _ITEMS:
        places = range(len(value)) if at is None else [at] * len(value)
        parts = [find(item, known, inside=True, at=place) for place, item in zip(places, value, strict=True)]
        if all(part is not None for part in parts):
            texts = ", ".join(part.text for part in parts if part)
            uses = sorted({use for part in parts if part for use in part.uses})
            return Origin(
                f"[{texts}]" if type(value) is list else f"({texts}{',' if len(value) == 1 else ''})", tuple(uses)
            )
    return None


def _list(items: Sequence[Origin], wrap: str) -> Origin:
    uses = tuple(use for item in items for use in item.uses)
    return Origin(wrap.format(f"[{', '.join(item.text for item in items)}]"), uses, tuple(items), wrap)


def _each(values: Any, known: Sequence[Known], is_it: Callable[[Any, Any], bool]) -> list[Origin]:
    """An expression for each item, from a later statement each time; none if one of them is not found."""
    found: list[Origin] = []
    before = len(known)
    numbers = [i for i, each in enumerate(known) if each.uses]
    for item in reversed(list(values)):
        for at in reversed([i for i in numbers if i < before]):
            if (origin := _single(detached(item), known[at : at + 1], _NEAR, is_it)) is not None:
                found.append(origin)
                before = at
                break
        else:
            return []
    return found[::-1]


_NEAR, _EVERYTHING = 1, 3


def _single(
    value: Any, known: Sequence[Known], far: int, is_it: Callable[[Any, Any], bool], within: str = ""
) -> Origin | None:
    """The nearest expression from one answer, or from one part of it, such as ``[2]``."""
    best: tuple[int, int, Known, str] | None = None
    for number, each in enumerate(known):
        for cost, text, part in _parts(each, far):
            if within and each.text + within not in text:
                continue
            rank = (cost, -number)
            if (best is None or rank < best[:2]) and is_it(part, value):
                best = (*rank, each, text)
    return Origin(best[3], best[2].uses) if best is not None else None


def _is(one: Any, other: Any) -> bool:
    """Whether both are printed alike because they are alike."""
    if is_tensor(one) or is_tensor(other):
        return (
            is_tensor(one)
            and is_tensor(other)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.detach().numpy().tobytes() == other.detach().numpy().tobytes()
        )
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, _PLAIN) and isinstance(other, _PLAIN):
        return str(one) == str(other) and isinstance(one, str) == isinstance(other, str)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_is_inside, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        # Keys are compared as values are: a tensor is none of the things that `==` can compare.
        pairs = zip([*one, *one.values()], [*other, *other.values()], strict=False)
        return len(one) == len(other) and all(_is_inside(*pair) for pair in pairs)
    return type(one) is type(other) and repr(one) == repr(other)


def _is_inside(one: Any, other: Any) -> bool:
    """The same for an item: inside of a list, numbers are printed by their ``repr``."""
    return _is(one, other) and (not isinstance(one, _PLAIN) or repr(one) == repr(other))


def _parts(known: Known, far: int) -> Iterator[tuple[int, str, Any]]:
    """Expressions for parts of a value, and for what follows from it, with how far from it they are."""
    count = 0
    level: list[tuple[str, Any]] = [(known.text, detached(known.value))]
    for depth in range(_DEPTH + 1):
        deeper: list[tuple[str, Any]] = []
        for text, value in level:
            count += 1
            if count > _PARTS_CAP:
                return
            yield 4 * depth, text, value
            for cost, derived, compute in _derived(text, value):
                if cost > far:
                    continue
                try:
                    result = compute()
                except Exception:
                    # A student's value may be of any kind: of a 0-d array there is no list, of 10**400 no float. Then
                    # this is not where the other value came from.
                    continue
                yield 4 * depth + cost, derived, result
            if depth < _DEPTH:
                deeper += _inside(text, value)
        level = deeper


def _inside(text: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f"{text}.{field}", item) for field, item in zip(value._fields, value, strict=True)]
    if isinstance(value, list | tuple):
        return [(f"{text}[{i}]", item) for i, item in enumerate(value[:_ITEMS])]
    if isinstance(value, dict):
        return [(f"{text}[{key!r}]", item) for key, item in list(value.items())[:_ITEMS]]
    if is_array(value) and value.ndim and len(value) <= _ITEMS:
        return [(f"{text}[{i}]", value[i]) for i in range(len(value))]
    return []


def _derived(text: str, value: Any) -> Iterator[tuple[int, str, Callable[[], Any]]]:
    """Values that a test often makes of an answer before it compares it; each is still to be computed."""
    if isinstance(value, list | tuple | dict | set | str | bytes) and len(value) > _LONG:
        return
    if is_tensor(value):
        yield 2, f"list({text}.shape)", lambda: list(value.shape)
        if value.numel() == 1:
            yield 1, f"{text}.item()", value.item
        if value.numel() <= 1000:
            yield 2, f"{text}.tolist()", value.tolist
            yield 2, f"{text}.detach().numpy()", value.numpy
    elif isinstance(value, np.ndarray):
        yield 2, f"list({text}.shape)", lambda: list(value.shape)
        yield 2, f"{text}.shape", lambda: value.shape
        if value.size == 1:
            yield 1, f"{text}.item()", value.item
        if value.size <= 1000:
            yield 2, f"{text}.tolist()", value.tolist
            yield 2, f"list({text})", lambda: list(value)
            if value.dtype.kind in "biuf":
                yield 2, f"{text}.astype(float)", lambda: value.astype(float)
    elif isinstance(value, _REAL):
        if isinstance(value, float | np.floating) and float(value).is_integer():
            yield 1, f"int({text})", lambda: int(value)
        yield 1, f"float({text})", lambda: float(value)
        yield 3, f"type({text}).__name__", lambda: type(value).__name__
    if isinstance(value, list | tuple | set | dict) or (is_array(value) and value.ndim):
        yield 2, f"len({text})", lambda: len(value)
    if isinstance(value, list | tuple | set | dict | np.ndarray) or is_tensor(value):
        yield 3, f"type({text}).__name__", lambda: type(value).__name__
    if isinstance(value, dict) and value and all(is_tensor(item) for item in value.values()):
        total = sum(item.numel() for item in value.values())
        yield 3, f"sum(value.numel() for value in {text}.values())", lambda: total
    if (
        isinstance(value, list)
        and value
        and all(isinstance(item, tuple) and len(item) == len(value[0]) for item in value)
    ):
        fields = getattr(type(value[0]), "_fields", None)
        for at in range(len(value[0])):
            column = [item[at] for item in value]
            part = f".{fields[at]}" if fields else f"[{at}]"
            yield 3, f"[one{part} for one in {text}]", column.copy
            if all(isinstance(item, _REAL) for item in column):
                yield 3, f"[float(one{part}) for one in {text}]", functools.partial(_floats, column)
    if isinstance(value, list | tuple):
        if len(value) > 1 and all(isinstance(item, _PLAIN) for item in value):
            yield 3, f"len(set({text}))", lambda: len(set(value))
        if value and all(isinstance(item, np.ndarray) for item in value):
            yield 3, f"[len(part) for part in {text}]", lambda: [len(item) if item.ndim else 0 for item in value]
            yield 3, f"[part.tolist() for part in {text}]", lambda: [item.tolist() for item in value]
    if value is None:
        yield 3, f"type({text}).__name__", lambda: "NoneType"


def _floats(values: list[Any]) -> list[float]:
    return [float(value) for value in values]
