"""The solutions can be imported for a while, whoever else finds lessons by their names."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import pytest

from grader.course import find_root, load
from grader.lessons.reference import reference

COURSE = load(find_root(Path(__file__)))


def test_the_solution_is_run_whoever_else_finds_lessons_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    class Learners:
        """Finds an empty lesson, as a notebook's finder finds one that is not begun."""

        def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            return ModuleSpec(name, SourceFileLoader(name, __file__)) if name == lesson.name else None

    lesson = COURSE.lesson("1")
    monkeypatch.setattr(sys, "meta_path", [Learners(), *sys.meta_path])
    before = list(sys.meta_path)
    with reference(COURSE):
        assert importlib.import_module(lesson.name).__file__ == str(COURSE.solution(lesson))
    assert sys.meta_path == before
