"""Tell, without opening anything, that a student's folder is as it was when a report was made.

To read a submission takes a process behind walls; to ask a file system for names, sizes and times takes none. So a
report keeps a mark of what lay in the folder, and while that and all else that the report depends on is as it was, the
work is not read again. The mark is keyed with the course's secret and holds the report's digest: it cannot be moved to
another report, nor made by anybody else.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import time
from pathlib import Path

import msgspec

from grader.course import Course
from grader.submissions.walk import DEEPEST

_MOST = 2000
_SETTLED_SECONDS = 2.0
"""A file that changes twice within the grain of its time looks unchanged: what is younger than this is read again."""


def state(folder: Path) -> bytes | None:
    """A description of all that lies in a folder: other files, or other times, give another one.

    None where it would prove nothing: the folder is a link or cannot be looked through, has too much in it, or was
    changed just now.
    """
    try:
        own = folder.lstat()
        if not stat.S_ISDIR(own.st_mode):
            return None
        found = [("", _said(own))]
        newest = own.st_ctime
        level = [(folder, "")]
        for _ in range(DEEPEST + 1):
            below = []
            for place, way in level:
                with os.scandir(os.fsencode(place)) as entries:
                    for entry in entries:
                        status = entry.stat(follow_symlinks=False)
                        name = f"{way}/{os.fsdecode(entry.name)}"
                        found.append((name, _said(status)))
                        newest = max(newest, status.st_ctime)
                        if len(found) > _MOST:
                            return None
                        if stat.S_ISDIR(status.st_mode):
                            below.append((Path(os.fsdecode(entry.path)), name))
            level = below
    except OSError:
        return None
    if newest > time.time() - _SETTLED_SECONDS:
        return None
    return repr(sorted(found)).encode("utf-8", "surrogatepass")


def key(course: Course) -> bytes:
    """The secret that marks are made with; another one where any lesson of the course is another."""
    return hmac.digest(course.key("unchanged"), msgspec.json.encode(course.lessons), "sha256")


def mark(secret: bytes, made_of: str, state: bytes | None, *depends: object) -> str:
    """The mark of a report.

    Args:
        secret: the course's, made by ``key`` once for all marks.
        made_of: the report's digest.
        state: of the student's folder when it was read.
        depends: whatever else decides on what would be read, and on what would be made of it.

    Returns:
        "" where the folder's state proves nothing; no report with that is taken for unchanged.
    """
    if state is None:
        return ""
    text = repr((made_of, hashlib.sha256(state).hexdigest(), depends)).encode("utf-8", "surrogatepass")
    return hmac.digest(secret, text, "sha256").hex()


def _said(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
