"""What makes a report stale, and what does not: it depends on its own lesson, and on what holds for all."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import tiny_course

from grader.course import load
from grader.grading.digest import digest

FIRST, SECOND = "lesson1_numbers", "lesson2_balance"
COURSE = "course.yml"


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        # Its own entry, and its own hints.
        (COURSE, "name: double, points: 2", "name: double, points: 3", {FIRST}),
        (COURSE, ", needs: [double]", "", {FIRST}),
        (COURSE, "title: Numbers", "title: More numbers", {FIRST}),
        (COURSE, "threshold: 5", "threshold: 6", {SECOND}),
        (COURSE, "max_steps: 200", "max_steps: 300", {SECOND}),
        (COURSE, "    imports: [lesson1_numbers]\n", "", {SECOND}),
        (f"exercises/{FIRST}.yml", "a nudge", "a better nudge", {FIRST}),
        (f"exercises/{FIRST}.yml", ", nearly all", "", {FIRST}),
        (f"exercises/{SECOND}.yml", "", "train: [Which way does it fall?]\n", {SECOND}),
        # What holds for all lessons.
        (COURSE, "cpu_seconds: 2", "cpu_seconds: 3", {FIRST, SECOND}),
        (COURSE, "call_seconds: 5", "call_seconds: 5, memory_mb: 2000", {FIRST, SECOND}),
        (COURSE, "salt: grains", "salt: more grains", {FIRST, SECOND}),
        (COURSE, "salt: grains", "salt: grains\ncarry_forward: false", {FIRST, SECOND}),
        (COURSE, "salt: grains", "salt: grains\ncarry_forward: true", {FIRST, SECOND}),
        # A reference that a later lesson may get in the place of somebody's own work, and the tests of one lesson.
        (f"solutions/{FIRST}.py", "x / 2", "x * 0.5", {FIRST, SECOND}),
        (f"solutions/{SECOND}.py", "Balance", "Still balance", {SECOND}),
        (f"tests/{FIRST}/chaffs.yml", "rounds down", "rounds off", {FIRST}),
        # What changes no report: deadlines, the class of the demo, the name of the whole, comments, what a default is.
        (COURSE, "title: Numbers", "title: Numbers\n    due: 2026-10-05T23:59:00+02:00", set()),
        (COURSE, "salt: grains", f"sample_class: [{SECOND}]\nsalt: grains", set()),
        (COURSE, "title: A tiny course", "title: A small course", set()),
        (COURSE, "salt: grains", "# Of sand.\nsalt: grains\ncarry_forward: closed", set()),
        (COURSE, "call_seconds: 5", "call_seconds: 5, memory_mb: 3000", set()),
        (f"exercises/{FIRST}.yml", "double", "# From a question to nearly the answer.\ndouble", set()),
    ],
)
def test_a_report_depends_on_its_own_lesson_and_on_what_holds_for_all(
    tmp_path: Path, file: str, old: str, new: str, stale: set[str]
) -> None:
    course = tiny_course.make(tmp_path)
    before = {lesson.name: digest(course, lesson, {}) for lesson in course.lessons}
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    course = load(tmp_path)
    assert {lesson.name for lesson in course.lessons if digest(course, lesson, {}) != before[lesson.name]} == stale


def test_a_further_lesson_makes_no_report_stale(tmp_path: Path) -> None:
    before = tiny_course.make(tmp_path)
    third = "  - {name: lesson3_more, title: More, exercises: [{name: triple, points: 1}]}\n"
    (tmp_path / COURSE).write_text(tiny_course.COURSE + third)
    (tmp_path / "exercises/lesson3_more.yml").write_text("triple: [Three times?]\n")
    after = load(tmp_path)
    for lesson in before.lessons:
        assert digest(before, lesson, {}) == digest(after, after.lesson(lesson.name), {})


def test_a_worker_has_the_same_digest(tmp_path: Path) -> None:
    """The course travels to it, and what was equal has to stay so."""
    course = tiny_course.make(tmp_path)
    there = pickle.loads(pickle.dumps(course))
    for here, other in zip(course.lessons, there.lessons, strict=True):
        assert digest(course, here, {}) == digest(there, other, {})
