"""The student's side in this very process: for a learner who wants ``breakpoint()`` and whole tracebacks.

Questions and answers still cross the wire, so a property's verdict is the one that the split process would give. There
is no protection whatever: this is for code that one has written oneself.
"""

from __future__ import annotations

import sys

from grader.student.frames import Frame
from grader.student.serve import Server
from grader.student.session import Answer, Session


class InProcess:
    """A channel without a boundary.

    Args:
        output_chars: how much printed text is kept with the answers.
        live: whether printed text is also shown at once.
    """

    def __init__(self, output_chars: int = 4000, *, live: bool = False) -> None:
        """Make the server; it has nothing loaded."""
        self._answer_ask: Answer | None = None
        self._server = Server(self._carry, output_chars, sys.stdout if live else None)

    def _carry(self, frame: Frame) -> Frame:
        assert self._answer_ask is not None
        return self._answer_ask(frame)

    def exchange(self, question: Frame, answer_ask: Answer) -> Frame:
        """Answer at once.

        Raises:
            KeyboardInterrupt: somebody pressed Ctrl-C while the student's code was running.
        """
        outer, self._answer_ask = self._answer_ask, answer_ask
        try:
            answer = self._server.answer(question)
        finally:
            self._answer_ask = outer
        if isinstance(self._server.exception, KeyboardInterrupt):
            raise self._server.exception
        return answer

    @property
    def exception(self) -> BaseException | None:
        """What the student's code raised in answer to the last question, traceback and all."""
        return self._server.exception

    def close(self) -> None:
        """Forget the loaded modules."""
        self._server.unload()


def open_session(sources: dict[str, str], main: str, *, output_chars: int = 4000, live: bool = False) -> Session:
    """Load a submission into this process.

    Raises:
        StudentError: its code raises while it is imported.
    """
    session = Session(InProcess(output_chars, live=live))
    try:
        session.load(sources, main)
    except BaseException:
        session.close()
        raise
    return session
