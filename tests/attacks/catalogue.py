"""The attacks: programs that are handed in as they are, and hand-ins that are made, with what each of them wants.

An attack is a file in the folder of its goal (``read/frames.py``) or a function of ``made``. Its docstring says what it
tries, and then, a line each:

    gains: what a student would have of it
    canary: what shows that the goal was reached (``canaries``)
    control: how the same canary is shown to work (``controls``)

and, if needed:

    each: variants of the attack; ``$EACH`` in its text stands for the variant
    lesson: what it is handed in for, if not ``lesson1_numbers``
    base: ``solution`` if its text follows the course's own solution, so that it answers rightly otherwise
    sample: variants that `make test` runs too; "yes" for an attack without variants

Names with a dollar in its text (``$COURSE``, ``$TRAP``) stand for places of the stage (``stage.Places``).
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import made
from lessons import LESSON, SOLUTIONS

HERE = Path(__file__).parent
GOALS = {
    "read": "read what is hidden",
    "write": "write outside, or outlive the session",
    "reach": "reach other processes, the kernel, a network",
    "forge": "forge a verdict",
    "stop": "stop the run, or take others' marks",
    "bend": "act in a page, a terminal or a table",
    "train": "pass training without learning",
}
_FIELD = re.compile(r"(gains|canary|control|each|lesson|base|sample|goal): (.+)")
_NEEDED = ("gains", "canary", "control")


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes:
        name: goal and name, and the variant in brackets.
        goal: a key of ``GOALS``.
        says: what it tries, in one line.
        gains: what a student would have of it.
        canary: the name of what shows that it has reached its goal.
        control: how that canary is shown to work.
        each: the variant, or "".
        lesson: the lesson that it is handed in for.
        text: the program, with names of places in it; "" if it is made.
        make: makes the hand-in in the lesson's folder.
        sample: whether `make test` runs it too.
    """

    name: str
    goal: str
    says: str
    gains: str
    canary: str
    control: str
    each: str
    lesson: str
    text: str
    make: Callable[[Path, made.At], None] | None
    sample: bool


def attacks() -> list[Attack]:
    """All attacks, by goal and name.

    Raises:
        ValueError: a header lacks something.
    """
    found: list[Attack] = []
    for goal in GOALS:
        for path in sorted((HERE / goal).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            header = ast.get_docstring(ast.parse(text)) or ""
            found += _variants(goal, path.stem, header, text, None)
        for name, function in inspect.getmembers(made, inspect.isfunction):
            header = inspect.getdoc(function) or ""
            if function.__module__ == made.__name__ and f"goal: {goal}" in header.splitlines():
                found += _variants(goal, name, header, "", function)
    return found


def _variants(
    goal: str, stem: str, header: str, text: str, make: Callable[[Path, made.At], None] | None
) -> Iterator[Attack]:
    fields = {match[1]: match[2] for line in header.splitlines() if (match := _FIELD.fullmatch(line))}
    if missing := [name for name in _NEEDED if name not in fields]:
        raise ValueError(f"{goal}/{stem}: its docstring does not say {', '.join(missing)}")
    lesson = fields.get("lesson", LESSON)
    base = f"{SOLUTIONS[lesson]}\n\n" if fields.get("base") == "solution" else ""
    sampled = fields.get("sample", "").split()
    for each in fields.get("each", "").split() or [""]:
        yield Attack(
            name=f"{goal}/{stem}" + (f"[{each}]" if each else ""),
            goal=goal,
            says=header.splitlines()[0].replace("$EACH", each),
            gains=fields["gains"],
            canary=fields["canary"],
            control=fields["control"],
            each=each,
            lesson=lesson,
            text=base + text if text else "",
            make=make,
            sample=(each or "yes") in sampled,
        )
