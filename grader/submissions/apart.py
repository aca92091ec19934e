"""Keep what is written apart from what is read: an output folder is no input folder, nor inside one, nor around one.

Otherwise a file that a student hands in can lie where the grader looks for its own, and the other way round.
"""

from __future__ import annotations

import os
from pathlib import Path

from grader.errors import ClassError


def refuse_overlap(source: Path, out: Path, option: str = "--out") -> None:
    """Refuse an output that is an input, lies in it, or has it inside, before anything is done.

    Args:
        source: a folder or file that is read.
        out: a folder or file that will be written; it need not exist.
        option: how the user named ``out``.

    Raises:
        ClassError: they overlap.
    """
    if how := overlap(source, out):
        raise ClassError(f"{option} {out} {how} {source}, which is read; name a folder elsewhere with {option}")


def refuse_course_among(submissions: Path, course: Path) -> None:
    """Refuse a course that lies among the submissions: it is a student's, and its tests would run as the grader's own.

    A course is found from the current folder upwards, and that may be one which a student has handed in.

    Raises:
        ClassError: it does.
    """
    if overlap(submissions, course) in ("is", "lies in"):
        raise ClassError(
            f"the course in {course} lies among the submissions in {submissions}; go to the folder of your own course"
        )


def overlap(source: Path, out: Path) -> str:
    """The overlap of ``out`` with ``source``: ``is``, ``lies in`` or ``holds``; "" if the two are apart.

    Folders are compared by what they are on the disk, so a link or another spelling of a name is no way around.
    """
    inside, around = _ways(source), _ways(out)
    if around[0] & inside[0]:
        return "is"
    if any(inside[0] & each for each in around[1:]):
        return "lies in"
    return "holds" if any(around[0] & each for each in inside[1:]) else ""


def _ways(path: Path) -> list[set[object]]:
    """A place and every folder above it, each by its resolved path and, if it is there, by its number on the disk."""
    whole = path.resolve()
    found: list[set[object]] = []
    for each in (whole, *whole.parents):
        keys: set[object] = {str(each)}
        try:
            there = os.stat(each)
            keys.add((there.st_dev, there.st_ino))
        except OSError:
            pass
        found.append(keys)
    return found
