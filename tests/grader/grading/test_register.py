"""The register of a class: no report is read twice, and none that was changed is believed."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course
from grader.errors import ClassError
from grader.grading import desk, history, one_student, pages, register, register_file, salted
from grader.grading.one_student import grade_student
from grader.grading.pages import write_pages
from grader.grading.register import Register
from grader.grading.register_file import FILE
from grader.grading.run import Run
from grader.ledger.stored import Ledger
from grader.report import seal
from grader.report.mark import Case, Points
from grader.report.step import silent
from grader.report.thin import Thinner
from grader.student.inprocess import Here

LESSONS = ("lesson1_numbers", "lesson2_balance")
WHO = ("student-001", "student-002")


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled as soon as they are there."""
    monkeypatch.setattr(register, "SETTLED_NS", -(10**18))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def out(course: Course, tmp_path: Path) -> Path:
    """The reports of a class of two."""
    for student, numbers in zip(WHO, (NUMBERS, NUMBERS.replace("2 * x", "3 * x")), strict=True):
        hand_in(tmp_path / "in", student, LESSONS[0], numbers)
        hand_in(tmp_path / "in", student, LESSONS[1], BALANCE)
        grade(course, tmp_path / "out", student)
    write_pages(course, tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def grade(course: Course, out: Path, student: str) -> None:
    grade_student(Run(course, out.parent / "in", out, LESSONS, train=False, fresh=True), student, Here(), silent)


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose reports are read from now on."""
    found: list[str] = []
    real = seal.read

    def read(course: Course, out: Path, student: str, lesson: str) -> object:
        found.append(student)
        return real(course, out, student, lesson)

    monkeypatch.setattr(seal, "read", read)
    return found


def test_nothing_is_opened_twice(course: Course, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [seal.read(course, out, student, lesson) for student in WHO for lesson in LESSONS]
    read = opened(monkeypatch)
    there = Register(course, out)
    found = [there.get(student, lesson) for student in WHO for lesson in LESSONS]
    assert found == [each and Thinner().thin(each) for each in whole]
    assert all(found)
    assert read == []


def test_what_has_changed_is_opened_and_has_to_bear_its_seal(
    course: Course, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal.path_of(out, WHO[0], LESSONS[0])
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"score": 3.0', b'"score": 9.0'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    read = opened(monkeypatch)
    there = Register(course, out)
    assert [report.lesson for report in there.of(WHO[0], LESSONS)] == [LESSONS[1]]
    assert there.strange(WHO) == [path]
    assert there.strange(WHO[1:]) == []
    assert len(there.of(WHO[1], LESSONS)) == 2
    assert read == [WHO[0]]


@pytest.mark.parametrize("harm", ["cut off", "edited", "another salt", "another grader", "no such file"])
def test_a_register_that_is_not_ours_is_not_used(
    harm: str, course: Course, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = out / FILE
    data = path.read_bytes()
    if harm == "cut off":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "edited":
        path.write_bytes(data.replace(b"graded", b"error "))
    elif harm == "another salt":
        course = msgspec.structs.replace(course, class_salt="another")
    elif harm == "another grader":
        monkeypatch.setattr(register, "of_the_grader", lambda: "another")
    else:
        path.unlink()
    read = opened(monkeypatch)
    found = Register(course, out).of(WHO[0], LESSONS)
    assert len(read) == 2
    assert len(found) == (0 if harm == "another salt" else 2)


def test_what_was_written_a_moment_ago_is_opened_again(
    course: Course, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "SETTLED_NS", 10**15)
    grade(course, out, WHO[0])
    write_pages(course, out.parent / "in", out)
    read = opened(monkeypatch)
    assert len(Register(course, out).of(WHO[0], LESSONS)) == 2
    assert read == [WHO[0]] * 2


def test_one_students_change_writes_one_students_page(
    course: Course, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    real = pages.html.student_page

    def student_page(reports: list[object], *more: object, **options: object) -> str:
        shown.append(reports[0].student)  # type: ignore[attr-defined]
        return real(reports, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pages.html, "student_page", student_page)
    write_pages(course, out.parent / "in", out)
    assert shown == []
    grade(course, out, WHO[1])
    write_pages(course, out.parent / "in", out)
    assert shown == [WHO[1]]
    # A page that somebody has changed, or a choice that all pages show, is another matter.
    (out / WHO[0] / "index.html").write_text("nothing")
    write_pages(course, out.parent / "in", out)
    assert shown == [WHO[1], WHO[0]]
    write_pages(course, out.parent / "in", out, films=False)
    assert shown[2:] == list(WHO)
    # So is another stylesheet.
    monkeypatch.setattr(register, "of_the_views", lambda: "another")
    write_pages(course, out.parent / "in", out, films=False)
    assert shown[4:] == list(WHO)


def test_a_page_that_was_written_a_moment_ago_is_not_written_again(
    course: Course, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "SETTLED_NS", 10**15)
    grade(course, out, WHO[0])
    write_pages(course, out.parent / "in", out)
    monkeypatch.setattr(pages.html, "student_page", lambda *_, **__: pytest.fail("written"))
    write_pages(course, out.parent / "in", out)


def test_who_has_left_the_class_is_in_no_register(course: Course, out: Path) -> None:
    import shutil

    shutil.rmtree(out.parent / "in" / WHO[1])
    write_pages(course, out.parent / "in", out)
    assert {path.parent.name for path, _, _ in register_file.digests(out)} == {WHO[0]}


@pytest.mark.parametrize("data", [b"", b"x" * 40, b"x" * 32 + b"\xff" * 9])
def test_what_is_no_register_says_nothing_about_salts(out: Path, data: bytes) -> None:
    (out / FILE).write_bytes(data)
    assert list(register_file.digests(out)) == []
    assert sorted(salted._prints(out)) == [""] * 4


def test_another_salt_is_noticed_by_the_register_as_by_the_reports(course: Course, out: Path) -> None:
    known = sorted(salted._prints(out))
    (out / FILE).unlink()
    assert sorted(salted._prints(out)) == known == [""] * 4


def rows(out: Path) -> list[dict[str, str]]:
    path = out / history.FILE
    return list(csv.DictReader(path.open())) if path.exists() else []


def test_a_mark_that_moves_is_a_line_of_history(course: Course, out: Path) -> None:
    write_pages(course, out.parent / "in", out)
    assert rows(out) == [], "a first mark has not moved"
    hand_in(out.parent / "in", WHO[1], LESSONS[0], NUMBERS)
    grade(course, out, WHO[1])
    write_pages(course, out.parent / "in", out)
    (row,) = rows(out)
    assert (row["student"], row["lesson"], row["before"], row["after"]) == (WHO[1], LESSONS[0], "1", "3")
    assert row["why"] == "the work has changed"
    assert row["date"].endswith("Z")
    # The same work once more moves nothing, and marks.yml moves a mark as well.
    grade(course, out, WHO[1])
    write_pages(course, out.parent / "in", out)
    assert len(rows(out)) == 1
    said = Ledger((Case(WHO[0], LESSONS[0], additions=(Points(-1, "no text"),)),))
    write_pages(course, out.parent / "in", out, ledger=said)
    write_pages(course, out.parent / "in", out, ledger=said)
    assert [(each["before"], each["after"], each["why"]) for each in rows(out)[1:]] == [
        ("3", "2", "marks.yml, or a penalty for being late, says something else")
    ]
    assert [entry.after for entry in history.of(out, WHO[0], LESSONS[0])] == ["2"]
    assert history.of(out, WHO[0], LESSONS[1]) == []


def test_another_try_with_the_same_mark_and_what_is_new_are_lines_too(course: Course, out: Path) -> None:
    hand_in(out.parent / "in", WHO[0], LESSONS[0], f"{NUMBERS}\n# once more\n")
    hand_in(out.parent / "in", "student-003", LESSONS[0], NUMBERS)
    for student in (WHO[0], "student-003"):
        grade(course, out, student)
    there = Register(course, out)
    write_pages(course, out.parent / "in", out, register=there)
    assert there.moved == [], "nothing to be said at the end of a run"
    assert [(row["student"], row["before"], row["after"], row["why"]) for row in rows(out)] == [
        (WHO[0], "3", "3", "the work has changed"),
        ("student-003", "", "3", "graded for the first time"),
        ("student-003", "", "0", "graded for the first time"),
    ]
    assert "1 ×1, 1 ×2" not in (out / "index.html").read_text()
    assert "2 ×1, 1 ×2" in (out / "index.html").read_text()


def test_another_grader_knows_what_was_said_before(course: Course, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "of_the_grader", lambda: "another")
    test = course.tests(course.lesson("1")) / "test_numbers.py"
    test.write_text(test.read_text().replace("student.half(x) == near(x / 2)", "student.half(x) == near(x / 2 + 1)"))
    grade(course, out, WHO[0])
    write_pages(course, out.parent / "in", out)
    (row,) = rows(out)
    assert (row["student"], row["after"], row["why"]) == (WHO[0], "2", "the hidden tests have changed")


def test_another_salt_is_a_reason_and_no_register_with_its_seal_is_believed(
    course: Course, out: Path, tmp_path: Path
) -> None:
    said = Ledger((Case(WHO[0], LESSONS[0], additions=(Points(-1, "no text"),)),))
    salts = [msgspec.structs.replace(course, class_salt=word) for word in ("a word for this test", "another word")]
    for student in WHO:
        grade(salts[0], out, student)
    write_pages(salts[0], tmp_path / "in", out, ledger=said)
    there = len(rows(out))
    assert Register(salts[1], out).of(WHO[0], LESSONS) == [], "what another salt has sealed is no report here"
    hand_in(out.parent / "in", WHO[1], LESSONS[0], NUMBERS)
    for student in WHO:
        grade(salts[1], out, student)
    write_pages(salts[1], tmp_path / "in", out, ledger=said)
    (row,) = rows(out)[there:]
    assert (row["student"], row["before"], row["after"]) == (WHO[1], "1", "3")
    assert row["why"] == "the work has changed; the salt of the class is another one"


def test_rows_of_another_shape_say_nothing(course: Course, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "of_the_grader", lambda: "another")
    monkeypatch.setattr(register, "ROWS", msgspec.msgpack.Decoder(tuple[int, ...]))
    there = Register(course, out)
    assert len(there.of(WHO[0], LESSONS)) == 2
    assert list(there.since(WHO)) == []


def test_a_damaged_history_is_one_line_and_no_history_is_none(out: Path) -> None:
    assert history.of(out, WHO[0], LESSONS[0]) == []
    (out / history.FILE).write_text("date\n1,2,3\n")
    with pytest.raises(ClassError, match="repair it, or move it away"):
        history.of(out, WHO[0], LESSONS[0])


def test_an_unchanged_register_is_not_written_again(course: Course, out: Path) -> None:
    before = (out / FILE).stat()
    write_pages(course, out.parent / "in", out)
    assert (out / FILE).stat() == before


def test_work_of_which_there_is_no_report_is_not_read_by_the_process_that_hands_out_jobs(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "in", WHO[0], LESSONS[0], NUMBERS)
    monkeypatch.setattr(desk, "read_work", lambda *_: pytest.fail("read"))
    run = Run(course, tmp_path / "in", tmp_path / "out", LESSONS, train=False)
    assert one_student.kept(run, WHO[0], Here.isolation) is None
