"""All pages of the site, each made from a file of the repository, and every file that goes along.

A page has the path of the file that it is made from, and a README is the index of its folder; so links between texts
are links between pages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grader.course import Course
from grader.errors import CourseError
from grader.lessons.notebooks import source_notebook, student_notebook
from grader.lessons.stubs import pristine
from grader.site import film, lesson, links, start

START = "README.md"


class Group(NamedTuple):
    """Pages under one heading of the navigation: each by its file, with a title where its own is too long or vague."""

    heading: str
    pages: tuple[tuple[str, str], ...]


BEFORE = Group("Learn", (("exercises/README.md", "How to work"),))
"""The lessons follow."""

AFTER = (
    Group("Teach", (("grader/README.md", "For instructors"), ("SECURITY.md", "Security"))),
    Group(
        "Write and change",
        (
            ("tests/README.md", "Writing lessons"),
            ("CONTRIBUTING.md", "Contributing"),
            ("grader/DESIGN.md", "Design"),
            ("CHANGELOG.md", "Changelog"),
        ),
    ),
)

TITLES = {path: title for group in (BEFORE, *AFTER) for path, title in group.pages}


@dataclasses.dataclass(frozen=True)
class Prepared:
    """The sources that Sphinx is given, and the files that are laid beside the pages that it makes.

    Attributes:
        sources: Markdown, and the pictures and files that it links to, by path.
        beside: files that the site has as they are, by path: stubs, notebooks and films.
    """

    sources: dict[str, bytes]
    beside: dict[str, bytes]


def prepare(course: Course, terminal: str) -> Prepared:
    """Make every page's Markdown from the texts of the repository.

    Args:
        course: the course.
        terminal: a picture of a check, for the first page.

    Raises:
        CourseError: a text is missing, or has a link or a formula that the site cannot take over.
    """
    films = {each.name: film.of_lesson(course, each) for each in course.lessons}
    texts = {path: _read(course.root, path) for path in _files(course)}
    sources = {}
    for path, text in texts.items():
        for file in links.linked(course.root, PurePosixPath(path), text):
            if file.as_posix() not in texts:
                sources[file.as_posix()] = (course.root / file).read_bytes()
    texts[START] = start.page(course, texts[START], terminal, films)
    for each in course.lessons:
        path = f"exercises/{each.name}.md"
        texts[path] = lesson.page(course, each, texts[path], films[each.name])
    texts[START] += _navigation(course)
    sources |= {_as_page(path): links.to_pages(text, TITLES).encode() for path, text in texts.items()}
    beside: dict[str, bytes] = {}
    for each in course.lessons:
        beside |= {f"exercises/{each.name}.py": pristine(course, each).encode()}
        beside |= {f"exercises/{each.name}.ipynb": _notebook(course, each.name).encode()}
        beside |= {f"{film.FOLDER}/{path.name}": path.read_bytes() for path in films[each.name].values()}
    return Prepared(dict(sorted(sources.items())), beside)


def _files(course: Course) -> list[str]:
    """Every text that becomes a page."""
    lessons = [f"exercises/{each.name}.md" for each in course.lessons]
    others = [path for group in (BEFORE, *AFTER) for path, _ in group.pages]
    return [START, *others, *lessons]


def _as_page(path: str) -> str:
    return str(PurePosixPath(path).with_name("index.md")) if path.endswith("README.md") else path


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read, and the site has a page of it: {error}") from None


def _notebook(course: Course, name: str) -> str:
    """The lesson as the notebook that students open."""
    each = course.lesson(name)
    text = _read(course.root, f"exercises/{name}.md")
    return student_notebook(source_notebook(each, course.solution(each).read_text(encoding="utf-8"), text))


def _navigation(course: Course) -> str:
    """The order of the pages, as Sphinx reads it."""
    lessons = [(f"exercises/{each.name}.md", f"{each.number} · {each.title}") for each in course.lessons]
    groups = [Group(BEFORE.heading, (*BEFORE.pages, *lessons)), *AFTER]
    return "".join(f"\n\n{_toctree(group.heading, group.pages)}" for group in groups) + "\n"


def _toctree(heading: str, pages: Iterable[tuple[str, str]]) -> str:
    entries = [f"{title} <{_as_page(path).removesuffix('.md')}>" for path, title in pages]
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *entries, "```"])
