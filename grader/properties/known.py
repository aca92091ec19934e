"""The known wrong programs of a lesson, and what each of them says in the cases that it was asked about.

All of it is remembered (``memory``): a class costs what its different mistakes cost. What was found out while something
from outside ended a process is not.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from grader.course import Course, Lesson
from grader.lessons import chaffs as files
from grader.lessons.chaffs import Chaff
from grader.lessons.stubs import pristine
from grader.properties import examples, runner
from grader.properties.cases import Case, Outcome, Programs
from grader.properties.finding import Finding
from grader.properties.memory import MOST, Memory
from grader.student.session import Session

CASES = 10
"""Of each property, how many of the solution's examples are asked of every program."""

Key = TypeVar("Key")
Fact = TypeVar("Fact")


class OpenModule(Protocol):
    """Gives a session with this text loaded as the lesson's module."""

    def __call__(self, source: str, *, asking: bool) -> Session:
        """``asking``: single cases are put to it, and no law as a whole."""


class Known:
    """The misconceptions of one lesson, to be asked.

    Args:
        course: the course.
        lesson: the lesson.
        open_module: where they run.
        aside: what is found out about a known program is done within this, as no student should pay for it.
        lost: how many processes something from outside has ended so far.
        memory: what is known of them so far, and is added to.

    Attributes:
        chaffs: the misconceptions.
        exercises: the names of the lesson's exercises.
        opened: how many sessions were opened to ask them.
        programs: the one that is being asked.
    """

    def __init__(
        self,
        course: Course,
        lesson: Lesson,
        open_module: OpenModule,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        lost: Callable[[], int] = lambda: 0,
        memory: Memory | None = None,
    ) -> None:
        self._course, self._lesson, self._open_module, self._aside = course, lesson, open_module, aside
        self._lost = lost
        self._solution = course.solution(lesson).read_text(encoding="utf-8")
        self.chaffs = files.load(course, lesson)
        self.exercises = [exercise.name for exercise in lesson.exercises]
        self.opened = 0
        self._memory = Memory() if memory is None else memory
        self._memory.deaths -= {each for each in self._memory.deaths if not each[0]}  # the student before this one
        self.programs = Programs(self._memory.deaths)

    def cases(self, exercise: str) -> Mapping[str, Sequence[Case]]:
        """The first examples that the solution is asked about an exercise, by property."""

        def find() -> Mapping[str, Sequence[Case]]:
            # Each with random numbers of its own: what happens now and then is to happen in some of them.
            return {
                finding.name: [dataclasses.replace(case, seed=case.seed + i) for i, case in enumerate(finding.cases)]
                for finding in self._run(self._solution, exercise, CASES)
            }

        return self._remembered(self._memory.cases, exercise, find)

    def failing(self, chaff: Chaff, exercise: str) -> Mapping[str, Sequence[Case]]:
        """Cases in which a misconception fails, of its own exercise and of this one, by property."""
        found: dict[str, Sequence[Case]] = {}
        for name in dict.fromkeys((chaff.exercise, exercise)):
            find = functools.partial(self._found_failing, chaff, name)
            cases: Mapping[str, Sequence[Case]] = self._remembered(self._memory.failing, (chaff.name, name), find)
            found |= cases
        return found

    def _found_failing(self, chaff: Chaff, exercise: str) -> Mapping[str, Sequence[Case]]:
        findings = self._run(chaff.source(self._solution), exercise, 0)
        return {f.name: [f.case] for f in findings if f.verdict == "fail" and f.case is not None}

    def examples(self, exercise: str) -> Sequence[Case]:
        """The public examples of an exercise."""
        memory = self._memory.examples
        if exercise not in memory:
            memory[exercise] = examples.as_cases(self._lesson, pristine(self._course, self._lesson), exercise)
        return memory[exercise]

    def outcomes(self, chaff: Chaff, cases: Iterable[Case]) -> list[Outcome]:
        """The outcomes of the law for a misconception in these cases."""
        return [self._outcome(chaff, case) for case in cases]

    def _outcome(self, chaff: Chaff, case: Case) -> Outcome:
        digest = self._memory.digest(case)
        if digest is None:
            return self._ask(chaff, case)
        return self._remembered(self._memory.outcomes, (chaff.name, digest), lambda: self._ask(chaff, case))

    def _remembered(self, memory: dict[Key, Fact], key: Key, find: Callable[[], Fact]) -> Fact:
        """Look it up, or find it out and keep it, if it is the program's own doing."""
        if key in memory:
            return memory[key]
        lost, deaths = self._lost(), self._memory.deaths.copy()
        found = find()
        if self._lost() == lost:
            if len(memory) >= MOST:
                memory.clear()
            memory[key] = found
        else:
            self._memory.deaths &= deaths
        return found

    def _ask(self, chaff: Chaff, case: Case) -> Outcome:
        with self._aside():
            return self.programs.ask(chaff.name, lambda: self._open(chaff.source(self._solution), asking=True), case)

    def _run(self, source: str, exercise: str, keep: int) -> list[Finding]:
        self.programs.close()
        only, opening = frozenset({exercise}), functools.partial(self._open, source, asking=False)
        with self._aside():
            return runner.run(self._course, self._lesson, opening, only=only, keep=keep, shrink=False)

    def _open(self, source: str, *, asking: bool) -> Session:
        self.opened += 1
        return self._open_module(source, asking=asking)
