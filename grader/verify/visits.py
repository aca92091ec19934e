"""Find the corners of legal input that each property of a lesson visits, by watching the questions that it asks.

The properties are run against the solution. All that they ask goes over the wire, so it can be read there, and what
counts is what really arrived: whether an array is read-only or a module in eval mode is decided by what the solution
was given, not by what a test's name promises.
"""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.grading.sessions import open_session
from grader.properties import runner
from grader.properties.finding import Finding
from grader.student.places import Place
from grader.student.session import AnswerAsk, Channel, Session
from grader.student.wire import Decoder, Frame, Tensor
from grader.verify.judge import sources

FLAGS = frozenset({"terminated", "truncated", "done"})
COUNTS = frozenset({"size", "minibatch_size", "capacity", "batch_size", "episodes", "decay_steps"})
"""Arguments that say how many; 1 is their corner."""
INDICES = frozenset({"step", "state", "next_state", "action", "next_action", "actions", "seed", "x", *COUNTS})
"""Arguments that are whole numbers by nature; ``x`` of a network, and states in lessons with tables, are arrays."""
RANKED = frozenset({"Q", "R", "q_values", "next_q_values", "next_q_online", "next_q_target", "logits"})
"""Arguments of which the largest number in a row decides."""
COMPARED = (("log_probs", "old_log_probs"), ("values", "old_values"), ("values", "returns"))
"""Pairs of arguments whose entries are compared one by one."""
SHIFTED = frozenset({"returns"})
"""Arguments that are compared with their own mean: where all are alike, nothing is left."""
TRANSITION = ("states", "actions", "rewards", "next_states", "terminated")
LARGE = 1000.0
NEAR = 2e-3
"""Values nearer to each other than this, and not equal, are a near tie."""


@dataclasses.dataclass(frozen=True)
class Call:
    """One question to the solution's code, or one step of an environment that was lent to it.

    Attributes:
        arguments: by name; what was put on the student's side before stands there as itself.
        bytes: the question as it went over the wire, "" for a step.
        gradients: whether a tensor among them requires grad.
        modules: of the networks that take part, whether each is in eval mode.
    """

    arguments: Mapping[str, Any]
    bytes: bytes = b""
    gradients: bool = False
    modules: tuple[bool, ...] = ()

    def numbers(self, but: frozenset[str] = frozenset()) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """The arguments that are numbers, as arrays, with their names."""
        for name, value in self.arguments.items():
            array = _array(value)
            whole_by_nature = name in but and (array is None or array.ndim == 0 or array.dtype.kind not in "f")
            if array is not None and not whole_by_nature:
                yield name, array


@dataclasses.dataclass
class Case:
    """All that one example of a property asked."""

    calls: list[Call] = dataclasses.field(default_factory=list)
    alone: set[str] = dataclasses.field(default_factory=set)
    """Corners that are no kind of argument: what was looked at after a call."""


Corner = Callable[[Case], bool]


def _any(found: Callable[[Call], bool]) -> Corner:
    return lambda case: any(map(found, case.calls))


def _one_row(call: Call) -> bool:
    counts = any(call.arguments.get(name) == 1 for name in COUNTS & call.arguments.keys())
    return counts or any(array.ndim > 0 and array.shape[0] == 1 for _, array in call.numbers())


def _all_flags(wanted: bool) -> Corner:
    name = "terminated"

    def corner(case: Case) -> bool:
        flags = [call.arguments[each] for call in case.calls for each in (name, "done") if each in call.arguments]
        batches = [flag for flag in flags if (array := _array(flag)) is not None and array.ndim]
        if batches:
            return any(bool((np.asarray(_array(flag)) != 0).all()) == wanted and _alike(flag) for flag in batches)
        return bool(flags) and all(bool(flag) == wanted for flag in flags)

    return corner


def _alike(flags: Any) -> bool:
    array = _array(flags)
    return array is not None and bool((array == array.flat[0]).all())


def _gaps(call: Call) -> Iterator[float]:
    """By how much the largest number of each row is larger than the second; and what stands for that elsewhere."""
    for name, array in call.numbers():
        if name in RANKED and array.ndim and array.shape[-1] > 1:
            ordered = np.sort(array.astype(float), axis=-1)
            yield from (ordered[..., -1] - ordered[..., -2]).flat
        if name in SHIFTED and array.size > 1:
            yield float(np.ptp(array))
        if name == "observation" and array.shape == (4,) and "model" not in call.arguments:
            yield abs(float(array[2]) + float(array[3]))  # of a pole: whether it leans to neither side
    found = dict(call.numbers())
    for one, other in COMPARED:
        if one in found and other in found and found[one].shape == found[other].shape:
            yield from np.abs(found[one].astype(float) - found[other]).flat
    for model in call.arguments.values():
        if isinstance(model, torch.nn.Module) and (seen := found.get("observation")) is not None:
            with torch.no_grad():
                values = model(torch.as_tensor(seen.astype(np.float32))).sort().values
            yield float(values[-1] - values[-2])


def _scale(call: Call) -> Iterator[np.ndarray[Any, Any]]:
    yield from (np.abs(array.astype(float)) for _, array in call.numbers(INDICES) if array.size)


def _negative(case: Case) -> bool:
    rewards = [call.arguments["reward"] for call in case.calls if not call.bytes]
    tables = (array for call in case.calls for _, array in call.numbers(INDICES) if array.size > 1)
    return any(bool((array.astype(float) < 0).all()) for array in (*tables, np.array(rewards)) if array.size)


def _integers(call: Call) -> bool:
    found = (array for name, array in call.numbers() if name not in INDICES | FLAGS)
    return any(array.dtype.kind in "iu" and array.size > 0 for array in found)


def _float64(call: Call) -> bool:
    arrays = (v for v in call.arguments.values() if isinstance(v, np.ndarray | torch.Tensor | np.floating))
    return any(value.dtype in (np.dtype("float64"), torch.float64) for value in arrays)


def _layout(flag: Literal["C_CONTIGUOUS", "WRITEABLE"]) -> Callable[[Call], bool]:
    return lambda call: any(isinstance(v, np.ndarray) and not v.flags[flag] for v in call.arguments.values())


def _again(case: Case) -> bool:
    asked = Counter(call.bytes for call in case.calls if call.bytes)
    return any(times > 1 for times in asked.values())


CORNERS: dict[str, Corner] = {
    "one row": lambda case: "one row" in case.alone or any(map(_one_row, case.calls)),
    "all terminal": _all_flags(True),
    "none terminal": _all_flags(False),
    "ties": _any(lambda call: 0.0 in _gaps(call)),
    "near ties": _any(lambda call: any(0 < gap < NEAR for gap in _gaps(call))),
    "all negative": _negative,
    "zero": _any(lambda call: any(bool((size == 0).all()) for size in _scale(call))),
    "large": _any(lambda call: any(bool((size >= LARGE).any()) for size in _scale(call))),
    "integers": _any(_integers),
    "float64": _any(_float64),
    "not contiguous": _any(_layout("C_CONTIGUOUS")),
    "read-only": _any(_layout("WRITEABLE")),
    "requires grad": _any(lambda call: call.gradients),
    "eval mode": _any(lambda call: any(call.modules)),
    "asked again": _again,
    "generators alone": lambda case: "generators" in case.alone,
    "grad mode alone": lambda case: "grad mode" in case.alone,
    "inputs alone": lambda case: "inputs" in case.alone,
}
"""By the name of each corner, whether an example visits it."""


def visits(course: Course, lesson: Lesson, place: Place) -> dict[str, dict[str, Counter[str]]]:
    """Run the lesson's properties against its solution; by exercise and corner, in how many examples each visits it.

    Raises:
        CourseError: the solution fails one of them.
    """
    source = course.solution(lesson).read_text(encoding="utf-8")
    texts, names = sources(course, lesson, source), parameters(source)
    watched: list[_Watched] = []

    def watching() -> Session:
        session = open_session(course, lesson, texts, place)
        watched.append(_Watched(session.channel, names))
        session.channel = watched[-1]
        return session

    found: dict[str, dict[str, Counter[str]]] = {e.name: {c: Counter() for c in CORNERS} for e in lesson.exercises}

    def ended(finding: Finding, _count: int) -> None:
        if finding.verdict != "pass":
            why = finding.got or finding.needed
            raise CourseError(
                f"{lesson.name}: the solution fails {finding.name} ({why}); see grader verify {lesson.number}"
            )
        # A property has one session, and they come one after the other.
        for corner, is_visited in CORNERS.items():
            if times := sum(map(is_visited, watched[-1].cases)):
                found[finding.exercise][corner][finding.name] = times

    runner.run(course, lesson, watching, tell=ended)
    return found


def parameters(source: str) -> dict[str, list[str]]:
    """The names of the arguments of all functions and methods of a module, by their names, as ``Class.method``."""
    found: dict[str, list[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    found[f"{node.name}.{part.name}"] = [arg.arg for arg in part.args.args[1:]]
    return found


class _Watched:
    """A channel that writes down, example by example, what goes over it."""

    def __init__(self, channel: Channel, names: Mapping[str, list[str]]) -> None:
        self._channel, self._names = channel, names
        self.cases: list[Case] = []
        self._things: dict[int, Any] = {}
        self._kinds: dict[int, str] = {}
        self._eval: dict[int, bool] = {}
        self._given: set[int] = set()
        self._generators_asked = self._called = False
        self._steps = 0

    def exchange(self, question: Frame, answer_ask: AnswerAsk) -> Frame:
        """Pass the question on, and note it."""

        def noted(ask: Frame) -> Frame:
            answer = answer_ask(ask)
            self._asked_back(_read(ask)[0], _read(answer)[0])
            return answer

        answer = self._channel.exchange(question, noted)
        message, gradients = _read(question)
        self._note(message, _read(answer)[0], question.head + question.body, gradients)
        return answer

    def close(self) -> None:
        """End the student's side."""
        self._channel.close()

    def _note(self, message: list[Any], answer: list[Any], raw: bytes, gradients: bool) -> None:
        verb, *rest = message
        number = answer[1].number if len(answer) > 1 and isinstance(answer[1], _Reference) else 0
        if verb == "begin":
            self.cases.append(Case())
            for memory in (self._things, self._kinds, self._eval, self._given):
                memory.clear()
            self._generators_asked = self._called = False
        elif verb == "put":
            self._things[number] = rest[0]
        elif verb == "call":
            target, method, args, kwargs = rest
            self._call(target, method, args, kwargs, number, raw, gradients)
        elif verb == "value" and rest[0] in self._given:
            self.cases[-1].alone.add("inputs")
        elif verb == "random":
            if self._generators_asked and self._called:
                self.cases[-1].alone.add("generators")
            self._generators_asked = True
        elif verb == "grad_mode" and self._called:
            self.cases[-1].alone.add("grad mode")

    def _call(
        self,
        target: Any,
        method: str | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: int,
        raw: bytes,
        gradients: bool,
    ) -> None:
        name = target if isinstance(target, str) else f"{self._kinds.get(target, '')}.{method or 'forward'}"
        if method in ("eval", "train"):
            self._eval[target] = method == "eval" or args[:1] == (False,)
            self._kinds[made] = self._kinds.get(target, "")
            self._eval[made] = self._eval[target]
            return
        if method == "state_dict" and target in self._given:
            self.cases[-1].alone.add("inputs")
        names = self._names.get(name) or self._names.get(f"{name}.__init__")
        if isinstance(target, str) and made:
            self._kinds[made] = target
        if names is None:
            return
        numbers = [each.number for each in _references((*args, *kwargs.values()))]
        self._given.update(numbers)
        self._called = True
        if any(number < 0 for number in numbers):
            raw = name.encode()  # what is lent anew has another number each time
        arguments = {
            key: self._resolved(value) for key, value in (dict(zip(names, args, strict=False)) | kwargs).items()
        }
        if isinstance(batch := arguments.pop("batch", None), tuple):
            arguments |= zip(TRANSITION, batch, strict=True)
        networks = tuple(self._eval.get(n, False) for n in [*numbers, *([target] if isinstance(target, int) else [])])
        self.cases[-1].calls.append(Call(arguments, raw, gradients, networks))

    def _resolved(self, value: Any) -> Any:
        """Put values that stay on the student's side in the place of their numbers."""
        if isinstance(value, tuple):
            return tuple(map(self._resolved, value))
        return self._things.get(value.number) if isinstance(value, _Reference) else value

    def _asked_back(self, ask: list[Any], answer: list[Any]) -> None:
        """Note a step of an environment, as arguments of its own."""
        if answer[0] != "ok":
            return
        if ask[2] == "reset":
            self._steps = 0
        elif ask[2] == "step":
            self._steps += 1
            observation, reward, terminated, truncated, _ = answer[1]
            arguments = {"states": observation, "reward": reward, "terminated": terminated, "truncated": truncated}
            self.cases[-1].calls.append(Call(arguments))
            if self._steps == 1 and (terminated or truncated):
                self.cases[-1].alone.add("one row")


@dataclasses.dataclass(frozen=True)
class _Reference:
    number: int


def _references(value: Any) -> Iterator[_Reference]:
    if isinstance(value, _Reference):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _references(part)


def _read(frame: Frame) -> tuple[list[Any], bool]:
    """A message, with objects of the student's side by their numbers; and if a tensor in it requires grad."""
    gradients: list[bool] = []

    def tensor(value: Tensor) -> torch.Tensor:
        gradients.append(value.requires_grad)
        return value.data

    def refer(tag: str, rest: list[Any]) -> _Reference:
        return _Reference(int(rest[0]) if tag in ("h", "r") else -1)

    return Decoder(refer, tensor, modules=True).message(frame), any(gradients)


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    """Numbers as an array, whatever holds them; None if it is not made of numbers."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    if isinstance(value, np.ndarray | np.generic | bool | int | float | list):
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" else None
    return None
