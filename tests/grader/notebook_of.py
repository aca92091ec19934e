"""Student notebooks with answers in them, as a student would have filled them in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.course import Course, Lesson
from grader.lessons import cells as code
from grader.lessons import notebooks as make


def filled(course: Course, lesson: Lesson, source: str | None) -> list[dict[str, Any]]:
    """The cells of the student notebook, its answers taken from a whole module, or left as they are."""
    text = course.stub(lesson).with_suffix(".md").read_text(encoding="utf-8")
    released = make.student_notebook(make.source_notebook(lesson, course.solution(lesson).read_text("utf-8"), text))
    cells: list[dict[str, Any]] = json.loads(released)["cells"]
    answers = {piece.names[0]: piece.source for piece in code.pieces(source)} if source else {}
    for cell in cells:
        cell["source"] = "".join(cell["source"])
        if cell["id"].startswith("answer-"):
            cell["source"] = answers.get(cell["id"].removeprefix("answer-"), cell["source"])
    return cells


def cell(source: str, **metadata: Any) -> dict[str, Any]:
    """A code cell that a student added."""
    made = {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}
    return made | {"id": f"added-{abs(hash(source)) % 10**9}"}


def write(cells: list[dict[str, Any]], path: Path) -> Path:
    """A notebook of these cells at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path
