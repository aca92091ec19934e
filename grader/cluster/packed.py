"""A job on its way to another machine: everything but the course, which lies there in another folder.

Pickle runs whatever is written in it. So it passes between the grader's own processes only, as it does on one machine:
workers of a cluster are machines of whoever grades, and the caller trusts what they send as they trust the caller. What
a student's process says is never among it: that is plain data, checked by the grader on the worker (``student.wire``).
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

from grader.course import Course

_COURSE = "course"


class _Packer(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        """Leave the course out."""
        return _COURSE if isinstance(value, Course) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, course: Course) -> None:
        super().__init__(io.BytesIO(data))
        self._course = course

    def persistent_load(self, name: Any) -> Course:
        """The course that is here."""
        if name != _COURSE:
            raise pickle.UnpicklingError(f"nothing here is called {name!r}")
        return self._course


def pack(job: Callable[..., Any]) -> bytes:
    """The job as bytes, without the course in it."""
    file = io.BytesIO()
    _Packer(file, pickle.HIGHEST_PROTOCOL).dump(job)
    return file.getvalue()


def unpack(data: bytes, course: Course) -> Callable[..., Any]:
    """The job, with this course in the place of the one that was left out."""
    job: Callable[..., Any] = _Unpacker(data, course).load()
    return job
