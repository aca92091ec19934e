"""The figures of the lesson texts are there, are used, and can be drawn."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import grader.figures
from grader.course import find_root, load
from grader.figures.__main__ import main
from grader.figures.motion import in_turn

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
