"""A computation whose graph is on the student's side, as a node of the grader's own graph. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch


class OtherSide(Protocol):
    """The way to the graph over there; ``grader.student.session.Session`` is one."""

    def backward(
        self, graph: int, gradients: list[torch.Tensor | None], shapes: Sequence[torch.Size]
    ) -> list[torch.Tensor | None]:
        """The gradients of a computation's inputs, which have these shapes, from those of its outputs."""
        ...


class Computation(torch.autograd.Function):
    """Backward asks the student's side for the vector-Jacobian product."""

    @staticmethod
    def forward(ctx: Any, session: OtherSide, graph: int, outputs: list[torch.Tensor], *inputs: torch.Tensor) -> Any:
        """Give the outputs, which have been computed already."""
        ctx.session, ctx.graph = session, graph
        ctx.set_materialize_grads(False)
        ctx.shapes = [tensor.shape for tensor in inputs[1:]]  # the first one is the anchor
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        """The gradients of the inputs; the session, the graph's number, the outputs and the anchor have none."""
        inputs = ctx.session.backward(ctx.graph, list(gradients), ctx.shapes)
        return None, None, None, None, *inputs
