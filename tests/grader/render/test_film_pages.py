"""Films and bands on pages: a frame for each step, text that says what is seen, nothing that a browser would run."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest
from rich.console import Console
from test_render import EVIL, check_page, evil_report, report, training

from grader.render import curve, film, html, terminal
from grader.render.chart import chart
from grader.render.scenes import FLOOR, HEIGHT, SCENES, WIDTH
from grader.report.band import Band
from grader.report.film import MOST_FRAMES, Ended, Film, Part, frames, written
from grader.report.report import Report, TrainingResult, TrainingSeed

PARTS: tuple[Part, ...] = ("before", "half", "end", "best", "worst")
BAND = Band(20, (1000, 2000, 3000), (10.0, 20.0, 100.0), (20.0, 80.0, 300.0), (30.0, 200.0, 500.0))


def swing(part: Part, steps: int, ended: Ended = "terminated") -> Film:
    """A cart that goes to and fro under a pole that falls."""
    states = [(round(900 * math.sin(i / 9)), min(i, 230)) for i in range(min(steps, MOST_FRAMES))]
    return Film(part, "cart", written(states), steps, float(steps), ended, begun=0 if part == "before" else 1234)


def way(part: Part, cells: list[int], earned: float, ended: Ended = "terminated") -> Film:
    return Film(part, "cliff", written([(cell,) for cell in cells]), len(cells), earned, ended)


SHORTEST = [24, *range(25, 36), 47]
FALLEN = [24, 25, -36, -36, 24, 12, 0, 1]


def filmed(*films: Film, returns: tuple[float, ...] = (5.0, 9.0), **more: Any) -> TrainingResult:
    """A failing check whose second run was filmed."""
    seeds = list(training().seeds)
    seeds[1] = msgspec.structs.replace(seeds[1], films=films, returns=returns)
    return msgspec.structs.replace(training(), seeds=tuple(seeds), **more)


def shown(*films: Film, **more: Any) -> tuple[film.Shown, ...]:
    made = film.reel(filmed(*films, **more), prefix="p")
    assert made is not None
    return made.films


def animations(svg: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(svg).iter() if each.tag.startswith("animate")]


@pytest.mark.parametrize("steps", [1, 2, 9, 237, 500])
def test_frames_equal_steps_and_all_of_them_last_equally_long(steps: int) -> None:
    cart = swing("before", steps)
    for each in (cart, way("before", [24] * steps, -steps)):
        (one,) = shown(each)
        discrete = [each for each in animations(one.svg) if each.get("calcMode") == "discrete"]
        assert len(discrete) == (2 if each.scene == "cart" else 1)
        for animation in discrete:
            times = [float(time) for time in (animation.get("keyTimes") or "").split(";")]
            assert len((animation.get("values") or "").split(";")) == len(times) == steps == each.steps
            seconds = float((animation.get("dur") or "").rstrip("s"))
            per_step = 0.02 if each.scene == "cart" else min(0.25, 10 / steps)
            assert times[0] == 0
            for a, b in itertools.pairwise(times):
                assert (b - a) * seconds == pytest.approx(per_step, abs=0.003)
            assert seconds == pytest.approx(steps * per_step + 1.5, abs=0.01)
            assert animation.get("repeatCount") == "indefinite"
        assert len({(each.get("dur"), each.get("repeatCount")) for each in animations(one.svg)}) == 1


def test_the_longest_film_is_ten_seconds_and_far_below_its_size() -> None:
    longest = shown(swing("best", 500), way("worst", FALLEN * 62, -9000.0))
    assert all(len(one.svg) < 60_000 for one in longest)
    assert all(float((animation.get("dur") or "0").rstrip("s")) <= 11.5 for animation in animations(longest[0].svg))


def test_the_pole_leans_as_it_was_recorded() -> None:
    (one,) = shown(Film("end", "cart", "0,0 1200,100 -2400,-209", 3, 3.0, "terminated"))
    move, turn = animations(one.svg)[:2]
    assert move.get("values") == f"160 {FLOOR:g};230 {FLOOR:g};20 {FLOOR:g}"
    assert turn.get("values") == "0;5.7;-12"


def test_everything_is_drawn_inside() -> None:
    for one in shown(swing("end", 500), way("best", SHORTEST, -13), way("worst", FALLEN, -206)):
        root = ET.fromstring(one.svg)
        assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT + 8}"
        for number, animation in enumerate(animations(one.svg)):
            if animation.get("type") == "translate":
                for place in (animation.get("values") or "").split(";"):
                    x, y = map(float, place.split())
                    assert 0 <= x <= WIDTH, number
                    assert 0 <= y <= HEIGHT


def test_readers_who_do_not_see_it_are_told() -> None:
    cart, good, bad = shown(swing("before", 22), way("best", SHORTEST, -13), way("worst", FALLEN, -206, "truncated"))
    for one in (cart, good, bad):
        root = ET.fromstring(one.svg)
        assert root.get("role") == "img"
        ids = {each.get("id") for each in root.iter() if each.get("id")}
        assert set((root.get("aria-labelledby") or "").split()) == ids
    assert cart.title == "Before training"
    assert cart.caption == "22 steps, return 22; the pole fell."
    assert "Before training: the pole fell" in cart.svg
    assert "the pole leans at most 0 degrees to the left and 1 degrees to the right" in cart.svg
    assert good.caption == "13 steps, return -13; it reached the goal."
    assert "The agent visits 14 cells, along the edge of the cliff." in good.svg
    assert bad.caption == "8 steps, return -206; the time was up before the goal, after 2 falls."
    assert "up to 3 rows away from it; it falls 2 times, and begins anew each time" in bad.svg


@pytest.mark.parametrize(
    ("made", "caption"),
    [
        (swing("end", 500, "truncated"), "500 steps, return 500; it stood until the time was up. It began at step"),
        (swing("half", 30, "dropped"), "30 steps, return 30; it was cut off by a reset. It began at step 1,234 of 2,"),
        (swing("best", 700, "truncated"), "700 steps, return 700; it stood until the time was up. Shown are the first"),
        (Film("worst", "cart", "0,0 2500,0", 2, 2.0, "terminated"), "2 steps, return 2; the cart left the track."),
        (way("half", SHORTEST[:3], -3, "dropped"), "3 steps, return -3; it was cut off by a reset. It began"),
    ],
)
def test_a_caption_has_length_return_and_end(made: Film, caption: str) -> None:
    assert shown(made)[0].caption.startswith(caption)


def test_alike_episodes_are_shown_once() -> None:
    (one,) = shown(swing("best", 9), returns=(9.0, 9.0, 9.0))
    assert one.title == "The evaluation"
    assert one.caption.endswith("All 3 episodes returned as much.")
    assert shown(swing("best", 9))[0].title == "The best of the evaluation"


def test_the_still_picture_is_there_and_the_stylesheet_chooses() -> None:
    page = html.training_page(report(check=filmed(swing("end", 300))), filmed(swing("end", 300)), of="f.py", made="now")
    (svg,) = re.findall(r'<svg class="film".*?</svg>', page, re.DOTALL)
    moving, still = [each for each in ET.fromstring(svg) if each.tag == "g"]
    assert (moving.get("class"), still.get("class"), still.get("display")) == ("moving", "still", "none")
    assert not [each for each in still.iter() if each.tag.startswith("animate")]
    assert len([each for each in still.iter() if each.get("class") == "pole"]) == 6
    css = page[page.index("<style>") : page.index("</style>")]
    (calm,) = re.findall(r"(?s)@media \(prefers-reduced-motion: reduce\), print \{(.*?)\n\}", css)
    assert ".film .moving { display: none; }" in calm
    assert ".film .still { display: inline; }" in calm
    assert ".no-motion:checked ~ .films .moving { display: none; }" in css, "and for those who want it to stop"
    assert re.search(r'<input type="checkbox" class="no-motion" id="(run-still)"><label for="\1">', page)


def test_the_pages_carry_films_and_load_nothing() -> None:
    check = filmed(*(swing(part, 40 + 90 * i) for i, part in enumerate(PARTS)), band=BAND)
    for page in (
        html.training_page(report(check=check), check, of=EVIL, made="27 November"),
        html.student_page([report(check=check), report(lesson="lesson6_x", check=check)]),
    ):
        parsed = check_page(page)
        assert EVIL not in page
        assert "://" not in page
        assert "Half way" in parsed.text
        assert "Films of run 2 of 3, seed 1" in parsed.text
        assert "20 ms a step, which is real time" in parsed.text
        assert "The shaded band holds the middle eight of ten of the reference solution’s runs (20 were made)" in (
            parsed.text
        )
        assert page.count("<animate") == 3 * 5 * page.count('class="grader-reel"')
    assert 'class="grader-reel"' not in html.student_page([report(check=check)], films=False)
    without = html.training_page(report(check=check), check, of="f", made="now", films=False)
    assert "Without films, as was asked for." in check_page(without).text


def test_a_notebook_shows_films_and_nbgraders_pages_do_not() -> None:
    check = filmed(swing("best", 40))
    box = html.notebook_box(
        title="train", state="fail", score=0, max_score=5, message="", notes=(), first=None, training=check,
        exercises={}, unwritten=[], show_name=True, opened=False, unit="point", summary="", next_step="",
    )  # fmt: skip
    assert box.count('<svg class="film"') == 1
    assert ".grader-reel .film .moving" in box
    assert "<svg" in html.cell_feedback(report(check=check), "train")
    assert "film" not in html.cell_feedback(report(check=check), "train").split("</style>")[-1]


def test_a_report_from_before_there_were_films_is_shown_as_ever() -> None:
    data = json.loads(report(check=filmed(swing("best", 40), band=BAND, small_task="A task.")).to_json())
    for added in ("band", "small_task"):
        del data["training"][added]
    for run in data["training"]["seeds"]:
        del run["films"]
    old = Report.from_json(json.dumps(data).encode())
    page = html.student_page([old])
    check_page(page)
    assert "grader-reel" not in page.split("</style>")[1]
    assert page.split("</style>")[1] == html.student_page([report(check=training())]).split("</style>")[1]


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "1",
        "1,2,3",
        "1;2",
        "1,2 ",
        "1,2  3,4",
        "nan,1",
        "1.5,2",
        EVIL,
        "9999999,1",
        " ".join(["1,2"] * 501),
        "1,2\n",
    ],
)
def test_a_damaged_film_is_left_out(damaged: str) -> None:
    broken = Film("best", "cart", damaged, 1, float("nan"), "terminated")
    assert frames(broken) == []
    assert film.reel(filmed(broken), prefix="p") is None
    page = html.student_page([report(check=filmed(broken, swing("end", 9)))])
    check_page(page)
    assert page.count('<svg class="film"') == 1


def test_numbers_beyond_any_scene_are_no_fault_of_a_page() -> None:
    strange = (
        Film("best", "cart", "999999,-999999", 10**12, float("inf"), "dropped"),
        Film("worst", "cliff", "999999 -999999 -0 47", 4, float("-inf"), "dropped"),
    )
    check_page(html.student_page([report(check=filmed(*strange))]))
    evil = evil_report()
    assert evil.training is not None
    check_page(html.training_page(evil, evil.training, of=EVIL, made=EVIL))


def test_frames_are_read_as_they_were_written() -> None:
    states = [(0, 0), (-2400, 209), (12, -3)]
    assert frames(Film("end", "cart", written(states), 3, 3.0, "terminated")) == states
    assert SCENES.keys() == {"cart", "cliff"}


# The small task


@pytest.mark.parametrize(("verdict", "earned"), [("pass", 9.5), ("fail", 2.0), ("fail", None)])
def test_the_small_task_is_told_once(verdict: Any, earned: float | None) -> None:
    """One that was not learnt is described by the message, which says more."""
    task = "The small task shows signs."
    run = TrainingSeed(1, verdict, 6000, 5, earned)
    message = "" if verdict == "pass" else f"Not yet. {task} Your policy earned little."
    seeds = training().seeds if verdict == "pass" else ()
    check = msgspec.structs.replace(training(), control=run, small_task=task, message=message, seeds=seeds)
    out = io.StringIO()
    terminal.print_training(check, Console(file=out, width=200))
    for said in (out.getvalue(), check_page(html.student_page([report(check=check)])).text):
        assert said.count(task) == (1 if verdict == "pass" else 2 if "Start here" in said else 1)
        assert ("the best try earned" in said.lower()) == (earned is not None)
        assert ("no policy" in said) == (earned is None or bool(seeds))


# The band


def test_the_band_lies_behind_the_curve() -> None:
    plain, banded = training(), msgspec.structs.replace(training(), band=BAND)
    svg = curve.picture(banded, 0, prefix="p")
    (band,) = ET.fromstring(svg).iter("polygon")
    points = [tuple(map(float, point.split(","))) for point in (band.get("points") or "").split()]
    assert len(points) == 6
    assert all(0 <= x <= curve.WIDTH and 0 <= y <= curve.HEIGHT for x, y in points)
    assert svg.index("band") < svg.index('class="ghost"') < svg.index('class="curve"')
    assert "band" not in curve.picture(plain, 0, prefix="p")
    far = msgspec.structs.replace(banded, band=msgspec.structs.replace(BAND, steps=(1, 2, 50_000)))
    assert ">60k<" in curve.picture(far, 0, prefix="p"), "the axis has room for it"


@pytest.mark.parametrize("wrong", [((1, 2), (1.0,)), ((2, 1, 1), (1.0, 1.0, 1.0))])
def test_a_band_without_a_shape_is_refused(wrong: tuple[tuple[int, ...], tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="equally long"):
        Band(1, wrong[0], wrong[1], wrong[1], wrong[1])


# In a terminal


def test_a_curve_as_text() -> None:
    lines = chart([(0, 0.0), (50, 0.0), (100, 500.0)], bar=475, most_x=100, width=48, height=8)
    assert len(lines) == 9
    assert max(map(len, lines)) <= 48
    assert lines[0].startswith("   475 ┤╌╌╌")
    assert lines[7].startswith("     0 ┤⣀⣀⣀")
    assert lines[0].rstrip("╌")[-1] != "┤", "the curve reaches the top at its end"
    assert lines[8].split() == ["0", "100", "steps"]


@pytest.mark.parametrize("points", [[], [(5, 3.0)], [(1, float("nan")), (2, float("inf"))], [(1, -1e9), (10**9, 1e9)]])
@pytest.mark.parametrize("width", [1, 30, 200])
def test_any_curve_can_be_drawn(points: list[tuple[float, float]], width: int) -> None:
    lines = chart(points, bar=-14, most_x=10, width=width)
    assert len(lines) == 9
    assert max(map(len, lines)) <= max(width, 20)
