"""Write the questions asked of a student's code as a script to paste, which prints what the report says it does."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from grader.properties import chance, layout
from grader.properties.code import code
from grader.properties.forms import PRINTS, Form, has_graph, written
from grader.properties.origin import Known, Origin, answer_of, find
from grader.properties.origin import place_of as _place
from grader.report.report import Counterexample
from grader.student.errors import WireError
from grader.student.remote import Remote, RemoteFunction
from grader.student.transcript import Exchange, Transcript
from grader.student.wire import Decoder, Tensor, module_spec
from grader.testing import Near
from grader.testing.shown import Call

_PRINTED_CAP = 12
"""Answers that a script prints; of more than that, the last one alone."""
_LIST_FROM = 3
_WRITTEN_OUT = 24
"""Numbers of a tensor that are written out even if a function that learners have makes it."""
MOVED = "global random numbers left alone: False"
_KEYS = re.compile(r"_IncompatibleKeys\(|<All keys")
"""What ``load_state_dict`` gives tells nothing."""
_LOOKS = ("get", "value", "len", "gradients", "item")
_WISHES = {np.random.Generator: "rng", torch.Generator: "generator"}
_PLACE = re.compile("\0(\\d+)\0")


class Written(NamedTuple):
    """A script, and what it prints.

    Attributes:
        script: the script.
        got: what is printed; "" if the script prints more than what the report calls the answer.
    """

    script: Counterexample
    got: str


class Failed(Protocol):
    """The way in which a case failed; ``finding.Finding`` tells it."""

    @property
    def compared(self) -> tuple[str, Any, Any] | None:
        """The operator and both sides, if a comparison failed."""
        ...

    @property
    def label(self) -> str:
        """The part of the answer that they are."""
        ...

    @property
    def form(self) -> Form:
        """How both sides are printed."""
        ...

    @property
    def ends(self) -> bool:
        """Whether the last question was answered, and not by an exception."""
        ...


class _Name:
    """A variable name for an object in a decoded question or answer; its repr is the name."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


_NOTHING = object()


@dataclasses.dataclass(slots=True)
class _Statement:
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
    value: Any = _NOTHING
    raised: str = ""
    looks: bool = False
    asks: bool = True
    watches: bool = False

    @property
    def shows(self) -> bool:
        """Whether a reader learns something from its value."""
        return self.value is not _NOTHING and self.value is not None and not _KEYS.match(str(self.value))

    def lines(self) -> list[str]:
        """The statement, with what it needs."""
        own = f"{self.target} = {self.text}" if self.target else "" if self.looks else self.text
        return [*self.before, *([own] if own else [])]


class _Writer:
    """Turn the exchanges of one transcript into statements of Python."""

    def __init__(self, transcript: Transcript, module: str, source: str) -> None:
        self.transcript, self.module, self.source = transcript, module, source
        self.statements: list[_Statement] = []
        self.before: list[str] = []
        self.names: dict[int, str] = {}
        self.lent: dict[int, str] = {}
        self.results: dict[int, tuple[str, list[str]]] = {}
        self.leaves: list[str] = []
        self.known: list[Known] = []
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        self.imported: list[str] = []
        self.used: list[str] = []
        self.digests: list[str] = []
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
                self.add(f"list({self.names.get(rest[0], '...')})", items)
            else:
                self.step(verb, rest, answer, made, last=at == len(exchanges) - 1)
        for call in plain:
            self.add(self.call(call), call.result, looks=True)

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
            return self.random(str(answer[1]))
        if verb == "next" and answer[0] == "ok" and not answer[1][0]:
            return
        if verb == "backward":
            return self.backward(rest, answer)
        text = self.expression(verb, rest)
        if not text:
            return
        value = (answer[1][1] if verb == "next" else answer[1]) if answer[0] == "ok" else _NOTHING
        if answer[0] == "raised" and not last:
            self.statements.append(_Statement(self.before, text, raised=str(answer[1])))
            self.before = []
        elif len(made) == 1 and isinstance(value, _Name):
            number, kind = made[0]
            if verb == "put" and text.isidentifier() and text not in self.names.values():
                self.names[number] = text
                self.statements.append(_Statement(self.before, "", asks=False))
                self.before = []
                return
            wish = {"put": _WISHES.get(type(rest[0]), "value"), "iterate": "items"}.get(verb, kind)
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
        """What such a function was given."""
        if isinstance(value, Remote):
            return self.names.get(value._number, "...")
        if isinstance(value, RemoteFunction):
            self.used += [] if value.__name__ in self.used else [value.__name__]
            return value.__name__
        if number := next((n for n, lent in self.transcript.lent.items() if lent is value), 0):
            return self.lend(number)
        if type(value) in (list, tuple) and any(isinstance(part, Remote | RemoteFunction) for part in value):
            return code(type(value)(_Name(self.given(part)) for part in value))
        if isinstance(value, torch.Tensor | dict):
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
                    wish = "network" if isinstance(call.result, torch.nn.Module) else "x"
                    self.made[number] = self.name(wish)
                    self.before.append(f"{self.made[number]} = {text}")
                return self.made[number]
        return ""

    def add(self, text: str, value: Any = _NOTHING, *, target: str = "", looks: bool = False) -> None:
        """Add a statement; what it gives is known from now on."""
        self.statements.append(_Statement(self.before, text, target, value, looks=looks))
        self.before = []
        if value is not _NOTHING:
            number = len(self.statements) - 1
            self.known.append(answer_of(number, value))

    def random(self, digest: str) -> None:
        """Ask if the global random numbers were left alone: the first question makes a note of them."""
        self.digests.append(digest)
        if len(self.digests) == 1:
            watch = _Statement([], "random_state()", self.name("before"))
        else:
            watch = _Statement([], 'print("global random numbers left alone:", random_state() == before)')
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
            plain = isinstance(gradient, torch.Tensor) and gradient.dim() == 0 and float(gradient) == 1.0
            self.add(f"{output}.backward({'' if plain else code(gradient)})")
        else:
            outputs, gradients = ", ".join(output for output, _ in wanted), code([gradient for _, gradient in wanted])
            self.add(f"torch.autograd.backward([{outputs}], {gradients})")
        at = len(self.statements) - 1
        if answer[0] == "ok" and isinstance(answer[1], list):
            for leaf, found in zip(leaves, answer[1], strict=False):
                self.known.append(Known(f"{leaf}.grad", (), found, at))

    def variable(self, number: int) -> str:
        """The variable for the value of a statement."""
        statement = self.statements[number]
        if not statement.target:
            statement.target = self.name("result" if has_graph(statement.value) else "answer")
        return statement.target

    def variables(self, text: str) -> str:
        """An expression, with variables for the statements that it needs."""
        return _PLACE.sub(lambda found: self.variable(int(found[1])), text)

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
        if isinstance(value, torch.nn.Module):
            if name := self.recipe(lambda made: _same_network(made, value)):
                return name
            name = self.name("network")
            self.before.append(f"{name} = {code(value)}")
            if state := value.state_dict():
                self.before.append(f"{name}.load_state_dict({code(dict(state))})")
            return name
        if isinstance(value, dict) and value and all(isinstance(item, torch.Tensor) for item in value.values()):
            found = next((each for each in reversed(self.known) if _same_tensors(each.value, value)), None)
            if found is not None:
                return self.variables(found.text)
        if isinstance(value, torch.Tensor) and value.numel() > _WRITTEN_OUT:
            made = self.recipe(lambda made: isinstance(made, torch.Tensor) and torch.equal(made, value))
            if made:
                return made
        return code(value)

    def show(self, statement: _Statement) -> None:
        """Have the script print what a statement gives."""
        if statement.target:
            statement.before.append(f"{statement.target} = {statement.text}")
            statement.text, statement.target = statement.target, ""
        detach = _detached(statement.value, has_graph(statement.value))
        statement.text, statement.looks = f"print({detach.format(statement.text)})", False

    def diaries(self) -> list[Known]:
        """What objects that were lent have written down about what was done to them."""
        found = []
        for number, name in self.lent.items():
            lent = self.transcript.lent.get(number)
            for key, value in vars(lent).items() if hasattr(lent, "__dict__") else ():
                if not key.startswith("_") and isinstance(value, bool | int | list):
                    found.append(Known(f"{name}.{key}", (), value, len(self.statements) - 1))
        return found

    def print(self, origin: Origin, form: Form, label: str, value: Any) -> int:
        """Have the script print the value that is found there; the number of the last statement that it takes."""
        shown = f"print({code(f'{label}:')}, {PRINTS[form]})" if label else f"print({PRINTS[form]})"
        # The value that was compared may have lost the graph that the script's own still has.
        graph = has_graph(value) or any(has_graph(self.statements[number].value) for number in origin.uses)
        detach = _detached(value, graph)
        if len(origin.items) > _LIST_FROM and all(len(item.uses) == 1 for item in origin.items):
            name = self.name("got")
            self.statements[origin.uses[0]].before.insert(0, f"{name} = []")
            for item in origin.items:
                statement = self.statements[item.uses[0]]
                if statement.target:
                    statement.before.append(f"{statement.target} = {statement.text}")
                    text = statement.target
                else:
                    text = statement.text
                kept = f"{item.text.replace(_place(item.uses[0]), text)}{'.detach()' if graph and isinstance(value[0], torch.Tensor) else ''}"
                statement.text = f"{name}.append({kept})"
                statement.target, statement.looks = "", False
            self.statements.insert(end := origin.uses[-1] + 1, _Statement([], shown.format(origin.wrap.format(name))))
            return end
        numbers = _PLACE.findall(origin.text)
        if len(numbers) == 1 and not self.statements[int(numbers[0])].target:
            statement = self.statements[int(numbers[0])]
            text = origin.text.replace(_place(int(numbers[0])), statement.text)
            statement.text, statement.looks = shown.format(detach.format(text)), False
            return int(numbers[0])
        text = self.variables(origin.text)
        end = origin.uses[-1] + 1 if origin.uses else len(self.statements)
        self.statements.insert(end, _Statement([], shown.format(detach.format(text))))
        return end

    def finish(self, statements: list[_Statement], *, watch: bool = False) -> Counterexample:
        """The script, with or without a watch on the global random numbers."""
        if watch:
            self.imports("from grader.testing.chance import random_state")
        else:
            statements = [statement for statement in statements if not statement.watches]
        lines: list[str] = []
        seeds = chance.seeds(self.transcript.seed, self.source, self.used)
        for statement in statements:
            if statement.asks and seeds:
                # After what is made before it: to make a network draws random numbers.
                statement.before += seeds
                seeds = []
            if statement.raised:
                lines += [
                    *statement.before,
                    f"try:\n    {statement.text}\nexcept Exception as error:\n    print(repr(error))",
                ]
            else:
                lines += statement.lines()
        text = "\n".join(lines)
        modules = {"np": "numpy as np", "torch": "torch", "random": "random"}
        head = [f"import {modules[name]}" for name in modules if re.search(rf"(?<![.\w]){name}\.", text)]
        imports = (*head, *([""] if head else []), *_merge(self.imported))
        above = len(imports) + (1 if self.used else 0) + 1
        return Counterexample(imports, self.module, tuple(self.used), layout.laid_out(lines, above))


def _in(value: Any, texts: list[str]) -> bool:
    return isinstance(value, str) and value in texts


def _anything(tag: str, rest: list[Any]) -> _Name:
    return _Name(tag)


def _only_looks(question: list[Any]) -> bool:
    """Whether a question changes nothing, and runs no code of the student's."""
    return question[0] in _LOOKS or (question[0] == "call" and question[2] == "state_dict")


def _is_made(value: Any) -> bool:
    """Whether a value is written down only where it is needed: it is no answer, but something to ask with."""
    return isinstance(value, torch.nn.Module) or (isinstance(value, torch.Tensor) and not value.requires_grad)


def _same_tensors(one: Any, other: dict[Any, Any]) -> bool:
    """Whether both are dicts of the same tensors."""
    return (
        isinstance(one, dict)
        and list(one) == list(other)
        and all(isinstance(item, torch.Tensor) for item in one.values())
        and all(map(torch.equal, one.values(), other.values()))
    )


def _same_network(one: Any, other: torch.nn.Module) -> bool:
    """Whether both are one network, or copies of it."""
    if not isinstance(one, torch.nn.Module) or module_spec(one) != module_spec(other):
        return False
    ours, theirs = one.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(map(torch.equal, ours.values(), theirs.values()))


def _outputs(value: Any, path: str = "") -> list[str]:
    """The places in an answer of the tensors that have a graph, in the order in which they are sent."""
    if isinstance(value, torch.Tensor):
        return [path] if value.requires_grad else []
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _outputs(item, f"{path}[{key!r}]")]
    if isinstance(value, list | tuple):
        return [found for i, item in enumerate(value) for found in _outputs(item, f"{path}[{i}]")]
    return []


def _detached(value: Any, graph: bool) -> str:
    """What takes the graph away from a value before it is printed, if it has one."""
    if isinstance(value, torch.Tensor) and graph:
        return "{}.detach()"
    if isinstance(value, tuple | list) and graph and value and all(isinstance(p, torch.Tensor) for p in value):
        made = "tuple({})" if isinstance(value, tuple) else "[{}]"
        return made.format("part.detach() for part in {}")
    return "{}"


def _kind(lent: Any) -> str:
    """A short name for a lent object: ``env``, or the last word of its class's name (``ScriptedPolicy``)."""
    return "env" if hasattr(lent, "step") else re.sub(r".*(?=[A-Z])", "", type(lent).__name__)


def _merge(imports: list[str]) -> list[str]:
    """``from m import a`` and ``from m import b`` as one line."""
    by_module: dict[str, list[str]] = {}
    for line in imports:
        _, module, _, name = line.split()
        by_module.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in by_module.items()]


def write(transcript: Transcript, module: str, source: str = "", failed: Failed | None = None) -> Written:
    """The transcript as a script that asks the same questions of ``module``.

    Args:
        transcript: the questions.
        module: the student's module.
        source: its text.
        failed: how the case ended.
    """
    writer = _Writer(transcript, module, source)
    writer.read()
    ends, compared, form = (failed.ends, failed.compared, failed.form) if failed else (True, None, "str")
    label = failed.label if failed else ""
    left = compared[1] if compared else _NOTHING
    statements = writer.statements
    if not ends:
        return Written(writer.finish(statements), "")
    if left is not _NOTHING and not isinstance(left, Remote) and not (writer.moved and _in(left, writer.digests)):
        left = left.value if isinstance(left, Near) else left
        origin = find(left, [*writer.known, *writer.diaries()])
        if origin is not None:
            last = writer.print(origin, form, label, left)
            got = written(left, form)
            return Written(writer.finish(writer.statements[: last + 1]), f"{label}: {got}" if label else got)
    if writer.moved and (left is _NOTHING or _in(left, writer.digests)):
        return Written(writer.finish(statements, watch=True), MOVED)
    shown = [statement for statement in statements if statement.shows and not statement.raised]
    if not shown:
        shown = [statement for statement in statements if statement.value is None and not statement.raised][-1:]
    # In a script nothing is echoed, and what is wrong may be in any of the answers.
    for statement in shown if len(shown) <= _PRINTED_CAP else shown[-1:]:
        writer.show(statement)
    got = written(shown[-1].value) if shown else ""
    return Written(writer.finish(statements), got)
