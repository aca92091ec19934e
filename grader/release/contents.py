"""The contents of a students' copy: every file by its path, made from the course in its current state."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.export.github import WORKFLOW, workflow
from grader.lessons.notebooks import source_notebook, student_notebook
from grader.lessons.stubs import pristine
from grader.release import films, modules
from grader.release.course_yml import for_students
from grader.training import calibration

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[1]

Files = dict[str, bytes]
"""Contents by path, with ``/`` between folders."""


def with_what_they_import(course: Course, wanted: Sequence[str]) -> list[Lesson]:
    """The lessons of these names and the earlier ones that they need; all lessons if none is named.

    Raises:
        CourseError: there is no such lesson.
    """
    chosen = [course.lesson(name) for name in wanted] or list(course.lessons)
    names = {each.name for lesson in chosen for each in (lesson, *course.needs(lesson))}
    return [lesson for lesson in course.lessons if lesson.name in names]


def contents(
    course: Course,
    lessons: Sequence[Lesson],
    *,
    with_tests: bool = False,
    filmed: Mapping[str, films.Film] | None = None,
) -> Files:
    """Every file of a copy for students.

    Args:
        course: the whole course.
        lessons: those that are released.
        with_tests: put in the hidden properties, the solutions and misconceptions that diagnosis needs, and the right
            answers in other styles.
        filmed: films, by the lessons' names.

    Raises:
        CourseError: a file that is needed cannot be read, or jinja2 is not installed.
    """
    files: Files = {}
    filmed = filmed or {}
    for part in (_the_course, _the_grader, _the_project):
        files |= part(course, lessons)
    files |= _the_exercises(course, lessons, filmed)
    if with_tests:
        files |= _the_tests(course, lessons)
    files["README.md"] = _page("README.md.j2", course=course, lessons=lessons, with_tests=with_tests, filmed=filmed)
    return dict(sorted(files.items()))


def _the_course(course: Course, lessons: Sequence[Lesson]) -> Files:
    text = _read(course.root / "course.yml").decode()
    return {"course.yml": for_students(text, {lesson.name for lesson in lessons}).encode()}


def _the_exercises(course: Course, lessons: Sequence[Lesson], filmed: Mapping[str, films.Film]) -> Files:
    """Texts, hints, figures, films; stubs and notebooks are generated: those in exercises/ may hold someone's work."""
    files: Files = {}
    folder = course.root / "exercises"
    for lesson in lessons:
        stub = pristine(course, lesson)
        if not stub:
            raise CourseError(f"solutions/{lesson.name}.py does not exist; stubs for students are made from it")
        files[f"exercises/{lesson.name}.py"] = files[f"grader/released/{lesson.name}.py"] = stub.encode()
        files[f"exercises/{lesson.name}.yml"] = _read(course.hints(lesson))
        if figures := _calibration(course, lesson):
            files[course.released_calibration(lesson).relative_to(course.root).as_posix()] = figures
        text = folder / f"{lesson.name}.md"
        if text.is_file():
            film = filmed.get(lesson.name, {})
            shown = films.with_film(_read(text).decode(), lesson, film)
            files[f"exercises/{lesson.name}.md"] = shown.encode()
            source = source_notebook(lesson, _read(course.solution(lesson)).decode(), shown)
            files[f"exercises/{lesson.name}.ipynb"] = student_notebook(source).encode()
            for name in sorted(set(re.findall(r"\((figures/[\w.-]+)\)", shown))):
                files[f"exercises/{name}"] = _read(folder / name)
            files |= films.files(lesson, film)
    return files


def _calibration(course: Course, lesson: Lesson) -> bytes:
    """The figures by which a failing report says how often the reference does as badly; b"" if there are none.

    A copy has no solution by which it could be seen that the figures are out of date, so these are not handed out.
    """
    if lesson.training is None or calibration.of_lesson(course, lesson) is None:
        return b""
    path = course.calibration(lesson)
    return _read(path if path.is_file() else course.released_calibration(lesson))


def _the_grader(course: Course, lessons: Sequence[Lesson]) -> Files:
    return {path.as_posix(): _read(modules.PACKAGE.parent / path) for path in modules.needed()}


def _the_project(course: Course, lessons: Sequence[Lesson]) -> Files:
    """The files that make the folder a project for pip, git and editors."""
    project = tomllib.loads(_read(_PROJECT / "pyproject.toml").decode())
    licence = course.root / "LICENSE"
    return {
        # No dependabot.yml beside it: each student's copy would get pull requests. Release again for newer actions.
        WORKFLOW: workflow(lessons).encode(),
        ".devcontainer/devcontainer.json": _page("devcontainer.json.j2", course=course),
        ".vscode/tasks.json": _read(_HERE / "tasks.json"),
        ".gitignore": _read(_HERE / "gitignore.txt"),
        "LICENSE": _read(licence if licence.is_file() else _PROJECT / "LICENSE"),
        "constraints.txt": _constraints(),
        "pyproject.toml": _page("pyproject.toml.j2", build=project["build-system"], project=project["project"]),
    }


def _the_tests(course: Course, lessons: Sequence[Lesson]) -> Files:
    files: Files = {}
    for lesson in lessons:
        tests = course.tests(lesson)
        # The wheats are not needed to judge: they are what a learner who is done compares with.
        paths = [course.solution(lesson), *tests.glob("test_*.py"), tests / "chaffs.yml", *tests.glob("wheats/*.py")]
        files |= {path.relative_to(course.root).as_posix(): _read(path) for path in paths if path.is_file()}
    return files


def _constraints() -> bytes:
    """The tested versions of exactly those packages that a student installs."""
    wanted = {line for line in _read(_HERE / "packages.txt").decode().split("\n") if line and not line.startswith("#")}
    lines = _read(_PROJECT / "constraints.txt").decode().splitlines()
    kept = [line for line in lines if canonical(line.partition("==")[0]) in wanted]
    return "\n".join(["# The versions that this course was tested with.", *kept, ""]).encode()


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _page(template: str, **values: Any) -> bytes:
    """Render a template of this room.

    Raises:
        CourseError: jinja2 is not installed.
    """
    try:
        import jinja2
    except ModuleNotFoundError:
        raise CourseError("a release needs the extra called class: pip install -e '.[class]'") from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values).encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
