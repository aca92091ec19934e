"""The grader's side of the boundary: ask a student's code questions, and record questions and answers.

``Session`` is one conversation with one submission over one ``Channel`` (another process, or this one).
``grader.student.remote`` makes it read like ordinary Python, so that a property never mentions the boundary.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import gymnasium

from grader.student import lent
from grader.student.errors import StudentDied, WireError, shortened
from grader.student.remote import Remote, RemoteModule, RemoteObject
from grader.student.replies import A_METHOD, Reply, reply
from grader.student.tensors import is_grad_enabled, is_tensor, set_grad_enabled, torch
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


_ASKS_CAP, _ASKED_OBJECTS_CAP, _ASKED_BYTES_CAP = 50_000, 500_000, 1 << 26
"""Of one case: what a test has lent keeps what it is asked, as long as the case lasts."""
_OBJECTS_CAP, _BYTES_CAP = 20_000_000, 1 << 30
"""Of one session: to read them takes the grader's own time. A training run of 300,000 steps needs a fifth of it."""


@dataclasses.dataclass(slots=True)
class _Asked:
    """The questions of the student's side in one case."""

    asks: int = 0
    objects: int = 0
    size: int = 0

    def add(self, objects: int, size: int) -> None:
        """Count one more question.

        Raises:
            StudentDied: there were too many, or they were too large.
        """
        self.asks += 1
        self.objects += objects
        self.size += size
        if self.asks > _ASKS_CAP:
            raise StudentDied(
                f"it used what the test had given it more than {_ASKS_CAP:,} times; is there a loop that does not end?",
                timed_out=True,
            )
        if self.objects > _ASKED_OBJECTS_CAP or self.size > _ASKED_BYTES_CAP:
            raise StudentDied(
                f"it gave more to what the test had lent it than {_ASKED_OBJECTS_CAP:,} values "
                f"or {_ASKED_BYTES_CAP >> 20} MB"
            )


class Session:
    """One conversation with one submission.

    Attributes:
        channel: the way to the student's side.
        transcript: the current case (one example that hypothesis draws, or a whole test without any).
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
        self._objects = self._bytes = 0
        self._asked = _Asked()
        self._methods: set[tuple[str, str]] = set()
        self.transcript = Transcript(0)

    def load(self, sources: dict[str, str], main: str) -> None:
        """Have the submission's modules loaded.

        Raises:
            StudentError: the code raises while it is imported.
        """
        self._say(["load", sources, main], keep=False)

    def begin(self, seed: int) -> None:
        """Start a case: forget all objects, seed the global generators."""
        self.transcript = Transcript(seed)
        self._lent.clear()
        self._numbers = itertools.count(1)
        self._pending = None
        self._asked = _Asked()
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
        if value is A_METHOD:
            self._methods.add((type_name, name))
            return method
        return value

    def query(self, verb: str, *rest: Any) -> Any:
        """Any other question (see ``grader.student.server``)."""
        return self._say([verb, *rest])

    def backward(
        self, graph: int, gradients: list[torch.Tensor | None], shapes: Sequence[torch.Size]
    ) -> list[torch.Tensor | None]:
        """The gradients of a computation's inputs, which have these shapes, from those of its outputs."""
        return self._say(["backward", graph, gradients], like=shapes)  # type: ignore[no-any-return]

    def _say(self, message: list[Any], *, keep: bool = True, like: Sequence[torch.Size] = ()) -> Any:
        if self._answering:
            # The other side waits for an answer, and would take the question for one.
            raise TypeError("only plain values, arrays and tensors can be used here")
        if self._violation:
            raise StudentDied(self._violation)
        inputs: list[torch.Tensor] = []

        def outgoing(tensor: torch.Tensor) -> tuple[bool, int]:
            if tensor.requires_grad and is_grad_enabled():
                inputs.append(tensor)
                return True, -1
            return False, -1

        try:
            question = Encoder(self._lend, outgoing, modules=True).frame(message)
        except WireError as error:
            # A test's own values are small: what has grown too large to be passed on came from over there.
            raise self._violated(f"its answers cannot be passed on: {error}") from None
        asks: list[tuple[Frame, Frame]] = []
        size = size_of(question)

        def answer_ask(frame: Frame) -> Frame:
            nonlocal size
            answer = self._answer_ask(frame)
            size += size_of(frame) + size_of(answer)
            if keep and self._record and size <= KEPT_BYTES:
                asks.append((frame, answer))
            return answer

        outputs: dict[int, torch.Tensor] = {}
        try:
            answer = self.channel.exchange(question, answer_ask)
            said = self._read(str(message[0]), answer, outputs, like)
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
        self._print(said.printed)
        if said.error is not None:
            raise said.error from getattr(self.channel, "exception", None)
        if not outputs or not is_grad_enabled():
            return said.value
        return self._attach(said.value, said.graph, [outputs[i] for i in range(len(outputs))], inputs)

    def _read(self, verb: str, answer: Frame, outputs: dict[int, torch.Tensor], like: Sequence[torch.Size]) -> Reply:
        """Decode an answer; ``outputs`` gets the tensors in it that have a graph over there, by their position.

        Raises:
            StudentDied: it is not an answer to what was asked.
        """
        methods = 0

        def incoming(tensor: Tensor) -> torch.Tensor:
            if tensor.requires_grad and tensor.output >= 0 and tensor.data.is_floating_point():
                outputs[tensor.output] = tensor.data
            return tensor.data

        def resolve(tag: str, rest: list[Any]) -> Any:
            nonlocal methods
            if tag == "r" and rest == [0, "method", "method"] and verb == "get":
                methods += 1
                return A_METHOD
            return self._resolve(tag, rest)

        try:
            read = reply(verb, self._within_budget(Decoder(resolve, incoming), answer), like)
            if methods and not (methods == 1 and read.value is A_METHOD):
                raise WireError("a method inside of a value")
            if sorted(outputs) != list(range(len(outputs))):
                raise WireError("outputs that are out of order")
        except WireError as violation:
            raise self._violated(f"the process sent something that is not an answer: {violation}") from None
        return read

    def _within_budget(self, decoder: Decoder, frame: Frame) -> list[Any]:
        """Decode a frame, and count what has come in this session.

        Raises:
            WireError: it is malformed, or there was more than may come in one session.
        """
        message = decoder.message(frame)
        self._bytes += size_of(frame)
        self._objects += decoder.objects
        if self._objects > _OBJECTS_CAP or self._bytes > _BYTES_CAP:
            raise WireError(f"more than {_OBJECTS_CAP:,} values or {_BYTES_CAP >> 20:,} MB in one session")
        return message

    def _violated(self, what: str) -> StudentDied:
        """End a session in which nothing that comes can be trusted to be the answer to its question."""
        self._violation = what
        self.close()
        return StudentDied(what)

    def _attach(self, value: Any, graph: int, outputs: list[torch.Tensor], inputs: list[torch.Tensor]) -> Any:
        """Put the outputs of a remote computation into this side's autograd graph."""
        # An input of its own that requires grad: the parameters of a network over there are not among ``inputs``.
        from grader.student.computation import Computation

        anchor = torch.empty(0, requires_grad=True)
        attached = Computation.apply(self, graph, outputs, anchor, *inputs)  # type: ignore[no-untyped-call]
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
        decoder = Decoder(self._resolve)
        try:
            verb, number, method, args, kwargs, grad_enabled = self._within_budget(decoder, frame)
            value, kind = self._lent[number]
            if verb != "ask" or method not in lent.ALLOWED[kind]:
                raise WireError("that cannot be asked")
        except (WireError, ValueError, TypeError, KeyError) as error:
            why = shortened(str(error), 200)
            raise StudentDied(f"the process asked something that is not allowed: {why}") from None
        if self._record:
            # In training, nothing that is lent keeps anything, and the budget is one of steps.
            self._asked.add(decoder.objects, size_of(frame))
        enough = Encoder(self._lend).frame(["raised", "RuntimeError", "the test has seen enough"])
        if self._pending is not None:
            return enough
        self._answering = True
        try:
            # The lent function sees the caller's gradient mode: a test can tell whether a graph was being built.
            with set_grad_enabled(grad_enabled is True):
                result = getattr(value, method)(*args, **kwargs)
                return Encoder(self._lend, modules=True).frame(["ok", result])
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # What the test frameworks raise is meant for them, and the question must first come to its end.
            if not isinstance(error, Exception) or isinstance(error, AssertionError) or is_of_hypothesis(error):
                self._pending = error
                return enough
            return Encoder(self._lend).frame(["raised", type(error).__name__, _text(error)])
        finally:
            self._answering = False

    def _resolve(self, tag: str, rest: list[Any]) -> Any:
        if tag == "r":
            number, type_name, kind = rest
            if type(number) is not int or number < 1 or type(type_name) is not str:
                raise WireError("an object without a number or a type")
            remote = {"module": RemoteModule, "iterator": Remote}.get(kind, RemoteObject)
            return remote(self, number, type_name[:100])
        if tag == "c":
            return self._lent[rest[0]][0]
        raise WireError(f"unknown tag {str(tag)[:20]!r}")


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


def is_of_hypothesis(error: BaseException) -> bool:
    """Whether hypothesis raised it, to give an example up or for a mistake in a test."""
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
    if is_tensor(value):
        return new.get(id(value), value)
    if isinstance(value, tuple):
        items = [_replace(item, new) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [_replace(item, new) for item in value]
    if isinstance(value, dict):
        return {key: _replace(item, new) for key, item in value.items()}
    return value
