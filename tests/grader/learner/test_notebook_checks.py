"""`check()` in a notebook: judges what the kernel holds, shows what to mend, and raises so that nothing is awarded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tiny_course
from notebook_of import filled, write
from tiny_course import BALANCE, NUMBERS

from grader.course import Course
from grader.learner import show
from grader.learner.notebook import Checks, NotYet
from grader.report.step import Step

TEXT = "# Lesson 1: Numbers\n\n## What to write\n\n**`double(x)`** doubles.\n\n**`half(x)`** halves.\n"


class Notebook:
    """A kernel's namespace, in which cells are run, and what is shown meanwhile."""

    def __init__(self, lesson: str, shown: list[show.Box]) -> None:
        self.module, self.shown = ModuleType("__main__"), shown
        self.check = Checks(lesson, self.module)

    def run(self, source: str) -> None:
        exec(source, self.module.__dict__)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    course = tiny_course.make(tmp_path)
    (tmp_path / "exercises" / "lesson1_numbers.md").write_text(TEXT)
    monkeypatch.chdir(tmp_path / "exercises")
    return course


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[show.Box]]:
    """Everything that is displayed; and afterwards no import goes through a notebook of this test."""
    boxes: list[show.Box] = []
    finders, modules = list(sys.meta_path), set(sys.modules)
    monkeypatch.setattr(show, "_display", boxes.append)
    yield boxes
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        if name.startswith("lesson"):
            del sys.modules[name]


def test_what_holds_is_said_and_nothing_is_raised(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS)
    notebook.check("double")
    (box,) = shown
    assert "Passes" in box.html
    assert "2 of 2 points" in box.html
    assert "gives twice the number" in box.plain


def test_what_fails_is_shown_first_and_raises_one_line(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS.replace("2 * x", "x * x"))
    with pytest.raises(NotYet, match=r"^double does not hold yet$") as caught:
        notebook.check("double")
    assert caught.value._render_traceback_() == ["double does not hold yet"]
    (box,) = shown
    for form in (box.html, box.plain):
        assert "squares the number" in form
        assert "a nudge" not in form  # the hint is that of the mistake
        assert "import double" not in form  # it is here already
    assert "<script" not in box.html
    assert "http" not in box.html.replace("http://www.w3.org/2000/svg", "")


def test_it_judges_what_the_kernel_holds_now(course: Course, shown: list[show.Box]) -> None:
    """Cells are not run again, and a definition that came later replaces the earlier one, or takes it away."""
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run("runs = []")
    notebook.run(NUMBERS + "\nruns.append(1)\n")
    notebook.check("half")
    notebook.run("def half(x):\n    return x // 2")
    with pytest.raises(NotYet, match="half does not hold yet"):
        notebook.check("half")
    assert "rounds down" in shown[-1].plain
    notebook.run("del half")
    with pytest.raises(NotYet, match="there is no half yet"):
        notebook.check("half")
    assert notebook.module.__dict__["runs"] == [1]


def test_what_is_not_written_says_so_quietly(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    with pytest.raises(NotYet, match="nothing to check yet"):
        notebook.check()
    notebook.run("def double(x):\n    raise NotImplementedError()")
    with pytest.raises(NotYet, match=r"^double is not written yet$"):
        notebook.check("double")
    assert shown == []
    notebook.check()
    (box,) = shown
    assert "Not run yet, so not judged: half" in box.plain
    assert "not written yet" in box.html
    assert "Next: write double." in box.plain


def test_what_waits_for_another_exercise_is_not_judged(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS.replace("2 * x", "x * x").replace("x / 2", "double(x) / 4"))
    with pytest.raises(NotYet, match="half cannot be judged yet"):
        notebook.check("half")
    assert "Must hold first: the exercise double" in shown[0].plain


def test_the_whole_lesson(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS.replace("x / 2", "x // 2"))
    notebook.check()  # raises nothing: no marks hang on it
    assert "First, half" in shown[0].plain
    assert "2 of 3 points" in shown[0].html
    notebook.run(NUMBERS)
    notebook.check()
    assert "Everything here holds" in shown[1].html


@pytest.mark.parametrize("wish", ["dubble", "lesson1_numbers", "double.x"])
def test_a_wrong_name_is_one_line(course: Course, shown: list[show.Box], wish: str) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    with pytest.raises(NotYet, match=f"has no exercise '{wish}'; choose one of: double, half$"):
        notebook.check(wish)


def test_without_a_course_there_is_one_line_and_no_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: list[show.Box]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.learner.notebook.INSTALLED", tmp_path)
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS)
    with pytest.raises(NotYet, match=r"no course\.yml around this notebook"):
        notebook.check("double")


def test_without_hidden_tests_the_public_examples_are_asked(course: Course, shown: list[show.Box]) -> None:
    shown_double = NUMBERS.replace(
        '"""Twice the number."""', '"""Twice the number.\n\n    >>> double(3)\n    6\n    """'
    )
    course.solution(course.lesson("1")).write_text(shown_double)
    (course.root / "tests" / "lesson1_numbers" / "test_numbers.py").unlink()
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS)
    notebook.check("double")
    assert "public examples" in shown[0].plain
    assert "1 of 1 example" in shown[0].html
    before = set(vars(notebook.module))
    notebook.run("def double(x):\n    return 7")
    with pytest.raises(NotYet, match="double does not hold yet"):
        notebook.check("double")
    assert "7" in shown[1].plain
    assert set(vars(notebook.module)) == before
    with pytest.raises(NotYet, match="nothing here can judge half"):
        notebook.check("half")


def test_the_kernel_is_left_as_it_was(course: Course, shown: list[show.Box]) -> None:
    """Random numbers go on where they were, and imported lessons stay the same objects."""
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS.replace("2 * x", "x * x"))
    notebook.run("import lesson1_numbers as before")
    np.random.seed(7)
    expected = np.random.random(2)
    np.random.seed(7)
    got = [np.random.random()]
    with pytest.raises(NotYet):
        notebook.check("double")
    got.append(np.random.random())
    assert np.array_equal(got, expected)
    notebook.run("import lesson1_numbers as after\nassert before is after")


def test_the_lessons_own_name_is_the_notebook(course: Course, shown: list[show.Box]) -> None:
    """Code from a text or a report imports from the lesson, and means what was written here, not the stub."""
    notebook = Notebook("lesson1_numbers", shown)
    notebook.run(NUMBERS)
    notebook.run("from lesson1_numbers import double as imported\nassert imported is double")
    with pytest.raises(ImportError, match="cannot import name 'third'"):
        notebook.run("from lesson1_numbers import third")


def test_an_earlier_lesson_comes_from_its_notebook(course: Course, shown: list[show.Box]) -> None:
    work = NUMBERS.replace("def double(x):", "def double(x, mine=0):")
    write(filled(course, course.lesson("1"), work), Path("lesson1_numbers.ipynb"))
    notebook = Notebook("lesson2_balance", shown)
    notebook.run(BALANCE)
    assert "mine" in notebook.module.__dict__["double"].__code__.co_varnames
    notebook.check("four_times")
    assert "yours has not been started" not in shown[0].plain


def test_an_earlier_lesson_that_was_not_begun_is_the_courses_own_and_that_is_said(
    course: Course, shown: list[show.Box]
) -> None:
    notebook = Notebook("lesson2_balance", shown)
    notebook.run(BALANCE)
    notebook.check("four_times")
    assert "the course's own lesson1_numbers was used" in shown[0].plain
    (course.root / "solutions" / "lesson1_numbers.py").unlink()
    (course.root / "exercises" / "lesson1_numbers.py").unlink()
    bare = Notebook("lesson2_balance", shown)
    with pytest.raises(ImportError, match="lesson1_numbers has not been started, and lesson 2 builds on it"):
        bare.run(BALANCE)


def test_training(course: Course, shown: list[show.Box]) -> None:
    notebook = Notebook("lesson2_balance", shown)
    notebook.run(BALANCE.replace("return double(double(x))", "return 0"))
    with pytest.raises(NotYet, match="train cannot be judged yet: not run: four_times has to be right first"):
        notebook.check("train")
    assert "four_times has to be right first" in shown.pop().plain
    notebook.run(BALANCE[: BALANCE.index("    env.reset(")] + "    raise NotImplementedError()")
    with pytest.raises(NotYet, match="train is not written yet"):
        notebook.check("train")
    assert not shown
    notebook.run(BALANCE[: BALANCE.index("    env.reset(")] + "    return None")
    with pytest.raises(NotYet, match="train does not hold yet"):
        notebook.check("train")
    assert "0 of 2 runs reached 5" in shown.pop().plain
    notebook.run(BALANCE)
    notebook.check("train")
    assert "4 of 4 points" in shown[-1].html
    assert '<svg class="learning"' in shown[-1].html
    assert '<svg class="film"' in shown[-1].html
    assert "a notebook" in (course.root / "train" / "lesson2.html").read_text(encoding="utf-8")


def test_progress_without_a_kernel_is_not_renewed(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("IPython.display")
    with show.progress(course.lesson("2")) as watch:
        for done in (1.0, 2.0):
            watch(Step("training", done=done, total=2.0, run=1, runs=1, ended="pass"))
    assert capsys.readouterr().out.count("training run 1 of 1") == 1


def test_a_hint(course: Course, shown: list[show.Box], capsys: pytest.CaptureFixture[str]) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    notebook.check.hint("double")
    assert "a nudge" in capsys.readouterr().out
    with pytest.raises(NotYet, match="no exercise 'dubble'"):
        notebook.check.hint("dubble")


def test_where_an_exception_came_from_is_the_cell(course: Course, shown: list[show.Box], tmp_path: Path) -> None:
    notebook = Notebook("lesson1_numbers", shown)
    file = tmp_path / "ipykernel_1" / "2.py"
    file.parent.mkdir()
    file.write_text("def help_me(x):\n    return x / 0\n\ndef double(x):\n    return help_me(x)\n")
    exec(compile(file.read_text(), str(file), "exec"), notebook.module.__dict__)
    with pytest.raises(NotYet):
        notebook.check("double")
    assert "ZeroDivisionError: division by zero (line 2: return x / 0)" in shown[0].plain
    assert 'File "cell", line 5, in double' in shown[0].plain
    assert str(tmp_path) not in shown[0].plain


def test_plain_nbgrader_awards_nothing_to_what_fails(course: Course, tmp_path: Path) -> None:
    """In a real kernel, with nothing of ours but the notebook: the cells that fail are errors, the others are clean."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    determine_grade = pytest.importorskip("nbgrader.utils").determine_grade
    pytest.importorskip("ipykernel")
    path = write(filled(course, course.lesson("1"), NUMBERS.replace("x / 2", "x // 2")), tmp_path / "work.ipynb")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": "."}}).execute()
    cells = {each["id"]: each for each in notebook.cells}
    wrong = [each for each in notebook.cells if any(o.output_type == "error" for o in each.get("outputs", []))]
    assert [each["id"] for each in wrong] == ["check-half"]
    assert determine_grade(cells["check-double"]) == (2, 2)
    assert determine_grade(cells["check-half"]) == (0, 1)
    shown, raised = cells["check-half"]["outputs"]
    assert "rounds down" in shown["data"]["text/html"]
    assert "rounds down" in shown["data"]["text/plain"]
    assert raised["traceback"] == ["half does not hold yet"]
