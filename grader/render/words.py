"""The sentences into which the data of a report, of a hint and of a running job is put, the same in every view."""

from __future__ import annotations

from typing import Protocol

from grader.printable import number
from grader.report.report import Counterexample, Hint, Misconception, PropertyResult
from grader.report.step import Step

NOT_WRITTEN = "not written yet"

_PROTECTS = {
    "strong": "a process of its own in a bubblewrap sandbox (no network, no other files or processes to be seen)",
    "embedded": "a process of its own that may only read libraries (Landlock), start nothing and open no socket",
    "process only": "a process of its own with limits of time and memory, and nothing that guards files",
    "in this process": "no protection: meant for code that one has written oneself",
}


def diagnosis(misconception: Misconception) -> str:
    """The misconception, said to the student who has it."""
    return f"Your code behaves exactly like one that {_ended(misconception.says)}"


def belief(misconception: Misconception) -> str:
    """The misconception, said of nobody: for a list of what a class believes."""
    return f"Code that {_ended(misconception.says)}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def got(result: PropertyResult) -> str:
    """The answer that came back, or that there is nothing yet that could answer."""
    return result.got if result.written else NOT_WRITTEN


def script(counterexample: Counterexample | None) -> str:
    """A counterexample as one piece of Python, "" if there is none."""
    if counterexample is None:
        return ""
    lines = list(counterexample.imports)
    if counterexample.names:
        lines.append(f"from {counterexample.module} import {', '.join(counterexample.names)}")
    imports = "\n".join(lines).strip("\n")
    return f"{imports}\n\n{counterexample.code}" if imports else counterexample.code


def hint(taken: Hint, again: str) -> str:
    """A hint, and how many are left.

    Args:
        taken: the hint.
        again: what to type to begin with the first one, as it is typed there.
    """
    if not taken.of:
        return f"{taken.exercise}: there are no hints for this one."
    left = taken.of - taken.number
    more = f"{left} more" if left else f"that was the last one; {again} begins anew"
    return f"{taken.exercise}, hint {taken.number} of {taken.of}: {taken.text}\n({more})"


class Walls(Protocol):
    """How code is walled in: of a report, or of the boundary itself."""

    @property
    def level(self) -> str:
        """The level."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """What it is made of."""
        ...


def isolation(walls: Walls | None, device: str = "cpu") -> str:
    """The level of isolation and what it is made of, "" if nothing was run."""
    if walls is None:
        return ""
    made = f"{walls.level}: {', '.join(walls.parts)}" if walls.parts else walls.level
    if device != "cpu" and walls.parts:
        made += "; loosened for the GPU: its devices, /proc and /sys, local sockets, no limit of address space"
    return made


def protects(walls: Walls | None) -> str:
    """What a level of isolation protects from, "" for one that needs no words."""
    return _PROTECTS.get(walls.level, "") if walls else ""


def stage(step: Step) -> str:
    """What a job is doing."""
    words = _stage(step)
    return f"lesson {step.lesson}: {words}" if step.lesson else words


def _stage(step: Step) -> str:
    match step.stage:
        case "earlier lesson":
            return f"lesson {step.needed} first"
        case "small task":
            return "the small task that comes before training"
        case "training":
            run = f"training run {step.run} of {step.runs}" if step.runs else "training"
            known = step.mean_return is not None
            return f"{run}, mean return {number(step.mean_return or 0.0, 0)}" if known else run
    return step.stage
