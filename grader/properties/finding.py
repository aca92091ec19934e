"""The outcome of one property, and the words for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from grader.properties.cases import Case, said
from grader.properties.forms import Form, narrowed, of_the_same_kind, telling_apart, written
from grader.report.report import Counterexample, Verdict
from grader.student.errors import shortened
from grader.student.transcript import Transcript
from grader.testing import Alike

_SHOWN = 1500


@dataclasses.dataclass(slots=True)
class Finding:
    """The outcome of one property: the verdict in words, and the output of the student's side.

    Attributes:
        says: the law.
        hint: what to look at where it is broken; "" if its author gave none.
        written: whether the exercise is more than what the stub had.
        smallest: the failing example, as small as it could be made, as it went over the wire.
        case: the same as a case, to put it to another program; the last example if none fails.
        cases: the first examples, as many as were asked for.
        law: the test below hypothesis.
        alike: what matters for it to be the same in another program.
        waits_for: the other exercise of the lesson that is still a stub, where this property needs it; "" if none does.
        compared: the operator and both sides, if a comparison failed.
        form: how both sides are printed.
        label: the part of the answer that they are, "" if they are all of it.
        ends: whether the last question was answered, and not by an exception.
        script: shows the failure if it does not follow from ``smallest``; ``printed`` belongs to it.
    """

    name: str
    exercise: str
    says: str
    weight: float
    hint: str = ""
    verdict: Verdict = "error"
    written: bool = True
    got: str = ""
    needed: str = ""
    smallest: Transcript | None = None
    case: Case | None = None
    cases: list[Case] = dataclasses.field(default_factory=list)
    law: Callable[..., Any] | None = None
    alike: Alike = "values"
    waits_for: str = ""
    compared: tuple[str, Any, Any] | None = None
    form: Form = "str"
    label: str = ""
    ends: bool = True
    timed_out: bool = False
    trace: str = ""
    script: Counterexample | None = None
    printed: str = ""

    def skip(self, reason: str) -> None:
        """Say that nothing is known before this is right, and forget what was seen: it may not be this one's doing."""
        self.verdict, self.needed = "skip", reason
        self.got = self.label = self.trace = self.printed = ""
        self.smallest = self.case = self.compared = self.script = None
        self.written = True


_OPERATORS = {
    "!=": "something other than",
    "<": "less than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
    "in": "one of",
    "not in": "none of",
    "is": "exactly",
    "is not": "not",
}


def explain(finding: Finding, error: AssertionError, compared: tuple[str, Any, Any] | None, answer: str) -> None:
    """Put into words what came back, and what is needed.

    Args:
        finding: gets the words.
        error: the assertion that failed.
        compared: the operator and both sides, if it is a comparison.
        answer: the last answer in words, for one that is not.
    """
    words = said(error)
    finding.compared = compared
    if compared is None:
        finding.got, finding.needed = answer, words or "another answer"
        return
    op, left, right = compared
    if op == "==" and not words:
        finding.label, left, right = narrowed(left, right)
        finding.compared = op, left, right
    right = of_the_same_kind(right, left)
    finding.form = telling_apart(left, right) if op == "==" and not words else "str"
    label = f"{finding.label}: " if finding.label else ""
    needed = short(f"{label}{written(right, finding.form)}")
    finding.got = short(f"{label}{written(left, finding.form)}")
    finding.needed = words or (needed if op == "==" else f"{_OPERATORS.get(op, op)} {needed}")


def short(text: str) -> str:
    """A text as far as a report shows it."""
    return shortened(text, _SHOWN)
