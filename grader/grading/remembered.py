"""The memory of the known wrong programs, kept on disk, for the other processes of a run and for later runs.

It is kept by what it depends on: the lesson and its tests, the salt, the grader, the machine, the isolation. So it goes
out of use by itself, and no name depends on what is remembered: what is missing, or cannot be read, is found out again.
Where student code runs in this process, nothing is kept: it may have had a hand in what known programs do there.

A file is a row of records, each with a mark that only the course's salt makes. None is read without it: what is read is
made into objects.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import pickle
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from grader.course import Course, Lesson
from grader.grading.digest import basis_of
from grader.properties.memory import Facts, Memory
from grader.student.levels import Isolation

_MOST_FILES = 60
_MOST_BYTES = 8 << 20
_MARK, _LENGTH = hashlib.sha256().digest_size, 8

Laws = Mapping[str, Callable[..., Any]]


class Kept:
    """A lesson's memory in this process, and the file that other processes read and add to as well.

    Args:
        path: the file; None where nothing is kept.
        key: what the marks are made with.
    """

    def __init__(self, path: Path | None, key: bytes) -> None:
        """Nothing is known yet."""
        self.memory = Memory()
        self._path, self._key = path, key
        self._read = 0
        self._written = Facts.none()

    def recall(self, laws: Laws) -> Memory:
        """Give all that is known by now, here and in the file.

        Args:
            laws: the laws of the lesson, by the name of the property.
        """
        if self._path is not None:
            with contextlib.suppress(OSError), self._path.open("rb") as file:
                self._catch_up(file, laws)
        return self.memory

    def keep(self, laws: Laws) -> None:
        """Write down what is new; where nothing can be written now, it is known in this process alone.

        Args:
            laws: as above.
        """
        if self._path is None or not (new := self.memory.facts(besides=self._written)):
            return
        with contextlib.suppress(OSError), _opened(self._path) as file:
            self._catch_up(file, laws)
            data = zlib.compress(pickle.dumps(new), 1)
            if self._read + len(data) > _MOST_BYTES:
                self._written |= new  # the file is full; not to be tried again each time
                return
            # Whoever is killed while it writes leaves half a record, and there is none behind it.
            file.truncate(self._read)
            file.seek(self._read)
            record = hmac.digest(self._key, data, "sha256") + len(data).to_bytes(_LENGTH, "big") + data
            file.write(record)
            self._read += len(record)
            self._written |= new

    def _catch_up(self, file: BinaryIO, laws: Laws) -> None:
        """Learn what has been added to the file, up to the first thing that is no record."""
        if os.fstat(file.fileno()).st_size < self._read:
            self._read, self._written = 0, Facts.none()  # somebody has emptied it
        file.seek(self._read)
        while (facts := self._next(file)) is not None:
            self.memory.learn(facts, laws)
            self._written |= facts
            self._read = file.tell()

    def _next(self, file: BinaryIO) -> Facts | None:
        mark, length = file.read(_MARK), int.from_bytes(file.read(_LENGTH), "big")
        if len(mark) < _MARK or length > _MOST_BYTES:
            return None
        data = file.read(length)
        if not hmac.compare_digest(mark, hmac.digest(self._key, data, "sha256")):
            return None
        try:
            facts = pickle.loads(zlib.decompress(data))
        except Exception:  # of another time, when things had other names; it is found out again
            return None
        return facts if isinstance(facts, Facts) else None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for this process alone; it is made if it is not there, and then the oldest ones are removed.

    Raises:
        OSError: it cannot be made, or another process writes to it at this moment.
    """
    import fcntl  # on Windows there is none, and no isolation

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        by_age = sorted(path.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in by_age[_MOST_FILES - 1 :]:
            old.unlink(missing_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file


def of(course: Course, lesson: Lesson, isolation: Isolation) -> Kept:
    """The memory of the known wrong programs of a lesson, as it and everything else stands now."""
    name = hashlib.sha256(basis_of(course, lesson) + repr(isolation).encode()).hexdigest()
    return _kept(name, _folder() if isolation.is_apart else None, course.key("known"))


def _folder() -> Path:
    import platformdirs  # a learner's copy, where nothing is kept, does without

    return platformdirs.user_cache_path("deep-rl-for-beginners", appauthor=False) / "known"


@functools.lru_cache(maxsize=16)
def _kept(name: str, folder: Path | None, key: bytes) -> Kept:
    return Kept(None if folder is None else folder / name, key)
