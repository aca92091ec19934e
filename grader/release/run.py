"""``grader release``: carry out an instructor's options, and report the outcome in lines of text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.managed.folder import Plan, Step
from grader.release import films
from grader.release import folder as folders
from grader.release.contents import contents
from grader.release.git import has_remote, uncommitted
from grader.release.lessons import Choice, choose

Confirm = Callable[[str, str], None]
"""Asks a question, and returns only if the answer is yes. Given what would happen, and the option that says yes."""


@dataclasses.dataclass(frozen=True)
class Wishes:
    """The options of ``grader release``.

    Attributes:
        add: lessons to add.
        everything: add all lessons.
        withdraw: lessons to take back.
        restore: files that were deleted and should come back.
        films: a folder of films that go along; None for those that the release has already.
        with_tests: with tests and solutions, without them, or None for without, or as it was.
        hand_out_solutions: write solutions even where a class may get them.
        yes: withdraw without a question.
    """

    add: tuple[str, ...] = ()
    everything: bool = False
    withdraw: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    films: Path | None = None
    with_tests: bool | None = None
    hand_out_solutions: bool = False
    yes: bool = False


def release(course: Course, folder: Path, wishes: Wishes, confirm: Confirm, say: Callable[[str], None]) -> bool:
    """Write a release, or bring one up to date.

    Every question is asked before anything is written.

    Args:
        course: the whole course.
        folder: a new or empty folder, or an earlier release.
        wishes: what is asked for.
        confirm: asks questions.
        say: prints a line.

    Returns:
        Whether everything is up to date; False if a file was left alone that somebody has to look at.

    Raises:
        CourseError: the folder or the wishes do not fit; nothing was written. Or the folder cannot be written.
    """
    folders.refuse_the_course(course, folder)
    state = folders.read_state(folder)
    folders.refuse_secrets(folder, state)
    choice = choose(
        course,
        state.lessons if state else None,
        add=wishes.add,
        everything=wishes.everything,
        withdraw=wishes.withdraw,
    )
    with_tests = _with_tests(folder, state, wishes, confirm)
    filmed = films.released(folder, state.memory, choice.lessons) if state else {}
    new = films.made(wishes.films, choice.lessons) if wishes.films else {}
    filmed |= new
    files = contents(course, choice.lessons, with_tests=with_tests, filmed=filmed)
    # Films that are asked for come back, though somebody has deleted them: the texts are about to show them.
    back = [path for lesson in choice.lessons for path in films.paths(lesson) if lesson.name in new and path in files]
    plan = folders.plan(folder, state, files, [*wishes.restore, *back])
    _refuse_secrets_that_stay(plan)
    if choice.withdrawn and not wishes.yes:
        confirm(
            f"{', '.join(choice.withdrawn)} would be removed from {folder}; students who have a copy keep it", "--yes"
        )
    if state and (changed := uncommitted(folder)):
        say(f"note: {folder} had {_count(changed, 'uncommitted change')} before this release; git shows both together")
    folders.apply(folder, state, plan, [lesson.name for lesson in choice.lessons], with_tests)
    for line in _report(folder, plan, choice, filmed, first=state is None, with_tests=with_tests):
        say(line)
    return not (plan.paths("left alone") or plan.paths("orphaned"))


def _with_tests(folder: Path, state: folders.State | None, wishes: Wishes, confirm: Confirm) -> bool:
    """Whether tests and solutions are released; handing them out, or dropping them, takes an explicit option."""
    had, wanted = bool(state and state.with_tests), wishes.with_tests
    if wishes.hand_out_solutions and not wanted:
        raise CourseError("--hand-out-solutions belongs to --with-tests, and does nothing without it")
    if had and wanted is None:
        confirm(
            f"{folder} is a copy with tests and solutions, which this release would remove (--with-tests updates them)",
            "--without-tests",
        )
    if wanted and not had and not wishes.hand_out_solutions:
        if state:
            confirm(
                f"{folder} was released without tests; --with-tests writes the hidden tests and all solutions into it",
                "--hand-out-solutions",
            )
        elif has_remote(folder):
            confirm(
                f"{folder} is in a git repository with a remote; --with-tests writes the hidden tests and all "
                "solutions into it",
                "--hand-out-solutions",
            )
    return bool(wanted)


def _refuse_secrets_that_stay(plan: Plan) -> None:
    """Refuse to go on if a test or solution with manual edits, which is not removed, would stay in the folder."""
    for path in plan.paths("orphaned"):
        if path.startswith(("solutions/", "tests/")):
            raise CourseError(
                f"{path} would stay, because you have changed it, and students would get it; move it away and run "
                "this again"
            )


def _report(
    folder: Path, plan: Plan, choice: Choice, filmed: Collection[str], *, first: bool, with_tests: bool
) -> Iterator[str]:
    """Report the outcome, and the steps that are left to do."""
    for path in plan.paths("merged"):
        yield f"merged: {path} (your changes are kept)"
    for path in plan.paths("removed"):
        yield f"removed: {path}"
    for step in plan.steps:
        if step.what == "left alone":
            yield _left_alone(step)
    for path in plan.paths("orphaned"):
        yield f"left alone: {path} is no longer released, but you have changed it; delete it, or keep it as your own"
    if paths := plan.paths("left deleted"):
        yield f"left out, because you have deleted them: {_some(paths)} (--restore brings one back)"
    if paths := plan.paths("kept"):
        yield f"kept as you have changed them: {_some(paths)}"
    written = len(plan.paths("written")) + len(plan.paths("updated"))
    numbers = [("merged", len(plan.paths("merged"))), ("left alone", len(plan.paths("left alone")))]
    counts = [f"{_count(written, 'file')} written", *(f"{number} {what}" for what, number in numbers if number)]
    counts.append(f"{len(plan.paths('removed'))} removed")
    added = f" ({_numbers(choice.added)} added)" if choice.added and not first else ""
    yield f"{folder}: {_lessons(choice.lessons)}{added}; {', '.join(counts)}"
    if choice.waiting:
        yield f"Not out yet: {_lessons(choice.waiting)}. Add one with --lesson, or all with --all."
    if filmed and (without := tuple(lesson for lesson in choice.lessons if lesson.name not in filmed)):
        yield f"Without a film: {_lessons(without)}. `make films` makes it, --films FOLDER hands it out."
    if with_tests:
        yield "With the hidden properties and the solutions: for people who learn alone, not for a graded class."


def _left_alone(step: Step) -> str:
    if step.data is None:
        return (
            f"left alone: {step.path} and {step.beside}, because you have changed both; when you are done with the "
            "second, delete it, and run this again"
        )
    return (
        f"left alone: {step.path}, because you have changed it; the new version is {step.beside}: take from it what "
        "you want, then delete it"
    )


def _some(paths: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return f"{', '.join(paths[:most])}{more}"


def _lessons(lessons: tuple[Lesson, ...]) -> str:
    return f"lesson{'s' if len(lessons) > 1 else ''} {_numbers(lessons)}"


def _numbers(lessons: tuple[Lesson, ...]) -> str:
    return ", ".join(str(lesson.number) for lesson in lessons)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
