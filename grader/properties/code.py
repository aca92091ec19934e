"""Write a value as a Python expression."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.printable import count
from grader.student.tensors import is_array, is_loaded, is_tensor, torch
from grader.student.wire import module_spec
from grader.testing import strided

_NUMBERS_CAP = 1000
_PARTS_CAP = 20_000
"""Of one value, what it is made of: its numbers, the rows of its arrays, its characters by the ten."""


def code(value: Any) -> str:
    """A value as a Python expression, as short as it can be without changing what it is.

    What nobody would read, because there are too many numbers in it, is only described.
    """
    if is_too_large(value):
        noun = "character" if isinstance(value, str) else "byte" if isinstance(value, bytes) else "item"
        return f"<{type(value).__name__} of {count(len(value), noun)}>"
    return _code(value)


def is_too_large(value: Any) -> bool:
    """Whether a value has so many parts that it is only described."""
    return isinstance(value, list | tuple | dict | set | str | bytes) and _parts(value, _PARTS_CAP) > _PARTS_CAP


def _parts(value: Any, most: int) -> int:
    """Count the parts of a value until there is more than ``most``; nothing is turned into text for it."""
    if isinstance(value, str | bytes):
        return 1 + len(value) // 10
    if is_array(value):
        # Rows without numbers are as long to print as others; what has too many is described in one word.
        rows = math.prod(max(n, 1) for n in value.shape)
        return 1 + (rows if rows <= _NUMBERS_CAP else 0)
    parts = 1
    if isinstance(value, list | tuple | dict | set) and len(value) <= _NUMBERS_CAP:
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            parts += _parts(item, most - parts)
            if parts > most:
                break
    return parts


def _code(value: Any) -> str:
    if is_array(value) and math.prod(max(n, 1) for n in value.shape) > _NUMBERS_CAP and _repeated(value) is None:
        return f"<{type(value).__name__.lower()} of shape {tuple(value.shape)}, {value.dtype}>"
    if isinstance(value, list | tuple | dict | set) and len(value) > _NUMBERS_CAP:
        return f"<{type(value).__name__} of {len(value)} items>"
    if is_tensor(value):
        dtype = "" if value.dtype in (torch.float32, torch.int64, torch.bool) else f", dtype={value.dtype}"
        if value.numel() == 0 and value.dtype is torch.int64:
            dtype = f", dtype={value.dtype}"
        if value.numel() == 0 and value.dim() > 1:
            return f"torch.zeros({tuple(value.shape)}, dtype={value.dtype})"
        if (part := _repeated(value)) is not None:
            times = len(value) // len(part)
            return f"{_code(part)}.repeat({', '.join(map(str, (times, *[1] * (value.dim() - 1))))})"
        return f"torch.tensor({_numbers(value.tolist(), value.dtype is torch.float32)}{dtype})"
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return f"read_only({_code(value.copy() if value.flags.c_contiguous else strided(value))})"
    if isinstance(value, np.ndarray) and not value.flags.c_contiguous:
        return f"strided({_code(np.ascontiguousarray(value))})"
    if isinstance(value, np.ndarray):
        default = np.asarray(value.tolist()).dtype == value.dtype
        dtype = "" if default and value.size else f", dtype=np.{value.dtype}"
        if value.size == 0 and value.ndim > 1:
            return f"np.zeros({value.shape}, dtype=np.{value.dtype})"
        if value.size > 8 and value.size and (value == value.flat[0]).all():
            return f"np.full({value.shape}, {_numbers(value.flat[0].item(), value.dtype == np.float32)}{dtype})"
        if (part := _repeated(value)) is not None:
            return f"np.tile({_code(part)}, {(len(value) // len(part), *[1] * (value.ndim - 1))})"
        return f"np.array({_numbers(value.tolist(), value.dtype == np.float32)}{dtype})"
    if isinstance(value, np.generic):
        return f"np.{value.dtype}({_numbers(value.item())})"
    if isinstance(value, np.random.Generator):
        return _generator(value)
    if is_loaded() and isinstance(value, torch.Generator):
        return f"torch.Generator().manual_seed({value.initial_seed()})"
    if is_loaded() and isinstance(value, torch.nn.Module):
        return _network(value)
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            pairs = ", ".join(f"{field}={_code(item)}" for field, item in zip(value._fields, value, strict=True))
            return f"{type(value).__name__}({pairs})"
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_code(key)}: {_code(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return _numbers(value)
    return repr(value)


_REPEATED_FROM, _LONGEST_PART = 24, 8


def _repeated(value: Any) -> Any:
    """The first rows of an array or tensor that is nothing but these rows again and again; None if it is not."""
    if not value.ndim or len(value) < _REPEATED_FROM or not 0 < math.prod(value.shape) <= 1 << 20:
        return None
    for rows in range(1, _LONGEST_PART + 1):
        if len(value) % rows == 0 and bool((value.reshape(-1, rows, *value.shape[1:]) == value[:rows]).all()):
            return value[:rows]
    return None


def _numbers(value: Any, single: bool = False) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_numbers(item, single) for item in value)}]"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        # The shortest text that gives the same float32 back, not its expansion to float64.
        return repr(float(str(np.float32(value)))) if single else repr(value)
    return repr(value)


_SEEDS = 1 << 15
"""Seeds among which that of a generator is looked for: those of tests are below 10,000."""


@functools.cache
def _seeds() -> tuple[dict[tuple[int, int], int], Iterator[int]]:
    return {}, iter(range(_SEEDS))


def _generator(generator: np.random.Generator) -> str:
    """A generator by its seed, if it is as ``np.random.default_rng`` makes it, and else by its state."""
    state = generator.bit_generator.state
    if state["bit_generator"] == "PCG64" and not state["has_uint32"]:
        known, left = _seeds()
        key = state["state"]["state"], state["state"]["inc"]
        while key not in known and (seed := next(left, None)) is not None:
            made = np.random.PCG64(seed).state["state"]
            known[made["state"], made["inc"]] = seed
        if key in known:
            return f"np.random.default_rng({known[key]})"
    return f"generator_in({_code(state)})"


def _network(module: torch.nn.Module) -> str:
    def layers(spec: list[Any]) -> str:
        if spec[0] == "Sequential":
            return f"torch.nn.Sequential({', '.join(map(layers, spec[1]))})"
        return f"torch.nn.{spec[0]}({', '.join(map(repr, spec[1:3]))})"

    return layers(module_spec(module) or ["Identity"])
