"""Move answers to a place where they count.

A module may hold answers where they would not run: under its main guard, or in a cell of a notebook that was exported.
It may import earlier lessons out of a folder that is not here. Every move has a line that tells of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import NamedTuple

from grader.submissions.needed import lacks
from grader.submissions.statements import bound, first_line, is_main_guard

# Of IPython's cell magics, those that run their cell as Python in the notebook itself, or write it to a module.
_RUNS = frozenset({"time", "timeit", "capture", "prun", "writefile", "file"})
_MOST_GUARDS = 8


class Moved(NamedTuple):
    """A module in which every answer is in a place where it counts.

    Attributes:
        source: the module.
        notes: what was moved.
        same_lines: whether every line is where it was.
    """

    source: str
    notes: tuple[str, ...] = ()
    same_lines: bool = True


def moved(source: str, names: Collection[str], earlier: Collection[str] = ()) -> Moved:
    """Move answers to a place where they count; source that is not Python stays as it is.

    Args:
        source: the module.
        names: the functions and classes that the lesson asks for.
        earlier: the modules of the lessons that this one may import.
    """
    try:
        made, cells = _without_cell_magic(source)
        made, guarded = _without_guard(made, names)
        made, imports = _imported_plainly(made, earlier)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Moved(source)
    notes = (*cells, *guarded, *imports)
    return Moved(made, notes, not cells) if notes else Moved(source)


def _without_cell_magic(source: str) -> tuple[str, tuple[str, ...]]:
    """``get_ipython().run_cell_magic('time', '', 'x = 1')``, which nbconvert makes, as the cell that it was."""
    if "run_cell_magic" not in source:
        return source, ()
    lines = _lines(source)
    found = [(node, cell) for node in ast.parse(source).body if (cell := _cell_of(node)) is not None]
    found = [(node, cell) for node, cell in found if _is_python(cell)]
    for node, cell in reversed(found):
        lines[node.lineno - 1 : node.end_lineno] = [f"{cell}\n".encode("utf-8", "surrogatepass")]
    cells = "1 cell under notebook magic was" if len(found) == 1 else f"{len(found)} cells under notebook magic were"
    note = f"{cells} read as code"
    return _joined(lines), (note,) if found else ()


def _cell_of(node: ast.stmt) -> str | None:
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(attr="run_cell_magic"),
                args=[ast.Constant(value=str(magic)), ast.Constant(), ast.Constant(value=str(cell))],
            )
        ) if magic in _RUNS:
            return cell
    return None


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_guard(source: str, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Move code out of ``if __name__ == "__main__":`` if answers need it and it is nowhere else."""
    if "__main__" not in source:
        return source, ()
    notes = []
    for _ in range(_MOST_GUARDS):
        body = ast.parse(source).body
        lacking = lacks([node for node in body if not is_main_guard(node)], names)
        # In one line with its guard stands no answer.
        guards = [node for node in body if isinstance(node, ast.If) and is_main_guard(node)]
        guards = [node for node in guards if node.body[0].lineno > node.lineno and lacking & bound(node)]
        if not guards:
            break
        source = _to_the_left(source, guards[0])
        found = ", ".join(sorted(lacking & bound(guards[0])))
        notes.append(
            f'`if __name__ == "__main__"` (line {guards[0].lineno}) holds {found}, and is not run when a module is '
            "imported; what stands under it was read as if it stood outside"
        )
    return source, tuple(notes)


def _to_the_left(source: str, guard: ast.If) -> str:
    """The source with a guard's body moved to top level; every line keeps its number."""
    lines = _lines(source)
    first, last = first_line(guard.body[0]), guard.end_lineno or guard.lineno
    indent = lines[first - 1][: guard.body[0].col_offset]
    # What goes on from the line before, inside a string, is text and not layout.
    inside = {
        line
        for node in ast.walk(guard)
        if isinstance(node, ast.Constant | ast.JoinedStr)
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    for i in range(guard.lineno - 1, last):
        if i < first - 1:
            lines[i] = lines[i] if lines[i].lstrip().startswith(b"#") else b"\n"
        elif i + 1 not in inside:
            lines[i] = lines[i].removeprefix(indent)
    return _joined(lines)


def _imported_plainly(source: str, earlier: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """``from .folder.lesson4_dqn import DQN`` as ``from lesson4_dqn import DQN``: all lessons lie in one place here."""
    if not earlier:
        return source, ()
    lines = _lines(source)
    notes: dict[str, list[int]] = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom():
                written = "." * node.level + (node.module or "")
            case ast.Import(names=[ast.alias(name=written, asname=str())]):
                pass
            case _:
                continue
        own = written.rpartition(".")[2]
        if own == written or own not in earlier:
            continue
        pattern = rf"((?:from|import)\s+){re.escape(written)}(?=\s)"
        line = lines[node.lineno - 1].decode("utf-8", "surrogatepass")
        made = re.sub(pattern, rf"\g<1>{own}", line, count=1)
        if made != line:
            lines[node.lineno - 1] = made.encode("utf-8", "surrogatepass")
            notes.setdefault(f"{written} was read as {own}", []).append(node.lineno)
    told = tuple(f"{words} (line {', '.join(map(str, sorted(at)))})" for words, at in notes.items())
    return _joined(lines), told


def _lines(source: str) -> list[bytes]:
    # As bytes, because the parser counts columns in bytes, and lines as `bytes.splitlines` does.
    return source.encode("utf-8", "surrogatepass").splitlines(keepends=True)


def _joined(lines: list[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "surrogatepass")
