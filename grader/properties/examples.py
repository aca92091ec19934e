"""Ask a learner's code the public examples of a lesson: the ``>>>`` lines of its docstrings.

They stand in for the hidden properties where these are absent, as in the copy that students get. The examples are read
from the stub as it was handed out, never from the learner's file, whose docstrings anybody may have edited.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import doctest
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from grader.course import Lesson
from grader.properties.cases import Case
from grader.properties.code import code
from grader.properties.finding import Finding
from grader.properties.plugin import OpenSession
from grader.report.report import Counterexample
from grader.student.errors import WRITE_ME, StudentDied, StudentError
from grader.student.remote import Student
from grader.student.session import Session
from grader.student.tensors import torch
from grader.testing.near import near, numbers

NOTE = (
    "These are the public examples of the lesson. Your course's grader tries many more cases: what is right here may "
    "still be wrong there."
)

# What is printed of a tensor has four digits.
_RTOL, _ATOL = 1e-3, 1e-4


@dataclasses.dataclass(frozen=True)
class Example:
    """The examples of one docstring, which belong together: later lines use the names of earlier ones.

    Attributes:
        exercise: the exercise that it shows.
        place: whose docstring it is, ``DQN.forward`` for example.
        lines: what is typed, and what is shown after it ("" where that is nothing).
    """

    exercise: str
    place: str
    lines: tuple[tuple[str, str], ...]


def read(lesson: Lesson, stub: str) -> list[Example]:
    """The examples of a lesson's exercises, in the order of course.yml.

    Args:
        lesson: the lesson.
        stub: the lesson's module as it is handed out.
    """
    order = [exercise.name for exercise in lesson.exercises]
    found = []
    for place, docstring in _docstrings(ast.parse(stub)):
        exercise = next((name for name in order if place == name or place.startswith(f"{name}.")), None)
        lines = tuple((e.source, e.want) for e in doctest.DocTestParser().get_examples(docstring))
        if exercise is not None and lines:
            found.append(Example(exercise, place, lines))
    return sorted(found, key=lambda example: order.index(example.exercise))


def run(
    lesson: Lesson,
    stub: str,
    open_session: OpenSession,
    *,
    tell: Callable[[Finding, int], None] | None = None,
    only: frozenset[str] | None = None,
) -> list[Finding]:
    """Run the examples against a submission; arguments as for ``runner.run``, findings in the same form."""
    examples = [example for example in read(lesson, stub) if only is None or example.exercise in only]
    findings: list[Finding] = []
    for example in examples:
        finding = Finding(
            name=f"example of {example.place}",
            exercise=example.exercise,
            says=f"The example of `{example.place}` gives what the lesson's file says.",
            weight=1.0,
        )
        try:
            with contextlib.closing(open_session()) as session:
                session.begin(0)
                _ask(session, example, finding, lesson.name, stub)
        except (StudentError, StudentDied) as error:
            # Not in answer to one of the lines: what was loaded before is no longer what it was.
            finding.verdict, finding.got, finding.needed = "fail", str(error), "an answer"
        failed = {other.exercise for other in findings if other.verdict in ("fail", "skip")}
        blocked = [name for name in lesson.exercise(example.exercise).needs if name in failed]
        if blocked and finding.verdict == "fail":
            # As for properties: what holds has shown so, what does not may be the other exercise's doing.
            finding.skip(f"the exercise {blocked[0]}")
        findings.append(finding)
        if tell is not None:
            tell(finding, len(examples))
    return findings


def as_cases(lesson: Lesson, stub: str, exercise: str) -> list[Case]:
    """The examples of an exercise as cases that can be put to any program; only their verdicts say something."""
    return [
        Case(f"example of {example.place}", _law(example, lesson, stub), {}, (), 0)
        for example in read(lesson, stub)
        if example.exercise == exercise
    ]


def _law(example: Example, lesson: Lesson, stub: str) -> Callable[..., None]:
    def law(student: Student) -> None:
        finding = Finding(name=example.place, exercise=example.exercise, says="", weight=0.0)
        _ask(cast(Session, student._session), example, finding, lesson.name, stub)
        assert finding.verdict == "pass"

    return law


def _ask(session: Session, example: Example, finding: Finding, module: str, stub: str) -> None:
    finding.verdict = "pass"
    # The learner may have taken away an import that they do not need themselves.
    for line in _imports("\n".join(source for source, _ in example.lines), stub)[0]:
        session.query("example", line)
    for i, (source, want) in enumerate(example.lines):
        try:
            answer = session.query("example", source)
        except StudentError as error:
            finding.verdict, finding.needed = "fail", want.rstrip("\n") or "no exception"
            stub_line = WRITE_ME.match(error.message) if error.not_written else None
            if stub_line is None or stub_line[1] == example.exercise or stub_line[1].startswith(f"{example.exercise}."):
                finding.written = not error.not_written
                finding.got = f"raised {error}" if finding.written else ""
            else:
                finding.got, finding.needed = f"raised {error}", f"{stub_line[1]}, which is not written yet"
            finding.trace = error.trace if error.trace.count("  File ") > 1 else ""
        except StudentDied as error:
            finding.verdict, finding.got, finding.needed = "fail", str(error), want.rstrip("\n") or "an end"
            finding.timed_out = error.timed_out
        else:
            text, value = answer if answer is not None else ("", None)
            if _same(text, value, want):
                continue
            finding.verdict, finding.got, finding.needed = "fail", _shown(text, value), want.rstrip("\n") or "nothing"
        finding.printed = session.transcript.printed
        finding.script = script([source for source, _ in example.lines[: i + 1]], module, stub)
        return


def _same(text: str, value: Any, want: str) -> bool:
    """Whether an answer agrees with the example: in its text, or in its numbers and their shape."""
    if text.split() == want.split():
        return True
    needed = _value(want)
    if needed is None or numbers(needed) is None:
        return False
    return bool(value == near(needed, rtol=_RTOL, atol=_ATOL))


def _value(want: str) -> Any:
    """The value that an example shows; None if it cannot be parsed."""
    # The text is the course's own, from the stub that the course made; nothing of the student's is evaluated.
    names: dict[str, Any] = {"array": np.array, "np": np, "torch": torch}
    if "tensor" in want:
        names["tensor"] = torch.tensor
    try:
        return eval(want.strip(), {"__builtins__": {}}, names)
    except Exception:
        return None


def _shown(text: str, value: Any) -> str:
    """An answer as text: as Python shows it, with numbers stripped of numpy's wrapping."""
    if not text:
        return "nothing"
    return code(value) if isinstance(value, np.generic | int | float) else text[:1500]


def script(sources: list[str], module: str, stub: str) -> Counterexample:
    """The lines of an example as Python to paste, with its imports and with the last value printed."""
    body = [source.rstrip("\n") for source in sources]
    if _is_expression(body[-1]):
        body[-1] = f"print({body[-1]})"
    text = "\n".join(body)
    imports, own = _imports(text, stub)
    return Counterexample(tuple(imports), module, tuple(own), text)


def _imports(text: str, stub: str) -> tuple[list[str], list[str]]:
    """The imports that a piece of Python needs: the lesson's own, and the names that the lesson defines."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    imports: list[str] = []
    own: list[str] = []
    for node in ast.parse(stub).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
            for alias in node.names:
                if (alias.asname or alias.name.partition(".")[0]) in used:
                    one = ast.Import([alias]) if isinstance(node, ast.Import) else None
                    imports.append(ast.unparse(one or ast.ImportFrom(node.module, [alias], node.level)))  # type: ignore[union-attr]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in used:
            own.append(node.name)
    return imports, own


def _is_expression(source: str) -> bool:
    return isinstance(ast.parse(source).body[-1], ast.Expr)


def _docstrings(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every class and function with its qualified name and its docstring, an outer one before those inside it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = prefix + node.name
            yield name, textwrap.dedent(ast.get_docstring(node) or "")
            yield from _docstrings(node, f"{name}.")
