"""The figures of the lesson texts are there, are used, and can be drawn."""

import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import grader.figures
from grader.course import find_root, load
from grader.figures import lesson6, lesson8, lesson9
from grader.figures.__main__ import main
from grader.figures.motion import Stop, arriving, carried, in_turn
from grader.lessons.reference import reference

COURSE = load(find_root(Path(__file__)))
FOLDER = COURSE.root / "exercises"
MODULES = [m.name for m in pkgutil.iter_modules(grader.figures.__path__) if m.name.startswith("lesson")]
DRAWN = {f"figures/{m}_{what}.svg" for m in MODULES for what in importlib.import_module(f"grader.figures.{m}").FIGURES}


def used():
    for lesson in COURSE.lessons:
        text = (FOLDER / f"{lesson.name}.md").read_text(encoding="utf-8")
        yield from re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)


def test_every_figure_of_a_text_is_there_and_described():
    for description, path in used():
        assert (FOLDER / path).is_file(), path
        assert len(description) > 40, f"{path} needs a description for those who cannot see it"


def test_what_is_drawn_is_used_and_what_is_used_is_drawn():
    assert {path for _, path in used()} == DRAWN
    assert {f"figures/{path.name}" for path in (FOLDER / "figures").iterdir()} == DRAWN


def test_a_figure_is_the_same_file_every_time(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    (tmp_path / "course.yml").write_text("")
    (tmp_path / "exercises").mkdir()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "exercises/figures/lesson1_the_loop.svg"
    texts = []
    for _ in range(2):
        main(["lesson1"])
        texts.append(path.read_text())
    assert texts[0] == texts[1]
    assert "environment" in texts[0]
    assert "fill: #ffffff" not in texts[0], "a background would shine on a dark page"


def test_a_mistake_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit, match="'lesson99' has no figures"):
        main(["lesson99"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"no course\.yml"):
        main(["lesson1"])


MOVING = {
    f"{name}_{what}": motion
    for name in MODULES
    for what, motion in getattr(importlib.import_module(f"grader.figures.{name}"), "MOTION", {}).items()
}


@pytest.mark.parametrize("name", sorted(MOVING))
def test_a_figure_that_moves_is_small_and_stands_still_where_motion_is_unwelcome(name):
    svg = (FOLDER / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert len(svg.encode()) < 200_000
    assert f"<desc>{MOVING[name].told}</desc>" in svg
    style = re.search(r"<style>(.*?)</style>", svg)[1]
    still, moving = style.split("@media (prefers-reduced-motion:no-preference)")
    assert "animation" not in still
    assert "@keyframes" not in still
    assert "animation" in moving
    names = re.findall(r"@keyframes ([\w-]+)", moving)
    assert len(names) == len(set(names)), "of two motions with one name, only the second is seen"
    ids = re.findall(r'id="([^"]*)"', svg)
    for prefix in re.findall(r'\[id\^="([^"]*)"\]', style):
        assert any(each.startswith(prefix) for each in ids), f"nothing in the picture is called {prefix}"


def test_what_comes_in_turn_ends_with_what_stands_still():
    still, moving = in_turn(["a", "b", "c"], seconds=1.0, rest=1.0)
    assert still == '[id^="a-"]{visibility:hidden}[id^="b-"]{visibility:hidden}'
    frames = re.findall(r"@keyframes \w+\{(.*?)\}\[", moving)
    assert frames == [
        "0%{visibility:visible}25%{visibility:hidden}",
        "0%{visibility:hidden}25%{visibility:visible}50%{visibility:hidden}",
        "0%{visibility:hidden}50%{visibility:visible}100%{visibility:hidden}",
    ]


def test_what_arrives_stays_and_the_first_is_there_from_the_beginning():
    moving = arriving(["a", "b", "c"], seconds=1.0, rest=1.0)
    frames = re.findall(r"@keyframes \w+\{(.*?)\}\[", moving)
    assert frames == [
        "0%{visibility:hidden}25%,100%{visibility:visible}",
        "0%{visibility:hidden}50%,100%{visibility:visible}",
    ]


def test_what_is_carried_ends_where_it_is_drawn():
    moving = carried("dot", [Stop(0.0, 10.0, 5.0), Stop(1.0, 30.0, 5.0), Stop(2.0, 30.0, 25.0, shown=0.0)], 4.0)
    places = re.findall(r"([\d.]+%)\{transform:translate\((.*?)\);opacity:(.*?)\}", moving)
    # Up in a chart is up in a picture, where y grows downwards.
    assert places == [
        ("0%", "-20.0px,20.0px", "1"),
        ("25%", "0.0px,20.0px", "1"),
        ("50%", "0.0px,0.0px", "0"),
        ("100%", "0.0px,0.0px", "0"),
    ]


# What moves in a figure is computed in the figure's own module, without torch; the solutions say the same.


def test_two_networks_follow_each_other_as_the_solution_lets_them():
    torch = pytest.importorskip("torch")
    one = torch.ones(1, 1)
    network, target = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    for each in (network, target):
        torch.nn.init.constant_(each.weight, lesson6.START)
    batch = (one.numpy(), np.zeros(1, np.int64), np.full(1, lesson6.REWARD, np.float32), one.numpy(), np.zeros(1, bool))
    optimizer = torch.optim.SGD(network.parameters(), lr=lesson6.RATE)
    with reference(COURSE):
        solution = importlib.import_module("lesson6_deep_q_learning")
        for q, y, slow in lesson6.updates()[3::3]:
            rewards, flags = torch.tensor([lesson6.REWARD]), torch.zeros(1)
            assert solution.td_target(rewards, target(one), flags, lesson6.GAMMA).item() == pytest.approx(y)
            optimizer.zero_grad()
            solution.dqn_loss(network, target, batch, lesson6.GAMMA).backward()
            optimizer.step()
            solution.update_target(target, network, lesson6.TAU)
            assert (network(one).item(), target(one).item()) == pytest.approx((q, slow), abs=1e-5)
    assert (q, y, slow) == pytest.approx((2.0, 2.0, 2.0), abs=0.05), "the text says that they come to 2"


@pytest.mark.parametrize("end", lesson8.ENDS)
def test_advantages_are_cut_as_the_solution_cuts_them(end):
    torch = pytest.importorskip("torch")
    zeros = torch.zeros(lesson8.STEPS, 1)
    flags = {each: zeros.clone() for each in ("truncated", "terminated")}
    if end:
        flags[end][lesson8.END] = 1.0
    with reference(COURSE):
        found = importlib.import_module("lesson8_actor_critic").generalized_advantages(
            zeros + lesson8.REWARD, zeros, zeros + lesson8.NEXT_VALUE, flags["terminated"], flags["truncated"],
            lesson8.GAMMA, lesson8.LAM,
        )  # fmt: skip
    deltas, carried_over = lesson8.advantages(end)
    assert np.add(deltas, carried_over) == pytest.approx(found.squeeze(1).numpy(), rel=1e-5)


@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_ratios_move_where_the_solutions_gradient_moves_them(advantage):
    torch = pytest.importorskip("torch")
    with reference(COURSE):
        loss = importlib.import_module("lesson9_ppo").clipped_surrogate_loss
    for start in lesson9.STARTS[advantage]:
        log_prob = torch.tensor([start]).log().requires_grad_()
        for ratio in lesson9.moves(start, advantage):
            assert log_prob.exp().item() == pytest.approx(ratio, rel=1e-4)
            value = loss(log_prob, torch.zeros(1), torch.tensor([advantage]), lesson9.CLIP)
            assert -value.item() == pytest.approx(lesson9.objective(ratio, advantage), rel=1e-4)
            (gradient,) = torch.autograd.grad(value, log_prob)
            log_prob.data -= lesson9.RATE * gradient
        assert gradient == 0, "in the end nothing pulls"
