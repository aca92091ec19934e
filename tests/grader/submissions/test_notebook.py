"""A notebook that a student hands in earns what its code deserves: no more and no less than the same code in a .py."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_course
from notebook_of import cell, filled, write
from rich.console import Console
from tiny_course import NUMBERS

from grader.course import Course, Lesson, load
from grader.grading.grade import Asked, grade
from grader.learner import check as learner
from grader.learner import own
from grader.lessons import chaffs as known
from grader.lessons.stubs import pristine
from grader.report.report import Report
from grader.student.inprocess import Here
from grader.student.processes import ZygoteClient
from grader.submissions.find import find_work
from grader.submissions.read import Submission, read_file
from grader.submissions.work import Work

COURSE = load(Path(__file__).parents[3])
TEXT = "# Lesson 1: Numbers\n\n## What to write\n\n**`double(x)`** doubles.\n\n**`half(x)`** halves.\n"

Cells = list[dict[str, Any]]


def read(folder: Path, lesson: Lesson, stub: str) -> Submission:
    """Read what lies in the folder of a student."""
    return find_work(folder, lesson, [lesson], stub)


def judge(course: Course, lesson: Lesson, submission: Submission, place: Here | ZygoteClient, **options: Any) -> Report:
    work = Work("sample", lesson, submission, course.references(lesson))
    return grade(course, work, place, Asked(train=False, **options))


def verdicts(report: Report) -> list[tuple[object, ...]]:
    return [(p.name, p.verdict, p.points, p.misconception) for p in report.properties]


@pytest.mark.parametrize("name", ["lesson1", "lesson5", "lesson6"])
def test_a_filled_notebook_earns_what_its_code_does(name: str, any_split: ZygoteClient, tmp_path: Path) -> None:
    """The reference gets everything, and a known mistake is judged and named as in a module."""
    lesson = COURSE.lesson(name)
    solution = COURSE.solution(lesson).read_text("utf-8")
    path = write(filled(COURSE, lesson, solution), tmp_path / f"{lesson.name}.ipynb")
    right = judge(COURSE, lesson, read_file(path, lesson), any_split)
    assert (right.status, right.score, right.notes) == ("graded", right.max_score, ())
    chaff = known.load(COURSE, lesson)[-2].source(solution)
    write(filled(COURSE, lesson, chaff), path)
    wrong = judge(COURSE, lesson, read_file(path, lesson), any_split)
    assert wrong.score < wrong.max_score
    assert any(result.misconception for result in wrong.properties)
    assert verdicts(wrong) == verdicts(judge(COURSE, lesson, Submission(chaff), any_split))


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_an_untouched_notebook_is_not_started(lesson: Lesson, tmp_path: Path) -> None:
    path = write(filled(COURSE, lesson, None), tmp_path / f"{lesson.name}.ipynb")
    report = judge(COURSE, lesson, read_file(path, lesson, pristine(COURSE, lesson)), Here())
    assert (report.status, report.score) == ("not started", 0)
    assert f"{lesson.name}.ipynb" in report.message


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = tiny_course.make(tmp_path_factory.mktemp("course"))
    (course.root / "exercises" / "lesson1_numbers.md").write_text(TEXT)
    return course


@pytest.fixture
def hand_in(tiny: Course, tmp_path: Path) -> Callable[..., Report]:
    """Grades a notebook of these cells, handed in under this name; by default one with the right answers."""

    def grade_it(cells: Cells, name: str = "lesson1_numbers.ipynb") -> Report:
        lesson = tiny.lesson("1")
        write(cells, tmp_path / "work" / lesson.name / name)
        submission = read(tmp_path / "work", lesson, pristine(tiny, lesson))
        return grade(tiny, Work("sample", lesson, submission), Here(), Asked(diagnose=False))

    return grade_it


def right(course: Course) -> Cells:
    return filled(course, course.lesson("1"), NUMBERS)


def checks_in(cells: Cells) -> Cells:
    return [each for each in cells if each["metadata"].get("nbgrader", {}).get("grade")]


def test_deleted_test_cells_cost_nothing(tiny: Course, hand_in: Callable[..., Report]) -> None:
    cells = right(tiny)
    assert len(checks_in(cells)) == 2
    assert hand_in([each for each in cells if each not in checks_in(cells)]).score == 3


def test_duplicated_and_edited_test_cells_change_nothing(tiny: Course, hand_in: Callable[..., Report]) -> None:
    cells = right(tiny)
    for test in checks_in(cells):
        test["source"] = "def double(x):\n    return 0\n\nraise SystemExit"
    assert hand_in(cells + checks_in(cells)).score == 3


def test_cleared_metadata_changes_nothing(tiny: Course, hand_in: Callable[..., Report]) -> None:
    cells = right(tiny)
    for each in cells:
        each["metadata"] = {}
    assert hand_in(cells).score == 3
    nothing = filled(tiny, tiny.lesson("1"), None)
    for each in nothing:
        each["metadata"] = {}
    assert hand_in(nothing).status == "not started"


def test_a_renamed_notebook_is_graded_with_a_note(tiny: Course, hand_in: Callable[..., Report]) -> None:
    report = hand_in(right(tiny), "my homework (2).ipynb")
    assert report.score == 3
    assert report.notes == ("my homework (2).ipynb was graded; it should be called lesson1_numbers.ipynb",)


def test_the_last_definition_counts(tiny: Course, hand_in: Callable[..., Report]) -> None:
    assert hand_in([*right(tiny), cell("def half(x):\n    return x // 2")]).score == 2
    wrong = filled(tiny, tiny.lesson("1"), NUMBERS.replace("x / 2", "x // 2"))
    assert hand_in(wrong).score == 2
    assert hand_in([*wrong, cell("def half(x):\n    return x / 2")]).score == 3


def test_experiments_cost_nothing(tiny: Course, hand_in: Callable[..., Report]) -> None:
    """They are not run: not a cell that stops, nor one that takes for ever, nor a library that is not here."""
    cells = right(tiny)
    cells += [
        cell("import no_such_library\nno_such_library.plot([1, 2])"),
        cell("x = 0\nwhile True:\n    x += 1"),
        cell("assert double(2) == 5\nx = double(1)\nprint(x)"),
        cell('check("double"); check()'),
    ]
    report = hand_in(cells)
    assert report.score == 3
    assert report.notes == ("6 statements that no answer depends on were left out",)


def test_what_an_answer_needs_is_kept(tiny: Course, hand_in: Callable[..., Report]) -> None:
    """Helpers, constants and what changes them, wherever they stand in the notebook."""
    answers = {
        "answer-double": "def double(x):\n    return times(x)",
        "answer-half": "class Halver:\n    pass\n\ndef half(x):\n    return Halver.halve(x)",
    }
    cells = [each | {"source": answers.get(each["id"], each["source"])} for each in right(tiny)]
    cells += [
        cell("factors = []\nfactors.append(2)\nhidden = print(7)"),
        cell("import operator as op\nfrom math import *"),
        cell("def times(x):\n    return op.mul(factors[0], x)"),
        cell("Halver.halve = staticmethod(lambda x: x / 2)"),
    ]
    report = hand_in(cells)
    assert report.score == 3
    assert report.notes == ("1 statement that no answer depends on was left out",)


def test_a_name_inside_a_function_is_not_the_one_outside(tiny: Course, hand_in: Callable[..., Report]) -> None:
    """An experiment that happens to use the name of a parameter is an experiment still."""
    assert hand_in([*right(tiny), cell("x = 1 / 0")]).score == 3


def test_a_cell_that_is_not_python_costs_what_stands_in_it(tiny: Course, hand_in: Callable[..., Report]) -> None:
    report = hand_in([*right(tiny), cell("this is not python either")])
    assert report.score == 3
    (note,) = report.notes
    assert note == "code cell 6 is not Python (its line 1) and was left out"
    cells = right(tiny)
    for each in cells:
        if each["id"] == "answer-half":
            each["source"] = "def half(x):\n    return x /"
    assert hand_in(cells).score == 2


def test_a_notebook_with_large_pictures_is_read(tiny: Course, hand_in: Callable[..., Report]) -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * (3 << 20)}}
    assert hand_in([*right(tiny), cell("1 + 1") | {"outputs": [picture]}]).score == 3


# A module and a notebook, both of them handed in


@pytest.mark.parametrize(
    ("module", "notebook", "score", "words"),
    [
        ("stub", "work", 3, "lesson1_numbers.ipynb was graded; lesson1_numbers.py beside it is still the stub"),
        ("", "work", 3, "lesson1_numbers.ipynb was graded; lesson1_numbers.py beside it is still the stub"),
        ("work", "stub", 3, ""),
        ("work", "work", 3, "lesson1_numbers.py was graded; there is a notebook beside it"),
        ("stub", "stub", 0, ""),
        ("def double(x:", "work", 0, "lesson1_numbers.py was graded; there is a notebook beside it"),
    ],
)
def test_work_counts_and_not_the_stub(
    tiny: Course, tmp_path: Path, module: str, notebook: str, score: float, words: str
) -> None:
    lesson = tiny.lesson("1")
    stub = pristine(tiny, lesson)
    write(filled(tiny, lesson, NUMBERS if notebook == "work" else None), tmp_path / "lesson1_numbers.ipynb")
    (tmp_path / "lesson1_numbers.py").write_text({"stub": stub, "work": NUMBERS}.get(module, module))
    submission = read(tmp_path, lesson, stub)
    assert " ".join(submission.notes) == words
    assert grade(tiny, Work("sample", lesson, submission), Here(), Asked(diagnose=False)).score == score


def test_the_stub_beside_a_renamed_notebook_is_not_meant(tiny: Course, tmp_path: Path) -> None:
    lesson = tiny.lesson("1")
    write(right(tiny), tmp_path / lesson.name / "mine.ipynb")
    (tmp_path / lesson.name / "copy of lesson 1.py").write_text(pristine(tiny, lesson))
    submission = read(tmp_path, lesson, pristine(tiny, lesson))
    assert submission.notes == ("mine.ipynb was graded; it should be called lesson1_numbers.ipynb",)


def test_who_wants_to_keep_the_grader_busy_does_not(tiny: Course, tmp_path: Path) -> None:
    """A chain of names that is followed from its end, very many statements, and a notebook without end."""
    lesson = tiny.lesson("1")
    chain = "".join(f"a{i} = a{i + 1}\n" for i in range(4000)) + "a4000 = 0\ndef double(x):\n    return 2 * x + a0\n"
    begin = time.process_time()
    path = write([cell(chain)], tmp_path / "chain.ipynb")
    assert read_file(path, lesson).source.rstrip() == chain.rstrip()
    path = write([cell("x = 1\n" * 20_000 + NUMBERS)], tmp_path / "many.ipynb")
    assert "return 2 * x" in read_file(path, lesson).source
    path = write([cell("#" * (1 << 20) + "\n" + NUMBERS)], tmp_path / "large.ipynb")
    assert read_file(path, lesson).problem == "large.ipynb is not a notebook: its cells hold more than 1 MB"
    assert time.process_time() - begin < 20


def test_a_learner_who_works_in_the_notebook_is_understood(tiny: Course, tmp_path: Path) -> None:
    """`grader check 1` judges the notebook where the module beside it is still the stub, and names it."""
    root = tmp_path / "copy"
    shutil.copytree(tiny.root, root)
    course = load(root)
    lesson = course.lesson("1")
    path = write(filled(course, lesson, NUMBERS.replace("x / 2", "x // 2")), course.stub(lesson).with_suffix(".ipynb"))
    shown = io.StringIO()
    console = Console(file=shown, width=100)
    assert not learner.check(course, "1", None, console)
    assert "lesson1_numbers.ipynb was graded; lesson1_numbers.py beside it is still the stub" in shown.getvalue()
    assert "fix it in exercises/lesson1_numbers.ipynb" in shown.getvalue()
    # Half a statement is work, though the cell is left out: this is not an untouched notebook.
    path.write_text(path.read_text().replace("x // 2", "(x // 2"))
    assert not learner.check(course, "1", None, console)
    assert "is not Python (its line" in shown.getvalue()
    assert "Not started" not in shown.getvalue()
    write(filled(course, lesson, NUMBERS), path)
    assert learner.check(course, "1", None, console)
    assert own.own_or_reference(course, lesson, path.parent)[1] == ""


def test_the_checks_of_our_notebooks_are_no_part_of_the_work(
    tiny: Course, hand_in: Callable[..., Report], tmp_path: Path
) -> None:
    """Not where a student's own helper has their name, and not where all answers are gone."""
    helper = cell("def check(x):\n    return x\n\n\ndef half(x):\n    return check(x) / 2")
    cells = [each for each in right(tiny) if each["id"] != "answer-half"]
    assert hand_in([*cells, helper, cell('check("half")')]).score == 3
    for kept in ([*cells, helper], cells[:3]):
        path = write(kept, tmp_path / "kept.ipynb")
        assert "grader" not in read_file(path, tiny.lesson("1")).source
