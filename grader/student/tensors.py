"""torch, imported when something first uses it: half of the lessons never do, and the import takes a second.

Where torch is not loaded no value is a tensor, no generator is one of torch's, and no graph is built. What asks about
values says so by ``is_tensor`` and ``is_loaded``; any other use of ``torch`` imports it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import TypeGuard

    import torch
else:

    class _Late(types.ModuleType):
        """A module that imports the real one at the first look at it."""

        def __getattr__(self, name: str) -> Any:
            real = importlib.import_module(self.__name__)
            # From now on most names are found without coming here again.
            vars(self).update({key: value for key, value in vars(real).items() if not key.startswith("__")})
            return getattr(real, name)

    torch = _Late("torch")

__all__ = ["empty_linear", "is_array", "is_grad_enabled", "is_loaded", "is_tensor", "set_grad_enabled", "torch"]


def is_loaded() -> bool:
    """Whether anything in this process has imported torch, a student's code included."""
    # While torch is being imported, it is listed already and has no tensors yet.
    return hasattr(sys.modules.get("torch"), "Tensor")


def is_tensor(value: Any) -> TypeGuard[torch.Tensor]:
    """Whether a value is a tensor; torch is not imported to find out."""
    return is_loaded() and isinstance(value, torch.Tensor)


def is_array(value: Any) -> TypeGuard[np.ndarray | torch.Tensor]:
    """Whether a value is a numpy array or a tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def is_grad_enabled() -> bool:
    """As ``torch.is_grad_enabled``, which is true where nothing has turned it off."""
    return not is_loaded() or torch.is_grad_enabled()


def set_grad_enabled(mode: bool) -> AbstractContextManager[Any]:
    """As ``torch.set_grad_enabled`` in a ``with``; without torch there is nothing to set."""
    return torch.set_grad_enabled(mode) if is_loaded() else contextlib.nullcontext()


def empty_linear(inputs: int, outputs: int, *, bias: bool = True) -> torch.nn.Linear:
    """A linear layer for weights that are there already: what is in it is whatever lay in memory.

    Drawing weights first would use the global generator. ``torch.nn.utils.skip_init`` draws them too, on a device that
    has no memory, by functions in Python: that takes longer than all else that is done with a small network.
    """
    layer = torch.nn.Linear.__new__(torch.nn.Linear)
    torch.nn.Module.__init__(layer)
    layer.in_features, layer.out_features = inputs, outputs
    layer.weight = torch.nn.Parameter(torch.empty(outputs, inputs))
    layer.register_parameter("bias", torch.nn.Parameter(torch.empty(outputs)) if bias else None)
    return layer
