"""The probe ladder of a ``train`` that does not learn: which of its parts is wrong."""

from __future__ import annotations

from typing import Literal

import msgspec

from grader.report.numbers import Whole


class RungResult(msgspec.Struct, frozen=True, omit_defaults=False):
    """One rung.

    Attributes:
        name: in a word or two.
        needs: what is asked; it ends the sentence "it learns ...".
        verdict: ``skip`` for those after the first that fails.
        failed: in how many runs it failed.
        runs: how many runs there were; 0 for one that was skipped.
    """

    name: str
    needs: str
    verdict: Literal["pass", "fail", "skip"]
    failed: Whole = 0
    runs: Whole = 0


class ProbeResult(msgspec.Struct, frozen=True, omit_defaults=False):
    """The ladder as far as it was climbed.

    Attributes:
        verdict: ``pass`` if all rungs hold; ``error`` if the grader itself failed.
        rungs: all of them, in their order.
        means: what is wrong if the first rung that fails is wrong, and where to look.
        message: why a run gave no policy, where it gave none.
        steps: environment steps of all runs together.
        seconds: processor time of the student's process.
    """

    verdict: Literal["pass", "fail", "error"]
    rungs: tuple[RungResult, ...]
    means: str = ""
    message: str = ""
    steps: Whole = 0
    seconds: float = 0.0

    @property
    def failed(self) -> RungResult | None:
        """The first rung that fails, if any does."""
        return next((rung for rung in self.rungs if rung.verdict == "fail"), None)
