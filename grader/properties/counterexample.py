"""Write the questions asked of a student's code as a script to paste, which prints what the report says it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from grader.properties import chance, layout
from grader.properties.code import code
from grader.properties.forms import PRINTS, Form, has_graph, written
from grader.properties.origin import PLACE, Origin, find, place_of
from grader.properties.statement import NOTHING, Statement
from grader.properties.statements import Reader
from grader.report.report import Counterexample
from grader.student.remote import Remote
from grader.student.tensors import is_tensor
from grader.student.transcript import Transcript
from grader.student.wire import Decoder
from grader.testing import Near

_PRINTED_CAP = 12
"""Answers that a script prints; of more than that, the last one alone."""
_LIST_FROM = 3
MOVED = "global random numbers left alone: False"


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
        """The way in which both sides are printed."""
        ...

    @property
    def ends(self) -> bool:
        """Whether the last question was answered, and not by an exception."""
        ...


class _Script(Reader):
    """The statements, of which some print what they give."""

    def __init__(self, transcript: Transcript, module: str, source: str) -> None:
        super().__init__(transcript)
        self.module, self.source = module, source

    def show(self, statement: Statement) -> None:
        """Have the script print what a statement gives."""
        if statement.target:
            statement.before.append(f"{statement.target} = {statement.text}")
            statement.text, statement.target = statement.target, ""
        detach = _detached(statement.value, has_graph(statement.value))
        statement.text, statement.looks = f"print({detach.format(statement.text)})", False

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
                kept = item.text.replace(place_of(item.uses[0]), text)
                kept += ".detach()" if graph and is_tensor(value[0]) else ""
                statement.text = f"{name}.append({kept})"
                statement.target, statement.looks = "", False
            self.statements.insert(end := origin.uses[-1] + 1, Statement([], shown.format(origin.wrap.format(name))))
            return end
        numbers = PLACE.findall(origin.text)
        if len(numbers) == 1 and not self.statements[int(numbers[0])].target:
            statement = self.statements[int(numbers[0])]
            text = origin.text.replace(place_of(int(numbers[0])), statement.text)
            statement.text, statement.looks = shown.format(detach.format(text)), False
            return int(numbers[0])
        text = self.variables(origin.text)
        end = origin.uses[-1] + 1 if origin.uses else len(self.statements)
        self.statements.insert(end, Statement([], shown.format(detach.format(text))))
        return end

    def finish(self, statements: list[Statement], *, watch: bool = False) -> Counterexample:
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
                lines += [*statement.before, layout.caught(statement.text)]
            else:
                lines += statement.lines()
        text = "\n".join(lines)
        modules = {"np": "numpy as np", "torch": "torch", "random": "random"}
        for name in re.findall(r"\b(?:read_only|strided)(?=\(np\.|\(strided\()", text):
            self.imports(f"from grader.testing import {name}")
        head = [f"import {modules[name]}" for name in modules if re.search(rf"(?<![.\w]){name}\.", text)]
        imports = (*head, *([""] if head else []), *_merge(self.imported))
        above = len(imports) + (1 if self.used else 0) + 1
        return Counterexample(imports, self.module, tuple(self.used), layout.laid_out(lines, above))


def _in(value: Any, texts: list[str]) -> bool:
    return isinstance(value, str) and value in texts


def _detached(value: Any, graph: bool) -> str:
    """A form of an expression that takes the graph away before it is printed, if there is one."""
    if is_tensor(value) and graph:
        return "{}.detach()"
    tensors = [is_tensor(part) for part in value] if isinstance(value, tuple | list) else []
    if graph and any(tensors) and not hasattr(value, "_fields"):
        made = "tuple({})" if isinstance(value, tuple) else "[{}]"
        part = "part.detach()" if all(tensors) else "part.detach() if torch.is_tensor(part) else part"
        return made.format(f"{part} for part in {{}}")
    return "{}"


def _merge(imports: list[str]) -> list[str]:
    """``from m import a`` and ``from m import b`` as one line."""
    by_module: dict[str, list[str]] = {}
    for line in imports:
        _, module, _, name = line.split()
        by_module.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in by_module.items()]


def _alone(transcript: Transcript, origin: Origin, statements: int) -> Transcript | None:
    """The last question alone, if it is the one whose answer is printed and needs nothing that came before it."""
    exchanges = transcript.exchanges
    if len(exchanges) < 2 or statements != len(exchanges) or origin.uses != (statements - 1,):
        return None
    if transcript.calls or transcript.lent or exchanges[-1].asks:
        return None
    needed: list[str] = []
    verb, target, *_ = Decoder(lambda tag, rest: needed.append(tag), modules=True).message(exchanges[-1].question)
    if verb != "call" or not isinstance(target, str) or needed:
        return None
    return Transcript(transcript.seed, exchanges[-1:])


def write(
    transcript: Transcript,
    module: str,
    source: str = "",
    failed: Failed | None = None,
    answers_alike: Callable[[Transcript], bool] | None = None,
) -> Written:
    """The transcript as a script that asks the same questions of ``module``.

    A law may ask for one thing in many ways before an answer is wrong. Nobody who pastes the script wants to read those
    that were right, so they are left out where the last question says it all.

    Args:
        transcript: the questions.
        module: the student's module.
        source: its text.
        failed: how the case ended.
        answers_alike: tells if the answers are those of the transcript when its questions alone are asked again.
    """
    writer = _Script(transcript, module, source)
    writer.read()
    ends, compared, form = (failed.ends, failed.compared, failed.form) if failed else (True, None, "str")
    label = failed.label if failed else ""
    left = compared[1] if compared else NOTHING
    statements = writer.statements
    if not ends:
        return Written(writer.finish(statements), "")
    if left is not NOTHING and not isinstance(left, Remote) and not (writer.moved and _in(left, writer.digests)):
        left = left.value if isinstance(left, Near) else left
        row = re.fullmatch(r"row (\d+)", label)
        origin = find(left, [*writer.known, *writer.diaries()], at=int(row[1]) if row else None)
        if origin is not None:
            alone = _alone(transcript, origin, len(statements)) if answers_alike else None
            if answers_alike and alone and answers_alike(alone):
                return write(alone, module, source, failed)
            last = writer.print(origin, form, label, left)
            got = written(left, form)
            return Written(writer.finish(writer.statements[: last + 1]), f"{label}: {got}" if label else got)
    if writer.moved and (left is NOTHING or _in(left, writer.digests)):
        return Written(writer.finish(statements, watch=True), MOVED)
    shown = [statement for statement in statements if statement.shows and not statement.raised]
    if not shown:
        shown = [statement for statement in statements if statement.value is None and not statement.raised][-1:]
    # In a script nothing is echoed, and what is wrong may be in any of the answers. What was handed in, and is only
    # looked at, is none.
    shown = [statement for statement in shown if not statement.looks] or shown
    for statement in shown if len(shown) <= _PRINTED_CAP else shown[-1:]:
        writer.show(statement)
    got = written(shown[-1].value) if shown else ""
    return Written(writer.finish(statements), got)
