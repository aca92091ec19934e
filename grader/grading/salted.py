"""The salt that a class is graded with: made at its first run, and never exchanged for another one in silence."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from grader.course import Course, salt
from grader.errors import ClassError
from grader.grading.register_file import as_it_was, digests
from grader.printable import count


class _Digest(msgspec.Struct):
    """The part of a report that says what it was made from."""

    digest: str = ""


def for_class(
    course: Course,
    out: Path | None,
    *,
    lessons: Collection[str] = (),
    students: Collection[str] = (),
    new_salt: bool = False,
    earlier: Path | None = None,
    anew: str = "add --new-salt",
) -> tuple[Course, list[str]]:
    """The course with the salt that this class is graded with, and lines to say.

    Args:
        course: the course.
        out: where the reports of earlier runs lie; None if nothing is kept.
        lessons: the lessons of this run; all if empty.
        students: the students of this run; all if empty.
        new_salt: another salt than that of earlier reports is no mistake: they are made again with the one that is
            here, or, if there is none, with a new one. To grade again for another reason is not to say so.
        earlier: where other reports lie that this run is compared with.
        anew: how the user grades again with another salt.

    Raises:
        ClassError: reports that this run would keep or replace were made with a salt that is not here.
        CourseError: the salt cannot be read or written.
    """
    course = course.of_class()
    if course.is_salted:
        others = [name for name in _prints(out, lessons, students) if name not in ("", course.salt_print)]
        source = salt.VARIABLE if salt.in_environment() else course.salt_file
        if others and not new_salt:
            raise ClassError(
                f"{_made(others, out)} with another salt than that of {source}, and marks depend on it; bring back "
                f"the one that they were made with, or, to grade again with this one, {anew}"
            )
        again = [f"{_made(others, out)} with another salt, and this run makes its own again"] if others else []
        if new_salt and not others:
            again = [f"no report here was made with another salt than that of {source}, which stays"]
        return course, [*again, *_exposed(course)]
    before = _prints(out)
    where, others = out, [name for name in before if name]
    if not others:  # a class that is compared has been graded, though its reports may lie elsewhere
        where, others = earlier, [name for name in _prints(earlier) if name]
    if others and not new_salt:
        raise ClassError(
            f"{course.salt_file} is missing, and {_made(others, where)} with a salt of this class; copy the file from "
            f"where the class was graded before, or set {salt.VARIABLE} if that was set there; to grade again with a "
            f"new salt, {anew}"
        )
    course = course.of_class(make=True)
    again_of = (
        f"; of the {count(len(before), 'report')} made before there was one, this run makes its own again"
        if before
        else ""
    )
    return course, [f"a salt for this class was made: keep {course.salt_file}, marks depend on it{again_of}"]


def _made(others: Collection[str], out: Path | None) -> str:
    return f"{count(len(others), 'report')} in {out} {'was' if len(others) == 1 else 'were'} made"


def _prints(out: Path | None, lessons: Collection[str] = (), students: Collection[str] = ()) -> list[str]:
    """The print of the salt of every report in a folder, "" for one that was made without a salt of the class's own."""
    if out is None:
        return []
    known = {path: (file, digest) for path, file, digest in digests(out)}
    found = []
    for path in out.glob("*/*.json"):
        if (not lessons or path.stem in lessons) and (not students or path.parent.name in students):
            file, digest = known.get(path, (None, ""))
            if file is not None and as_it_was(path, file):
                found += [digest.rpartition("-")[0]] if digest else []
                continue
            with contextlib.suppress(OSError, ValueError, RecursionError):
                made = msgspec.json.decode(path.read_bytes(), type=_Digest)
                found += [made.digest.rpartition("-")[0]] if made.digest else []
    return found


def _exposed(course: Course) -> list[str]:
    """A line if other users of the machine can read the file."""
    path = course.salt_file
    with contextlib.suppress(OSError):
        if not salt.in_environment() and path.stat().st_mode & 0o077:
            return [f"{path} can be read by other users of this machine; chmod 600 it"]
    return []
