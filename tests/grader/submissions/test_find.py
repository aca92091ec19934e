"""Work is found wherever it lies, whatever it is called, and what is passed over is named: the mark, and the line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import tiny_course
from notebook_of import cell, filled
from tiny_course import BALANCE, NUMBERS

from grader.course import Course, find_root, load
from grader.errors import ClassError
from grader.grading.grade import Asked, grade
from grader.lessons.stubs import pristine
from grader.report.report import Report
from grader.student.inprocess import Here
from grader.submissions.find import read_own, read_work
from grader.submissions.names import is_archive, lessons_said, other_stem, stem_of
from grader.submissions.students import find_students, strays
from grader.submissions.walk import walk
from grader.submissions.work import Work

NAME = "lesson1_numbers"
OTHER = NUMBERS.replace("x / 2", "x // 2")  # other work, worth 2 of 3


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = tiny_course.make(tmp_path_factory.mktemp("course"))
    (made.root / "exercises" / f"{NAME}.md").write_text(
        "# Lesson 1: Numbers\n\n## What to write\n\n**`double(x)`** doubles.\n\n**`half(x)`** halves.\n"
    )
    return made


@pytest.fixture(scope="module")
def texts(course: Course) -> dict[str, str | bytes]:
    """What files hold, by a word."""
    lesson = course.lesson("1")

    def notebook(source: str | None) -> str:
        cells = filled(course, lesson, source)
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    return {
        "work": NUMBERS,
        "work, relaid": "# mine\n\n\n" + NUMBERS,
        "other": OTHER,
        "stub": pristine(course, lesson),
        "empty": "",
        "imports": "from .answers import double, half\n\nprint(double(2))\n",
        "notebook": notebook(NUMBERS),
        "stub notebook": notebook(None),
        "lesson 2": BALANCE,
        "helpers": "def plot(x):\n    print(x)\n",
        "archive": b"PK\x03\x04",
        "text": "Dear teacher, double me.",
        "binary": b"\x00\x05\x16\x07" * 20,
        "latin-1": NUMBERS.replace("Numbers.", "Zahlen für Anfänger.").encode("latin-1"),
    }


def put(folder: Path, files: dict[str, str], texts: dict[str, str | bytes]) -> None:
    for name, what in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = texts[what]
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def judge(course: Course, student: Path) -> Report:
    lesson = course.lesson("1")
    work = Work("sample", lesson, read_work(course, lesson, student))
    return grade(course, work, Here(), Asked(diagnose=False))


PLACE = f"{NAME}/{NAME}"

# What lies there; the mark and the status; what is said, all of it.
CASES: dict[str, tuple[dict[str, str], float, str, str]] = {
    # Where it should be
    "in its place": ({f"{PLACE}.py": "work"}, 3, "graded", ""),
    "a repository": ({f"exercises/{NAME}.py": "work", "README.md": "text"}, 3, "graded", ""),
    "at the top": ({f"{NAME}.ipynb": "notebook"}, 3, "graded", ""),
    "beside helpers and other lessons": (
        {
            f"{PLACE}.py": "work",
            f"{NAME}/utils.py": "helpers",
            f"{NAME}/test_numbers.py": "helpers",
            "lesson2_balance/lesson2_balance.py": "lesson 2",
        },
        3,
        "graded",
        "",
    ),
    # Called something else
    **{
        name: (
            {f"{NAME}/{name}": "work"},
            3,
            "graded",
            f"{name} was graded; it should be called {NAME}.py",
        )
        for name in (
            "lesson1_numbers (1).py",
            "lesson1_numbers - Copy.py",
            "lesson1_numbers-1.py",
            "lesson1_numbers_v2.py",
            "Lesson1_Numbers.PY",
            "lesson1_numbers.py.txt",
            "doejane_123_456_lesson1_numbers.py",
            "lesson1.py",
            "lesson 01.py",
            "numbers.py",
            "homework.py",
        )
    },
    "a notebook's other ending": (
        {f"{PLACE}.ipynb.json": "notebook"},
        3,
        "graded",
        "lesson1_numbers.ipynb.json was graded; it should be called lesson1_numbers.ipynb",
    ),
    "no ending, and it is a module": (
        {NAME: "work"},
        3,
        "graded",
        f"{NAME} was graded; it should lie in {NAME}/ and be called {NAME}.py",
    ),
    # Somewhere else
    **{
        f"in {place}": (
            {f"{place}/{NAME}.py": "work"},
            3,
            "graded",
            f"{place}/{NAME}.py was graded; it should lie in {NAME}/",
        )
        for place in ("lesson1", "Lesson 1", "lesson-01", f"{NAME}/{NAME}", "drl-main/exercises", "a/b/c")
    },
    "found by what it defines": (
        {"week 3/solution.py": "work", "lesson2_balance/lesson2_balance.py": "lesson 2"},
        3,
        "graded",
        f"week 3/solution.py was graded; it should lie in {NAME}/ and be called {NAME}.py",
    ),
    # The stub, and empty files, never beat work
    "a stub beside a copy": (
        {f"{PLACE}.py": "stub", f"{PLACE} (1).py": "work"},
        3,
        "graded",
        f"{NAME} (1).py was graded; {NAME}.py beside it is still the stub "
        f"{NAME} (1).py was graded; it should be called {NAME}.py",
    ),
    "an old stub in one folder, the work in another": (
        {f"{PLACE}.py": "stub", f"exercises/{NAME}.py": "work"},
        3,
        "graded",
        f"exercises/{NAME}.py was graded; {NAME}.py is still the stub",
    ),
    "work in its place, a stub elsewhere": ({f"{PLACE}.py": "work", f"old/{NAME}.py": "stub"}, 3, "graded", ""),
    "an empty file beside a notebook": (
        {f"{PLACE}.py": "empty", f"{PLACE}.ipynb": "notebook"},
        3,
        "graded",
        f"{NAME}.ipynb was graded; {NAME}.py beside it is still the stub",
    ),
    "stubs only": (
        {f"{PLACE}.py": "stub", f"{PLACE}.ipynb": "stub notebook", f"old/{NAME}.py": "stub"},
        0,
        "not started",
        f"this is still the stub; open {NAME}.py and begin with double",
    ),
    "an empty file and a stub": (
        {f"{PLACE}.py": "empty", f"old/{NAME}.py": "stub"},
        0,
        "not started",
        f"this is still the stub; open {NAME}.py and begin with double",
    ),
    # Several with work
    "copies count as one": ({f"{PLACE}.py": "work", f"{PLACE} (1).py": "work, relaid"}, 3, "graded", ""),
    "copies that are called something else": (
        {f"{NAME}/lesson1 (1).py": "work", f"{NAME}/lesson1.py": "work"},
        3,
        "graded",
        f"lesson1 (1).py was graded; it should be called {NAME}.py",
    ),
    "its place is what counts": (
        {f"{PLACE}.py": "work", f"old/{NAME}.py": "other", f"{PLACE}_v2.py": "other"},
        3,
        "graded",
        f"{NAME}.py was graded; there is other work in {NAME}_v2.py, old/{NAME}.py",
    ),
    "neither is in its place": (
        {f"{NAME}/lesson1 (1).py": "work", "old/lesson1.py": "other"},
        0,
        "missing",
        f"there is no {NAME}.py, and it is not clear which of these is meant: lesson1 (1).py, old/lesson1.py",
    ),
    "a module and a notebook, wherever": (
        {"lesson1/mine.py": "other", "lesson1/mine.ipynb": "notebook"},
        2,
        "graded",
        f"lesson1/mine.py was graded; it should lie in {NAME}/ and be called {NAME}.py "
        "lesson1/mine.py was graded; there is a notebook beside it",
    ),
    "a copy in the folder of a lesson that imports it": (
        {f"{PLACE}.py": "work", f"lesson2_balance/{NAME}.py": "other"},
        3,
        "graded",
        f"{NAME}.py was graded; there is other work in lesson2_balance/{NAME}.py",
    ),
    "only in the folder of a lesson that imports it": (
        {f"lesson2_balance/{NAME}.py": "work"},
        3,
        "graded",
        f"lesson2_balance/{NAME}.py was graded; it should lie in {NAME}/",
    ),
    # What programs leave behind
    "from a Mac": (
        {f"{PLACE}.py": "work", f"{NAME}/._{NAME}.py": "binary", f"__MACOSX/{NAME}/._{NAME}.py": "binary"},
        3,
        "graded",
        "",
    ),
    "a checkpoint beside it": (
        {f"{PLACE}.ipynb": "notebook", f"{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": "stub notebook"},
        3,
        "graded",
        "",
    ),
    "a checkpoint alone": (
        {f"{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": "notebook"},
        0,
        "missing",
        f"there is no {NAME}.py and no notebook; there is {NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb "
        "(which a program keeps for itself)",
    ),
    "installed packages": (
        {f"{PLACE}.py": "work", "env/pyvenv.cfg": "text", f"mine/{NAME}.py": "other", "mine/pyvenv.cfg": "text"},
        3,
        "graded",
        "",
    ),
    "a copy of the course with its solutions": (
        {
            "course.yml": "text",
            f"exercises/{NAME}.py": "stub",
            f"solutions/{NAME}.py": "work",
            f"tests/{NAME}/wheats/a.py": "work",
        },
        0,
        "not started",
        f"this is still the stub; open {NAME}.py and begin with double",
    ),
    # Nothing that can be graded
    "nothing": ({}, 0, "missing", "nothing was handed in"),
    "another lesson": (
        {"lesson2_balance/lesson2_balance.py": "lesson 2"},
        0,
        "missing",
        "nothing was handed in",
    ),
    "all of it in another lesson's folder": (
        {"lesson2_balance/lesson2_balance.py": "lesson 2", "lesson2_balance/double.py": "work"},
        0,
        "missing",
        f"there is no {NAME}.py and no notebook; there is lesson2_balance/double.py "
        "(by its place or name another lesson's; it defines what this lesson asks for)",
    ),
    # Copies that programs put aside
    "a backup beside the stub": (
        {f"{PLACE}.py": "stub", f"{PLACE}.py.bak": "work"},
        3,
        "graded",
        f"{NAME}.py.bak was graded; {NAME}.py beside it is still the stub "
        f"{NAME}.py.bak was graded; it should be called {NAME}.py",
    ),
    "an editor's backup alone": (
        {f"{PLACE}.py~": "work"},
        3,
        "graded",
        f"{NAME}.py~ was graded; it should be called {NAME}.py",
    ),
    "a backup of what is called something else": (
        {"homework.py": "work", "homework.py.orig": "other"},
        3,
        "graded",
        f"homework.py was graded; it should lie in {NAME}/ and be called {NAME}.py "
        "homework.py was graded; there is other work in homework.py.orig",
    ),
    # A package
    "a module that only imports the answers": (
        {f"{PLACE}.py": "imports", f"{NAME}/answers.py": "work"},
        3,
        "graded",
        f"answers.py was graded; {NAME}.py only imports from other files "
        f"answers.py was graded; it should be called {NAME}.py",
    ),
    "an archive and an essay": (
        {f"{NAME}/work.zip": "archive", f"{NAME}/essay.docx": "binary"},
        0,
        "missing",
        f"there is no {NAME}.py and no notebook; there is work.zip (an archive: unpack it, or use `grader collect`), "
        "essay.docx",
    ),
    "an archive beside work": (
        {f"{PLACE}.py": "work", f"{NAME}/rest.tar.gz": "archive", "lesson2_balance/x.zip": "archive"},
        3,
        "graded",
        "rest.tar.gz is an archive and was not opened; unpack what belongs to this lesson",
    ),
    "bytes beside work": (
        {f"{PLACE}.py": "latin-1", f"{PLACE} (1).py": "work"},
        3,
        "graded",
        f"{NAME} (1).py was graded; it should be called {NAME}.py "
        f"{NAME} (1).py was graded; {NAME}.py is not UTF-8 text (byte 11); save it as UTF-8",
    ),
    "bytes beside the stub": (
        {f"{PLACE}.py": "stub", f"{PLACE} (1).py": "latin-1"},
        0,
        "unreadable",
        f"{NAME} (1).py is not UTF-8 text (byte 11); save it as UTF-8",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_what_counts_and_what_is_said(what: str, course: Course, texts: dict[str, str | bytes], tmp_path: Path) -> None:
    files, score, status, words = CASES[what]
    put(tmp_path, files, texts)
    report = judge(course, tmp_path)
    said = " ".join([report.message, *report.notes] if report.message else report.notes)
    if status in ("not started", "unreadable"):
        said = report.message
    assert (report.score, report.status, said) == (score, status, words)


def test_several_lessons_in_one_file(course: Course, tmp_path: Path) -> None:
    """It is the work for each of them."""
    (tmp_path / "everything.py").write_text(
        NUMBERS + "\n\n" + BALANCE.replace("from lesson1_numbers import double", "")
    )
    assert judge(course, tmp_path).score == 3
    lesson = course.lesson("2")
    work = read_work(course, lesson, tmp_path)
    assert work.notes == (
        "everything.py was graded; it should lie in lesson2_balance/ and be called lesson2_balance.py",
    )
    (tmp_path / "everything.py").write_text(BALANCE)
    assert judge(course, tmp_path).status == "missing"


def test_a_name_that_several_lessons_ask_for_says_nothing(course: Course, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("def train(env):\n    return None\n")
    work = read_work(course, course.lesson("1"), tmp_path)
    assert work.status == "missing"
    assert "there is agent.py (which does not define double)" in work.problem


@pytest.mark.parametrize("link", ["folder", "file", "student"])
def test_links_are_refused_and_named(link: str, course: Course, texts: dict[str, str | bytes], tmp_path: Path) -> None:
    """They may lead to another student's work, or to whatever the grader may read."""
    put(tmp_path / "other", {f"{PLACE}.py": "work"}, texts)
    mine = tmp_path / "mine"
    if link == "student":
        mine.symlink_to(tmp_path / "other")
        words = "mine is a link, not a folder"
    elif link == "folder":
        mine.mkdir()
        (mine / NAME).symlink_to(tmp_path / "other" / NAME)
        words = f"{NAME} is a link, not a folder"
    else:
        (mine / NAME).mkdir(parents=True)
        (mine / f"{PLACE}.py").symlink_to(tmp_path / "other" / f"{PLACE}.py")
        words = f"{NAME}.py is not a plain file"
    report = judge(course, mine)
    assert (report.status, report.score, report.message) == ("unreadable", 0, words)
    if link != "student":
        put(mine, {f"lesson1/{NAME}.py": "work"}, texts)
        report = judge(course, mine)
        assert report.score == 3
        assert f"lesson1/{NAME}.py was graded; {words}" in report.notes


def test_a_folder_with_a_file_s_name(course: Course, texts: dict[str, str | bytes], tmp_path: Path) -> None:
    put(tmp_path, {f"{PLACE}.py/work.py": "work"}, texts)
    report = judge(course, tmp_path)
    assert report.score == 3
    assert report.notes[0].startswith(f"{PLACE}.py/work.py was graded")


def test_a_hostile_folder_has_its_bounds(course: Course, tmp_path: Path) -> None:
    """Deep, wide, full of names that act: the search ends, and says that there was more."""
    deep = tmp_path / "deep" / "/".join("d" * 30)
    deep.mkdir(parents=True)
    (deep / f"{NAME}.py").write_text(NUMBERS)
    found = walk(tmp_path)
    assert max(len(entry.parts) for entry in found.entries) == 6
    assert found.cut
    assert "more files here than were looked through" in judge(course, tmp_path).message
    wide = tmp_path / "wide" / NAME
    wide.mkdir(parents=True)
    for i in range(2100):
        (wide / f"lesson1 \x1b[31m\n{i} {'n' * 150}.py").write_text(f"x = {i}\n")
    os.mkfifo(wide / "lesson1.py")
    report = judge(course, wide.parent)
    assert report.status == "missing"
    assert len(report.message) < 1000
    assert "\x1b" not in report.message
    assert "\n" not in report.message
    assert "and 24 more" in report.message


def test_a_file_name_that_is_no_text(course: Course, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / os.fsdecode(b"lesson1 caf\xe9.py")).write_text(NUMBERS)
    report = judge(course, tmp_path)
    assert report.score == 3
    report.to_json()


# A learner's own folder


def test_check_looks_in_its_folder_and_nowhere_else(
    course: Course, texts: dict[str, str | bytes], tmp_path: Path
) -> None:
    lesson = course.lesson("1")
    put(tmp_path, {f"{NAME}.py": "stub", f"{NAME} (1).py": "work", "lesson2_balance.py": "lesson 2"}, texts)
    path, own = read_own(course, lesson, tmp_path)
    assert path.name == f"{NAME} (1).py"
    assert own.notes[0] == f"{NAME} (1).py was graded; {NAME}.py beside it is still the stub"
    assert own.notes[1] == f"{NAME} (1).py was graded; it should be called {NAME}.py"
    put(tmp_path / "deeper", {f"{NAME}.py": "work"}, texts)
    for name in (f"{NAME}.py", f"{NAME} (1).py"):
        (tmp_path / name).unlink()
    path, own = read_own(course, lesson, tmp_path)
    assert (path.name, own.status) == (f"{NAME}.py", "missing")
    assert own.problem == f"there is no {NAME}.py and no notebook"


# A class


def test_what_is_a_student_and_what_is_said_of_the_rest(tmp_path: Path) -> None:
    for name in ("student-001", "student-010", "student-002", "__MACOSX", ".git"):
        (tmp_path / name).mkdir()
    for name in ("lesson1.py", "student-003.zip", ".DS_Store", "essay.docx", "grades.csv", "marks.yml", "Marks.yaml"):
        (tmp_path / name).write_text("")
    (tmp_path / "student-004").symlink_to(tmp_path / "student-001")
    assert find_students(tmp_path, ()) == ["student-001", "student-002", "student-010"]
    assert strays(tmp_path) == [
        "essay.docx lies beside the students' folders and was not looked at",
        "lesson1.py lies beside the students' folders and was not graded; put it into its student's",
        "Marks.yaml was not read; the file that changes marks has to be called marks.yml",
        "student-003.zip is an archive and was not opened; unpack it, or use `grader collect`",
        f"student-004 is a link and was not followed; put the folder itself into {tmp_path}",
    ]


def test_a_class_that_is_still_an_archive(tmp_path: Path) -> None:
    (tmp_path / "submissions.zip").write_bytes(b"PK")
    with pytest.raises(ClassError, match=r"has no student in it; submissions.zip is an archive and was not opened"):
        find_students(tmp_path, ())


def test_many_strays_are_few_lines(tmp_path: Path) -> None:
    for i in range(500):
        (tmp_path / f"{i} \x1b[31m.zip").write_bytes(b"")
    lines = strays(tmp_path)
    assert len(lines) == 31
    assert lines[-1] == "and 470 more things beside the students' folders"
    assert "\x1b" not in "".join(lines)


# Names


def test_names_and_lessons(course: Course) -> None:
    for name in ("Lesson1", "mylesson_01", "LESSON 1 (2)", "numbers", "my-numbers.final", "ＬＥＳＳＯＮ１"):
        assert lessons_said(name, course.lessons) == {NAME}, name
    for name in ("lesson11", "lesson", "1", "test_lesson1", "numbers_test", "balancer"):
        assert lessons_said(name, course.lessons) == set(), name
    assert lessons_said("lesson1 and lesson2", course.lessons) == {NAME, "lesson2_balance"}


def test_every_lesson_of_the_course_is_told_from_every_other() -> None:
    """Deep Q-learning is not Q-learning, and a network called DQN is not the whole of it."""
    lessons = load(find_root(Path(__file__))).lessons
    for lesson in lessons:
        title = lesson.name.partition("_")[2]
        for name in (lesson.name, title, f"lesson {lesson.number}", f"doe_1_{lesson.name} (1)", f"my_{title}_final"):
            assert lessons_said(name, lessons) == {lesson.name}, name


def test_a_lesson_that_is_not_begun_is_not_taken_from_another_one_s_file(tmp_path: Path) -> None:
    course = load(find_root(Path(__file__)))
    third = course.lesson("3")
    for other in course.lessons:
        source = course.solution(other) if other != third else course.stub(third)
        path = tmp_path / other.name / f"{other.name}.py"
        path.parent.mkdir()
        path.write_bytes(source.read_bytes())
    assert read_work(course, third, tmp_path).is_stub
    (tmp_path / third.name / f"{third.name}.py").unlink()
    assert read_work(course, third, tmp_path).status == "missing"
    assert (stem_of("a.b.PY"), stem_of("a.ipynb.txt"), stem_of("a.txt"), stem_of(".py")) == ("a.b", "a", "", "")
    assert (other_stem("a.txt"), other_stem("lesson1"), other_stem("a.pdf")) == ("a", "lesson1", "")
    assert all(map(is_archive, ("a.ZIP", "a.tar.gz", "a.tgz", "a.7z", "a.rar", "a.tar")))
    assert not any(map(is_archive, ("zip", "a.zip.py", "tar.py")))


def test_a_notebook_without_the_lesson_in_its_name(course: Course, tmp_path: Path) -> None:
    """What a notebook defines is seen as in a module."""
    cells = [cell(NUMBERS)]
    path = tmp_path / "Untitled3.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    report = judge(course, tmp_path)
    assert report.score == 3
    assert report.notes[0].startswith("Untitled3.ipynb was graded; it should lie in")
