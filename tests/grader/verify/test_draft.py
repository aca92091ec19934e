"""The draft of a misconception: cut out of a student's work as text, and judged before anybody believes it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tiny_course
import yaml
from tiny_course import NUMBERS, hand_in

from grader.course import Course
from grader.errors import ClassError
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.lessons import chaffs
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.verify import draft

LESSON = "lesson1_numbers"
OWN = NUMBERS.replace(
    "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n",
    "    three = 3\n    return three * x  # \x1b[31m \u202e\n",
)
HELPED = NUMBERS.replace("return 2 * x", "return helper(x)") + "\n\ndef helper(x):\n    return 3 * x\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def of(course: Course, tmp_path: Path, *sources: str) -> tuple[Path, Path, list[str]]:
    """A class that has handed in these programs: its submissions, its reports, its students."""
    submissions, out = tmp_path / "in", tmp_path / "out"
    students = [f"student-{i + 1:03d}" for i in range(len(sources))]
    for student, source in zip(students, sources, strict=True):
        hand_in(submissions, student, LESSON, source)
        grade_student(Run(course, submissions, out, (LESSON,), train=False), student, Here(), silent)
    return submissions, out, students


def the_group(course: Course, out: Path, students: list[str]) -> str:
    with pytest.raises(ClassError, match="there is 1-double-") as error:
        draft.find(course, course.lesson("1"), out, students, "1-double-000000")
    return str(error.value).rpartition(" ")[2]


def made_of(course: Course, tmp_path: Path, *sources: str) -> tuple[draft.Draft, str]:
    """The draft, and what was found out about it."""
    submissions, out, students = of(course, tmp_path, *sources)
    found = draft.find(course, course.lesson("1"), out, students, the_group(course, out, students))
    made = draft.draft(course, submissions, found)
    source = made.chaff.source(course.solution(course.lesson("1")).read_text())
    return made, draft.behaves(made, draft.judge(course, course.lesson("1"), source, Here(), silent))


def test_an_edit_that_is_the_mistake(course: Course, tmp_path: Path) -> None:
    made, judged = made_of(course, tmp_path, NUMBERS, OWN, OWN + "\n# mine\n")
    assert made.group.who == ("student-002", "student-003")
    assert judged == "Judged: it fails the same laws as the group, in the same cases, with the same answers."
    (edit,) = made.chaff.edits
    assert edit.old == "    return 2 * x\n"
    assert edit.new.startswith("    three = 3\n")
    text = draft.text(made, judged)
    assert text.startswith(f"# Drafted from {made.group.name}: 2 students.\n# Judged: it fails the same")
    assert text.isascii()
    assert "\x1b" not in text
    assert msgspec.convert(yaml.safe_load(text), tuple[chaffs.Chaff, ...]) == (made.chaff,)


def test_an_edit_that_needs_more_says_so(course: Course, tmp_path: Path) -> None:
    _, judged = made_of(course, tmp_path, HELPED)
    assert (
        judged == "Judged: it fails, and not as the group does. It uses what stands elsewhere in the student's module."
    )


def test_an_edit_that_is_another_mistake_says_which(course: Course, tmp_path: Path) -> None:
    made, _ = made_of(course, tmp_path, OWN)
    lesson = course.lesson("1")
    solution = course.solution(lesson).read_text()
    known = draft.judge(course, lesson, solution.replace("2 * x", "x * x"), Here(), silent)
    assert "behaves like the misconception squares" in draft.behaves(made, known)
    right = draft.judge(course, lesson, solution, Here(), silent)
    assert "it fails nothing" in draft.behaves(made, right)
    broken = draft.judge(course, lesson, "import nothing_of_that_name\n" + solution, Here(), silent)
    assert "It uses what stands elsewhere" in draft.behaves(made, broken)


def test_it_is_added_once(course: Course, tmp_path: Path) -> None:
    made, judged = made_of(course, tmp_path, OWN)
    before = chaffs.load(course, course.lesson("1"))
    path = draft.append(course, made, draft.text(made, judged))
    assert chaffs.load(course, course.lesson("1")) == (*before, made.chaff)
    with pytest.raises(ClassError, match="already; complete or remove"):
        draft.append(course, made, draft.text(made, judged))
    path.unlink()
    draft.append(course, made, draft.text(made, judged))
    assert chaffs.load(course, course.lesson("1")) == (made.chaff,)


@pytest.mark.parametrize("name", ["", "5", "9-double-abc", "double-abc", "../1-x", "1", "1-", "x" * 500])
def test_what_is_no_name_of_a_group(course: Course, name: str) -> None:
    with pytest.raises(ClassError, match="is no name of a group"):
        draft.lesson_of(course, name)


def test_a_class_without_such_failures(course: Course, tmp_path: Path) -> None:
    _, out, students = of(course, tmp_path, NUMBERS)
    with pytest.raises(ClassError, match="has no failures without a name on lesson1_numbers"):
        draft.find(course, course.lesson("1"), out, students, "1-double-000000")


def test_other_work_than_was_judged_is_not_taken(course: Course, tmp_path: Path) -> None:
    submissions, out, students = of(course, tmp_path, OWN)
    found = draft.find(course, course.lesson("1"), out, students, the_group(course, out, students))
    hand_in(submissions, students[0], LESSON, HELPED)
    with pytest.raises(ClassError, match="is not what was judged; grade again"):
        draft.draft(course, submissions, found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("def double(x):", "double = lambda x: 3 * x\n\n\ndef other(x):"), "is not one piece of text"),
        (("    three = 3\n", "    three = 3\n" * 300), "and a misconception is a small edit"),
    ],
)
def test_what_is_no_small_edit(change: tuple[str, str], says: str, course: Course, tmp_path: Path) -> None:
    submissions, out, students = of(course, tmp_path, OWN.replace(*change))
    found = draft.find(course, course.lesson("1"), out, students, the_group(course, out, students))
    with pytest.raises(ClassError, match=says):
        draft.draft(course, submissions, found)


MODULE = '''\
class Other:
    def push(self):
        pass


class Buffer(object):
    """A class."""

    def push(
        self,
        x,
    ):
        # a remark
        return x
# a remark that is out of its place
        return x

    def __len__(self):
        return 0


def push(x): return x
'''


@pytest.mark.parametrize(
    ("exercise", "first", "last"),
    [
        ("Buffer.push", "    def push(\n", "        return x\n"),
        ("Buffer.__len__", "    def __len__(self):\n", "        return 0\n"),
        ("Buffer", "class Buffer(object):\n", "        return 0\n"),
        ("push", "def push(x): return x\n", "def push(x): return x\n"),
    ],
)
def test_a_piece_of_text(exercise: str, first: str, last: str) -> None:
    lines = draft.piece(MODULE, exercise).splitlines(keepends=True)
    assert (lines[0], lines[-1]) == (first, last)
    assert MODULE.count("".join(lines)) >= 1


@pytest.mark.parametrize("exercise", ["nothing", "Other.nothing", "Nothing.push", "Buffer.push.x"])
def test_no_such_piece(exercise: str) -> None:
    assert draft.piece(MODULE, exercise) == ""
