"""``grader train LESSON --probe``: which part of one's own ``train`` is wrong, in some seconds."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.learner.own import read
from grader.printable import visible
from grader.render.ladder import print_ladder
from grader.render.lines import put
from grader.report.step import Step, Watcher, silent


def probe(course: Course, lesson: Lesson, file: Path | None, console: Console, device: str) -> bool:
    """Climb a lesson's probe ladder with one's own ``train``, and print it.

    Args:
        course: the course.
        lesson: the lesson.
        file: the file to train, or None for the one in exercises/.
        console: where to print.
        device: what ``train`` computes on.

    Returns:
        Whether every rung holds.

    Raises:
        CourseError: the lesson has no ladder, there is no such file, or nothing in it can be run.
    """
    rule = lesson.training
    if rule is None or not rule.ladder:
        raise CourseError(f"{lesson.name} has no probe ladder; `grader check {lesson.number}` checks all of it")
    own = read(course, lesson, file)
    if own.submission.problem:
        raise CourseError(f"{course.shown(own.file)} cannot be trained: {own.submission.problem}")
    # What trains is a second of imports: a mistake in the command is said before.
    from grader.grading.trainee import Trainee
    from grader.student.errors import StudentDied, StudentError
    from grader.student.inprocess import Here

    sources = {**own.imports, lesson.name: own.submission.source}
    with console.status(f"{lesson.name} ...") as status, Here(device=device) as place:

        def show(step: Step) -> None:
            status.update(f"{lesson.name}: the probe ladder, {step.done:.0f} of {step.total:.0f} rungs hold")

        watch: Watcher = show if console.is_terminal else silent
        try:
            trainee = Trainee(course, lesson, sources, place, watch)
            with trainee.open():  # what cannot be imported is no rung that fails
                pass
            found = trainee.climb()
        except (StudentError, StudentDied) as error:
            raise CourseError(f"{course.shown(own.file)} cannot be imported: {visible(str(error))}") from None
    assert found is not None, "nothing ends a learner's own time"
    for note in (*own.submission.notes, *own.notes):
        put(console, Text(visible(note), "dim"), 2)
    title = f"The probe ladder of lesson {lesson.number}: `{rule.exercise}` in tiny worlds, a part at a time"
    put(console, Text(title), 0)
    console.print()
    print_ladder(found, console)
    console.print()
    put(console, Text(_next(lesson, found.verdict)), 0)
    return found.verdict == "pass"


def _next(lesson: Lesson, verdict: str) -> str:
    if verdict == "error":
        return "The grader itself failed; your work is not at fault."
    if verdict == "pass":
        return f"Next:  grader train {lesson.number}"
    return f"Next: mend that part, then  grader train {lesson.number} --probe"
