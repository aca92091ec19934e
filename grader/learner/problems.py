"""A report for programs: JSON for editors and bots, or one line per problem for a problem matcher."""

from __future__ import annotations

import ast
import re
from typing import Any

import msgspec

from grader.learner.own import Own
from grader.printable import one_line
from grader.render import words
from grader.report.report import PropertyResult, Report

VERSION = 1
"""Of the JSON: it changes when a field changes its meaning or goes; new fields may come at any time."""

_LINE = re.compile(r"\bline (\d+)")


class Problem(msgspec.Struct, frozen=True, omit_defaults=False):
    """One thing to mend.

    Attributes:
        file: where, as it was named or found.
        line: the line of the file, from 1; None in a notebook, where lines belong to cells.
        exercise: the exercise, "" if it is the whole file.
        law: what has to hold.
        message: what happened instead.
        needed: what is needed instead.
        misconception: the known mistake that behaves like this code, "" if none does.
        hint: what to try next.
        example: Python that shows it.
    """

    file: str
    line: int | None
    exercise: str
    law: str
    message: str
    needed: str = ""
    misconception: str = ""
    hint: str = ""
    example: str = ""


def problems(own: Own, report: Report) -> list[Problem]:
    """All that fails, in the order of the exercises."""
    file, source = str(own.file), own.submission.source
    in_file = own.file.suffix == ".py"
    if report.status != "graded" or report.message:
        named = _LINE.search(report.message)
        line = (int(named[1]) if named else 1) if in_file else None
        return [Problem(file, line, "", f"{own.lesson.name} can be read and imported", report.message)]
    places = _definitions(source) if in_file else {}
    return [
        Problem(
            file=file,
            line=_line(result, own.lesson.name, places) if in_file else None,
            exercise=result.exercise,
            law=result.says,
            message=words.got(result),
            needed=result.needed,
            misconception=words.diagnosis(result.misconception) if result.misconception else "",
            hint=result.hint,
            example=words.script(result.counterexample),
        )
        for result in report.properties
        if result.verdict == "fail"
    ]


def _line(result: PropertyResult, module: str, places: dict[str, int]) -> int:
    """The learner's own line that raised, if one did; otherwise the one in which the exercise begins."""
    raised = re.findall(rf'File "{re.escape(module)}\.py", line (\d+)', result.trace)
    raised = raised or re.findall(rf"\({re.escape(module)}\.py, line (\d+)\)|\bline (\d+)\b", result.got)
    if raised and (result.trace or result.got.startswith("raised ")):
        last = raised[-1]
        return int(last if isinstance(last, str) else next(filter(None, last)))
    return places.get(result.exercise, places.get(result.exercise.partition(".")[0], 1))


def _definitions(source: str) -> dict[str, int]:
    """The line in which each function, class and method begins, by its qualified name."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[f"{node.name}.{inner.name}"] = inner.lineno
    return found


def as_json(own: Own, report: Report) -> str:
    """One JSON object: the lesson, where it stands, and what is to mend."""
    found: dict[str, Any] = {
        "version": VERSION,
        "lesson": own.lesson.name,
        "file": str(own.file),
        "status": report.status,
        "passed": sum(result.verdict == "pass" for result in report.properties),
        "laws": len(report.properties),
        "score": report.score,
        "max_score": report.max_score,
        "public_examples": report.public,
        "notes": report.notes,
        "problems": problems(own, report),
    }
    return msgspec.json.format(msgspec.json.encode(found)).decode()


def as_lines(own: Own, report: Report) -> list[str]:
    """One line per problem: ``file:line: error: exercise: law; got ..., needed ...``."""
    lines = []
    for each in problems(own, report):
        what = f"{each.exercise}: {each.law}" if each.exercise else each.message
        if each.exercise:
            what += f" Got: {each.message or 'nothing'}." + (f" Needed: {each.needed}." if each.needed else "")
        lines.append(f"{one_line(each.file, 1000)}:{each.line or 1}: error: {one_line(what, 1000)}")
    return lines
