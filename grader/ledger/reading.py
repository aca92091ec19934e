"""Read marks.yml. Whoever edits it by hand at midnight gets one line: where the mistake is, and what to do."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from grader.course import Course, Lesson, code_names
from grader.course.document import Document
from grader.course.document import read as read_yaml
from grader.errors import ClassError, CourseError
from grader.ledger.entries import EVERYONE, Entry, Key
from grader.printable import amount, number, one_line

FILE = "marks.yml"

_KEYS: tuple[Key, ...] = get_args(Key)
_ALL = ("student", "lesson", *_KEYS, "why", "date")
_NEED_WHY = ("score", "add", "extension", "excused")
_ONCE = ("score", "extension", "excused", "handed in")
_LONGEST = 300


def find(submissions: Path, given: Path | None = None) -> Path | None:
    """The file to read: the one that was given, else the one beside the students' folders; None if there is none.

    Raises:
        ClassError: the given one is not there, or lies in a student's folder.
    """
    if given is None:
        beside = submissions / FILE
        return beside if beside.is_file() else None
    if not given.is_file():
        raise ClassError(f"--marks {given} is not a file")
    inside, top = given.resolve(), submissions.resolve()
    if inside.is_relative_to(top) and inside.parent != top:
        raise ClassError(f"--marks {given} lies in a student's folder; keep it beside these folders, as {FILE}")
    return given


def read(path: Path, course: Course, students: Collection[str]) -> tuple[Entry, ...]:
    """Read and check the file.

    Args:
        path: where it is.
        course: whose lessons it speaks of.
        students: everybody in the class, by their names in reports.

    Raises:
        ClassError: one line that names the file and its line, and says what was expected there.
    """
    name = one_line(str(path), 2000)
    try:
        document = read_yaml(path, name)
        return _Reading(document, course, students).entries()
    except FileNotFoundError:
        raise ClassError(f"{name} does not exist") from None
    except CourseError as error:
        raise ClassError(str(error)) from None


class _Reading:
    """One file on its way to entries."""

    def __init__(self, document: Document, course: Course, students: Collection[str]) -> None:
        self._document, self._course, self._students = document, course, students
        self._said: dict[tuple[str, str, Key], int] = {}

    @functools.cached_property
    def _by_code(self) -> dict[str, str]:
        """Students by their code names: who marks without names writes these."""
        if not self._course.is_salted:
            return {}
        return {code: student for student, code in code_names.of(self._course, self._students).items()}

    def entries(self) -> tuple[Entry, ...]:
        data = self._document.data
        if data is None:
            return ()
        if not isinstance(data, list):
            raise self._document.error("expected a list of entries, each of which begins with `- student:`")
        return tuple(self._entry(i, each) for i, each in enumerate(data))

    def _entry(self, i: int, data: Any) -> Entry:
        def refuse(message: str, *steps: str | int) -> CourseError:
            return self._document.error(message, i, *steps)

        if not isinstance(data, dict):
            raise refuse("expected an entry such as {student: student-001, lesson: 5, add: 1, why: …}")
        for key in data:
            if key not in _ALL:
                near = difflib.get_close_matches(str(key), _ALL, 1)
                meant = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(_ALL)}"
                raise refuse(f"an entry has no key {_shown(key)}{meant}", key if isinstance(key, str) else "")
        given = [key for key in _KEYS if key in data]
        if len(given) != 1:
            found = f"this one has {' and '.join(given)}" if given else "this one has none"
            raise refuse(f"an entry says one of {', '.join(_KEYS)}, and {found}", *given[1:2])
        key = given[0]
        for needed in ("student", "lesson"):
            if needed not in data:
                raise refuse(f"no {needed}; say about whom and on which lesson (`student: {EVERYONE}` is for all)")
        students = self._of_whom(i, data["student"])
        lessons = self._on_which(i, data["lesson"])
        why = self._reason(i, key, data.get("why"))
        if "date" in data:
            self._day(i, data["date"])
        value, points, time = data[key], 0.0, None
        if key in ("score", "add"):
            points = self._points(i, key, value, lessons)
        elif key == "excused":
            if value is not True:
                raise refuse(f"excused is {_shown(value)}; write `excused: yes`, or remove the entry", key)
        else:
            time = self._time(i, key, value, lessons)
        entry = Entry(self._document.line(i), students, tuple(each.name for each in lessons), key, points, time, why)
        self._only_once(i, entry)
        return entry

    def _of_whom(self, i: int, value: Any) -> tuple[str, ...] | None:
        listed = isinstance(value, list)
        if value == EVERYONE:
            if EVERYONE in self._students:
                raise self._document.error(
                    f"a student's folder is called {EVERYONE!r} too; list the students whom this entry is for",
                    i,
                    "student",
                )
            return None
        found = []
        for j, name in enumerate(value if listed else [value]):
            steps: list[str | int] = [i, "student", *([j] if listed else [])]
            if not isinstance(name, str):
                raise self._document.error(f"{_shown(name)} is not text to YAML; put quotes around the name", *steps)
            if name not in self._students:
                name = self._by_code.get(name, name)
            if name not in self._students:
                near = difflib.get_close_matches(name, self._students, 1)
                meant = f"did you mean {one_line(near[0], 60)!r}?" if near else "write the name of the student's folder"
                raise self._document.error(f"no student is called {one_line(name, 60)!r}; {meant}", *steps)
            if name in found:
                raise self._document.error(f"{one_line(name, 60)!r} comes twice in one entry", *steps)
            found.append(name)
        if not found:
            raise self._document.error("an empty list is about nobody; remove the entry", i, "student")
        return tuple(found)

    def _on_which(self, i: int, value: Any) -> list[Lesson]:
        listed = isinstance(value, list)
        found: list[Lesson] = []
        for j, name in enumerate(value if listed else [value]):
            steps: list[str | int] = [i, "lesson", *([j] if listed else [])]
            if isinstance(name, bool) or not isinstance(name, str | int):
                raise self._document.error(f"{_shown(name)} is neither the number nor the name of a lesson", *steps)
            try:
                lesson = self._course.lesson(str(name))
            except CourseError as error:
                raise self._document.error(str(error), *steps) from None
            if lesson in found:
                raise self._document.error(f"{lesson.name} comes twice in one entry", *steps)
            found.append(lesson)
        if not found:
            raise self._document.error("an empty list is about no lesson; remove the entry", i, "lesson")
        return found

    def _reason(self, i: int, key: Key, value: Any) -> str:
        if value is None:
            if key in _NEED_WHY:
                raise self._document.error(f"{key} without a reason; add `why:`, which the student reads", i, key)
            return ""
        if not isinstance(value, str) or not value.strip():
            raise self._document.error("why is not text to YAML; put quotes around it", i, "why")
        return one_line(" ".join(value.split()), _LONGEST)

    def _day(self, i: int, value: Any) -> None:
        try:
            if not isinstance(value, str):
                raise ValueError
            date.fromisoformat(value)
        except ValueError:
            raise self._document.error(
                f"date must be a day such as 2026-10-07, not {_shown(value)}", i, "date"
            ) from None

    def _points(self, i: int, key: Key, value: Any, lessons: Sequence[Lesson]) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._document.error(f"{key} must be a number of points, not {_shown(value)}", i, key)
        if key == "score" and value < 0:
            raise self._document.error(f"a score of {number(value)} is below 0; write 0 or more", i, key)
        if key == "add" and value == 0:
            raise self._document.error("add: 0 changes nothing; remove the entry", i, key)
        for lesson in lessons:
            if abs(value) > lesson.max_points:
                worth = amount(lesson.max_points, "point")
                message = f"{key}: {number(value)} is more than {lesson.name} is worth ({worth})"
                raise self._document.error(message, i, key)
        return float(value)

    def _time(self, i: int, key: Key, value: Any, lessons: Sequence[Lesson]) -> datetime:
        try:
            time = msgspec.convert(value if isinstance(value, str) else None, datetime)
        except msgspec.ValidationError:
            time = None
        if time is None or time.tzinfo is None:
            form = "a date and a time with its zone, such as 2026-10-07T23:59:00+02:00"
            raise self._document.error(f"{key} must be {form}, not {_shown(value)}", i, key)
        for lesson in lessons if key == "extension" else ():
            if lesson.due is None:
                raise self._document.error(
                    f"{lesson.name} has no deadline to extend; give it `due:` in course.yml", i, key
                )
            if time <= lesson.due:
                raise self._document.error(
                    f"the deadline of {lesson.name} is {lesson.due.isoformat(' ', 'minutes')} for everybody; an "
                    "extension has to end later",
                    i,
                    key,
                )
        return time

    def _only_once(self, i: int, entry: Entry) -> None:
        """Refuse two entries that cannot both hold; of what is added there may be several."""
        for student in entry.students or (EVERYONE,) if entry.key in _ONCE else ():
            for lesson in entry.lessons:
                before = self._said.setdefault((student, lesson, entry.key), entry.line)
                if before != entry.line:
                    raise self._document.error(
                        f"a second `{entry.key}` for {one_line(student, 60)} in {lesson}; the first is in line "
                        f"{before}, and one of them has to go",
                        i,
                        entry.key,
                    )


def _shown(value: object) -> str:
    return repr(one_line(" ".join(str(value).split()), 60))
