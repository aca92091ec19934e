"""Read the exchanges of a transcript as statements of Python."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.properties.code import code
from grader.properties.forms import has_graph
from grader.properties.origin import PLACE, Known, answer_of
from grader.student.errors import WireError
from grader.student.remote import Remote, RemoteFunction
from grader.student.tensors import is_loaded, is_tensor, torch
from grader.student.transcript import Exchange, Transcript
from grader.student.wire import Decoder, Tensor, module_spec
from grader.testing.shown import Call

_WRITTEN_OUT = 24
"""Numbers of a tensor that are written out even if a function that learners have makes it."""
_KEYS = re.compile(r"_IncompatibleKeys\(|<All keys")
"""What ``load_state_dict`` gives tells nothing."""
_LOOKS = ("get", "value", "len", "gradients", "item")


def _wish(value: Any) -> str:
    """The name that a value would like to have."""
    if isinstance(value, np.random.Generator):
        return "rng"
    return "generator" if is_loaded() and isinstance(value, torch.Generator) else "value"


class _Name:
    """A variable name for an object in a decoded question or answer; its repr is the name."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


NOTHING = object()


@dataclasses.dataclass(slots=True)
class Statement:
    """A question as a line of Python.

    Attributes:
        before: lines that make what it needs.
        text: the expression, or the statement.
        target: the variables that its value is assigned to, "" if there are none.
        value: its value, if it has a plain one.
        raised: the kind of exception that it ends in.
        looks: whether it only looks at something, so that it can be left out where nobody needs its value.
        asks: whether it runs the student's code.
        watches: whether it watches the global random numbers, so that it is of use only where these have moved.
    """

    before: list[str]
    text: str
    target: str = ""
    value: Any = NOTHING
    raised: str = ""
    looks: bool = False
    asks: bool = True
    watches: bool = False

    @property
    def shows(self) -> bool:
        """Whether a reader learns something from its value."""
        return self.value is not NOTHING and self.value is not None and not _KEYS.match(str(self.value))

    def lines(self) -> list[str]:
        """The statement, with what it needs."""
        own = f"{self.target} = {self.text}" if self.target else "" if self.looks else self.text
        return [*self.before, *([own] if own else [])]


class Reader:
    """Turns the exchanges of one transcript into statements.

    Args:
        transcript: the exchanges.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.statements: list[Statement] = []
        self.before: list[str] = []
        self.names: dict[int, str] = {}
        self.lent: dict[int, str] = {}
        self.results: dict[int, tuple[str, list[str]]] = {}
        self.leaves: list[str] = []
        self.inputs: dict[str, torch.Tensor] = {}
        self.known: list[Known] = []
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        self.imported: list[str] = []
        self.used: list[str] = []
        self.digests: list[str] = []
        self.last_uses = self.uses()
        self.made: dict[int, str] = {}
        """The variables of what the test itself has made, by the number of the call that made it."""
        self.recipes = [call for call in transcript.calls if call.start == call.end]

    def name(self, wish: str) -> str:
        base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wish).lower()
        base = base if base.isidentifier() and not keyword.iskeyword(base) else "value"
        count = self.counts.get(base, 0) + 1
        while (name := base if count == 1 else f"{base}{count}") in self.taken:
            count += 1
        self.counts[base] = count
        self.taken.add(name)
        return name

    def incoming(self, tag: str, rest: list[Any]) -> Any:
        """Decode a reference inside a question."""
        if tag == "h":
            return _Name(self.names.get(rest[0], "..."))
        if tag == "c":
            return _Name(self.lend(rest[0]))
        raise WireError(tag)

    def lend(self, number: int) -> str:
        """The variable for an object that the test has lent; it is made where it is lent first."""
        if number not in self.lent:
            lent = self.transcript.lent.get(number)
            text = repr(lent)
            if text.startswith("<"):
                self.lent[number] = getattr(lent, "__name__", type(lent).__name__)
            else:
                self.lent[number] = self.name(_kind(lent))
                self.before.append(f"{self.lent[number]} = {text}")
                kind = type(lent)
                if kind.__module__.startswith("grader.testing"):
                    self.imports(f"from {kind.__module__} import {kind.__name__}")
        return self.lent[number]

    def imports(self, line: str) -> None:
        if line not in self.imported:
            self.imported.append(line)

    def tensor(self, tensor: Tensor) -> Any:
        if not tensor.requires_grad:
            return tensor.data
        name = self.name("x")
        self.leaves.append(name)
        self.inputs[name] = tensor.data
        self.before.append(f"{name} = {code(tensor.data)[:-1]}, requires_grad=True)")
        return _Name(name)

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
                return _Name("...")
            return _Name(self.lent.get(parts[0], "...") if tag == "c" else self.names.get(parts[0], "..."))

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
        elif len(made) == 1 and isinstance(value, _Name):
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

    def object(self, remote: Remote) -> str:
        """A variable for an object that a call gives."""
        return self.names.setdefault(remote._number, self.name(remote._type))

    def call(self, call: Call) -> str:
        """A call of a function that learners have too."""
        function = call.function
        self.imports(f"from {function.__module__} import {function.__name__}")
        keys = (f"{key}={self.given(value)}" for key, value in call.kwargs.items())
        return f"{function.__name__}({', '.join([*map(self.given, call.args), *keys])})"

    def given(self, value: Any) -> str:
        """An argument of such a function."""
        if isinstance(value, Remote):
            return self.names.get(value._number, "...")
        if isinstance(value, RemoteFunction):
            self.used += [] if value.__name__ in self.used else [value.__name__]
            return value.__name__
        if number := next((n for n, lent in self.transcript.lent.items() if lent is value), 0):
            return self.lend(number)
        if type(value) in (list, tuple) and any(isinstance(part, Remote | RemoteFunction) for part in value):
            return code(type(value)(_Name(self.given(part)) for part in value))
        if isinstance(value, dict) or is_tensor(value):
            for each in reversed(self.known):
                if each.value is value:
                    return self.variables(each.text)
                if isinstance(each.value, tuple) and any(part is value for part in each.value):
                    at = next(i for i, part in enumerate(each.value) if part is value)
                    return f"{self.variables(each.text)}[{at}]"
        return self.recipe(lambda made: made is value) or self.argument(value)

    def recipe(self, is_it: Callable[[Any], bool]) -> str:
        """The variable of what the test has made by a function that learners have; "" if it was made otherwise."""
        for number, call in enumerate(self.recipes):
            if is_it(call.result):
                if number not in self.made:
                    text = self.call(call)
                    wish = "network" if _is_network(call.result) else "x"
                    self.made[number] = self.name(wish)
                    self.before.append(f"{self.made[number]} = {text}")
                return self.made[number]
        return ""

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

    def variable(self, number: int) -> str:
        """The variable for the value of a statement."""
        statement = self.statements[number]
        if not statement.target:
            statement.target = self.name("result" if has_graph(statement.value) else "answer")
        return statement.target

    def variables(self, text: str) -> str:
        """An expression, with variables for the statements that it needs."""
        return PLACE.sub(lambda found: self.variable(int(found[1])), text)

    def expression(self, verb: str, rest: list[Any]) -> str:
        if verb == "call":
            target, method, args, kwargs = rest
            function = target if isinstance(target, str) else self.names.get(target, "...")
            if isinstance(target, str) and (name := target.partition(".")[0]) not in self.used:
                self.used.append(name)
            function = f"{function}.{method}" if method else function
            given = [*map(self.argument, args), *(f"{key}={self.argument(value)}" for key, value in kwargs.items())]
            return f"{function}({', '.join(given)})"
        if verb == "put":
            return self.argument(rest[0])
        thing = self.names.get(rest[0], "...") if rest and isinstance(rest[0], int) else ""
        if verb == "get":
            return f"{thing or rest[0]}.{rest[1]}"
        if verb == "item":
            return f"{thing}[{code(rest[1])}]"
        forms = {
            "value": "{}",
            "len": "len({})",
            "iterate": "iter({})",
            "next": "next({})",
            "gradients": "{{name: p.grad for name, p in {}.named_parameters()}}",
        }
        return forms[verb].format(thing) if verb in forms else ""

    def argument(self, value: Any) -> str:
        """A value inside of a question; a network is made before it."""
        if _is_network(value):
            if name := self.recipe(lambda made: _same_network(made, value)):
                return name
            name = self.name("network")
            self.before.append(f"{name} = {code(value)}")
            if state := value.state_dict():
                self.before.append(f"{name}.load_state_dict({code(dict(state))})")
            return name
        if isinstance(value, dict) and value and all(is_tensor(item) for item in value.values()):
            found = next((each for each in reversed(self.known) if _same_tensors(each.value, value)), None)
            if found is not None:
                return self.variables(found.text)
        if is_tensor(value) and value.numel() > _WRITTEN_OUT:
            made = self.recipe(lambda made: is_tensor(made) and torch.equal(made, value))
            if made:
                return made
        return code(value)

    def diaries(self) -> list[Known]:
        """The notes that objects which were lent have made of what was done to them."""
        found = []
        for number, name in self.lent.items():
            lent = self.transcript.lent.get(number)
            for key, value in vars(lent).items() if hasattr(lent, "__dict__") else ():
                if not key.startswith("_") and isinstance(value, bool | int | list):
                    found.append(Known(f"{name}.{key}", (), value, len(self.statements) - 1))
        return found


def _anything(tag: str, rest: list[Any]) -> _Name:
    return _Name(tag)


def _only_looks(question: list[Any]) -> bool:
    """Whether a question changes nothing, and runs no code of the student's."""
    return question[0] in _LOOKS or (question[0] == "call" and question[2] == "state_dict")


def _is_made(value: Any) -> bool:
    """Whether a value is written down only where it is needed: it is no answer, but something to ask with."""
    return _is_network(value) or (is_tensor(value) and not value.requires_grad)


def _same_tensors(one: Any, other: dict[Any, Any]) -> bool:
    """Whether both are dicts of the same tensors."""
    return (
        isinstance(one, dict)
        and list(one) == list(other)
        and all(is_tensor(item) for item in one.values())
        and all(map(torch.equal, one.values(), other.values()))
    )


def _is_network(value: Any) -> bool:
    return is_loaded() and isinstance(value, torch.nn.Module)


def _same_network(one: Any, other: torch.nn.Module) -> bool:
    """Whether both are one network, or copies of it."""
    if not _is_network(one) or module_spec(one) != module_spec(other):
        return False
    ours, theirs = one.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(map(torch.equal, ours.values(), theirs.values()))


def _outputs(value: Any, path: str = "") -> list[str]:
    """The places in an answer of the tensors that have a graph, in the order in which they are sent."""
    if is_tensor(value):
        return [path] if value.requires_grad else []
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _outputs(item, f"{path}[{key!r}]")]
    if isinstance(value, list | tuple):
        return [found for i, item in enumerate(value) for found in _outputs(item, f"{path}[{i}]")]
    return []


def _kind(lent: Any) -> str:
    """A short name for a lent object: ``env``, or the last word of its class's name (``ScriptedPolicy``)."""
    return "env" if hasattr(lent, "step") else re.sub(r".*(?=[A-Z])", "", type(lent).__name__)
