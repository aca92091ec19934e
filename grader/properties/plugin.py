"""The pytest plugin: gives every property a fresh ``student`` session, and turns its outcome into a finding."""

from __future__ import annotations

import dataclasses
import functools
import re
import traceback
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.lessons.laws import law
from grader.properties.answers import last_answer
from grader.properties.cases import recorded
from grader.properties.finding import Finding, explain, short
from grader.properties.order import needed_first, needs, wished_first
from grader.student import own_time, remote
from grader.student.budget import Budget
from grader.student.errors import GraderFault, StudentDied, StudentError, is_out_of_memory, seconds
from grader.student.remote import Student
from grader.student.session import Session, is_of_hypothesis
from grader.student.transcript import Transcript
from grader.testing.shown import note_in

OpenSession = Callable[[], Session]
"""Gives a session with the submission loaded; raises as ``ZygoteClient.open`` does."""

_PACKAGE = str(Path(__file__).parents[1])
_REMOTE = remote.__file__


@dataclasses.dataclass(frozen=True, slots=True)
class _Failure:
    """An example that failed: how, by which comparison, and what had been asked."""

    error: Exception
    compared: tuple[str, Any, Any] | None
    transcript: Transcript


class Properties:
    """One run of one lesson's properties against one submission.

    Args:
        course: the course, for its salt and limits.
        lesson: the lesson.
        open_session: called once for every property.
        tell: called with every finding as soon as it is there.
        only: exercises to run, or None for all.
        budget: the time for the whole submission, if there is any.
        keep: how many examples of each property to keep as cases.
        first: properties, or exercises, to run before the others; findings keep their order.
        failing: called with the same as ``tell``, at the first example of a property that fails: its finding comes when
            that has been made smaller.
    """

    def __init__(
        self,
        course: Course,
        lesson: Lesson,
        open_session: OpenSession,
        tell: Callable[[Finding, int], None] | None = None,
        only: frozenset[str] | None = None,
        budget: Budget | None = None,
        keep: int = 0,
        first: tuple[str, ...] = (),
        failing: Callable[[Finding, int], None] | None = None,
    ) -> None:
        """Start with no findings."""
        self._failing = failing
        self.course, self.lesson, self._open, self._tell, self._only = course, lesson, open_session, tell, only
        self._budget, self._keep, self._first = budget, keep, first
        self.findings: dict[str, Finding] = {}
        self.problem: Exception | None = None
        self._known: set[str] = set()
        self._compared: tuple[str, Any, Any] | None = None
        self._session: Session | None = None
        self._is_asking = False  # whether the law is at work, and not what draws its examples
        self._failure: _Failure | None = None
        self._last_run = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the mark."""
        config.addinivalue_line("markers", "exercise(name, needs, weight): what a property judges")

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Record why a test file cannot be imported, which is the course's fault."""
        report = yield
        if report.failed:
            self.problem = CourseError(f"{collector.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")
        return report

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep what ended the run in pytest's own machinery, or in this plugin; it is not printed besides."""
        self.problem = GraderFault(f"{type(excinfo.value).__name__}: {excinfo.value}")
        self.problem.__cause__ = excinfo.value
        return True

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order the properties as course.yml orders the exercises, and give each its seed."""
        order = {exercise.name: i for i, exercise in enumerate(self.lesson.exercises)}
        for item in items:
            mark = item.get_closest_marker("exercise")
            name = mark.args[0] if mark else None
            if mark is None or name not in order:
                self.problem = CourseError(f"{item.nodeid}: @exercise names {name!r}, not one of the lesson's")
                items.clear()
                return
            function = item.obj  # type: ignore[attr-defined]
            _, says, hint = law(item.name, function.__doc__)
            weight, alike = mark.kwargs.get("weight", 1.0), mark.kwargs.get("alike", "values")
            self.findings[item.name] = Finding(
                item.name, name, says, weight, hint, alike=alike, law=_below_hypothesis(function)
            )
        items.sort(key=lambda item: order[self.findings[item.name].exercise])
        self._known = {item.name for item in items}
        if self._only is not None:
            items[:] = [item for item in items if self.findings[item.name].exercise in self._only]
        self.findings = {item.name: self.findings[item.name] for item in items}
        exercises = {name: finding.exercise for name, finding in self.findings.items()}
        items[:] = needed_first(wished_first(items, self._first, exercises, self.lesson))

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Iterator[Student]:
        """The submission on the other side of the boundary, in a session for this property alone."""
        self._failure = None
        self._last_run = self.findings[request.node.name].says
        self._session = self._open()
        seed = self.course.secret(self.lesson.name, request.node.name) % 2**32
        self._begin(self._session, seed)
        finding = self.findings[request.node.name]
        if not _around_each_example(request.node.obj, functools.partial(self._example, finding, self._session, seed)):
            finding.case, _ = recorded(finding.name, request.node.obj, {}, seed)
            finding.cases += [finding.case] if finding.case and self._keep else []
            self._is_asking = True
        yield Student(self._session)
        self._is_asking = False
        note_in(None)
        self._session.close()

    def _example(
        self, finding: Finding, session: Session, seed: int, law: Callable[..., Any], given: dict[str, Any]
    ) -> Any:
        self._begin(session, seed)
        finding.case, call = recorded(finding.name, law, given, seed)
        if finding.case is not None and len(finding.cases) < self._keep:
            finding.cases.append(finding.case)
        self._is_asking = True
        try:
            outcome = law(**call)
        except Exception as error:
            if is_of_hypothesis(error):  # it gives examples up by exceptions of its own
                self._is_asking = False
            else:
                self._failed(finding, error)
            raise
        # Not where the law was interrupted: that is judged when all this has been left.
        self._is_asking = False
        return outcome

    def _begin(self, session: Session, seed: int) -> None:
        self._compared = None
        session.begin(seed)
        note_in(session.transcript)

    def _failed(self, finding: Finding, error: Exception) -> None:
        """Keep an example that failed: it is what can be shown where there is no time to make it smaller."""
        is_first = self._failure is None and isinstance(error, AssertionError)
        if is_first and self._failing is not None and not self._held_up_by(finding):
            self._failing(finding, len(self.findings))
        if self._session is not None:
            self._failure = _Failure(error, self._compared, self._session.transcript)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Run a property, within the time that judging may take.

        Its examples are seeded: the same for every student of a course, and unknown without its salt.
        """
        test = pyfuncitem.obj
        secret = self.course.secret(self.lesson.name, pyfuncitem.name, "examples")
        internal = getattr(test, "__func__", test).__dict__
        internal["_hypothesis_internal_use_seed"] = secret
        # There is no database; a key for one would be made from the test's source, at each run anew.
        internal["_hypothesis_internal_database_key"] = b""
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        if self._budget is None:
            test(**arguments)
        else:
            own_time.within(self.course.limits.judging_seconds, lambda: test(**arguments))
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a property that could say nothing: something it needs has failed, or its exercise ran out of time."""
        finding = self.findings[item.name]
        reason = self._reason_to_skip(item, finding)
        if reason:
            finding.skip(reason)
            pytest.skip(reason)
        # Nobody reads pytest's own account of a failure, and to make it is to print what the answers are.
        item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]

    def _held_up_by(self, finding: Finding) -> str:
        """The exercise that this one's calls and that has failed, "" if none has.

        A law of this one that holds all the same has shown so: code that does without the other exercise, or with a
        part of it that is right, loses nothing. A law that does not hold shows nothing, as it may be the other's fault.
        """
        others = [other for other in self.findings.values() if other is not finding]
        for needed in self.lesson.exercise(finding.exercise).needs:
            holding_up = [other for other in others if other.exercise == needed and other.verdict in ("fail", "skip")]
            # What waited for this very exercise to be written does not hold it up in turn.
            if any(other.waits_for != finding.exercise for other in holding_up):
                return needed
        return ""

    def _reason_to_skip(self, item: pytest.Item, finding: Finding) -> str:
        others = [other for other in self.findings.values() if other is not finding]
        for name in needs(item):
            if name not in self._known:
                raise GraderFault(f"{item.nodeid} needs {name!r}, which is not a property of this lesson")
            # One of an exercise that was not asked for has said nothing.
            if name in self.findings and self.findings[name].verdict in ("fail", "skip"):
                held_up_by = self._held_up_by(finding)
                return f"the exercise {held_up_by}" if held_up_by else self.findings[name].says
        if self._budget is not None and self._budget.is_spent:
            last = f"; the last that was asked: {self._last_run}" if self._last_run else ""
            return f"an end of all before it within {self._budget.in_words}{last}"
        if any(other.exercise == finding.exercise and other.timed_out for other in others):
            return "the property above in which the code did not come to an end; it was not asked again"
        return ""

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keep both sides of the comparison that failed."""
        self._compared = (op, left, right)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Judge the outcome."""
        report = yield
        finding = self.findings[item.name]
        if call.excinfo is not None and finding.verdict != "skip":
            error = _innermost(call.excinfo.value)
            self._judge(finding, error)
            if self._session is not None and call.when == "call":
                finding.smallest = self._session.transcript
            if finding.verdict == "fail" and (needed := self._held_up_by(finding)):
                finding.skip(f"the exercise {needed}")
        elif call.when == "call" and finding.verdict == "error":
            finding.verdict = "pass"
        if call.when == "teardown" and self._tell is not None:
            self._tell(finding, len(self.findings))
        return report

    def _judge(self, finding: Finding, error: BaseException) -> None:
        finding.verdict = "fail"
        if isinstance(error, own_time.TooLong):
            self._interrupted(finding)
        elif isinstance(error, KeyboardInterrupt | pytest.UsageError) or _is_ours(error):
            finding.verdict, finding.got = "error", f"{type(error).__name__}: {error}"
            self.problem = error if isinstance(error, GraderFault) else GraderFault(finding.got)
            self.problem.__cause__ = None if self.problem is error else error
        elif isinstance(error, StudentError):
            finding.ends = False
            if error.not_written and (other := self._another_exercise(finding, error)):
                # It is not this exercise that has still to be written.
                finding.verdict, finding.waits_for = "skip", other
                finding.needed = f"the exercise {other}, which is not written yet"
                return
            finding.written = not error.not_written
            finding.got = f"raised {error}" if finding.written else ""
            finding.needed = "an answer instead of an exception"
            finding.trace = error.trace if error.trace.count("  File ") > 1 else ""
        elif isinstance(error, StudentDied):
            finding.got, finding.timed_out, finding.ends = str(error), error.timed_out, False
            finding.needed = "an answer"
        elif isinstance(error, AssertionError):
            explain(finding, error, self._compared, self._answer())
        else:
            finding.got = self._answer()
            finding.needed = _of_another_kind(error)

    def _interrupted(self, finding: Finding) -> None:
        """Judge a property on which the grader itself worked too long: by an example that failed, if one did."""
        allowed = seconds(self.course.limits.judging_seconds)
        failure = self._failure
        if failure is None and not self._is_asking:
            # Nothing of a student's is at work there, so no student may lose by it.
            finding.verdict, finding.got = "error", f"{finding.name}: drawing an example took more than {allowed}"
            self.problem = GraderFault(finding.got)
        elif failure is None or self._session is None:
            finding.got = f"answers that take the grader more than {allowed} of its own processor time to judge"
            finding.needed, finding.ends = "answers that can be compared", False
        else:
            self._compared, self._session.transcript = failure.compared, failure.transcript
            self._judge(finding, failure.error)
            finding.needed += (
                f" (the case may be larger than it has to be: to make it smaller took more than {allowed})"
            )
        finding.timed_out = True

    def _another_exercise(self, finding: Finding, error: StudentError) -> str:
        """The other exercise of the lesson whose stub raised this error, "" if none did."""
        place = error.message.partition(": write me")[0]
        owners = [e.name for e in self.lesson.exercises if place == e.name or place.startswith(f"{e.name}.")]
        return owners[0] if owners and owners[0] != finding.exercise else ""

    def _answer(self) -> str:
        """The student's last answer, for an assertion that is not a comparison."""
        if self._session is None or not self._session.transcript.exchanges:
            return "no answer"
        return short(last_answer(self._session.transcript))


_PARTS = {"2": "two things", "3": "three things", "4": "four things", "5": "five things"}


def _of_another_kind(error: BaseException) -> str:
    """Say what is needed, where the test could do nothing with the answer."""
    parts = re.search(r"values to unpack \(expected (\d)", str(error))
    needed = _PARTS.get(parts[1], "") if parts else ""
    led = f"this one led to {type(error).__name__}: {short(str(error))}"
    return needed or f"an answer of the kind that the exercise asks for; {led}"


def _innermost(error: BaseException) -> BaseException:
    """The first real exception in hypothesis's groups, in which it wraps code that fails now and then."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_ours(error: BaseException) -> bool:
    """Whether the grader's own machinery failed, as opposed to a test that could not handle the student's answer."""
    if isinstance(error, StudentError | StudentDied | AssertionError):
        return False
    # What a student's side may send is bounded: where there is no room for it, there is none for anything.
    if isinstance(error, GraderFault) or is_out_of_memory(error):
        return True
    places = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    known = [place for place in places if place.startswith(_PACKAGE) or "/tests/" in place]
    if known and known[-1] == _REMOTE:
        # What lives over there refuses what its kind cannot do, as any object does: it is the student who gave it.
        return False
    return bool(known) and known[-1].startswith(_PACKAGE) and not known[-1].startswith(f"{_PACKAGE}/testing/")


def _below_hypothesis(function: Any) -> Callable[..., Any]:
    """The law itself: the test that hypothesis calls for each example, or the function where it draws none."""
    handle = getattr(function, "hypothesis", None)
    # A test function outlives a run: the next run's wrapper replaces this one.
    inner: Callable[..., Any] = function if handle is None else handle.inner_test
    return getattr(inner, "grader_inner", inner)


def _around_each_example(function: Any, around: Callable[[Callable[..., Any], dict[str, Any]], Any]) -> bool:
    """Have ``around`` called with the test below hypothesis, and what was drawn for it, for each example.

    Returns:
        Whether hypothesis draws examples for this test at all.
    """
    handle = getattr(function, "hypothesis", None)
    if handle is None:
        return False
    inner = _below_hypothesis(function)

    @functools.wraps(inner)
    def example(**given: Any) -> Any:
        return around(inner, given)

    example.grader_inner = inner  # type: ignore[attr-defined]
    handle.inner_test = example
    return True
