"""A picture of a terminal, made of text: `grader check`, of a program with a known mistake.

The program is one of the course's own: a chaff of lesson 1. It is checked in a copy of the course, with the public
salt, so the picture is the same at every run.
"""

from __future__ import annotations

import html
import io
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

from grader.course import Course, load
from grader.errors import CourseError
from grader.learner.check import check
from grader.lessons import chaffs

LESSON, CHAFF = "1", "discounts_the_first_reward"
_WIDTH = 62
_HUES = {1: "bad", 2: "good", 12: "keyword", 14: "name"}
"""The terminal's red, green, bright blue and bright cyan, as the palette calls them."""


def picture(course: Course) -> str:
    """The picture as Markdown: from the exercise to mend to what came back and what was needed.

    Raises:
        CourseError: the lesson has no such chaff, or its check passes.
    """
    lesson = course.lesson(LESSON)
    text = Text.from_ansi(_checked(course))
    lines = list(text.split("\n"))
    # Around that stand the marks, of the lesson and of each exercise: too much for a picture.
    first, last = _begins("First, ", lines), _begins("needed", lines)
    shown = [Text(f"$ grader check {lesson.number}", "bold"), Text(), *lines[first : last + 1]]
    body = "\n".join(map(_as_html, shown))
    return f'<pre class="terminal" tabindex="0">{body}</pre>'


def _begins(word: str, lines: list[Text]) -> int:
    found = (i for i, line in enumerate(lines) if line.plain.lstrip().startswith(word))
    if (first := next(found, None)) is None:
        raise CourseError(f"a check of lesson {LESSON}'s {CHAFF} says no {word.strip()!r}: is it no mistake any more?")
    return first


def _checked(course: Course) -> str:
    """The check as it is printed, with the codes that colour it."""
    lesson = course.lesson(LESSON)
    wrong = next((each for each in chaffs.load(course, lesson) if each.name == CHAFF), None)
    if wrong is None:
        raise CourseError(f"{lesson.name} has no chaff {CHAFF}, of which the site shows a check")
    solution = course.solution(lesson)
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder)
        for path in (Path("course.yml"), Path("exercises"), Path("solutions"), Path("tests") / lesson.name):
            (copied / path).parent.mkdir(parents=True, exist_ok=True)
            source = course.root / path
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copied / path)
        copy = load(copied)
        copy.stub(lesson).write_text(wrong.source(solution.read_text(encoding="utf-8")), encoding="utf-8")
        check(copy, LESSON, None, Console(file=printed, width=_WIDTH, color_system="standard", legacy_windows=False))
    return printed.getvalue()


def _as_html(line: Text) -> str:
    console = Console(file=io.StringIO(), width=_WIDTH)
    pieces = []
    for segment in line.render(console):
        said = html.escape(segment.text.rstrip("\n"))
        classes = _classes(segment.style)
        pieces.append(f'<span class="{classes}">{said}</span>' if classes and said.strip() else said)
    return "".join(pieces).rstrip()


def _classes(style: Style | None) -> str:
    if style is None:
        return ""
    hue = _HUES.get(style.color.number or 0, "") if style.color else ""
    return " ".join(each for each in ("b" if style.bold else "", "d" if style.dim else "", hue) if each)
