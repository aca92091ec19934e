"""Grade one student's work on one lesson: source text in, ``Report`` out."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from grader.course import Course, Lesson, TrainingRule
from grader.errors import CourseError, UserError
from grader.grading import faults
from grader.grading.naming import names
from grader.grading.sessions import open_session
from grader.grading.trainee import Trainee, learnt_something_else
from grader.lessons.stubs import pristine
from grader.properties import counterexample, examples, runner
from grader.properties.answers import gives_again
from grader.properties.diagnosis import Diagnosis
from grader.properties.finding import Finding
from grader.report.report import (
    Isolation,
    Misconception,
    PropertyResult,
    Report,
    TrainingResult,
    exercise_scores,
    points_of,
)
from grader.report.step import Stage, Step, Watcher, silent
from grader.student import own_time
from grader.student.budget import Budget
from grader.student.errors import GraderFault, StudentDied, StudentError, shortened
from grader.student.places import Place
from grader.student.session import Session
from grader.student.transcript import Transcript
from grader.submissions.work import Work

_TEXT_CAP = 10_000
"""Of one text in a report: most of them quote what a student's side said."""
_MISSING = re.compile(r"No module named '([\w.]+)'")


Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Asked:
    """The questions that are asked about a student's work.

    Attributes:
        train: whether the training check is run; without it its points leave ``max_score``.
        only: exercises to judge, or None for all; points are those of these exercises.
        diagnose: whether misconceptions are named; no verdict depends on it, and it takes half of the time.
        public: ask the public examples, each worth one point, instead of the hidden properties.
        first: properties, or exercises, to judge before the others, as far as these do not need others.
        own_tasks: train on tasks that follow from the submission too, so that no try helps the next one. Programs of
            the course's own and of a learner, who cheat nobody, train on the same ones after every edit.
        films: film the training runs; no verdict depends on it.
    """

    train: bool = True
    only: frozenset[str] | None = None
    diagnose: bool = True
    public: bool = False
    first: tuple[str, ...] = ()
    own_tasks: bool = False
    films: bool = False


def grade(
    course: Course,
    work: Work,
    place: Place,
    asked: Asked = Asked(),
    watch: Watcher = silent,
    failed: Callable[[BaseException], None] | None = None,
    tell: Callable[[Finding, int], None] | None = None,
    failing: Callable[[Finding, int], None] | None = None,
) -> Report:
    """Judge a student's work; whatever that work does, the result is a report.

    Args:
        course: the course.
        work: what was handed in, and what it is judged with.
        place: where it runs.
        asked: what is asked about it.
        watch: called at every step.
        failed: is told what went wrong where the grader itself failed; with it, whatever that is becomes a report, and
            without it, a ``GraderFault`` alone. If it was only in writing down an example or in finding a name, the
            marks stand, and the report is ``incomplete``.
        tell: hears of every property as soon as it is judged, and how many there are.
        failing: hears of one that fails as soon as that is sure, before its example has been made small.
    """
    lesson, submission = work.lesson, work.submission
    rule = lesson.training if asked.train and asked.only is None else None
    worth = _worth(course, lesson, asked)
    notes: list[str] = []

    def report(**parts: Any) -> Report:
        about_examples = (examples.NOTE,) if asked.public and parts["status"] == "graded" else ()
        return Report(
            student=work.student,
            lesson=lesson.name,
            title=lesson.title,
            isolation=Isolation(place.isolation.level, place.isolation.parts),
            device=place.device,
            max_score=sum(worth.values()) + (rule.points if rule else 0),
            notes=(*about_examples, *submission.notes, *work.notes, *notes),
            public=asked.public,
            **parts,
        )

    if submission.problem:
        return report(status=submission.status, score=0.0, message=submission.problem)

    # One's own code, in one's own process, has all the time it likes: there may be a person at a breakpoint.
    budget = Budget(course.limits.submission_seconds) if place.isolation.is_apart else None

    def judged() -> Report:
        notes.clear()
        worker = _Grading(course, work, place, asked, watch, notes, budget, tell, failed, failing)
        if (problem := worker.loading_problem()) is not None:
            return report(status="graded", score=0.0, message=problem)
        findings = worker.findings()
        properties = worker.results(findings, worth)
        trained = worker.training(rule, findings) if rule else None
        score = sum(earned for earned, _ in exercise_scores(properties).values()) + (trained.points if trained else 0.0)
        parts = {"properties": tuple(properties), "training": trained, "incomplete": worker.incomplete}
        return report(status="graded", score=round(score, 2), **parts)

    # Once more where something from outside may have had a hand in it; what happens twice is the submission's doing.
    for is_last in (False, True):
        lost, fault = place.lost, None
        try:
            made = judged()
        except UserError:
            raise
        except faults.ANY as error:
            fault = error
        if is_last or place.lost == lost:
            break
    if fault is None:
        return made
    if failed is not None:
        failed(fault)
    elif not isinstance(fault, GraderFault):
        raise fault
    return report(status="error", score=0.0, message=faults.in_words(fault))


def _worth(course: Course, lesson: Lesson, asked: Asked) -> dict[str, float]:
    """The points of each exercise that is asked about, or the number of its public examples."""
    names = [each.name for each in lesson.exercises if asked.only is None or each.name in asked.only]
    if not asked.public:
        return {name: lesson.exercise(name).points for name in names}
    shown = [example.exercise for example in examples.read(lesson, pristine(course, lesson))]
    return {name: float(shown.count(name)) for name in names}


class _Grading:
    """One submission being graded; what the reader of its report should know is added to ``notes``."""

    def __init__(
        self,
        course: Course,
        work: Work,
        place: Place,
        asked: Asked,
        watch: Watcher,
        notes: list[str],
        budget: Budget | None,
        tell: Callable[[Finding, int], None] | None,
        failed: Callable[[BaseException], None] | None,
        failing: Callable[[Finding, int], None] | None,
    ) -> None:
        self.tell, self.failed, self.failing = tell, failed, failing
        self.incomplete = False
        self.course, self.lesson, self.sources = course, work.lesson, work.sources
        self.place, self.asked, self.watch = place, asked, watch
        self.not_here = dict(work.submission.not_here)
        self.notes = notes
        self.budget = budget

    def open(self) -> Session:
        return open_session(self.course, self.lesson, self.sources, self.place, self.budget)

    def besides(self, work: Callable[[], Result], otherwise: Result, what: str, slow: str) -> Result:
        """Find out something that no mark depends on. If that takes too long or goes wrong, say so, and do without.

        Args:
            work: finds it out.
            otherwise: stands for it.
            what: the subject of the note on a fault, such as "f: its example".
            slow: the note if it takes too long.
        """
        try:
            if self.budget is None:
                return work()
            return own_time.within(self.course.limits.judging_seconds, work)
        except own_time.TooLong:
            self.notes.append(slow)
        except (UserError, GraderFault):
            raise
        except Exception as fault:
            if self.failed is None:
                raise
            self.failed(fault)
            self.incomplete = True
            self.notes.append(
                f"{what} is missing, by a fault of the grader's ({type(fault).__name__}) that costs no marks"
            )
        return otherwise

    def loading_problem(self) -> str | None:
        """Import the module and return the error, if any: everything else would fail because of it."""
        try:
            self.open().close()
        except StudentError as error:
            # The last file on the way may be that of an earlier lesson, which this one imports.
            files = re.findall(r'File "(\w+\.py)", line', error.trace)
            file = files[-1] if files and files[-1] != f"{self.lesson.name}.py" else "the file"
            package = _MISSING.match(error.message) if error.kind == "ModuleNotFoundError" else None
            if package and file == "the file":
                return f"{file} cannot be imported: {self.not_here.get(package[1]) or error}"
            return f"{file} cannot be imported: {error}"
        except StudentDied as error:
            return f"the file cannot be imported: {error}"
        return None

    def findings(self) -> list[Finding]:
        only = self.asked.only
        if self.asked.public:
            stub = pristine(self.course, self.lesson)
            return examples.run(self.lesson, stub, self.open, tell=self._telling("examples"), only=only)
        return runner.run(
            self.course,
            self.lesson,
            self.open,
            tell=self._telling("properties"),
            only=only,
            budget=self.budget,
            first=self.asked.first,
            failing=self.failing,
        )

    def _telling(self, stage: Stage) -> Callable[[Finding, int], None]:
        done = 0

        def tell(finding: Finding, total: int) -> None:
            nonlocal done
            done += 1
            self.watch(Step(stage, done, total))
            if self.tell is not None:
                self.tell(finding, total)

        return tell

    def results(self, findings: list[Finding], worth: dict[str, float]) -> list[PropertyResult]:
        """Add points, counterexamples, misconceptions and hints to findings; ``worth`` has each exercise's points."""
        weights: dict[str, float] = {}
        for finding in findings:
            weights[finding.exercise] = weights.get(finding.exercise, 0.0) + finding.weight
        for name, points in worth.items():
            if points and name not in weights:
                raise CourseError(f"{self.lesson.name}: no property judges {name}, which is worth points")
        diagnoses = self._diagnoses(findings) if self.asked.diagnose and not self.asked.public else {}
        results = []
        for finding in findings:
            exercise = self.lesson.exercise(finding.exercise)
            share = worth[exercise.name] * finding.weight / weights[exercise.name]
            failed = finding.verdict == "fail"
            named = diagnoses.get(finding.name)
            # Whoever has written nothing yet is led to a first line, and not to a mistake.
            general = exercise.hints[0] if exercise.hints else ""
            own = finding.hint if finding.written else ""
            hint = named.chaff.hint if named else own or general
            answered = failed and finding.written
            example = finding.smallest if answered else None
            shown = self._written(example, finding) if example else None
            script = finding.script if answered and not example else None
            got = (shown and shown.got) or finding.got
            results.append(
                PropertyResult(
                    name=finding.name,
                    exercise=finding.exercise,
                    says=finding.says,
                    verdict=finding.verdict,
                    points=points_of(finding.verdict, share),
                    max_points=round(share, 4),
                    written=finding.written,
                    counterexample=shown.script if shown else script,
                    got=shortened(got, _TEXT_CAP),
                    needed=shortened(finding.needed, _TEXT_CAP),
                    misconception=_misconception(named) if named else None,
                    hint=hint if failed else "",
                    printed=shortened(example.printed if example else finding.printed, _TEXT_CAP),
                    trace=shortened(finding.trace, _TEXT_CAP) if answered else "",
                )
            )
        return results

    def _written(self, example: Transcript, finding: Finding) -> counterexample.Written | None:
        source = self.sources.get(self.lesson.name, "")
        return self.besides(
            lambda: counterexample.write(example, self.lesson.name, source, finding, self._answers_alike),
            None,
            f"{finding.name}: its example",
            f"{finding.name}: its example takes too long to write",
        )

    def _answers_alike(self, transcript: Transcript) -> bool:
        """Whether the questions of a transcript, asked in a session of their own, have the answers that it holds."""
        try:
            with contextlib.closing(self.open()) as session:
                session.begin(transcript.seed)
                return all(gives_again(session, exchange) for exchange in transcript.exchanges)
        except (StudentError, StudentDied):
            return False

    def _diagnoses(self, findings: list[Finding]) -> dict[str, Diagnosis]:
        if not any(finding.verdict == "fail" and finding.written for finding in findings):
            return {}
        self.watch(Step("diagnosis"))
        return self.besides(
            lambda: names(self.course, self.lesson, self.sources, self.place, findings, self.budget),
            {},
            "a name for the mistakes",
            "no misconception is named: to compare the answers with known ones takes too long",
        )

    def training(self, rule: TrainingRule, findings: list[Finding]) -> TrainingResult:
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

        submission = _digest(self.sources) if self.asked.own_tasks else ""
        trainee = Trainee(
            self.course, self.lesson, self.sources, self.place, self.watch, submission=submission, budget=self.budget
        )
        result = trainee.check(films=self.asked.films)
        # For learners alone: it is a lead and no verdict, so it is of no use to whoever gives marks.
        if result.verdict == "fail" and not self.place.isolation.is_apart and learnt_something_else(result):
            result = msgspec.structs.replace(result, probe=trainee.climb())
        return result


def _misconception(named: Diagnosis) -> Misconception:
    return Misconception(named.chaff.name, named.chaff.says, named.everywhere)


def _digest(sources: Mapping[str, str]) -> str:
    """A name for what was handed in, with all that runs beside it."""
    texts = "\0".join(part for name in sorted(sources) for part in (name, sources[name]))
    return hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest()
