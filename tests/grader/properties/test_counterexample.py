"""A counterexample as it is pasted: short, and it shows the same as the calls that it stands for."""

from __future__ import annotations

import ast
import contextlib
import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
from grader.properties.counterexample import write
from grader.properties.finding import Finding, explain
from grader.properties.forms import narrowed, of_the_same_kind, telling_apart
from grader.properties.layout import _as_loops, _wrapped, caught, laid_out
from grader.render import words
from grader.student.inprocess import Here
from grader.student.limits import Limits
from grader.student.remote import Student
from grader.student.session import Session
from grader.submissions.read import Submission
from grader.submissions.work import Work
from grader.testing import near, read_only, strided
from grader.testing.draws import counts
from grader.testing.networks import points, shake
from grader.testing.shown import note_in

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
    # It remembers what it was asked, so that no call can be left out.
    counts = "asked = []\n\n\n" + NUMBERS.replace(
        "return 2 * x", "asked.append(x)\n    return 2 * x + len(asked) // 15"
    )
    report = grade(course, Work("student-001", course.lesson("1"), Submission(counts)), Here())
    failed = next(result for result in report.properties if result.name == "test_many")
    script = words.script(failed.counterexample)
    assert script == ("from lesson1_numbers import double\n\nfor _ in range(29):\n    double(0)\nprint(double(0))")
    own: dict[str, Any] = {}
    exec(counts, own)
    exec(script.replace("from lesson1_numbers import double\n", ""), {"double": own["double"]})
    assert capsys.readouterr().out.strip() == failed.got == "2"


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


def test_an_unusual_array_is_written_with_the_function_that_makes_it() -> None:
    with Here() as place:
        session = place.open({"work": "def f(*arrays):\n    return len(arrays)\n"}, "work", Limits())
        session.begin(0)
        session.call(
            "f", None, (read_only(np.array([1, 2])), strided(np.array([3])), read_only(strided(np.eye(2)))), {}
        )
        written = write(session.transcript, "work").script
        session.close()
    assert written.imports[-1] == "from grader.testing import read_only, strided"
    names: dict[str, Any] = {"np": np, "read_only": read_only, "strided": strided, "f": lambda *arrays: arrays}
    kinds = [
        (a.tolist(), a.flags.writeable, a.flags.c_contiguous) for a in eval(written.code.removeprefix("print"), names)
    ]
    assert kinds == [([1, 2], False, True), ([3], True, True), ([[1, 0], [0, 1]], False, False)]


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


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-99, 99) | st.text(max_size=5), max_size=9), max_size=30))
def test_so_is_one_whose_exception_is_printed(rows):
    line = f"f({rows!r}, key={rows[:1]!r})"
    text = laid_out(["x = 1", caught(line), "print(x)"])
    assert max(map(len, text.splitlines())) <= 100
    left, right = (ast.dump(ast.parse(each)) for each in (f"x = 1\n{caught(line)}\nprint(x)", text))
    assert left == right


def test_a_script_prints_the_list_that_was_compared(tmp_path):
    """Each answer is kept where it comes; the list is printed, and nothing else."""
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
    assert few.code.splitlines()[-1] == "print([answer, answer2, answer3])"
    assert many.code.splitlines()[:2] == ["got = []", "got.append(double(0))"]
    assert many.code.splitlines()[-2:] == ["got.append(double(12))", "print(got)"]
    assert [result.got for result in report.properties] == [str(list(range(count))) for count in (3, 13)]


def written(
    session: Session, failed: tuple[str, Any, Any] | None = None, source: str = "", *, ends: bool = True
) -> tuple[str, str]:
    """The code of a counterexample for what was asked in a session, and what it prints."""
    finding = Finding("test_law", "f", "Law.", 1.0, ends=ends)
    if failed is not None:
        explain(finding, AssertionError(), failed, "")
    made = write(session.transcript, "lesson", source, finding)
    return made.script.code, made.got


@pytest.fixture
def ask() -> Iterator[Callable[[str], tuple[Session, Student]]]:
    opened = []

    def load(source: str) -> tuple[Session, Student]:
        session = Here().open({"lesson": source}, "lesson", Limits())
        opened.append(session)
        session.begin(5)
        note_in(session.transcript)
        return session, Student(session)

    yield load
    note_in(None)
    for session in opened:
        session.close()


EVERYTHING = """
import random
import numpy as np
import torch
from typing import NamedTuple

class Step(NamedTuple):
    state: np.ndarray
    reward: float

def steps(count):
    return [Step(np.full(2, i, np.float32), i / 2) for i in range(count)]

def loss(x):
    return x.sum(), (x * x).sum()

def draw():
    return random.random() + helper()

def helper():
    return np.random.rand()

def action(table, epsilon, rng):
    return int(rng.integers(len(table)))

def broken(x):
    raise ValueError("not this one")

class Net(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layer = torch.nn.Linear(size, 2)

    def forward(self, x):
        return self.layer(x)
"""


def test_the_part_that_was_compared_is_printed_where_it_comes(ask):
    session, student = ask(EVERYTHING)
    first, second = student.steps(4), student.steps(3)
    assert written(session, ("==", first[3].state.tolist(), [])) == ("print(steps(4)[3].state.tolist())", "[3.0, 3.0]")
    code_, got = written(session, ("==", [one.reward for one in second], []))
    assert code_.splitlines()[-1] == "print([one.reward for one in steps(3)])"
    assert got == "[0.0, 0.5, 1.0]"


def test_what_cannot_be_found_leaves_the_last_answer(ask):
    session, student = ask(EVERYTHING)
    student.steps(1)
    code_, got = written(session, ("==", 123.0, 4.0))
    assert code_ == "print(steps(1))"
    assert got.startswith("[Step(state=array(")


def test_one_part_that_differs_is_named(ask):
    session, student = ask(EVERYTHING)
    step = student.steps(3)[2]
    told = {"step": 2, "state": step.state.tolist(), "reward": step.reward}
    code_, got = written(session, ("==", told, {**told, "reward": 9.0}))
    assert code_ == "print('step 2, reward:', steps(3)[2].reward)"
    assert got == "step 2, reward: 1.0"


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_one_row_that_differs_is_named(kind):
    table = kind([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    label, left, right = narrowed(table, near([[1.0, 2.0], [3.0, 4.5], [5.0, 6.0]]))
    assert (label, left.tolist(), right.value.tolist()) == ("row 1", [3.0, 4.0], [3.0, 4.5])
    assert narrowed(table, near([[0.0, 2.0], [3.0, 4.5], [5.0, 6.0]]))[0] == ""
    assert narrowed(table, near([[1.0, 2.0]]))[0] == ""


def test_both_sides_are_written_so_that_they_can_be_told_apart():
    assert telling_apart(np.float64(2), 2.0) == "repr"
    close, closer = torch.tensor([0.50000001]), torch.tensor([0.5000002])
    assert telling_apart(close, closer) == "list"
    assert telling_apart(torch.tensor([0.5]), torch.tensor([0.25])) == "str"
    assert of_the_same_kind(near([1.0, 2.0]), torch.tensor([0.0])).dtype is torch.float32
    assert of_the_same_kind(near([1.0, 2.0]), np.array([0.0])).tolist() == [1.0, 2.0]
    assert of_the_same_kind(near(0.5), torch.tensor(1)).item() == 0.5


def test_gradients_of_one_of_two_answers_are_shown(ask):
    session, student = ask(EVERYTHING)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    student.loss(x)[1].backward()
    code_, got = written(session, ("==", x.grad, near([0.0, 0.0])))
    assert code_.splitlines()[1:] == ["result = loss(x)", "result[1].backward()", "print(x.grad)"]
    assert got == "tensor([2., 4.])"
    assert run(code_, EVERYTHING) == got


def test_what_the_code_draws_from_is_seeded_as_it_was(ask):
    session, student = ask(EVERYTHING)
    drawn = student.draw()
    code_, got = written(session, ("==", drawn, 0.0), EVERYTHING)
    assert code_.splitlines() == ["random.seed(5)", "np.random.seed(5)", "print(draw())"]
    assert run(code_, EVERYTHING) == got == str(drawn)
    session.begin(5)
    student.steps(1)
    assert written(session, None, EVERYTHING)[0] == "print(steps(1))"


def test_a_generator_is_written_by_its_seed(ask):
    session, student = ask(EVERYTHING)
    rng = student.put(np.random.default_rng(7321))
    got = student.action(np.zeros(1000), 0.0, rng)
    code_, said = written(session, ("==", got, -1), EVERYTHING)
    assert code_.splitlines() == ["rng = np.random.default_rng(7321)", "print(action(np.full((1000,), 0.0), 0.0, rng))"]
    assert run(code_, EVERYTHING) == said == str(got)


def test_an_exception_that_a_test_expects_does_not_end_the_script(ask):
    session, student = ask(EVERYTHING)
    with student.raises("ValueError"):
        student.broken(1)
    student.steps(0)
    code_, _ = written(session, ("==", [], 1))
    assert run(code_, EVERYTHING).splitlines() == ["ValueError('not this one')", "[]"]


def test_global_random_numbers_that_moved_are_what_came(ask):
    session, student = ask(EVERYTHING)
    before = student.random_state()
    student.draw()
    code_, got = written(session, ("==", student.random_state(), before), EVERYTHING)
    assert run(code_, EVERYTHING) == got == "global random numbers left alone: False"


def test_weights_are_given_in_one_line(ask):
    source = EVERYTHING.replace("torch.nn.Linear(size, 2)", "torch.nn.Linear(size, 128)")
    session, student = ask(source)
    network = student.Net(4)
    shake(network, 3)
    x = points(1, 4, 1)
    got = network(x)
    code_, said = written(session, ("==", got, near(torch.zeros(1, 128))), source)
    assert "shake(net, 3)" in code_.splitlines()
    assert run(code_, source) == said
    assert max(map(len, code_.splitlines())) <= 100


def test_many_questions_of_a_shared_function_are_one_line(ask):
    session, student = ask(EVERYTHING)
    rng = student.put(np.random.default_rng(1))
    came = counts(student.action, np.zeros(3), 0.0, rng, 60)
    code_, got = written(session, ("==", came, near([60, 0, 0])), EVERYTHING)
    assert code_.splitlines() == [
        "rng = np.random.default_rng(1)",
        "print(counts(action, np.array([0.0, 0.0, 0.0]), 0.0, rng, 60))",
    ]
    assert run(code_, EVERYTHING) == got == str(came)


def test_a_shared_function_that_is_given_up_shows_what_it_asked(ask):
    session, student = ask(EVERYTHING.replace("return int(", "return float("))
    with pytest.raises(AssertionError, match="as an int"):
        counts(student.action, np.zeros(3), 0.0, student.put(np.random.default_rng(1)), 60)
    code_, got = written(session)
    assert code_.splitlines()[-1] == "print(action(np.array([0.0, 0.0, 0.0]), 0.0, rng))"
    assert not session.transcript.calls
    assert got in ("0.0", "1.0", "2.0")


def run(code_: str, source: str) -> str:
    """What a script prints beside this module."""
    printed = io.StringIO()
    names: dict[str, Any] = {}
    exec(source, names)
    exec("from grader.testing.chance import random_state\nfrom grader.testing.draws import counts", names)
    exec("from grader.testing.networks import points, shake", names)
    with contextlib.redirect_stdout(printed):
        exec(code_, names)
    return printed.getvalue().strip()


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
