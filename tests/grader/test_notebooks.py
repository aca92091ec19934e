"""Lessons as notebooks: built from text and solution, as nbgrader would release them, and never stale."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tiny_course import make as make_course

from grader import course as courses
from grader.course import Course
from grader.notebooks import make

ROOT = Path(__file__).parents[2]
COURSE = courses.load(ROOT)
LESSONS = [lesson.name for lesson in COURSE.lessons]

TEXT = """\
# Lesson 1: Numbers

Numbers can be changed.

## What to write

Open `lesson1_numbers.py`. Two functions are yours.

**`double(x, *, times=1)`** is twice the number.

> 3 gives 6.

**`half(x)`** is half of it.

**Both** are functions.

## How to check

```sh
grader check 1        # both
grader hint 1 half    # a nudge
```

Then play:

```python
from lesson1_numbers import double

print(double(4))
```
"""


def cells(path: Path) -> list[dict[str, Any]]:
    """A notebook's cells, their source as one string."""
    return [{**cell, "source": "".join(cell["source"])} for cell in json.loads(path.read_text())["cells"]]


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    """The tiny course, whose first lesson has a text."""
    course = make_course(tmp_path)
    (tmp_path / "exercises" / "lesson1_numbers.md").write_text(TEXT)
    return course


def test_the_notebooks_of_this_course_are_fresh() -> None:
    assert make.build_notebooks(COURSE, check=True) == [], "run `grader build`"


@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_is_one_by_nbformats_own_rules(name: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    lesson = COURSE.lesson(name)
    for path in (make.source_path(COURSE, lesson), make.student_path(COURSE, lesson)):
        text = path.read_text()
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert nbformat.writes(notebook) + "\n" == text, "nbformat would write it differently"
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("name", LESSONS)
def test_the_student_notebook_is_what_nbgrader_would_release(name: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    assignment = pytest.importorskip("nbgrader.converters.generate_assignment")
    lesson = COURSE.lesson(name)
    notebook = nbformat.read(make.source_path(COURSE, lesson), as_version=4)
    resources: dict[str, Any] = {}
    for kind in assignment.GenerateAssignment.preprocessors.default_args[0]:
        if kind.__name__ not in ("SaveCells", "IncludeHeaderFooter"):  # one needs a gradebook, the other a folder
            step = kind()
            step.log = logging.getLogger("silent")
            notebook, resources = step.preprocess(notebook, resources)
    released = json.loads(nbformat.writes(notebook))["cells"]
    ours = json.loads(make.student_path(COURSE, lesson).read_text())["cells"]
    assert ours == released
