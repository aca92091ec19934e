"""The grader's side of the boundary: ask a student's code questions, and record questions and answers.

``Session`` is one conversation with one submission over one ``Channel`` (another process, or this one).
``grader.student.remote`` makes it read like ordinary Python, so that a property never mentions the boundary.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Protocol

import gymnasium
import torch

from grader.student import lent
from grader.student.errors import StudentDied, StudentError, WireError
from grader.student.remote import Remote, RemoteModule, RemoteObject
from grader.student.transcript import KEPT_BYTES, Exchange, Transcript, size_of
from grader.student.wire import Decoder, Encoder, Frame, Tensor

AnswerAsk = Callable[[Frame], Frame]
"""Does what the student's side asks of the grader, and gives the answer."""


class Channel(Protocol):
    """A way to reach the student's side."""

    def exchange(self, question: Frame, answer_ask: AnswerAsk) -> Frame:
        """Send a question; answer what the other side asks meanwhile; return its answer.

        Raises:
            StudentDied: there will be no answer.
        """
        ...

    def close(self) -> None:
        """End the student's side."""
        ...


_HISTORY = 10
"""Cases kept besides the current one: what a diagnosis compares beyond the smallest failing case."""


class Session:
    """One conversation with one submission.

    Attributes:
        channel: the way to the student's side.
        transcript: the current case (one example that hypothesis draws, or a whole test without any).
        history: the first cases of the session.
    """

    def __init__(self, channel: Channel, *, record: bool = True) -> None:
        """Talk over ``channel``; keep what is said where ``record`` is set."""
        self.channel = channel
        self._record = record
        self._lent: dict[int, tuple[Any, str]] = {}
        self._numbers = itertools.count(1)
        self._pending: BaseException | None = None
        self._answering = False
        self._violation = ""
        self._methods: set[tuple[str, str]] = set()
        self.transcript = Transcript(0)
        self.history: list[Transcript] = []

    def load(self, sources: dict[str, str], main: str) -> None:
        """Have the submission's modules loaded.

        Raises:
            StudentError: the code raises while it is imported.
        """
        self._say(["load", sources, main], keep=False)

    def begin(self, seed: int) -> None:
        """Start a case: forget all objects, seed the global generators."""
        kept = sum(transcript.size for transcript in self.history)
        if self.transcript.exchanges and len(self.history) < _HISTORY and kept + self.transcript.size <= KEPT_BYTES:
            self.history.append(self.transcript)
        self.transcript = Transcript(seed)
        self._lent.clear()
        self._numbers = itertools.count(1)
        self._pending = None
        self._say(["begin", seed], keep=False)

    def close(self) -> None:
        """End the student's side."""
        self.channel.close()

    def call(self, target: str | int, name: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the module, an object, or a method of an object."""
        return self._say(["call", target, name, args, kwargs])

    def get(self, target: str | int, name: str, type_name: str = "") -> Any:
        """Read an attribute; a method comes back as something to call."""

        def method(*args: Any, **kwargs: Any) -> Any:
            return self.call(target, name, args, kwargs)

        if type_name and (type_name, name) in self._methods:
            return method
        value = self._say(["get", target, name])
        if isinstance(value, Remote) and value._number == 0:
            self._methods.add((type_name, name))
            return method
        return value

    def query(self, verb: str, *rest: Any) -> Any:
        """Any other question (see ``grader.student.server``)."""
        return self._say([verb, *rest])

    def _say(self, message: list[Any], *, keep: bool = True) -> Any:
        if self._answering:
            # The other side waits for an answer, and would take the question for one.
            raise TypeError("only plain values, arrays and tensors can be used here")
        if self._violation:
            raise StudentDied(self._violation)
        inputs: list[torch.Tensor] = []

        def outgoing(tensor: torch.Tensor) -> tuple[bool, int]:
            if tensor.requires_grad and torch.is_grad_enabled():
                inputs.append(tensor)
                return True, -1
            return False, -1

        question = Encoder(self._lend, outgoing, modules=True).frame(message)
        asks: list[tuple[Frame, Frame]] = []
        size = size_of(question)

        def answer_ask(frame: Frame) -> Frame:
            nonlocal size
            answer = self._answer_ask(frame)
            size += size_of(frame) + size_of(answer)
            if keep and self._record and size <= KEPT_BYTES:
                asks.append((frame, answer))
            return answer

        try:
            answer = self.channel.exchange(question, answer_ask)
        except StudentDied:
            # The question that was never answered is what a counterexample has to end with.
            if keep and self._record:
                self.transcript.add(Exchange(question, Frame(b"", b""), tuple(asks)), size)
            raise
        if keep and self._record:
            self.transcript.add(Exchange(question, answer, tuple(asks)), size + size_of(answer))
        if self._pending is not None:
            # A test's own function failed while the student's code was calling it: that cannot be swallowed there.
            pending, self._pending = self._pending, None
            raise pending
        return self._read(answer, inputs)

    def _read(self, answer: Frame, inputs: list[torch.Tensor]) -> Any:
        outputs: dict[int, torch.Tensor] = {}

        def incoming(tensor: Tensor) -> torch.Tensor:
            if tensor.requires_grad and tensor.output >= 0 and tensor.data.is_floating_point():
                outputs[tensor.output] = tensor.data
            return tensor.data

        try:
            parts = Decoder(self._resolve, incoming).message(answer)
            kinds = [type(part) for part in parts]
            if kinds == _RAISED and parts[0] == "raised" and all(type(base) is str for base in parts[2]):
                _, kind, bases, message, line, source, trace, printed = parts
                self._print(printed)
                error = StudentError(kind, tuple(bases), message, line, source, trace)
            elif len(parts) == 4 and kinds[0] is str and parts[0] == "ok" and kinds[2:] == [str, int]:
                error = None
                _, value, printed, graph = parts
                self._print(printed)
            else:
                raise WireError("neither an answer nor an exception")
            if sorted(outputs) != list(range(len(outputs))):
                raise WireError("outputs that are out of order")
        except WireError as violation:
            # Nothing that comes after it can be trusted to be the answer to its question.
            self._violation = f"the process sent something that is not an answer: {violation}"
            self.close()
            raise StudentDied(self._violation) from None
        if error is not None:
            raise error from getattr(self.channel, "exception", None)
        if not outputs or not torch.is_grad_enabled():
            return value
        return self._attach(value, graph, [outputs[i] for i in range(len(outputs))], inputs)

    def _attach(self, value: Any, graph: int, outputs: list[torch.Tensor], inputs: list[torch.Tensor]) -> Any:
        """Put the outputs of a remote computation into this side's autograd graph."""
        # An input of its own that requires grad: the parameters of a network over there are not among ``inputs``.
        anchor = torch.empty(0, requires_grad=True)
        attached = _Computation.apply(self, graph, outputs, anchor, *inputs)  # type: ignore[no-untyped-call]
        return _replace(value, {id(old): new for old, new in zip(outputs, attached, strict=True)})

    def _print(self, text: str) -> None:
        self.transcript.printed = (self.transcript.printed + text)[-8000:]

    def _lend(self, value: Any) -> list[Any]:
        """A reference for what has no plain form: an object of theirs goes back, an object of ours is lent."""
        if isinstance(value, Remote):
            return ["h", value._number]
        if not callable(value) and not isinstance(value, gymnasium.Env | gymnasium.vector.VectorEnv):
            raise TypeError(f"a test cannot pass a {type(value).__name__} to the student's code")
        known = (number for number, (mine, _) in self._lent.items() if mine is value)
        number = next(known, None) or next(self._numbers)
        description = lent.describe(value)
        self._lent[number] = (value, description["kind"])
        self.transcript.lent[number] = value
        return ["c", number, _plain(description)]

    def _answer_ask(self, frame: Frame) -> Frame:
        """Do what the student's side asks of an object that was lent to it."""
        try:
            verb, number, method, args, kwargs, grad_enabled = Decoder(self._resolve).message(frame)
            value, kind = self._lent[number]
            if verb != "ask" or method not in lent.ALLOWED[kind]:
                raise WireError("that cannot be asked")
        except (WireError, ValueError, TypeError, KeyError) as error:
            raise StudentDied(f"the process asked something that is not allowed: {error}") from None
        enough = Encoder(self._lend).frame(["raised", "RuntimeError", "the test has seen enough"])
        if self._pending is not None:
            return enough
        self._answering = True
        try:
            # The lent function sees the caller's gradient mode: a test can tell whether a graph was being built.
            with torch.set_grad_enabled(grad_enabled is True):
                result = getattr(value, method)(*args, **kwargs)
                return Encoder(self._lend, modules=True).frame(["ok", result])
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # What the test frameworks raise is meant for them, and the question must first come to its end.
            if not isinstance(error, Exception) or isinstance(error, AssertionError) or _is_of_hypothesis(error):
                self._pending = error
                return enough
            return Encoder(self._lend).frame(["raised", type(error).__name__, _text(error)])
        finally:
            self._answering = False

    def _resolve(self, tag: str, rest: list[Any]) -> Any:
        if tag == "r":
            number, type_name, kind = rest
            if type(number) is not int or type(type_name) is not str:
                raise WireError("an object without a number or a type")
            remote = {"module": RemoteModule, "iterator": Remote}.get(kind, RemoteObject)
            return remote(self, number, type_name[:100])
        if tag == "h":
            if type(rest[0]) is not int:
                raise WireError("an object without a number")
            return RemoteObject(self, rest[0], "")
        if tag == "c":
            return self._lent[rest[0]][0]
        raise WireError(f"unknown tag {tag!r}")


def load_submission(channel: Channel, sources: dict[str, str], main: str, *, record: bool = True) -> Session:
    """A session over ``channel`` that has loaded the submission; where that fails, the channel is closed.

    Raises:
        StudentError: the code raises while it is imported.
        StudentDied: it ends the process, or does not come to an end.
    """
    session = Session(channel, record=record)
    try:
        session.load(sources, main)
    except BaseException:
        session.close()
        raise
    return session


class _Computation(torch.autograd.Function):
    """A computation whose graph is on the student's side: backward asks there for the vector-Jacobian product."""

    @staticmethod
    def forward(ctx: Any, session: Session, graph: int, outputs: list[torch.Tensor], *inputs: torch.Tensor) -> Any:
        ctx.session, ctx.graph = session, graph
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        inputs = ctx.session.query("backward", ctx.graph, list(gradients))
        return None, None, None, None, *inputs


# What an exception's parts are: the word, kind, bases, message, line, source line, traceback, printed text.
_RAISED = [str, str, list, str, int, str, str, str]


def _is_of_hypothesis(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] == "hypothesis"


def _text(error: BaseException) -> str:
    return str(error)[:1000].encode(errors="replace").decode()


def _plain(value: Any) -> Any:
    """A description without arrays as the wire writes it."""
    if isinstance(value, dict):
        return ["d", [_plain(part) for pair in value.items() for part in pair]]
    if isinstance(value, list):
        return ["l", [_plain(item) for item in value]]
    return value


def _replace(value: Any, new: dict[int, torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return new.get(id(value), value)
    if isinstance(value, tuple):
        items = [_replace(item, new) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [_replace(item, new) for item in value]
    if isinstance(value, dict):
        return {key: _replace(item, new) for key, item in value.items()}
    return value
