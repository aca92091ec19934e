"""Read the exchanges of a transcript as statements of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.properties.code import code
from grader.properties.expressions import Expressions, is_network
from grader.properties.forms import has_graph
from grader.properties.origin import Known, answer_of
from grader.properties.statement import NOTHING, Name, Statement
from grader.student.errors import WireError
from grader.student.remote import Remote
from grader.student.tensors import is_loaded, is_tensor, torch
from grader.student.transcript import Exchange, Transcript
from grader.student.wire import Decoder, Tensor
from grader.testing.shown import Call

_LOOKS = ("get", "value", "len", "gradients", "item")


def _wish(value: Any) -> str:
    """The name that a value would like to have."""
    if isinstance(value, np.random.Generator):
        return "rng"
    return "generator" if is_loaded() and isinstance(value, torch.Generator) else "value"


class Reader(Expressions):
    """Turns the exchanges of one transcript into statements.

    Args:
        transcript: the exchanges.
    """

    def __init__(self, transcript: Transcript) -> None:
        super().__init__(transcript)
        self.results: dict[int, tuple[str, list[str]]] = {}
        self.digests: list[str] = []
        self.last_uses = self.uses()

    def read(self) -> None:
        """Turn all exchanges into statements."""
        exchanges = self.transcript.exchanges
        skipped = 0
        spans = {call.start: call for call in self.transcript.calls if call.start < call.end}
        plain = [call for call in self.recipes if not _is_made(call.result)]
        for at, exchange in enumerate(exchanges):
            if skipped:
                skipped -= 1
                continue
            while plain and plain[0].start <= at:
                self.add(self.call(plain[0]), plain.pop(0).result, looks=True)
            if at in spans:
                skipped = spans[at].end - at - 1
                self.span(spans[at])
                continue
            self.leaves = []
            verb, *rest = Decoder(self.incoming, self.tensor, modules=True).message(exchange.question)
            answer, made = self.answer(exchange.answer)
            if verb == "iterate" and (items := self.iteration(at + 1, made)) is not None:
                skipped = len(items) + 1
                self.add(f"list({self.iterated(rest[0], at + skipped)})", items)
            else:
                self.step(verb, rest, answer, made, last=at == len(exchanges) - 1)
        for call in plain:
            self.add(self.call(call), call.result, looks=True)

    def iterated(self, number: int, last: int) -> str:
        """The name of an object that is iterated over; the expression that makes it, if it was made for that alone."""
        name = self.names.get(number, "...")
        made_for_it = self.statements and self.statements[-1].target == name and not self.statements[-1].looks
        if made_for_it and not self.before and self.last_uses.get(number, last) <= last:
            made = self.statements.pop()
            self.before = made.before
            return made.text
        return name

    def uses(self) -> dict[int, int]:
        """The last question in which each object is used."""
        found: dict[int, int] = {}
        for at, exchange in enumerate(self.transcript.exchanges):
            numbers: list[int] = []

            def note(tag: str, rest: list[Any], numbers: list[int] = numbers) -> Any:
                numbers.append(rest[0] if tag == "h" else 0)
                return None

            question = Decoder(note, modules=True).message(exchange.question)
            target = question[1] if len(question) > 1 and type(question[1]) is int else 0
            found.update(dict.fromkeys([*numbers, target], at))
        return found

    def answer(self, frame: Any) -> tuple[list[Any], list[tuple[int, str]]]:
        """Decode an answer, and note which objects it refers to."""
        made: list[tuple[int, str]] = []

        def outgoing(tag: str, parts: list[Any]) -> Any:
            if tag == "r":
                made.append((parts[0], str(parts[1])))
                return Name("...")
            return Name(self.lent.get(parts[0], "...") if tag == "c" else self.names.get(parts[0], "..."))

        def tensor(tensor: Tensor) -> Any:
            return (
                tensor.data.requires_grad_()
                if tensor.requires_grad and tensor.data.is_floating_point()
                else (tensor.data)
            )

        try:
            return Decoder(outgoing, tensor).message(frame), made
        except WireError:
            return ["none"], made

    def iteration(self, at: int, made: list[tuple[int, str]]) -> list[Any] | None:
        """The items of an iteration that nothing comes between; None if it is not one, or of objects."""
        items: list[Any] = []
        for exchange in self.transcript.exchanges[at:]:
            verb, *rest = Decoder(self.incoming, self.tensor, modules=True).message(exchange.question)
            answer, objects = self.answer(exchange.answer)
            if verb != "next" or not made or rest[0] != made[0][0] or answer[0] != "ok" or objects:
                return None
            there, item = answer[1]
            if not there:
                return items
            items.append(item)
        return None

    def step(self, verb: str, rest: list[Any], answer: list[Any], made: list[tuple[int, str]], *, last: bool) -> None:
        """Write one question as a statement."""
        if verb == "get" and made and made[0][0] == 0:
            return
        if verb == "random":
            return self.random(str(answer[1])) if answer[0] == "ok" else None
        if verb == "next" and answer[0] == "ok" and not answer[1][0]:
            return
        if verb == "backward":
            return self.backward(rest, answer)
        text = self.expression(verb, rest)
        if not text:
            return
        value = (answer[1][1] if verb == "next" else answer[1]) if answer[0] == "ok" else NOTHING
        if answer[0] == "raised" and not last:
            self.statements.append(Statement(self.before, text, raised=str(answer[1])))
            self.before = []
        elif len(made) == 1 and isinstance(value, Name):
            number, kind = made[0]
            if verb == "put" and text.isidentifier() and text not in self.names.values():
                self.names[number] = text
                self.statements.append(Statement(self.before, "", asks=False))
                self.before = []
                return
            wish = {"put": _wish(rest[0]), "iterate": "items"}.get(verb, kind)
            self.names[number] = self.name(wish)
            self.add(text, target=self.names[number])
        elif verb == "put":
            self.add(text, looks=True)
        else:
            state = verb == "call" and rest[1] == "state_dict"
            self.add(f"dict({text})" if state else text, value, looks=_only_looks([verb, *rest]))
            if answer[0] == "ok" and has_graph(value):
                self.results[answer[3]] = str(len(self.statements) - 1), self.leaves

    def span(self, call: Call) -> None:
        """Write one call for all that it asked."""
        text, result = self.call(call), call.result
        asked = [Decoder(_anything, modules=True).message(each.question) for each in self.exchanges(call)]
        if isinstance(result, Remote):
            self.add(text, target=self.object(result))
        elif isinstance(result, tuple) and any(isinstance(part, Remote) for part in result):
            names = [
                self.object(part)
                if isinstance(part, Remote)
                else self.name("state" if type(part) is dict else "answer")
                for part in result
            ]
            self.add(text, target=", ".join(names))
            at = len(self.statements) - 1
            for name, part in zip(names, result, strict=True):
                self.known += [] if isinstance(part, Remote) else [Known(name, (), part, at)]
        else:
            self.add(text, result, looks=all(map(_only_looks, asked)))

    def exchanges(self, call: Call) -> Sequence[Exchange]:
        """The questions in the place of which a call stands."""
        return self.transcript.exchanges[call.start : call.end]

    def add(self, text: str, value: Any = NOTHING, *, target: str = "", looks: bool = False) -> None:
        """Add a statement; what it gives is known from now on."""
        self.statements.append(Statement(self.before, text, target, value, looks=looks))
        self.before = []
        if value is not NOTHING:
            number = len(self.statements) - 1
            self.known.append(answer_of(number, value))

    def random(self, digest: str) -> None:
        """Ask if the global random numbers were left alone: the first question makes a note of them."""
        self.digests.append(digest)
        if len(self.digests) == 1:
            watch = Statement([], "random_state()", self.name("before"))
        else:
            watch = Statement([], 'print("global random numbers left alone:", random_state() == before)')
        watch.watches = True  # after the seeds, which are set before anything is asked
        self.statements.append(watch)

    @property
    def moved(self) -> bool:
        """Whether the global random numbers are seen to have moved."""
        return len(set(self.digests)) > 1

    def backward(self, rest: list[Any], answer: list[Any]) -> None:
        """Write a backward pass, after which the gradients of its inputs are known."""
        number, leaves = self.results.get(rest[0], ("", []))
        value = self.statements[int(number)].value if number else None
        name = self.variable(int(number)) if number else "result"
        wanted = [
            (f"{name}{path}", gradient)
            for path, gradient in zip(_outputs(value), rest[1], strict=False)
            if gradient is not None
        ]
        if len(wanted) == 1:
            (output, gradient) = wanted[0]
            plain = is_tensor(gradient) and gradient.dim() == 0 and float(gradient) == 1.0
            self.add(f"{output}.backward({'' if plain else code(gradient)})")
        else:
            outputs, gradients = ", ".join(output for output, _ in wanted), code([gradient for _, gradient in wanted])
            self.add(f"torch.autograd.backward([{outputs}], {gradients})")
        at = len(self.statements) - 1
        if answer[0] == "ok" and isinstance(answer[1], list):
            for leaf, found in zip(leaves, answer[1], strict=False):
                self.known.append(Known(f"{leaf}.grad", (), found, at))
                if found is None:
                    # As a test reads it: no gradient is a gradient of 0.
                    self.known.append(Known(f"torch.zeros_like({leaf})", (), torch.zeros_like(self.inputs[leaf]), at))

    def diaries(self) -> list[Known]:
        """The notes that objects which were lent have made of what was done to them."""
        found = []
        for number, name in self.lent.items():
            lent = self.transcript.lent.get(number)
            for key, value in vars(lent).items() if hasattr(lent, "__dict__") else ():
                if not key.startswith("_") and isinstance(value, bool | int | list):
                    found.append(Known(f"{name}.{key}", (), value, len(self.statements) - 1, is_diary=True))
        return found


def _anything(tag: str, rest: list[Any]) -> Name:
    return Name(tag)


def _only_looks(question: list[Any]) -> bool:
    """Whether a question changes nothing, and runs no code of the student's."""
    return question[0] in _LOOKS or (question[0] == "call" and question[2] == "state_dict")


def _is_made(value: Any) -> bool:
    """Whether a value is written down only where it is needed: it is no answer, but something to ask with."""
    return is_network(value) or (is_tensor(value) and not value.requires_grad)


def _outputs(value: Any, path: str = "") -> list[str]:
    """The places in an answer of the tensors that have a graph, in the order in which they are sent."""
    if is_tensor(value):
        return [path] if value.requires_grad else []
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _outputs(item, f"{path}[{key!r}]")]
    if isinstance(value, list | tuple):
        return [found for i, item in enumerate(value) for found in _outputs(item, f"{path}[{i}]")]
    return []
