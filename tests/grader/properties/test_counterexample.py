"""A counterexample as it is pasted: short, and it shows the same as the calls that it stands for."""

from __future__ import annotations

import ast
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tiny_course
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_course import NUMBERS

from grader.grading.grade import Asked, grade
from grader.properties.answers import same
from grader.properties.code import code
from grader.properties.layout import _as_loops, _wrapped
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


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros((400_000_000, 0)), "<ndarray of shape (400000000, 0), float64>"),
        (torch.zeros(0, 400_000_000), "<tensor of shape (0, 400000000), torch.float32>"),
        ([[[0.5] * 500] * 500] * 500, "<list of 500 items>"),
        ({i: ["x" * 900] * 900 for i in range(900)}, "<dict of 900 items>"),
        ([np.zeros((500, 0))] * 900, "<list of 900 items>"),
        ("x" * 900_000, "<str of 900,000 characters>"),
        (b"x" * 900_000, "<bytes of 900,000 bytes>"),
        (set(range(5000)), "<set of 5000 items>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_too_large_to_print_is_described_before_it_is_printed(value, says):
    tracemalloc.start()
    try:
        assert code(value) == says
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


numbers = st.floats() | st.integers(-(2**63), 2**63) | st.floats(width=32).map(np.float32) | st.booleans()
numbers |= st.complex_numbers().map(np.complex128)


@settings(max_examples=300, deadline=None)
@given(numbers, numbers, st.sampled_from([0.0, 1e-5, -1e-4, 1e-9]))
def test_numbers_of_a_kind_are_alike_where_numpy_says_so(one, other, off):
    for left, right in [(one, other), (one, one), (one, complex(one) * (1 + off) if off else one)]:
        if isinstance(right, complex):
            right = np.complex128(right)
        with np.errstate(all="ignore"):
            # In double precision: in single precision numpy takes 0 and 3.4e42 for alike, as the tolerance overflows.
            left_, right_ = (
                value if isinstance(value, np.complexfloating) else float(value) for value in (left, right)
            )
            far = np.isinf(np.abs(right_)) and np.isfinite(right_)  # numpy says that all are alike to such a number
            expected = left_ == right_ if far else np.isclose(left_, right_, rtol=1e-4, atol=1e-5, equal_nan=True)
            kinds = {np.asarray(value).dtype.kind.replace("u", "i").replace("O", "i") for value in (left, right)}
            assert same(left, right) is (bool(expected) and len(kinds) == 1)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(-99, 99) | st.text(max_size=5) | st.booleans(), max_size=9), max_size=30),
    st.sampled_from(["", "    "]),
)
def test_a_long_statement_is_broken_between_its_values(rows, indent):
    line = f"{indent}print(f({rows!r}, key={rows[:1]!r}))"
    broken = _wrapped(line)
    assert max(map(len, broken)) <= 100
    for lines in ([line], broken):
        ast.parse("\n".join(["if True:", *lines] if indent else lines))
    left, right = (ast.dump(ast.parse("\n".join(lines).strip())) for lines in ([line], broken))
    assert left == right


def test_a_script_prints_all_answers_as_far_as_they_can_be_read(tmp_path):
    """Pasted into an interpreter each line echoes its value; in a script nothing does."""
    course = tiny_course.make(tmp_path / "course")
    tests = course.tests(course.lesson("lesson1_numbers")) / "test_numbers.py"
    law = (
        '@exercise("double")\ndef test_{0}(student):\n    """Law."""\n'
        "    got = [student.double(x) for x in range({0})]\n"
    )
    laws = [f"\n\n{law.format(count)}    assert got == []\n" for count in (3, 13)]
    tests.write_text("from grader.testing import exercise\n" + "".join(laws))
    text = NUMBERS.replace("2 * x", "x")
    report = grade(
        course,
        Work("sample", course.lesson("lesson1_numbers"), Submission(text)),
        Here(),
        Asked(only=frozenset({"double"})),
    )
    few, many = [result.counterexample for result in report.properties]
    assert few.code == "print(double(0))\nprint(double(1))\nprint(double(2))"
    assert many.code.splitlines()[-2:] == ["double(11)", "print(double(12))"]
    assert many.code.count("print") == 1


def test_an_action_is_no_number_with_a_point():
    """A name that rests on the value 2 is not given to code that answers 2.0, or True for 1."""
    assert not same(2, 2.0)
    assert not same(True, 1)
    assert not same(np.array([1, 2]), np.array([1.0, 2.0]))
    assert not same(torch.tensor([True]), torch.tensor([1]))
    assert same(2.0, np.float32(2))
    assert same(np.array([1, 2], np.int32), np.array([1, 2], np.int64))
    assert same(np.array([0.5], np.float32), np.array([0.5]))


def test_numbers_that_are_too_large_to_be_measured_are_compared():
    far = np.complex128(complex(1.5e308, 1.5e308))
    assert same(far, np.complex128(far))
    assert not same(far, np.complex128(0))
    assert not same(np.float64(1.3e308), np.complex128(1.3e308j))
    assert same(10**400, 10**400)
    assert not same(10**400, 10**400 + 1)
    assert not same(10**400, 1.0)


def test_answers_that_numpy_compares_item_by_item_are_compared():
    assert not same({np.float64(1): 1}, {(1, 2): 1})
    assert not same(np.complex128(1j), 1)
    assert not same({np.int64(hash((1, 2)))}, {(1, 2)})
    assert same({(1, 2), 3}, {3, (1, 2)})
