"""The Python in a student's notebook. Nothing of it is run here.

A notebook is a place to try things out as well as one to hand in. What counts is what the lesson's names need, directly
or not: experiments between the answers - a plot, a training run, a cell that stopped with an error - cost no marks and
no time.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from grader.submissions.needed import what_counts

_MAGICS_CAP = 200
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
    source, experiments = what_counts(source, {name.partition(".")[0] for name in names})
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
