"""The student's side: load their code, answer questions about it. No other file of the project imports student code.

A question is a list ``[verb, ...]``; the answer is ``["ok", value, printed, graph]`` or ``["raised", ...]``. Objects
with no plain form stay here under a number, and questions name them by it. While a question is open, the student's
code may use what the grader lent it (an environment, a function); that is an ``["ask", ...]`` going the other way.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import itertools
import linecache
import os
import random
import re
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from grader.student import lent
from grader.student.errors import WireError
from grader.student.tensors import is_grad_enabled, is_loaded, set_grad_enabled, torch
from grader.student.wire import Decoder, Encoder, Frame, Tensor

AskGrader = Callable[[Frame], Frame]
"""Sends an ``ask`` to the grader and waits for what it says."""

_OBJECT_CAP = 200_000


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds the submission's modules in memory, by name.

    ``folder`` is where they say that they lie (``__file__``). Tracebacks call them by their bare names all the same.
    """

    def __init__(self, sources: dict[str, str], folder: str) -> None:
        self.sources, self.folder = sources, folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in self.sources:
            return importlib.machinery.ModuleSpec(fullname, self, origin=f"{fullname}.py")
        return None

    def get_source(self, fullname: str) -> str:
        return self.sources[fullname]

    def exec_module(self, module: types.ModuleType) -> None:
        source, name = self.sources[module.__name__], f"{module.__name__}.py"
        module.__file__ = os.path.join(self.folder, name)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)


_SET_ASIDE: dict[str, types.ModuleType] = {}
"""Modules of this process that have the names of submissions, until these are closed."""


def _loader(module: types.ModuleType | None) -> Any:
    return getattr(getattr(module, "__spec__", None), "loader", None)


class _Printed(io.TextIOBase):
    """The target of ``print``: kept apart from the answers, up to a cap, and passed on if there is a terminal."""

    def __init__(self, cap: int, onward: Any = None) -> None:
        self.cap, self.onward, self.text = cap, onward, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.onward is not None:
            self.onward.write(text)
        room = self.cap - len(self.text)
        if room > 0:
            self.text += text[:room]
        return len(text)

    def take(self) -> str:
        text, self.text = self.text, ""
        return _sendable(text)


class Server:
    """Answers questions about one submission.

    Args:
        ask_grader: carries an ``ask`` to the grader.
        output_chars: how much printed text is kept for one question.
        live: where printed text also goes at once (a learner's terminal), or None.
        folder: where the submission's modules are written to, so that ``__file__`` can be opened; with None they are
            not written, and say that they lie in the current folder.
    """

    def __init__(
        self, ask_grader: AskGrader, output_chars: int, live: Any = None, *, folder: str | None = None
    ) -> None:
        self._folder = folder
        self._ask_grader = ask_grader
        self._printed = _Printed(output_chars, live)
        self._finder = Sources({}, folder or os.getcwd())
        self._module: types.ModuleType | None = None
        self._objects: dict[int, Any] = {}
        self._graphs: dict[int, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
        self._numbers = itertools.count(1)
        self._leaves: list[torch.Tensor] = []
        self._seed = 0
        self._with_torch = False
        self._gradients_on = True
        self._names: dict[str, Any] = {}
        self.exception: BaseException | None = None
        """What the student's code raised last, with its traceback; of use where both sides are one process."""

    def answer(self, question: Frame) -> Frame:
        """Answer one question, whatever the student's code does short of ending the process."""
        self.exception = None
        outputs: list[torch.Tensor] = []
        try:
            verb, *rest = Decoder(self._resolve, self._leaf, modules=True).message(question)
            printed = contextlib.redirect_stdout(self._printed), contextlib.redirect_stderr(self._printed)
            with printed[0], printed[1], set_grad_enabled(True):
                value = getattr(self, f"_do_{verb}")(*rest)
                self._gradients_on = self._gradients_on and is_grad_enabled()
            graph = next(self._numbers)
            frame = self._encoder(outputs).frame(["ok", value, self._printed.take(), graph])
            if outputs:
                self._graphs[graph] = (outputs, self._leaves)
            return frame
        except BaseException as error:
            # SystemExit and KeyboardInterrupt too: raised by the student's code they are an answer like any other.
            self.exception = error
            return _raised(error, self._printed.take(), self._module)
        finally:
            self._leaves = []

    # What can be asked. ``target`` is a name in the student's module, or the number of an object.

    def _do_load(self, sources: dict[str, str], main: str) -> None:
        self.unload()
        self._finder.sources = sources
        # A module of that name which is here already is not what was handed in: it is back when that is gone.
        for name in sources:
            module = sys.modules.pop(name, None)
            if module is not None and not isinstance(_loader(module), Sources):
                _SET_ASIDE[name] = module
        if self._folder is not None:
            for name, source in sources.items():
                with open(os.path.join(self._folder, f"{name}.py"), "w", encoding="utf-8") as file:
                    file.write(source)
        sys.meta_path.insert(0, self._finder)
        # As when the file is run by itself: what this process was started with is nothing that `argparse` should see.
        ours, sys.argv = sys.argv, [os.path.join(self._finder.folder, f"{main}.py")]
        try:
            self._module = importlib.import_module(main)
        finally:
            if self._folder is None:
                sys.argv = ours

    def adopt(self, module: types.ModuleType) -> None:
        """Answer about a module that is here already: a notebook's own namespace, in the notebook's own process."""
        self.unload()
        self._module = module

    def unload(self) -> None:
        """Forget the submission's modules, so that this process can load another."""
        for name in self._finder.sources:
            # Another session may have loaded its own meanwhile.
            if _loader(sys.modules.get(name)) in (self._finder, None):
                sys.modules.pop(name, None)
                if name in _SET_ASIDE:
                    sys.modules[name] = _SET_ASIDE.pop(name)
        self._finder.sources = {}
        while self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)

    def _do_begin(self, seed: int) -> None:
        self._objects.clear()
        self._graphs.clear()
        self._numbers = itertools.count(1)
        self._names = dict(vars(self._module)) if self._module is not None else {}
        self._seed = seed
        self._gradients_on = True
        random.seed(seed)
        np.random.seed(seed % 2**32)
        # What is imported only later is in the state in which everybody gets it, and nobody has drawn from it.
        self._with_torch = is_loaded()
        if self._with_torch:
            _seed_torch(seed)

    def _do_call(self, target: str | int, name: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function = self._find(target)
        if name is not None:
            function = getattr(function, name)
        return function(*args, **kwargs)

    def _do_get(self, target: str | int, name: str) -> Any:
        value = getattr(self._find(target), name)
        # A method is asked for by its name when it is called; only that it is one has to be known.
        return _Callable() if callable(value) and not (isinstance(value, type) or _is_network(value)) else value

    def _do_example(self, source: str) -> tuple[str, Any] | None:
        """Type one line of an example after the earlier ones; what Python would show, and its value."""
        line = ast.parse(source, "<example>")
        if len(line.body) == 1 and isinstance(line.body[0], ast.Expr):
            value = eval(compile(source.strip(), "<example>", "eval", dont_inherit=True), self._names)
            return None if value is None else (_sendable(repr(value)[:10_000]), value)
        exec(compile(line, "<example>", "exec", dont_inherit=True), self._names)
        return None

    def _do_put(self, value: Any) -> Any:
        return _Kept(value)

    def _do_value(self, number: int) -> Any:
        return self._objects[number]

    def _do_len(self, number: int) -> int:
        return len(self._objects[number])

    def _do_item(self, number: int, key: Any) -> Any:
        return self._objects[number][key]

    def _do_iterate(self, number: int) -> Any:
        return _Kept(iter(self._objects[number]))

    def _do_next(self, number: int) -> tuple[bool, Any]:
        for value in self._objects[number]:
            return True, value
        return False, None

    def _do_gradients(self, number: int) -> dict[str, torch.Tensor | None]:
        return {name: parameter.grad for name, parameter in self._objects[number].named_parameters()}

    def _do_backward(self, graph: int, gradients: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
        outputs, leaves = self._graphs[graph]
        for leaf in leaves:
            leaf.grad = None
        pairs = [
            (output, gradient) for output, gradient in zip(outputs, gradients, strict=True) if gradient is not None
        ]
        torch.autograd.backward(
            [output for output, _ in pairs],
            [gradient.to(output) for output, gradient in pairs],
            retain_graph=True,
        )
        return [leaf.grad for leaf in leaves]

    def _do_random(self, *kinds: str) -> str:
        name, *parts = np.random.get_state(legacy=True)
        states = {
            "python": repr(random.getstate()).encode(),
            "numpy": repr((name, *(np.asarray(part).tobytes() for part in parts))).encode(),
            "torch": torch.get_rng_state().numpy().tobytes() if self._with_torch else b"",
        }
        return hashlib.sha256(b"".join(states[kind] for kind in kinds or states)).hexdigest()

    def _do_grad_mode(self) -> bool:
        return self._gradients_on

    def _do_seconds(self) -> float:
        return time.process_time()

    def _find(self, target: str | int) -> Any:
        if isinstance(target, int):
            return self._objects[target]
        value: Any = self._module
        for part in target.split("."):
            value = getattr(value, part)
        return value

    # Values on their way in and out.

    def _leaf(self, tensor: Tensor) -> torch.Tensor:
        if not tensor.requires_grad:
            return tensor.data
        leaf = tensor.data.requires_grad_()
        self._leaves.append(leaf)
        # Not the leaf itself: to the student's code this is some tensor out of a larger graph.
        with torch.enable_grad():
            return leaf.clone()

    def _resolve(self, tag: str, rest: list[Any]) -> Any:
        if tag == "h":
            return self._objects[rest[0]]
        if tag == "c":
            number, description = rest
            plain = Decoder(self._resolve).plain(description)

            def ask(method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
                return self._ask(number, method, args, kwargs)

            return lent.stand_in(number, plain, ask, self._seed)
        raise WireError(f"unknown tag {tag!r}")

    def _encoder(self, outputs: list[torch.Tensor]) -> Encoder:
        def tensor(value: torch.Tensor) -> tuple[bool, int]:
            if value.grad_fn is None and not value.requires_grad:
                return False, -1
            outputs.append(value)
            return True, len(outputs) - 1

        return Encoder(self._refer, tensor)

    def _refer(self, value: Any) -> list[Any]:
        if isinstance(value, _Callable):
            return ["r", 0, "method", "method"]
        if isinstance(value, _Kept):
            value = value.value
        if (number := lent.lent_number(value)) is not None:
            return ["c", number]
        if len(self._objects) >= _OBJECT_CAP:
            raise WireError("too many objects are alive")
        number = next(self._numbers)
        self._objects[number] = value
        kind = "object"
        if _is_network(value):
            kind = "module"
        elif hasattr(type(value), "__next__"):
            kind = "iterator"
        return ["r", number, type(value).__name__[:100], kind]

    def _ask(self, number: int, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        frame = Encoder(self._refer).frame(["ask", number, method, args, kwargs, is_grad_enabled()])
        verdict, *rest = Decoder(self._resolve, modules=True).message(self._ask_grader(frame))
        if verdict == "ok":
            return rest[0]
        kind, message = rest
        known = getattr(builtins, kind, None)
        if isinstance(known, type) and issubclass(known, Exception):
            raise known(message)
        raise RuntimeError(f"{kind}: {message}")


class _Kept:
    """Marks a value that stays here though it could cross."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _Callable:
    """A method that was looked up and not yet called."""


def _is_network(value: Any) -> bool:
    return is_loaded() and isinstance(value, torch.nn.Module)


def _seed_torch(seed: int) -> None:
    """As ``torch.manual_seed``, which also seeds every kind of device, in use or not.

    For each kind that is not in use, that keeps the seed for later with a picture of the whole stack beside it, and
    forgets neither: a millisecond, and more memory, at every case.
    """
    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def _no_reference(value: Any) -> list[Any]:
    raise WireError(f"{type(value).__name__} may not cross here")


def _raised(error: BaseException, printed: str, module: types.ModuleType | None) -> Frame:
    encoder = Encoder(_no_reference)
    try:
        return encoder.frame(["raised", *_describe(error, module), printed])
    except BaseException:  # its parts may be properties of the student's that raise in turn
        return encoder.frame(["raised", "Exception", ["Exception"], "(it cannot be described)", 0, "", "", printed])


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def _describe(error: BaseException, module: types.ModuleType | None = None) -> Iterator[Any]:
    """An exception as text: kind, kinds, message, line, source line, traceback."""
    # Through ``type`` and ``str``, because a class may lie about its name and its bases, and its text may be anything.
    bases = type.__dict__["__mro__"].__get__(type(error))
    names = [_sendable(type.__dict__["__name__"].__get__(base)[:200]) for base in bases[:20]]
    yield names[0]
    yield names
    try:
        message = str.__str__(str(error)[:2000])
    except Exception:
        message = "(its text could not be made)"
    frames = traceback.extract_tb(error.__traceback__)
    for shown, (frame, _) in zip(frames, traceback.walk_tb(error.__traceback__), strict=False):
        # Each version of a notebook's cell has a file of its own in some temporary folder: "cell" says enough.
        if module is not None and frame.f_globals is module.__dict__ and "/" in shown.filename:
            shown.filename = "cell"
    # From the student's first frame on: what lies before is the grader's, and only confuses.
    first = next((i for i, frame in enumerate(frames) if "/" not in frame.filename and frame.filename[:1] != "<"), None)
    own = frames[first:] if first is not None else []
    last = next((frame for frame in reversed(own) if "/" not in frame.filename), None)
    if isinstance(error, SyntaxError):
        message, line, source = str(error.msg or "")[:2000], int(error.lineno or 0), str(error.text or "").strip()
    else:
        line, source = (last.lineno or 0, (last.line or "").strip()) if last else (0, "")
    # Where an object lies in memory is another place in each run, and of the same work there is one report.
    yield _sendable(_ADDRESS.sub("", message))
    yield line
    yield _sendable(source[:300])
    yield _sendable("".join(traceback.format_list(own[-20:]))[:8000])


def _sendable(text: str) -> str:
    """The text without lone surrogates, which are legal in a str and not on the wire."""
    return text.encode(errors="replace").decode()
