"""Turn a student's submission into a notebook that nbgrader can keep and show.

nbgrader knows its cells by metadata in the student's own file. Where a student deletes or doubles a cell, clears
metadata, renames the notebook, breaks it or hands in a module, nbgrader passes over the submission, ends with an error,
or, where the metadata are of another version, stops the whole class. The verdict does not depend on any of it: it is
about the code. So the notebook is put together anew: the student's cells with nothing but their text, and nbgrader's
own cells as they were released.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from grader.course import Lesson
from grader.printable import count
from grader.submissions.read import NOTEBOOK_CAP, SIZE_CAP, decode

_SHOWN = 20_000
# nbgrader's pages leave HTML in a text as it is, and a student's script in the formgrader would have the instructor's
# rights: it could set marks. So only tags that can do nothing are kept.
_TAG = re.compile(
    r"<(?=[A-Za-z/!?])(?!/?(?:b|i|u|em|strong|code|kbd|pre|sub|sup|br|hr|p|ul|ol|li|table|tr|th|td)\s*/?>)"
)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
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
    folder: Path, lesson: Lesson, graded: Path | None, released: Sequence[Released], metadata: dict[str, Any]
) -> NotebookNode:
    """Restore the submission as a notebook for nbgrader.

    Args:
        folder: ``submitted/<student>/<lesson>``.
        lesson: the lesson.
        graded: the file that the verdict is about, wherever it lies; None where there is none.
        released: nbgrader's cells of the lesson, in the order of the source notebook.
        metadata: of the notebook.
    """
    cells = _with_released(_student_cells(folder, lesson, graded), released)
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
        data = graded.read_bytes()[:SIZE_CAP]
        text = decode(data, graded.name)[0] or data.decode("utf-8", "replace")
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n# … {count(len(text) - _SHOWN, 'more character')}"
        name = graded.name.encode(errors="replace").decode()
        return [v4.new_markdown_cell(f"Handed in as `{name}`:"), v4.new_code_cell(shown), *(cells or [])]
    return cells or []


def _is_plain(path: Path) -> bool:
    # A link would show the student whatever the grader may read.
    return path.is_file() and not path.is_symlink()


def _cells_of(path: Path) -> list[NotebookNode] | None:
    """Rebuild the cells of a notebook; None if it is not a notebook."""
    import nbformat

    if not _is_plain(path) or path.stat().st_size > NOTEBOOK_CAP:
        return None
    try:
        found = nbformat.reads(path.read_bytes().decode("utf-8-sig"), as_version=4).cells
        return [_anew(cell) for cell in found]
    except Exception:
        # nbformat's errors have no common base. What is wrong with the file, the report says.
        return None


def _anew(cell: Any) -> NotebookNode:
    """A fresh cell of the same kind with the same text, and with the pictures that were pasted into it."""
    made: NotebookNode
    if cell.cell_type == "markdown":
        words, pictures = _TAG.sub("&lt;", str(cell.source)), _pictures(cell.get("attachments"))
        # What cannot be shown as it is meant is shown as it was typed: indented, it is code.
        shown = words if _can_be_shown(words, tuple(pictures)) else re.sub(r"(?m)^", "    ", str(cell.source))
        made = v4.new_markdown_cell(shown)
        if pictures:
            made["attachments"] = pictures
    else:
        # A raw cell would be put into the page as it is.
        made = v4.new_code_cell(str(cell.source))
    marks = cell.get("metadata", {}).get("nbgrader", {})
    made.metadata["claims"] = str(marks.get("grade_id", "")) if isinstance(marks, dict) else ""
    return made


@functools.lru_cache(maxsize=256)  # the lesson's own texts are the same in every notebook
def _can_be_shown(words: str, pictures: tuple[str, ...]) -> bool:
    """Whether a text can be rendered: a reference to a missing picture would end all of ``generate_feedback``."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    attachments = {name: {"image/png": ""} for name in pictures}
    try:
        MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=attachments)).render(words)
    except Exception:
        return False
    return True


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """The pictures, and nothing else, among a cell's attachments."""
    kept: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            if kind in _PICTURES and isinstance(data, str) and _BASE64.fullmatch(data):
                kept.setdefault(str(name), {})[kind] = data
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
