"""Adjusted marks on the pages and in the terminal: what was earned, by how much it changed, and why, as words."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from rich.console import Console
from sample_reports import broken, report

from grader.render import class_terminal, html, marks
from grader.report.mark import Case, Extension, Late, Points
from grader.report.report import Report
from grader.report.settled import settled

FRIDAY = datetime.fromisoformat("2026-10-09T23:59:00+02:00")
EVIL = "<script>alert(1)</script>"


def given_to(one: Report, **parts: object) -> Report:
    return settled(one, Case(one.student, one.lesson, **parts))  # type: ignore[arg-type]


LATE = given_to(report("student-001", score=8.5), late=Late(2, 1, 10, 10))
EXCUSED = given_to(report("student-001", "lesson6_x", 4.0), excused=EVIL)
WAITS = given_to(report("student-002", score=0, status="missing"), extension=Extension(FRIDAY, "ill", is_open=True))
BY_HAND = given_to(report("student-003", score=0, status="missing"), score=Points(6, "oral exam"))
PLAIN = report("student-004", score=8.5)
CLASS = [LATE, EXCUSED, WAITS, BY_HAND, PLAIN]


def test_a_student_reads_how_the_mark_came_to_be() -> None:
    page = html.student_page([LATE, EXCUSED])
    assert "7.5 of 10 points: 8.5 earned, 1 taken off: two days late (10 % per day, 1 free late day spent)." in page
    assert "<strong>7.5</strong> of 10 points" in page, "the total leaves out what does not count"
    assert "Excused" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "Your mark" not in html.student_page([PLAIN])
    assert "deadline moved to 2026-10-09 23:59+02:00: ill; not due yet." in html.student_page([WAITS])


def test_a_class_s_page_marks_them_with_more_than_a_colour_and_gives_the_reasons() -> None:
    page = html.class_page(CLASS, title="A course")
    assert page.count('class="moved"') == 4
    assert '<span class="moved">* −1</span>' in page
    assert '<span class="moved">* +6</span>' in page
    listed = page.partition('id="adjusted"')[2]
    assert "student-001</bdi></a>, lesson 5: 7.5 of 10 points: 8.5 earned, 1 taken off: two days late" in listed
    assert "6 of 10 points: 0 earned, set to 6: oral exam." in listed
    assert "student-004" not in listed
    assert "<script>" not in page
    assert "Excused" in page
    assert "Not due yet" in page
    plain = html.class_page([PLAIN], title="A course")
    assert "Adjusted marks" not in plain
    assert 'class="moved"' not in plain


def test_a_class_s_page_says_of_how_many_nobody_knows_the_time() -> None:
    five = "lesson5_replay_buffer"
    said = marks.without_time([PLAIN, LATE, WAITS], [five], [("student-001", five)])
    assert said.startswith("It is not known when 1 of 2 submissions on lesson 5 came in, so nothing is taken off")
    assert said in html.class_page([PLAIN], title="A course", without_time=said)
    assert marks.without_time([PLAIN], [], []) == ""
    assert marks.without_time([LATE], [five], [("student-001", five)]) == ""


def test_a_mark_by_hand_takes_the_grader_s_fault_off_the_page() -> None:
    fault = broken("student-001")
    assert "are not to be used" in html.class_page([fault], title="A course")
    assert "are not to be used" in html.student_page([fault])
    mended = given_to(fault, score=Points(6, "read by hand"))
    assert "are not to be used" not in html.class_page([mended], title="A course") + html.student_page([mended])


def printed(reports: list[Report], **more: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    class_terminal.print_class_summary(reports, console, Path("out"), **more)  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_marks_them_and_says_why() -> None:
    shown = printed(CLASS, moved=["student-001, lesson5_x: 8.5 → 7.5"], without_time="Of 1 of 2")
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.startswith("student-")}
    assert lines["student-001"] == ["7.5*", "ex*", "7.5"]
    assert lines["student-002"] == ["…*", "0"]
    assert lines["student-003"] == ["6*", "6"]
    assert lines["student-004"] == ["8.5", "8.5"]
    assert "* 4 marks are adjusted:" in shown
    assert "student-003, lesson5_replay_buffer: 6 of 10 points: 0 earned, set to 6: oral exam" in shown
    assert "marks.yml or the late rule has moved 1 mark since the last run:" in shown
    assert "ex excused" in shown
    assert "Of 1 of 2" in shown
    assert "adjusted" not in printed([PLAIN])
    assert "… and 2 more" in printed([given_to(report(f"s{i}", score=1), late=Late(1, 0, 10, 10)) for i in range(12)])
