"""The part of the grader that a student's copy needs: what is imported from the learner's commands on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

ROOTS = (
    "grader.cli",
    "grader.commands.learn",
    "grader.notebooks",
    "grader.testing",
    *(f"grader.testing.{name}" for name in ("buffers", "chance", "draws", "environments", "networks")),
)
"""Where the walk begins: the command, and what notebooks, lesson texts and counterexamples import."""


def needed() -> list[Path]:
    """The grader's files that make up a students' copy, relative to the project's folder."""
    found: dict[str, Path] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None or _is_a_command_for_others(name):
            continue
        found[name] = path.relative_to(PACKAGE.parent)
        waiting += _imports(ast.parse(path.read_text(encoding="utf-8")))
        waiting += [name.rpartition(".")[0]]
    if "grader.render.html" in found:
        folder = PACKAGE / "render"
        found |= {path.name: path.relative_to(PACKAGE.parent) for path in (*folder.glob("*.j2"), *folder.glob("*.css"))}
    return sorted(found.values())


def _is_a_command_for_others(name: str) -> bool:
    """Whether a module holds commands of instructors and authors, which `grader.cli` omits from a students' copy."""
    return name.startswith("grader.commands.") and name not in ("grader.commands.options", "grader.commands.learn")


def _path(name: str) -> Path | None:
    """The file of a module or package of the grader; None for any other name, such as that of a function."""
    first, *rest = name.split(".")
    if first != "grader":
        return None
    inside = PACKAGE.joinpath(*rest)
    candidates = (inside / "__init__.py", inside.with_suffix(".py") if rest else inside / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Everything that a module imports, inside functions too; of the names it takes, those that could be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
