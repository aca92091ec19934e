"""Name the misconception: ask the known wrong programs the student's questions, and see which one answers alike.

The questions are replayed exactly as they crossed the wire, so the student's code may look like nothing the course has
ever seen. What the student's code asked back (a step of an environment) has to be asked alike too; the recorded
answer is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from grader.lessons.chaffs import Chaff
from grader.properties.answers import read, same, same_answer
from grader.properties.plugin import Finding
from grader.student.errors import StudentDied, StudentError
from grader.student.session import Session
from grader.student.transcript import Transcript
from grader.student.wire import Frame

OpenChaff = Callable[[Chaff], Session]


class _Different(BaseException):
    """The chaff asked something that the student's code did not ask."""


def diagnose(findings: Sequence[Finding], chaffs: Sequence[Chaff], open_chaff: OpenChaff) -> dict[str, Chaff]:
    """The chaff behind every failed property for which there is one, by the property's name.

    A chaff is a candidate if it answers the smallest failing example as the student's code does; those about exercises
    that pass are only asked where no other one is. Of several, the one that also agrees with most of the
    other examples of that exercise is named; then the one that is about that very exercise; then the one that course
    authors listed first.
    """
    failed = [finding for finding in findings if finding.verdict == "fail" and _is_answered(finding.smallest)]
    candidates: dict[str, list[Chaff]] = {finding.name: [] for finding in failed}
    agreement: dict[tuple[str, str], float] = {}
    about = {finding.exercise for finding in findings if finding.verdict != "pass"}
    with _Sessions(open_chaff) as sessions:
        # First the chaffs of exercises that failed, or could not be judged: nearly always it is one of them, and to
        # open all of them takes seconds.
        for near in (True, False):
            open_cases = [finding for finding in failed if not candidates[finding.name]]
            # Chaff by chaff, because opening a session costs more than asking a few questions.
            for chaff in chaffs if open_cases else ():
                if (chaff.exercise in about) is not near:
                    continue
                alike = [f for f in open_cases if f.smallest is not None and sessions.agree(chaff, [f.smallest]) == 1.0]
                for finding in alike:
                    candidates[finding.name].append(chaff)
                for exercise in {finding.exercise for finding in alike}:
                    agreement[chaff.name, exercise] = sessions.agree(chaff, _all(findings, exercise))
    return {
        finding.name: max(
            candidates[finding.name],
            key=lambda c, about=finding.exercise: (agreement[c.name, about], c.exercise == about),  # type: ignore[misc]
        )
        for finding in failed
        if candidates[finding.name]
    }


def _is_answered(transcript: Transcript | None) -> bool:
    """Whether there is an answer to compare: a question that ended the process has none."""
    return transcript is not None and bool(transcript.exchanges) and bool(transcript.exchanges[-1].answer.head)


def _all(findings: Iterable[Finding], exercise: str) -> list[Transcript]:
    transcripts = []
    for finding in findings:
        if finding.exercise == exercise:
            transcripts += [*([finding.smallest] if finding.smallest else []), *finding.evidence]
    return transcripts


class _Sessions:
    """One open session at a time: that of the chaff asked last."""

    def __init__(self, open_chaff: OpenChaff) -> None:
        self._open = open_chaff
        self._name = ""
        self._session: Session | None = None

    def agree(self, chaff: Chaff, transcripts: Sequence[Transcript]) -> float:
        """The share of transcripts in which the chaff answers alike; 0 if there are none."""
        alike = 0
        for transcript in transcripts:
            try:
                alike += _answers_alike(self._get(chaff), transcript)
            except (StudentDied, StudentError, _Different):
                # Also a chaff that still waits for an answer to what it asked can be asked nothing more.
                self._close()
        return alike / max(1, len(transcripts))

    def _get(self, chaff: Chaff) -> Session:
        if self._session is None or self._name != chaff.name:
            self._close()
            self._session, self._name = self._open(chaff), chaff.name
        return self._session

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def _answers_alike(session: Session, transcript: Transcript) -> bool:
    session.begin(transcript.seed)
    for exchange in transcript.exchanges:
        asked = iter(exchange.asks)

        def answer(ask: Frame, asked=asked) -> Frame:  # type: ignore[no-untyped-def]
            for recorded, answered in asked:
                if not same(read(ask), read(recorded)):
                    break
                return answered  # type: ignore[no-any-return]
            raise _Different

        theirs = session.channel.exchange(exchange.question, answer)
        if not same_answer(theirs, exchange.answer) or next(asked, None) is not None:
            return False
    return True
