"""``grader collect``: turn a download into ``<student>/<lesson>/``, and list what needs attention.

Nothing is lost: what cannot be opened is copied as it is and named, what belongs to nobody is named, and the newest of
several versions counts while the others are kept (``shelf``).
"""

from __future__ import annotations

import codecs
import dataclasses
import errno
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path

from grader.collect import downloads
from grader.collect.archive import expanded, unpack
from grader.collect.collected import Collected, Remark
from grader.collect.entries import (
    ArchiveError,
    Budget,
    Entry,
    NoRoomError,
    Workplace,
    closed,
    is_archive,
    is_work,
    stem,
    walk,
)
from grader.collect.handins import Download, Handin, Person
from grader.collect.layout import placed_at
from grader.collect.safe_names import free, same
from grader.collect.shelf import Shelf
from grader.course import Course, Lesson
from grader.errors import ClassError
from grader.export.ids import as_csv
from grader.files import write
from grader.printable import one_line
from grader.report.sorting import natural
from grader.submissions.apart import refuse_overlap

Tell = Callable[[str, int, int], None]

_BLANK_CAP = 10_000


def collect(
    course: Course,
    source: Path,
    out: Path,
    lesson: Lesson | None = None,
    tell: Tell = lambda what, done, total: None,
) -> Collected:
    """Read a download and bring it into the layout.

    Args:
        course: whose lessons files may name.
        source: a folder or an archive, as another system handed it out.
        out: the folder of submissions; ``<out>.ids.csv`` beside it gets the ids.
        lesson: what everything was handed in for; without it, names decide.
        tell: called with the progress.

    Raises:
        ClassError: there is nothing to collect, or nowhere to put it.
    """
    _check_places(source, out)
    shelf = Shelf(out)
    budget = Budget(entries=200_000, size=20 << 30)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as work:
            return _Collecting(course, shelf, lesson, Workplace(Path(work)), budget, tell).run(source)
    except NoRoomError as error:
        raise ClassError(f"{out.parent} has no room for unpacked files: {error}") from None
    except OSError as error:
        raise ClassError(f"{error.filename or out}: {error.strerror or error}") from None


def _check_places(source: Path, out: Path) -> None:
    if not os.path.lexists(source):
        raise ClassError(f"{source} does not exist")
    refuse_overlap(source, out)


class _Collecting:
    """One run."""

    def __init__(
        self, course: Course, shelf: Shelf, lesson: Lesson | None, work: Workplace, budget: Budget, tell: Tell
    ) -> None:
        self._course, self._shelf, self._lesson = course, shelf, lesson
        self._work, self._budget, self._tell = work, budget, tell
        self._done = Collected()
        self._in: dict[str, set[str]] = {}
        self._several = False

    def run(self, source: Path) -> Collected:
        entries = self._open_source(source)
        found = downloads.read(entries, _name_of(source), self._peek)
        if not any(download.handins for download in found):
            loose = f" ({len(entries)} loose files)" if entries else ""
            raise ClassError(
                f"{source} has no student in it{loose}; expected a system's download, or one folder per student"
            )
        if source.is_dir():
            self._refuse_layout(source, found, entries)
        done = self._done
        done.systems = sorted({download.system for download in found})
        try:
            self._place(found)
        finally:
            self._shelf.save()
        done.students = sorted(self._in, key=natural)
        order = [each.name for each in self._course.lessons]
        counted = Counter(name for lessons in self._in.values() for name in lessons)
        done.lessons = {
            name: counted[name] for name in sorted(counted, key=lambda n: order.index(n) if n else len(order))
        }
        done.left_out = self._budget.left_out
        self._write_ids([person for download in found for handin in download.handins for person in handin.people])
        return done

    # Reading

    def _open_source(self, source: Path) -> list[Entry]:
        try:
            if source.is_dir():
                return walk(source, self._budget)
            if closed(source.name):
                raise ArchiveError(f"is {closed(source.name)}, which is not opened here; unpack it and give the folder")
            if not is_archive(source.name):
                raise ArchiveError("is neither a folder nor a zip or tar; give the system's download for all students")
            name = source.name
            entries, problem = unpack(
                source, self._work, self._budget, lambda done, total: self._tell(f"reading {name}", done, total)
            )
        except ArchiveError as error:
            raise ClassError(f"{source} {error}") from None
        if problem:
            self._attention("", f"{source.name} {problem}")
        return entries

    def _peek(self, packed: Entry) -> list[Entry]:
        """Entries of an archive that may be a whole download; none if it cannot be opened."""
        if packed.path is None:
            return []
        try:
            return unpack(packed.path, self._work, dataclasses.replace(self._budget, within=self._budget))[0]
        except ArchiveError:
            return []

    def _refuse_layout(self, source: Path, found: Sequence[Download], entries: Sequence[Entry]) -> None:
        names = {lesson.name for lesson in self._course.lessons}
        plain = all(download.system == "folder" for download in found)
        laid_out = plain and any(len(entry.parts) > 2 and entry.parts[1] in names for entry in entries)
        if laid_out and not any(is_archive(entry.parts[-1]) for entry in entries):
            raise ClassError(f"{source} already has one folder per student and lesson; type: grader grade {source}")

    # Placing

    def _place(self, found: Sequence[Download]) -> None:
        everybody = {person.key: person for d in found for handin in d.handins for person in handin.people}
        named = Counter(same(person.name) for person in everybody.values())
        folders: dict[str, str] = {}
        for key, person in sorted(everybody.items()):
            folder = self._shelf.folder(key, person.name, person.number, person.ids, named[same(person.name)] == 1)
            folders[key] = folder
        for folder in self._shelf.foreign:
            self._note(folder, "is an existing folder that was not made by collect; submissions are added to it")
        self._shelf.save()  # a run that is killed leaves a folder that the next one knows as its own
        assignments = {handin.assignment or download.name for download in found for handin in download.handins}
        self._several = self._lesson is None and len(assignments) > 1
        total = sum(len(download.handins) for download in found)
        number = 0
        for download in found:
            for line in download.said:
                self._attention("", line)
            if download.hint:
                self._note("", download.hint)
            for entry in download.strays:
                said = entry.problem or "belongs to no student, so it was not copied"
                if entry.path or entry.problem:
                    self._attention("", f"{entry.name}: {said}")
            for handins in self._by_version(download):
                self._one(download, handins, folders)
                number += len(handins)
                self._tell("students", number, total)

    def _by_version(self, download: Download) -> list[list[Handin]]:
        """Hand-ins of the same people for the same assignment, the newest last."""
        together: dict[tuple[str, str], list[Handin]] = {}
        for handin in download.handins:
            for person in handin.people:
                own = dataclasses.replace(handin, people=(person,))
                same_work = together.setdefault((person.key, handin.assignment), [])
                if same_work and not handin.version:  # nothing says which is newer: they are one
                    own = dataclasses.replace(own, entries=(*same_work.pop().entries, *own.entries))
                same_work.append(own)
        return [sorted(each, key=lambda handin: handin.version) for each in together.values()]

    def _one(self, download: Download, handins: list[Handin], folders: dict[str, str]) -> None:
        """Place one student's hand-ins for one assignment: the newest in its lesson, earlier ones in .earlier."""
        student = folders[handins[0].people[0].key]
        *earlier, newest = handins
        self._in.setdefault(student, set())
        self._shelf.make(student)
        entries = self._opened(newest)
        where, lesson = placed_at(self._course, self._lesson, download.name, newest, entries)
        what = lesson or newest.assignment
        scope = f"{download.system} {student}/{what}" if what else ""
        # Where there is one assignment, its name on every line would say nothing.
        about = f"{what}: " if self._several and what else ""
        superseded = bool(newest.version) and newest.version < self._shelf.newest(scope)
        if superseded:
            self._note(student, f"{about}a newer version is there already; this one is kept in .earlier")
            earlier = handins
        elif earlier:
            times = f"handed in {len(handins)} times; the newest counts, the others are kept in .earlier"
            self._note(student, f"{about}{times}")
        for handin in earlier:
            placed_then, _ = placed_at(self._course, self._lesson, download.name, handin, self._opened(handin))
            for parts, entry in placed_then:
                if entry.path is not None:
                    self._keep(student, handin.label or handin.version, parts, entry.path)
        if newest.late:
            self._note(student, f"{about}handed in late")
        if superseded:
            return
        placed = self._write(student, newest, where, scope)
        if placed and (moved := self._shelf.retire(scope, placed)):
            self._note(student, f"{_listed(moved)} of an earlier version: moved to .earlier")
        self._remark_on(student, newest, entries, about)

    def _opened(self, handin: Handin) -> list[Entry]:
        return expanded(handin.entries, self._work, Budget(within=self._budget))

    def _write(self, student: str, handin: Handin, where: list[tuple[tuple[str, ...], Entry]], scope: str) -> list[str]:
        """Write one hand-in's files."""
        taken: dict[str, Entry] = {}
        folders = {same("/".join((student, *parts[:i]))) for parts, _ in where for i in range(1, len(parts))}
        names: list[str] = []
        # The newest first, where the system numbers files: it gets the name, and the others are kept elsewhere.
        for parts, entry in sorted(where, key=lambda each: each[1].version, reverse=True):
            if entry.path is None:
                continue
            name = "/".join((student, *parts))
            other = taken.get(same(name))
            if other is not None and other.path is not None:
                if _equal(other.path, entry.path):
                    continue
                if entry.version < other.version:
                    self._keep(student, entry.version.lstrip("0"), parts, entry.path)
                    said = "handed in several times; the newest counts, the others are kept in .earlier"
                    self._note(student, f"{parts[-1]}: {said}")
                    continue
            if other is not None or same(name) in folders:
                beside = "/".join((student, *parts[:-1]))
                wanted = _free(beside, parts[-1], taken.keys() | folders)
                self._attention(student, f"{entry.name}: a second file or folder of that name, now called {wanted}")
                name = f"{beside}/{wanted}"
            taken[same(name)] = entry
            try:
                outcome = self._shelf.put(name, entry.path, scope, entry.version or handin.version, handin.handed_in)
            except OSError as error:
                self._not_written(student, name, error)
                continue
            self._done.outcomes[outcome] += 1
            if outcome == "kept":
                said = (
                    "was changed since, or collect did not write it; it stays, and the download's file was not copied"
                )
                self._attention(student, f"{'/'.join(parts)} {said}")
            names.append(name)
            if is_work(parts[-1]):
                self._in[student].add(parts[0] if parts[0] in {each.name for each in self._course.lessons} else "")
        return names

    def _keep(self, student: str, label: str, parts: tuple[str, ...], source: Path) -> None:
        try:
            self._shelf.put_earlier(student, label, parts, source)
        except OSError as error:
            self._not_written(student, "/".join(parts), error)

    def _not_written(self, student: str, name: str, error: OSError) -> None:
        """Note a name that cannot exist beside another one; a full disk ends the run."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise error
        self._attention(student, f"{name} could not be written: {error.strerror or error}")

    def _remark_on(self, student: str, handin: Handin, entries: Sequence[Entry], about: str) -> None:
        problems = [entry for entry in entries if entry.problem]
        for entry in problems:
            self._attention(student, f"{entry.name} {entry.problem}")
        files = [entry for entry in entries if entry.path is not None]
        work = [entry for entry in files if is_work(entry.parts[-1])]
        if problems or not all(_is_blank(entry.path) for entry in work if entry.path):
            return
        if not files:
            said = "handed in nothing that can be read"
        elif work:
            said = f"handed in {'an empty file' if len(work) == 1 else 'empty files'}: {_listed(e.name for e in work)}"
        elif handin.online:
            said = "handed in text or a link that was typed into the system, and no Python file"
        else:
            said = f"handed in no Python file and no notebook, but {_listed(e.name for e in files)}"
        self._attention(student, f"{about}{said}")

    def _write_ids(self, people: Sequence[Person]) -> None:
        for kind in dict.fromkeys(kind for person in people for kind in person.ids):
            ids = self._shelf.ids(kind)
            complete = all(kind in person.ids for person in people) and len(set(ids.values())) == len(ids)
            if complete and any(folder != identity for folder, identity in ids.items()):
                path = self._shelf.root.with_name(f"{self._shelf.root.name}.ids.csv")
                write(path, as_csv(ids).encode())
                self._done.ids = (path, kind)
                return

    def _attention(self, student: str, says: str) -> None:
        self._done.attention.append(Remark(student, one_line(says)))

    def _note(self, student: str, says: str) -> None:
        remark = Remark(student, one_line(says))
        if remark not in self._done.notes:
            self._done.notes.append(remark)


def _free(folder: str, name: str, taken: Container[str]) -> str:
    return free(name, lambda candidate: same(f"{folder}/{candidate}") in taken)


def _name_of(source: Path) -> str:
    name = source.resolve().name
    return stem(name) if source.is_file() else name


def _is_blank(path: Path) -> bool:
    """Whether a file is empty or holds only white space; large files are not read."""
    return path.stat().st_size <= _BLANK_CAP and not path.read_bytes().removeprefix(codecs.BOM_UTF8).strip()


def _equal(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and all(
        hashlib.sha256(a).digest() == hashlib.sha256(b).digest() for a, b in [(one.read_bytes(), other.read_bytes())]
    )


def _listed(names: Iterable[str], most: int = 3) -> str:
    listed = [one_line(name, 60) for name in names]
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
