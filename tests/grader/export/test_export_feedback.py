"""A zip of feedback: everybody's own page and nobody else's, under a name by which it finds its way."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import tiny_course
from sample_reports import report, store
from typed import grader

from grader.course import Course
from grader.errors import ClassError
from grader.export import feedback
from grader.ledger import stored as ledger
from grader.report.mark import Case, Points

FIRST, SECOND = "lesson1_numbers", "lesson2_balance"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = tiny_course.make(tmp_path / "course")
    reports = [
        report(who, lesson, title=f"On {lesson}") for who in ("Jane Doe", "José", "x") for lesson in (FIRST, SECOND)
    ]
    store(course, course.root / "report", *reports)
    said = Case("Jane Doe", FIRST, additions=(Points(1, "well asked"),))
    ledger.store(course, course.root / "report", ledger.Ledger((said,)))
    return course


def made(course: Course, *more: str) -> tuple[dict[str, str], list[str]]:
    """The files of the zip, and what was said."""
    done = grader(course.root, "export", "feedback", "report", "--out", "feedback.zip", *more)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(course.root / "feedback.zip") as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert done.stdout == f"{len(files)} page{'' if len(files) == 1 else 's'} in feedback.zip\n"
    return files, done.stderr.splitlines()


def test_a_file_a_student(course: Course) -> None:
    files, said = made(course)
    assert list(files) == ["Jane Doe.html", "José.html", "x.html"]
    assert said == []
    for name, text in files.items():
        others = {"Jane Doe", "José", "x.html"} - {name.removesuffix(".html"), name}
        assert text.startswith("<!doctype html>")
        assert not any(other in text for other in others)
    assert "1 added: well asked" in files["Jane Doe.html"]
    first = (course.root / "feedback.zip").read_bytes()
    made(course)
    assert (course.root / "feedback.zip").read_bytes() == first


def test_of_one_lesson_alone(course: Course) -> None:
    files, _ = made(course, "--lesson", "2")
    assert all("On lesson2_balance" in text and "On lesson1_numbers" not in text for text in files.values())


def test_files_are_called_after_ids(course: Course) -> None:
    (course.root / "ids.csv").write_text("folder,id\nJane Doe,../jane@school.edu\nJosé,JANE@school.edu\ngone,g\n")
    files, said = made(course, "--ids", "ids.csv")
    assert list(files) == ["jane@school.edu.html", "JANE@school.edu (2).html"]
    assert said == ["x: no id in the file of ids", "gone: in the file of ids, but not graded"]


def test_moodle_finds_the_student_by_the_folder(course: Course) -> None:
    with zipfile.ZipFile(course.root / "given.zip", "w") as archive:
        for name in ("Jane Doe_17_assignsubmission_file_/a.py", "Jane Doe_17_assignsubmission_onlinetext_/o.html"):
            archive.writestr(name, "")
        for number in (18, 19):
            archive.writestr(f"José_{number}_assignsubmission_file_a.py", "")
    files, said = made(course, "--moodle", "given.zip")
    assert list(files) == ["Jane Doe_17_assignfeedback_file/feedback.html"]
    assert said == [
        "José: left out, as several students there are called so",
        "x: left out, as nobody there is called so",
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--moodle", "course.yml"), "course.yml cannot be read: File is not a zip file"),
        (("--moodle", "nothing.zip"), "nothing.zip cannot be read: "),
        (("--moodle", "tests"), "tests is no zip of submissions from Moodle"),
        (("--moodle", "a.zip", "--ids", "b.csv"), "give one of them"),
        (("--lesson", "7"), "no single lesson is called '7'"),
        (("--out", "report/feedback.zip"), "report"),
        (("--out", "nowhere/feedback.zip"), "nowhere/feedback.zip cannot be written: No such file or directory"),
    ],
)
def test_what_goes_wrong_is_one_line(course: Course, more: tuple[str, ...], says: str) -> None:
    done = grader(course.root, "export", "feedback", "report", "--out", "feedback.zip", *more)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (course.root / "feedback.zip").exists()


def test_an_edited_report_is_sent_to_nobody(course: Course) -> None:
    (course.root / "feedback.zip").write_bytes(b"before")
    path = course.root / "report" / "x" / f"{SECOND}.json"
    path.write_text(path.read_text().replace("7.5", "9.5"))
    done = grader(course.root, "export", "feedback", "report", "--out", "feedback.zip")
    assert "was not made by this course's grader" in done.stderr
    assert (course.root / "feedback.zip").read_bytes() == b"before"
    assert not list(course.root.glob(".*.part"))


def test_names_are_told_by_moodle_s_own_rule(tmp_path: Path) -> None:
    for name in (
        "A B_1_assignsubmission_file",
        "A B_2_assignsubmission_onlinetext_",
        "_3_assignsubmission_file_",
        "C_x_y",
    ):
        (tmp_path / name).mkdir()
    assert {name: sorted(numbers) for name, numbers in feedback.participants(tmp_path).items()} == {"A B": ["1", "2"]}
    with pytest.raises(ClassError, match="cannot be read"):
        feedback.participants(tmp_path / "nothing")
