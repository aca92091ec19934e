"""course.yml is read: it becomes frozen objects, and a mistake in it becomes one line that names the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from grader.course.data import Course
from grader.course.names import is_lesson_name
from grader.errors import CourseError
from grader.printable import amount


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds course.yml.

    Raises:
        CourseError: there is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "course.yml").is_file():
            return folder
    raise CourseError(f"no course.yml in {start} or above it; run this inside the course's folder")


# libyaml reads ten times as fast as Python does; where PyYAML was built without it, it is as right.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML whose dates stay text: PyYAML ends in a traceback on 31 February."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(root: Path) -> Course:
    """Read and check ``root/course.yml``.

    Raises:
        CourseError: one line that names the line of the file and says what was expected there.
    """
    path = root / "course.yml"
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        tree = loader.get_single_node()  # it knows the lines
        data: Any = loader.construct_document(tree) if tree else None
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CourseError(f"course.yml, line {line}: {error.problem or error.context}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise CourseError(f"course.yml cannot be read: {' '.join(str(error).split())}") from None
    try:
        course = msgspec.convert(data, Course, strict=True)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        steps = _steps(where.rstrip("`"))
        if steps[-1:] == ["due"]:
            there = " ".join(str(data["lessons"][steps[1]]["due"]).split())[:60]
            message = f"due is a date and a time with its zone, such as 2026-10-05T23:59:00+02:00, not {there!r}"
        raise CourseError(f"course.yml, line {_line(tree, steps)}: {message[0].lower()}{message[1:]}") from None
    _check(course, tree)
    return msgspec.structs.replace(course, root=root.resolve())


def _steps(path: str) -> list[str | int]:
    """``$.lessons[0].points`` as the keys and positions that lead there."""
    return [int(i) if i else key for key, i in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def _line(node: Any, steps: list[str | int]) -> int:
    """The line of the deepest node on the way that exists."""
    line = node.start_mark.line + 1 if node else 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if step not in pairs:
                break
            key, node = pairs[step]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _check(course: Course, tree: Any) -> None:
    """What types cannot say: names are unique, and what is referred to exists."""

    def refuse(message: str, *steps: str | int) -> None:
        raise CourseError(f"course.yml, line {_line(tree, list(steps))}: {message}")

    for i, name in enumerate(course.sample_class):
        if name not in [lesson.name for lesson in course.lessons]:
            refuse(f"the sample class hands in {name!r}, which is not a lesson", "sample_class", i)
    seen: list[str] = []
    for i, lesson in enumerate(course.lessons):
        if not is_lesson_name(lesson.name):
            refuse(f"a lesson is called lesson<number>_<name>, not {lesson.name!r}", "lessons", i, "name")
        if lesson.name in seen:
            refuse(f"a second lesson called {lesson.name!r}", "lessons", i, "name")
        for earlier in lesson.imports:
            if earlier not in seen:
                refuse(f"{lesson.name} imports {earlier!r}, which is not an earlier lesson", "lessons", i, "imports")
        seen.append(lesson.name)
        names: list[str] = []
        for j, exercise in enumerate(lesson.exercises):
            at: list[str | int] = ["lessons", i, "exercises", j]
            if exercise.name in names:
                refuse(f"a second exercise called {exercise.name!r}", *at, "name")
            if exercise.points < 0:
                refuse(
                    f"{exercise.name} is worth {amount(exercise.points, 'point')}; 0 or more expected", *at, "points"
                )
            for need in exercise.needs:
                if need not in names:
                    refuse(f"{exercise.name} needs {need!r}, which is not an earlier exercise", *at, "needs")
            names.append(exercise.name)
        if rule := lesson.training:
            for need in rule.needs:
                if need not in names:
                    refuse(f"training needs {need!r}, which is not an exercise", "lessons", i, "training", "needs")
            if not 1 <= rule.passes <= rule.seeds:
                refuse(f"{rule.passes} of {rule.seeds} seeds cannot pass", "lessons", i, "training", "passes")
