"""The notebooks of a lesson, as text: nbgrader's source notebook, and the one that students open.

They are written as plain JSON, with keys in order and no times in it: the same lesson always gives the same bytes, and
it takes no library to make them. Tests hold them against nbformat's schema and against what nbgrader makes of the
source notebook.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write
from grader.lessons import cells as code
from grader.lessons import text
from grader.lessons.stubs import MARKER, make_stub

Cell = dict[str, Any]

TO_WRITE = ("# YOUR CODE HERE", "raise NotImplementedError()")
"""The lines that nbgrader puts in place of a solution."""

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}

_HOW_TO = """\
## How this notebook works

Where a cell says `raise NotImplementedError()`, you write: put your own code in the place of that line, and run the
cell with Shift+Enter. The cell below it checks what you wrote, and shows the first thing to mend, with the smallest
example in which it goes wrong. Everything runs right here; nothing is recorded, and nothing is sent anywhere.

Begin with the next cell, and run it again whenever you have restarted the kernel."""


def source_notebook(lesson: Lesson, solution: str, lesson_text: str) -> str:
    """The source notebook: with the solutions, between nbgrader's own markers.

    Raises:
        CourseError: an exercise of the lesson has nothing to write in the solution, or two cells would get one name.
    """
    cells = list(_cells(lesson, solution, lesson_text))
    for key in ("id", "grade_id"):
        seen: set[str] = set()
        for cell in cells:
            name = cell["id"] if key == "id" else cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in seen:
                raise CourseError(f"two cells of {lesson.name}.ipynb would be called {name!r}")
            seen |= {name} if name else set()
    return _written(cells)


def student_notebook(source: str) -> str:
    """The notebook that a student opens: the source notebook as ``nbgrader generate_assignment`` would release it."""
    cells = [{**cell, "source": "".join(cell["source"])} for cell in json.loads(source)["cells"]]
    return _written([_released(cell) for cell in cells])


def grade_id(exercise: str) -> str:
    """The name of the cell that checks an exercise; nbgrader allows no dots in it."""
    return exercise.replace(".", "-")


def source_path(course: Course, lesson: Lesson) -> Path:
    """The path of the notebook with the solutions."""
    return course.solution(lesson).with_suffix(".ipynb")


def student_path(course: Course, lesson: Lesson) -> Path:
    """The path of the notebook that a student fills in."""
    return course.stub(lesson).with_suffix(".ipynb")


def build_notebooks(course: Course, *, check: bool = False) -> list[Path]:
    """Write the notebooks of every lesson that has a text, unless they are up to date.

    Args:
        course: where texts and solutions are.
        check: write nothing.

    Returns:
        The notebooks that were stale, written now or still stale under ``check``.

    Raises:
        CourseError: a lesson cannot be made into a notebook; nothing has been written then.
    """
    stale: list[tuple[Path, str]] = []
    for lesson in course.lessons:
        solution, lesson_text = course.solution(lesson), course.stub(lesson).with_suffix(".md")
        if not lesson_text.is_file():
            continue
        try:
            source = source_notebook(lesson, _read(solution), _read(lesson_text))
        except CourseError as error:
            raise CourseError(f"{solution.parent.name}/{solution.name}: {error}") from None
        for path, made in (
            (source_path(course, lesson), source),
            (student_path(course, lesson), student_notebook(source)),
        ):
            if not path.is_file() or path.read_bytes() != made.encode():
                stale.append((path, made))
    if not check:
        for path, made in stale:
            write(path, made.encode())
    return [path for path, _ in stale]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CourseError(f"{path.name} cannot be read: {reason}") from None


def _cells(lesson: Lesson, solution: str, lesson_text: str) -> Iterator[Cell]:
    """The cells in their order: the text, with the code of each answer at the item that describes it."""
    make_stub(solution)  # its markers are right
    found = code.in_order_of_use(code.pieces(solution))
    parts = text.sections(lesson_text, lesson.name)
    first = next((i for i, part in enumerate(parts) if any(_about(item, found) for item in part.items)), None)
    for i, part in enumerate(parts):
        name = _slug(part.title)
        if i == first:
            if part.text:
                yield _text(f"text-{name}", part.text)
            yield from _exercises(lesson, found, part.items)
        else:
            whole = "\n\n".join([part.text, *(item.text for item in part.items)])
            for j, (words, cell) in enumerate(text.commands(whole)):
                yield _text(f"text-{name}-{j + 1}" if j else f"text-{name}", words)
                if cell:
                    yield _code(f"run-{name}-{j + 1}" if j else f"run-{name}", cell)
        if i == 0:
            yield _text("how-to", _HOW_TO)
            setup = f'from grader.notebooks import checks_for\n\ncheck = checks_for("{lesson.name}")'
            yield _marked(_code("given-check", setup), "given-check")
    if first is None:
        yield _text("text-what-to-write", "## What to write")
        yield from _exercises(lesson, found, ())


def _about(item: text.Item, found: list[code.Piece]) -> code.Piece | None:
    """The answer that an item of the text describes."""
    return next((p for p in found if p.answer and any(p.is_about(name) for name in item.names)), None)


def _exercises(lesson: Lesson, found: list[code.Piece], items: tuple[text.Item, ...]) -> Iterator[Cell]:
    """For each answer: its text, the code given for it, the answer itself, and one check per exercise."""
    told: dict[str, list[str]] = {}  # paragraphs, by the answer that they are about
    about = ""
    for item in items:
        piece = _about(item, found)
        # What is about nothing that one writes goes with the paragraph above it.
        about = piece.names[0] if piece else about
        told.setdefault(about, []).append(item.text)
    given: list[code.Piece] = []
    started = False
    judged = [(exercise.name, exercise.points) for exercise in lesson.exercises]
    judged += [(lesson.training.exercise, lesson.training.points)] if lesson.training else []
    for name, _ in judged:
        if not any(piece.answer and piece.is_about(name) for piece in found):
            raise CourseError(f"nothing to write for {name!r}, which course.yml calls an exercise")
    for piece in found:
        if not piece.answer:
            given.append(piece)
            continue
        if not started:
            # What the whole lesson builds on belongs before its first exercise, not into it.
            yield from _given(given, "")
            given, started = [], True
        if piece.names[0] in told:
            yield _text(f"text-{piece.names[0]}", "\n\n".join(told[piece.names[0]]))
        yield from _given(given, piece.names[0])
        given = []
        yield _marked(_code(f"answer-{piece.names[0]}", piece.source), f"answer-{piece.names[0]}", solution=True)
        for name, points in judged:
            if piece.is_about(name) and name.partition(".")[0] == piece.names[0]:
                unit = "point" if points == 1 else "points"
                cell = _code(f"check-{grade_id(name)}", f'check("{name}")  # {points:g} {unit}')
                yield _marked(cell, grade_id(name), points=points)
    yield from _given(given, "")


def _given(group: list[code.Piece], answer: str) -> Iterator[Cell]:
    """Cells of given code: imports and constants, then definitions, introduced by a line that says what uses them.

    Args:
        group: neighbours.
        answer: what stands below and uses them; "" where the lesson's text has said it.
    """
    first = next((i for i, piece in enumerate(group) if piece.is_definition), len(group))
    plain, definitions = group[:first], group[first:]
    if answer and group:
        names = ", ".join(f"`{piece.names[0]}`" for piece in group if piece.is_definition or not definitions)
        yield _text(f"text-given-{answer}", f"Given, and used by `{answer}`: {names}.")
    for part in (plain, definitions):
        if part:
            name = "given-imports" if not answer and part is plain else f"given-{part[0].names[0]}"
            yield _marked(_code(name, code.joined(part)), name)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "text"


def _text(name: str, words: str) -> Cell:
    return {"cell_type": "markdown", "id": _cell_id(name), "metadata": {}, "source": words}


def _code(name: str, source: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": _cell_id(name),
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def _cell_id(name: str) -> str:
    """Turn a name into a cell's id: nbformat allows 64 of these characters."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:64]


def _marked(cell: Cell, name: str, *, solution: bool = False, points: float | None = None) -> Cell:
    """Add nbgrader's metadata to a cell: an answer, a check that is worth points, or code not to be edited."""
    marks: dict[str, Any] = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        marks["points"] = int(points) if points == int(points) else points
    cell["metadata"]["nbgrader"] = marks
    return cell


def _released(cell: Cell) -> Cell:
    """Release a cell of the source as nbgrader does: remove solutions, lock cells, note checksums."""
    cell = copy.deepcopy(cell)
    marks = cell["metadata"].get("nbgrader")
    if marks is None:
        return cell
    if marks["solution"]:
        cell["source"] = _cleared(cell["source"])
    cell["metadata"]["deletable"] = False
    if marks["locked"]:
        cell["metadata"]["editable"] = False
    marks["cell_type"] = cell["cell_type"]
    marks["checksum"] = _checksum(cell)
    return cell


def _cleared(source: str) -> str:
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        marker = MARKER.fullmatch(line.rstrip())
        if marker is None:
            lines += [] if inside else [line]
        elif inside := marker["kind"] == "BEGIN":
            lines += [marker["indent"] + each for each in TO_WRITE]
    return "\n".join(lines)


def _checksum(cell: Cell) -> str:
    """The checksum by which nbgrader recognises a changed cell."""
    marks = cell["metadata"]["nbgrader"]
    fields = [cell["source"], cell["cell_type"], marks["grade"], marks["solution"], marks["locked"], marks["grade_id"]]
    fields += [float(marks["points"])] if marks["grade"] else []
    return hashlib.md5("".join(map(str, fields)).encode(), usedforsecurity=False).hexdigest()


def _written(cells: list[Cell]) -> str:
    """The notebook's JSON, in nbformat's own layout."""
    split = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in cells]
    for cell in split:
        cell["source"] = cell["source"] or []
    notebook = {"cells": split, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
