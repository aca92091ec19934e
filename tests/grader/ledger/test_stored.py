"""The ledger beside the reports: what was applied is what is read, and nobody else can write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import tiny_course
from sample_reports import report

from grader.errors import ClassError
from grader.ledger import made
from grader.ledger.stored import FILE, Ledger, applied, store, stored
from grader.report import due
from grader.report.mark import Case, Extension, Late, Points
from grader.report.settled import Settled

FRIDAY = datetime.fromisoformat("2026-10-09T23:59:00+02:00")
LEDGER = Ledger(
    (
        Case("student-001", "lesson1_numbers", FRIDAY, Late(2, 1, 10, 10), Extension(FRIDAY, "ill", False)),
        Case(
            "student-002", "lesson1_numbers", score=Points(2, "oral"), additions=(Points(-1, "plots"),), excused="left"
        ),
    ),
    ("lesson1_numbers",),
)


def test_what_is_stored_is_what_is_read(tmp_path: Path) -> None:
    course = tiny_course.shared()
    assert stored(course, tmp_path) == Ledger()
    store(course, tmp_path, LEDGER)
    found = stored(course, tmp_path)
    assert (found.cases, found.late) == (LEDGER.cases, LEDGER.late)
    assert made.last(course, tmp_path) == found
    first, second = applied(course, tmp_path, [report("student-001", "lesson1_numbers"), report("student-003")])
    assert isinstance(first, Settled)
    assert not isinstance(second, Settled)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-20], "cannot be read"),
        (lambda text: b"[" * 100_000, "cannot be read"),
        (lambda text: text.replace(b'"points": 2', b'"points": 3'), "was not made by this course's grader"),
        (lambda text: json.dumps({**json.loads(text), "seal": "é"}).encode(), "was not made by this course's grader"),
        (lambda text: b"{}", "was not made by this course's grader"),
    ],
)
def test_a_ledger_of_somebody_else_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    course = tiny_course.shared()
    store(course, tmp_path, LEDGER)
    text = (tmp_path / FILE).read_bytes()
    assert damage(text) != text
    (tmp_path / FILE).write_bytes(damage(text))
    with pytest.raises(ClassError, match=message):
        applied(course, tmp_path, [])
    assert made.last(course, tmp_path) is None


def test_a_ledger_that_was_removed_is_no_empty_one(tmp_path: Path) -> None:
    """Without it, every mark would silently be what was earned."""
    course = tiny_course.make(tmp_path / "course")
    out = tmp_path / "out"
    out.mkdir()
    assert stored(course, out) == Ledger(), "nothing has been graded yet"
    store(course, out, Ledger())
    due.store(out, due.Counted((), "all"))
    (out / FILE).unlink()
    with pytest.raises(ClassError, match=r"ledger\.json is not there any more, and marks depend on it; grade again"):
        stored(course, out)
