"""The sentences that present a report, a hint or a running job, the same in every view."""

from __future__ import annotations

from typing import Protocol

from grader.printable import count, number
from grader.report.report import Counterexample, Hint, Misconception, Origin, PropertyResult, TrainingResult, Verdict
from grader.report.step import Step

NOT_WRITTEN = "not written yet"

MARKS: dict[Verdict, str] = {"pass": "✓", "fail": "✗", "skip": "–", "error": "!"}

_PROTECTS = {
    "strong": "a process of its own in a bubblewrap sandbox: no network, no other files or processes to be seen, and "
    "only a small scratch folder to write to, emptied after each session",
    "embedded": "a process of its own that may read libraries only (Landlock), write only to a small scratch folder "
    "that is emptied after each session, start nothing and open no socket",
    "process only": "a process of its own with limits of time and memory, and a small scratch folder; nothing keeps it "
    "from reading or writing other files",
    "in this process": "no protection: meant for code that one has written oneself",
}


def diagnosis(misconception: Misconception) -> str:
    """The misconception in a sentence addressed to the student."""
    if misconception.everywhere:
        return f"Your code behaves exactly like one that {_ended(misconception.says)}"
    return f"Here, and not everywhere, your code does what one does that {_ended(misconception.says)}"


def belief(misconception: Misconception) -> str:
    """The misconception in an impersonal sentence, for a list of a class's misconceptions."""
    return f"Code that {_ended(misconception.says)}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def got(result: PropertyResult) -> str:
    """The answer that came back, or a note that there is no code yet that could answer."""
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


def decided(training: TrainingResult) -> str:
    """The reason for fewer runs than the rule allows, "" if all were made, or if something else ended them."""
    left = training.runs - len(training.seeds)
    passed, failed = (sum(run.verdict == verdict for run in training.seeds) for verdict in ("pass", "fail"))
    if left <= 0 or not training.seeds:
        return ""
    others, was = ("the last one", "was") if left == 1 else (f"the last {left}", "were")
    if training.verdict == "pass":
        enough = f"{count(passed, 'run')} reached {number(training.threshold)}, as many as have to"
        return f"{enough}, so {others} of {training.runs} {was} not needed."
    if failed > training.runs - training.passes:
        return f"{training.passes} of {training.runs} can no longer reach it, so {others} {was} not made."
    return ""


class Walls(Protocol):
    """The isolation of student code, from a report or from the boundary itself."""

    @property
    def level(self) -> str:
        """The level."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """The mechanisms that it consists of."""
        ...


def isolation(walls: Walls | None, device: str = "cpu") -> str:
    """The level of isolation and its parts, "" if nothing was run."""
    if walls is None:
        return ""
    made = f"{walls.level}: {', '.join(walls.parts)}" if walls.parts else walls.level
    if device != "cpu" and walls.parts:
        made += "; loosened for the GPU: its devices, /proc and /sys, local sockets, no limit of address space"
    return made


def protects(walls: Walls | None) -> str:
    """The protection that a level of isolation gives, "" for one that needs no words."""
    return _PROTECTS.get(walls.level, "") if walls else ""


def origin(made: Origin) -> list[tuple[str, str]]:
    """The origin of a report, as terms and what is to be said of each."""
    spent = {stage: seconds for stage, seconds in made.stage_seconds.items() if seconds >= _SHORT}
    parts = ", ".join(f"{stage} {number(seconds, 1)}" for stage, seconds in sorted(spent.items(), key=lambda x: -x[1]))
    when = made.made_at.replace("T", " ").replace("Z", " UTC")
    told = f"; it took {number(sum(made.stage_seconds.values()), 1)} s{f' ({parts})' if len(spent) > 1 else ''}"
    said = [("Graded", when + (told if made.stage_seconds else ""))]
    if made.file:
        said.append(("File", f"{made.file}{f', SHA-256 {made.file_sha256}' if made.file_sha256 else ''}"))
    modules = ", ".join(f"{name} {sha256[:_DIGITS]}" for name, sha256 in made.judged.items())
    said.append(("Modules as judged", f"{modules} (the first {_DIGITS} digits of their SHA-256)"))
    said.append(
        ("With", f"{', '.join(f'{name} {version}' for name, version in made.versions.items())}; {made.machine}")
    )
    return said


_SHORT = 0.05
"""Seconds; a stage that took less is not worth a word."""
_DIGITS = 16


def stage(step: Step) -> str:
    """A running job's current stage in words."""
    words = _stage(step)
    return f"lesson {step.lesson}: {words}" if step.lesson else words


def _stage(step: Step) -> str:
    match step.stage:
        case "earlier lesson":
            return f"lesson {step.needed} first"
        case "small task":
            if step.ended:
                return f"small task, try {step.run} of {step.runs}: {_ended_as(step, 'learnt', 'not learnt')}"
            return "the small task that comes before training"
        case "ladder":
            return "the probe ladder: which part is wrong"
        case "training":
            run = f"training run {step.run} of {step.runs}" if step.runs else "training"
            if step.ended:
                return f"{run}: {_ended_as(step, 'bar reached', 'bar not reached')}"
            known = step.mean_return is not None
            return f"{run}, mean return {number(step.mean_return or 0.0, 0)}" if known else run
    return step.stage


def _ended_as(step: Step, reached: str, missed: str) -> str:
    """The end of a run in words."""
    if step.mean_return is None:
        return f"no policy to evaluate: {step.message}"
    how = {"pass": reached, "fail": missed}.get(step.ended or "", "not judged")
    return f"{how}, mean return {number(step.mean_return, 1)} after {count(round(step.done), 'step')}"
