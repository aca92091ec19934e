"""Film scripts: ``exercises/films/lessonN.yml``, read and checked."""

from __future__ import annotations

from pathlib import Path

import msgspec

from grader.course import Course
from grader.course.document import read as read_document
from grader.errors import CourseError
from grader.films.captions import broken, unsourced
from grader.films.data import PLACEHOLDER, Data
from grader.films.pace import RATE, timed
from grader.films.pictures import AnyPicture

SHORTEST, LONGEST = 60, 100
"""Seconds that a film may last."""


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture, and what is said while it is seen.

    Attributes:
        show: the picture with its parameters.
        say: the captions, one after another.
        poster: whether the film's poster is this scene's last frame.
    """

    show: AnyPicture
    say: tuple[str, ...]
    poster: bool = False


class Script(msgspec.Struct, frozen=True):
    """The scenes of a film.

    Attributes:
        name: the file, as messages call it.
        scenes: the scenes in order.
    """

    name: str
    scenes: tuple[Scene, ...]

    @property
    def poster(self) -> int:
        """The place of the scene from which the poster is taken."""
        return next(i for i, scene in enumerate(self.scenes) if scene.poster)


def path_of(course: Course, number: int) -> Path:
    """The file of a lesson's script, whether it is there or not."""
    return course.root / "exercises" / "films" / f"lesson{number}.yml"


def read(course: Course, number: int) -> Script:
    """Read the script of one lesson.

    Raises:
        CourseError: there is none, or it is wrong; one line with the file and the scene.
    """
    path = path_of(course, number)
    return read_file(path, path.relative_to(course.root).as_posix())


def read_file(path: Path, name: str) -> Script:
    """Read a script.

    Args:
        path: where it is.
        name: what it is called in messages.

    Raises:
        CourseError: as above.
    """
    try:
        document = read_document(path, name)
    except FileNotFoundError:
        raise CourseError(f"{name} is not there; write it, or make the films of other lessons") from None
    top = document.data
    if not isinstance(top, dict) or set(top) != {"scenes"} or not isinstance(top["scenes"], list) or not top["scenes"]:
        raise document.error("a film script is one list called scenes")
    scenes = []
    for i, each in enumerate(top["scenes"]):
        try:
            scene = msgspec.convert(each, Scene)
            _check(scene)
        except (msgspec.ValidationError, CourseError) as error:
            raise document.error(f"scene {i + 1}: {error}", "scenes", i) from None
        scenes.append(scene)
    if sum(scene.poster for scene in scenes) != 1:
        raise document.error("one scene, and no second one, has to say poster: true")
    return Script(name, tuple(scenes))


def filled(script: Script, data: Data) -> tuple[tuple[str, ...], ...]:
    """The captions of each scene, with the run's numbers in them.

    Raises:
        CourseError: a number is not there, a caption becomes too long, or the film too short or too long.
    """
    found = []
    for i, scene in enumerate(script.scenes):
        try:
            captions = tuple(" ".join(data.fill(text).split()) for text in scene.say)
            for text in captions:
                broken(text)
        except CourseError as error:
            raise CourseError(f"{script.name}, scene {i + 1}: {error}") from None
        found.append(captions)
    seconds = timed(found)[-1].end / RATE
    if not SHORTEST <= seconds <= LONGEST:
        raise CourseError(f"{script.name}: the film lasts {seconds:.0f} seconds; it may last {SHORTEST} to {LONGEST}")
    return tuple(found)


def _check(scene: Scene) -> None:
    """Refuse what is wrong with a scene whatever the run gives."""
    if not scene.say:
        raise CourseError("say is empty; a picture that nobody explains is no scene")
    for text in scene.say:
        if number := unsourced(PLACEHOLDER.sub("", text)):
            raise CourseError(f"{number!r} is written by hand; take it from the run, as in {{steps}}: {text}")
