"""What a learner sees while an agent trains, and the page that is left of it."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

import pytest
import tiny_course
from rich.console import Console

import grader.render
from grader.course import Course, load
from grader.learner import page
from grader.learner.check import train
from grader.learner.training import Seen, shown
from grader.render.lines import stay_on_screen
from grader.report.report import Report, TrainingResult, TrainingSeed
from grader.report.step import Step

LESSON = load(Path(__file__).parents[3]).lesson("6")
EVIL = "train raised\x1b[2J <b>[red]"


def step(done: float, mean: float | None = None, *, run: int = 1, is_new: bool = True) -> Step:
    return Step("training", done, 200_000, run=run, runs=5, mean_return=mean, is_new=is_new)


SMALL = Step("small task", 6000, 6000, run=1, runs=3, mean_return=9.5, ended="pass")
PASSED = Step("training", 13_165, 200_000, run=1, runs=5, mean_return=500.0, ended="pass")
FAILED = Step("training", 400, 200_000, run=2, runs=5, ended="fail", message=EVIL)
STEPS = (Step("properties", 3, 17), Step("small task"), SMALL, step(100, 20.0), step(50_000, 480.0), PASSED, FAILED)


def test_a_line_for_every_run_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with shown(LESSON, Console(file=out, width=60)) as (watch, _):
        for each in STEPS:
            watch(each)
    assert out.getvalue().splitlines() == [
        "✓ small task, try 1 of 3: learnt, mean return 9.5 after 6,000 steps",
        "✓ training run 1 of 5: bar reached, mean return 500 after 13,165 steps",
        "✗ training run 2 of 5: no policy to evaluate: train raised <b>[red]",
    ]


@pytest.mark.parametrize("options", [{"plain": True}, {"dumb": True}])
def test_nothing_is_redrawn_for_who_does_not_want_it(options: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    if options.pop("dumb", False):
        monkeypatch.setenv("TERM", "dumb")
    out = io.StringIO()
    with shown(LESSON, Console(file=out, width=60, force_terminal=True, color_system=None), **options) as (watch, _):
        watch(PASSED)
    assert "\x1b" not in out.getvalue()
    assert "bar reached" in out.getvalue()


def test_a_terminal_of_60_columns_shows_progress_and_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    console = Console(file=out, width=60, height=40, force_terminal=True)
    with shown(LESSON, console) as (watch, view):
        for each in STEPS[:5]:
            watch(each)
        view.refresh()  # type: ignore[attr-defined]
        during = out.getvalue()
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", during).replace("\r", "\n").split("\n")
    assert max(map(len, lines)) <= 60
    assert not re.search(r"\x1b\[[\d;]*m", during), "no colour, and no meaning by it"
    assert "· training run 1 of 5, mean return 480" in lines
    assert "  ━━━━──────────── 50,000 of 200,000 steps" in lines
    assert any("475 ┤" in line for line in lines)
    assert any("⠊" in line or "⡠" in line or "⣀" in line for line in lines)
    assert out.getvalue().endswith("\x1b[2K"), "it is gone when the report takes its place"


def test_the_time_left_is_that_of_the_whole_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("grader.learner.training.time.monotonic", lambda: now[0])
    seen = Seen(LESSON)
    seen.hear(step(0))
    now[0] += 10
    seen.hear(step(50_000, 21.0))
    assert "50,000 of 200,000, at most 0:30 left" in "\n".join(seen.lines(60))
    seen.hear(PASSED)
    seen.hear(step(10, run=2))
    assert "left" not in "\n".join(seen.lines(60)), "of a run that has just begun nothing is known"


def test_the_curve_begins_anew_with_each_run_and_takes_no_point_twice() -> None:
    seen = Seen(LESSON)
    for each in (step(100, 20.0), step(1000, 20.0, is_new=False), step(1100, 30.0)):
        seen.hear(each)
    assert seen._points == [(100, 20.0), (1100, 30.0)]
    assert seen.hear(PASSED)
    assert "the next run begins …" in seen.lines(60)
    seen.hear(step(200, 22.0, run=2))
    assert seen._points == [(200, 22.0)]
    assert len(seen.ended) == 1


def test_what_the_view_draws_is_not_taken_for_what_the_code_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """What a learner's code prints is caught by another ``sys.stdout``; the view must go on drawing on the old one."""
    console, caught = Console(force_terminal=True, width=60), io.StringIO()
    with shown(LESSON, console) as (watch, view), contextlib.redirect_stdout(caught):
        watch(step(100, 20.0))
        view.refresh()  # type: ignore[attr-defined]
        print("mine")
    assert caught.getvalue() == "mine\n"
    assert "mean return 20" in capsys.readouterr().out
    spinner = Console(force_terminal=True, width=60)
    stay_on_screen(spinner)
    with spinner.status("checking") as status, contextlib.redirect_stdout(caught):
        status.update("still checking")
    assert caught.getvalue() == "mine\n"


# The page


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def test_training_leaves_a_page_and_says_where(course: Course) -> None:
    lesson, out = course.lesson("2"), io.StringIO()
    stub = course.stub(lesson)
    stub.write_text(course.solution(lesson).read_text())
    assert train(course, lesson, None, Console(file=out, width=60), "cpu")
    assert "Curves and films of your agent: train/lesson2.html (open it in a browser)" in " ".join(
        out.getvalue().split()
    )
    text = (course.root / "train" / "lesson2.html").read_text(encoding="utf-8")
    assert "exercises/lesson2_balance.py" in text
    assert text.count('<svg class="film"') >= 2
    assert "training run 1 of" in out.getvalue()

    stub.write_text(stub.read_text().replace("return double(double(x))", "return 0"))
    assert not train(course, lesson, None, Console(file=out, width=60), "cpu")
    assert (course.root / "train" / "lesson2.html").read_text(encoding="utf-8") == text, "nothing was trained"

    other = course.root / "elsewhere.py"
    other.write_text(course.solution(lesson).read_text())
    assert train(course, lesson, other, Console(file=io.StringIO()), "cpu", films=False)
    text = (course.root / "train" / "lesson2.html").read_text(encoding="utf-8")
    assert '<svg class="film"' not in text
    assert "elsewhere.py" in text


def left(course: Course, **options: bool) -> str:
    run = TrainingSeed(1, "fail", 9, 0, message=EVIL)
    trained = TrainingResult("train", "Rule.", 5, 9, "fail", 0, 4, "cpu", message=EVIL, control=run)
    report = Report("you", "lesson2_balance", "Balance", "graded", 0, 4, None, "cpu", training=trained)
    return page.leave(course, course.lesson("2"), "balance.py", report, **options)


def test_a_page_that_cannot_be_written_is_one_line(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    assert left(course) == "The same as a page: train/lesson2.html"
    (course.root / "train" / "lesson2.html").unlink()
    (course.root / "train").rmdir()
    (course.root / "train").write_text("a file")
    assert left(course).startswith("The page with curves and films cannot be written: train/lesson2.html: ")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "grader.render.html", raising=False)
    monkeypatch.delattr(grader.render, "html", raising=False)
    assert left(course) == "There is no page with curves and films: it needs jinja2 (pip install jinja2)."
