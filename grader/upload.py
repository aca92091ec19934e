"""Find a student's work in an upload, where files are called anything and lie anywhere, and put it in its place."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course, Lesson

_SUFFIXES = (".py", ".ipynb")
_DEEPEST = 6
_MOST_FILES = 2000
_LEFT_OUT = ("__pycache__", "__MACOSX", "node_modules", "site-packages")


def lay_out(upload: Path, course: Course, lesson: Lesson, student: Path) -> None:
    """Copy a student's work on a lesson, and on those that it imports, to ``<student>/<lesson>/`` each.

    Files that are called as the lesson is count, wherever they lie, those nearest to the top first; where there is
    none, all Python files and notebooks are candidates, and ``read`` takes a single one, or says
    which it cannot choose between.
    Links stay links, so that they are refused where they are read.
    """
    student.mkdir(parents=True)
    files = list(_files(upload))
    others = {each.name for each in course.lessons} - {lesson.name}
    for name in (lesson.name, *lesson.imports):
        named = [path for path in files if path.stem == name]
        if named:
            _copy([path for path in named if path.parent == named[0].parent], student / name)
        elif name == lesson.name and files:
            _copy([path for path in files if path.stem not in others], student / name)


def _files(folder: Path) -> Iterator[Path]:
    """Python files and notebooks, those nearest to the top first."""
    found = 0
    level = [folder]
    for _ in range(_DEEPEST):
        below: list[Path] = []
        for place in level:
            try:
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                hidden = entry.name.startswith(".") or entry.name in _LEFT_OUT
                if not hidden and entry.name.endswith(_SUFFIXES) and not entry.is_dir(follow_symlinks=False):
                    found += 1
                    yield Path(entry.path)
                elif not hidden and entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                if found >= _MOST_FILES:
                    return
        level = below


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir()
    for path in files:
        target = folder / path.name
        if not os.path.lexists(target):
            with contextlib.suppress(OSError):  # a pipe or a device is nobody's work
                shutil.copyfile(path, target, follow_symlinks=False)
