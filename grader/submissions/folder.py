"""A student's folder as seen from one lesson: what the names, the places and the definitions of its files say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.course import Lesson
from grader.printable import count, one_line
from grader.submissions.names import is_archive, is_notebook_name, is_work, lessons_said, stem_of
from grader.submissions.read import NOTEBOOK_CAP, SIZE_CAP, decode
from grader.submissions.walk import Entry, Walk, walk

ELSEWHERE = 3
"""The rank of a file that is not where, or not called as, it should be."""

_MOST_LOOKED_INTO = 100
_MOST_BYTES_LOOKED_INTO = 64 << 20
_MOST_NAMED = 6

_DEFINES = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=[^=]", re.MULTILINE)
_DEFINES_IN_JSON = re.compile(r"(?:\"|\\n)(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")


class Folder:
    """One student's folder, looked through for one lesson.

    Args:
        path: the folder.
        lesson: the lesson.
        lessons: all of the course.
        levels: how deep to look; with 1 the folder holds the files of all lessons.
        set_aside: files that are not to be opened, by the way to them, and what to say of them.
        tell: called with the way to a file before it is parsed.

    Attributes:
        flat: whether the folder holds the files of all lessons.
        root: the way to the folder that holds everything, if an archive was unpacked into an extra one.
        asked: by lesson, the names that it asks for.
    """

    def __init__(
        self,
        path: Path,
        lesson: Lesson,
        lessons: Sequence[Lesson],
        levels: int,
        set_aside: Mapping[tuple[str, ...], str],
        tell: Callable[[tuple[str, ...]], None],
    ) -> None:
        """Walk through it; no file is opened yet."""
        self.lesson, self.lessons, self.flat = lesson, lessons, levels == 1
        self.set_aside, self._tell = set_aside, tell
        self.walk = walk(path, levels)
        self.root = self._unwrapped(self.walk)
        self.asked = {each.name: {name.partition(".")[0] for name in each.names} for each in lessons}
        self._known: dict[tuple[str, ...], set[str]] = {}
        self._bytes_looked_into = 0

    @property
    def wanted(self) -> set[str]:
        """The names that this lesson asks for."""
        return self.asked[self.lesson.name]

    def at(self, entry: Entry) -> None:
        """Say that a file is about to be parsed: if this process ends, the last one named had its time and memory."""
        self._tell(entry.parts)

    def is_filled(self, folder: Entry) -> bool:
        """Whether anything lies in a folder of this folder."""
        return any(each.parts[: len(folder.parts)] == folder.parts and each is not folder for each in self.walk.entries)

    def rank(self, entry: Entry) -> int:
        """0 to 2 if a file is called and placed as it should be, else ``ELSEWHERE``."""
        name = self.lesson.name
        if entry.name not in (f"{name}.py", f"{name}.ipynb"):
            return ELSEWHERE
        where = entry.parts[len(self.root) : -1]
        places: list[tuple[str, ...]] = [()] if self.flat else [(name,), ("exercises",), ()]
        inside = entry.parts[: len(self.root)] == self.root
        return places.index(where) if inside and where in places else ELSEWHERE

    def lessons_around(self, entry: Entry) -> set[str]:
        """The lessons named by the nearest enclosing folder that names any."""
        for part in reversed(entry.parts[:-1]):
            if said := lessons_said(part, self.lessons):
                return said
        return set()

    def is_about_this(self, defined: set[str]) -> bool:
        """Whether a file whose name says nothing belongs to this lesson, judged by its definitions."""
        shares = {
            name: len(asked & defined) / len(asked)
            for name, asked in self.asked.items()
            # `train` and the like, which several lessons ask for, tell nothing.
            if (asked & defined) - {each for other, names in self.asked.items() if other != name for each in names}
        }
        mine = shares.get(self.lesson.name, 0.0)
        return mine > 0 and (mine == 1.0 or mine >= max(shares.values()))

    def defines(self, entry: Entry) -> set[str]:
        """The names that a file binds at its top, as far as a look tells; nothing is parsed."""
        if entry.parts not in self._known:
            if len(self._known) >= _MOST_LOOKED_INTO or entry.parts in self.set_aside:
                return set()
            self.at(entry)
            self._known[entry.parts] = self._defined(entry)
        return self._known[entry.parts]

    def _defined(self, entry: Entry) -> set[str]:
        try:
            cap = NOTEBOOK_CAP if is_notebook_name(entry.name) else SIZE_CAP
            if entry.path.is_symlink() or not entry.path.is_file() or entry.path.stat().st_size > cap:
                return set()
            self._bytes_looked_into += entry.path.stat().st_size
            if self._bytes_looked_into > _MOST_BYTES_LOOKED_INTO:
                return set()
            with entry.path.open("rb") as file:
                text, _, problem = decode(file.read(cap), "")
        except OSError:
            return set()
        if problem:
            return set()
        found = {name for pair in _DEFINES.findall(text) for name in pair if name}
        return found | {*_DEFINES_IN_JSON.findall(text)} if text.lstrip().startswith("{") else found

    def is_anothers(self, entry: Entry) -> bool:
        """Whether a file's name says that it belongs to another lesson."""
        said = lessons_said(stem_of(entry.name) or entry.name, self.lessons)
        return entry.kind != "folder" and bool(said) and self.lesson.name not in said

    def unclaimed(self) -> list[Entry]:
        """Entries in the student's folder that may concern this lesson, though nothing says so."""
        found = []
        for each in self.walk.entries:
            folder = self.lessons_around(each)
            if each.kind == "folder" or (folder and self.lesson.name not in folder):
                continue
            if self.is_anothers(each) and not (
                stem_of(each.name) and self.is_about_this(self.defines(each)) and not self.flat
            ):
                continue
            if self.flat and not is_archive(each.name) and not stem_of(each.name):
                continue
            if is_work(each.name):
                found.append(each)
        return found

    def defining_all(self) -> list[Entry]:
        """The modules and notebooks that define all that is asked for, wherever they lie."""
        asked = self.wanted
        files = [each for each in self.walk.entries if each.kind == "file" and stem_of(each.name)]
        return [each for each in files if asked and asked <= self.defines(each)]

    def named(self, entries: Sequence[Entry]) -> list[str]:
        """Names to show, a few of them, and how many more there are."""
        names = [self.shown(each) for each in entries[:_MOST_NAMED]]
        return [*names, *([f"and {count(len(entries) - _MOST_NAMED, 'more')}"] if len(entries) > _MOST_NAMED else [])]

    def shown(self, entry: Entry) -> str:
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
