"""``grader new``: write the files of a new lesson, with one small working exercise to be edited into the real ones.

What an author has to write is marked with TODO; ``grader verify`` lists what is left of these marks, and what else the
lesson still needs.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from string import Template
from typing import Any

import msgspec
import yaml

from grader.course import Course, Lesson, load
from grader.errors import CourseError
from grader.files import new_files, write
from grader.lessons.notebooks import source_notebook, student_notebook
from grader.lessons.stubs import make_stub

_SOLUTION = '''\
"""Lesson $number: $title.

TODO: what this lesson is about, in two or three sentences.

Source: Sutton & Barto, 2nd edition, section 2.4. TODO
"""


def step_towards(estimate: float, target: float, step_size: float) -> float:
    """TODO: one sentence that says what comes out. Here: an estimate, moved a step towards a target.

    | name      | shape | meaning                                  |
    |-----------|-------|------------------------------------------|
    | estimate  | float | what was believed before                 |
    | target    | float | what has just been seen                  |
    | step_size | float | the part of the way to go, from 0 to 1   |
    | →         | float | what is believed now                     |

    Example:
        >>> step_towards(2.0, 6.0, 0.5)
        4.0

    Source: Sutton & Barto, 2nd edition, equation 2.4.
    """
    ### BEGIN SOLUTION
    return estimate + step_size * (target - estimate)
    ### END SOLUTION
'''

_TEXT = """\
# Lesson $number: $title

*TODO: how long it takes. You need TODO: what one has to know before.*

TODO: in three sentences, what was not possible before this lesson, and what is after it.

## The idea

TODO: in words, with a picture if it helps.

## The mathematics

TODO: every symbol named. Here: the new estimate is V + α (G − V), where V is the old estimate, G the target, and α the
step size, from 0 to 1.

## What to write

**`step_towards(estimate, target, step_size)`** gives the estimate, moved by this part of the way to the target. TODO

> From 2 towards 6 with a step size of 0.5 it is 4.

## How to check

    grader check $number

## Mistakes that people make here

* **The difference the wrong way round.** Then the estimate runs away from the target. TODO

## If you want to know more

Sutton & Barto, section 2.4. TODO
"""

_TEST = '''\
"""Lesson $number: $title."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.testing import exercise, near

NUMBERS = st.integers(-8, 8).map(float)
PARTS = st.sampled_from([0.0, 0.25, 0.5, 1.0])


# TODO: the laws of your own exercises; each has one property at least.
@exercise("step_towards")
@given(estimate=NUMBERS, target=NUMBERS, step_size=PARTS)
def test_goes_a_part_of_the_way(student, estimate, target, step_size):
    """`step_towards` leaves 1 - step_size of the way to the target.

    Hint: Draw both numbers on a line. From which of them do you start, and how much of the way is behind you then?
    """
    needed = target - (1 - step_size) * (target - estimate)
    assert student.step_towards(estimate, target, step_size) == near(needed)
'''

_WHEAT = '''\
"""A weighted mean of the old estimate and the target."""

# TODO: the same answers in as different a style as you can think of; three such files at least.


def step_towards(estimate, target, step_size):
    return (1 - step_size) * estimate + step_size * target
'''

_CHAFFS = """\
# Misconceptions of lesson $number, each as an edit of the solution. `grader verify` shows that each one loses marks.
# TODO: ten at least, of mistakes that people make; tests/README.md says what makes a good one.

- name: away_from_the_target
  exercise: step_towards
  says: moves away from the target
  hint: Start below the target. Is the answer nearer to it?
  edits:
    - old: "(target - estimate)"
      new: "(estimate - target)"
"""

_ENTRY = """\
- name: $name
  title: $yaml_title
  exercises:
    - name: step_towards
      points: 1
"""

_HINTS = """\
# The hints of lesson $number, from a question to nearly the answer. `grader hint $number` gives one at a time.

step_towards:
  - "TODO: a question that points to the way. How far is it from the estimate to the target?"
  - "TODO: the way. Add a part of that distance to the estimate."
  - "TODO: nearly the answer. estimate + step_size * (target - estimate)"
"""


def new(course: Course, name: str, title: str = "") -> list[Path]:
    """Write the files of a new lesson, all of them or none.

    Args:
        course: the course that gets it, as its last lesson.
        name: ``lesson<number>_<name>`` with the next number.
        title: its title; made from the name by default.

    Returns:
        What was written, relative to the course.

    Raises:
        CourseError: the name or the title will not do, a file is there already, course.yml cannot be added to, or
            something cannot be written. Nothing has been written then.
    """
    _refuse_name(course, name)
    title = title.strip() or name.partition("_")[2].replace("_", " ").strip().capitalize() or name
    if not title.isprintable() or '"""' in title or "\\" in title:
        raise CourseError("a title must be one line of plain text, without backslashes and triple quotes")
    values = {"name": name, "number": str(number(name)), "title": title, "yaml_title": _as_yaml(title)}
    files = {path: Template(text).substitute(values).encode() for path, text in _templates(name).items()}
    path = course.root / "course.yml"
    try:
        lesson, changed = _with_entry(course, Template(_ENTRY).substitute(values), files[_hints(name)])
        files |= _made(lesson, files)
        before = path.read_bytes()
        with new_files({course.root / each: data for each, data in files.items()}):
            try:
                write(path, changed)  # last, as it makes a lesson of the files
            except BaseException:
                if path.read_bytes() != before:
                    write(path, before)
                raise
    except FileExistsError as error:
        there = Path(error.filename).relative_to(course.root)
        raise CourseError(
            f"{there} is there already, so nothing was written; move it away, or choose another name"
        ) from None
    except OSError as error:
        raise CourseError(f"{Path(error.filename or name).name}: {error.strerror}; nothing was written") from None
    return [*files, Path("course.yml")]


def number(name: str) -> int:
    """The number in a lesson's name, or -1 if it is not the name of a lesson."""
    match = re.fullmatch(r"lesson(\d{1,9})_[a-z0-9_]+", name, re.ASCII)
    return int(match[1]) if match else -1


def _refuse_name(course: Course, name: str) -> None:
    following = max((lesson.number for lesson in course.lessons), default=0) + 1
    if number(name) == -1:
        raise CourseError(
            f"{name!r} is not a lesson's name; use lesson{following}_ followed by lowercase letters, digits and "
            "underscores"
        )
    taken = next((lesson.name for lesson in course.lessons if lesson.number == number(name)), None)
    if taken is not None:
        raise CourseError(f"lesson {number(name)} is {taken}; the next one is lesson{following}_...")
    if not name.startswith(f"lesson{following}_"):
        raise CourseError(f"the next lesson is number {following}: lesson{following}_{name.partition('_')[2]}")


def _templates(name: str) -> dict[Path, str]:
    """The files that an author edits, by path relative to the course."""
    tests = Path("tests") / name
    return {
        Path("solutions") / f"{name}.py": _SOLUTION,
        Path("exercises") / f"{name}.md": _TEXT,
        _hints(name): _HINTS,
        tests / f"test_{name.partition('_')[2]}.py": _TEST,
        tests / "wheats" / "weighted_mean.py": _WHEAT,
        tests / "chaffs.yml": _CHAFFS,
    }


def _hints(name: str) -> Path:
    return Path("exercises") / f"{name}.yml"


def _made(lesson: Lesson, files: dict[Path, bytes]) -> dict[Path, bytes]:
    """The files that ``grader build`` makes from them."""
    solution_path, text_path = Path("solutions") / f"{lesson.name}.py", Path("exercises") / f"{lesson.name}.md"
    solution = files[solution_path].decode()
    source = source_notebook(lesson, solution, files[text_path].decode())
    return {
        text_path.with_suffix(".py"): make_stub(solution, lesson.name).encode(),
        text_path.with_suffix(".ipynb"): student_notebook(source).encode(),
        solution_path.with_suffix(".ipynb"): source.encode(),
    }


def _with_entry(course: Course, entry: str, hints: bytes) -> tuple[Lesson, bytes]:
    """Add a lesson with these hints to course.yml, and keep every other character; return the lesson and the file.

    Raises:
        CourseError: the lessons are not written one below the other, or what comes out is not the course and one more.
    """
    path = course.root / "course.yml"
    text = path.read_bytes().decode("utf-8")
    end, indent, apart = _end_of_lessons(text)
    lines = [indent + line for line in entry.splitlines()]
    added = "\n".join(["", *lines, ""] if apart else [*lines, ""])
    if not text[:end].endswith("\n"):
        added = "\n" + added
    if "\r\n" in text:
        added = added.replace("\n", "\r\n")
    changed = (text[:end] + added + text[end:]).encode()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "course.yml", changed)
        for each in course.lessons:
            write(Path(folder) / _hints(each.name), course.hints(each).read_bytes())
        write(Path(folder) / _hints(yaml.safe_load(entry)[0]["name"]), hints)
        loaded = load(Path(folder))
    *others, lesson = loaded.lessons
    if msgspec.structs.replace(loaded, lessons=tuple(others), root=course.root) != course:
        raise CourseError("no lesson can be added to course.yml in the form that its lessons have; nothing was written")
    return lesson, changed


def _end_of_lessons(text: str) -> tuple[int, str, bool]:
    """The end of the list of lessons in course.yml, the indentation of its dashes, and if blank lines separate them."""
    tree: Any = yaml.compose(text, yaml.SafeLoader)
    lessons = next(value for key, value in tree.value if key.value == "lessons")
    if not lessons.value or lessons.flow_style:
        raise CourseError(
            f"course.yml, line {lessons.start_mark.line + 1}: a lesson can only be added to a list of lessons that "
            "begin with `- name:`, one below the other; write the first one by hand"
        )
    last = lessons.value[-1]
    above = text[: text.rfind("\n", 0, last.start_mark.index) + 1]
    # A collection ends, to YAML, where the next one begins, below comments that belong there. A scalar ends at its end.
    end = _last_leaf(last).end_mark
    index = end.index
    if end.column:
        line_end = text.find("\n", index)
        index = line_end + 1 if line_end >= 0 else len(text)
    return index, " " * lessons.start_mark.column, above.replace("\r", "").endswith("\n\n")


def _last_leaf(node: Any) -> Any:
    """The scalar, or the collection in brackets, at the end of a node."""
    while not isinstance(node, yaml.ScalarNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node


def _as_yaml(text: str) -> str:
    """Write a text as a YAML value on one line, quoted if necessary."""
    return yaml.safe_dump([text], allow_unicode=True, width=float("inf")).removeprefix("- ").rstrip("\n")
