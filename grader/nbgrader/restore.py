"""Turn a student's submission into a notebook that nbgrader can keep and show.

nbgrader knows its cells by metadata in the student's own file. Where a student deletes or doubles a cell, clears
metadata, renames the notebook, breaks it or hands in a module, nbgrader passes over the submission, ends with an error,
or, where the metadata are of another version, stops the whole class. The verdict does not depend on any of it: it is
about the code. So the notebook is put together anew: the student's cells with nothing but their text, and nbgrader's
own cells as they were released.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from grader.course import Lesson
from grader.nbgrader import page_text
from grader.printable import clip
from grader.submissions.read import NOTEBOOK_CAP, SIZE_CAP, decode

# What nbgrader renders for one student, and keeps in its pages.
_MOST_CELLS = 500
_MOST_TEXT = 200_000
_MOST_PICTURES = 4 << 20
_MOST_VALUES = 300_000
_MAKE: dict[str, Callable[..., NotebookNode]] = {
    "code": v4.new_code_cell,
    "markdown": v4.new_markdown_cell,
    "raw": v4.new_raw_cell,
}


@dataclasses.dataclass(frozen=True)
class Released:
    """One of nbgrader's cells, as its gradebook remembers it.

    Attributes:
        name: the grade_id.
        points: what the cell is worth; None where it is not graded.
        answer: whether students write in it.
        task: whether it is a task, which is graded by hand.
    """

    name: str
    cell_type: str
    source: str
    locked: bool
    checksum: str | None
    points: float | None
    answer: bool
    task: bool

    def mark(self, cell: NotebookNode) -> None:
        """Restore nbgrader's metadata on the cell."""
        cell.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": self.name,
            "grade": self.points is not None and not self.task,
            "solution": self.answer,
            "locked": self.locked,
            "task": self.task,
            "cell_type": self.cell_type,
            **({} if self.points is None else {"points": self.points}),
            **({} if self.checksum is None else {"checksum": self.checksum}),
        }


def restore(
    folder: Path,
    lesson: Lesson,
    graded: Path | None,
    released: Sequence[Released],
    metadata: dict[str, Any],
    given: Collection[str] = (),
) -> NotebookNode:
    """Restore the submission as a notebook for nbgrader.

    Args:
        folder: ``submitted/<student>/<lesson>``.
        lesson: the lesson.
        graded: the file that the verdict is about, wherever it lies; None where there is none.
        released: nbgrader's cells of the lesson, in the order of the source notebook.
        metadata: of the notebook.
        given: the lesson's own texts. Every other text is the student's, and is made safe (``page_text``).
    """
    cells = _with_released(_student_cells(folder, lesson, graded), released)
    _make_safe(cells, {text.strip() for text in (*given, *(each.source for each in released))})
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i + 1}"
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return notebook


def _student_cells(folder: Path, lesson: Lesson, graded: Path | None) -> list[NotebookNode]:
    """The student's cells, without metadata except for the name that each one claims to have (``grade_id``)."""
    notebook = folder / f"{lesson.name}.ipynb"
    cells = None
    if graded is not None and (cells := _cells_of(graded)) is not None:
        notebook = graded
    elif not folder.is_symlink():
        cells = _cells_of(notebook)
    if graded is not None and (graded != notebook or cells is None) and _is_plain(graded):
        with graded.open("rb") as file:
            data = file.read(SIZE_CAP)
        text = decode(data, graded.name)[0] or data.decode("utf-8", "replace")
        label = v4.new_markdown_cell(page_text.labelled("Handed in as", graded.name))
        label.metadata["ours"] = True
        return [label, v4.new_code_cell(clip(text, page_text.MOST_SHOWN)), *(cells or [])]
    return cells or []


def _is_plain(path: Path) -> bool:
    # A link would show the student whatever the grader may read.
    return path.is_file() and not path.is_symlink()


def _cells_of(path: Path) -> list[NotebookNode] | None:
    """The cells of a notebook, made anew and no more than are shown; None where it is none."""
    if not _is_plain(path) or path.stat().st_size > NOTEBOOK_CAP:
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if sum(map(text.count, ",[{")) > _MOST_VALUES:  # each becomes an object, many times as large as its text
            return None
        data = json.loads(text)
        # Of format 3 and before, notebooks have sheets.
        found = data["cells"] if "cells" in data else [cell for each in data["worksheets"] for cell in each["cells"]]
        return [_anew(cell) for cell in itertools.islice(found, _MOST_CELLS)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # what is wrong with the file, the report says


def _anew(cell: dict[str, Any]) -> NotebookNode:
    """The same text in a cell of the same kind; what was pasted into it is kept aside until the text is made safe."""
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(source)
    made: NotebookNode
    if cell["cell_type"] in ("markdown", "heading"):
        made = v4.new_markdown_cell(text)
        made.metadata["pasted"] = cell.get("attachments")
    else:
        # A raw cell would be put into the page as it is.
        made = v4.new_code_cell(text)
    marks = cell.get("metadata", {}).get("nbgrader", {})
    made.metadata["claims"] = str(marks.get("grade_id", "")) if isinstance(marks, dict) else ""
    return made


def _make_safe(cells: Sequence[NotebookNode], given: Collection[str]) -> None:
    """Make every text that is not the lesson's own one that can do nothing, and bound what there is of all of them."""
    room, pictures_room = _MOST_TEXT, _MOST_PICTURES
    for cell in cells:
        pasted, ours = cell.metadata.pop("pasted", None), cell.metadata.pop("ours", False)
        if ours or cell.source.strip() in given:
            continue
        text = clip(cell.source, room)
        room = max(0, room - len(text))
        if cell.cell_type == "code":
            cell.source = text
            continue
        pictures = _pictures(pasted, pictures_room)
        pictures_room -= sum(map(len, pictures.values()))
        cell.source = page_text.shown(text, pictures)


def _pictures(attachments: Any, room: int) -> dict[str, str]:
    """The pictures among what was pasted into a cell, by name, as addresses; ``room`` characters at most."""
    kept: dict[str, str] = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            if isinstance(data, str) and len(data) <= room and (address := page_text.picture(kind, data)):
                room -= len(address)
                kept[name] = address
                break
    return kept


def _with_released(cells: list[NotebookNode], released: Sequence[Released]) -> list[NotebookNode]:
    """Restore nbgrader's marks on its own cells, and put back graded cells that are missing."""
    where: dict[str, NotebookNode] = {}
    claims = [(cell, cell.metadata.pop("claims", "")) for cell in cells]
    by_name = {each.name: each for each in released}
    # The last of several wins, as in nbgrader. What was to be left alone and was not, stays in sight as a cell of the
    # student's own: an edited test counts for nothing, but other code that was given does, and is graded as edited.
    for cell, name in reversed(claims):
        each = by_name.get(name)
        if each and name not in where and (not each.locked or _same(cell, each)):
            where[name] = cell
    taken = {id(cell) for cell in where.values()}
    for each in released:
        same = (cell for cell in cells if id(cell) not in taken and _same(cell, each))
        if each.name not in where and (found := next(same, None)) is not None:
            where[each.name] = found
            taken.add(id(found))
    before: NotebookNode | None = None
    for each in released:
        if each.name not in where:
            if each.points is None:
                continue  # an answer cell, or code that is given: the student has taken it out
            made = _MAKE[each.cell_type](each.source)
            # Behind the cell that it follows in the lesson; behind everything where that is gone as well.
            at = next((i for i, cell in enumerate(cells) if cell is before), len(cells) - 1)
            cells.insert(at + 1, made)
            where[each.name] = made
        before = where[each.name]
        _dress(before, each)
    return cells


def _same(cell: NotebookNode, released: Released) -> bool:
    return bool(cell.source.strip() == released.source.strip())


def _dress(cell: NotebookNode, released: Released) -> None:
    """Restore the cell as it was released, except for what the student may write in it."""
    released.mark(cell)
    if released.locked:
        cell.source = released.source
    if cell.cell_type != released.cell_type:
        fresh = _MAKE[released.cell_type](cell.source, metadata=cell.metadata)
        cell.clear()
        cell.update(fresh)
