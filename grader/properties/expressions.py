"""Write what a question is made of as expressions: values, objects by their variables, calls of helpers.

An expression may need lines above it, which make what it names: they come into ``before``, and the next statement takes
them along.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from typing import Any

from grader.properties.code import code
from grader.properties.forms import has_graph
from grader.properties.origin import PLACE, Known
from grader.properties.statement import Name, Statement
from grader.student.errors import WireError
from grader.student.remote import Remote, RemoteFunction
from grader.student.tensors import is_loaded, is_tensor, torch
from grader.student.transcript import Transcript
from grader.student.wire import Tensor, module_spec
from grader.testing.shown import Call

_WRITTEN_OUT = 24
"""Numbers of a tensor that are written out even if a function that learners have makes it."""


class Expressions:
    """The variables of a script, and how all else is written with them.

    Args:
        transcript: the exchanges, with what was lent and made meanwhile.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.statements: list[Statement] = []
        self.before: list[str] = []
        self.names: dict[int, str] = {}
        self.lent: dict[int, str] = {}
        self.leaves: list[str] = []
        self.inputs: dict[str, torch.Tensor] = {}
        self.known: list[Known] = []
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        self.imported: list[str] = []
        self.used: list[str] = []
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
            return Name(self.names.get(rest[0], "..."))
        if tag == "c":
            return Name(self.lend(rest[0]))
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
        return Name(name)

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
            return code(type(value)(Name(self.given(part)) for part in value))
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
                    wish = "network" if is_network(call.result) else "x"
                    self.made[number] = self.name(wish)
                    self.before.append(f"{self.made[number]} = {text}")
                return self.made[number]
        return ""

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
        if is_network(value):
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


def _same_tensors(one: Any, other: dict[Any, Any]) -> bool:
    """Whether both are dicts of the same tensors."""
    return (
        isinstance(one, dict)
        and all(isinstance(key, str) for key in one)
        and list(one) == list(other)
        and all(is_tensor(item) for item in one.values())
        and all(map(torch.equal, one.values(), other.values()))
    )


def is_network(value: Any) -> bool:
    return is_loaded() and isinstance(value, torch.nn.Module)


def _same_network(one: Any, other: torch.nn.Module) -> bool:
    """Whether both are one network, or copies of it."""
    if not is_network(one) or module_spec(one) != module_spec(other):
        return False
    ours, theirs = one.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(map(torch.equal, ours.values(), theirs.values()))


def _kind(lent: Any) -> str:
    """A short name for a lent object: ``env``, or the last word of its class's name (``ScriptedPolicy``)."""
    return "env" if hasattr(lent, "step") else re.sub(r".*(?=[A-Z])", "", type(lent).__name__)
