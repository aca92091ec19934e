"""Write values as Python's ``print`` shows them, so that a report says what a script of a learner's prints."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from grader.properties.code import code, is_too_large
from grader.student.remote import Remote
from grader.student.tensors import is_array, is_tensor, torch
from grader.testing.near import Near, near, numbers

Form = Literal["str", "repr", "list"]
"""How a value is printed: as it is, by its ``repr``, or as a list with all digits."""

PRINTS: dict[Form, str] = {"str": "{}", "repr": "repr({})", "list": "{}.tolist()"}

_NUMBERS_CAP = 100_000


def detached(value: Any) -> Any:
    """A value with tensors that have no graph: where a graph is kept is nothing that a reader should have to see."""
    if is_tensor(value):
        return value.detach()
    if isinstance(value, list):
        return [detached(item) for item in value]
    if isinstance(value, dict):
        return {detached(key): detached(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [detached(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def has_graph(value: Any) -> bool:
    """Whether a tensor in the value would be printed with its graph."""
    if is_tensor(value):
        return value.requires_grad
    if isinstance(value, list | tuple | dict):
        return any(map(has_graph, [*value, *value.values()] if isinstance(value, dict) else value))
    return False


def written(value: Any, form: Form = "str") -> str:
    """A value as text."""
    if isinstance(value, Near):
        value = value.value
    if isinstance(value, Remote):
        return f"an object of type {value._type}"
    if is_too_large(value):
        return code(value)
    value = detached(value)
    if form == "list" and is_array(value) and _size(value) <= _NUMBERS_CAP:
        return str(value.tolist())
    return repr(value) if form == "repr" else str(value)


def _size(value: np.ndarray | torch.Tensor) -> int:
    return value.size if isinstance(value, np.ndarray) else value.numel()


def telling_apart(left: Any, right: Any) -> Form:
    """The shortest form in which a reader sees that two values differ."""
    forms: list[Form] = ["str", "repr"]
    if is_array(left):
        forms = ["str", "list", "repr"]
    return next((form for form in forms if written(left, form) != written(right, form)), "str")


def of_the_same_kind(value: Any, left: Any) -> Any:
    """A needed value in the kind of container that the answer came in, so that two texts can be laid side by side."""
    if isinstance(value, Near):
        value = value.value
    try:
        if is_tensor(left):
            tensor = torch.as_tensor(value).detach()
            floating = left.is_floating_point() and tensor.is_floating_point()
            return tensor.to(left.dtype) if floating else tensor
        if isinstance(left, np.ndarray):
            array = np.asarray(value)
            return array.astype(left.dtype) if left.dtype.kind == array.dtype.kind == "f" else array
        if isinstance(left, list) and is_array(value):
            return value.tolist()
        if isinstance(left, float | np.floating) and is_array(value) and not value.shape:
            return value.item()
    except (TypeError, ValueError, RuntimeError):
        return value
    return value


def narrowed(left: Any, right: Any) -> tuple[str, Any, Any]:
    """The part in which two values differ, if they differ in one part only, and its name; "" if they do not."""
    needed = right.value if isinstance(right, Near) else right
    if is_too_large(left):
        return "", left, right
    if isinstance(left, dict) and isinstance(needed, dict) and len(left) > 1 and list(left) == list(needed):
        wrong = [key for key in left if repr(left[key]) != repr(needed[key])]
        first = next(iter(left))
        # As {"transition": 3, "state": …}: the first entry says which one it is.
        which = f"{first} {left[first]}, " if first not in wrong and isinstance(left[first], int) else ""
        return (f"{which}{wrong[0]}", left[wrong[0]], needed[wrong[0]]) if len(wrong) == 1 else ("", left, right)
    if is_array(left) and left.ndim == 2 and len(left) > 1:
        ours, theirs = numbers(needed), numbers(left)
        if ours is None or theirs is None or ours.shape != theirs.shape:
            return "", left, right
        rtol, atol = (right.rtol, right.atol) if isinstance(right, Near) else (0.0, 0.0)
        wrong_rows = np.flatnonzero(~np.isclose(theirs, ours, rtol=rtol, atol=atol).all(axis=1))
        if len(wrong_rows) == 1:
            row = int(wrong_rows[0])
            return f"row {row}", left[row], near(ours[row], rtol=rtol, atol=atol)
    return "", left, right
