"""Figures behind the length of a k-gram and the threshold: ``python -m grader.similar.measure`` prints them.

A right answer and a disguised copy of it should be listed. The disguise is what people do in a hurry: every name
of their own is another one, comments and docstrings are gone, the functions stand in another order, and each begins
with a line for debugging. Two right answers that were not copied should not be listed. The solution and the wheats of
a lesson are such answers, as unlike each other as can be. Answers that follow the hints are not: lessons 1 and 5 have
four of these each, in ``straightforward/``, and of a short exercise they come out as alike as copies do. What tells
them from copies is names: so the figures include the lines that are the same letter for letter.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.course import Course, Lesson, find_root, load
from grader.similar import compare, prints
from grader.submissions.normal import normal


def disguise(source: str) -> str:
    """A copy of a program that does the same and looks different."""
    tree = ast.parse(source)
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    assigned |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own = sorted(assigned - set(dir(builtins)) - {"self"})
    names = {name: f"value_{i}" for i, name in enumerate(own)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg in names:
            node.arg = names[node.arg]
        elif isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            node.body.insert(0, ast.parse("print('here')").body[0])
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    others = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    tree.body = [*others, *reversed(functions)]
    return ast.unparse(tree)


def straightforward(course: Course, lesson: Lesson) -> dict[str, str]:
    """Answers that follow the hints, by name; only some lessons have any."""
    paths = sorted((course.tests(lesson) / "straightforward").glob("*.py"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def unlike(course: Course, lesson: Lesson) -> dict[str, str]:
    """The solution and the wheats of a lesson, by name."""
    obvious = straightforward(course, lesson)
    return {name: text for name, text in compare.right_answers(course, lesson).items() if name not in obvious}


def figures(course: Course) -> Iterator[tuple[Lesson, float, float]]:
    """For each lesson the highest similarity of unlike answers, and the lowest of a program and its disguise."""
    for lesson in course.lessons:
        sources, given = unlike(course, lesson), compare.stub_of(course, lesson)
        copies = [compare.similarities({"a": text, "b": disguise(text)}, given)[0] for text in sources.values()]
        yield lesson, max(compare.similarities(sources, given)), min(copies)


def obvious(course: Course) -> Iterator[tuple[Lesson, list[float], list[float]]]:
    """For each lesson with straightforward answers, their similarities, and their shares of lines that are the same."""
    for lesson in course.lessons:
        if sources := straightforward(course, lesson):
            given = compare.stub_of(course, lesson)
            yield lesson, compare.similarities(sources, given), _same_lines(sources, given)


def _same_lines(sources: Mapping[str, str], given: str) -> list[float]:
    forms = [normal(source, given) for source in sources.values()]
    return [prints.same_lines(left, right) for left, right in itertools.combinations(forms, 2)]


def main() -> None:
    """Print the figures for several lengths, then those of straightforward answers."""
    course = load(find_root(Path.cwd()))
    pairs = sum(len(list(itertools.combinations(unlike(course, each), 2))) for each in course.lessons)
    print(f"{pairs} pairs of right answers as unlike as can be; the threshold is {compare.THRESHOLD:g}")
    print("  k   highest of an unlike pair   lowest of a disguised copy")
    chosen = prints.K
    for k in (8, 12, 16, 20, 25, 30):
        prints.K = k
        found = list(figures(course))
        apart, copied = max(a for _, a, _ in found), min(c for _, _, c in found)
        print(f"{k:3}{'*' if k == chosen else ' '}  {apart:25.2f}   {copied:26.2f}")
    prints.K = chosen
    print("\nstraightforward answers, not copied: similarity (and lines the same) of each pair, most alike first")
    for lesson, similar, same in obvious(course):
        shown = sorted(zip(similar, same, strict=True), reverse=True)
        print(f"lesson {lesson.number}:  " + "   ".join(f"{a:.2f} ({b:.2f})" for a, b in shown))


if __name__ == "__main__":
    main()
