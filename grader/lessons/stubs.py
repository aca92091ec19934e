"""Make stubs from solutions: a stub is the reference without its marked regions.

A region stands between nbgrader's own markers, ``### BEGIN SOLUTION`` and ``### END SOLUTION``, inside a function. In
the stub one line takes its place, which says by its NotImplementedError what is to be written and where to read how.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write

Function = ast.FunctionDef | ast.AsyncFunctionDef

MARKER = re.compile(r"(?P<indent>[ \t]*)### (?P<kind>BEGIN|END) SOLUTION")
# Anything that looks as if it was meant to be a marker: read as a comment, it would hand the solution out.
LOOKS_LIKE_MARKER = re.compile(r"\s*#+\W*(BEGIN|END)\W*SOLUTION", re.IGNORECASE)


# Whoever reads a class's work needs the same nine stubs for every student.
@functools.lru_cache(maxsize=64)
def make_stub(solution_text: str, lesson: str = "") -> str:
    """The stub of one solution file.

    Args:
        solution_text: a module with marked regions.
        lesson: the lesson's name; the lines to be replaced point to its text, ``<lesson>.md``.

    Raises:
        CourseError: the solution or the stub is not Python, there is no region, or a marker is misspelt, nested,
            without its partner or outside of a function. The message begins with the number of the line.
    """
    try:
        functions = list(_functions(ast.parse(solution_text)))
    except SyntaxError as error:
        raise CourseError(f"line {error.lineno}: {error.msg}") from None
    stub: list[str] = []
    begin: tuple[int, str] | None = None  # the line and the indentation of the region that is open
    last_code = regions = 0
    for number, line in enumerate(solution_text.splitlines(), start=1):
        marker = MARKER.fullmatch(line.rstrip())
        if marker is None and LOOKS_LIKE_MARKER.match(line):
            raise CourseError(f"line {number}: write this marker as ### BEGIN SOLUTION or ### END SOLUTION")
        if marker is None:
            if begin is None:
                stub.append(line)
            elif line.strip() and not line.lstrip().startswith("#"):
                last_code = number
        elif marker["kind"] == "BEGIN":
            if begin is not None:
                raise CourseError(f"line {number}: ### BEGIN SOLUTION inside the region that begins in line {begin[0]}")
            begin = number, marker["indent"]
        else:
            if begin is None:
                raise CourseError(f"line {number}: ### END SOLUTION without a ### BEGIN SOLUTION before it")
            if last_code < begin[0]:
                raise CourseError(f"line {begin[0]}: the region is empty, so there is nothing to write in it")
            name = _name_around(functions, begin[0], last_code)
            stub.append(f"{begin[1]}raise NotImplementedError({_message(name, lesson)})")
            begin = None
            regions += 1
    if begin is not None:
        raise CourseError(f"line {begin[0]}: ### BEGIN SOLUTION without an ### END SOLUTION after it")
    if not regions:
        raise CourseError("line 1: no region between ### BEGIN SOLUTION and ### END SOLUTION, so nothing to write")
    text = "\n".join(stub) + "\n"
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise CourseError(f"line {error.lineno} of the stub: {error.msg}; is a region half of a statement?") from None
    return text


def build(course: Course, *, check: bool = False) -> list[Path]:
    """Write the stub of every lesson whose stub is stale.

    Args:
        course: where solutions and stubs are.
        check: write nothing.

    Returns:
        The stubs that were stale, in the order of the course: written now, or still stale under ``check``.

    Raises:
        CourseError: a solution cannot be read or is badly marked; nothing has been written then.
    """
    stale: list[tuple[Path, str]] = []
    for lesson in course.lessons:
        solution, stub = course.solution(lesson), course.stub(lesson)
        shown = f"{solution.parent.name}/{solution.name}"
        try:
            text = make_stub(solution.read_text(encoding="utf-8"), lesson.name)
        except CourseError as error:
            raise CourseError(f"{shown}, {error}") from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CourseError(f"{shown} cannot be read: {reason}") from None
        if not stub.is_file() or stub.read_bytes() != text.encode():
            stale.append((stub, text))
    if not check:
        for stub, text in stale:
            write(stub, text.encode())
    return [stub for stub, _ in stale]


def pristine(course: Course, lesson: Lesson) -> str:
    """The stub as handed out, whatever a learner has since made of the file in exercises/; "" if unknown."""
    solution, released = course.solution(lesson), course.released(lesson)
    if solution.is_file():
        return make_stub(solution.read_text(encoding="utf-8"), lesson.name)
    return released.read_text(encoding="utf-8") if released.is_file() else ""


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function of a module with its qualified name, outer ones before inner ones."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield prefix + node.name, node
        inner = f"{prefix}{node.name}." if isinstance(node, Function | ast.ClassDef) else prefix
        yield from _functions(node, inner)


def _name_around(functions: list[tuple[str, Function]], first: int, last: int) -> str:
    """The innermost function that contains both lines."""
    around = ""
    for name, function in functions:
        if function.lineno < first and last <= (function.end_lineno or 0):
            around = name
    if not around:
        raise CourseError(f"line {first}: a region belongs inside one function")
    return around


def _message(name: str, lesson: str) -> str:
    """The message that a stub raises, as a Python string."""
    where = f"; {lesson}.md tells how" if lesson else ""
    return f'"{name}: write me{where}"'
