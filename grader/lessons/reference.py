"""The reference solutions as modules, for films and figures of what they do."""

from __future__ import annotations

import contextlib
import importlib.machinery
import sys
from collections.abc import Iterator

from grader.course import Course


@contextlib.contextmanager
def reference(course: Course) -> Iterator[None]:
    """Let the course's own solutions be imported: they are its own code, so they run in this process.

    Afterwards no lesson is imported that was not before: a learner's file has the same name.
    """
    names = [lesson.name for lesson in course.lessons]
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(course.root / "solutions"))
    # In front of whoever else finds lessons by name in this process, such as a notebook's or a session's finder.
    sys.meta_path.insert(0, importlib.machinery.PathFinder)
    try:
        yield
    finally:
        sys.meta_path.remove(importlib.machinery.PathFinder)
        sys.path.pop(0)
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)
