"""A class under code names: no name of a student is anywhere in the folder, and marks find their way back."""

from __future__ import annotations

import csv
import os
import re
import stat
from pathlib import Path

import msgspec
import pytest
import tiny_course
from hypothesis import given
from hypothesis import strategies as st
from tiny_course import BALANCE, NUMBERS, hand_in
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course, code_names, salt
from grader.errors import ClassError
from grader.export.anonymous import Masker
from grader.grading.one_student import grade_student
from grader.grading.pages import write_pages
from grader.grading.run import Run
from grader.ledger import made
from grader.report.report import Report
from grader.report.step import silent
from grader.student.inprocess import Here

FIRST, SECOND = LESSONS = ("lesson1_numbers", "lesson2_balance")
JANE, JO, ZHANG, ODD = WHO = ("Doe-Jane", "jo.roe", "zhang3", "grades.csv")
IDS = {JANE: "s1234567", JO: "jo@school.example"}
# Names wherever a student can put one: in a docstring, a name, a printed line, a message, another's file name.
NAMED = f'''\
"""By doe-jane, with ZHANG3 and {IDS[JO]}; not by zhang31."""

def double(x):
    print("Doe-Jane was here, and so was zhang3")
    raise ValueError("ask Doe-Jane (s1234567)") if x > 3 else TypeError("not jo.roe_2")


def half_of_Doe_Jane(x):
    return x / 2


def half(x):
    return half_of_Doe_Jane(x) + 1
'''


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    course = tiny_course.make(tmp_path / "course").of_class(make=True)
    monkeypatch.chdir(course.root)
    return course


@pytest.fixture
def graded(course: Course, tmp_path: Path) -> Path:
    """The reports on four students, with a ledger and a history."""
    submissions, out = tmp_path / "in", tmp_path / "out"
    for student, text in zip(WHO, (NUMBERS, NUMBERS.replace("2 * x", "3 * x"), NAMED, NUMBERS), strict=True):
        hand_in(submissions, student, FIRST, text)
    path = submissions / JANE / "Doe-Jane_lesson2_balance (for s1234567).py"
    path.write_text(BALANCE)
    _grade(course, submissions, out)
    (submissions / "marks.yml").write_text(
        f"- {{student: {JO}, lesson: 1, add: 0.5, why: 'as agreed with jo.roe, see Doe-Jane'}}\n"
        f"- {{student: {ZHANG}, lesson: 2, excused: yes, why: zhang3 joined in November}}\n"
    )
    hand_in(submissions, JANE, FIRST, NAMED)
    _grade(course, submissions, out)
    return out


def _grade(course: Course, submissions: Path, out: Path) -> None:
    for student in WHO:
        grade_student(Run(course, submissions, out, LESSONS, train=False), student, Here(), silent)
    marks = submissions / "marks.yml"
    ledger = made.ledger(course, WHO, marks if marks.exists() else None)
    write_pages(course, submissions, out, ledger=ledger)


def anonymous(out: Path, *words: str) -> Path:
    blind = out.parent / "blind"
    done = CliRunner().invoke(app, ["export", "anonymous", str(out), "--out", str(blind), *words])
    assert done.exit_code == 0, (done.output, done.exception)
    assert not _found(done.stdout), "somebody may look over a shoulder"
    return blind


def _found(text: str) -> list[str]:
    names = [*WHO[:3], *IDS.values(), "doe_jane", "jo_roe"]
    return [name for name in names if re.search(rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])", text.lower())]


def test_no_name_is_anywhere_in_the_folder(course: Course, graded: Path) -> None:
    ids = graded.parent / "ids.csv"
    ids.write_text("folder,id\n" + "".join(f"{student},{identity}\n" for student, identity in IDS.items()))
    blind = anonymous(graded, "--submissions", str(graded.parent / "in"), "--ids", str(ids))
    codes = code_names.of(course, WHO)
    files = sorted(path for path in blind.rglob("*") if path.is_file())
    assert {path.relative_to(blind).parts[0] for path in files} == {
        *codes.values(),
        *("index.html", "grades.csv", "properties.csv", "history.csv", ".code-names"),
    }
    leaks = {
        str(path.relative_to(blind)): found
        for path in files
        if (found := _found(f"{path.relative_to(blind)}\n{path.read_text()}"))
    }
    assert leaks == {}
    # And it was all there: what is replaced is replaced by the name of whom it means.
    code = (blind / codes[ZHANG] / f"{FIRST}.code.html").read_text()
    assert codes[JANE] in code
    assert f"half_of_{codes[JANE]}" in code
    assert "zhang31" in (blind / codes[JANE] / f"{FIRST}.code.html").read_text(), "another word"
    assert "A code name stands in it" in code
    assert "To do it again" not in code
    report = Report.from_json((blind / codes[JANE] / f"{SECOND}.json").read_bytes())
    assert (report.seal, report.digest, report.student) == ("", "", codes[JANE])
    assert report.origin is not None
    assert report.origin.file == f"{SECOND}.py"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", report.origin.made_at), "the order of times is the order of names"
    rows = list(csv.DictReader((blind / "history.csv").open()))
    assert {row["student"] for row in rows} >= {codes[JANE], codes[JO]}
    marks = {(row["student"], row["lesson"]): row for row in csv.DictReader((blind / "grades.csv").open())}
    assert marks[codes[JO], FIRST]["why"] == f"0.5 added: as agreed with {codes[JO]}, see {codes[JANE]}"
    assert marks[codes[ZHANG], SECOND]["status"] == "excused"


def test_the_order_of_pages_is_not_the_order_of_names(course: Course, graded: Path) -> None:
    blind = anonymous(graded)
    made_in = sorted((path for path in blind.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name for path in made_in] == sorted(code_names.of(course, WHO).values())
    assert not list(blind.rglob("*.code.html")), "without the submissions there is no code"


def test_who_is_who_is_for_its_owner_alone_and_not_in_the_folder(course: Course, graded: Path) -> None:
    blind = anonymous(graded)
    path = course.root / ".grader-names.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = {row["student"]: row["code"] for row in csv.DictReader(path.open())}
    assert known == code_names.of(course, WHO)
    done = CliRunner().invoke(
        app, ["export", "anonymous", str(graded), "--out", str(blind), "--key", str(blind / "who.csv")]
    )
    assert isinstance(done.exception, ClassError)
    assert "which others are to see" in str(done.exception)


def test_marks_given_under_a_code_name_are_exported_under_the_real_one(course: Course, graded: Path) -> None:
    codes, submissions = code_names.of(course, WHO), graded.parent / "in"
    marks = submissions / "marks.yml"
    marks.write_text(f"- {{student: {codes[JANE]}, lesson: 1, score: 2, why: read by a second person}}\n")
    write_pages(course, submissions, graded, ledger=made.ledger(course, WHO, marks))
    done = CliRunner().invoke(app, ["export", "csv", str(graded)])
    row = next(row for row in csv.DictReader(done.stdout.splitlines()) if row["student"] == JANE)
    assert (row["score"], row["why"]) == ("2", "set to 2: read by a second person")
    assert not [code for code in codes.values() if code in done.stdout]
    marks.write_text(f"- {{student: [{codes[JANE]}, {JANE}], lesson: 1, add: 1, why: twice}}\n")
    with pytest.raises(ClassError, match="comes twice in one entry"):
        made.ledger(course, WHO, marks)


def test_what_has_no_salt_or_something_else_in_it_is_refused(
    course: Course, graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = msgspec.structs.replace(course, class_salt="")
    with pytest.raises(ClassError, match="made with the salt of the class, and there is none here"):
        code_names.of(public, WHO)
    full = graded.parent / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for out, why in ((full, "something else in it"), (graded / "blind", "lies in"), (course.root.parent, "holds")):
        done = CliRunner().invoke(app, ["export", "anonymous", str(graded), "--out", str(out)])
        assert isinstance(done.exception, ClassError), out
        assert why in str(done.exception)
    assert os.listdir(full) == ["notes.txt"]


def test_code_names_are_steady_and_say_nothing_without_the_salt(course: Course) -> None:
    many = [f"student-{i:05d}" for i in range(3000)]
    codes = code_names.of(course, many)
    assert len(set(codes.values())) == 3000
    assert code_names.of(course, many[:10]) == {student: codes[student] for student in many[:10]}
    assert all(re.fullmatch(r"[bdfghjklmnprstvz][aiou]\S+", code) for code in codes.values())
    other = msgspec.structs.replace(course, class_salt="another word")
    assert not set(code_names.of(other, many[:100]).values()) & set(codes.values())


def test_two_students_who_would_share_a_name_get_longer_ones(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_names, "_bits", lambda key, student: b"\x7f\0\0\1" + student[-2:].encode())
    codes = code_names.of(course, ("student-01", "student-02"))
    assert len(set(codes.values())) == 2
    assert all(code.startswith("lusab-babad-") for code in codes.values())


NAMES = (
    st.lists(st.text("ab1", min_size=1, max_size=3), min_size=1, max_size=3)
    .map("-".join)
    .filter(lambda name: sum(map(str.isalnum, name)) >= 3)
)


@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    parts=st.lists(st.sampled_from(["say ", "(", ") ", "_", ".py", ", ", "\n"]), min_size=1, max_size=5),
)
def test_every_name_that_stands_apart_is_replaced(names: list[str], parts: list[str]) -> None:
    masker = Masker({name: f"<{i}>" for i, name in enumerate(names)})
    text = "".join(f"{part}<{names[i % len(names)]}>" for i, part in enumerate(parts))
    masked = masker.text(text.replace("<", "«").replace(">", "»"))
    assert not [name for name in names if f"«{name}»" in masked]
