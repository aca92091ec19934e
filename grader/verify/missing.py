"""List what a lesson still needs before a class gets it; `grader verify` prints it below its table.

None of this says that the tests judge wrongly. It is what tests/README.md asks for, as far as a program can see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course import Course, Lesson
from grader.lessons import chaffs as known
from grader.lessons import notebooks
from grader.lessons.laws import laws
from grader.lessons.stubs import make_stub
from grader.printable import count
from grader.training import calibration, odds
from grader.verify import bar

WHEATS, CHAFFS, HINTS = 3, 10, 3
"""How many right answers and misconceptions a lesson has at least, and hints an exercise."""

_TODO = re.compile(r"\bTODO\b")


def missing(course: Course, lesson: Lesson, properties: Sequence[str]) -> Iterator[str]:
    """The missing parts of the lesson, one line each.

    Args:
        course: the course.
        lesson: the lesson, whose files can be read.
        properties: of each property of the lesson, the exercise that it belongs to.
    """
    yield from _of_exercises(course, lesson, properties)
    yield from _of_laws(course, lesson)
    yield from _of_samples(course, lesson)
    yield from _of_text(course, lesson)
    yield from _of_training(course, lesson)
    yield from _to_do(course, lesson)


def _of_exercises(course: Course, lesson: Lesson, properties: Sequence[str]) -> Iterator[str]:
    from grader.properties import examples  # it imports torch, which a process that only hands out jobs does not need

    stub = make_stub(course.solution(lesson).read_text(encoding="utf-8"), lesson.name)
    shown = {example.exercise for example in examples.read(lesson, stub)}
    mistaken = {chaff.exercise for chaff in known.load(course, lesson)}
    for exercise in lesson.exercises:
        if exercise.name not in properties:
            yield f"{exercise.name} has no property in tests/{lesson.name}/"
        if exercise.name not in mistaken:
            yield f"{exercise.name} has no chaff in tests/{lesson.name}/chaffs.yml"
        if exercise.name not in shown:
            yield f"{exercise.name} has no example after >>> in its docstring, by which students without tests check it"
    hints = {exercise.name: exercise.hints for exercise in lesson.exercises}
    if lesson.training is not None:
        hints[lesson.training.exercise] = lesson.training.hints
    for name, given in hints.items():
        if len(given) < HINTS:
            yield f"{name} has {count(len(given), 'hint')} of {HINTS}"
        if any(_TODO.search(hint) for hint in given):
            yield f"a hint of {name} says TODO"


def _of_laws(course: Course, lesson: Lesson) -> Iterator[str]:
    for law in laws(course, lesson):
        if not law.hint:
            yield f"{law.name} has no hint: what to look at where this law is broken, after Hint: in its docstring"


def _of_samples(course: Course, lesson: Lesson) -> Iterator[str]:
    wheats, chaffs = known.wheats(course, lesson), known.load(course, lesson)
    if len(wheats) < WHEATS:
        yield f"{count(len(wheats), 'wheat')} of at least {WHEATS} in tests/{lesson.name}/wheats/"
    if len(chaffs) < CHAFFS:
        yield f"{count(len(chaffs), 'chaff')} of at least {CHAFFS} in tests/{lesson.name}/chaffs.yml"
    if lesson.training is not None and chaffs:
        if not bar.path_of(course, lesson).is_file():
            yield f"no list of chaffs that reach the training bar: grader bar {lesson.number}"
            return
        trained, names = bar.read(course, lesson).keys(), {chaff.name for chaff in chaffs}
        if gone := trained - names:
            yield f"bar.yml names {', '.join(sorted(gone))}, which is no longer a chaff: grader bar {lesson.number}"
        if new := names - trained:
            yield f"{count(len(new), 'chaff')} not trained yet: grader bar {lesson.number} --new"


def _of_text(course: Course, lesson: Lesson) -> Iterator[str]:
    text = course.stub(lesson).with_suffix(".md")
    if not text.is_file():
        yield f"exercises/{text.name}, the text that a learner reads, is not there"
        return
    words = text.read_text(encoding="utf-8")
    for name in lesson.names:
        if not re.search(rf"`(?:\w+\.)*{re.escape(name.rpartition('.')[2])}\b", words):
            yield f"exercises/{text.name} does not name `{name}`"
    for path in (course.stub(lesson), notebooks.student_path(course, lesson)):
        if not path.is_file():
            yield f"exercises/{path.name} is not there: grader build"


def _of_training(course: Course, lesson: Lesson) -> Iterator[str]:
    if lesson.training is None:
        return
    found, again = calibration.read(course, lesson), f"grader calibrate {lesson.number}"
    if found is None:
        yield f"nothing says how often the rule of training fails a right answer: {again}"
    elif why := calibration.outdated(course, lesson, found):
        yield f"calibration.yml is out of date, for {why}: {again}"
    else:
        often = odds.one_in(odds.fails(lesson.training, found.rates))
        if often < odds.PROMISE:
            yield f"the rule of training may fail a right answer once in {often:,} checks: {again}"
        if not calibration.is_quoted(course, lesson, found):
            yield f"exercises/{lesson.name}.md does not say: {calibration.in_words(lesson, found)}"


def _to_do(course: Course, lesson: Lesson) -> Iterator[str]:
    paths = [course.solution(lesson), course.stub(lesson).with_suffix(".md")]
    paths += sorted(path for path in course.tests(lesson).rglob("*") if path.suffix in (".py", ".yml"))
    for path in filter(Path.is_file, paths):
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if found := [str(number) for number, line in lines if _TODO.search(line)]:
            where = f"line {found[0]}" if len(found) == 1 else f"lines {', '.join(found)}"
            yield f"{path.relative_to(course.root)} says TODO in {where}"
