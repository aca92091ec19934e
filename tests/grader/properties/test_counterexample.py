"""A counterexample as it is pasted: short, and it shows the same as the calls that it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course
from hypothesis import given
from hypothesis import strategies as st
from tiny_course import NUMBERS

from grader.grading.grade import grade
from grader.properties.counterexample import _as_loops
from grader.render import words
from grader.student.inprocess import Here
from grader.submissions.read import Submission
from grader.submissions.work import Work

MANY_CALLS = """

@exercise("double")
def test_many(student):
    \"\"\"`double` gives the same every time.\"\"\"
    answers = [student.double(0) for _ in range(30)]
    assert answers[-1] == 1
"""


def shown(lines: list[str]) -> list[str]:
    """What an interactive session echoes: every expression, inside of a loop too."""
    echoed: list[str] = []
    names = {"echo": echoed.append, "a": "a", "b": "b", "c": "c", "d": "d", "e": "e"}
    exec("\n".join(f"{line[: len(line) - len(line.lstrip())]}" + _echo(line.strip()) for line in lines), names)
    return echoed


def _echo(line: str) -> str:
    return line if line.startswith("for ") else f"echo({line})"


@given(st.lists(st.sampled_from("abcde"), max_size=60))
def test_loops_show_what_the_lines_show(lines: list[str]) -> None:
    short = _as_loops(lines)
    assert shown(short) == lines
    assert len(short) <= len(lines)


@pytest.mark.parametrize(
    ("lines", "short"),
    [
        (["f(1)"] * 30, ["for _ in range(30):", "    f(1)"]),
        (["f(1)"] * 3, ["f(1)"] * 3),
        (["g()", *["f(1)"] * 29, "print(f(1))"], ["g()", "for _ in range(29):", "    f(1)", "print(f(1))"]),
        (["f(1)", "f(2)"] * 10, ["for _ in range(10):", "    f(1)", "    f(2)"]),
        (["x = '''a\nb'''"] * 5, ["x = '''a\nb'''"] * 5),
    ],
)
def test_equal_calls_are_a_loop(lines: list[str], short: list[str]) -> None:
    assert _as_loops(lines) == short


def test_thirty_calls_of_a_property_are_three_lines_that_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course.make(tmp_path)
    with (tmp_path / "tests/lesson1_numbers/test_numbers.py").open("a") as tests:
        tests.write(MANY_CALLS)
    report = grade(course, Work("student-001", course.lesson("1"), Submission(NUMBERS)), Here())
    failed = next(result for result in report.properties if result.name == "test_many")
    script = words.script(failed.counterexample)
    assert script == ("from lesson1_numbers import double\n\nfor _ in range(29):\n    double(0)\nprint(double(0))")
    exec(script.replace("from lesson1_numbers import double", "double = lambda x: 2 * x"), {})
    assert capsys.readouterr().out.strip() == failed.got == "0"
