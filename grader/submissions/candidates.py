"""The files of a student's folder that could be the work on a lesson, each read."""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib

from grader.printable import one_line
from grader.submissions.folder import ELSEWHERE, Folder
from grader.submissions.names import is_backup, is_notebook_name, lessons_said, other_stem, stem_of
from grader.submissions.read import Submission, read_file
from grader.submissions.statements import bound
from grader.submissions.walk import Entry

_MOST_READ = 30


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A file that could be the work.

    Attributes:
        rank: 0 to 2 where it is called and placed as it should be, else ``ELSEWHERE``.
        sure: whether there is more to it than a name: it is placed as it should be, or defines what is asked for.
        borrowed: whether it is meant for something else: it lies in another lesson's folder, or is a program's backup.
    """

    entry: Entry
    rank: int
    sure: bool
    borrowed: bool
    submission: Submission

    @property
    def has_work(self) -> bool:
        found = self.submission
        return found.is_text and not found.empty and not found.is_stub

    @property
    def order(self) -> tuple[object, ...]:
        """The best place first, a module before a notebook."""
        return self.rank, self.borrowed, is_notebook_name(self.entry.name), len(self.entry.parts)

    @functools.cached_property
    def same(self) -> bytes:
        """Equal for files that hold the same code."""
        try:
            code = ast.dump(ast.parse(self.submission.source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            code = self.submission.source
        return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def candidates(folder: Folder, stub: str) -> list[Candidate]:
    """Every file that could be the work, read, in the order of the walk; a few dozen at most."""
    found: list[Candidate] = []
    for entry in folder.walk.entries:
        if len(found) == _MOST_READ:
            break
        sure = _is_sure(folder, entry)
        if sure is not None:
            found.append(_candidate(folder, stub, entry, sure))
    return found


def _candidate(folder: Folder, stub: str, entry: Entry, sure: bool) -> Candidate:
    if entry.parts in folder.set_aside:
        name = one_line(entry.name, 100)
        problem = f"{name} {folder.set_aside[entry.parts]}"
        submission = Submission("", problem, "unreadable", file=name, is_text=False, path=entry.path)
    else:
        folder.at(entry)
        submission = read_file(entry.path, folder.lesson, stub)
    if entry.kind == "link" and not stem_of(entry.name):
        problem = f"{one_line(entry.name, 100)} is a link, not a folder"
        submission = dataclasses.replace(submission, problem=problem)
    says = folder.lessons_around(entry)
    borrowed = is_backup(entry.name) or (bool(says) and folder.lesson.name not in says)
    return Candidate(entry, folder.rank(entry), sure, borrowed, submission)


def _is_sure(folder: Folder, entry: Entry) -> bool | None:
    """Whether something could be the work: None for no, else whether it surely is meant as such."""
    rank = folder.rank(entry)
    if rank < ELSEWHERE:
        # A folder that is called as the module should be: what lies in it counts, or else it is named.
        return True if entry.kind != "folder" or not folder.is_filled(entry) else None
    stem = stem_of(entry.name)
    said = lessons_said(stem or other_stem(entry.name), folder.lessons)
    if entry.kind != "file":
        whole = lessons_said(entry.name, folder.lessons)
        links = entry.kind == "link" and (folder.lesson.name in said | whole)
        return True if links or (entry.kind == "other" and folder.lesson.name in said) else None
    if not stem and folder.lesson.name not in said:
        return None
    says = folder.lessons_around(entry)
    own = folder.lesson.name
    if own in said:
        defines = folder.defines(entry)
        # A text that is called after the lesson may be anything.
        return None if not stem and not defines & folder.wanted else bool(defines & folder.wanted)
    if said:
        return None
    if own in says:
        return bool(folder.defines(entry) & folder.wanted)
    if says:
        return None
    return True if folder.is_about_this(folder.defines(entry)) else None


def same_code(folder: Folder, one: Candidate, other: Candidate) -> bool:
    """Whether two files hold the same code, whatever its layout."""
    if one is other:
        return True
    folder.at(one.entry)
    code = one.same
    folder.at(other.entry)
    return code == other.same


def only_imports(folder: Folder, candidate: Candidate) -> bool:
    """Whether a file defines nothing of what is asked for, and takes it from another file."""
    asked = folder.wanted
    try:
        folder.at(candidate.entry)
        body = ast.parse(candidate.submission.source).body
        imports = [node for node in body if isinstance(node, ast.ImportFrom)]
        if not {alias.name for node in imports for alias in node.names} & {*asked, "*"}:
            return False
        return not any(bound(node) & asked for node in body if not isinstance(node, ast.ImportFrom))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def is_twin(one: Candidate, other: Candidate) -> bool:
    """Whether two files are a module and a notebook of the same name in the same folder."""
    a, b = one.entry, other.entry
    same = a.parts[:-1] == b.parts[:-1] and stem_of(a.name) == stem_of(b.name)
    return same and is_notebook_name(a.name) != is_notebook_name(b.name)
