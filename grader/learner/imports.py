"""Import lessons in a notebook: ``from lesson4_dqn import DQN`` finds the learner's own code, wherever it is.

A lesson's own name means the notebook itself, so that code from a text or a report runs as it stands. An earlier
lesson is taken from its .py or its notebook, whichever has work in it; where neither has been begun, from the course's
reference, if there is one here.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.course import Course, Lesson

_taken_from: dict[str, str] = {}
"""Notes on lessons that are not the learner's own, by name."""


class _Notebook(ModuleType):
    """A lesson's module inside its own notebook: every attribute is the notebook's current value."""

    def __init__(self, name: str, held: ModuleType) -> None:
        super().__init__(name)
        self.__dict__["_held"] = held

    def __getattr__(self, name: str) -> Any:
        try:
            return vars(self.__dict__["_held"])[name]
        except KeyError:
            raise AttributeError(f"this notebook has no {name!r} yet; run the cell that defines it") from None


class _Itself(importlib.abc.Loader):
    """Load a notebook under its own lesson's name."""

    def __init__(self, held: ModuleType) -> None:
        self._held = held

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Notebook(spec.name, self._held)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Lessons(importlib.abc.MetaPathFinder):
    """Find the course's lessons by name, for one notebook."""

    def __init__(self, course: Course, lesson: Lesson, held: ModuleType) -> None:
        self._course, self._lesson, self._held = course, lesson, held

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == self._lesson.name:
            return importlib.machinery.ModuleSpec(fullname, _Itself(self._held))
        if fullname not in [each.name for each in self._course.lessons]:
            return None
        from grader.learner.own import own_or_reference
        from grader.student.server import Sources

        folder = _where(self._course, fullname)
        source, _taken_from[fullname] = own_or_reference(self._course, self._course.lesson(fullname), folder)
        if not source:
            raise ImportError(f"{fullname} has not been started, and lesson {self._lesson.number} builds on it")
        return Sources({fullname: source}, str(folder)).find_spec(fullname, path)


def _where(course: Course, name: str) -> Path:
    """The folder that has the learner's file of an earlier lesson."""
    # Beside this notebook; in a folder of its own beside this one's, as nbgrader hands assignments out; in the course.
    places = [Path.cwd(), Path.cwd().parent / name, course.root / "exercises"]
    files = [f"{name}.py", f"{name}.ipynb"]
    return next((place for place in places if any((place / file).exists() for file in files)), places[-1])


def install(course: Course, lesson: Lesson, held: ModuleType) -> None:
    """Install this module's import of lessons in this process, for the notebook of ``lesson``."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Lessons)]
    sys.meta_path.insert(0, _Lessons(course, lesson, held))
    for each in course.lessons:
        # What an earlier call has loaded may have been edited since.
        sys.modules.pop(each.name, None)


def notes(course: Course, lesson: Lesson) -> list[str]:
    """Notes on the needed lessons that are not the learner's own."""
    return [note for each in course.needs(lesson) if (note := _taken_from.get(each.name, ""))]
