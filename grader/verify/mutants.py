"""Automatic mutants: does every small change to a solution cost marks?

Hand-written chaffs are the mistakes that somebody thought of. Here every comparison, arithmetic operator, constant,
statement and pair of arguments inside a solution's regions is changed, one at a time, and the lesson's properties are
run on the result; where the change is inside ``train``, the training check too.

A mutant that survives shows a hole in the properties, or is equivalent: no caller can tell. Equivalent ones are listed
with the reason in ``tests/<lesson>/equivalent.yml``, by the line as it was and as it became.

The same is done with wheats, whose words are not those that the properties were written for; what a property can reach
is changed, and ``train`` with what it alone uses is not. There are thousands of such mutants, so a share of them is
drawn. Equivalent ones stand in ``tests/<lesson>/wheat_equivalent.yml``.

The operators are Cosmic Ray's; dropping a statement and swapping arguments are our own.
"""

from __future__ import annotations

import ast
import functools
import itertools
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cosmic_ray.plugins
import msgspec
import parso
import yaml
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.lessons import chaffs
from grader.lessons.stubs import MARKER
from grader.verify.table import MutantsRow

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place

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


class DropStatement(Operator):  # type: ignore[misc]
    """A simple statement becomes ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Positions: any statement of one line except ``pass``, docstrings and imports."""
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
        """No examples, although Cosmic Ray asks for them."""
        return ()


class SwapArguments(Operator):  # type: ignore[misc]
    """Two neighbouring positional arguments change places."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Positions: between any two neighbours."""
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
        """No examples, although Cosmic Ray asks for them."""
        return ()


class Mutant(msgspec.Struct, frozen=True):
    """A right answer with one small change.

    Attributes:
        line: where, counted from 1.
        old: that line of the right answer, without its indentation.
        new: the same line of the mutant.
        source: the whole module.
        of: the right answer's name; "" for the solution.
    """

    line: int
    old: str
    new: str
    source: str
    of: str = ""


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that no caller can tell from the solution, and why."""

    old: str
    new: str
    why: str


def mutants(solution: str) -> list[Mutant]:
    """Every mutant of the marked regions of a solution, no two of them alike, in the order of their lines."""
    return _mutants(solution, _regions(solution))


def of_wheat(wheat: str, name: str, judged: Collection[str]) -> list[Mutant]:
    """Every mutant of those functions and classes of a wheat that properties can reach.

    Args:
        wheat: the module. Where it has two functions of one name, the last one counts: a wheat may stand behind the
            solution, whose functions it replaces.
        name: its name.
        judged: the functions and classes that properties ask; what these use is reached as well. The training loop, and
            what it alone uses, is not.
    """
    there = {node.name: node for node in ast.parse(wheat).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    reached: set[str] = set()
    waiting = [each for each in judged if each in there]
    while waiting:
        each = waiting.pop()
        reached.add(each)
        used = {node.id for node in ast.walk(there[each]) if isinstance(node, ast.Name)}
        waiting += [other for other in used if other in there and other not in reached]
    spans = [range(there[each].lineno, (there[each].end_lineno or there[each].lineno) + 1) for each in reached]
    return [msgspec.structs.replace(mutant, of=name) for mutant in _mutants(wheat, {i for span in spans for i in span})]


def _mutants(solution: str, inside: set[int]) -> list[Mutant]:
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
    """The indices of the operator's possible changes that lie within these lines."""
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


def killed_by(course: Course, lesson: Lesson, mutant: Mutant, place: Place, watch: Watcher) -> str:
    """The part that noticed the mutant: "import", the first failing property, or "training"; empty if none did."""
    from grader.grading.sessions import open_session
    from grader.student.errors import StudentDied, StudentError
    from grader.verify import judge

    try:
        open_session(course, lesson, judge.sources(course, lesson, mutant.source), place).close()
    except (StudentError, StudentDied):
        return "import"
    if caught_by := judge.caught_by(course, lesson, mutant.source, place):
        return caught_by
    if lesson.training is None or not _is_in(mutant.source, lesson.training.exercise, mutant.line):
        return ""
    return "" if judge.passes_training(course, lesson, mutant.source, place, watch) else "training"


def _is_in(source: str, function: str, line: int) -> bool:
    """Whether a line belongs to the module's function of that name."""
    return any(
        isinstance(node, ast.FunctionDef) and node.name == function and node.lineno <= line <= (node.end_lineno or 0)
        for node in ast.parse(source).body
    )


def equivalents(course: Course, lesson: Lesson, *, wheats: bool = False) -> tuple[Equivalent, ...]:
    """The mutants of a lesson's solution, or of its wheats, that are known to be equivalent.

    Raises:
        CourseError: the file is not a list of them.
    """
    path = course.tests(lesson) / ("wheat_equivalent.yml" if wheats else "equivalent.yml")
    if not path.is_file():
        return ()
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")) or [], tuple[Equivalent, ...])
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"tests/{lesson.name}/{path.name}: {error}".replace("\n", " ")) from None


def of_lesson(course: Course, lesson: Lesson) -> dict[str, Mutant]:
    """Every mutant of a lesson's solution, by a name that no other mutant of the course has."""
    found = mutants(course.solution(lesson).read_text(encoding="utf-8"))
    return {f"{lesson.name} mutant {i}": mutant for i, mutant in enumerate(found, start=1)}


def of_wheats(course: Course, lesson: Lesson, one_in: int = 1) -> dict[str, Mutant]:
    """The mutants of a lesson's wheats, named as those of ``of_lesson``.

    Args:
        course: the course.
        lesson: the lesson.
        one_in: take one in so many of them, drawn by what they are: the same ones each time.
    """
    trained = lesson.training.exercise if lesson.training else ""
    judged = {exercise.name.partition(".")[0] for exercise in lesson.exercises} - {trained}
    found = [each for name, text in chaffs.wheats(course, lesson).items() for each in of_wheat(text, name, judged)]
    drawn = [each for each in found if zlib.crc32(f"{each.of} {each.source}".encode()) % one_in == 0]
    return {f"{lesson.name} wheats' mutant {i}": mutant for i, mutant in enumerate(drawn, start=1)}


def jobs(course: Course, wanted: Mapping[str, dict[str, Mutant]]) -> dict[str, Callable[..., str]]:
    """The jobs for these mutants: by lesson, then by their names."""
    return {
        name: functools.partial(killed_by, course, course.lesson(lesson), mutant)
        for lesson, found in wanted.items()
        for name, mutant in found.items()
    }


def row(
    lesson: Lesson, found: Mapping[str, Mutant], killers: Mapping[str, str], listed: Sequence[Equivalent]
) -> MutantsRow:
    """The results for one lesson's mutants.

    Args:
        lesson: the lesson.
        found: its mutants, by name.
        killers: what killed each, "" if nothing did.
        listed: those that are known to be equivalent.
    """
    known = {(each.old, each.new) for each in listed}
    alive = [mutant for name, mutant in found.items() if not killers[name]]
    outdated = () if any(each.of for each in found.values()) else known - {(m.old, m.new) for m in alive}
    return MutantsRow(
        lesson=lesson.name,
        mutants=len(found),
        killed=len(found) - len(alive),
        survivors=tuple((m.line, m.old, m.new, m.of) for m in alive if (m.old, m.new) not in known),
        outdated=tuple(sorted(outdated)),
    )
