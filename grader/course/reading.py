"""Read course.yml and the lessons' hints; a mistake in them becomes a one-line error with its line number."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from grader.course import salt
from grader.course.data import Course, Lesson
from grader.course.document import Document, read
from grader.course.names import is_lesson_name
from grader.errors import CourseError
from grader.printable import amount


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds course.yml.

    Raises:
        CourseError: there is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "course.yml").is_file():
            return folder
    raise CourseError(f"no course.yml in {start} or above it; run this inside the course's folder")


def load(root: Path) -> Course:
    """Read and check ``root/course.yml``, and the hints of its lessons.

    Raises:
        CourseError: one line that names the file and its line, and says what was expected there.
    """
    path = root / "course.yml"
    try:
        document = read(path, "course.yml")
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist") from None
    try:
        course = msgspec.convert(document.data, Course, strict=True)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        steps = _steps(where.rstrip("`"))
        if steps[-1:] == ["due"]:
            there = " ".join(str(document.data["lessons"][steps[1]]["due"]).split())[:60]
            message = f"due must be a date and a time with its zone, such as 2026-10-05T23:59:00+02:00, not {there!r}"
        raise document.error(f"{message[0].lower()}{message[1:]}", *steps) from None
    _check(course, document)
    course = msgspec.structs.replace(course, root=root.resolve())
    lessons = tuple(lesson.with_hints(_hints(course, lesson)) for lesson in course.lessons)
    return msgspec.structs.replace(course, lessons=lessons)


def _steps(path: str) -> list[str | int]:
    """Split ``$.lessons[0].points`` into the keys and positions that lead there."""
    return [int(i) if i else key for key, i in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def _hints(course: Course, lesson: Lesson) -> dict[str, tuple[str, ...]]:
    """The hints of a lesson's exercises, read from the file beside them.

    Raises:
        CourseError: there is no such file, or something else than hints is in it.
    """
    path = course.hints(lesson)
    name = path.relative_to(course.root).as_posix()
    try:
        document = read(path, name)
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist; it holds the hints of {lesson.name}, and may be empty") from None
    if document.data is None:
        return {}
    if not isinstance(document.data, dict):
        raise document.error("expected the name of an exercise, with its hints below it")
    found = {}
    for exercise, hints in document.data.items():
        if exercise not in lesson.names:
            known = ", ".join(lesson.names)
            raise document.error(f"{lesson.name} has no exercise {exercise!r}; choose one of: {known}", str(exercise))
        if not isinstance(hints, list):
            raise document.error(f"the hints of {exercise} must be a list: start each with a dash", exercise)
        for i, hint in enumerate(hints):
            if not isinstance(hint, str) or not hint.strip():
                # Mostly it is text with a colon, which YAML takes for a mapping.
                raise document.error(
                    f"hint {i + 1} of {exercise} is not text to YAML; put quotes around it", exercise, i
                )
        found[exercise] = tuple(hints)
    return found


def _check(course: Course, document: Document) -> None:
    """Check what types cannot express: names are unique, and references exist."""

    def refuse(message: str, *steps: str | int) -> None:
        raise document.error(message, *steps)

    if course.class_salt:
        refuse(f"the salt of a class stands in {salt.FILE}, beside course.yml", "class_salt")
    for i, name in enumerate(course.sample_class):
        if name not in [lesson.name for lesson in course.lessons]:
            refuse(f"the sample class hands in {name!r}, which is not a lesson", "sample_class", i)
    _check_grade(course, document)
    seen: list[str] = []
    for i, lesson in enumerate(course.lessons):
        if not is_lesson_name(lesson.name):
            refuse(f"a lesson must be named lesson<number>_<name>, not {lesson.name!r}", "lessons", i, "name")
        if lesson.name in seen:
            refuse(f"a second lesson called {lesson.name!r}", "lessons", i, "name")
        for earlier in lesson.imports:
            if earlier not in seen:
                refuse(f"{lesson.name} imports {earlier!r}, which is not an earlier lesson", "lessons", i, "imports")
        if lesson.late and lesson.due is None:
            refuse(f"{lesson.name} cannot be late without a deadline; give it `due:`", "lessons", i, "late")
        seen.append(lesson.name)
        at: list[str | int]
        names: list[str] = []
        for j, exercise in enumerate(lesson.exercises):
            at = ["lessons", i, "exercises", j]
            if exercise.name in names:
                refuse(f"a second exercise called {exercise.name!r}", *at, "name")
            if exercise.points < 0:
                refuse(
                    f"{exercise.name} is worth {amount(exercise.points, 'point')}; 0 or more expected", *at, "points"
                )
            if exercise.hints:
                refuse(f"hints belong in exercises/{lesson.name}.yml, below the name of their exercise", *at, "hints")
            for need in exercise.needs:
                if need not in names:
                    refuse(f"{exercise.name} needs {need!r}, which is not an earlier exercise", *at, "needs")
            names.append(exercise.name)
        if rule := lesson.training:
            at = ["lessons", i, "training"]
            if rule.exercise in names:
                refuse(f"a second exercise called {rule.exercise!r}", *at, "exercise")
            if rule.hints:
                refuse(f"hints belong in exercises/{lesson.name}.yml, below the name of their exercise", *at, "hints")
            for need in rule.needs:
                if need not in names:
                    refuse(f"training needs {need!r}, which is not an exercise", *at, "needs")
            if not 1 <= rule.passes <= rule.seeds:
                refuse(f"{rule.passes} of {rule.seeds} seeds cannot pass", *at, "passes")
            if rule.control_tries < 1:
                refuse(
                    f"{rule.control_tries} tries at the small task are none; to leave it out: control_steps: 0",
                    *at,
                    "control_tries",
                )


def _check_grade(course: Course, document: Document) -> None:
    """Check the groups of the grade: names are unique, lessons exist, and each is in one group at most."""
    names: list[str] = []
    grouped: dict[str, str] = {}
    for i, group in enumerate(course.grade):
        if not group.name.strip() or group.name in names:
            what = f"a second group called {group.name!r}" if group.name.strip() else "a group without a name"
            raise document.error(what, "grade", i, "name")
        names.append(group.name)
        if not group.lessons:
            raise document.error(f"no lesson is in the group {group.name!r}", "grade", i, "lessons")
        for j, lesson in enumerate(group.lessons):
            at: list[str | int] = ["grade", i, "lessons", j]
            if lesson not in [each.name for each in course.lessons]:
                raise document.error(f"{lesson!r} is not a lesson; write its whole name", *at)
            if lesson in grouped:
                raise document.error(f"{lesson} is in the group {grouped[lesson]!r} already", *at)
            grouped[lesson] = group.name
        if group.drop_lowest >= len(group.lessons):
            raise document.error(
                f"{group.drop_lowest} of {len(group.lessons)} lessons cannot be dropped; one has to stay",
                *("grade", i, "drop_lowest"),
            )
