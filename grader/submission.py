"""Read what a student handed in: a .py file, or the code cells of a notebook. Nothing of it is run here."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path
from typing import Any

from grader.course import Lesson
from grader.report import Status

_SIZE_CAP = 1 << 20


@dataclasses.dataclass(frozen=True)
class Submission:
    """One student's source for one lesson.

    Attributes:
        source: Python, or "" where there is none.
        problem: why it cannot be graded, in a sentence for the student; "" where it can.
        status: ``graded`` where it can be, else what kind of problem there is.
        notes: what was left out or chosen while reading.
    """

    source: str
    problem: str = ""
    status: Status = "graded"
    notes: tuple[str, ...] = ()


def read(folder: Path, lesson: Lesson) -> Submission:
    """Read ``folder``, which is ``submitted/<student>/<lesson>``; whatever is in it, this does not raise."""
    try:
        return _read(folder, lesson)
    except OSError as error:
        return Submission("", f"the submission cannot be read: {error.strerror or error}", "unreadable")


def read_file(path: Path) -> Submission:
    """Read one file by its ending; whatever is in it, this does not raise."""
    try:
        return _read_file(path)
    except OSError as error:
        return Submission("", f"{path.name} cannot be read: {error.strerror or error}", "unreadable")


def _read(folder: Path, lesson: Lesson) -> Submission:
    if not folder.is_dir():
        return Submission("", "nothing was handed in", "missing")
    path, note = _choose(folder, lesson)
    if path is None:
        return Submission("", note, "missing")
    submission = _read_file(path)
    return dataclasses.replace(submission, notes=(*((note,) if note else ()), *submission.notes))


def _choose(folder: Path, lesson: Lesson) -> tuple[Path | None, str]:
    """The file that counts, and what to say about the choice."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".py", ".ipynb"))
    named = [path for path in files if path.stem == lesson.name]
    if named:
        # A module beside a notebook of the same name is the later work: it is what `grader check` reads.
        chosen = named[-1] if len(named) == 1 else next(path for path in named if path.suffix == ".py")
        return chosen, f"{chosen.name} was graded; there is a notebook beside it" if len(named) > 1 else ""
    if len(files) == 1:
        return files[0], f"{files[0].name} was graded; it should be called {lesson.name}{files[0].suffix}"
    if files:
        names = ", ".join(path.name for path in files)
        return None, f"there is no {lesson.name}.py, and it is not clear which of these is meant: {names}"
    return None, f"there is no {lesson.name}.py and no notebook"


def _read_file(path: Path) -> Submission:
    # A link would have us read, and hand back in a report, whatever the grader may read.
    if path.is_symlink() or not path.is_file():
        return Submission("", f"{path.name} is not a plain file", "unreadable")
    if path.stat().st_size > _SIZE_CAP:
        return Submission("", f"{path.name} is larger than {_SIZE_CAP >> 20} MB", "unreadable")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Submission("", f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8", "unreadable")
    notes: tuple[str, ...] = ()
    if path.suffix == ".ipynb":
        try:
            text, notes = _code_cells(text)
        except ValueError as error:
            return Submission("", f"{path.name} is not a notebook: {error}", "unreadable")
    if not text.strip():
        return Submission("", f"{path.name} is empty", "unreadable")
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = (error.text or "").strip()
        where = f"{path.name} is not Python, line {error.lineno}: {error.msg}"
        return Submission(text, f"{where}: {line}" if line else where, "unreadable", notes)
    except (ValueError, RecursionError, MemoryError) as error:
        return Submission("", f"{path.name} is not Python: {error}", "unreadable", notes)
    return Submission(text, notes=notes)


def _code_cells(text: str) -> tuple[str, tuple[str, ...]]:
    """The Python of a notebook's code cells, and what was left out.

    Raises:
        ValueError: it is not a notebook.
    """
    try:
        import nbformat
    except ModuleNotFoundError:
        raise ValueError("reading one needs the extra called class: pip install -e '.[class]'") from None
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:
        # nbformat's errors have no common base: bad JSON, a schema of another version, missing keys.
        raise ValueError(str(error).splitlines()[0][:200] if str(error) else type(error).__name__) from None
    parts: list[str] = []
    skipped = 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or _is_test(cell):
            continue
        lines, left_out = _without_magics(cell.source)
        skipped += left_out
        parts.append(lines)
    plural = "s" if skipped > 1 else ""
    notes = (f"{skipped} line{plural} of notebook magic or shell command{plural} skipped",) if skipped else ()
    return "\n\n".join(parts) + "\n" if parts else "", notes


def _is_test(cell: Any) -> bool:
    """Whether a cell is the instructor's: graded, and locked against change (nbgrader's metadata)."""
    marks = cell.metadata.get("nbgrader", {}) if isinstance(cell.metadata, dict) else {}
    return isinstance(marks, dict) and bool(marks.get("grade")) and not marks.get("solution")


def _without_magics(source: str) -> tuple[str, int]:
    """Cell source as Python: magics and shell lines become comments, so that line numbers stay."""
    if re.match(r"\s*%%(?!time\b|timeit\b|capture\b)", source):
        lines = source.splitlines()
        return "\n".join(f"# {line}" for line in lines), len(lines)
    kept, skipped = [], 0
    for line in source.splitlines():
        if re.match(r"\s*(%{1,2}[A-Za-z]|!|\?)|\s*[\w.]+\?{1,2}\s*$", line):
            # `pass`, because the line may be all there is of a block.
            kept.append(re.sub(r"\S", "pass  # \\g<0>", line, count=1))
            skipped += 1
        else:
            kept.append(line)
    return "\n".join(kept), skipped
