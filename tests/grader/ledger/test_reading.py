"""marks.yml: what is right is read, and what is wrong is one line that says where, and what to do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course, Exercise, Lesson
from grader.errors import ClassError
from grader.ledger.entries import Entry
from grader.ledger.reading import find, read

MONDAY = datetime.fromisoformat("2026-10-05T23:59:00+02:00")
FRIDAY = datetime.fromisoformat("2026-10-09T23:59:00+02:00")
LESSONS = (
    Lesson("lesson1_first", "First", (Exercise("f", 10),), due=MONDAY),
    Lesson("lesson2_second", "Second", (Exercise("g", 5),)),
)
COURSE = Course("A course", LESSONS)
STUDENTS = ("student-001", "student-002", "12")


def entries(folder: Path, text: str, students: tuple[str, ...] = STUDENTS) -> tuple[Entry, ...]:
    path = folder / "marks.yml"
    path.write_text(text, encoding="utf-8")
    return read(path, COURSE, students)


def error(folder: Path, text: str, students: tuple[str, ...] = STUDENTS) -> str:
    with pytest.raises(ClassError) as caught:
        entries(folder, text, students)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder / 'marks.yml'}, ")


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        """\
# The term of 2026.
- {student: student-001, lesson: 1, score: 8, why: oral exam, date: 2026-10-07}
- student: [student-001, "12"]
  lesson: [1, lesson2]
  add: -0.5
  why: |
    missing
    plots
- {student: everyone, lesson: lesson1_first, add: 1, why: a mistake in the text}
- {student: student-002, lesson: 1, extension: 2026-10-09T23:59:00+02:00, why: ill}
- {student: student-002, lesson: 2, excused: yes, why: joined late}
- {student: student-002, lesson: 1, handed in: 2026-10-09 23:59:00+02:00}
""",
    )
    assert found == (
        Entry(2, ("student-001",), ("lesson1_first",), "score", 8, None, "oral exam"),
        Entry(3, ("student-001", "12"), ("lesson1_first", "lesson2_second"), "add", -0.5, None, "missing plots"),
        Entry(9, None, ("lesson1_first",), "add", 1, None, "a mistake in the text"),
        Entry(10, ("student-002",), ("lesson1_first",), "extension", 0, FRIDAY, "ill"),
        Entry(11, ("student-002",), ("lesson2_second",), "excused", 0, None, "joined late"),
        Entry(12, ("student-002",), ("lesson1_first",), "handed in", 0, FRIDAY, ""),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    assert entries(tmp_path, text) == ()


ONE = "- {student: student-001, lesson: 1, "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("student-001: 5\n", "line 1: expected a list of entries, each of which begins with `- student:`"),
        (
            "\n- student-001\n",
            "line 2: expected an entry such as {student: student-001, lesson: 5, add: 1, why: …}",
        ),
        (
            "- student: student-001\n  lesson: 1\n  scores: 5\n  why: x\n",
            "line 3: an entry has no key 'scores'; did you mean 'score'?",
        ),
        (
            "- student: student-001\n  lesson: 1\n  1: 5\n",
            "line 1: an entry has no key '1'; there are: student, lesson, score, add, extension, excused, handed in, "
            "why, date",
        ),
        (
            ONE + "why: x}\n",
            "line 1: an entry says one of score, add, extension, excused, handed in, and this one has none",
        ),
        (
            "- student: student-001\n  lesson: 1\n  score: 5\n  add: 1\n  why: x\n",
            "line 4: an entry says one of score, add, extension, excused, handed in, and this one has score and add",
        ),
        (
            "- {lesson: 1, score: 5, why: x}\n",
            "line 1: no student; say about whom and on which lesson (`student: everyone` is for all)",
        ),
        (
            "- {student: student-001, score: 5, why: x}\n",
            "line 1: no lesson; say about whom and on which lesson (`student: everyone` is for all)",
        ),
        (
            "- {student: student-01, lesson: 1, score: 5, why: x}\n",
            "line 1: no student is called 'student-01'; did you mean 'student-001'?",
        ),
        (
            '- {student: "\\e[2Jx", lesson: 1, score: 5, why: x}\n',
            "line 1: no student is called 'x'; write the name of the student's folder",
        ),
        (
            "- student:\n  - student-001\n  - student-001\n  lesson: 1\n  score: 5\n  why: x\n",
            "line 3: 'student-001' comes twice in one entry",
        ),
        (
            "- {student: 12, lesson: 1, score: 5, why: x}\n",
            "line 1: '12' is not text to YAML; put quotes around the name",
        ),
        ("- {student: [], lesson: 1, score: 5, why: x}\n", "line 1: an empty list is about nobody; remove the entry"),
        (
            "- {student: student-001, lesson: 3, score: 5, why: x}\n",
            "line 1: no single lesson is called '3'; choose one of: lesson1_first, lesson2_second",
        ),
        (
            "- {student: student-001, lesson: lesson, score: 5, why: x}\n",
            "line 1: no single lesson is called 'lesson'; choose one of: lesson1_first, lesson2_second",
        ),
        (
            "- {student: student-001, lesson: yes, score: 5, why: x}\n",
            "line 1: 'True' is neither the number nor the name of a lesson",
        ),
        (
            "- student: student-001\n  lesson:\n  - 1\n  - lesson1\n  score: 5\n  why: x\n",
            "line 4: lesson1_first comes twice in one entry",
        ),
        (
            "- {student: student-001, lesson: [], score: 5, why: x}\n",
            "line 1: an empty list is about no lesson; remove the entry",
        ),
        (ONE + "score: 11, why: x}\n", "line 1: score: 11 is more than lesson1_first is worth (10 points)"),
        (
            "- {student: student-001, lesson: [1, 2], score: 6, why: x}\n",
            "line 1: score: 6 is more than lesson2_second is worth (5 points)",
        ),
        (ONE + "score: -1, why: x}\n", "line 1: a score of -1 is below 0; write 0 or more"),
        (ONE + "add: -11, why: x}\n", "line 1: add: -11 is more than lesson1_first is worth (10 points)"),
        (ONE + "add: 0, why: x}\n", "line 1: add: 0 changes nothing; remove the entry"),
        (ONE + "score: .nan, why: x}\n", "line 1: score must be a number of points, not 'nan'"),
        (ONE + "add: .inf, why: x}\n", "line 1: add must be a number of points, not 'inf'"),
        (ONE + "score: yes, why: x}\n", "line 1: score must be a number of points, not 'True'"),
        (ONE + "score: '8', why: x}\n", "line 1: score must be a number of points, not '8'"),
        (ONE + "score: , why: x}\n", "line 1: score must be a number of points, not 'None'"),
        (
            "- student: student-001\n  lesson: 1\n  score: 8\n",
            "line 3: score without a reason; add `why:`, which the student reads",
        ),
        (ONE + "add: 1}\n", "line 1: add without a reason; add `why:`, which the student reads"),
        (ONE + "excused: yes}\n", "line 1: excused without a reason; add `why:`, which the student reads"),
        (
            ONE + "extension: 2026-10-09T23:59:00+02:00}\n",
            "line 1: extension without a reason; add `why:`, which the student reads",
        ),
        (ONE + "score: 8, why: ' '}\n", "line 1: why is not text to YAML; put quotes around it"),
        (ONE + "score: 8, why: 5}\n", "line 1: why is not text to YAML; put quotes around it"),
        (
            ONE + "score: 8, why: x, date: yesterday}\n",
            "line 1: date must be a day such as 2026-10-07, not 'yesterday'",
        ),
        (ONE + "score: 8, why: x, date: 2026}\n", "line 1: date must be a day such as 2026-10-07, not '2026'"),
        (ONE + "excused: no, why: x}\n", "line 1: excused is 'False'; write `excused: yes`, or remove the entry"),
        (
            "- student: student-001\n  lesson: 1\n  handed in: 2026-10-09T23:59:00\n",
            "line 3: handed in must be a date and a time with its zone, such as 2026-10-07T23:59:00+02:00, not "
            "'2026-10-09T23:59:00'",
        ),
        (
            ONE + "extension: friday, why: x}\n",
            "line 1: extension must be a date and a time with its zone, such as 2026-10-07T23:59:00+02:00, not "
            "'friday'",
        ),
        (
            "- {student: student-001, lesson: 2, extension: 2026-10-09T23:59:00+02:00, why: x}\n",
            "line 1: lesson2_second has no deadline to extend; give it `due:` in course.yml",
        ),
        (
            ONE + "extension: 2026-10-05T23:59:00+02:00, why: x}\n",
            "line 1: the deadline of lesson1_first is 2026-10-05 23:59+02:00 for everybody; an extension has to end "
            "later",
        ),
        (
            ONE + "score: 8, why: x}\n\n" + ONE + "score: 9, why: x}\n",
            "line 3: a second `score` for student-001 in lesson1_first; the first is in line 1, and one of them has "
            "to go",
        ),
        (
            "- {student: everyone, lesson: [1, 2], excused: yes, why: x}\n"
            "- {student: everyone, lesson: 2, excused: yes, why: x}\n",
            "line 2: a second `excused` for everyone in lesson2_second; the first is in line 1, and one of them has "
            "to go",
        ),
        ("- student: student-001\n  student: student-002\n", "line 2: a second 'student'; the first is in line 1"),
        ("- {student: [\n", "line 2: did not find expected node content"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert error(tmp_path, text) == message


def test_several_additions_are_no_mistake(tmp_path: Path) -> None:
    assert len(entries(tmp_path, 2 * (ONE + "add: 1, why: x}\n"))) == 2


def test_a_student_who_is_called_everyone_is_not_taken_for_everyone(tmp_path: Path) -> None:
    text = "- {student: everyone, lesson: 1, add: 1, why: x}\n"
    told = "line 1: a student's folder is called 'everyone' too; list the students whom this entry is for"
    assert error(tmp_path, text, ("everyone", "student-001")) == told
    listed = text.replace("everyone", "[everyone]")
    assert entries(tmp_path, listed, ("everyone", "student-001"))[0].students == ("everyone",)


def test_a_reason_is_one_line_and_can_do_nothing(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, ONE + 'score: 8, why: "\\e[31mred\\e[0m\\u202e\\n  twice"}\n')
    assert entry.why == "red\\u202e twice"
    [entry] = entries(tmp_path, ONE + f"score: 8, why: {'x' * 2000}}}\n")
    assert len(entry.why) < 400


def test_the_file_lies_beside_the_students_or_is_named(tmp_path: Path) -> None:
    work, other = tmp_path / "work", tmp_path / "other.yml"
    inside = work / "student-001" / "marks.yml"
    inside.parent.mkdir(parents=True)
    inside.write_text("")
    other.write_text("")
    assert find(work) is None, "what a student hands in is never the ledger"
    assert find(work, other) == other
    with pytest.raises(ClassError, match=r"lies in a student's folder; keep it beside these folders, as marks\.yml"):
        find(work, inside)
    with pytest.raises(ClassError, match=r"--marks .*nowhere\.yml is not a file"):
        find(work, tmp_path / "nowhere.yml")
    (work / "marks.yml").mkdir()
    assert find(work) is None, "a student may be called that"
    (work / "marks.yml").rmdir()
    (work / "marks.yml").write_text("")
    assert find(work) == work / "marks.yml"
    assert find(work, work / "marks.yml") == work / "marks.yml"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["student", "lesson", "score", "add", "extension", "excused", "handed in", "why", "date"])
LIKELY = JSON | st.sampled_from(["student-001", "everyone", 1, "lesson2", "2026-10-09T23:59:00+02:00", True, 3.5])


@given(st.lists(st.dictionaries(KEYS, LIKELY, max_size=6) | JSON, max_size=3))
def test_anything_is_entries_or_one_line(tmp_path_factory: pytest.TempPathFactory, data: object) -> None:
    folder = tmp_path_factory.mktemp("marks")
    text = yaml.safe_dump(data, allow_unicode=True)
    said = ""
    try:
        found = entries(folder, text)
    except ClassError as caught:
        said = str(caught)
    if said:
        assert len(said.splitlines()) == 1
    else:
        assert isinstance(data, list)
        assert len(found) == len(data)
