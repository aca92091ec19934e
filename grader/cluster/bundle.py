"""The course as one piece of data, called after what is in it.

It holds what grading reads: course.yml, the solutions, the texts with hints, and the hidden tests with their known
misconceptions. No salt is in it, no submission and no report. A worker unpacks it once, whatever runs ask for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from grader.course import Course


class Bundle(NamedTuple):
    """A course's files.

    Attributes:
        name: SHA-256 of all that is in it, in hexadecimal.
        data: the files, compressed.
    """

    name: str
    data: bytes


def make(course: Course) -> Bundle:
    """The bundle of a course; equal courses have equal ones."""
    files = {path.relative_to(course.root).as_posix(): path.read_bytes() for path in _files(course)}
    packed = msgspec.msgpack.encode(dict(sorted(files.items())))
    return Bundle(hashlib.sha256(packed).hexdigest(), zlib.compress(packed))


def unpack(bundle: Bundle, above: Path) -> Path:
    """Unpack a bundle into a folder that nobody else can look into; the folder is called after the bundle.

    Args:
        bundle: the bundle.
        above: the folder to make it in.

    Raises:
        ValueError: it is not what its name says.
        OSError: it cannot be written.
    """
    packed = zlib.decompress(bundle.data)
    if hashlib.sha256(packed).hexdigest() != bundle.name:
        raise ValueError("the course was damaged on its way")
    above.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".", dir=above))
    try:
        for name, data in msgspec.msgpack.decode(packed, type=dict[str, bytes]).items():
            way = PurePosixPath(name)
            if way.is_absolute() or ".." in way.parts:
                raise ValueError(f"no file of a course is called {name!r}")
            path = beside / way
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return _moved(beside, above / bundle.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _moved(beside: Path, place: Path) -> Path:
    """Move a whole folder to its place, unless another thread has been there first."""
    try:
        os.rename(beside, place)
    except OSError:
        if not place.is_dir():
            raise
    return place


def _files(course: Course) -> Iterator[Path]:
    """All files that decide on a report, as ``grader.grading.digest`` has them, and those that reading needs."""
    found = [course.root / "course.yml"]
    for lesson in course.lessons:
        found += [course.solution(lesson), course.stub(lesson), course.hints(lesson), course.released(lesson)]
        found += [course.released_calibration(lesson), *course.tests(lesson).rglob("*.*")]
    return (path for path in dict.fromkeys(found) if path.is_file() and "__pycache__" not in path.parts)
