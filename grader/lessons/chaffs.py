"""Known misconceptions: each is a small edit to the reference solution, a sentence that names it, and a hint."""

from __future__ import annotations

import msgspec
import yaml

from grader.course import Course, Lesson
from grader.errors import CourseError


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
    """

    name: str
    exercise: str
    says: str
    hint: str
    edits: tuple[Edit, ...]

    def source(self, solution: str) -> str:
        """Return the wrong module.

        Raises:
            CourseError: a piece to be replaced occurs not at all, or more than once.
        """
        for edit in self.edits:
            count = solution.count(edit.old)
            if count != 1:
                first = edit.old.strip().splitlines()[0] if edit.old.strip() else ""
                raise CourseError(f"chaff {self.name}: {first!r} occurs {count} times in the solution; once expected")
            solution = solution.replace(edit.old, edit.new)
        return solution


def load(course: Course, lesson: Lesson) -> tuple[Chaff, ...]:
    """The lesson's chaffs; none if the lesson has no file of them.

    Raises:
        CourseError: the file is not a list of chaffs, or names an exercise that the lesson has not.
    """
    path = course.tests(lesson) / "chaffs.yml"
    if not path.is_file():
        return ()
    where = f"tests/{lesson.name}/chaffs.yml"
    try:
        chaffs = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), tuple[Chaff, ...])
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"{where}: {error}".replace("\n", " ")) from None
    names = {e.name for e in lesson.exercises} | ({lesson.training.exercise} if lesson.training else set())
    for chaff in chaffs:
        if chaff.exercise not in names:
            raise CourseError(
                f"{where}: {chaff.name} is about {chaff.exercise!r}, which is not an exercise of the lesson"
            )
    return chaffs


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
