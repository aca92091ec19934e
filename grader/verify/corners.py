"""The grid of corners: for each exercise and each corner of legal input, the property that visits it, or a reason.

``tests/<lesson>/corners.yml`` has a line per cell, in one of three forms::

    td_target:
      one row: test_target_is_reward_and_best_next_value
      float64: {said: "Every tensor is float32"}
      read-only: {none: "torch has no read-only tensors"}

A property's name is measured (``grader.verify.visits``), words after ``said`` have to stand in the lesson's text or
stub, and what a property visits can be neither ruled out nor inapplicable. So the file cannot claim what is not so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import yaml

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place

Visits = Mapping[str, Mapping[str, Counter[str]]]
"""By exercise and corner, in how many examples each property visits it."""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in the place of a property.

    Attributes:
        said: a sentence of the lesson that rules the corner out.
        none: why the exercise has no such corner, or why nothing can visit it.
    """

    said: str = ""
    none: str = ""


Grid = dict[str, dict[str, str | Reason]]
"""The cells by exercise and corner; a property's name, or a reason."""


@dataclass(frozen=True)
class CornersRow:
    """The grid of one lesson.

    Attributes:
        lesson: its name.
        cells: by corner and exercise, ``visited``, ``said``, ``none`` or ``wrong``.
        problems: the cells that are empty, or that claim what is not so, one line each.
    """

    lesson: str
    cells: Mapping[str, Mapping[str, str]]
    problems: tuple[str, ...]


def path_of(course: Course, lesson: Lesson) -> Path:
    """The file with the lesson's grid."""
    return course.tests(lesson) / "corners.yml"


def read(course: Course, lesson: Lesson) -> Grid:
    """The lesson's grid as it is in its file; without any cell if there is none.

    Raises:
        CourseError: the file is not a grid.
    """
    path = path_of(course, lesson)
    if not path.is_file():
        return {}
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")) or {}, Grid)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"tests/{lesson.name}/{path.name}: {error}".replace("\n", " ")) from None


def measure(course: Course, lesson: Lesson, place: Place, _watch: Watcher) -> Visits:
    """The corners that the lesson's properties visit; a job for ``grader.grading.workers``."""
    from grader.verify.visits import visits  # it imports torch, which a process that only hands out jobs does not need

    return visits(course, lesson, place)


def row(course: Course, lesson: Lesson, measured: Visits) -> CornersRow:
    """Compare the lesson's grid with what was measured."""
    grid, words = read(course, lesson), _words(course, lesson)
    corners = list(dict.fromkeys(corner for cells in measured.values() for corner in cells))
    cells: dict[str, dict[str, str]] = {corner: {} for corner in corners}
    problems = [f"{name} is not an exercise of the lesson" for name in grid if name not in measured]
    for exercise, by_corner in measured.items():
        given = grid.get(exercise, {})
        problems += [f"{exercise}: {corner!r} is not a corner" for corner in given if corner not in by_corner]
        for corner, visitors in by_corner.items():
            cell = given.get(corner)
            wrong = list(_wrong(cell, visitors, words))
            problems += [f"{exercise}, {corner}: {problem}" for problem in wrong]
            kind = "visited" if isinstance(cell, str) else "said" if cell is not None and cell.said else "none"
            cells[corner][exercise] = "wrong" if wrong else kind
    return CornersRow(lesson.name, cells, tuple(problems))


def _wrong(cell: str | Reason | None, visitors: Counter[str], words: str) -> Iterator[str]:
    """The ways in which a cell is not so."""
    visited = f"{_most(visitors)} visits it" if visitors else "no property visits it"
    if cell is None:
        yield f"no entry; {visited}"
    elif isinstance(cell, str):
        if cell not in visitors:
            yield f"{cell} does not visit it; {visited}"
    elif bool(cell.said) == bool(cell.none):
        yield "one of `said` and `none` is needed, with words"
    elif visitors:
        yield f"there is a reason why nothing visits it, but {visited}"
    elif cell.said and " ".join(cell.said.split()) not in words:
        yield f"the lesson does not say {cell.said!r}"


def _most(visitors: Counter[str]) -> str:
    """The property that visits a corner in most of its examples; of several, the first of the test file."""
    return max(visitors, key=lambda name: visitors[name])


def _words(course: Course, lesson: Lesson) -> str:
    """All that a learner reads, as one line."""
    stub = course.stub(lesson)
    texts = (path.read_text(encoding="utf-8") for path in (stub.with_suffix(".md"), stub) if path.is_file())
    return " ".join(" ".join(texts).split())


def update(course: Course, lesson: Lesson, measured: Visits) -> None:
    """Write the lesson's grid anew: names where a property visits a corner, and what was written by hand elsewhere."""
    grid = read(course, lesson)
    lines = [
        "# The corners of legal input: the property that visits each, or a reason, written by hand. Checked by",
        f"# `grader corners {lesson.number}`; with --write it fills in the names of properties.",
    ]
    for exercise, by_corner in measured.items():
        lines += ["", f"{exercise}:"]
        for corner, visitors in by_corner.items():
            cell = grid.get(exercise, {}).get(corner)
            if visitors:
                kept = cell if isinstance(cell, str) and cell in visitors else _most(visitors)
                lines.append(f"  {corner}: {kept}")
            elif isinstance(cell, Reason):
                kind, text = ("said", cell.said) if cell.said else ("none", cell.none)
                lines.append(f"  {corner}: {{{kind}: {json.dumps(text, ensure_ascii=False)}}}")
    write(path_of(course, lesson), "\n".join([*lines, ""]).encode())
