"""How the length of a k-gram and the threshold were chosen: ``python -m grader.similar.measure`` prints the figures.

The wheats and the solution of a lesson are right answers that were written independently of each other, so no pair of
them should be listed; a wheat and a disguised copy of it should. The disguise is what people do in a hurry: every name
of their own is another one, comments and docstrings are gone, the functions stand in another order, and each begins
with a line for debugging.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course, Lesson, find_root, load
from grader.similar import compare


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


def independent(course: Course, lesson: Lesson) -> dict[str, str]:
    """The solution and the wheats of a lesson, by name, without the markers that no student has."""
    paths = [course.solution(lesson), *sorted((course.tests(lesson) / "wheats").glob("*.py"))]
    lines = {path.stem: path.read_text(encoding="utf-8").split("\n") for path in paths}
    return {name: "\n".join(line for line in text if "### " not in line) for name, text in lines.items()}


def figures(course: Course) -> Iterator[tuple[Lesson, float, float]]:
    """For each lesson the highest similarity of an independent pair, and the lowest of a program and its disguise."""
    for lesson in course.lessons:
        sources, given = independent(course, lesson), compare.stub_of(course, lesson)
        apart = compare.compare(lesson, sources, given).highest
        copies = (
            compare.compare(lesson, {"original": source, "copy": disguise(source)}, given).highest
            for source in sources.values()
        )
        yield lesson, apart, min(copies)


def main() -> None:
    """Print the figures for several lengths."""
    course = load(find_root(Path.cwd()))
    pairs = sum(len(list(itertools.combinations(independent(course, each), 2))) for each in course.lessons)
    print(f"{pairs} pairs of independent right answers; the threshold is {compare.THRESHOLD:g}")
    print("  k   highest of an independent pair   lowest of a disguised copy")
    chosen = compare.K
    for k in (8, 12, 16, 20, 25, 30):
        compare.K = k
        found = list(figures(course))
        apart, copied = max(a for _, a, _ in found), min(c for _, _, c in found)
        print(f"{k:3}{'*' if k == chosen else ' '}  {apart:30.2f}   {copied:26.2f}")


if __name__ == "__main__":
    main()
