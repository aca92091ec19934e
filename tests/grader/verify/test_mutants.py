"""Automatic mutants: what is changed, what is left alone, and who notices."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import tiny_course

pytest.importorskip("cosmic_ray", reason="the extra `mutants` is not installed")

from grader.course import find_root, load
from grader.errors import CourseError
from grader.verify import mutants

SOLUTION = '''"""A module."""

LIMIT = 10


def clip(x, low):
    """Leave 1 < 2 alone."""
    if x < 0:
        return 1
    ### BEGIN SOLUTION
    if not x > low:
        x = max(low, x + 1)
    for _ in range(2):
        x = -x
    return x
    ### END SOLUTION
'''


def changes() -> set[tuple[str, str]]:
    return {(mutant.old, mutant.new) for mutant in mutants.mutants(SOLUTION)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if not x > low:", "if not x >= low:"),
        ("if not x > low:", "if not x <= low:"),
        ("if not x > low:", "if  x > low:"),
        ("x = max(low, x + 1)", "x = max(x + 1, low)"),
        ("x = max(low, x + 1)", "x = max(low, x - 1)"),
        ("x = max(low, x + 1)", "x = max(low, x + 0)"),
        ("x = max(low, x + 1)", "x = max(low, x + 2)"),
        ("x = max(low, x + 1)", "pass"),
        ("for _ in range(2):", "for _ in []:"),
        ("x = -x", "x = +x"),
        ("return x", "pass"),
    ],
)
def test_every_kind_of_change_is_made(old: str, new: str) -> None:
    assert (old, new) in changes()


def test_only_what_a_student_writes_is_changed() -> None:
    found = mutants.mutants(SOLUTION)
    lines = SOLUTION.splitlines()
    for mutant in found:
        ast.parse(mutant.source)
        others = [a for a, b in zip(lines, mutant.source.splitlines()) if a != b]
        assert len(others) == 1
        assert 11 <= mutant.line <= 15
        assert lines[mutant.line - 1].strip() == mutant.old
    assert len({mutant.source for mutant in found}) == len(found)


def test_the_lists_of_equivalent_mutants_fit_the_solutions() -> None:
    course = load(find_root(Path(__file__)))
    for lesson in course.lessons:
        there = {(m.old, m.new) for m in mutants.mutants(course.solution(lesson).read_text(encoding="utf-8"))}
        for each in mutants.equivalents(course, lesson):
            assert (each.old, each.new) in there, f"{lesson.name}: {each.old} -> {each.new}"
            assert len(each.why) > 20


def test_a_list_with_a_mistake_is_refused_in_words(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    (course.tests(course.lessons[0]) / "equivalent.yml").write_text("- old: a\n  new: b\n")
    with pytest.raises(CourseError, match=r"lesson1_numbers/equivalent\.yml.*why"):
        mutants.equivalents(course, course.lessons[0])
