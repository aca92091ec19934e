"""The grid of corners claims nothing that is not so, in any lesson; and what would not be so is noticed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.course import Course, Lesson, load
from grader.errors import CourseError
from grader.student.inprocess import Here
from grader.verify import corners
from grader.verify.visits import CORNERS, Call, Case, visits

COURSE = load(Path(__file__).parents[3])


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: str(lesson.name))
def test_every_cell_is_visited_or_has_a_reason(lesson: Lesson) -> None:
    """After a change of a property: `grader corners --write`, and read the difference."""
    with Here() as place:
        row = corners.row(COURSE, lesson, visits(COURSE, lesson, place))
    assert row.problems == ()
    assert list(row.cells) == list(CORNERS)
    assert all(list(by_exercise) == [e.name for e in lesson.exercises] for by_exercise in row.cells.values())


MEASURED = {"lean_policy": {"ties": Counter({"test_a": 2, "test_b": 5}), "read-only": Counter[str]()}}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The course as far as a grid needs it: the text and the stub of lesson 1."""
    (tmp_path / "exercises").mkdir()
    (tmp_path / "tests" / "lesson1_agent_loop").mkdir(parents=True)
    (tmp_path / "course.yml").write_bytes((COURSE.root / "course.yml").read_bytes())
    for path in (COURSE.root / "exercises").glob("lesson*"):
        if path.suffix == ".yml" or path.stem == "lesson1_agent_loop":
            (tmp_path / "exercises" / path.name).write_bytes(path.read_bytes())
    return load(tmp_path)


@pytest.mark.parametrize(
    ("grid", "problems"),
    [
        ("lean_policy: {ties: test_a, read-only: {said: stays as it is}}", []),
        ("lean_policy: {ties: test_b, read-only: {none: no arrays}}", []),
        ("", ["ties: no entry; test_b visits it", "read-only: no entry; no property visits it"]),
        (
            "lean_policy: {ties: test_c, read-only: test_a}",
            [
                "ties: test_c does not visit it; test_b visits it",
                "read-only: test_a does not visit it; no property visits it",
            ],
        ),
        (
            "lean_policy: {ties: {none: there are none}, read-only: {said: 'Stays  as it was.'}}",
            [
                "ties: there is a reason why nothing visits it, but test_b visits it",
                "read-only: the lesson does not say 'Stays  as it was.'",
            ],
        ),
        (
            "lean_policy: {ties: test_a, read-only: {}}",
            ["read-only: one of `said` and `none` is needed, with words"],
        ),
        ("lean_policy: {ties: test_a, read-only: {none: x}, edges: test_a}", ["'edges' is not a corner"]),
    ],
)
def test_a_cell_that_claims_what_is_not_so_is_listed(course: Course, grid: str, problems: list[str]) -> None:
    lesson = course.lessons[0]
    corners.path_of(course, lesson).write_text(grid, encoding="utf-8")
    found = [re.sub(r"^lean_policy[,:] ", "", problem) for problem in corners.row(course, lesson, MEASURED).problems]
    assert found == problems


def test_names_are_filled_in_and_reasons_stay(course: Course) -> None:
    lesson = course.lessons[0]
    path = corners.path_of(course, lesson)
    corners.update(course, lesson, MEASURED)
    assert corners.read(course, lesson) == {"lean_policy": {"ties": "test_b"}}
    path.write_text('lean_policy: {ties: test_a, read-only: {none: "γ: \\"no\\" arrays"}}', encoding="utf-8")
    corners.update(course, lesson, MEASURED)
    kept = {"lean_policy": {"ties": "test_a", "read-only": corners.Reason(none='γ: "no" arrays')}}
    assert corners.read(course, lesson) == kept
    assert corners.row(course, lesson, MEASURED).problems == ()


@pytest.mark.parametrize("text", ["- a list", "lean_policy: {ties: {says: x}}", "lean_policy: {ties: [", "a: {b: 1}"])
def test_a_file_that_is_no_grid_is_refused_in_one_line(course: Course, text: str) -> None:
    lesson = course.lessons[0]
    corners.path_of(course, lesson).write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=r"^tests/lesson1_agent_loop/corners\.yml: .+$") as refused:
        corners.read(course, lesson)
    assert "\n" not in str(refused.value)


SEEN = [
    ("one row", {"rewards": torch.ones(1)}, {"rewards": torch.ones(2)}),
    ("one row", {"batch_size": 1}, {"batch_size": 2}),
    ("all terminal", {"terminated": torch.ones(3)}, {"terminated": torch.tensor([True, False])}),
    ("none terminal", {"terminated": np.zeros(3, bool)}, {"terminated": np.array([0.0, 1.0])}),
    ("ties", {"q_values": np.array([1.0, 3.0, 3.0])}, {"q_values": np.array([1.0, 1.0, 3.0])}),
    ("near ties", {"q_values": np.array([1.0, 1.0 + 1e-9])}, {"q_values": np.array([1.0, 1.0])}),
    ("all negative", {"Q": -np.ones(2)}, {"Q": np.array([-1.0, 0.0])}),
    ("zero", {"gamma": 0.0}, {"gamma": 0.5, "action": 0}),
    ("large", {"rewards": [1.0, -1e6]}, {"rewards": [1.0], "seed": 5000}),
    ("integers", {"rewards": [1, 2]}, {"rewards": [1.0], "actions": np.array([1]), "terminated": np.array([1])}),
    ("float64", {"observation": np.ones(2)}, {"observation": np.ones(2, np.float32), "gamma": 0.5}),
    ("not contiguous", {"Q": np.ones((2, 4))[:, ::2]}, {"Q": np.ones((2, 4))}),
    ("read-only", {"Q": np.broadcast_to(1.0, 2)}, {"Q": np.ones(2)}),
]


@pytest.mark.parametrize(("corner", "there", "elsewhere"), SEEN, ids=[corner for corner, _, _ in SEEN])
def test_a_corner_is_seen_where_it_is_and_not_beside_it(corner: str, there: dict, elsewhere: dict) -> None:
    assert CORNERS[corner](Case([Call(elsewhere, b"1"), Call(there, b"2")]))
    assert not CORNERS[corner](Case([Call(elsewhere, b"1")]))
