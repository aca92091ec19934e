"""The Python in a student's notebook. Nothing of it is run here."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from grader.submissions.magics import as_comments, where_wrong, without_magics
from grader.submissions.newer import needs
from grader.submissions.untouched import Definition, code_of

_SIZE_CAP = 1 << 20
_STAYS = re.compile(r"\s*%%(time|timeit|capture)\b")
_WRITES = re.compile(r"\s*%%(writefile|file)\b")
_FENCE = re.compile(r"\s*```\w*\n(.*?)\n```\s*", re.DOTALL)


class Code(NamedTuple):
    """The Python code that a notebook holds.

    Attributes:
        source: its code as one module.
        notes: what was left out, or found in an unusual place.
        broken: whether a cell was left out that is not Python: somebody wrote it.
    """

    source: str
    notes: tuple[str, ...] = ()
    broken: bool = False


class _Cell(NamedTuple):
    kind: str
    source: str
    metadata: dict[str, Any]


class _Aside(NamedTuple):
    """Code in a place that is not run: it counts for an answer that is nowhere else."""

    at: int
    source: str
    where: str


def python_of(text: str, names: Collection[str], stub: str = "") -> Code:
    """A notebook's code as a module, and what was left out.

    Args:
        text: the notebook's JSON.
        names: the functions and classes that the lesson asks for.
        stub: what the student started from.

    Raises:
        ValueError: it is not a notebook.
    """
    cells: list[str] = []
    asides: list[_Aside] = []
    broken: list[tuple[int, str]] = []
    magics = number = 0
    for place, cell in enumerate(_all_cells(text), start=1):
        number += cell.kind == "code"
        if cell.kind != "code" or _is_test(cell):
            what = f"cell {place}, a check" if cell.kind == "code" else f"cell {place}, which is text"
            asides.append(_Aside(len(cells), _unfenced(cell.source), what))
            cells.append("")
            continue
        if re.match(r"\s*%%", cell.source) and not _STAYS.match(cell.source):
            first, _, rest = cell.source.lstrip().partition("\n")
            if _WRITES.match(first):
                asides.append(_Aside(len(cells), f"# {first}\n{rest}", f"code cell {number}, under {first.split()[0]}"))
            magics += len(cell.source.splitlines())
            cells.append(as_comments(cell.source))
            continue
        source, skipped = without_magics(cell.source)
        magics += skipped
        cells.append(source)
        lines = source.splitlines()
        if (line := where_wrong(lines)) is not None:
            newer = needs(lines, line)
            why = f"needs {newer}" if newer else "is not Python"
            broken.append((len(cells) - 1, f"code cell {number} {why} (its line {line + 1}) and was left out"))
    notes = []
    if magics:
        plural = "s" if magics > 1 else ""
        notes.append(f"{magics} line{plural} of notebook magic or shell command{plural} skipped")
    left_out = len(broken) < len([cell for cell in cells if cell.strip()])
    if left_out:
        # One cell that stops with an error does not stop the others, in a notebook.
        for i, note in broken:
            cells[i] = ""
            notes.append(note)
    notes += _take_asides(cells, asides, names, stub)
    source = _futures_first("\n\n".join(cell for cell in cells if cell)) + "\n" if any(cells) else ""
    return Code(source, tuple(notes), left_out and bool(broken))


def _take_asides(cells: list[str], asides: list[_Aside], names: Collection[str], stub: str) -> list[str]:
    """Put answers that are in a text, or are written to a file, where they would be code; returns notes."""
    if not asides or not names:
        return []
    asks = re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+({'|'.join(map(re.escape, names))})\b", re.MULTILINE)
    asides = [aside for aside in asides if asks.search(aside.source)]
    if not asides:
        return []
    given = dict(_definitions(stub))
    done = {name for cell in cells for name, code in _definitions(cell) if code != given.get(name)}
    notes = []
    for aside in asides:
        found = [name for name, code in _definitions(aside.source) if name in names and code != given.get(name)]
        new = [name for name in dict.fromkeys(found) if name not in done]
        if new:
            cells[aside.at] = aside.source
            notes.append(f"{' and '.join(new)} stood in {aside.where}, and was read as code")
    return notes


def _definitions(source: str) -> list[tuple[str, str]]:
    try:
        return [(node.name, code_of(node)) for node in ast.parse(source).body if isinstance(node, Definition)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _unfenced(text: str) -> str:
    fenced = _FENCE.fullmatch(text)
    return fenced[1] if fenced else text


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook's JSON, whatever its file is called."""
    if not text.lstrip().startswith("{") or not ('"cells"' in text or '"worksheets"' in text):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _all_cells(text: str) -> list[_Cell]:
    """The cells, in order.

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
    return found


def _cell(cell: dict[str, Any]) -> _Cell:
    """One cell of the current format; KeyError or TypeError if it is malformed."""
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
    """Move imports from ``__future__``, which any cell may start with, to the module's first line."""
    found = re.findall(r"^from __future__ import [\w, ]+$", source, flags=re.MULTILINE)
    if not found:
        return source
    rest = re.sub(r"^(?=from __future__ import )", "# ", source, flags=re.MULTILINE)
    return "; ".join(dict.fromkeys(found)) + "\n" + rest


def _is_test(cell: _Cell) -> bool:
    """Whether a cell is the instructor's: graded, and locked against change (nbgrader's metadata)."""
    marks = cell.metadata.get("nbgrader", {})
    return isinstance(marks, dict) and bool(marks.get("grade")) and not marks.get("solution")
