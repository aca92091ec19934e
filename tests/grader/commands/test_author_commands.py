"""What a course author types to measure tests: mutants, examples, bar, calibrate; and what `grader verify` misses."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
import pytest
import tiny_course
import typer.testing
import yaml
from rich.console import Console
from typed import ends

from grader import cli
from grader.course import Course, Lesson, load, salt
from grader.errors import CourseError, UserError
from grader.grading import workers
from grader.report.report import TrainingSeed
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError
from grader.training import calibration, odds
from grader.verify import bar, calibrate, salts, series, table
from grader.verify.journal import Journal
from grader.verify.missing import missing
from grader.verify.table import MutantsRow
from grader.verify.verify import Sample

BALANCE_CHAFFS = """\
- name: cannot_train
  exercise: train
  says: returns no policy
  hint: What comes out of train?
  edits: [{old: "return lambda observations:", new: "return None and (lambda observations:"}, {old: "% 2", new: "% 2)"}]
- name: three_times
  exercise: four_times
  says: gives three times the number
  hint: What is four times 3?
  edits: [{old: "double(double(x))", new: "3 * x"}]
"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def typed(course: Course, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs a command in the tiny course, as it is typed; gives its exit status and all that it printed."""
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words: str) -> tuple[int, str]:
        done = typer.testing.CliRunner().invoke(cli.app, list(words))
        if isinstance(done.exception, UserError):  # cli.main makes one line and this status of it
            return done.exception.exit_status, str(done.exception)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


def add_balance_chaffs(course: Course) -> None:
    (course.tests(course.lesson("2")) / "chaffs.yml").write_text(BALANCE_CHAFFS)


# mutants


def test_survivors_are_shown_until_they_are_listed(course: Course, typed) -> None:
    pytest.importorskip("cosmic_ray", reason="the extra `mutants` is not installed")
    solution = course.solution(course.lessons[0])
    # A line that changes nothing, which no property can notice.
    text = solution.read_text().replace("    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n    x = x + 0\n", 1)
    solution.write_text(text)
    path = course.tests(course.lessons[0]) / "equivalent.yml"
    path.write_text(yaml.safe_dump([{"old": "a", "new": "b", "why": "Nobody knows any more why."}]))
    status, said = typed("mutants", "1", "--jobs", "1")
    assert status == 1
    assert "lesson1_numbers, line 7, survived:\n  - x = x + 0\n  + x = x - 0" in said
    assert "- return 2 * x" not in said
    assert "listed as equivalent, but no survivor:\n  - a\n  + b" in said
    why = "Adding nothing changes nothing."
    path.write_text(yaml.safe_dump([{"old": "x = x + 0", "new": new, "why": why} for new in ("x = x - 0", "pass")]))
    status, said = typed("mutants", "1", "--jobs", "1")
    assert (status, "100.0 %" in said, "survived:" in said) == (0, True, False)


def test_what_there_is_nothing_of_is_all_killed() -> None:
    assert MutantsRow("lesson1_numbers", 0, 0).good
    assert MutantsRow("lesson1_numbers", 20, 19, ((1, "a", "b", ""),)).good
    assert not MutantsRow("lesson1_numbers", 19, 18, ((1, "a", "b", ""),)).good
    assert not MutantsRow("lesson1_numbers", 20, 20, (), (("a", "b"),)).good


def test_mutants_without_its_extra_says_what_to_install(typed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("cosmic_ray", "grader.verify.mutants"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cosmic_ray", None)
    monkeypatch.delattr("grader.verify.mutants", raising=False)
    assert typed("mutants", "1") == (2, "mutants needs the extra 'mutants': pip install -e '.[mutants]'")


# bar


def test_what_training_does_not_notice_is_listed_with_what_catches_it(course: Course, typed) -> None:
    add_balance_chaffs(course)
    status, said = typed("bar", "--jobs", "1")
    assert status == 0
    assert "lesson2_balance: 1 of 2 chaffs reach the training bar" in said
    trained = bar.read(course, course.lesson("2"))
    assert {name: (one.reaches, one.caught_by) for name, one in trained.items()} == {
        "three_times": (True, "test_four"),
        "cannot_train": (False, ""),
    }
    text = bar.path_of(course, course.lesson("2")).read_text()
    assert text.startswith("# Written by `grader bar 2`: 1 of 2 chaffs reach the training bar,\n")


def test_a_chaff_that_is_new_is_trained_alone(course: Course, typed, monkeypatch: pytest.MonkeyPatch) -> None:
    add_balance_chaffs(course)
    lesson = course.lesson("2")
    path = bar.path_of(course, lesson)
    path.write_text("reach: {three_times: test_once_called_so, gone: test_four}\n")
    asked: list[str] = []
    jobs = bar.jobs

    def noted(course: Course, lesson: Lesson, *, but: Collection[str] = ()) -> dict[str, Any]:
        wanted = jobs(course, lesson, but=but)
        asked.extend(wanted)
        return wanted

    monkeypatch.setattr(bar, "jobs", noted)
    assert typed("bar", "2", "--new", "--jobs", "1")[0] == 0
    assert asked == ["cannot_train"]
    assert list(bar.read(course, lesson)) == ["three_times", "cannot_train"]  # not the one that is no chaff any more
    assert "test_once_called_so" in path.read_text()
    asked.clear()
    assert typed("bar", "2", "--new", "--jobs", "1")[0] == 0
    assert asked == []


def test_what_neither_training_nor_a_property_notices_is_a_failure(course: Course, typed) -> None:
    add_balance_chaffs(course)
    path = course.tests(course.lesson("2")) / "test_balance.py"
    path.write_text(path.read_text().replace("four_times(3) == 12", "four_times(0) == 0"))
    status, said = typed("bar", "2", "--jobs", "1")
    assert (status, "none" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bar", "1"), "lesson1_numbers has no training check, so there is nothing to train"),
        (("calibrate", "2", "1"), "lesson1_numbers has no training check, so there is nothing to train"),
        (("bar", "2"), "lesson2_balance has no chaffs to train; write some into tests/lesson2_balance/chaffs.yml"),
        (("bar", "7"), "no single lesson is called '7'"),
        (("mutants", "7"), "no single lesson is called '7'"),
        (("mutants", "1", "--one-in", "3"), "goes with --wheats"),
        (("examples", "7"), "no single lesson is called '7'"),
        (("calibrate", "--impostors"), "no single lesson is called 'lesson6_deep_q_learning'"),
        (("calibrate", "2", "--impostors"), "there are no impostors of lesson2_balance"),
    ],
)
def test_a_mistake_is_one_line_before_anything_runs(typed, words: tuple[str, ...], says: str) -> None:
    status, said = typed(*words)
    assert status == 2
    assert says in said
    assert "\n" not in said


def test_a_course_that_trains_nothing_says_so(course: Course, typed) -> None:
    text = (course.root / "course.yml").read_text()
    (course.root / "course.yml").write_text(text[: text.index("    training:")])
    for command in ("bar", "calibrate"):
        assert typed(command) == (2, "no lesson of this course has a training check, so there is nothing to train")


def test_a_list_with_a_mistake_is_refused_in_words(course: Course) -> None:
    lesson = course.lesson("2")
    assert bar.read(course, lesson) == {}
    bar.path_of(course, lesson).write_text("reach: [a]\n")
    with pytest.raises(CourseError, match=r"^tests/lesson2_balance/bar\.yml: "):
        bar.read(course, lesson)


# calibrate and examples


def test_calibrate_trains_the_references(course: Course, typed) -> None:
    status, said = typed("calibrate", "--seeds", "2", "--jobs", "2")
    (line,) = [line for line in said.splitlines() if line.startswith("lesson2_balance  ")]
    assert status == 0
    assert line.split()[1] == "2/2"
    assert f"not written: tests/lesson2_balance/calibration.yml, for {odds.RUNS} seeds or more are; --write" in said
    assert not course.calibration(course.lesson("2")).exists()


def test_calibrate_writes_what_was_run(course: Course, typed) -> None:
    """Two of two runs: once in 1.08 checks is what so few say, and nothing to be promised."""
    lesson = course.lesson("2")
    status, said = typed("calibrate", "2", "--seeds", "2", "--jobs", "1", "--write")
    found = calibration.of_lesson(course, lesson)
    assert found is not None
    assert (found.long_runs.runs, found.long_runs.passes, found.small_tasks) == (2, 2, None)
    assert found.long_runs.steps == calibration.Middle(38, 38)
    assert found.long_runs.mean_return is not None
    assert (
        "written: tests/lesson2_balance/calibration.yml: the rule fails the reference less often than once in" in said
    )
    assert "lesson2_balance: once in 1,000 is promised" in said
    assert f"exercises/lesson2_balance.md is to say, in a paragraph: {calibration.in_words(lesson, found)}" in said
    assert status == 1


def test_curves_stand_beside_the_figures(course: Course, typed, monkeypatch) -> None:
    lesson = course.lesson("2")
    refused = "lesson2_balance has no figures that hold, and curves stand beside them: grader calibrate 2"
    assert typed("calibrate", "2", "--curves") == (2, refused)
    asked: list[str] = []

    def run(jobs, *_: object, **__: object):
        for i, name in enumerate(jobs):
            asked.append(name)
            yield name, msgspec.structs.replace(_passes(), curve=((10, 1.0), (20, 2.0 + i), (40, 9.0)))

    monkeypatch.setattr(workers, "run", run)
    typed("calibrate", "2", "--seeds", "3", "--write")
    before = calibration.of_lesson(course, lesson)
    assert before is not None
    assert before.band is not None
    assert before.band.runs == 3, "a whole measurement has its curves as well"
    asked.clear()
    status, said = typed("calibrate", "2", "--curves")
    assert status == 0
    assert "written: tests/lesson2_balance/calibration.yml: the learning curves of 20 runs, beside the figures" in said
    after = calibration.of_lesson(course, lesson)
    assert after is not None
    assert after.band is not None
    assert (len(asked), after.band.runs) == (20, 20)
    assert msgspec.structs.replace(after, band=before.band) == before
    text = course.calibration(lesson).read_text()
    assert re.search(r"(?m)^  low: \[1\.0, ", text)
    assert re.search(r"(?m)^    median: 10$", text), "counts stay whole numbers"
    assert "calibration.yml" not in typed("calibrate", "2", "--curves", "--seeds", "2", "--no-write")[1]
    status, said = typed("calibrate", "2", "--curves", "--impostors")
    assert (status, said.partition(" keeps")[0]) == (2, "--curves")


def test_a_run_that_has_ended_stays_where_it_was(course: Course) -> None:
    (one,) = series.series(course, [course.lesson("2")])
    runs = {
        calibrate.name_of(one, i): msgspec.structs.replace(_passes(), curve=((steps // 2, 0.0), (steps, 100.0)))
        for i, steps in enumerate([400, 800])
    }
    band = calibrate.band_of(one, 2, runs)
    assert band is not None
    assert (len(band.steps), band.steps[-1]) == (40, 760), "as far as nine of ten runs go"
    assert band.high[-1] == pytest.approx(99, abs=1)
    at = band.steps.index(399)
    assert band.high[at] == pytest.approx(90, abs=5), "the short run is at its end"
    assert band.low[at] < 20
    silent = {name: msgspec.structs.replace(run, curve=()) for name, run in runs.items()}
    assert calibrate.band_of(one, 2, silent) is None
    with pytest.raises(CourseError, match="no training episode ended in any of the runs"):
        calibrate.with_band(course, course.lesson("2"), None)


def test_enough_seeds_write_by_themselves_and_keep_the_promise(course: Course, typed, monkeypatch) -> None:
    (course.root / "course.yml").write_text(
        (course.root / "course.yml").read_text().replace("seeds: 2", "seeds: 5").replace("passes: 1", "passes: 3")
    )
    monkeypatch.setattr(workers, "run", lambda jobs, *_, **__: ((name, _passes()) for name in jobs))
    status, said = typed("calibrate", "2")
    assert status == 0
    assert "is promised" not in said
    found = calibration.of_lesson(load(course.root), load(course.root).lesson("2"))
    assert found is not None
    assert found.long_runs.runs == odds.RUNS

    more = str(odds.RUNS + 1)
    assert "written: tests" in typed("calibrate", "2", "--seeds", more)[1]
    assert (
        f"not written: tests/lesson2_balance/calibration.yml, for the one there has {more} runs"
        in typed("calibrate")[1]
    )
    assert "calibration.yml" not in typed("calibrate", "2", "--no-write")[1]
    course.solution(course.lesson("2")).write_text(course.solution(course.lesson("2")).read_text() + "\nNEW = 1\n")
    assert "written: tests" in typed("calibrate", "2")[1].replace("not written", ""), "of another program"


def _passes() -> TrainingSeed:
    return TrainingSeed(seed=1, verdict="pass", steps=10, episodes=1, mean_return=9.0, seconds=0.5)


@pytest.mark.parametrize("words", [("--max-steps", "100"), ("--impostors",)])
def test_what_is_not_the_reference_by_the_lessons_rule_is_not_kept(words: tuple[str, ...], typed) -> None:
    status, said = typed("calibrate", "2", "--write", *words)
    assert status == 2
    assert said.startswith("--write keeps what references do under the lesson's own rule")


def test_an_interrupted_calibration_goes_on(course: Course, typed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def breaks_off(jobs, *_: object, **__: object):
        for i, name in enumerate(jobs):
            if i == 2:
                raise KeyboardInterrupt
            asked.append(name)
            yield name, _passes()

    with monkeypatch.context() as patched:
        patched.setattr(workers, "run", breaks_off)
        status, said = typed("calibrate", "2", "--seeds", "3", "--write")
    assert status == 130
    assert "interrupted; lessons that were finished before have their calibration.yml" in said
    assert not course.calibration(course.lesson("2")).exists()

    def the_rest(jobs, *_: object, **__: object):
        for name in jobs:
            asked.append(name)
            yield name, _passes()

    monkeypatch.setattr(workers, "run", the_rest)
    assert "lesson2_balance: 2 runs of before, 1 to go" in typed("calibrate", "2", "--seeds", "3", "--write")[1]
    assert asked == [f"lesson2_balance, seed {i}" for i in (1, 2, 3)]
    found = calibration.read(course, course.lesson("2"))
    assert found is not None
    assert (found.long_runs.runs, found.long_runs.passes) == (3, 3)

    typed("calibrate", "2", "--seeds", "3", "--write")
    assert len(asked) == 6, "a whole measurement is not taken over into the next one"


def test_runs_of_another_program_are_not_taken_over(course: Course) -> None:
    lesson = course.lesson("2")
    (one,) = series.series(course, [lesson])
    Journal(course, one).add(0, _passes())
    assert list(Journal(course, one).read()) == [0]
    (other,) = series.series(course, [lesson], max_steps=100)
    changed = msgspec.structs.replace(one, source=f"{one.source}\n")
    for each in (other, changed):
        assert Journal(course, each).read() == {}
    journal = Journal(course, one)
    (path,) = journal.path.parent.glob("*")
    path.write_bytes(path.read_bytes() + b'{"number":1,"res')
    assert list(journal.read()) == [0], "the disk was full"
    journal.add(4, _passes())
    journal.end(4)
    assert list(journal.read()) == [0, 4], "a first look does not end the larger measurement that was interrupted"
    journal.end(5)
    assert journal.read() == {}


def test_another_budget_and_a_message(typed) -> None:
    """Two environments that are stepped twenty times take 40 steps."""
    status, said = typed("calibrate", "2", "--seeds", "1", "--max-steps", "10", "--jobs", "1")
    assert status == 0
    assert "lesson2_balance, seed 1: " in said
    assert "0/1" in said


def test_the_small_task_comes_first_and_impostors_fit_the_solution() -> None:
    course = load(Path(__file__).parents[3])
    found = series.series(course, [course.lesson("6")], impostors=True)
    assert len(found) == 2 * len(series.IMPOSTORS)
    assert [each.small for each in found[:2]] == [True, False]
    assert len({each.title for each in found}) == len(found)
    with pytest.raises(CourseError, match="no longer fits the solution"):
        series.impostor("", "frozen weights")


def test_examples_counts_what_they_catch(course: Course, typed) -> None:
    solution = course.solution(course.lessons[0])
    docstring = '"""Twice the number.\n\n    >>> double(1)\n    2\n    """'
    solution.write_text(solution.read_text().replace('"""Twice the number."""', docstring))
    status, said = typed("examples", "--jobs", "1")
    rows = [line.split() for line in said.splitlines()]
    assert status == 0
    assert ["lesson1_numbers", "2/3"] in rows, "nothing shows half of anything"
    assert ["lesson2_balance", "0/0"] in rows
    assert ["all", "2/3"] in rows


# salts


def test_salts_judges_with_each(course: Course, typed, monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = typed("salts", "--salts", "3", "--jobs", "1")
    assert status == 0
    rows = [line.split() for line in said.splitlines()]
    assert ["lesson1_numbers", "2/2", "3/3", "3/3", "0.0%", "0.0%"] in rows
    status, said = typed("salts", "--salts", "2", "--jobs", "1", "--only", "adds_two")
    assert ["lesson1_numbers", "0/0", "1/1", "1/1", "0.0%", "0.0%"] in [line.split() for line in said.splitlines()]
    status, said = typed("salts", "--only", "nobody")
    assert (status, said) == (2, "what is judged has no program named 'nobody'; the tables print their names")
    tests = course.tests(course.lessons[0]) / "test_numbers.py"
    # With the examples of a third of all salts this is a law that nothing breaks.
    tests.write_text(tests.read_text() + LUCK)
    status, said = typed("salts", "1", "--salts", "12", "--jobs", "1", "--no-wrong")
    assert status == 1
    assert re.search(r"solution gets \d+% to 100% of the points; fails sometimes: test_luck with \d+ of 12", said)
    monkeypatch.setenv(salt.VARIABLE, "a salt of the environment")
    status, said = typed("salts")
    assert (status, said.count("\n")) == (2, 0)
    assert "unset it" in said


LUCK = '''

@exercise("double")
@given(x=st.integers(0, 60))
def test_luck(student, x):
    """`double` knows nothing of 13."""
    assert student.double(x) != 26
'''


def test_what_differs_between_salts_is_listed_and_counted(course: Course) -> None:
    lesson = course.lessons[0]
    wanted = [
        Sample(lesson.name, "solution", "", ""),
        Sample(lesson.name, "chaff", "seldom", "", "double", "seldom"),
        Sample(lesson.name, "chaff", "always", "", "double", "always"),
    ]
    full, half = salts.Judged(1.0, frozenset()), salts.Judged(0.5, frozenset({"test_a"}))
    third = salts.Judged(0.25, frozenset({"test_a", "test_b"}))
    judged = {wanted[0].title: [full, full], wanted[1].title: [full, third], wanted[2].title: [half, half]}
    row = salts.row(lesson, wanted, judged)
    assert (row.programs, row.always, row.steady, row.good) == ((1, 2), (1, 1), 1, False)
    assert row.spread == (0.375, 0.75)
    assert row.unsteady == (table.Unsteady("chaff seldom", 0.25, 1.0, 2, (("test_a", 1), ("test_b", 1))),)
    judged[wanted[1].title] = [half, third]
    assert salts.row(lesson, wanted, judged).good
    judged[wanted[0].title] = [half, half]  # it fails always: nothing differs, and yet it is listed
    assert [each.title for each in salts.row(lesson, wanted, judged).unsteady] == ["solution", "chaff seldom"]


# All of them


def test_hostile_words_stay_text_in_the_tables() -> None:
    evil = "[red]x\x1b[2J\u202e"
    console = Console(file=io.StringIO(), width=120)
    table.print_mutants([MutantsRow(evil, 2, 0, ((1, evil, evil, evil),), ((evil, evil),))], console)
    table.print_bar(table.BarRow(evil, 2, ((evil, evil), (evil, ""))), console)
    table.print_calibrate([table.CalibrateRow(evil, 1, 0, (1, 2), (1.0, 2.0), None, (evil,))], console)
    table.print_examples([table.ExamplesRow(evil, 1, 2)] * 2, console)
    row = table.SaltsRow(evil, (1, 1), (1, 1), 1, (0.0, 0.0), (table.Unsteady(evil, 0.0, 1.0, 2, ((evil, 1),)),))
    table.print_salts([row], console)
    assert isinstance(console.file, io.StringIO)
    out = console.file.getvalue()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert out.count("[red]x") == 7 + 5 + 3 + 2 + 4


def test_results_come_in_the_order_of_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "run", lambda jobs, *_, **__: iter([("b", 2), ("a", 1)]))
    told: list[str] = []
    nowhere = Isolation("process only")
    done = workers.run_all({"a": print, "b": print}, nowhere, finished=told.append)
    assert (list(done.items()), told) == ([("a", 1), ("b", 2)], ["b", "a"])


def test_ctrl_c_is_one_line_and_keeps_what_was_measured(course: Course) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    add_balance_chaffs(course)
    path = course.tests(course.lesson("2")) / "chaffs.yml"
    # The second one sleeps until the limit of the clock, so that there is something to interrupt.
    path.write_text(path.read_text().replace("3 * x", "3 * x + __import__('time').sleep(60)"))
    before = "reach: {old: test_four}\n"
    bar.path_of(course, course.lesson("2")).write_text(before)
    # Where the tests were started in the background SIGINT is ignored, and would be here too: children inherit it.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; from grader.cli import main; main()", "bar", "2", "--jobs", "1"]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=course.root, text=True, start_new_session=True, **pipes) as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "[1/2] cannot_train\n"
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=20) == 130
        assert ends(run.pid), "processes of the grader are left"
        (line,) = run.stderr.read().strip().splitlines()
    assert line == "grader: interrupted; lessons that were finished before have their bar.yml"
    assert bar.path_of(course, course.lesson("2")).read_text() == before
    assert not list(course.tests(course.lesson("2")).glob(".*"))


# What a lesson still needs


@pytest.mark.parametrize("lesson", load(Path(__file__).parents[3]).lessons, ids=lambda lesson: lesson.name)
def test_nothing_is_missing_in_our_own_lessons(lesson) -> None:
    course = load(Path(__file__).parents[3])
    assert list(missing(course, lesson, [exercise.name for exercise in lesson.exercises])) == []


def test_what_is_missing_is_listed(course: Course) -> None:
    add_balance_chaffs(course)
    lesson = course.lesson("2")
    found = list(missing(course, lesson, []))
    for says in (
        "four_times has no property in tests/lesson2_balance/",
        "four_times has no example after >>>",
        "four_times has 0 hints of 3",
        "train has 0 hints of 3",
        "0 wheats of at least 3",
        "2 chaffs of at least 10",
        "no list of chaffs that reach the training bar: grader bar 2",
        "exercises/lesson2_balance.md, the text that a learner reads, is not there",
    ):
        assert [line for line in found if says in line], says
    bar.path_of(course, lesson).write_text("reach: {gone: test_four, three_times: test_four}\n")
    (course.root / "exercises" / "lesson2_balance.md").write_text("# Balance\n\nTODO: `four_times`\n")
    found = list(missing(course, lesson, ["four_times"]))
    assert "bar.yml names gone, which is no longer a chaff: grader bar 2" in found
    assert "1 chaff not trained yet: grader bar 2 --new" in found
    assert "exercises/lesson2_balance.md does not name `train`" in found
    assert "exercises/lesson2_balance.md says TODO in line 3" in found
    assert "exercises/lesson2_balance.ipynb is not there: grader build" in found
    assert not [line for line in found if "property" in line or "does not name `four_times`" in line]
    (course.tests(lesson) / "chaffs.yml").unlink()
    assert "four_times has no chaff in tests/lesson2_balance/chaffs.yml" in list(missing(course, lesson, []))


def test_what_training_still_needs_is_listed(course: Course) -> None:
    lesson = course.lesson("2")
    assert lesson.training is not None

    def said() -> list[str]:
        return [line for line in missing(course, lesson, []) if "calibrate" in line or "does not say" in line]

    assert said() == ["nothing says how often the rule of training fails a right answer: grader calibrate 2"]
    runs = calibration.Runs(odds.RUNS, odds.RUNS, calibration.Middle(38, 38), calibration.Middle(1, 1))
    found = calibration.Calibration(
        long_runs=runs,
        rule=calibration.deciding(lesson.training),
        digest=calibration.digest(course, lesson),
        made_with="",
    )
    calibration.keep(course, lesson, msgspec.structs.replace(found, digest="another"))
    (line,) = said()
    assert line.startswith("calibration.yml is out of date, for the solution, one that it imports, or")
    # One of two runs has to pass: with a bound of 2.5 % both fail once in 1,600 checks, and with one of 9.9 % in 100.
    calibration.keep(course, lesson, found)
    assert said() == [f"exercises/lesson2_balance.md does not say: {calibration.in_words(lesson, found)}"]
    text = course.stub(lesson).with_suffix(".md")
    text.write_text(calibration.in_words(lesson, found).replace(" ", "\n"))
    assert said() == []
    few = msgspec.structs.replace(found, long_runs=msgspec.structs.replace(runs, runs=29, passes=29))
    calibration.keep(course, lesson, few)
    text.write_text(calibration.in_words(lesson, few))
    assert "less often than once in 100 checks" in text.read_text()
    assert said() == ["the rule of training may fail a right answer once in 100 checks: grader calibrate 2"]
