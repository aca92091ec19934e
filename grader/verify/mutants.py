"""Automatic mutants: does every small change to a solution cost marks?

``python -m grader.verify.mutants [--lesson 5]``

Hand-written chaffs are the mistakes that somebody thought of. Here every comparison, arithmetic operator, constant,
statement and pair of arguments inside a solution's regions is changed, one at a time, and the lesson's properties are
run on the result; where the change is inside ``train``, the training check too.

A mutant that survives shows a hole in the properties, or is equivalent: no caller can tell. Equivalent ones are listed
with the reason in ``tests/<lesson>/equivalent.yml``, by the line as it was and as it became.

The operators are Cosmic Ray's; dropping a statement and swapping arguments are our own.
"""

from __future__ import annotations

import argparse
import ast
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cosmic_ray.plugins
import msgspec
import parso
import yaml
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from grader.course import Course, Lesson, find_root, load
from grader.errors import CourseError, UserError
from grader.grading import workers
from grader.grading.grade import open_session, run_training
from grader.lessons.stubs import MARKER
from grader.properties import runner
from grader.student.errors import GraderFault, StudentDied, StudentError
from grader.student.isolation import IsolationError, choose
from grader.student.processes import ZygoteClient

# Of the many ways to replace an operator, those that a person could have meant.
_NAMES = [
    *(f"ReplaceBinaryOperator_{pair}" for pair in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Mul_Add", "Div_Mul", "Div_FloorDiv", "FloorDiv_Div", "Mod_Mul",
        "Mod_FloorDiv",
        "Pow_Mul", "BitAnd_BitOr", "BitOr_BitAnd",
    )),
    *(f"ReplaceComparisonOperator_{pair}" for pair in (
        "Eq_NotEq", "Eq_GtE", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt",
        "GtE_Lt",
        "Is_IsNot", "IsNot_Is",
    )),
    *(f"ReplaceUnaryOperator_{pair}" for pair in ("USub_UAdd", "Delete_Not", "Delete_Invert")),
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop",
]  # fmt: skip


_ENOUGH = 0.95
"""The share of mutants, equivalent ones aside, that each lesson's properties must kill."""


class DropStatement(Operator):  # type: ignore[misc]
    """A simple statement becomes ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where: any statement of one line but ``pass``, docstrings and imports."""
        if node.type == "simple_stmt" and node.children[0].type not in ("string", "import_name", "import_from"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The new node, with the old one's indentation."""
        node.children = [
            parso.python.tree.Keyword("pass", node.start_pos, node.get_first_leaf().prefix),
            node.children[-1],
        ]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Cosmic Ray asks for them."""
        return ()


class SwapArguments(Operator):  # type: ignore[misc]
    """Two neighbouring positional arguments change places."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where: between any two neighbours."""
        for i, _ in self._pairs(node):
            yield node.children[i].start_pos, node.children[i].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The node with both in the other order."""
        i, j = list(self._pairs(node))[index]
        children = node.children
        first, second = children[i].get_first_leaf(), children[j].get_first_leaf()
        first.prefix, second.prefix = second.prefix, first.prefix
        children[i], children[j] = children[j], children[i]
        return node

    def _pairs(self, node: Any) -> Iterator[tuple[int, int]]:
        if node.type != "arglist":
            return
        places = [i for i, child in enumerate(node.children) if child.type not in ("operator", "argument")]
        yield from ((i, j) for i, j in itertools.pairwise(places) if j == i + 2)

    @classmethod
    def examples(cls) -> tuple[()]:
        """Cosmic Ray asks for them."""
        return ()


class Mutant(msgspec.Struct, frozen=True):
    """A solution with one small change.

    Attributes:
        line: where, counted from 1.
        old: that line of the solution, without its indentation.
        new: the same line of the mutant.
        source: the whole module.
    """

    line: int
    old: str
    new: str
    source: str


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that no caller can tell from the solution, and why."""

    old: str
    new: str
    why: str


def mutants(solution: str) -> list[Mutant]:
    """Every mutant of the marked regions of a solution, no two of them alike, in the order of their lines."""
    inside = _regions(solution)
    lines = solution.splitlines()
    found: dict[str, Mutant] = {}
    operators = [cosmic_ray.plugins.get_operator(f"core/{name}")() for name in _NAMES]
    for operator in [*operators, DropStatement(), SwapArguments()]:
        for occurrence in _occurrences(operator, solution, inside):
            text = mutate_code(solution, operator, occurrence)
            if text is None or text == solution or text in found or not _is_python(text):
                continue
            changed = [
                (i, old, new)
                for i, (old, new) in enumerate(zip(lines, text.splitlines(), strict=False), start=1)
                if old != new
            ]
            line, old, new = changed[0]
            found[text] = Mutant(line, old.strip(), new.strip(), text)
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.new))


def _regions(solution: str) -> set[int]:
    """The numbers of the lines between markers."""
    inside, open_ = set(), False
    for number, line in enumerate(solution.splitlines(), start=1):
        if marker := MARKER.fullmatch(line.rstrip()):
            open_ = marker["kind"] == "BEGIN"
        elif open_:
            inside.add(number)
    return inside


def _occurrences(operator: Any, solution: str, inside: set[int]) -> Iterator[int]:
    """Which of the operator's possible changes lie within these lines."""
    count = 0

    def visit(node: Any) -> Iterator[int]:
        nonlocal count
        for (line, _), _ in operator.mutation_positions(node):
            if line in inside:
                yield count
            count += 1
        for child in getattr(node, "children", ()):
            yield from visit(child)

    yield from visit(get_ast(solution))


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def killed_by(course: Course, lesson_name: str, mutant: Mutant, place: ZygoteClient, watch: Any) -> str:
    """What noticed the mutant: "import", the first property that fails, or "training"; empty where nothing did."""
    lesson = course.lesson(lesson_name)
    sources = {**course.references(lesson), lesson.name: mutant.source}
    try:
        open_session(course, lesson, sources, place).close()
    except (StudentError, StudentDied):
        return "import"
    findings = runner.run(course, lesson, lambda: open_session(course, lesson, sources, place), until_failure=True)
    for finding in findings:
        if finding.verdict == "fail":
            return finding.name
    if lesson.training is None or not _is_in(mutant.source, lesson.training.exercise, mutant.line):
        return ""
    return "" if run_training(course, lesson, sources, place).verdict == "pass" else "training"


def _is_in(source: str, function: str, line: int) -> bool:
    """Whether a line belongs to the module's function of that name."""
    return any(
        isinstance(node, ast.FunctionDef) and node.name == function and node.lineno <= line <= (node.end_lineno or 0)
        for node in ast.parse(source).body
    )


def equivalents(course: Course, lesson: Lesson) -> tuple[Equivalent, ...]:
    """The mutants of a lesson that are known to be equivalent.

    Raises:
        CourseError: the file is not a list of them.
    """
    path = course.tests(lesson) / "equivalent.yml"
    if not path.is_file():
        return ()
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")) or [], tuple[Equivalent, ...])
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"tests/{lesson.name}/equivalent.yml: {error}".replace("\n", " ")) from None


def judge(
    course: Course, lessons: list[Lesson], processes: int | None, console: Console
) -> dict[str, list[tuple[Mutant, str]]]:
    """Run every mutant of these lessons; by lesson, each with what killed it."""
    wanted: dict[str, tuple[Lesson, Mutant]] = {}
    for lesson in lessons:
        for i, mutant in enumerate(mutants(course.solution(lesson).read_text(encoding="utf-8")), start=1):
            wanted[f"{lesson.name} mutant {i}"] = (lesson, mutant)
    jobs = {
        name: functools.partial(killed_by, course, lesson.name, mutant) for name, (lesson, mutant) in wanted.items()
    }
    results: dict[str, str] = {}
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("mutants", total=len(jobs))
        for name, killer in workers.run(jobs, choose(), processes=processes):
            results[name] = killer
            progress.update(bar, advance=1, description=name)
    found: dict[str, list[tuple[Mutant, str]]] = {lesson.name: [] for lesson in lessons}
    for name, (lesson, mutant) in wanted.items():
        found[lesson.name].append((mutant, results[name]))
    return found


def main() -> None:
    """Print table and survivors; exit status 1 where more than one in twenty survived, or a list is out of date.

    Raises:
        SystemExit: also with one line, where there is no such lesson, no isolation, or a list that does not fit.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", help="number or name; all lessons where left out")
    parser.add_argument("--jobs", type=int, help="processes side by side; one a processor where left out")
    options = parser.parse_args()
    console = Console()
    try:
        course = load(find_root(Path.cwd()))
        lessons = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
        listed = {lesson.name: equivalents(course, lesson) for lesson in lessons}
        judged = judge(course, lessons, options.jobs, console)
    except (UserError, IsolationError, GraderFault) as error:
        raise SystemExit(f"mutants: {error}") from None
    table = Table(
        Column("lesson", no_wrap=True), "mutants", "killed", "equivalent", "survived", "killed of the others", box=None
    )
    good = True
    for name, results in judged.items():
        known = {(each.old, each.new) for each in listed[name]}
        alive = [mutant for mutant, killer in results if not killer]
        survivors = [mutant for mutant in alive if (mutant.old, mutant.new) not in known]
        killed, equivalent = len(results) - len(alive), len(alive) - len(survivors)
        share = killed / max(1, killed + len(survivors))
        table.add_row(
            name, str(len(results)), str(killed), str(equivalent), str(len(survivors)), f"{100 * share:.1f} %"
        )
        for mutant in survivors:
            console.print(
                f"{name}, line {mutant.line}, survived:\n  - {mutant.old}\n  + {mutant.new}",
                markup=False,
                soft_wrap=True,
            )
        for old, new in sorted(known - {(mutant.old, mutant.new) for mutant in alive}):
            good = False
            console.print(
                f"{name}: listed as equivalent, but no survivor:\n  - {old}\n  + {new}", markup=False, soft_wrap=True
            )
        good = good and share >= _ENOUGH
    console.print(table)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
