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
        listed = mutants.equivalents(course, lesson)
        text = course.solution(lesson).read_text(encoding="utf-8")
        # Of lines that are in no list, nothing is asked: to make all mutants takes half a minute.
        lines = {
            i for i, line in enumerate(text.splitlines(), start=1) if line.strip() in {each.old for each in listed}
        }
        there = {(m.old, m.new) for m in mutants._mutants(text, mutants._regions(text) & lines)}
        for each in listed:
            assert (each.old, each.new) in there, f"{lesson.name}: {each.old} -> {each.new}"
            assert len(each.why) > 20


def test_a_list_with_a_mistake_is_refused_in_words(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    (course.tests(course.lessons[0]) / "equivalent.yml").write_text("- old: a\n  new: b\n")
    with pytest.raises(CourseError, match=r"lesson1_numbers/equivalent\.yml.*why"):
        mutants.equivalents(course, course.lessons[0])


def test_of_a_wheat_everything_but_train_is_changed_and_a_share_is_drawn(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    one, two = course.lessons
    (wheat,) = (course.tests(one) / "wheats").glob("*.py")
    found = mutants.of_wheats(course, one)
    assert {mutant.of for mutant in found.values()} == {wheat.stem}
    text = wheat.read_text().splitlines()
    assert all(text[mutant.line - 1].strip() == mutant.old for mutant in found.values())
    for several in (2, 5):
        drawn = {mutant.source for mutant in mutants.of_wheats(course, one, several).values()}
        assert drawn <= {mutant.source for mutant in found.values()}
        assert len(drawn) < len(found)
    source = course.solution(two).read_text()
    changed = {mutant.line for mutant in mutants.of_wheat(source, "balance", {"four_times"})}
    assert changed
    assert max(changed) < next(i for i, line in enumerate(source.splitlines(), 1) if line.startswith("def train"))


WHEAT = """\
def judged(x):
    return x + 1


def used(x):
    return x * 2


class Settings:
    gamma = 0.9


def train(x):
    return judged(x) + Settings.gamma


def judged(x):
    return used(x) - 3
"""


def test_of_a_wheat_only_what_a_property_can_reach_is_changed() -> None:
    """Not what another function of the same name takes the place of, and not what training alone uses."""
    changed = {mutant.old for mutant in mutants.of_wheat(WHEAT, "w", {"judged"})}
    assert changed == {"return used(x) - 3", "return x * 2"}


def test_a_listed_mutant_of_a_wheat_is_no_survivor_and_a_draw_makes_no_list_outdated(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    lesson = course.lessons[0]
    found = mutants.of_wheats(course, lesson)
    nobody = dict.fromkeys(found, "")
    first = next(iter(found.values()))
    entry = f"- old: {first.old!r}\n  new: {first.new!r}\n  why: x\n- old: gone\n  new: gone too\n  why: x\n"
    (course.tests(lesson) / "wheat_equivalent.yml").write_text(entry)
    listed = mutants.equivalents(course, lesson, wheats=True)
    row = mutants.row(lesson, found, nobody, listed)
    assert row.outdated == ()
    assert (first.line, first.old, first.new, first.of) not in row.survivors
    assert mutants.equivalents(course, lesson) == ()
