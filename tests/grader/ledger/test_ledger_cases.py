"""Who is late by how much, and which entry counts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course, Exercise, LateRule, Lesson
from grader.ledger.cases import cases
from grader.ledger.entries import Entry, Key
from grader.report.mark import Case, Extension, Late, Points

MONDAY = datetime.fromisoformat("2026-10-05T23:59:00+02:00")
NOW = MONDAY + timedelta(days=30)
RULE = LateRule(10, at_most=50, grace_minutes=15)
NAMES = ("lesson1_x", "lesson2_x", "lesson3_x")


def course(
    *, late: LateRule | None = RULE, free: int = 0, own: Mapping[str, LateRule] | None = None, due: bool = True
) -> Course:
    lessons = (
        Lesson(
            name,
            "X",
            (Exercise("f", 10),),
            due=MONDAY + timedelta(weeks=i) if due else None,
            late=(own or {}).get(name),
        )
        for i, name in enumerate(NAMES)
    )
    return Course("A course", tuple(lessons), late=late, free_late_days=free)


def after(lesson: int, **delay: float) -> tuple[str, datetime]:
    """A lesson's name, and a time so long after its deadline."""
    return NAMES[lesson - 1], MONDAY + timedelta(weeks=lesson - 1) + timedelta(**delay)


def lateness(made: Course, *handed_in: tuple[str, datetime], entries: tuple[Entry, ...] = ()) -> dict[str, Late | None]:
    times = {("a", lesson): time for lesson, time in handed_in}
    return {case.lesson: case.late for case in cases(made, entries, ["a"], NOW, times)}


@pytest.mark.parametrize(
    ("delay", "days"),
    [
        ({"days": -1}, 0),
        ({"minutes": 0}, 0),
        ({"minutes": 15}, 0),
        ({"minutes": 15, "microseconds": 1}, 1),
        ({"days": 1}, 1),
        ({"days": 1, "minutes": 1}, 2),
        ({"days": 4}, 4),
    ],
)
def test_days_have_begun_after_the_deadline(delay: dict[str, float], days: int) -> None:
    expected = Late(days, 0, 10, 10 * days) if days else None
    assert lateness(course(), after(1, **delay)) == {"lesson1_x": expected}


def test_no_more_is_taken_off_than_the_rule_allows() -> None:
    assert lateness(course(), after(1, days=9)) == {"lesson1_x": Late(9, 0, 10, 50)}


@pytest.mark.parametrize(
    "made",
    [
        course(late=None),
        course(late=LateRule(0)),
        course(late=LateRule(10, at_most=0)),
        course(due=False),
        course(own={"lesson1_x": LateRule(0)}),
    ],
)
def test_without_a_rule_or_a_deadline_nobody_is_late(made: Course) -> None:
    assert lateness(made, after(1, days=2)) == {"lesson1_x": None}


def test_without_a_time_nobody_is_late() -> None:
    assert cases(course(free=3), (), ["a", "b"], NOW, {}) == ()


def test_a_lesson_s_own_rule_comes_before_the_course_s() -> None:
    made = course(own={"lesson2_x": LateRule(25)})
    assert lateness(made, after(1, days=2), after(2, days=2)) == {
        "lesson1_x": Late(2, 0, 10, 20),
        "lesson2_x": Late(2, 0, 25, 50),
    }


def test_free_days_are_spent_once_in_the_order_of_the_lessons() -> None:
    found = lateness(course(free=3), after(3, days=2), after(1, days=2), after(2, days=2))
    assert found == {
        "lesson1_x": Late(2, 2, 10, 0),
        "lesson2_x": Late(2, 1, 10, 10),
        "lesson3_x": Late(2, 0, 10, 20),
    }


def test_a_lesson_that_does_not_count_spends_no_free_day() -> None:
    excused = Entry(1, ("a",), ("lesson1_x",), "excused", why="joined late")
    found = lateness(course(free=2), after(1, days=2), after(2, days=2), entries=(excused,))
    assert found == {"lesson1_x": None, "lesson2_x": Late(2, 2, 10, 0)}


def entry(key: Key, students: tuple[str, ...] | None, *, points: float = 0, time: datetime | None = None) -> Entry:
    return Entry(1, students, ("lesson1_x",), key, points, time, f"{key} for {students or 'all'}")


def test_an_extension_is_a_student_s_own_deadline() -> None:
    extended = entry("extension", ("a",), time=MONDAY + timedelta(days=4))
    [case] = cases(course(), (extended,), ["a", "b"], MONDAY, {("a", "lesson1_x"): MONDAY + timedelta(days=5)})
    assert case == Case(
        "a",
        "lesson1_x",
        handed_in=MONDAY + timedelta(days=5),
        late=Late(1, 0, 10, 10),
        extension=Extension(MONDAY + timedelta(days=4), "extension for ('a',)", is_open=True),
    )
    [case] = cases(course(), (extended,), ["a"], NOW)
    assert case.extension is not None
    assert not case.extension.is_open


def test_who_is_named_comes_before_everyone_and_additions_add_up() -> None:
    said = (
        entry("score", ("a",), points=8),
        entry("score", None, points=5),
        entry("add", None, points=1),
        entry("add", ("a", "b"), points=-2),
        entry("handed in", ("a",), time=MONDAY),
    )
    late = {("a", "lesson1_x"): MONDAY + timedelta(days=3)}
    for entries in (said, said[::-1]):
        first, second = cases(course(), entries, ["a", "b"], NOW, late)
        assert first.score == Points(8, "score for ('a',)")
        assert second.score == Points(5, "score for all")
        assert (first.handed_in, first.late, second.handed_in) == (MONDAY, None, None)
        assert {each.points for each in first.additions} == {each.points for each in second.additions} == {1, -2}


HOURS = st.dictionaries(st.sampled_from(NAMES), st.integers(-48, 400), max_size=3)


@given(st.dictionaries(st.sampled_from("abc"), HOURS), st.integers(0, 20), st.randoms(use_true_random=False))
def test_free_days_and_the_order_of_things(hours: dict[str, dict[str, int]], free: int, chance: random.Random) -> None:
    made = course(free=free)
    due = {lesson.name: lesson.due for lesson in made.lessons}
    times = {
        (student, name): due[name] + timedelta(hours=delay)  # type: ignore[operator]
        for student, own in hours.items()
        for name, delay in own.items()
    }
    found = cases(made, (), ["a", "b", "c"], NOW, times)
    for student in "abc":
        late = [case.late for case in found if case.student == student and case.late is not None]
        days = sum(each.days for each in late)
        assert sum(each.free for each in late) == min(free, days), "each free day is spent once, while there are any"
        assert all(each.percent == min(10 * (each.days - each.free), 50) for each in late)
        if late:
            first_that_pays = next((i for i, each in enumerate(late) if each.free < each.days), len(late))
            assert all(each.free == 0 for each in late[first_that_pays + 1 :])
    shuffled = list(times.items())
    chance.shuffle(shuffled)
    assert cases(made, (), ["a", "b", "c"], NOW, dict(shuffled)) == found
