"""A whole session with a peer that says arbitrary messages: an answer, or the student's failure, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import gymnasium
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scripted_peer import Move, Peer, moves, statuses

from grader.properties import cases, counterexample
from grader.properties.answers import last_answer
from grader.properties.plugin import _is_ours
from grader.student.errors import StudentDied, StudentError
from grader.student.frames import Frame
from grader.student.remote import Remote, RemoteModule, Student
from grader.student.session import Session

ENV = gymnasium.make("CartPole-v1")
VECTOR = gymnasium.make_vec("CartPole-v1", num_envs=2)


def _remote(value: Any, session: Session) -> Any:
    return value if isinstance(value, Remote) else RemoteModule(session, 1, "Thing")


def _backward(value: Any) -> None:
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, torch.Tensor) and each.requires_grad:
            each.sum().backward()


def _loss(session: Session, value: Any) -> Any:
    got = Student(session).loss(torch.ones(2, 3, requires_grad=True), torch.zeros(0, requires_grad=True), value)
    _backward(got)
    return got


def _some(items: Any) -> list[Any]:
    return [item for item, _ in zip(items, range(3), strict=False)]


VERBS: dict[str, Callable[[Session, Any], Any]] = {
    "load": lambda session, value: session.load({"work": ""}, "work"),
    "begin": lambda session, value: session.begin(1),
    "call": lambda session, value: Student(session).f(value, key=[value]),
    "call with an environment": lambda session, value: Student(session).play(ENV, VECTOR),
    "call with a function": lambda session, value: Student(session).apply(lambda *args, **kwargs: (args, kwargs)),
    "call an object": lambda session, value: _remote(value, session)(value),
    "call a method": lambda session, value: _remote(value, session).method(1),
    "get": lambda session, value: _remote(value, session).name,
    "value": lambda session, value: _remote(value, session).get(),
    "item": lambda session, value: _remote(value, session)[0],
    "put": lambda session, value: Student(session).put(value),
    "len": lambda session, value: len(_remote(value, session)),
    "iterate": lambda session, value: _some(_remote(value, session)),
    "next": lambda session, value: session.query("next", 1),
    "gradients": lambda session, value: _remote(value, session).gradients(),
    "random": lambda session, value: Student(session).random_state(),
    "grad_mode": lambda session, value: Student(session).grad_mode(),
    "seconds": lambda session, value: Student(session).cpu_seconds(),
    "example": lambda session, value: session.query("example", "1 + 1"),
    "backward": lambda session, value: _backward(value),
    "a loss and its gradients": _loss,
    "raises": lambda session, value: Student(session).raises("ValueError").__enter__(),
}


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves, st.lists(st.sampled_from(sorted(VERBS)), min_size=1, max_size=6), statuses)
@example([b""], ["call"], 40)  # a signal that has no name
def test_whatever_a_live_peer_says_is_an_answer_or_the_students_fault(
    script: list[Move], verbs: list[str], status: int
) -> None:
    peer = Peer(script, status)
    with contextlib.closing(peer):
        session = Session(peer.open())
        session.begin(0)
        died: StudentDied | None = None
        value: Any = None
        for verb in verbs:
            ended: BaseException | None = None
            try:
                value = VERBS[verb](session, value)
            except (StudentDied, Exception) as error:
                ended = error
            if isinstance(ended, StudentDied):
                died = died or ended
                assert len(str(ended)) < 1000
            elif isinstance(ended, StudentError):
                assert len(str(ended)) < 3000
            elif ended is not None:
                # As a property's own code fails on a wrong answer; that must not be taken for a fault of ours.
                assert not _is_ours(ended), ended
            if died is not None:
                # What has ended stays so, and says why.
                with pytest.raises(StudentDied) as again:
                    Student(session).f()
                assert str(again.value) == str(died)
        written = counterexample.write(session.transcript, "work")
        assert len(written.script.code) < 100_000
        assert len(last_answer(session.transcript)) < 100_000

        def law(student: Student) -> None:
            value: Any = None
            for verb in verbs:
                value = VERBS[verb](student._session, value)  # type: ignore[arg-type]
            assert value == 1

        outcome = cases.ask(cases.Case("test_f", law, {}, [], 0), Session(peer.open()))
        assert cases.alike([outcome], [outcome], "places")
        cases.alike([outcome], [outcome], "values")


def test_a_peer_that_answers_is_understood() -> None:
    """The peer's way of talking is the one that the grader understands: what is right is taken."""
    from arbitrary import Tag, frame_of

    ask = frame_of(["ask", 1, "__call__", (3,), {}, False])
    peer = Peer([ask, frame_of(["ok", Tag("r", 1, "Thing", "object"), "said", 0]), frame_of(["ok", 5, "", 0])])
    with contextlib.closing(peer):
        session = Session(peer.open())
        session.begin(0)
        heard: list[int] = []
        thing = Student(session).apply(heard.append)
        assert heard == [3]
        assert len(thing) == 5
        assert session.transcript.printed == "said"
        assert isinstance(session.transcript.exchanges[0].answer, Frame)
