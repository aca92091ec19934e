"""Films are drawn from runs: every scene of every script, and a small film from the first frame to the last byte."""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the films extra is not installed")
pytest.importorskip("matplotlib", reason="the films extra is not installed")

from grader.course import find_root, load
from grader.films import captions
from grader.films.__main__ import main
from grader.films.data import PLACEHOLDER
from grader.films.film import Film
from grader.films.pace import GAP, RATE, WORDS_A_SECOND, words
from grader.films.script import LONGEST, SHORTEST
from grader.films.stage import look

COURSE = load(find_root(Path(__file__)))
NUMBERS = [
    int(lesson.number)
    for lesson in COURSE.lessons
    if (COURSE.root / f"exercises/films/lesson{lesson.number}.yml").exists()
]
SMALL = 90


@pytest.mark.parametrize("number", NUMBERS)
def test_a_script_goes_with_its_run(number: int) -> None:
    name = COURSE.lesson(str(number)).name
    before = sys.modules.get(name)
    film = Film(COURSE, number, SMALL)
    assert sys.modules.get(name) is before, "a learner's file has the same name, and would not be imported any more"
    assert SHORTEST <= film.seconds <= LONGEST
    with look():
        for i in range(len(film.times)):
            pictures = film.stills(i, (0, film.times[i].frames // 2, film.times[i].frames - 1))
            assert {picture.shape for picture in pictures} == {(SMALL, 160, 3)}
        assert film.poster().std() > 5, "the poster is blank"
    about = json.loads(json.dumps(film.about()))
    spoken = [each for scene in about["scenes"] for each in scene["captions"]]
    for each in spoken:
        # A second reading of the placeholders, from what the JSON says alone.
        literal = PLACEHOLDER.split(each["say"])[::3]
        assert not re.search(r"\d", "".join(literal))
        values = [about["numbers"][found[1]]["value"] for found in PLACEHOLDER.finditer(each["say"])]
        for number in re.findall(r"−?\d[\d,]*(?:\.\d+)?", each["said"]):
            shown = float(number.rstrip(",").replace(",", "").replace("−", "-"))
            half = 0.5 / 10 ** len(number.partition(".")[2]) + 1e-9
            assert any(abs(shown - value) <= half for value in values), (
                f"{number} in {each['said']!r} is none of {values}"
            )
        assert words(each["said"]) / (each["to"] - each["from"]) <= WORDS_A_SECOND
    assert all(b["from"] - a["to"] >= GAP - 1e-9 for a, b in itertools.pairwise(spoken))
    assert all(each["source"] for kind in ("numbers", "series") for each in about[kind].values())
    assert [cue[2] for cue in captions.cues(captions.webvtt(film.times))] == [each["said"] for each in spoken]


_COURSE = {
    "course.yml": """
title: T
salt: an open secret
lessons:
  - {name: lesson1_tiny, title: Tiny, exercises: [{name: f, points: 1}]}
""",
    "exercises/lesson1_tiny.yml": "",
    "solutions/lesson1_tiny.py": """
def f():
    return 15
""",
    "exercises/films/lesson1.yml": """scenes:
  - show: {picture: cart, episode: fall}
    say: ['What falls?', 'A pole, after {steps} steps.']
    poster: true
  - show: {picture: what you write, exercises: {f: a function}, check: grader check 1}
    say: [You write f.]
""",
}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one lesson, whose film is short and shows a cart that falls."""
    for name, text in _COURSE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    def run(lesson, data):
        data.add("steps", lesson.f(), "f()")
        steps = range(lesson.f() + 1)
        x, angle = [0.01 * i for i in steps], [0.014 * i for i in steps]
        data.record("fall", "made up", x=x, angle=angle, terminated=True, truncated=False)

    monkeypatch.setattr("grader.films.lesson1.run", run)
    monkeypatch.setattr("grader.films.script.SHORTEST", 1)
    return tmp_path


def test_a_small_film_has_as_many_frames_as_its_script_asks_for_and_the_same_bytes_twice(course: Path) -> None:
    import av

    made = []
    for folder in ("one", "two"):
        Film(load(course), 1, 180).make(course / folder)
        made.append({path.name: path.read_bytes() for path in (course / folder).iterdir()})
    assert made[0] == made[1]
    assert sorted(made[0]) == [f"lesson1.{kind}" for kind in ("json", "mp4", "png", "txt", "vtt")]
    about = json.loads(made[0]["lesson1.json"])
    with av.open(str(course / "one/lesson1.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == "avc1"
        extradata = bytes(stream.codec_context.extradata)
        assert extradata[3] <= 31, "phones decode level 3.1"
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == about["frames"] == round(about["seconds"] * RATE)
    assert frames[0].shape == (180, 320, 3)
    # A frame for each step: while the pole falls, after twelve frames' wait, each frame differs from the one before.
    moved = [abs(a[:135].astype(int) - b[:135]).max() > 24 for a, b in itertools.pairwise(frames[12:28])]
    assert sum(moved) >= 13
    # moov before mdat: a player need not read to the end first.
    assert made[0]["lesson1.mp4"].index(b"moov") < made[0]["lesson1.mp4"].index(b"mdat")
    assert made[0]["lesson1.txt"].decode() == "Lesson 1: Tiny\n\nWhat falls? A pole, after 15 steps.\n\nYou write f.\n"


def test_the_command_says_one_line_for_a_film_or_for_a_mistake(course: Path, monkeypatch) -> None:
    path = course / "exercises/films/lesson1.yml"
    right = path.read_text()
    for change, complaint in (
        (("episode: fall", "episode: fell"), r"lesson1\.yml, scene 1: there is no series 'fell'"),
        (("{steps}", "{stops}"), r"lesson1\.yml, scene 1: there is no number 'stops'"),
        (("what you write", "nothing"), r"lesson1\.yml, line 5: scene 2: Invalid value 'nothing'"),
    ):
        path.write_text(right.replace(*change))
        with pytest.raises(SystemExit, match=complaint) as caught:
            main(["1"])
        assert "\n" not in str(caught.value)
        assert not list(course.glob("films/*")), "something half-made was left"
    path.write_text(right)
    with pytest.raises(SystemExit, match=r"films: nothing can be written to course\.yml"):
        main(["1", "--out", "course.yml"])
    with pytest.raises(SystemExit, match=r"films: .*99"):
        main(["99"])
    monkeypatch.chdir(course.parent)
    with pytest.raises(SystemExit, match=r"films: .*course\.yml"):
        main(["1"])


@pytest.mark.parametrize("number", NUMBERS)
def test_the_longest_line_fits_the_picture(number: int) -> None:
    from grader.films import script
    from grader.films.stage import WIDTH, Stage

    with look():
        stage = Stage("")
        for scene in script.read(COURSE, number).scenes:
            for text in scene.say:
                stage.caption(captions.broken(PLACEHOLDER.sub("000", text)))
                stage.image()
                assert stage.caption_width() <= WIDTH - 40, text
