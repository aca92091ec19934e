"""Comparison to float32 accuracy that also compares shapes, whatever kind of number container it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.student.tensors import is_tensor, torch


class Near:
    """A needed value: equal to whatever has its shape and, to a tolerance, its numbers.

    Args:
        value: scalar, nested list, array or tensor.
        rtol: relative tolerance.
        atol: absolute tolerance.
    """

    __hash__ = None  # type: ignore[assignment]
    # With an array or a tensor on the left, neither may compare element by element: the comparison is ours.
    __array_ufunc__ = None

    def __init__(self, value: Any, rtol: float, atol: float) -> None:
        """Keep the value as float64."""
        self.value, self.rtol, self.atol = value, rtol, atol
        self._numbers = numbers(value)
        if self._numbers is None:
            raise TypeError(f"near() takes numbers, not {value!r}")

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` has the same shape, and the same numbers to the tolerance (NaN equals nothing)."""
        theirs, ours = numbers(other), self._numbers
        assert ours is not None
        if theirs is None or theirs.shape != ours.shape:
            return False
        return bool(np.allclose(theirs, ours, rtol=self.rtol, atol=self.atol))

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Take over ``tensor == near(...)``."""
        tensor, this = args
        return this == tensor if func is torch.Tensor.__eq__ or func is torch.Tensor.eq else NotImplemented

    def __repr__(self) -> str:
        """The value itself: reports print it as what is needed."""
        return repr(self.value)


def near(value: Any, *, rtol: float = 1e-4, atol: float = 1e-5) -> Near:
    """``assert got == near(value)``: the same shape, and the same numbers to float32 accuracy."""
    return Near(value, rtol, atol)


def numbers(value: Any) -> np.ndarray | None:
    """``value`` as a float64 array, or None where it is not made of numbers alone."""
    if is_tensor(value):
        value = value.detach().cpu().numpy()
    if isinstance(value, list | tuple):
        value = [item.detach().cpu().numpy() if is_tensor(item) else item for item in value]
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None
