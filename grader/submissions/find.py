"""Find a student's work on a lesson, wherever it is in the student's folder and whatever its name.

Nothing that could be the work is passed over without a line that says where it lies; and where there is one file with
work in it, it is graded, with a note. Which files could be the work:

- those that are called after the lesson, more or less (``lesson5.py``, ``doe_123_lesson5_replay_buffer (1).PY.txt``),
- those in a folder that is,
- those that define what this lesson asks for, and more of it than of any other lesson.

What belongs to another lesson does not count, and neither do copies, empty files and stubs beside real work.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from grader.course import Course, Lesson
from grader.lessons.stubs import pristine
from grader.printable import count, one_line
from grader.submissions.names import is_archive, is_backup, is_notebook_name, is_work, lessons_said, other_stem, stem_of
from grader.submissions.read import NOTEBOOK_CAP, SIZE_CAP, Submission, decode, read_file
from grader.submissions.reader import shared
from grader.submissions.statements import bound
from grader.submissions.walk import DEEPEST, Entry, Walk, walk

_MOST_LOOKED_INTO = 100
_MOST_BYTES_LOOKED_INTO = 64 << 20
_MOST_READ = 30
_MOST_NAMED = 6
_ELSEWHERE = 3  # the rank of a file that is not where, or not called as, it should be

_DEFINES = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=[^=]", re.MULTILINE)
_DEFINES_IN_JSON = re.compile(r"(?:\"|\\n)(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")


def read_work(course: Course, lesson: Lesson, student: Path) -> Submission:
    """Read a student's work on a lesson, wherever in the student's folder it lies, in a process that is walled in.

    Raises:
        GraderFault: that process cannot be started.
    """
    return shared().find(student, lesson, course.lessons, pristine(course, lesson))


def read_own(course: Course, lesson: Lesson, folder: Path) -> tuple[Path, Submission]:
    """A learner's work on a lesson, in the folder of all lessons.

    Returns:
        The file, and what is in it; where there is none, the module that is missing.
    """
    found = find_work(folder, lesson, course.lessons, pristine(course, lesson), levels=1)
    return found.path or folder / f"{lesson.name}.py", found


def find_work(
    folder: Path,
    lesson: Lesson,
    lessons: Sequence[Lesson],
    stub: str,
    *,
    levels: int = DEEPEST,
    set_aside: Mapping[tuple[str, ...], str] = MappingProxyType({}),
    tell: Callable[[tuple[str, ...]], None] = lambda parts: None,
) -> Submission:
    """Find and read the work on one lesson; whatever is in the folder, this does not raise.

    Args:
        folder: what one student handed in.
        lesson: for which lesson.
        lessons: all of them, so that work on another one is not taken for this one's.
        stub: what the student started from, "" where it is unknown.
        levels: how deep to look; with 1, ``folder`` holds the files of all lessons, as ``exercises/`` does.
        set_aside: files that are not to be opened, by the way to them from the folder, and what to say of them.
        tell: hears of every file, by the way to it, before it is read, and of () after it.
    """
    if folder.is_symlink():
        # It may lead to another student's work.
        return Submission("", f"{one_line(folder.name)} is a link, not a folder", "unreadable")
    return _Search(folder, lesson, lessons, stub, levels, set_aside, tell).result()


@dataclasses.dataclass(frozen=True)
class _Candidate:
    """A file that could be the work.

    Attributes:
        rank: 0 to 2 where it is called and placed as it should be, else ``_ELSEWHERE``.
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


class _Search:
    """The search for one lesson's work in one folder."""

    def __init__(
        self,
        folder: Path,
        lesson: Lesson,
        lessons: Sequence[Lesson],
        stub: str,
        levels: int,
        set_aside: Mapping[tuple[str, ...], str],
        tell: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.lesson, self.lessons, self.stub, self.flat = lesson, lessons, stub, levels == 1
        self.set_aside, self.tell = set_aside, tell
        self.walk = walk(folder, levels)
        self.root = self._unwrapped(self.walk)
        self.defined: dict[tuple[str, ...], set[str]] = {}
        self.bytes_looked_into = 0
        self.asked = {each.name: {name.partition(".")[0] for name in each.names} for each in lessons}

    def result(self) -> Submission:
        candidates = self._candidates()
        working = [each for each in candidates if each.has_work and each.sure and not each.borrowed]
        working = working or [each for each in candidates if each.has_work and each.sure]
        working = working or [each for each in candidates if each.has_work]
        if not working:
            return self._without_work(candidates)
        fetching = [each for each in working if self._only_imports(each)]
        if len(fetching) < len(working):
            working = [each for each in working if each not in fetching]
        else:
            fetching = []
        chosen = min(working, key=lambda each: each.order)
        others = [each for each in working if not self._same(each, chosen)]
        if chosen.rank == _ELSEWHERE and not all(_is_twin(chosen, each) for each in others):
            names = ", ".join(self._named([each.entry for each in (chosen, *others)]))
            unclear = f"there is no {self.lesson.name}.py, and it is not clear which of these is meant: {names}"
            return Submission("", unclear, "missing", passed_over=True)
        others += [each for each in candidates if each.borrowed and each.has_work and each.sure and each not in working]
        others = [each for each in others if not self._same(each, chosen)]
        name = self._shown(chosen.entry)
        fetched = [f"{name} was graded; {self._shown(each.entry)} only imports from other files" for each in fetching]
        return chosen.submission.with_notes(*fetched, *self._notes(chosen, others, candidates))

    # What could be the work

    def _candidates(self) -> list[_Candidate]:
        found: list[_Candidate] = []
        for entry in self.walk.entries:
            if len(found) == _MOST_READ:
                break
            sure = self._is_candidate(entry)
            if sure is not None:
                found.append(self._candidate(entry, sure))
        return found

    @contextlib.contextmanager
    def _at(self, entry: Entry) -> Iterator[None]:
        """While a file is parsed: if that is the end of this process, it is known of which file."""
        self.tell(entry.parts)
        yield
        self.tell(())

    def _same(self, one: _Candidate, other: _Candidate) -> bool:
        if one is other:
            return True
        with self._at(one.entry):
            code = one.same
        with self._at(other.entry):
            return code == other.same

    def _candidate(self, entry: Entry, sure: bool) -> _Candidate:
        if entry.parts in self.set_aside:
            name = one_line(entry.name, 100)
            problem = f"{name} {self.set_aside[entry.parts]}"
            submission = Submission("", problem, "unreadable", file=name, is_text=False, path=entry.path)
        else:
            with self._at(entry):
                submission = read_file(entry.path, self.lesson, self.stub)
        if entry.kind == "link" and not stem_of(entry.name):
            problem = f"{one_line(entry.name, 100)} is a link, not a folder"
            submission = dataclasses.replace(submission, problem=problem)
        folder = self._folder_says(entry)
        borrowed = is_backup(entry.name) or (bool(folder) and self.lesson.name not in folder)
        return _Candidate(entry, self._rank(entry), sure, borrowed, submission)

    def _is_candidate(self, entry: Entry) -> bool | None:
        """Whether something could be the work: None for no, else whether it surely is meant as such."""
        rank = self._rank(entry)
        if rank < _ELSEWHERE:
            # A folder that is called as the module should be: what lies in it counts, or else it is named.
            return True if entry.kind != "folder" or not self._is_in(entry) else None
        stem = stem_of(entry.name)
        said = lessons_said(stem or other_stem(entry.name), self.lessons)
        if entry.kind != "file":
            whole = lessons_said(entry.name, self.lessons)
            links = entry.kind == "link" and (self.lesson.name in said | whole)
            return True if links or (entry.kind == "other" and self.lesson.name in said) else None
        if not stem and self.lesson.name not in said:
            return None
        folder = self._folder_says(entry)
        own = self.lesson.name
        if own in said:
            defines = self._defines(entry)
            # A text that is called after the lesson may be anything.
            return None if not stem and not defines & self.asked[own] else bool(defines & self.asked[own])
        if said:
            return None
        if own in folder:
            return bool(self._defines(entry) & self.asked[own])
        if folder:
            return None
        return True if self._is_about_this(self._defines(entry)) else None

    def _only_imports(self, candidate: _Candidate) -> bool:
        """Whether a file defines nothing of what is asked for, and takes it from another file."""
        asked = self.asked[self.lesson.name]
        try:
            with self._at(candidate.entry):
                body = ast.parse(candidate.submission.source).body
                imports = [node for node in body if isinstance(node, ast.ImportFrom)]
                if not {alias.name for node in imports for alias in node.names} & {*asked, "*"}:
                    return False
                return not any(bound(node) & asked for node in body if not isinstance(node, ast.ImportFrom))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False

    def _is_in(self, folder: Entry) -> bool:
        return any(each.parts[: len(folder.parts)] == folder.parts and each is not folder for each in self.walk.entries)

    def _rank(self, entry: Entry) -> int:
        name = self.lesson.name
        if entry.name not in (f"{name}.py", f"{name}.ipynb"):
            return _ELSEWHERE
        where = entry.parts[len(self.root) : -1]
        places: list[tuple[str, ...]] = [()] if self.flat else [(name,), ("exercises",), ()]
        inside = entry.parts[: len(self.root)] == self.root
        return places.index(where) if inside and where in places else _ELSEWHERE

    def _folder_says(self, entry: Entry) -> set[str]:
        """The lessons named by the nearest enclosing folder that names any."""
        for part in reversed(entry.parts[:-1]):
            if said := lessons_said(part, self.lessons):
                return said
        return set()

    def _is_about_this(self, defined: set[str]) -> bool:
        """Whether a file whose name says nothing belongs to this lesson, judged by its definitions."""
        shares = {
            name: len(asked & defined) / len(asked)
            for name, asked in self.asked.items()
            # `train` and the like, which several lessons ask for, tell nothing.
            if (asked & defined) - {each for other, names in self.asked.items() if other != name for each in names}
        }
        mine = shares.get(self.lesson.name, 0.0)
        return mine > 0 and (mine == 1.0 or mine >= max(shares.values()))

    def _defines(self, entry: Entry) -> set[str]:
        """The names that a file binds at its top, as far as a look tells; nothing is parsed."""
        if entry.parts not in self.defined:
            if len(self.defined) >= _MOST_LOOKED_INTO or entry.parts in self.set_aside:
                return set()
            with self._at(entry):
                self.defined[entry.parts] = self._defined(entry)
        return self.defined[entry.parts]

    def _defined(self, entry: Entry) -> set[str]:
        try:
            cap = NOTEBOOK_CAP if is_notebook_name(entry.name) else SIZE_CAP
            if entry.path.is_symlink() or not entry.path.is_file() or entry.path.stat().st_size > cap:
                return set()
            self.bytes_looked_into += entry.path.stat().st_size
            if self.bytes_looked_into > _MOST_BYTES_LOOKED_INTO:
                return set()
            with entry.path.open("rb") as file:
                text, _, problem = decode(file.read(cap), "")
        except OSError:
            return set()
        if problem:
            return set()
        found = {name for pair in _DEFINES.findall(text) for name in pair if name}
        return found | {*_DEFINES_IN_JSON.findall(text)} if text.lstrip().startswith("{") else found

    # What to say

    def _without_work(self, candidates: list[_Candidate]) -> Submission:
        """The submission if there is no work: nothing was started, or the files there cannot be read."""
        if not candidates:
            return self._missing()
        stubs = [each for each in candidates if each.submission.is_stub]
        failed = [each for each in candidates if each.submission.problem and not each.submission.is_stub]
        broken = [each for each in failed if not each.submission.empty]
        chosen = min(broken or stubs or candidates, key=lambda each: each.order)
        notes = self._notes(chosen, [], candidates) if chosen in broken else self._beside(chosen)
        return chosen.submission.with_notes(*notes)

    def _notes(self, chosen: _Candidate, others: list[_Candidate], candidates: list[_Candidate]) -> list[str]:
        name, notes = self._shown(chosen.entry), []
        stubs = [each for each in candidates if each.submission.is_stub or each.submission.empty]
        stubs = [each for each in stubs if each.rank < chosen.rank or _is_twin(chosen, each)]
        stubs = sorted((each for each in stubs if each.order < chosen.order), key=lambda each: each.rank >= chosen.rank)
        if stubs:
            what = self._shown(stubs[0].entry)
            beside = " beside it" if stubs[0].entry.parts[:-1] == chosen.entry.parts[:-1] else ""
            notes.append(f"{name} was graded; {what}{beside} is still the stub")
        if (chosen.rank == _ELSEWHERE or self.root) and (should := self._should(chosen)):
            notes.append(f"{name} was graded; it should {should}")
        twins = [each for each in others if _is_twin(chosen, each)]
        if twins or [each for each in candidates if _is_twin(chosen, each) and each.has_work and each not in others]:
            notes.append(f"{name} was graded; there is a notebook beside it")
        if rest := [each.entry for each in others if each not in twins]:
            notes.append(f"{name} was graded; there is other work in {', '.join(self._named(rest))}")
        for each in candidates:
            if each is not chosen and not each.submission.is_text:
                notes.append(f"{name} was graded; {each.submission.problem}")
        return [*notes, *self._beside(chosen)]

    def _beside(self, chosen: _Candidate) -> list[str]:
        """Lines about files that were not opened, or not seen."""
        notes = []
        archives = [each for each in self._unclaimed() if is_archive(each.name)]
        if archives:
            what = "is an archive and was" if len(archives) == 1 else "are archives and were"
            notes.append(f"{', '.join(self._named(archives))} {what} not opened; unpack what belongs to this lesson")
        if self.walk.cut:
            notes.append("there are more files here than were looked through")
        return notes

    def _should(self, chosen: _Candidate) -> str:
        """The place and the name that a file should have."""
        ending = ".ipynb" if is_notebook_name(chosen.entry.name) else ".py"
        name = f"{self.lesson.name}{ending}"
        where = chosen.entry.parts[:-1]
        called = "" if chosen.entry.name == name else f"be called {name}"
        lies = "" if self.flat or where == (self.lesson.name,) else f"lie in {self.lesson.name}/"
        return " and ".join(part for part in (lies, called) if part)

    def _missing(self) -> Submission:
        own = self.lesson.name
        hidden = [each for each in self.walk.hidden if own in lessons_said(stem_of(each.name), self.lessons)]
        there = self._unclaimed()
        mine = [each for each in self.walk.entries if each.kind == "folder" and each.parts == (*self.root, own)]
        others = [each for each in self.walk.entries if self._is_anothers(each) and not self._folder_says(each)]
        if not there and not hidden and 0 < len(others) <= _MOST_NAMED // 2 and not self.flat:
            there = others
        elsewhere = [] if self.flat else [each for each in self._defining_all() if each not in there]
        there += elsewhere
        there.sort(key=lambda each: (not is_archive(each.name), not stem_of(each.name)))
        named = [f"{name}{self._what(each)}" for each, name in zip(there, self._named(there))]
        named += self._named(there)[len(there) :]  # "and 3 more"
        named += [f"{self._shown(each)} (which a program keeps for itself)" for each in hidden[:1]]
        if not (named or mine or self.flat or self.walk.cut):
            return Submission("", "nothing was handed in", "missing")
        more = " (there are more files here than were looked through)" if self.walk.cut else ""
        there_is = f"; there is {', '.join(named)}" if named else ""
        problem = f"there is no {own}.py and no notebook{there_is}{more}"
        return Submission("", problem, "missing", passed_over=bool(named) or self.walk.cut)

    def _what(self, entry: Entry) -> str:
        if is_archive(entry.name):
            return " (an archive: unpack it, or use `grader collect`)"
        if entry.kind == "link":
            return " (a link, which is not followed)"
        folder = self._folder_says(entry)
        if self._is_anothers(entry) or (folder and self.lesson.name not in folder):
            all_there = bool(self.asked[self.lesson.name]) and self.asked[self.lesson.name] <= self._defines(entry)
            return " (by its place or name another lesson's; it defines what this lesson asks for)" if all_there else ""
        if stem_of(entry.name):
            wanted = sorted(self.asked[self.lesson.name])
            return f" (which does not define {wanted[0]})" if wanted else ""
        return ""

    def _is_anothers(self, entry: Entry) -> bool:
        """Whether a file's name says that it belongs to another lesson."""
        said = lessons_said(stem_of(entry.name) or entry.name, self.lessons)
        return entry.kind != "folder" and bool(said) and self.lesson.name not in said

    def _unclaimed(self) -> list[Entry]:
        """Entries in the student's folder that may concern this lesson, though nothing says so."""
        found = []
        for each in self.walk.entries:
            folder = self._folder_says(each)
            if each.kind == "folder" or (folder and self.lesson.name not in folder):
                continue
            if self._is_anothers(each) and not (
                stem_of(each.name) and self._is_about_this(self._defines(each)) and not self.flat
            ):
                continue
            if self.flat and not is_archive(each.name) and not stem_of(each.name):
                continue
            if is_work(each.name):
                found.append(each)
        return found

    def _defining_all(self) -> list[Entry]:
        """The modules and notebooks that define all that is asked for, wherever they lie."""
        asked = self.asked[self.lesson.name]
        files = [each for each in self.walk.entries if each.kind == "file" and stem_of(each.name)]
        return [each for each in files if asked and asked <= self._defines(each)]

    def _named(self, entries: Sequence[Entry]) -> list[str]:
        names = [self._shown(each) for each in entries[:_MOST_NAMED]]
        return [*names, *([f"and {count(len(entries) - _MOST_NAMED, 'more')}"] if len(entries) > _MOST_NAMED else [])]

    def _shown(self, entry: Entry) -> str:
        """A file's name, with the way to it where it is not in the lesson's own folder."""
        own = entry.parts[:-1] in ((), (self.lesson.name,))
        return one_line(entry.name if own else entry.where, 100)

    def _unwrapped(self, found: Walk) -> tuple[str, ...]:
        """The path to the folder that holds everything, if an archive was unpacked into an extra folder."""
        root: tuple[str, ...] = ()
        while not self.flat:
            inside = [each for each in found.entries if each.parts[:-1] == root]
            only = inside[0] if len(inside) == 1 and inside[0].kind == "folder" else None
            if only is None or only.name == "exercises" or lessons_said(only.name, self.lessons):
                break
            root = only.parts
        return root


def _is_twin(one: _Candidate, other: _Candidate) -> bool:
    """Whether two files are a module and a notebook of the same name in the same folder."""
    a, b = one.entry, other.entry
    same = a.parts[:-1] == b.parts[:-1] and stem_of(a.name) == stem_of(b.name)
    return same and is_notebook_name(a.name) != is_notebook_name(b.name)
