"""Grade one student's work on one lesson: source text in, ``Report`` out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.lessons import chaffs as known
from grader.lessons.chaffs import Chaff
from grader.lessons.stubs import pristine
from grader.properties import counterexample, diagnosis, examples, runner
from grader.properties.plugin import Finding
from grader.report.report import NOT_WRITTEN, PropertyResult, Report, TrainingResult, exercise_scores
from grader.student.errors import GraderFault, StudentDied, StudentError
from grader.student.places import Place
from grader.student.remote import Student
from grader.student.session import Session
from grader.submissions.read import Submission
from grader.submissions.remarks import missing_import
from grader.training.check import check

_MISSING = re.compile(r"No module named '([\w.]+)'")

Watcher = Callable[[str, float, float], None]
"""Hears how grading goes on: what is done now, how far that is, and of how much (0 where that is not known)."""


def silent(what: str, done: float, total: float) -> None:
    """A watcher that does nothing."""


def grade(
    course: Course,
    lesson: Lesson,
    student: str,
    submission: Submission,
    place: Place,
    *,
    imports: dict[str, str] | None = None,
    notes: Sequence[str] = (),
    train: bool = True,
    only: frozenset[str] | None = None,
    diagnose: bool = True,
    public: bool = False,
    watch: Watcher = silent,
) -> Report:
    """Judge a submission; whatever it does, there is a report.

    Args:
        course: the course.
        lesson: the lesson.
        student: whose work it is.
        submission: what was handed in.
        place: where it runs.
        imports: sources of earlier lessons that it may import, by module name.
        notes: what to say in the report beside the submission's own notes.
        train: whether the training check is run; without it its points leave ``max_score``.
        only: exercises to judge, or None for all; points are those of these exercises.
        diagnose: whether misconceptions are named; no verdict depends on it, and it takes half of the time.
        public: ask the public examples, each worth one point, in the place of the hidden properties.
        watch: hears how it goes on.
    """
    rule = lesson.training if train and only is None else None
    stub = pristine(course, lesson)
    max_score = sum(_worth(lesson, stub, public)[name] for name in _asked(lesson, only)) + (rule.points if rule else 0)

    def report(**parts: Any) -> Report:
        return Report(
            student=student,
            lesson=lesson.name,
            title=lesson.title,
            isolation=place.isolation,
            device=place.device,
            max_score=max_score,
            notes=(*((examples.NOTE,) if public and parts["status"] == "graded" else ()), *submission.notes, *notes),
            public=public,
            **parts,
        )

    if submission.problem:
        return report(status=submission.status, score=0.0, message=submission.problem)
    if submission.is_untouched(stub):
        file = submission.file or f"{lesson.name}.py"
        message = f"this is still the stub; open {file} and begin with {lesson.exercises[0].name}"
        return report(status="not started", score=0.0, message=message)
    try:
        worker = _Grading(course, lesson, {**(imports or {}), lesson.name: submission.source}, place, watch)
        if (problem := worker.loading_problem()) is not None:
            return report(status="graded", score=0.0, message=problem)
        findings = worker.run_examples(stub, only) if public else worker.run_properties(only)
        properties = worker.results(findings, _worth(lesson, stub, public), only, diagnose and not public)
        trained = worker.run_training(rule, findings) if rule else None
    except GraderFault as fault:
        return report(status="error", score=0.0, message=f"the grader itself failed: {fault}")
    score = sum(earned for earned, _ in exercise_scores(properties).values()) + (trained.points if trained else 0.0)
    return report(status="graded", score=round(score, 2), properties=tuple(properties), training=trained)


def _asked(lesson: Lesson, only: frozenset[str] | None) -> list[str]:
    return [exercise.name for exercise in lesson.exercises if only is None or exercise.name in only]


def _worth(lesson: Lesson, stub: str, public: bool) -> dict[str, float]:
    """What each exercise is worth: its points, or one for each of its examples."""
    if not public:
        return {exercise.name: exercise.points for exercise in lesson.exercises}
    shown = [example.exercise for example in examples.read(lesson, stub)]
    return {exercise.name: float(shown.count(exercise.name)) for exercise in lesson.exercises}


def open_session(course: Course, lesson: Lesson, sources: dict[str, str], place: Place) -> Session:
    """A student's side with these modules loaded, under the limits that the course has for properties.

    Raises:
        StudentError, StudentDied: the lesson's module cannot be imported.
    """
    limits = course.limits
    return place.open(
        sources,
        lesson.name,
        cpu_seconds=limits.cpu_seconds,
        call_seconds=limits.call_seconds,
        memory_mb=limits.memory_mb,
        output_chars=limits.output_chars,
        short=True,
    )


class _Grading:
    """One submission being graded."""

    def __init__(self, course: Course, lesson: Lesson, sources: dict[str, str], place: Place, watch: Watcher) -> None:
        self.course, self.lesson, self.sources, self.place, self.watch = course, lesson, sources, place, watch

    def open(self, sources: dict[str, str] | None = None) -> Session:
        return open_session(self.course, self.lesson, sources or self.sources, self.place)

    def loading_problem(self) -> str | None:
        """What goes wrong when the module is imported: everything else would fail of it."""
        try:
            self.open().close()
        except StudentError as error:
            # The last file on the way may be that of an earlier lesson, which this one imports.
            files = re.findall(r'File "(\w+\.py)", line', error.trace)
            file = files[-1] if files and files[-1] != f"{self.lesson.name}.py" else "the file"
            package = _MISSING.match(error.message) if error.kind == "ModuleNotFoundError" else None
            if package and file == "the file":
                told = missing_import(self.sources[self.lesson.name], package[1], self.lesson.names)
                return f"{file} cannot be imported: {told or error}"
            return f"{file} cannot be imported: {error}"
        except StudentDied as error:
            return f"the file cannot be imported: {error}"
        return None

    def run_properties(self, only: frozenset[str] | None) -> list[Finding]:
        return runner.run(self.course, self.lesson, self.open, tell=self._telling("properties"), only=only)

    def run_examples(self, stub: str, only: frozenset[str] | None) -> list[Finding]:
        return examples.run(self.lesson, stub, self.open, tell=self._telling("examples"), only=only)

    def _telling(self, what: str) -> Callable[[Finding, int], None]:
        done = 0

        def tell(finding: Finding, total: int) -> None:
            nonlocal done
            done += 1
            self.watch(what, done, total)

        return tell

    def results(
        self, findings: list[Finding], worth: dict[str, float], only: frozenset[str] | None, diagnose: bool
    ) -> list[PropertyResult]:
        """Findings with points, counterexamples, diagnoses and hints; ``worth`` is what each exercise is worth."""
        weights: dict[str, float] = {}
        for finding in findings:
            weights[finding.exercise] = weights.get(finding.exercise, 0.0) + finding.weight
        for name in _asked(self.lesson, only):
            if worth[name] and name not in weights:
                raise CourseError(f"{self.lesson.name}: no property judges {name}, which is worth points")
        diagnoses = self._diagnoses(findings) if diagnose else {}
        results = []
        for finding in findings:
            exercise = self.lesson.exercise(finding.exercise)
            share = worth[exercise.name] * finding.weight / weights[exercise.name]
            failed = finding.verdict == "fail"
            chaff = diagnoses.get(finding.name)
            hint = chaff.hint if chaff else exercise.hints[0] if exercise.hints else ""
            written = failed and finding.got != NOT_WRITTEN
            example = finding.smallest if written else None
            shown = counterexample.write(example, self.lesson.name) if example else finding.script if written else ""
            results.append(
                PropertyResult(
                    name=finding.name,
                    exercise=finding.exercise,
                    says=finding.says,
                    verdict=finding.verdict,
                    points=round(share, 4) if finding.verdict == "pass" else 0.0,
                    max_points=round(share, 4),
                    counterexample=shown,
                    got=finding.got,
                    needed=finding.needed,
                    diagnosis=f"Your code behaves exactly like one that {chaff.says}." if chaff else "",
                    hint=hint if failed else "",
                    printed=example.printed if example else finding.printed,
                    trace=finding.trace if written else "",
                )
            )
        return results

    def _diagnoses(self, findings: list[Finding]) -> dict[str, Chaff]:
        wrong = [f for f in findings if f.verdict == "fail" and f.got != NOT_WRITTEN]
        if not wrong:
            return {}
        self.watch("diagnosis", 0, 0)
        solution = self.course.solution(self.lesson).read_text(encoding="utf-8")
        references = self.course.references(self.lesson)

        def open_chaff(chaff: Chaff) -> Session:
            return self.open({**references, self.lesson.name: chaff.source(solution)})

        return diagnosis.diagnose(findings, known.load(self.course, self.lesson), open_chaff)

    def run_training(self, rule: Any, findings: list[Finding]) -> TrainingResult:
        missing = [n for n in rule.needs if any(f.exercise == n and f.verdict != "pass" for f in findings)]
        if missing:
            return TrainingResult(
                exercise=rule.exercise,
                rule=rule.in_words(),
                threshold=rule.threshold,
                max_steps=rule.max_steps,
                verdict="skip",
                points=0.0,
                max_points=rule.points,
                device=self.place.device,
                message=f"not run: {' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} to be right first",
            )

        return run_training(self.course, self.lesson, self.sources, self.place, self.watch)


def run_training(
    course: Course, lesson: Lesson, sources: dict[str, str], place: Place, watch: Watcher = silent
) -> TrainingResult:
    """The training check of a lesson that has one, on a module whatever its properties say; arguments as ``grade``."""
    rule = lesson.training
    assert rule is not None, f"{lesson.name} has no training check"

    def progress(run: int, steps: int, mean: float) -> None:
        watch(f"training run {run + 1} of {rule.seeds}, mean return {mean:.0f}", steps, rule.max_steps)

    if rule.control_steps:
        watch("the small task that comes before training", 0, 0)
    else:
        watch(f"training run 1 of {rule.seeds}", 0, rule.max_steps)
    return check(
        rule,
        course=course,
        lesson=lesson,
        open_student=lambda: student_to_train(course, lesson, sources, place),
        device=place.device,
        progress=progress,
        cpu_seconds=Student.cpu_seconds,
    )


@contextlib.contextmanager
def student_to_train(course: Course, lesson: Lesson, sources: dict[str, str], place: Place) -> Iterator[Student]:
    """A student's side for one training run, under the limits of the lesson's rule.

    Raises:
        StudentError, StudentDied: the lesson's module cannot be imported.
    """
    rule = lesson.training
    assert rule is not None, f"{lesson.name} has no training check"
    session = place.open(
        sources,
        lesson.name,
        cpu_seconds=rule.cpu_seconds,
        # By the clock several times as long: the machine may be busy, and the environment's share counts too.
        call_seconds=5 * rule.cpu_seconds,
        memory_mb=course.limits.memory_mb,
        output_chars=course.limits.output_chars,
        record=False,
    )
    try:
        session.begin(0)
        yield Student(session)
    finally:
        session.close()
