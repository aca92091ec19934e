"""Write the questions asked of a student's code as Python to paste and run."""

from __future__ import annotations

import io
import keyword
import math
import re
import tokenize
from typing import Any

import numpy as np

from grader.printable import count
from grader.report.report import Counterexample
from grader.student.errors import WireError, shortened
from grader.student.tensors import is_loaded, is_tensor, torch
from grader.student.transcript import Transcript
from grader.student.wire import Decoder, Tensor, module_spec
from grader.testing import strided

_LINES_CAP = 40
_COLUMNS = 100
_PRINTED_CAP = 12
"""Answers that a script prints; of more than that, the last one alone."""
_LOOP_FROM = 4
_LONGEST_PERIOD = 4
_NUMBERS_CAP = 1000
_PARTS_CAP = 20_000
"""Of one value, what it is made of: its numbers, the rows of its arrays, its characters by the ten."""
_LINE_CAP, _CODE_CAP = 40_000, 200_000


class _Name:
    """A variable name for an object in a decoded question or answer; its repr is the name."""

    def __init__(self, text: str, fresh: str = "") -> None:
        self.text, self.fresh = text, fresh

    def __repr__(self) -> str:
        return self.text


class _Writer:
    """Turn the exchanges of one transcript into lines of Python."""

    def __init__(self, transcript: Transcript, module: str) -> None:
        self.transcript, self.module = transcript, module
        self.lines: list[str] = []
        self.names: dict[int, str] = {}
        self.lent: dict[int, str] = {}
        self.results: dict[int, str] = {}
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        self.imported: list[str] = []
        self.used: list[str] = []
        self.shown: list[int] = []

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
            number = rest[0]
            if number not in self.lent:
                lent = self.transcript.lent.get(number)
                code = repr(lent)
                if code.startswith("<"):
                    code = getattr(lent, "__name__", type(lent).__name__)
                    self.lent[number] = code
                else:
                    self.lent[number] = self.name(_kind(lent))
                    self.lines.append(f"{self.lent[number]} = {code}")
                    kind = type(lent)
                    if kind.__module__.startswith("grader.testing"):
                        line = f"from {kind.__module__} import {kind.__name__}"
                        if line not in self.imported:
                            self.imported.append(line)
            return _Name(self.lent[number])
        raise WireError(tag)

    def tensor(self, tensor: Tensor) -> Any:
        if not tensor.requires_grad:
            return tensor.data
        name = self.name("x")
        self.lines.append(f"{name} = {code(tensor.data)[:-1]}, requires_grad=True)")
        return _Name(name)

    def write(self) -> Counterexample:
        for exchange in self.transcript.exchanges:
            verb, *rest = Decoder(self.incoming, self.tensor, modules=True).message(exchange.question)
            graph: list[int] = []

            def flag(tensor: Tensor, seen: list[int] = graph) -> Any:
                if tensor.requires_grad:
                    seen.append(1)
                return tensor.data

            made: list[tuple[int, str]] = []

            def outgoing(tag: str, parts: list[Any], made: list[tuple[int, str]] = made) -> Any:
                if tag == "r":
                    made.append((parts[0], str(parts[1])))
                    return _Name("...")
                return _Name(self.lent.get(parts[0], "...") if tag == "c" else self.names.get(parts[0], "..."))

            try:
                answer = Decoder(outgoing, flag).message(exchange.answer)
            except WireError:
                answer = ["none"]
            self.step(verb, rest, answer, made, bool(graph))
        # In a script nothing is echoed, and what is wrong may be in any of the answers.
        for at in self.shown if len(self.shown) <= _PRINTED_CAP else self.shown[-1:]:
            self.lines[at] = f"print({self.lines[at]})"
        return self.finish()

    def step(self, verb: str, rest: list[Any], answer: list[Any], made: list[tuple[int, str]], graph: bool) -> None:
        expression = self.expression(verb, rest)
        if verb == "get" and made and made[0][0] == 0:
            return
        if verb == "backward":
            gradient = rest[1][0] if rest[1] else None
            plain = is_tensor(gradient) and gradient.dim() == 0 and float(gradient) == 1.0
            self.add(f"{self.results.get(rest[0], 'result')}.backward({'' if plain else code(gradient)})")
            return
        if not expression:
            return
        if len(made) == 1 and answer[0] == "ok":
            number, kind = made[0]
            wish = {"put": "value", "iterate": "items"}.get(verb, kind)
            self.names[number] = self.name(wish)
            self.add(f"{self.names[number]} = {expression}")
        elif graph and answer[0] == "ok":
            self.results[answer[3]] = self.name("result")
            self.add(f"{self.results[answer[3]]} = {expression}")
            self.add(self.results[answer[3]], show=True)
        else:
            self.add(expression, show=answer[0] == "ok" and answer[1] is not None)

    def expression(self, verb: str, rest: list[Any]) -> str:
        if verb == "call":
            target, method, args, kwargs = rest
            function = target if isinstance(target, str) else self.names.get(target, "...")
            if isinstance(target, str) and (name := target.partition(".")[0]) not in self.used:
                self.used.append(name)
            function = f"{function}.{method}" if method else function
            return f"{function}({', '.join([*map(code, args), *(f'{k}={code(v)}' for k, v in kwargs.items())])})"
        if verb == "put":
            return code(rest[0])
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

    def add(self, line: str, *, show: bool = False) -> None:
        if show:
            self.shown.append(len(self.lines))
        self.lines.append(line)

    def finish(self) -> Counterexample:
        lines = [part for line in _as_loops(self.lines) for part in _wrapped(line)]
        if len(lines) > _LINES_CAP:
            left_out = count(len(lines) - _LINES_CAP, "more line")
            half = _LINES_CAP // 2
            lines = [*lines[:half], f"# ... {left_out} ...", *lines[-half:]]
        most = _LINE_CAP if sum(map(len, lines)) <= _CODE_CAP else _CODE_CAP // _LINES_CAP
        lines = [shortened(line, most) for line in lines]
        text = "\n".join(lines)
        head = [f"import {name}" for name in ("numpy as np", "torch") if re.search(rf"\b{name.split()[-1]}\.", text)]
        for name in re.findall(r"\b(?:read_only|strided)(?=\(np\.|\(strided\()", text):
            line = f"from grader.testing import {name}"
            self.imported += [line] if line not in self.imported else []
        imports = (*head, *([""] if head else []), *_merge(self.imported))
        return Counterexample(imports, self.module, tuple(self.used), text)


def _wrapped(line: str) -> list[str]:
    """A statement in lines that fit, if it has commas in brackets where it can be broken."""
    if len(line) <= _COLUMNS or len(line) > _LINE_CAP:
        return [line]
    depth = 0
    commas: list[tuple[int, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(line.lstrip()).readline):
            if token.type == tokenize.OP and token.start[0] == 1:
                depth += (token.string in "([{") - (token.string in ")]}")
                commas += [(token.end[1], depth)] if token.string == "," and depth else []
    except (tokenize.TokenError, SyntaxError):
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    text, start = line.lstrip(), 0
    lines: list[str] = []
    while len(indent) + 4 + len(text) - start > _COLUMNS and (left := [c for c in commas if c[0] > start]):
        room = _COLUMNS - len(indent) - 5
        # Between rows rather than within one, unless that leaves half of the line empty.
        fits = [comma for comma in left if comma[0] - start <= room] or left[:1]
        wide = [comma for comma in fits if comma[0] - start > room // 2] or fits[-1:]
        end = min(wide, key=lambda comma: (comma[1], -comma[0]))[0]
        lines.append(text[start:end])
        start = end + 1
    lines.append(text[start:])
    return [f"{indent}{'    ' if i else ''}{part}" for i, part in enumerate(lines)]


def _as_loops(lines: list[str]) -> list[str]:
    """The same statements, with repetitions of one line or of a few lines written as loops.

    In an interactive session a loop echoes what its lines echo, so what is pasted shows the same.
    """
    short: list[str] = []
    at = 0
    while at < len(lines):
        runs = [(period, _repetitions(lines, at, period)) for period in range(1, _LONGEST_PERIOD + 1)]
        period, times = max(runs, key=lambda run: (run[1] >= _LOOP_FROM, (run[1] - 1) * run[0]))  # saves most lines
        block = lines[at : at + period]
        # A line may be several: the inner ones, which may be part of a text, must not be indented.
        if times < _LOOP_FROM or any("\n" in line for line in block):
            short.append(lines[at])
            at += 1
        else:
            short += [f"for _ in range({times}):", *(f"    {line}" for line in block)]
            at += period * times
    return short


def _repetitions(lines: list[str], at: int, period: int) -> int:
    """The number of times that the ``period`` lines starting at ``at`` occur in a row."""
    block = lines[at : at + period]
    times = 1
    while lines[at + times * period : at + (times + 1) * period] == block:
        times += 1
    return times if len(block) == period else 0


def _kind(lent: Any) -> str:
    """A short name for a lent object: ``env``, or the last word of its class's name (``ScriptedPolicy``)."""
    return "env" if hasattr(lent, "step") else re.sub(r".*(?=[A-Z])", "", type(lent).__name__)


def _merge(imports: list[str]) -> list[str]:
    """``from m import a`` and ``from m import b`` as one line."""
    by_module: dict[str, list[str]] = {}
    for line in imports:
        _, module, _, name = line.split()
        by_module.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(names)}" for module, names in by_module.items()]


def write(transcript: Transcript, module: str) -> Counterexample:
    """The transcript as a script that asks the same questions of ``module``."""
    return _Writer(transcript, module).write()


def code(value: Any) -> str:
    """A value as a Python expression, as short as it can be without changing what it is.

    What nobody would read, because there are too many numbers in it, is only described.
    """
    if isinstance(value, list | tuple | dict | set | str | bytes) and _parts(value, _PARTS_CAP) > _PARTS_CAP:
        noun = "character" if isinstance(value, str) else "byte" if isinstance(value, bytes) else "item"
        return f"<{type(value).__name__} of {count(len(value), noun)}>"
    return _code(value)


def _parts(value: Any, most: int) -> int:
    """Count the parts of a value until there is more than ``most``; nothing is turned into text for it."""
    if isinstance(value, str | bytes):
        return 1 + len(value) // 10
    if isinstance(value, np.ndarray) or is_tensor(value):
        # Rows without numbers are as long to print as others; what has too many is described in one word.
        rows = math.prod(max(n, 1) for n in value.shape)
        return 1 + (rows if rows <= _NUMBERS_CAP else 0)
    parts = 1
    if isinstance(value, list | tuple | dict | set) and len(value) <= _NUMBERS_CAP:
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            parts += _parts(item, most - parts)
            if parts > most:
                break
    return parts


def _code(value: Any) -> str:
    if (isinstance(value, np.ndarray) or is_tensor(value)) and math.prod(max(n, 1) for n in value.shape) > _NUMBERS_CAP:
        return f"<{type(value).__name__.lower()} of shape {tuple(value.shape)}, {value.dtype}>"
    if isinstance(value, list | tuple | dict | set) and len(value) > _NUMBERS_CAP:
        return f"<{type(value).__name__} of {len(value)} items>"
    if is_tensor(value):
        dtype = "" if value.dtype in (torch.float32, torch.int64, torch.bool) else f", dtype={value.dtype}"
        if value.numel() == 0 and value.dtype is torch.int64:
            dtype = f", dtype={value.dtype}"
        return f"torch.tensor({_numbers(value.tolist(), value.dtype is torch.float32)}{dtype})"
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return f"read_only({_code(value.copy() if value.flags.c_contiguous else strided(value))})"
    if isinstance(value, np.ndarray) and not value.flags.c_contiguous:
        return f"strided({_code(np.ascontiguousarray(value))})"
    if isinstance(value, np.ndarray):
        default = np.asarray(value.tolist()).dtype == value.dtype
        dtype = "" if default and value.size else f", dtype=np.{value.dtype}"
        if value.size > 8 and value.size and (value == value.flat[0]).all():
            return f"np.full({value.shape}, {_numbers(value.flat[0].item())}{dtype})"
        return f"np.array({_numbers(value.tolist(), value.dtype == np.float32)}{dtype})"
    if isinstance(value, np.generic):
        return f"np.{value.dtype}({_numbers(value.item())})"
    if isinstance(value, np.random.Generator):
        return "np.random.default_rng(0)"
    if is_loaded() and isinstance(value, torch.Generator):
        return "torch.Generator()"
    if is_loaded() and isinstance(value, torch.nn.Module):
        return _network(value)
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            pairs = ", ".join(f"{field}={_code(item)}" for field, item in zip(value._fields, value, strict=True))
            return f"{type(value).__name__}({pairs})"
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_code(key)}: {_code(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return _numbers(value)
    return repr(value)


def _numbers(value: Any, single: bool = False) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_numbers(item, single) for item in value)}]"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        # The shortest text that gives the same float32 back, not its expansion to float64.
        return repr(float(str(np.float32(value)))) if single else repr(value)
    return repr(value)


def _network(module: torch.nn.Module) -> str:
    def layers(spec: list[Any]) -> str:
        if spec[0] == "Sequential":
            return f"torch.nn.Sequential({', '.join(map(layers, spec[1]))})"
        return f"torch.nn.{spec[0]}({', '.join(map(repr, spec[1:3]))})"

    return layers(module_spec(module) or ["Identity"])
