"""The page for a disputed mark: it shows the code that was judged, or says that it is not there; nothing in it acts."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from pathlib import Path

import msgspec
import pytest
import tiny_course
from tiny_course import NUMBERS, hand_in

from grader.course import Course
from grader.errors import ClassError
from grader.grading import dispute, origin
from grader.grading.one_student import grade_student
from grader.grading.pages import write_pages
from grader.grading.run import Run
from grader.ledger.stored import Ledger
from grader.report import seal
from grader.report.mark import Case, Points
from grader.report.step import silent
from grader.student.inprocess import Here

LESSON, WHO = "lesson1_numbers", "student-001"
HOSTILE = NUMBERS.replace("2 * x", "3 * x") + "# </code><script>alert(1)</script> \x1b[31m \u202e\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def graded(course: Course, tmp_path: Path, source: str, who: str = WHO) -> None:
    hand_in(tmp_path / "in", who, LESSON, source)
    grade_student(Run(course, tmp_path / "in", tmp_path / "out", (LESSON,), train=False), who, Here(), silent)


def page(course: Course, tmp_path: Path, who: str = WHO) -> str:
    return dispute.dispute(course, tmp_path / "in", tmp_path / "out", who, course.lesson("1"))


def test_it_shows_the_code_that_was_judged_and_how_to_repeat_it(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, HOSTILE)
    made = page(course, tmp_path)
    lines = [unescape(line) for line in re.findall(r"<li><code>(.*?)</code></li>", made)]
    assert lines[: NUMBERS.count("\n")] == NUMBERS.replace("2 * x", "3 * x").splitlines()
    assert hashlib.sha256(HOSTILE.encode()).hexdigest() in made
    assert "<script>" not in made
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert (
        "nothing: the lesson’s rules and points, the hidden tests, the grader, Python and the libraries are the same"
        in made
    )
    out = tmp_path / "out"
    command = f"grader grade {tmp_path / 'in'} --student {WHO} --lesson 1 --fresh --out {out}-again --against {out}"
    assert f"<code>{command}</code>" in made
    assert "<strong>1</strong> of 3 points" in made
    assert dispute.page_of(out, WHO, course.lesson("1")) == out / WHO / f"{LESSON}.dispute.html"


def test_other_code_is_not_shown_for_it(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, NUMBERS)
    hand_in(tmp_path / "in", WHO, LESSON, NUMBERS + "\nMORE = 1\ndouble = lambda x: MORE * 2 * x\n")
    made = page(course, tmp_path)
    assert "is not what was judged" in made
    assert "MORE" not in made
    assert '<ol class="lines">' not in made


def test_it_says_what_has_changed_since(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graded(course, tmp_path, NUMBERS)
    test = course.tests(course.lesson("1")) / "test_numbers.py"
    test.write_text(test.read_text() + "# stricter\n")
    monkeypatch.setattr(origin, "of_the_grader", lambda: "another")
    assert "the hidden tests have changed; the grader has changed" in page(course, tmp_path)


def test_a_mark_by_hand_is_the_mark(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, NUMBERS)
    said = Case(WHO, LESSON, score=Points(2, "oral exam"))
    write_pages(course, tmp_path / "in", tmp_path / "out", ledger=Ledger((said,)))
    made = page(course, tmp_path)
    assert "<strong>2</strong> of 3 points" in made
    assert "set to 2: oral exam" in made


def test_what_was_not_judged_is_said(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, "def double(:\n")
    made = page(course, tmp_path)
    assert "<code>def double(:</code>" in made
    assert "No property was judged." in made
    graded(course, tmp_path, "")
    assert "There is no code that could have been judged" in page(course, tmp_path)


def test_it_says_how_the_mark_has_moved(course: Course, tmp_path: Path) -> None:
    graded(course, tmp_path, NUMBERS.replace("2 * x", "3 * x"))
    write_pages(course, tmp_path / "in", tmp_path / "out")
    assert "How the mark has moved" not in page(course, tmp_path)
    graded(course, tmp_path, NUMBERS)
    write_pages(course, tmp_path / "in", tmp_path / "out")
    made = page(course, tmp_path)
    assert "<td>1/3 → 3/3</td><td>the work has changed</td>" in made


def test_a_name_that_a_shell_would_read_is_quoted(course: Course, tmp_path: Path) -> None:
    who = "a b; rm -rf ~"
    graded(course, tmp_path, NUMBERS, who)
    assert f"--student '{who}'" in unescape(page(course, tmp_path, who))


def test_without_a_report_or_its_origin_it_is_one_line(course: Course, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ClassError, match="has no report of 'student-001' on lesson1_numbers; grade it first"):
        page(course, tmp_path)
    graded(course, tmp_path, NUMBERS)
    report = seal.read(course, tmp_path / "out", WHO, LESSON)
    assert report is not None
    old = seal.sealed(course, msgspec.structs.replace(report, origin=None))
    seal.path_of(tmp_path / "out", WHO, LESSON).write_bytes(old.to_json())
    with pytest.raises(ClassError, match="does not say what it was made from"):
        page(course, tmp_path)
