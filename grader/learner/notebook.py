"""``check(...)`` in a notebook: judge the current values, show the first thing to fix, raise until everything holds.

It raises because nbgrader awards a cell's points when the cell runs without an error. So a notebook whose check cells
are simply executed gets no marks for what fails.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import grader
from grader.course import Course, Lesson, find_root, load
from grader.errors import CourseError
from grader.learner import imports, page, show
from grader.report.report import Report

INSTALLED = Path(grader.__file__).parents[1]
"""Where this program was installed from; with `pip install -e` that is a course's folder."""


class NotYet(Exception):
    """Something does not hold yet; ``str()`` says what in one line, the only line that a notebook shows."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows: a traceback through the grader would tell a learner nothing."""
        return [str(self)]


def find_course() -> Course:
    """Find the course around the notebook, or else the one that this program was installed from.

    Raises:
        CourseError: there is neither, or its course.yml has a mistake.
    """
    for start in (Path.cwd(), INSTALLED):
        try:
            root = find_root(start)
        except CourseError:
            continue
        return load(root)
    raise CourseError("there is no course.yml around this notebook; keep it in the course's folder")


def namespace() -> ModuleType:
    """The module in which a notebook's cells run."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    module = shell.user_module if shell else sys.modules["__main__"]
    assert isinstance(module, ModuleType)
    return module


class Checks:
    """The checks of one lesson.

    Args:
        lesson: its name.
        module: the namespace that is judged; by default the notebook's.
    """

    def __init__(self, lesson: str, module: ModuleType | None = None) -> None:
        """Make earlier lessons importable. A missing course is no error yet: only a check needs one."""
        self._name, self._module = lesson, module or namespace()
        try:
            course = find_course()
            imports.install(course, course.lesson(lesson), self._module)
        except CourseError:
            return

    def __repr__(self) -> str:
        return f'the checks of {self._name}: check() for all of them, check("…") for one exercise'

    def __call__(self, exercise: str = "") -> None:
        """Judge one exercise, or show the results of the whole lesson.

        Raises:
            NotYet: the exercise does not hold yet, or nothing can be checked here.
        """
        try:
            course = find_course()
            lesson = course.lesson(self._name)
            if exercise:
                self._one(course, lesson, exercise)
            else:
                self._whole(course, lesson)
        except CourseError as error:
            raise NotYet(str(error)) from None

    def hint(self, exercise: str = "", *, again: bool = False) -> None:
        """Print the next hint. Hints become more explicit; the ones you have seen are remembered.

        Args:
            exercise: its name; where left out, the first one that fails, or that has hints left.
            again: begin with the first one.

        Raises:
            NotYet: there is no such exercise.
        """
        from grader.learner import hints
        from grader.render import words

        try:
            course = find_course()
            taken = hints.take(course, course.lesson(self._name), exercise, again=again)
            print(words.hint(taken, again="again=True"))
        except CourseError as error:
            raise NotYet(str(error)) from None

    def _one(self, course: Course, lesson: Lesson, exercise: str) -> None:
        rule = lesson.training
        trains = rule is not None and exercise == rule.exercise
        if exercise not in lesson.names:
            raise NotYet(f"{lesson.name} has no exercise {exercise!r}; choose one of: {', '.join(lesson.names)}")
        if not self._defines(exercise):
            raise NotYet(f"there is no {exercise.partition('.')[0]} yet: run the cell that defines it, then this one")
        if trains:
            report = self._judge(course, lesson, None, train=True)
            went = report.training
            runs = [run for run in (went.control, *went.seeds) if run is not None] if went else []
            if runs and not runs[0].written:
                raise NotYet(f"{exercise} is not written yet")
            holds = went is not None and went.verdict == "pass"
            show.training(report)
            page.leave(course, lesson, "a notebook", report)  # if it cannot be written: all of it is shown here
            if went is not None and went.verdict == "skip":
                raise NotYet(f"{exercise} cannot be judged yet: {went.message}")
        else:
            report = self._judge(course, lesson, _with_needs(lesson, exercise))
            own = [result for result in report.properties if result.exercise == exercise]
            if not own:
                raise NotYet(f"nothing here can judge {exercise}")
            failed = [result for result in own if result.verdict == "fail"]
            if failed and not any(result.written for result in failed):
                raise NotYet(f"{exercise} is not written yet")
            holds = all(result.verdict == "pass" for result in own)
            show.exercise(report, exercise)
            if not failed and not holds and not report.has_error:
                raise NotYet(f"{exercise} cannot be judged yet")
        if report.status == "error":
            raise NotYet(report.message)
        if not holds:
            raise NotYet(f"{exercise} does not hold yet")

    def _whole(self, course: Course, lesson: Lesson) -> None:
        there = [exercise.name for exercise in lesson.exercises if self._defines(exercise.name)]
        missing = [exercise.name for exercise in lesson.exercises if exercise.name not in there]
        if not there:
            raise NotYet("there is nothing to check yet: run the cells that define your answers first")
        report = self._judge(course, lesson, frozenset(there))
        show.lesson(report, lesson, missing)

    def _judge(self, course: Course, lesson: Lesson, only: frozenset[str] | None, *, train: bool = False) -> Report:
        from grader.grading.grade import Asked, grade
        from grader.learner.kernel import AS_IT_IS, Live, undisturbed
        from grader.submissions.read import Submission
        from grader.submissions.work import Work

        work = Work("you", lesson, Submission(AS_IT_IS), notes=tuple(imports.notes(course, lesson)))
        asked = Asked(train=train, only=only, public=not course.has_properties(lesson), films=train)
        with undisturbed([each.name for each in course.lessons]), show.progress(lesson) as watch:
            return grade(course, work, Live(self._module), asked, watch, failed=lambda fault: None)

    def _defines(self, exercise: str) -> bool:
        return exercise.partition(".")[0] in vars(self._module)


def _with_needs(lesson: Lesson, exercise: str) -> frozenset[str]:
    """An exercise and those without which it cannot be judged."""
    found = {exercise}
    for each in reversed(lesson.exercises):  # needs are earlier exercises
        if each.name in found:
            found |= set(each.needs)
    return frozenset(found)
