"""The Python in a student's notebook. Nothing of it is run here.

A notebook is a place to try things out as well as one to hand in. What counts is what the lesson's names need, directly
or not: experiments between the answers - a plot, a training run, a cell that stopped with an error - cost no marks and
no time.
"""

from __future__ import annotations

import ast
import json
import re
import symtable
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

_MAGICS_CAP = 200
_STATEMENTS_CAP = 5000
_SIZE_CAP = 1 << 20

BROKEN = "code cell"
"""How a note begins on a cell that was left out because it is not Python."""


class _Cell(NamedTuple):
    kind: str
    source: str
    metadata: dict[str, Any]


def python_of(text: str, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A notebook's code as a module, and what was left out.

    Args:
        text: the notebook's JSON.
        names: the functions and classes that the lesson asks for; where none of them is defined, all code is kept.

    Raises:
        ValueError: it is not a notebook.
    """
    cells, magics, broken = [], 0, []
    for number, cell in enumerate(_code_cells(text), start=1):
        if _is_test(cell):
            continue
        source, skipped = _without_magics(cell.source)
        magics += skipped
        cells.append(source)
        if (line := _where_wrong(source.splitlines())) is not None:
            broken.append((len(cells) - 1, f"{BROKEN} {number} is not Python (its line {line + 1}) and was left out"))
    notes = []
    if magics:
        plural = "s" if magics > 1 else ""
        notes.append(f"{magics} line{plural} of notebook magic or shell command{plural} skipped")
    if len(broken) < len([cell for cell in cells if cell.strip()]):
        # One cell that stops with an error does not stop the others, in a notebook.
        for i, note in broken:
            cells[i] = ""
            notes.append(note)
    source = _futures_first("\n\n".join(cells)) + "\n" if cells else ""
    source, experiments = _what_counts(source, {name.partition(".")[0] for name in names})
    if experiments:
        plural = "s" if experiments > 1 else ""
        notes.append(f"{experiments} statement{plural} that no answer depends on left out")
    return source, tuple(notes)


def _code_cells(text: str) -> list[_Cell]:
    """The code cells, in order.

    Today's format is read as the JSON that it is: nbformat, which knows all formats, takes seconds to be imported.
    """
    try:
        notebook = json.loads(text)
        found = [_cell(cell) for cell in notebook["cells"]] if notebook["nbformat"] == 4 else None
    except (ValueError, RecursionError, KeyError, TypeError):
        found = None
    if found is None:
        found = _by_nbformat(text)
    if sum(len(cell.source) for cell in found) > _SIZE_CAP:
        raise ValueError(f"its cells hold more than {_SIZE_CAP >> 20} MB")
    return [cell for cell in found if cell.kind == "code"]


def _cell(cell: dict[str, Any]) -> _Cell:
    """One cell of today's format; KeyError or TypeError where it is none."""
    source = cell["source"]
    # Lines may be a list or one text. Joining refuses what is neither, and looking a key up what is no object.
    return _Cell(cell["cell_type"] + "", "".join(source), {**cell["metadata"]})


def _by_nbformat(text: str) -> list[_Cell]:
    """The cells of an older format, or a word about what is wrong."""
    if len(text) > _SIZE_CAP:
        raise ValueError(f"it is in no format of today, and larger than {_SIZE_CAP >> 20} MB")
    try:
        import nbformat
    except ModuleNotFoundError:
        raise ValueError("reading this one needs the extra called class: pip install -e '.[class]'") from None
    try:
        notebook = nbformat.reads(text, as_version=4)
        return [_Cell(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    except Exception as error:
        # nbformat's errors have no common base: bad JSON, a schema of another version, missing keys.
        raise ValueError(str(error).splitlines()[0][:200] if str(error) else type(error).__name__) from None


def _futures_first(source: str) -> str:
    """Every cell may begin with an import from ``__future__``; in a module only the first line may."""
    found = re.findall(r"^from __future__ import [\w, ]+$", source, flags=re.MULTILINE)
    if not found:
        return source
    rest = re.sub(r"^(?=from __future__ import )", "# ", source, flags=re.MULTILINE)
    return "; ".join(dict.fromkeys(found)) + "\n" + rest


def _is_test(cell: _Cell) -> bool:
    """Whether a cell is the instructor's: graded, and locked against change (nbgrader's metadata)."""
    marks = cell.metadata.get("nbgrader", {})
    return isinstance(marks, dict) and bool(marks.get("grade")) and not marks.get("solution")


# What the answers depend on


def _what_counts(source: str, wanted: set[str]) -> tuple[str, int]:
    """The module without the statements that nothing wanted depends on, and how many of them do something.

    A statement counts when it binds or changes a name that is wanted, or that a statement that counts uses.
    """
    try:
        whole = ast.parse(source).body
        ours = [node for node in whole if _is_ours(node)]
        body = [node for node in whole if not _is_ours(node)]
        if len(body) > _STATEMENTS_CAP:
            return _blanked(source, ours), 0  # somebody wants to keep us busy
        bound = [set(_binds(node)) for node in body]
        if not any(names & wanted for names in bound):
            return _blanked(source, ours), 0
        uses = [set(_uses(node)) for node in body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, 0
    imported = {name for node, names in zip(body, bound) if _is_import(node) for name in names}
    about: dict[str, set[int]] = {}
    for i, node in enumerate(body):
        for name in bound[i] | (set(_changes(node)) - imported):
            about.setdefault(name, set()).add(i)
    counted = {i for i, node in enumerate(body) if _is_blind(node)}
    waiting = [*wanted, *(name for i in counted for name in uses[i])]
    while waiting:
        for i in about.pop(waiting.pop(), set()) - counted:
            counted.add(i)
            waiting += uses[i]
    left_out = [node for i, node in enumerate(body) if i not in counted]
    in_order = sorted([*left_out, *ours], key=lambda node: (node.lineno, node.col_offset))
    return _blanked(source, in_order), sum(not _is_quiet(node) for node in left_out)


def _binds(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds."""
    for symbol in _table(node).get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            yield symbol.get_name()


def _uses(node: ast.stmt) -> Iterator[str]:
    """The names of the module that a statement may read, now or when what it defines is called."""
    table = _table(node)
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced())
    waiting = table.get_children()
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        yield from (symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global())


def _changes(node: ast.stmt) -> Iterator[str]:
    """Whose objects a statement may change: ``x.y = 1``, ``x[0] = 1``, ``x.append(1)``, ``setattr(x, ...)``."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                yield _base(part)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                yield _base(method)
            case ast.Call(func=ast.Name(id="setattr"), args=[target, *_]):
                yield _base(target)


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _table(node: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(node), "cell", "exec")


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_blind(node: ast.stmt) -> bool:
    """Whether what an import gives cannot be seen in its names: compiler flags, or all that a module has."""
    return isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*")


def _is_quiet(node: ast.stmt) -> bool:
    """Whether it does nothing by itself: imports, definitions, strings."""
    definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return definition or text or isinstance(node, ast.Pass) or _is_import(node)


def _is_ours(node: ast.stmt) -> bool:
    """Whether it belongs to the checks of our own notebooks, which are nothing that one hands in."""
    match node:
        case ast.ImportFrom(module="grader.notebooks"):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="checks_for"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="check") | ast.Attribute(value=ast.Name(id="check")))):
            return True
    return False


def _blanked(source: str, statements: list[ast.stmt]) -> str:
    """The source with these statements taken out; all others keep their line numbers."""
    lines = source.encode().splitlines(keepends=True)
    for node in reversed(statements):
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
        last = (node.end_lineno or node.lineno) - 1
        before = lines[first][: node.col_offset] if first == node.lineno - 1 else b""
        after = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [b"\n"] * (last - first) + [before + b"pass" + after]
    return b"".join(lines).decode()


# What is not Python in a cell


def _without_magics(source: str) -> tuple[str, int]:
    """Cell source as Python: magics and shell lines become comments, so that line numbers stay."""
    if re.match(r"\s*%%(?!time\b|timeit\b|capture\b)", source):
        lines = source.splitlines()
        return "\n".join(f"# {line}" for line in lines), len(lines)
    lines = source.splitlines()
    skipped = 0
    # Only where Python stumbles: a line of a long string, or the second half of an expression, may look the same.
    while skipped < _MAGICS_CAP and (at := _where_wrong(lines)) is not None and _skip(lines, at):
        skipped += 1
    if skipped == _MAGICS_CAP:
        skipped += sum(_skip(lines, i) for i in range(len(lines)))
    return "\n".join(lines), skipped


def _where_wrong(lines: list[str]) -> int | None:
    """The index of the line that is not Python; None where all are, or where it cannot be said."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error.lineno - 1 if error.lineno and error.lineno <= len(lines) else None
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _skip(lines: list[str], at: int) -> bool:
    """Make a comment of a line of notebook magic; whether it is one."""
    if not re.match(r"\s*(%{1,2}[A-Za-z]|!|\?)|\s*[\w.]+\?{1,2}\s*$", lines[at]):
        return False
    # `pass`, because an indented line may be all there is of a block.
    lines[at] = re.sub(r"\S", "pass  # \\g<0>", lines[at], count=1) if lines[at][0].isspace() else f"# {lines[at]}"
    return True
