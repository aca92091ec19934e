"""Known misconceptions: each is a small edit to the reference solution, a sentence that names it, and a hint."""

from __future__ import annotations

from typing import TypeVar

import msgspec
import yaml

from grader.course import Course, Lesson
from grader.errors import CourseError

_Listed = TypeVar("_Listed")


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of the solution and its replacement; the piece must occur exactly once."""

    old: str
    new: str


class Chaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One misconception.

    Attributes:
        name: its name in tables.
        exercise: the exercise that it gets wrong.
        says: ends the sentence "your code behaves exactly like one that ...".
        hint: leads to the fix.
        edits: what makes the solution wrong.
        raises: words of the exception that code with this misconception ends in, if they say by themselves which
            mistake it is. Without them, code that raises an exception in every case is never taken for this one.
    """

    name: str
    exercise: str
    says: str
    hint: str
    edits: tuple[Edit, ...]
    raises: str = ""

    def source(self, solution: str) -> str:
        """Return the wrong module.

        Raises:
            CourseError: a piece to be replaced occurs not at all, or more than once.
        """
        return _edited(solution, self.edits, f"chaff {self.name}", "the solution")


class WheatChaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chaff in another style: a small edit to a wheat that makes the same mistake.

    Attributes:
        chaff: the name of the chaff whose mistake it is.
        wheat: the name of the wheat.
        edits: what makes the wheat wrong.
    """

    chaff: str
    wheat: str
    edits: tuple[Edit, ...]

    @property
    def name(self) -> str:
        """Its name in tables."""
        return f"{self.chaff} in {self.wheat}"

    def source(self, wheat: str) -> str:
        """Return the wrong module.

        Raises:
            CourseError: a piece to be replaced occurs not at all, or more than once.
        """
        return _edited(wheat, self.edits, f"chaff {self.chaff}", f"the wheat {self.wheat}")


def _edited(text: str, edits: tuple[Edit, ...], what: str, where: str) -> str:
    for edit in edits:
        count = text.count(edit.old)
        if count != 1:
            first = edit.old.strip().splitlines()[0] if edit.old.strip() else ""
            raise CourseError(f"{what}: {first!r} occurs {count} times in {where}; once expected")
        text = text.replace(edit.old, edit.new)
    return text


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mistake in the training loop: a small edit to the solution, and the rung of the probe ladder that shows it.

    Attributes:
        name: its name in tables.
        says: what a learner did who makes it; it ends the sentence "a `train` that ...".
        rung: the rung that has to be blamed; "" where it is known that none shows it.
        edits: what makes the solution wrong.
    """

    name: str
    says: str
    rung: str
    edits: tuple[Edit, ...]

    def source(self, solution: str) -> str:
        """Return the wrong module.

        Raises:
            CourseError: a piece to be replaced occurs not at all, or more than once.
        """
        return _edited(solution, self.edits, f"slip {self.name}", "the solution")


def slips(course: Course, lesson: Lesson) -> tuple[Slip, ...]:
    """The lesson's mistakes in training loops; none if it has no file of them.

    Raises:
        CourseError: the file is not a list of them.
    """
    return _read(course, lesson, "slips.yml", tuple[Slip, ...])


def load(course: Course, lesson: Lesson) -> tuple[Chaff, ...]:
    """The lesson's chaffs; none if the lesson has no file of them.

    Raises:
        CourseError: the file is not a list of chaffs, or names an exercise that the lesson has not.
    """
    where = f"tests/{lesson.name}/chaffs.yml"
    chaffs = _read(course, lesson, "chaffs.yml", tuple[Chaff, ...])
    names = {e.name for e in lesson.exercises} | ({lesson.training.exercise} if lesson.training else set())
    for chaff in chaffs:
        if chaff.exercise not in names:
            raise CourseError(
                f"{where}: {chaff.name} is about {chaff.exercise!r}, which is not an exercise of the lesson"
            )
    return chaffs


def of_wheats(course: Course, lesson: Lesson) -> tuple[WheatChaff, ...]:
    """The lesson's chaffs that are made from wheats; none if the lesson has no file of them.

    Raises:
        CourseError: the file is not a list of them, or names a chaff or a wheat that the lesson has not.
    """
    found = _read(course, lesson, "wheat_chaffs.yml", tuple[WheatChaff, ...])
    chaffs, modules = {chaff.name for chaff in load(course, lesson)}, wheats(course, lesson)
    for each in found:
        if each.chaff not in chaffs or each.wheat not in modules:
            raise CourseError(f"tests/{lesson.name}/wheat_chaffs.yml: there is no chaff and wheat of {each.name!r}")
    return found


def _read(course: Course, lesson: Lesson, name: str, kind: type[_Listed]) -> _Listed:
    path = course.tests(lesson) / name
    if not path.is_file():
        return msgspec.convert((), kind)
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), kind)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"tests/{lesson.name}/{name}: {error}".replace("\n", " ")) from None


def wheats(course: Course, lesson: Lesson) -> dict[str, str]:
    """The modules of the lesson's other right answers, by name.

    A wheat may leave out the training loop, of which a learner writes a few lines only. Its functions then stand behind
    the solution, and take the place of the solution's own in its loop.
    """
    loop = f"def {lesson.training.exercise}(" if lesson.training else ""
    found = {}
    for path in sorted((course.tests(lesson) / "wheats").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if loop not in text:
            text = course.solution(lesson).read_text(encoding="utf-8") + "\n\n" + text
        found[path.stem] = text
    return found
