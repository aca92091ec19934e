"""``grader check`` and ``grader train``: judge one learner's own work, in their own process."""

from __future__ import annotations

import contextlib
import pdb
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from rich.console import Console
from rich.status import Status
from rich.text import Text

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.learner import memory, problems
from grader.learner.others import others
from grader.learner.own import Own, judge, read
from grader.render import words
from grader.render.lines import put, stay_on_screen
from grader.render.terminal import print_check, print_others
from grader.report.report import Report
from grader.report.sorting import is_full
from grader.report.step import Step, Watcher, silent
from grader.submissions.find import read_own

if TYPE_CHECKING:
    from grader.learner.training import View


def check(course: Course, wanted: str, file: Path | None, console: Console, *, every: bool = False) -> bool:
    """Judge one lesson's properties and print what to do next.

    Args:
        course: the course.
        wanted: the lesson, or "" for the first unfinished one.
        file: the file to judge, or None for the one in exercises/.
        console: where to print.
        every: show all failures.

    Returns:
        Whether everything passes.

    Raises:
        CourseError: there is no such lesson or file.
    """
    if file is not None and not wanted:
        wanted = file.stem
    if wanted:
        return _check(course, course.lesson(wanted), file, console, every)
    for lesson in course.lessons:
        own = read(course, lesson)
        report = _judge(course, own, console)
        if report.status != "graded" or any(r.verdict != "pass" for r in report.properties) or report.message:
            _print(course, own, report, console, every)
            return False
        console.print(f"✓ {lesson.name}", markup=False, highlight=False)
    if all(map(course.has_properties, course.lessons)):
        console.print("Every property of every lesson holds. That is the whole course.")
    else:
        console.print("Every public example of every lesson is right. That is all that can be checked here.")
    if trained := [str(lesson.number) for lesson in course.lessons if lesson.training]:
        console.print(f"`grader train` shows whether it learns: lessons {', '.join(trained)}.", markup=False)
    return True


def check_for_programs(course: Course, wanted: str, file: Path | None, form: Literal["json", "lines"]) -> bool:
    """Judge one lesson's properties and print the outcome for a program; arguments and errors as for ``check``.

    Without a lesson it is the first one in which something is to mend, or the last one.
    """
    if file is not None and not wanted:
        wanted = file.stem
    for lesson in [course.lesson(wanted)] if wanted else course.lessons:
        own = read(course, lesson, file)
        report = judge(course, own)
        if not _is_right(report):
            break
    text = problems.as_json(own, report) if form == "json" else "\n".join(problems.as_lines(own, report))
    if text:
        print(text)
    return _is_right(report)


def _is_right(report: Report) -> bool:
    return report.status == "graded" and bool(report.properties) and all(r.verdict == "pass" for r in report.properties)


def _check(course: Course, lesson: Lesson, file: Path | None, console: Console, every: bool) -> bool:
    own = read(course, lesson, file)
    report = _judge(course, own, console)
    _print(course, own, report, console, every)
    return _is_right(report)


def _print(course: Course, own: Own, report: Report, console: Console, every: bool) -> None:
    lesson = own.lesson
    following = course.lessons[course.lessons.index(lesson) + 1 :]
    failed = [r for r in report.properties if r.verdict == "fail"]
    for result in failed[1:] if every else ():
        # One at a time is how one learns; --all is for those who asked.
        alone = msgspec.structs.replace(report, properties=(result,), training=None)
        print_check(alone, console, next_lesson="", stub=course.shown(own.file))
    remembered = memory.read(course).trained.get(lesson.name)
    trained = remembered.verdict if remembered is not None and remembered.digest == own.digest(course) else None
    print_check(
        report,
        console,
        next_lesson=_to_read(course, following[0]) if following else "",
        stub=course.shown(own.file),
        trains=lesson.training is not None,
        to_write=_is_to_write(own),
        trained=trained,
        whole=every,
    )
    if not report.public and is_full(report) and (lesson.training is None or trained == "pass"):
        found = others(course, lesson, own.submission.source)
        print_others([(course.shown(other.file), other.says) for other in found], console)


def _to_read(course: Course, lesson: Lesson) -> str:
    text = course.stub(lesson).with_suffix(".md")
    shown = course.shown(text) if text.is_file() else lesson.name
    return f"lesson {lesson.number}, {lesson.title} ({shown})"


def _is_to_write(own: Own) -> bool:
    """Whether the function that is trained is still what the stub has."""
    rule = own.lesson.training
    return rule is not None and f'"{rule.exercise}: write me' in own.submission.source


def train(
    course: Course,
    lesson: Lesson,
    file: Path | None,
    console: Console,
    device: str,
    *,
    films: bool = True,
    plain: bool = False,
) -> bool:
    """Run a lesson's training check, print how it went, and leave a page.

    Args:
        course: the course.
        lesson: the lesson.
        file: the file to train, or None for the one in exercises/.
        console: where to print.
        device: where networks live.
        films: film the runs.
        plain: print lines instead of redrawing, also in a terminal.

    Returns:
        Whether it passes.

    Raises:
        CourseError: the lesson trains nothing, or there is no such file.
    """
    if lesson.training is None:
        raise CourseError(f"{lesson.name} has no training check; `grader check {lesson.number}` checks all of it")
    for earlier in course.needs(lesson):
        if not _is_begun(course, earlier) and not course.solution(earlier).is_file():
            raise CourseError(
                f"{lesson.name} trains with your {earlier.name}, which is not written yet; do lesson "
                f"{earlier.number} first"
            )
    from grader.learner import page, training

    own = read(course, lesson, file)
    with training.shown(lesson, console, plain=plain) as (watch, view), _debugger(view):
        report = judge(course, own, watch, train=True, device=device, films=films)
    _print(course, own, report, console, False)
    if line := page.leave(course, lesson, course.shown(own.file), report, films=films):
        console.print()
        put(console, Text(line), 0)
    return report.training is not None and report.training.verdict == "pass"


def _judge(course: Course, own: Own, console: Console) -> Report:
    stay_on_screen(console)
    with console.status(f"{own.lesson.name} ...") as status, _debugger(status):
        watch = _watching(status, own.lesson) if console.is_terminal else silent
        return judge(course, own, watch)


@contextlib.contextmanager
def _debugger(view: View) -> Iterator[None]:
    """Connect ``breakpoint()`` in the learner's code to the terminal, because the code's output is captured."""

    def hook(*args: Any, **kwargs: Any) -> None:
        view.stop()
        pdb.Pdb(stdin=sys.__stdin__, stdout=sys.__stdout__).set_trace(sys._getframe(1))

    before, sys.breakpointhook = sys.breakpointhook, hook
    try:
        yield
    finally:
        sys.breakpointhook = before


def _watching(status: Status, lesson: Lesson) -> Watcher:
    def watch(step: Step) -> None:
        of = f" {step.done:,.0f}/{step.total:,.0f}" if step.total else ""
        status.update(f"{lesson.name}: {words.stage(step)}{of}")

    return watch


def _is_begun(course: Course, lesson: Lesson) -> bool:
    """Whether the learner has written something that a later lesson can import."""
    _, own = read_own(course, lesson, course.stub(lesson).parent)
    return not own.problem
