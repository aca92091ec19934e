"""Films in a students' copy: those that are asked for and those that are there, each at the beginning of its lesson.

Films are made by ``make films`` and are in no repository, so a release has them only on request. What a release has
once got it keeps, as lessons come one after another and films may have been made on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.course import Lesson
from grader.errors import CourseError
from grader.managed.folder import Memory

FOLDER = "exercises/films"

ENDINGS = ("mp4", "txt")
"""The film, and what it says. Captions are in its picture: JupyterLab shows no other ones, and no poster."""

Film = Mapping[str, bytes]
"""The files of one film, by their endings."""


def made(folder: Path, lessons: Sequence[Lesson]) -> dict[str, Film]:
    """The films of these lessons in a folder of films, by the lessons' names.

    Raises:
        CourseError: there is none, or one that cannot be read.
    """
    try:
        found = {lesson.name: _read(folder, lesson) for lesson in lessons}
    except OSError as error:
        raise CourseError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    if not any(found.values()):
        raise CourseError(
            f"{folder} has no film of a lesson that is out, such as {folder / _name(lessons[0], 'mp4')}; "
            "`make films` makes them"
        )
    return {name: film for name, film in found.items() if film}


def released(folder: Path, memory: Memory, lessons: Sequence[Lesson]) -> dict[str, Film]:
    """The films that an earlier release has written and that are still there, by the lessons' names."""
    known = {path for lesson in lessons for path in paths(lesson) if path in memory.files}
    try:
        found = {lesson.name: _read(folder / FOLDER, lesson) for lesson in lessons if known.intersection(paths(lesson))}
    except OSError as error:
        raise CourseError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    return {name: film for name, film in found.items() if film}


def paths(lesson: Lesson) -> list[str]:
    """The places of a film's files in a copy."""
    return [f"{FOLDER}/{_name(lesson, ending)}" for ending in ENDINGS]


def files(lesson: Lesson, film: Film) -> dict[str, bytes]:
    """The files of a film by their paths in a copy."""
    return {f"{FOLDER}/{_name(lesson, ending)}": data for ending, data in film.items()}


def with_film(text: str, lesson: Lesson, film: Film) -> str:
    """A lesson's text with its film below the title; the text as it is where there is no film.

    A notebook is made from the same text. JupyterLab takes ``src`` at the video itself and no ``<source>`` in it; where
    no video is shown, as on GitHub, the link leads to it.
    """
    if not film:
        return text
    title, _, rest = text.partition("\n")
    at = {ending: f"films/{_name(lesson, ending)}" for ending in film}
    said = f"; [what it says]({at['txt']})" if "txt" in at else ""
    shown = f'<video controls preload="metadata" width="640" src="{at["mp4"]}"></video>'
    link = f"[The film of this lesson]({at['mp4']}), without sound, with captions in the picture{said}."
    return f"{title}\n\n{shown}\n\n{link}\n{rest}"


def _read(folder: Path, lesson: Lesson) -> Film:
    """The files of a film in a folder; {} without the film itself."""
    there = {ending: folder / _name(lesson, ending) for ending in ENDINGS}
    if not there["mp4"].is_file():
        return {}
    return {ending: path.read_bytes() for ending, path in there.items() if path.is_file()}


def _name(lesson: Lesson, ending: str) -> str:
    return f"lesson{lesson.number}.{ending}"
