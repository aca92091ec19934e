"""Film scripts, captions and their pace: all that needs no picture."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from grader.course import find_root, load
from grader.errors import CourseError
from grader.films import captions, pace, script
from grader.films.data import PLACEHOLDER, Data, written
from grader.films.writes import Writes

COURSE = load(find_root(Path(__file__)))
NUMBERS = [
    int(lesson.number)
    for lesson in COURSE.lessons
    if (COURSE.root / f"exercises/films/lesson{lesson.number}.yml").exists()
]

RIGHT = """
scenes:
  - show: {picture: cart, episode: some.episode}
    poster: true
    say: ["After {steps} steps, the pole has fallen."]
"""


def read(tmp_path: Path, text: str) -> script.Script:
    path = tmp_path / "lesson1.yml"
    path.write_text(text, encoding="utf-8")
    return script.read_file(path, "lesson1.yml")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("episode:", "epsode:"), r"line 3: scene 1: Object contains unknown field `epsode` - at `\$\.show`"),
        (("poster:", "postr:"), r"line 3: scene 1: Object contains unknown field `postr`"),
        (("picture: cart", "picture: horse"), "line 3: scene 1: Invalid value 'horse'"),
        (("{steps}", "15"), "line 3: scene 1: '15' is written by hand; take it from the run"),
        (("{steps}", "fifteen thousand"), "line 3: scene 1: 'thousand' is written by hand"),
        (("poster: true", "poster: false"), "line 2: one scene, and no second one, has to say poster: true"),
        (('["After {steps} steps, the pole has fallen."]', "[]"), "line 3: scene 1: say is empty"),
        (("scenes:", "scene:"), "line 2: a film script is one list called scenes"),
        (("say:", "say: ["), "line"),
    ],
)
def test_a_mistake_in_a_script_is_one_line_with_file_and_scene(tmp_path: Path, change, complaint) -> None:
    assert change[0] in RIGHT
    read(tmp_path, RIGHT)
    with pytest.raises(CourseError, match=f"^lesson1.yml, {complaint}") as caught:
        read(tmp_path, RIGHT.replace(*change))
    assert "\n" not in str(caught.value)


def test_a_script_that_is_missing_is_one_line() -> None:
    with pytest.raises(CourseError, match=r"^exercises/films/lesson99\.yml is not there; write it"):
        script.read(COURSE, 99)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("{stpes} steps.", r"lesson1.yml, scene 1: there is no number 'stpes'; there are: share, steps$"),
        ("{steps:.2q} steps.", r"lesson1.yml, scene 1: no number can be written as {steps:.2q}"),
        ("{share:word} of them.", "lesson1.yml, scene 1: there is no word for 0.5 in {share:word}"),
        ("word " * 30, "lesson1.yml, scene 1: a caption has at most 2 lines of 46 characters; split it"),
        ("{steps} steps.", "lesson1.yml: the film lasts 3 seconds; it may last 60 to 100"),
    ],
)
def test_what_only_a_run_can_show_is_one_line_too(tmp_path: Path, said: str, complaint: str) -> None:
    data = Data()
    data.add("steps", 15, "counted")
    data.add("share", 0.5, "counted")
    asked = read(tmp_path, RIGHT.replace("After {steps} steps, the pole has fallen.", said))
    with pytest.raises(CourseError, match=complaint) as caught:
        script.filled(asked, data)
    assert "\n" not in str(caught.value)


def test_numbers_are_written_as_people_write_them() -> None:
    assert [written(17410), written(-0.25), written(4, "word"), written(484.7, ".0f")] == [
        "17,410",
        "−0.25",
        "four",
        "485",
    ]


def test_a_caption_stands_as_long_as_it_takes_to_read_it() -> None:
    times = pace.timed(
        [["One.", "A caption of rather more words – and a number, 17,410, which is one of them."], ["End."]]
    )
    spans = [span for scene in times for span in scene.captions]
    for span in spans:
        seconds = (span.end - span.first) / pace.RATE
        assert seconds >= pace.SHORTEST
        assert pace.words(span.text) / seconds <= pace.WORDS_A_SECOND
    assert all(b.first - a.end >= round(pace.GAP * pace.RATE) for a, b in itertools.pairwise(spans))
    assert [times[0].first, times[0].end] == [0, times[1].first]
    assert pace.words(spans[1].text) == 15


def test_webvtt_holds_every_caption_at_its_time() -> None:
    times = pace.timed([["It is < 3 & more, on a line that is long enough to be broken in two."], ["The end."]])
    text = captions.webvtt(times)
    assert text.startswith("WEBVTT\n\n00:00.000 --> 00:")
    for block in text.split("\n\n")[1:]:
        assert re.fullmatch(r"\d\d:\d\d\.\d{3} --> \d\d:\d\d\.\d{3}\n.+(\n.+)?\n?", block)
    cues = list(captions.cues(text))
    assert [(round(first * pace.RATE), round(end * pace.RATE)) for first, end, _ in cues] == [
        (span.first, span.end) for scene in times for span in scene.captions
    ]
    assert cues[0][2] == "It is &lt; 3 &amp; more, on a line that is long enough to be broken in two."


def test_a_caption_is_broken_near_its_middle_and_never_loses_a_word() -> None:
    text = "Random pushes cannot. After many more steps than one would think, it has fallen."
    lines = captions.broken(text)
    assert " ".join(lines) == text
    assert len(lines) == 2
    assert max(map(len, lines)) <= captions.WIDTH


@pytest.mark.parametrize("number", NUMBERS)
def test_the_last_scene_names_what_the_learner_is_about_to_write(number: int) -> None:
    last = script.read(COURSE, number).scenes[-1].show
    assert isinstance(last, Writes)
    rules = COURSE.lesson(str(number))
    named = {exercise.name for exercise in rules.exercises} | ({rules.training.exercise} if rules.training else set())
    assert set(last.exercises) <= named
    assert last.check.split()[-1] == str(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_film_begins_with_a_question(number: int) -> None:
    assert any("?" in text for text in script.read(COURSE, number).scenes[0].say)


def test_scripts_give_no_code_away() -> None:
    for number in NUMBERS:
        lesson = COURSE.lesson(str(number))
        code = (COURSE.root / "solutions" / f"{lesson.name}.py").read_text(encoding="utf-8")
        regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", code, re.DOTALL)
        lines = {line.strip() for region in regions for line in region.split("\n") if len(line.strip()) > 12}
        text = (COURSE.root / f"exercises/films/lesson{number}.yml").read_text(encoding="utf-8")
        assert regions
        assert [line for line in lines if line in text] == []


def test_placeholders_are_found() -> None:
    assert [found.groups() for found in PLACEHOLDER.finditer("{a.b} of {c:.0f}")] == [("a.b", None), ("c", ".0f")]
