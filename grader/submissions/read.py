"""Read what a student handed in: a .py file, or the code cells of a notebook. Nothing of it is run here."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from grader.course import Lesson
from grader.render.order import natural
from grader.report import Status
from grader.submissions.notebook import BROKEN, python_of
from grader.submissions.untouched import is_untouched

LAYOUT = "<submissions>/<student>/<lesson>/<lesson>.py, or a clone of each student's repository"

SIZE_CAP = 1 << 20
_SHOWN = 120
NOTEBOOK_CAP = 32 << 20  # pictures among the outputs are large


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
        file: the name of the file that was read.
    """

    source: str
    problem: str = ""
    status: Status = "graded"
    notes: tuple[str, ...] = ()
    file: str = ""

    def is_untouched(self, stub: str) -> bool:
        """Whether nobody has begun: it is the stub, and no cell had to be left out because it is not Python."""
        return not any(note.startswith(BROKEN) for note in self.notes) and is_untouched(stub, self.source)


def find_students(submissions: Path, wanted: Sequence[str]) -> list[str]:
    """The folders of ``submissions``, or those that are wanted.

    Raises:
        ClassError: there are none, or a wanted one is missing.
    """
    if not submissions.is_dir():
        raise ClassError(f"{submissions} is not a folder; expected is {LAYOUT}")
    found = [path.name for path in submissions.iterdir() if path.is_dir() and not path.name.startswith(".")]
    if not found:
        raise ClassError(f"{submissions} has no student in it; expected is {LAYOUT}")
    for name in wanted:
        if name not in found:
            raise ClassError(f"{submissions} has no student called {name!r}")
    return sorted(wanted or found, key=natural)


def read_work(student: Path, lesson: Lesson, stub: str = "") -> Submission:
    """Read a student's work on a lesson, wherever in the student's folder it lies; this does not raise.

    ``<lesson>/`` is where nbgrader collects it. Where there is no such folder, ``exercises/`` (in a clone of a
    student's repository) and the folder itself are looked at, for the lesson's own name only: others lie beside.
    """
    own = student / lesson.name
    # os.path never raises; a link counts as there, so that it is refused rather than called missing.
    if not os.path.lexists(own):
        for folder in (student / "exercises", student):
            if any(os.path.lexists(folder / f"{lesson.name}{suffix}") for suffix in (".py", ".ipynb")):
                return read(folder, lesson, stub)
    return read(own, lesson, stub)


def read(folder: Path, lesson: Lesson, stub: str = "") -> Submission:
    """Read ``folder``, which is ``submitted/<student>/<lesson>``; whatever is in it, this does not raise.

    Args:
        folder: what was handed in.
        lesson: for which lesson.
        stub: what the student started from. Of a module and a notebook, the one that is more than this counts.
    """
    try:
        return _read(folder, lesson, stub)
    except OSError as error:
        return Submission("", f"the submission cannot be read: {error.strerror or error}", "unreadable")


def read_file(path: Path, lesson: Lesson | None = None) -> Submission:
    """Read one file by its ending; whatever is in it, this does not raise.

    Args:
        path: a module or a notebook.
        lesson: whose names say what counts in a notebook; without it everything does.
    """
    try:
        return _read_file(path, lesson)
    except OSError as error:
        return Submission("", f"{path.name} cannot be read: {error.strerror or error}", "unreadable")


def read_own(folder: Path, lesson: Lesson, stub: str) -> tuple[Path, Submission]:
    """A learner's work on a lesson, module or notebook, in the folder of all lessons; ``read`` says which one counts.

    Returns:
        The file, and what is in it; where there is none, the module that is missing.
    """
    found = [path for ending in (".py", ".ipynb") if (path := folder / f"{lesson.name}{ending}").exists()]
    if not found:
        return folder / f"{lesson.name}.py", Submission("", f"there is no {lesson.name}.py and no notebook", "missing")
    path, note = _more_than_the_stub(found, lesson, stub)
    return path, _with_note(read_file(path, lesson), note)


def _read(folder: Path, lesson: Lesson, stub: str) -> Submission:
    if folder.is_symlink():
        # It may lead to another student's work.
        return Submission("", f"{folder.name} is a link, not a folder", "unreadable")
    if not folder.is_dir():
        return Submission("", "nothing was handed in", "missing")
    path, note = choose_file(folder, lesson, stub)
    if path is None:
        return Submission("", _printable(note), "missing")
    return _with_note(_read_file(path, lesson), note)


def _with_note(submission: Submission, note: str) -> Submission:
    return dataclasses.replace(submission, notes=(*((_printable(note),) if note else ()), *submission.notes))


def choose_file(folder: Path, lesson: Lesson, stub: str) -> tuple[Path | None, str]:
    """The file of a folder that counts, or None, and what to say about the choice."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".py", ".ipynb"))
    named = [path for path in files if path.stem == lesson.name]
    if named:
        return _more_than_the_stub(named, lesson, stub)
    stubs = [path for path in files if len(files) > 1 and _is_stub(path, lesson, stub)]
    files = [path for path in files if path not in stubs] or files
    if len(files) == 1:
        return files[0], f"{files[0].name} was graded; it should be called {lesson.name}{files[0].suffix}"
    if files:
        names = ", ".join(path.name for path in files)
        return None, f"there is no {lesson.name}.py, and it is not clear which of these is meant: {names}"
    return None, f"there is no {lesson.name}.py and no notebook"


def _more_than_the_stub(named: list[Path], lesson: Lesson, stub: str) -> tuple[Path, str]:
    """Of a module and a notebook of one lesson, the one with work in it; the module where both have some, or neither.

    Who works in the notebook hands in the untouched module along with it, and the other way round.
    """
    chosen = next((path for path in named if path.suffix == ".py"), named[0])
    others = [path for path in named if path != chosen]
    if not others:
        return chosen, ""
    if _is_stub(chosen, lesson, stub) and not _is_stub(others[0], lesson, stub):
        return others[0], f"{others[0].name} was graded; {chosen.name} beside it is still the stub"
    if _is_stub(others[0], lesson, stub):
        return chosen, ""
    return chosen, f"{chosen.name} was graded; there is a notebook beside it"


def _is_stub(path: Path, lesson: Lesson, stub: str) -> bool:
    """Whether a file has no work in it: it is empty, or what was handed out."""
    submission = read_file(path, lesson)
    if submission.problem:
        return submission.problem == _empty(path)
    return submission.is_untouched(stub)


def _empty(path: Path) -> str:
    return f"{path.name} is empty"


def _printable(text: str) -> str:
    """The text with what cannot be written as UTF-8 replaced: file names may be any bytes."""
    return text.encode(errors="replace").decode()


def _read_file(path: Path, lesson: Lesson | None = None) -> Submission:
    submission = _text_of(path, lesson)
    return dataclasses.replace(submission, problem=_printable(submission.problem), file=_printable(path.name))


def _text_of(path: Path, lesson: Lesson | None) -> Submission:
    # A link would have us read, and hand back in a report, whatever the grader may read.
    if path.is_symlink() or not path.is_file():
        return Submission("", f"{path.name} is not a plain file", "unreadable")
    cap = NOTEBOOK_CAP if path.suffix == ".ipynb" else SIZE_CAP
    if path.stat().st_size > cap:
        return Submission("", f"{path.name} is larger than {cap >> 20} MB", "unreadable")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Submission("", f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8", "unreadable")
    notes: tuple[str, ...] = ()
    if path.suffix == ".ipynb":
        try:
            text, notes = python_of(text, lesson.names if lesson else ())
        except ValueError as error:
            return Submission("", f"{path.name} is not a notebook: {error}", "unreadable")
    if not text.strip():
        return Submission("", _empty(path), "unreadable")
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
