"""One film: the run, the script, the pictures and the encoder put together."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from grader.course import Course
from grader.errors import CourseError
from grader.files import write
from grader.films import captions, script
from grader.films.data import Data
from grader.films.encode import encode
from grader.films.pace import RATE, Times, timed
from grader.films.script import Script
from grader.films.sheet import png
from grader.films.stage import HEIGHT, WIDTH, Image, Stage, look
from grader.lessons.reference import reference


def run(course: Course, number: int) -> Data:
    """Run the lesson's reference solution for its film.

    Raises:
        CourseError: there is no such lesson, or no run for it.
    """
    import torch

    torch.set_num_threads(1)  # two threads would add up in another order, and networks as small as these are no quicker
    lesson = course.lesson(str(number))
    if importlib.util.find_spec(f"grader.films.lesson{number}") is None:
        raise CourseError(f"grader/films/lesson{number}.py is not there; write its run, as tests/README.md says")
    data = Data()
    with reference(course):
        importlib.import_module(f"grader.films.lesson{number}").run(importlib.import_module(lesson.name), data)
    return data


class Film:
    """A film that is ready to be drawn.

    Args:
        course: the course.
        number: the lesson's number.
        height: in pixels; the width follows.

    Raises:
        CourseError: the script is wrong; one line.
    """

    def __init__(self, course: Course, number: int, height: int = HEIGHT) -> None:
        self.number = number
        self.title = course.lesson(str(number)).title
        self.script = script.read(course, number)
        self.data = run(course, number)
        self.times = timed(script.filled(self.script, self.data))
        self._height = height
        self._heading = f"Lesson {number}   {self.title}"

    @property
    def seconds(self) -> float:
        """The length of the film."""
        return self.times[-1].end / RATE

    def make(self, folder: Path) -> None:
        """Write the film, its captions, transcript, poster and numbers into a folder."""
        name = f"lesson{self.number}"
        with look():
            for i in range(len(self.times)):  # what a script asks for in vain is told before minutes have gone by
                self._show(i, Stage(self._heading, self._height))
            folder.mkdir(parents=True, exist_ok=True)
            encode(folder / f"{name}.mp4", self.frames(), self._height * WIDTH // HEIGHT, self._height)
            write(folder / f"{name}.png", png(self.poster()))
        heading = f"Lesson {self.number}: {self.title}"
        write(folder / f"{name}.vtt", captions.webvtt(self.times).encode())
        write(folder / f"{name}.txt", captions.transcript(heading, self.times).encode())
        about = json.dumps(self.about(), ensure_ascii=False, separators=(",", ":"))
        write(folder / f"{name}.json", about.encode() + b"\n")

    def about(self) -> dict[str, Any]:
        """All that is said and shown, and the numbers that were asked for until now, with where they came from."""
        return {
            "lesson": self.number,
            "title": self.title,
            "script": self.script.name,
            "seconds": self.seconds,
            "frames": self.times[-1].end,
            "scenes": [_told(self.script, self.times, i) for i in range(len(self.times))],
            **self.data.used(),
        }

    def frames(self) -> Iterator[tuple[Image, int]]:
        """All pictures, each with how many frames it stands."""
        for i in range(len(self.times)):
            yield from self.scene(i)

    def scene(self, i: int) -> Iterator[tuple[Image, int]]:
        """The pictures of one scene."""
        times = self.times[i]
        stage = Stage(self._heading, self._height)
        show = self._show(i, stage)
        before: tuple[int, tuple[str, ...]] | None = None
        repeats = 0
        image: Image | None = None
        for frame in range(times.frames):
            now = show.moment(frame), _lines(times, frame)
            if now == before:
                repeats += 1
                continue
            if image is not None:
                yield image, repeats
            show.draw(now[0])
            stage.caption(now[1])
            image, repeats, before = stage.image(), 1, now
        if image is not None:
            yield image, repeats

    def stills(self, i: int, frames: Sequence[int]) -> list[Image]:
        """Some frames of one scene, counted from its beginning."""
        times = self.times[i]
        stage = Stage(self._heading, self._height)
        show = self._show(i, stage)
        found = []
        for frame in frames:
            show.draw(show.moment(frame))
            stage.caption(_lines(times, frame))
            found.append(stage.image())
        return found

    def poster(self) -> Image:
        """The last picture of the poster's scene, with the lesson's title in the place of a caption."""
        i = self.script.poster
        stage = Stage("", self._height)
        show = self._show(i, stage)
        show.draw(show.moment(self.times[i].frames - 1))
        stage.caption((f"Lesson {self.number}", self.title))
        return stage.image()

    def _show(self, i: int, stage: Stage) -> Any:
        try:
            return self.script.scenes[i].show.show(stage, self.data, self.times[i])
        except CourseError as error:
            raise CourseError(f"{self.script.name}, scene {i + 1}: {error}") from None


def _lines(times: Times, frame: int) -> tuple[str, ...]:
    """The lines that stand in a frame of a scene."""
    said = next((span.text for span in times.captions if span.first <= times.first + frame < span.end), "")
    return captions.broken(said) if said else ()


def _told(script: Script, times: tuple[Times, ...], i: int) -> dict[str, Any]:
    scene = script.scenes[i]
    spans = [
        {"from": span.first / RATE, "to": span.end / RATE, "say": raw, "said": span.text}
        for raw, span in zip(scene.say, times[i].captions, strict=True)
    ]
    first, end = times[i].first / RATE, times[i].end / RATE
    return {"from": first, "to": end, "show": msgspec.to_builtins(scene.show), "captions": spans}
