"""The zip that Gradescope builds an autograder from: one lesson, everything needed to grade it, and nothing else.

`setup.sh` and `run_autograder` lie at its root, as Gradescope's "Autograder Specifications" want it; beside them the
grader, the lesson's hidden tests and reference, and those of the lessons that it imports. The zip holds the salt of the
class, so that an upload is asked the same questions as a class is: treat it as you treat the solutions.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from grader.course import Course, Lesson, salt
from grader.errors import CourseError
from grader.gradescope.results import Visibility, failure

_FILES = Path(__file__).parent
_LEFT_OUT = ("__pycache__", "bench", "figures", "films")
_WHEN = (1980, 1, 1, 0, 0, 0)
_README = """# An autograder for Gradescope

Made by `grader export gradescope`. Upload the zip as it is under Configure Autograder, choose a base image that has
Python 3.11 or newer (Ubuntu 24.04; on 22.04 it is installed), and try it with Test Autograder. The assignment's
autograder points are {points}. The zip holds hidden tests, reference solutions and the salt: keep it to yourself.
"""


def gradescope_zip(
    course: Course, lesson: Lesson, *, train: bool = True, visibility: Visibility = "visible", unsafe: bool = False
) -> bytes:
    """Make the zip of one lesson; the same course gives the same bytes.

    Args:
        course: the course.
        lesson: the lesson that students hand in.
        train: whether its training check is run.
        visibility: when students see the tests.
        unsafe: whether to grade even where nothing in the container walls student code in.

    Raises:
        CourseError: the lesson has no tests, or a file that grading needs is not there.
    """
    settings = {"lesson": lesson.name, "train": train, "visibility": visibility, "unsafe": unsafe}
    points = lesson.max_points - (lesson.training.points if lesson.training and not train else 0)
    files: dict[str, bytes] = {
        "setup.sh": (_FILES / "setup.sh").read_bytes(),
        "run_autograder": (_FILES / "run_autograder").read_bytes(),
        "failed.json": _json(failure()),
        "gradescope.json": _json(settings),
        "course.yml": _course(course, lesson).encode(),
        "README.md": _README.format(points=f"{points:g}").encode(),
    }
    for path, name in (*_program(), *_lessons(course, lesson)):
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            raise CourseError(f"{name} cannot be read: {error.strerror}") from None
    if course.is_salted:
        files[salt.FILE] = f"{course.effective_salt}\n".encode()
    beside = Path(__file__).parents[2]
    for name in ("pyproject.toml", "constraints.txt", "LICENSE"):
        place = next((folder / name for folder in (beside, course.root) if (folder / name).is_file()), None)
        if place is None:
            raise CourseError(
                f"{name} is neither in {course.root} nor beside the grader; the autograder is installed from it"
            )
        files[name] = place.read_bytes()
    return _zip(files)


def _course(course: Course, lesson: Lesson) -> str:
    """course.yml with the lessons that are needed; the salt of the class is a file beside it."""
    lessons = (*course.needs(lesson), lesson)
    # If no lesson has a deadline, all references may stand in: with the dates of the others, none of these may.
    held_back = course.carry_forward == "closed" and course.has_dates and not any(each.due for each in lessons)
    data: dict[str, Any] = msgspec.to_builtins(
        {
            "title": course.title,
            "salt": course.salt,
            "carry_forward": False if held_back else course.carry_forward,
            "limits": course.limits,
            "lessons": [_entry(each) for each in lessons],
        }
    )
    head = "# Made by `grader export gradescope` from the course's own; the salt of the class is in .grader-salt.\n"
    return head + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def _entry(lesson: Lesson) -> dict[str, Any]:
    """A lesson's entry in course.yml, without the hints, which have a file of their own."""
    entry: dict[str, Any] = msgspec.to_builtins(lesson)
    for each in (*entry["exercises"], entry["training"] or {}):
        each.pop("hints", None)
    return entry


def _lessons(course: Course, lesson: Lesson) -> Iterator[tuple[Path, str]]:
    """Tests, references, hints and calibrations; not what only measures the tests: wheats, equivalent mutants."""
    for each in (*course.needs(lesson), lesson):
        tests = [
            path
            for path in sorted(course.tests(each).glob("*"))
            if path.suffix == ".py" or path.name in ("chaffs.yml", course.calibration(each).name)
        ]
        if not any(path.name.startswith("test_") for path in tests):
            raise CourseError(
                f"{each.name} has no hidden properties in tests/{each.name}/; export from the whole course"
            )
        for path in (*tests, course.solution(each), course.hints(each)):
            yield path, path.relative_to(course.root).as_posix()


def _program() -> Iterator[tuple[Path, str]]:
    """The grader itself, without its measurements, figures and films."""
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in parts):
            yield path, Path("grader", *parts).as_posix()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode() + b"\n"


def _zip(files: dict[str, bytes]) -> bytes:
    """Pack files into a zip whose bytes depend on them alone; scripts are executable."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system = 3  # Unix: permissions are read
            entry.external_attr = (0o100755 if files[name].startswith(b"#!") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return out.getvalue()
