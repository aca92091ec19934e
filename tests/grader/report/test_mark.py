"""Final marks: the order of the steps, their sum, and that nothing is done where nothing was said."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import broken, report

from grader.render.marks import sentence, short, why
from grader.report.mark import Case, Extension, Late, Points, mark
from grader.report.moves import moves
from grader.report.report import Report
from grader.report.settled import Settled, mark_of, settle, settled
from grader.report.sorting import is_full, overall, standing
from grader.report.tally import lessons

FRIDAY = datetime.fromisoformat("2026-10-09T23:59:00+02:00")
TWO_DAYS = Late(2, 0, 10, 20)
OPEN, OVER = Extension(FRIDAY, "ill", is_open=True), Extension(FRIDAY, "ill", is_open=False)


def case(**parts: object) -> Case:
    return Case("student-001", "lesson5_replay_buffer", **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "final", "words"),
    [
        (case(), 8.5, ""),
        (case(handed_in=FRIDAY), 8.5, ""),
        (
            case(late=TWO_DAYS),
            6.5,
            "6.5 of 10 points: 8.5 earned, 2 taken off: two days late (10 % per day)",
        ),
        (
            case(late=Late(2, 1, 10, 10)),
            7.5,
            "7.5 of 10 points: 8.5 earned, 1 taken off: two days late (10 % per day, 1 free late day spent)",
        ),
        (
            case(late=Late(2, 2, 10, 0)),
            8.5,
            "8.5 of 10 points: 8.5 earned, nothing taken off: two days late (2 free late days spent)",
        ),
        (
            case(late=Late(9, 0, 10, 50)),
            3.5,
            "3.5 of 10 points: 8.5 earned, 5 taken off: 9 days late (10 % per day, at most 50 %)",
        ),
        (case(late=Late(10, 0, 10, 100)), 0, "0 of 10 points: 8.5 earned, 8.5 taken off: 10 days late (10 % per day)"),
        (case(score=Points(9, "oral exam")), 9, "9 of 10 points: 8.5 earned, set to 9: oral exam"),
        (case(additions=(Points(1, "typo"),)), 9.5, "9.5 of 10 points: 8.5 earned, 1 added: typo"),
        (case(additions=(Points(-1, "plots"),)), 7.5, "7.5 of 10 points: 8.5 earned, 1 taken off: plots"),
        (
            case(additions=(Points(3, "typo"),)),
            10,
            "10 of 10 points: 8.5 earned, 1.5 added: typo (+3 was given, but a mark is at least 0 and at most 10)",
        ),
        (
            case(late=TWO_DAYS, score=Points(4, "oral exam"), additions=(Points(1, "typo"), Points(-2, "plots"))),
            3,
            "3 of 10 points: 8.5 earned, 2 taken off: two days late (10 % per day); set to 4: oral exam; "
            "1 added: typo; 2 taken off: plots",
        ),
        (
            case(extension=OVER),
            8.5,
            "8.5 of 10 points: 8.5 earned, deadline moved to 2026-10-09 23:59+02:00: ill",
        ),
    ],
)
def test_what_is_said_is_what_comes_of_it(said: Case, final: float, words: str) -> None:
    made = mark(8.5, 10, said)
    assert made.final == pytest.approx(final)
    assert made.counts
    assert sentence(made) == words


def test_one_who_is_excused_has_neither_points_nor_maximum() -> None:
    one = settled(report("student-001", score=8.5), case(excused="joined late"))
    assert (one.score, one.max_score, standing(one), is_full(one)) == (0, 0, "excused", False)
    assert sentence(mark_of(one)) == "excused: joined late (8.5 of 10 points earned, which count nowhere)"


@pytest.mark.parametrize(
    ("status", "extension", "expected"),
    [
        ("missing", OPEN, "open"),
        ("not started", OPEN, "open"),
        ("graded", OPEN, "graded"),
        ("missing", OVER, "missing"),
    ],
)
def test_an_extension_waits_for_work_until_it_is_over(status: str, extension: Extension, expected: str) -> None:
    one = settled(report("student-001", score=0, status=status), case(extension=extension))
    assert standing(one) == expected
    assert one.max_score == (0 if expected == "open" else 10)


def test_a_mark_by_hand_stands_in_for_one_that_the_grader_failed_to_give() -> None:
    fault = broken("student-001")
    assert standing(settled(fault, case(additions=(Points(1, "typo"),)))) == "error"
    given_by_hand = settled(fault, case(score=Points(8, "read by hand")))
    assert (standing(given_by_hand), given_by_hand.score, given_by_hand.has_error) == ("graded", 8, False)
    whole = settled(msgspec.structs.replace(fault, status="error"), case(score=Points(8, "read by hand")))
    assert standing(whole) == "graded"


def test_what_is_settled_is_never_stored() -> None:
    with pytest.raises(TypeError, match="not stored"):
        settled(report("student-001"), case(score=Points(1, "x"))).to_json()


def test_a_report_of_which_nothing_is_said_is_the_same_object() -> None:
    one = report("student-001")
    assert settle([one], {}) == [one]
    assert settled(one, case(handed_in=FRIDAY)) is one
    assert not isinstance(one, Settled)


def test_means_and_totals_leave_out_who_is_excused() -> None:
    first, second = report("student-001", score=4), settled(report("student-002"), case(excused="joined late"))
    [tallied] = lessons([second, first])
    assert (tallied.graded, tallied.mean, tallied.max_score) == (1, 4, 10)
    assert overall([first]) == "graded"


def test_another_ledger_is_a_reason_of_its_own() -> None:
    one = report("student-001", score=8.5)
    late, later = settled(one, case(late=TWO_DAYS)), settled(one, case(excused="joined late"))
    for before, after, difference in ((one, late, -2), (late, one, 2), (late, later, None)):
        [move] = moves([before], [after])
        assert (move.why, move.difference) == (("ledger",), difference)
    assert moves([late], [late]) == []
    # Fewer points earned under the same ledger: the reports say why, and the ledger is not it.
    low = settled(msgspec.structs.replace(one, score=1.0), case(late=TWO_DAYS))
    assert [move.why for move in moves([late], [low])] == [("unknown",)]


points = st.floats(0, 20, allow_nan=False).map(lambda value: round(value, 2))
reasons = st.sampled_from(["typo", "oral exam", "ill"])
CASES = st.builds(
    Case,
    st.just("student-001"),
    st.just("lesson5_replay_buffer"),
    late=st.none() | st.builds(Late, st.integers(1, 40), st.integers(0, 3), st.just(10.0), st.floats(0, 100)),
    extension=st.none() | st.sampled_from([OPEN, OVER]),
    score=st.none() | st.builds(Points, points, reasons),
    additions=st.lists(st.builds(Points, st.floats(-20, 20, allow_nan=False), reasons), max_size=3).map(tuple),
    excused=st.sampled_from(["", "", "joined late"]),
)


@given(st.data(), CASES, st.booleans())
def test_a_mark_lies_between_nothing_and_all_and_its_steps_add_up(data: st.DataObject, said: Case, work: bool) -> None:
    maximum = data.draw(points)
    earned = data.draw(st.floats(0, maximum))
    made = mark(earned, maximum, said, has_work=work)
    assert 0 <= made.final <= maximum
    assert made.earned + sum(step.by for step in made.steps) == pytest.approx(made.final, abs=1e-4)
    assert made.counts or made.final == 0
    assert bool(why(made)) == bool(made.steps)
    kinds = [step.kind for step in made.steps]
    order = ["late", "extension", "override", "addition", "excused", "open"]
    assert kinds == sorted(kinds, key=order.index)


@given(st.floats(0, 10))
def test_nothing_said_changes_nothing(earned: float) -> None:
    for said in (None, case(), case(handed_in=FRIDAY)):
        made = mark(earned, 10, said)
        assert (made.final, made.steps, made.adjusted, sentence(made)) == (earned, (), 0, "")


def test_a_difference_has_its_sign() -> None:
    assert short(mark(8.5, 10, case(late=TWO_DAYS))) == "−2"
    assert short(mark(8.5, 10, case(score=Points(9, "oral exam")))) == "+0.5"
    assert short(mark(8.5, 10, case(extension=OVER))) == "0"


def test_a_report_keeps_all_that_it_says() -> None:
    one: Report = broken("student-001")
    changed = settled(one, case(score=Points(8, "read by hand")))
    for field in one.__struct_fields__:
        if field not in ("score", "max_score", "status"):
            assert getattr(changed, field) == getattr(one, field)
