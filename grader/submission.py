"""Read what a student handed in: a .py file, or the code cells of a notebook. Nothing of it is run here."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.course import Lesson
from grader.render.order import natural
from grader.report import Status

_SIZE_CAP = 1 << 20
_SHOWN = 120
_MAGICS_CAP = 200


class ClassError(Exception):
    """The folder of submissions, or the wish to narrow it, makes no sense; one line for the instructor."""


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


def find_students(submissions: Path, wanted: Sequence[str]) -> list[str]:
    """The folders of ``submissions``, or those that are wanted.

    Raises:
        ClassError: there are none, or a wanted one is missing.
    """
    if not submissions.is_dir():
        raise ClassError(f"{submissions} is not a folder; expected is <submissions>/<student>/<lesson>/<lesson>.py")
    found = [path.name for path in submissions.iterdir() if path.is_dir() and not path.name.startswith(".")]
    if not found:
        raise ClassError(
            f"{submissions} has no student in it; expected is <submissions>/<student>/<lesson>/<lesson>.py"
        )
    for name in wanted:
        if name not in found:
            raise ClassError(f"{submissions} has no student called {name!r}")
    return sorted(wanted or found, key=natural)


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
    if folder.is_symlink():
        # It may lead to another student's work.
        return Submission("", f"{folder.name} is a link, not a folder", "unreadable")
    if not folder.is_dir():
        return Submission("", "nothing was handed in", "missing")
    path, note = choose_file(folder, lesson)
    if path is None:
        return Submission("", _printable(note), "missing")
    submission = _read_file(path)
    return dataclasses.replace(submission, notes=(*((_printable(note),) if note else ()), *submission.notes))


def choose_file(folder: Path, lesson: Lesson) -> tuple[Path | None, str]:
    """The file of a folder that counts, or None, and what to say about the choice."""
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


def _printable(text: str) -> str:
    """The text with what cannot be written as UTF-8 replaced: file names may be any bytes."""
    return text.encode(errors="replace").decode()


def _read_file(path: Path) -> Submission:
    submission = _text_of(path)
    return dataclasses.replace(submission, problem=_printable(submission.problem))


def _text_of(path: Path) -> Submission:
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
        # Compiled, not only parsed: a `return` outside of a function is found no earlier. Nothing is run.
        compile(text, path.name, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        line = line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …"
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
    return _futures_first("\n\n".join(parts)) + "\n" if parts else "", notes


def _futures_first(source: str) -> str:
    """Every cell may begin with an import from ``__future__``; in a module only the first line may."""
    found = re.findall(r"^from __future__ import [\w, ]+$", source, flags=re.MULTILINE)
    if not found:
        return source
    rest = re.sub(r"^(?=from __future__ import )", "# ", source, flags=re.MULTILINE)
    return "; ".join(dict.fromkeys(found)) + "\n" + rest


def _is_test(cell: Any) -> bool:
    """Whether a cell is the instructor's: graded, and locked against change (nbgrader's metadata)."""
    marks = cell.metadata.get("nbgrader", {}) if isinstance(cell.metadata, dict) else {}
    return isinstance(marks, dict) and bool(marks.get("grade")) and not marks.get("solution")


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
