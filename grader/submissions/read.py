"""Read one file that a student handed in: module or notebook, as the text of a module. Nothing of it is run here."""

from __future__ import annotations

import ast
import codecs
import dataclasses
import io
import re
import tokenize
from pathlib import Path

from grader.course import Lesson
from grader.printable import one_line
from grader.report.report import Status
from grader.submissions.magics import without_magics
from grader.submissions.moved import moved
from grader.submissions.needed import needed
from grader.submissions.newer import needs
from grader.submissions.notebook import is_notebook, python_of
from grader.submissions.remarks import not_here, remarks
from grader.submissions.untouched import Definition, is_untouched, without_late_stubs

SIZE_CAP = 1 << 20
NOTEBOOK_CAP = 32 << 20  # pictures among the outputs are large
_SHOWN = 120
_MOST_NOTES = 12
_MOST_RANGES = 4

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    # UTF-32 before UTF-16: the mark of the one begins with that of the other.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# What a file is that was given the name of a module.
_DOCUMENTS = (
    (re.compile(rb"\s*\{\\rtf"), "an RTF document; save it as plain text"),
    (re.compile(rb"PK\x03\x04.*word/", re.DOTALL), "a Word document; save it as plain text"),
    (re.compile(rb"PK\x03\x04"), "a zip archive; unpack it"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an Office document; save it as plain text"),
    (re.compile(rb"%PDF-"), "a PDF; hand in the text it was made from"),
    (
        re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)\b", re.IGNORECASE),
        "a web page; download the file itself",
    ),
)
# What editors write. Some of Python's other codecs take very long, or give what no editor shows.
_CODECS = re.compile(
    r"ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-[a-z]+|gb2312|gbk|gb18030|big5(hkscs)?|shift_jis\w*|euc_\w+|johab|tis-620"
)
_COOKIE = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)([-\w.]+)")


@dataclasses.dataclass(frozen=True)
class Submission:
    """One student's source for one lesson.

    Attributes:
        source: Python, or "" where there is none.
        problem: why it cannot be graded, in a sentence for the student; "" if it can.
        status: ``graded`` if it can be, else the kind of problem: ``missing``, ``unreadable`` or ``not started``.
        notes: what was left out or chosen while reading.
        file: the name of the file that was read.
        empty: whether the file is there and holds nothing.
        is_text: whether the file could be read as text; what is none of that, nobody meant to be Python.
        broken: whether a part was left out that is not Python, so that somebody has begun.
        passed_over: whether, where it is missing, something lies there that could be the work.
        not_here: packages that it imports and that may not be installed, and what to say of each if it is not.
        path: the file; None where there is none.
    """

    source: str
    problem: str = ""
    status: Status = "graded"
    notes: tuple[str, ...] = ()
    file: str = ""
    empty: bool = False
    is_text: bool = True
    broken: bool = False
    passed_over: bool = False
    not_here: tuple[tuple[str, str], ...] = ()
    path: Path | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def is_stub(self) -> bool:
        """Whether it still is as it was handed out."""
        return self.status == "not started"

    def with_notes(self, *notes: str) -> Submission:
        """The same with these notes before its own."""
        return dataclasses.replace(self, notes=(*notes, *self.notes))


def read_file(path: Path, lesson: Lesson | None = None, stub: str = "") -> Submission:
    """Read one file by what it holds; whatever that is, this does not raise.

    Args:
        path: a module or a notebook.
        lesson: whose names say what counts; without it everything does.
        stub: what the student started from, "" if that is unknown; then nothing is ``not started``.
    """
    name = one_line(path.name, 100)
    try:
        read = _read(path, name, lesson, stub)
    except OSError as error:
        read = _unreadable(f"{name} cannot be read: {error.strerror or error}", is_text=False)
    notes = tuple(one_line(note, 300) for note in read.notes[:_MOST_NOTES])
    if len(read.notes) > _MOST_NOTES:
        notes += (f"and {len(read.notes) - _MOST_NOTES} more remarks like these",)
    return dataclasses.replace(read, problem=_printable(read.problem), notes=notes, file=name, path=path)


def _unreadable(problem: str, source: str = "", notes: tuple[str, ...] = (), *, is_text: bool = True) -> Submission:
    return Submission(source, problem, "unreadable", notes, is_text=is_text)


def _read(path: Path, name: str, lesson: Lesson | None, stub: str) -> Submission:
    # A link would have us read, and hand back in a report, whatever the grader may read.
    if path.is_symlink() or not path.is_file():
        return _unreadable(f"{name} is not a plain file", is_text=False)
    size = path.stat().st_size
    with path.open("rb") as file:
        # A notebook may have been given the name of a module; only its pictures are large.
        may_be_large = ".ipynb" in path.name.lower() or file.read(64).lstrip().startswith(b"{")
        cap = NOTEBOOK_CAP if may_be_large else SIZE_CAP
        if size > cap:
            return _unreadable(f"{name} is larger than {cap >> 20} MB", is_text=False)
        file.seek(0)
        data = file.read(cap)
    document = next((what for start, what in _DOCUMENTS if start.match(data)), "")
    if document:
        return _unreadable(f"{name} is {document}", is_text=False)
    text, notes, problem = decode(data, name)
    if problem:
        return _unreadable(problem, is_text=False)
    names = {each.partition(".")[0] for each in lesson.names} if lesson else set()
    broken = False
    called_notebook = ".ipynb" in path.name.lower()
    if is_notebook(text) or (called_notebook and not _is_module(text)):
        try:
            text, found, broken = python_of(text, names, stub)
        except ValueError as error:
            return _unreadable(f"{name} is not a notebook: {error}", notes=notes)
        notes += () if called_notebook else (f"{name} holds a notebook and was read as one; call it .ipynb",)
        notes += found
        is_module = False
    else:
        if len(text) > SIZE_CAP:
            return _unreadable(f"{name} is larger than {SIZE_CAP >> 20} MB", is_text=False)
        notes += (f"{name} holds a module and was read as one; call it .py",) if called_notebook else ()
        text, magics = without_magics(text)
        plural = "s" if magics > 1 else ""
        notes += (f"{magics} line{plural} of notebook magic or shell command{plural} skipped",) if magics else ()
        is_module = True
    if not text.strip():
        return dataclasses.replace(_unreadable(f"{name} is empty", notes=notes), empty=True)
    if lesson:
        at_place = moved(text, names, lesson.imports)
        text, notes, is_module = at_place.source, notes + at_place.notes, is_module and at_place.same_lines
    whole = text
    text, late = without_late_stubs(text, stub)
    notes += tuple(
        f"{each} is defined twice, and is the stub again in line {line}: the earlier one counts"
        if is_module
        else f"{each} is defined twice, and is the stub again the second time: the earlier one counts"
        for each, line in late
    )
    text, left_out = needed(text, names, _given(stub)) if lesson else (text, ())
    if left_out:
        notes += (_left_out(left_out, is_module=is_module),)
    try:
        # Compiled, not only parsed: a `return` outside of a function is found no earlier. Nothing is run.
        compile(text, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        return _unreadable(_what_is_wrong(name, whole, error), text, notes)
    except MemoryError:
        return _unreadable(f"{name} is not Python that can be read: it is nested too deeply, or too large", text, notes)
    except (ValueError, RecursionError) as error:
        return _unreadable(f"{name} is not Python: {error}", text, notes)
    notes += remarks(text, path, is_module=is_module)
    # A cell that had to be left out because it is not Python is somebody's work too.
    if lesson and stub and not broken and is_untouched(stub, text):
        problem = f"this is still the stub; open {name} and begin with {lesson.exercises[0].name}"
        return Submission(text, problem, "not started", notes)
    return Submission(text, notes=notes, broken=broken, not_here=not_here(text, lesson.names) if lesson else ())


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...], str]:
    """A file's text, remarks on how it was read, and the reason why it cannot be read, "" if it can.

    As Python itself does it (PEP 263): a byte order mark or a declared encoding counts, otherwise it is UTF-8.
    """
    for mark, codec, called in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                text = data.decode(codec)
            except UnicodeDecodeError as error:
                return "", (), f"{name} is not {called or 'UTF-8'} text (byte {error.start}); save it as UTF-8"
            return text, ((f"{name} was read as {called}; save it as UTF-8",) if called else ()), ""
    declared, codec = _declared(data)
    if declared:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            return "", (), f"{name} is not {declared} text, as it says (byte {error.start}); save it as UTF-8"
        # The text goes on as UTF-8, and should not claim anything else.
        lines = text.split("\n", 2)
        lines[:2] = [_COOKIE.sub(r"\1utf-8", line) for line in lines[:2]]
        note = () if text.isascii() else (f"{name} was read as {declared}; save it as UTF-8",)
        return "\n".join(lines), note, ""
    try:
        return data.decode(), (), ""
    except UnicodeDecodeError as error:
        return "", (), f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8"


def _declared(data: bytes) -> tuple[str, str]:
    """The encoding that a module declares in one of its first two lines, and its codec; "" if it is UTF-8."""
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(data[:4096]).readline)
        codec = codecs.lookup(declared).name
    except (SyntaxError, LookupError, ValueError):
        return "", ""
    return (one_line(declared, 40), codec) if _CODECS.fullmatch(codec) else ("", "")


def _is_module(text: str) -> bool:
    """Whether a text that is called a notebook defines something in Python."""
    try:
        return any(isinstance(node, Definition) for node in ast.parse(without_magics(text)[0]).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _given(stub: str) -> set[str]:
    """The names that a stub defines, those to be written and those that are given."""
    try:
        body = ast.parse(stub).body
    except (SyntaxError, ValueError):
        return set()
    names = {node.name for node in body if isinstance(node, Definition)}
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def _left_out(ranges: tuple[tuple[int, int], ...], *, is_module: bool) -> str:
    count = f"{len(ranges)} statement{'s' if len(ranges) > 1 else ''}"
    told = f"{count} that no answer depends on {'were' if len(ranges) > 1 else 'was'} left out"
    if not is_module:
        return told  # lines of the joined cells would say nothing to anybody
    joined: list[list[int]] = []
    for first, last in ranges:
        if joined and first <= joined[-1][1] + 3:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    lines = ", ".join(f"{first} to {last}" if last > first else f"{first}" for first, last in joined[:_MOST_RANGES])
    plural = "s" if len(joined) > 1 or joined[0][1] > joined[0][0] else ""
    return f"{told} (line{plural} {lines}{', …' if len(joined) > _MOST_RANGES else ''})"


def _what_is_wrong(name: str, text: str, error: SyntaxError) -> str:
    lines = text.splitlines()
    at = (error.lineno or 0) - 1
    newer = needs(lines, at) if 0 <= at < len(lines) else ""
    line = (error.text or "").strip()
    line = line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …"
    if newer:
        import platform

        here = ".".join(platform.python_version_tuple()[:2])
        return f"{name} needs {newer}, and is graded with Python {here}; write line {error.lineno} without it: {line}"
    where = f"{name} is not Python, line {error.lineno}: {error.msg}"
    return f"{where}: {line}" if line else where


def _printable(text: str) -> str:
    """The text with what cannot be written as UTF-8 replaced, and without an end that is far away."""
    return one_line(text.encode(errors="replace").decode(), 600)
