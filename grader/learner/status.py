"""``grader status``: the course at a glance, from what earlier checks found; nothing is run."""

from __future__ import annotations

import dataclasses
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.course import Course, Lesson
from grader.learner import memory
from grader.learner.own import read
from grader.printable import count, one_line

State = Literal["not begun", "begun", "right", "trained"]

_MARKS: dict[State, tuple[str, str]] = {
    "not begun": ("·", "dim"),
    "begun": ("…", "yellow"),
    "right": ("✓", "green"),
    "trained": ("✓", "green"),
}


@dataclasses.dataclass(frozen=True)
class Standing:
    """The state of a lesson.

    Attributes:
        lesson: the lesson.
        state: as its file is now.
        detail: what is known beyond that, in a few words; "" if nothing is.
        command: what to do next, "" if the lesson is done.
    """

    lesson: Lesson
    state: State
    detail: str = ""
    command: str = ""


def standings(course: Course) -> list[Standing]:
    """Every lesson of the course, in its order."""
    remembered = memory.read(course)
    return [_standing(course, lesson, remembered) for lesson in course.lessons]


def _standing(course: Course, lesson: Lesson, remembered: memory.Memory) -> Standing:
    own = read(course, lesson, missing=True)
    check = f"grader check {lesson.number}"
    if own.submission.status in ("missing", "not started"):
        return Standing(lesson, "not begun", "", f"open {course.shown(own.file)}, then  {check}")
    if own.submission.problem:
        return Standing(lesson, "begun", one_line(own.submission.problem, 200), check)
    name, last = own.digest(course), remembered.checked.get(lesson.name)
    trained = remembered.trained.get(lesson.name)
    if last is None or last.digest != name:
        return Standing(lesson, "begun", "not checked since its last change", check)
    laws = count(last.laws, "example" if last.public else "law")
    if not last.is_right:
        first = f"; first, {one_line(last.next)}" if last.next else ""
        said = f"{last.passed} of {laws}{first}" if last.laws else "cannot be imported"
        return Standing(lesson, "begun", said, check)
    if lesson.training is None:
        return Standing(lesson, "right", laws)
    train = f"grader train {lesson.number}"
    if trained is None or trained.digest != name:
        return Standing(lesson, "right", f"{laws}; not trained yet", train)
    if trained.verdict != "pass":
        return Standing(lesson, "right", f"{laws}; the training did not reach its bar", train)
    return Standing(lesson, "trained", laws)


def print_status(course: Course, console: Console) -> bool:
    """Print the table, and one thing to do next; whether all is done."""
    found = standings(course)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for no_wrap in (True, True, False, False):
        table.add_column(no_wrap=no_wrap, overflow="ellipsis" if no_wrap else "fold")
    for each in found:
        sign, style = _MARKS[each.state]
        lesson = Text(f"{each.lesson.number}  {one_line(each.lesson.title)}")
        table.add_row(Text(sign, style), lesson, Text(each.state, style), Text(each.detail, "dim"))
    console.print(table)
    todo = next((each for each in found if each.command), None)
    if todo is None:
        console.print(Text("\nEvery lesson is done. That is the whole course.", "green"))
    else:
        console.print(Text.assemble("\nNext: ", (todo.command, "bold")), soft_wrap=True)
    return todo is None
