"""Name the misconception: put the same cases to the known wrong programs, and see which fails as the student's does.

A claim is checked before it is made. What fails smallest proves little (nearly every mistake shows where all numbers
are 0), so three kinds of cases are asked about, of all laws of the exercises concerned:

- those that the course's solution is asked first, which are the same for every student;
- the one in which the student's code failed;
- those in which the known wrong program itself fails, because that is where it differs from its neighbours.

"Exactly like" is said where both programs agree in all of them. What agrees in all cases of the law that failed and not
elsewhere, as where there are two mistakes in one function, is named with that reservation, if only one program does and
the two have more in common: of the laws that either of them breaks, both break at least half in the same way. One law
may be broken alike by very different mistakes. Neither is said if the student's code gets a public example right that
the known program gets wrong: there the mistake is not made, and drawn cases are seldom as plain as one that a teacher
has chosen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.lessons.chaffs import Chaff
from grader.properties.cases import Case, Outcome, Programs, alike
from grader.student.session import Session

if TYPE_CHECKING:
    from grader.properties.finding import Finding
    from grader.properties.known import Known


_LEAST_IN_COMMON = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Diagnosis:
    """A misconception, and where the student's code agrees with it.

    Attributes:
        chaff: the misconception.
        everywhere: in all that was asked about its exercise and that of the property, or about the property alone.
    """

    chaff: Chaff
    everywhere: bool


def diagnose(findings: Sequence[Finding], open_student: Callable[[], Session], known: Known) -> dict[str, Diagnosis]:
    """The misconception behind every failed property for which there is one, by the property's name.

    Args:
        findings: of all properties of the lesson that were run.
        open_student: gives a session with the student's code loaded.
        known: the lesson's misconceptions.
    """
    return _Search(findings, _Student(known.programs, open_student), known).names()


class _Search:
    """The search for what is behind the failed properties of one report."""

    def __init__(self, findings: Sequence[Finding], student: _Student, known: Known) -> None:
        self._findings, self._student, self._known = findings, student, known
        broken = {finding.exercise for finding in findings if finding.verdict != "pass"}
        self._chaffs = [chaff for chaff in known.chaffs if chaff.exercise in broken]

    def names(self) -> dict[str, Diagnosis]:
        """The misconceptions that were found, by the property's name."""
        named = {finding.name: self._name(finding) for finding in self._findings if self._can_be_named(finding)}
        return {name: diagnosis for name, diagnosis in named.items() if diagnosis is not None}

    def _can_be_named(self, finding: Finding) -> bool:
        """Tell if there is an answer to compare: not where the code is not written, or did not come to an end."""
        if finding.verdict != "fail" or not finding.written or finding.case is None or finding.smallest is None:
            return False
        return not any(other.timed_out for other in self._findings if other.exercise == finding.exercise)

    def _name(self, finding: Finding) -> Diagnosis | None:
        """The misconception behind one failed property."""
        assert finding.case is not None
        asked = self._known.cases(finding.exercise)
        here = asked.get(finding.name, [])
        # From the cheapest question to the dearest: what everybody is asked is remembered. Where luck decides, one case
        # proves nothing.
        last = [*here, finding.case] if finding.alike == "draws" else [finding.case]
        near = [c for c in self._chaffs if self._agree(finding, here, c) and self._agree(finding, last, c)]
        # Each of those left is asked about the cases in which the others fail: there they differ, if anywhere.
        telling = self._failing(near, finding.exercise)
        cases = [*here, finding.case, *telling.get(finding.name, [])]
        near = [chaff for chaff in near if self._agree(finding, cases, chaff)]
        if not self._is_evidence([*cases, *(case for each in asked.values() for case in each)]):
            near = [chaff for chaff in near if chaff.raises and chaff.raises in finding.got]
        best, share = self._best(near, telling, lambda chaff: (finding.exercise, chaff.exercise))
        if len(best) > 1:
            # What cannot be told apart there may differ in another exercise, which calls this one.
            best, _ = self._best(best, telling, lambda _: self._known.exercises)
        best = [chaff for chaff in best if self._shows(chaff)]
        if share == 1.0 and best:
            return Diagnosis(min(best, key=lambda chaff: chaff.exercise != finding.exercise), everywhere=True)
        if len(best) == 1 and self._in_common(finding, best[0], telling) >= _LEAST_IN_COMMON:
            return Diagnosis(best[0], everywhere=False)
        return None

    def _shows(self, chaff: Chaff) -> bool:
        """Tell if the student's code gets no public example right that this misconception gets wrong."""
        cases = self._known.examples(chaff.exercise)
        pairs = zip(self._student.outcomes(cases), self._known.outcomes(chaff, cases), strict=True)
        # One that has died says nothing any more.
        return not any(theirs.verdict == "pass" and its.verdict in ("fail", "raised") for theirs, its in pairs)

    def _in_common(self, finding: Finding, chaff: Chaff, telling: Mapping[str, Sequence[Case]]) -> float:
        """The share of laws that both break in the same way, of those that either breaks."""
        assert finding.case is not None
        alike_in: list[bool] = []
        for each in self._findings:
            if each.exercise not in (finding.exercise, chaff.exercise):
                continue
            cases = [*self._known.cases(each.exercise).get(each.name, []), *telling.get(each.name, [])]
            cases += [finding.case] if each is finding else []
            outcomes = [*self._student.outcomes(cases), *self._known.outcomes(chaff, cases)]
            if any(outcome.verdict != "pass" for outcome in outcomes):
                alike_in.append(self._agree(each, cases, chaff))
        return sum(alike_in) / max(1, len(alike_in))

    def _failing(self, chaffs: Iterable[Chaff], exercise: str) -> dict[str, list[Case]]:
        """The cases in which these misconceptions fail, by property."""
        found: dict[str, list[Case]] = {}
        for chaff in chaffs:
            for name, cases in self._known.failing(chaff, exercise).items():
                found.setdefault(name, []).extend(cases)
        return found

    def _agree(self, finding: Finding, cases: Sequence[Case], chaff: Chaff) -> bool:
        # One after the other, not case by case: only one of them can be asked at a time.
        theirs = self._student.outcomes(cases)
        return alike(theirs, self._known.outcomes(chaff, cases), finding.alike)

    def _is_evidence(self, cases: Sequence[Case]) -> bool:
        """Tell if the student's answers say which mistake it is.

        That code raises an exception in every case does not: very different mistakes end in a ``TypeError``. In which
        cases it raises one, and in which not, does; or its words, if the misconception's author says so.
        """
        verdicts = {outcome.verdict for outcome in self._student.outcomes(cases)}
        return "fail" in verdicts or verdicts == {"pass", "raised"}

    def _best(
        self,
        chaffs: Sequence[Chaff],
        telling: Mapping[str, Sequence[Case]],
        about: Callable[[Chaff], Collection[str]],
    ) -> tuple[list[Chaff], float]:
        """Those that agree with the student's code on the largest share of the laws about some exercises, and it."""
        rated = [(self._share(about(chaff), chaff, telling), chaff) for chaff in chaffs]
        most = max((share for share, _ in rated), default=0.0)
        return [chaff for share, chaff in rated if share == most], most

    def _share(self, exercises: Collection[str], chaff: Chaff, telling: Mapping[str, Sequence[Case]]) -> float:
        """The share of laws about these exercises on which the student's code and the chaff agree."""
        agreed = []
        for finding in self._findings:
            if finding.exercise in exercises:
                asked = self._known.cases(finding.exercise).get(finding.name, [])
                agreed.append(self._agree(finding, [*asked, *telling.get(finding.name, [])], chaff))
        return sum(agreed) / max(1, len(agreed))


class _Student:
    """The student's code to put cases to; what it said is remembered."""

    def __init__(self, programs: Programs, open_session: Callable[[], Session]) -> None:
        self._programs, self._open = programs, open_session
        self._said: dict[int, tuple[Case, Outcome]] = {}

    def outcomes(self, cases: Iterable[Case]) -> list[Outcome]:
        """The outcomes of the law in these cases."""
        return [self._outcome(case) for case in cases]

    def _outcome(self, case: Case) -> Outcome:
        if id(case) not in self._said:
            self._said[id(case)] = (case, self._programs.ask("", self._open, case))
        return self._said[id(case)][1]
