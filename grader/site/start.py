"""The first page: README.md, with a film and what a check looks like right below its first sentence."""

from __future__ import annotations

import re
from pathlib import Path

from grader.course import Course
from grader.errors import CourseError
from grader.site import film
from grader.site.markdown import html_block

_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")


def page(course: Course, readme: str, terminal: str, films: dict[str, dict[str, Path]]) -> str:
    """The first page as Markdown.

    Args:
        course: the course.
        readme: README.md: a heading, a paragraph that says what this is, perhaps a picture, and sections.
        terminal: a picture of a check, as ``grader.site.terminal`` makes it.
        films: the files of each lesson's film, by the lesson's name.

    Raises:
        CourseError: README.md does not begin in that way.
    """
    title, what, rest = (part.strip("\n") for part in (*readme.split("\n\n", 2), "", "")[:3])
    if not title.startswith("# ") or not what or _PICTURE.match(what):
        raise CourseError("README.md must begin with a heading and a paragraph that says what this is")
    sights = []
    picture = _PICTURE.match(rest)
    if picture:
        rest = rest[picture.end() :].strip("\n")
    if shown := next((lesson for lesson in course.lessons if films.get(lesson.name)), None):
        sights.append(film.shown(shown, films[shown.name], "", elsewhere=f"exercises/{shown.name}.html"))
        # Two things to look at are enough at first: the picture waits until the first section is over.
        if picture:
            sections = [match.start() for match in re.finditer(r"(?m)^## ", rest)]
            end = sections[1] if len(sections) > 1 else len(rest)
            rest = "\n\n".join([rest[:end].rstrip("\n"), picture[0], rest[end:]])
    elif picture:
        sights.append(f'<div class="picture">\n\n{picture[0]}\n\n</div>')
    sights.append(terminal)
    first = course.lessons[0]
    return "\n\n".join(
        [
            "---\nhide-toc: true\n---",
            title,
            what,
            html_block(
                [
                    '<p class="ways">',
                    f'<a class="way" href="exercises/{first.name}.html">Begin with lesson 1</a>',
                    '<a class="way" href="grader/index.html">Teach with it</a>',
                    '<a class="way" href="tests/index.html">Write lessons</a>',
                    "</p>",
                ]
            ).strip("\n"),
            '<div class="sights">',
            *sights,
            "</div>",
            rest,
        ]
    )
